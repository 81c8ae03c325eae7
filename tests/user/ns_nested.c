/*
 * ns_nested: three levels of pid namespaces, one in the other, and what a pidfd tells on each. It
 * writes down what it sees, as lines that begin with '#':
 *
 *	outside:   the test itself, and a process it calls "outer"
 *	level 1:   middle, which is 1 there
 *	level 2:   inner, 1 there and 2 in level 1
 *	level 3:   leaf, 1 there
 *
 * The pidfds are made outside and inherited or made below, so each process looks at each.
 */
#include <stdarg.h>
#include <sys/mman.h>

#include "namespaces.h"

enum { LEVELS = 4 };

/* What all of them share: written once by each, read by the test at the end. */
static struct shared {
	struct {
		int reached, outer_info, outer_signal, outer_setns, own_pid, own_tgid, own_ppid;
		int leaf_pid; /* leaf's number as GET_INFO tells it here */
	} at[LEVELS];
	int pids_of_leaf[LEVELS];
} * shared;

static int outer_fd;

static void say(int level, const char *format, ...)
{
	va_list args;

	printf("# %*slevel %d: ", 2 * level, "", level);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

static const char *error_name(int error)
{
	return error == 0         ? "ok"
	       : error == EREMOTE ? "EREMOTE"
	       : error == ESRCH   ? "ESRCH"
	       : error == EINVAL  ? "EINVAL"
				  : strerror(error);
}

static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

/* Looks from here at a process outside of all namespaces, and at oneself. */
static void look_around(int level)
{
	struct info info = { 0 };
	int own = pidfd_open_(getpid(), 0);

	shared->at[level].outer_info = error_of(ioctl(outer_fd, GET_INFO, &info));
	shared->at[level].outer_signal = error_of(pidfd_signal(outer_fd, 0, NULL, 0));
	shared->at[level].outer_setns = error_of(setns_(outer_fd, CLONE_NEWPID));
	info = (struct info){ 0 };
	if (ioctl(own, GET_INFO, &info) == 0) {
		shared->at[level].own_pid = (int)info.pid;
		shared->at[level].own_tgid = (int)info.tgid;
		shared->at[level].own_ppid = (int)info.ppid;
	}
	shared->at[level].reached = 1;
	say(level, "I am %d, child of %d; GET_INFO of myself: pid %u, ppid %u", getpid(), getppid(),
	    info.pid, info.ppid);
	say(level, "of outer: GET_INFO %s, signal %s, setns(NEWPID) %s",
	    error_name(shared->at[level].outer_info), error_name(shared->at[level].outer_signal),
	    error_name(shared->at[level].outer_setns));
	close(own);
}

static int lives_at(void *arg)
{
	long level = (long)arg;
	struct info info = { 0 };
	pid_t child;
	int fd;

	look_around((int)level);
	if (level == LEVELS - 1) {
		shared->pids_of_leaf[level] = getpid();
		return child_pauses(NULL);
	}
	child = spawn_in(CLONE_NEWPID, lives_at, (void *)(level + 1));
	fd = pidfd_open_(child, 0);
	if (level == LEVELS - 2) {
		shared->pids_of_leaf[level] = child;
		if (ioctl(fd, GET_INFO, &info) == 0)
			shared->at[level].leaf_pid = (int)info.pid;
		say((int)level, "leaf is %d to me; GET_INFO says pid %u, ppid %u", child, info.pid,
		    info.ppid);
	}
	return child_pauses(NULL);
}

/* The numbers in a line of /proc/self/fdinfo/FD, or 0. */
static int numbers_of(int fd, int *nrs, int max)
{
	char path[64], text[1024], *line;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	line = strstr(slurp(path, text, sizeof(text)), "NSpid:");
	if (!line)
		return 0;
	for (line += 6; n < max && *line == '\t'; n++)
		nrs[n] = (int)strtol(line + 1, &line, 10);
	return n;
}

/* The process that is init of the namespace below, by the only way down from outside: its number
 * here is found among all. */
static pid_t find_leaf(pid_t middle, int levels)
{
	for (pid_t pid = middle; pid < middle + 2000; pid++) {
		int fd = pidfd_open_(pid, 0), nrs[8], n;

		if (fd < 0)
			continue;
		n = numbers_of(fd, nrs, 8);
		close(fd);
		if (n == levels && nrs[n - 1] == 1)
			return pid;
	}
	return -1;
}

static int visits(void *arg)
{
	int fd = *(int *)arg;
	pid_t child;

	CHILD_EXPECT(setns_(fd, CLONE_NEWPID) == 0);
	child = fork();
	if (child == 0)
		_exit(getpid() == 2 && kill(1, 0) == 0 ? 33 : 34);
	return WEXITSTATUS(reap(child));
}

static void three_levels_tell_what_they_should(void)
{
	pid_t outer, middle, leaf;
	int leaf_fd, nrs[8], n, status;
	struct info info = { 0 };

	NEEDS_NAMESPACES(CLONE_NEWPID);
	if (!has_pidfs())
		SKIP("no pidfs");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	REQUIRE(shared != MAP_FAILED);
	outer = spawn_sleeper();
	outer_fd = pidfd_open_(outer, 0);
	say(0, "I am %d; outer is %d", getpid(), outer);
	middle = spawn_in(CLONE_NEWPID, lives_at, (void *)1L);
	REQUIRE(middle > 0);
	REQUIRE(eventually(shared->pids_of_leaf[LEVELS - 1] && shared->pids_of_leaf[LEVELS - 2]));

	/* From outside: all numbers of it, and the outermost. */
	leaf = find_leaf(middle, LEVELS);
	REQUIRE(leaf > 0);
	leaf_fd = pidfd_open_(leaf, 0);
	n = numbers_of(leaf_fd, nrs, 8);
	EXPECT_EQ(n, LEVELS);
	EXPECT_EQ(nrs[0], leaf);
	EXPECT_EQ(nrs[2], shared->pids_of_leaf[LEVELS - 2]);
	EXPECT_EQ(nrs[3], 1);
	EXPECT_EQ(ioctl(leaf_fd, GET_INFO, &info), 0);
	EXPECT_EQ(info.pid, leaf);
	say(0, "fdinfo of leaf: NSpid %d %d %d %d; GET_INFO pid %u, ppid %u", nrs[0], nrs[1],
	    nrs[2], nrs[3], info.pid, info.ppid);

	for (int level = 1; level < LEVELS; level++) {
		EXPECT(shared->at[level].reached);
		EXPECT(shared->at[level].outer_info == EREMOTE ||
		       (shared->at[level].outer_info == ESRCH && !kernel_at_least(7, 0)));
		EXPECT_EQ(shared->at[level].outer_signal, EINVAL);
		EXPECT_EQ(shared->at[level].outer_setns, EINVAL);
		EXPECT_EQ(shared->at[level].own_pid, 1);
		EXPECT_EQ(shared->at[level].own_tgid, 1);
		EXPECT_EQ(shared->at[level].own_ppid, 0);
	}
	EXPECT_EQ(shared->at[LEVELS - 2].leaf_pid, shared->pids_of_leaf[LEVELS - 2]);

	/* By pidfd straight into the innermost, without a look at /proc. */
	status = run_in(0, visits, &leaf_fd);
	say(0,
	    "a child of mine, after setns(pidfd of leaf, NEWPID) and fork, is number 2 there: %s",
	    status == 33 ? "yes" : "no");
	EXPECT_EQ(status, 33);

	/* And down they go, one with the other. */
	EXPECT_EQ(pidfd_signal(leaf_fd, 0, NULL, 0), 0);
	kill_and_reap(middle);
	EXPECT_ERR(pidfd_signal(leaf_fd, 0, NULL, 0), ESRCH);
	n = numbers_of(leaf_fd, nrs, 8);
	EXPECT(n == 1 && nrs[0] == -1);
	say(0, "middle is killed: signal to leaf ESRCH, fdinfo NSpid %d", nrs[0]);
	close(leaf_fd);
	close(outer_fd);
	kill_and_reap(outer);
}

int main(void)
{
	RUN(three_levels_tell_what_they_should);
	return tap_done();
}
