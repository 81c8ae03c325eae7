/*
 * nsfs: namespaces as files: their numbers, what can be asked of them, how long they live, and that
 * host names are apart.
 */
#include <sys/vfs.h>

#include "namespaces.h"

static const struct {
	const char *name, *type;
	unsigned flag;
	uint64_t first; /* number of the initial one */
	int pidfd_nr; /* of its ioctl */
} kinds[] = {
	{ "cgroup", "cgroup", CLONE_NEWCGROUP, 0xeffffffb, 1 },
	{ "ipc", "ipc", CLONE_NEWIPC, 0xefffffff, 2 },
	{ "mnt", "mnt", CLONE_NEWNS, 0xeffffff8, 3 },
	{ "net", "net", CLONE_NEWNET, 0xeffffff9, 4 },
	{ "pid", "pid", CLONE_NEWPID, 0xeffffffc, 5 },
	{ "pid_for_children", "pid", CLONE_NEWPID, 0xeffffffc, 6 },
	{ "time", "time", CLONE_NEWTIME, 0xeffffffa, 7 },
	{ "time_for_children", "time", CLONE_NEWTIME, 0xeffffffa, 8 },
	{ "user", "user", CLONE_NEWUSER, 0xeffffffd, 9 },
	{ "uts", "uts", CLONE_NEWUTS, 0xeffffffe, 10 },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void links_name_type_and_number(void)
{
	char path[64], text[64], want[64];

	for (size_t i = 0; i < NR_KINDS; i++) {
		uint64_t ino = ns_ino(0, kinds[i].name);
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i].name);
		n = readlink(path, text, sizeof(text) - 1);
		REQUIRE(n > 0);
		text[n] = '\0';
		snprintf(want, sizeof(want), "%s:[%lu]", kinds[i].type, (unsigned long)ino);
		EXPECT(!strcmp(text, want));
		if (in_guest())
			EXPECT_EQ(ino, kinds[i].first);
	}
	EXPECT(ns_ino(0, "nonesuch") == 0);
}

static void files_tell_their_type(void)
{
	struct statfs fs;
	char c;

	for (size_t i = 0; i < NR_KINDS; i++) {
		int fd = open_ns(getpid(), kinds[i].name);

		REQUIRE(fd >= 0);
		EXPECT_EQ(ioctl(fd, NSFS_TYPE), kinds[i].flag);
		EXPECT(fstatfs(fd, &fs) == 0 && fs.f_type == 0x6e736673);
		EXPECT_ERR(read(fd, &c, 1), EINVAL);
		EXPECT_ERR(ioctl(fd, 0xb7ffUL), ENOTTY);
		close(fd);
	}
}

static void relatives_are_reached_by_ioctl(void)
{
	int uts = open_ns(getpid(), "uts"), user = open_ns(getpid(), "user"), fd;
	uint32_t uid = 77;
	uint64_t id = 0, other = 0;

	REQUIRE(uts >= 0 && user >= 0);
	EXPECT_ERR(ioctl(uts, NSFS_PARENT), EINVAL);
	EXPECT_ERR(ioctl(uts, NSFS_OWNER_UID, &uid), EINVAL);
	EXPECT_ERR(ioctl(uts, NSFS_PID_FROM, 1), EINVAL);
	EXPECT_EQ(ioctl(user, NSFS_OWNER_UID, &uid), 0);
	fd = ioctl(uts, NSFS_USERNS);
	if (in_guest()) {
		EXPECT_EQ(ino_of(fd), ino_of(user));
		EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
		EXPECT_EQ(uid, 0);
		EXPECT_ERR(ioctl(user, NSFS_PARENT), EPERM);
		EXPECT_EQ(ioctl(uts, NSFS_ID, &id), 0);
		EXPECT_EQ(ioctl(user, NSFS_ID, &other), 0);
		EXPECT_EQ(id, 2);
		EXPECT_EQ(other, 3);
	}
	close(fd);
	close(uts);
	close(user);
}

static int renames(void *arg)
{
	uint64_t *before = arg;
	struct utsname name;

	CHILD_EXPECT(ns_ino(0, "uts") != before[0] && ns_ino(0, "uts") != 0);
	CHILD_EXPECT(sethostname("inner", 5) == 0);
	CHILD_EXPECT(uname(&name) == 0 && !strcmp(name.nodename, "inner"));
	return 0;
}

static void host_names_are_apart(void)
{
	uint64_t before = ns_ino(0, "uts");
	struct utsname first, then;

	NEEDS_NAMESPACES(CLONE_NEWUTS);
	uname(&first);
	EXPECT_EQ(run_in(CLONE_NEWUTS, renames, &before), 0);
	uname(&then);
	EXPECT(!strcmp(first.nodename, then.nodename));
	EXPECT_EQ(ns_ino(0, "uts"), before);
}

static int makes_all(void *arg)
{
	unsigned long flags = 0;

	for (size_t i = 0; i < NR_KINDS; i++)
		if (kinds[i].flag != CLONE_NEWNS && kinds[i].flag != CLONE_NEWUSER)
			flags |= kinds[i].flag;
	CHILD_EXPECT(unshare_(flags) == 0);
	for (size_t i = 0; i < NR_KINDS; i++) {
		uint64_t ino = ns_ino(0, kinds[i].name), old = ((uint64_t *)arg)[i];

		if (!strcmp(kinds[i].name, "pid_for_children"))
			CHILD_EXPECT(ino == 0); /* it has no init yet */
		else if (!strcmp(kinds[i].name, "pid") || !strcmp(kinds[i].name, "time") ||
			 !(flags & kinds[i].flag))
			CHILD_EXPECT(ino == old);
		else
			CHILD_EXPECT(ino && ino != old);
	}
	/* Once more: pid namespaces are made only where one is. */
	CHILD_EXPECT(unshare_(CLONE_NEWPID) == -1 && errno == EINVAL);
	CHILD_EXPECT(unshare_(CLONE_NEWUTS) == 0);
	return 0;
}

static void unshare_makes_those_asked_for(void)
{
	uint64_t before[NR_KINDS];

	NEEDS_NAMESPACES(CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWTIME);
	for (size_t i = 0; i < NR_KINDS; i++)
		before[i] = ns_ino(0, kinds[i].name);
	EXPECT_EQ(run_in(0, makes_all, before), 0);
	EXPECT_ERR(unshare_(1), EINVAL);
	EXPECT_ERR(unshare_(CLONE_VFORK), EINVAL);
	EXPECT_EQ(unshare_(0), 0);
}

static int enters_and_reads(void *arg)
{
	int fd = *(int *)arg;
	struct utsname name;

	CHILD_EXPECT(setns_(fd, CLONE_NEWIPC) == -1 && errno == EINVAL);
	CHILD_EXPECT(setns_(fd, CLONE_NEWUTS) == 0);
	CHILD_EXPECT(uname(&name) == 0 && !strcmp(name.nodename, "lasting"));
	CHILD_EXPECT(ns_ino(0, "uts") == ino_of(fd));
	return 0;
}

static int names_and_waits(void *arg)
{
	CHILD_EXPECT(sethostname("lasting", 7) == 0);
	CHILD_EXPECT(write(*(int *)arg, "x", 1) == 1);
	return child_pauses(NULL);
}

static void a_namespace_lives_as_long_as_its_file(void)
{
	int pipefd[2], fd;
	pid_t pid;
	char c;

	NEEDS_NAMESPACES(CLONE_NEWUTS);
	REQUIRE(pipe(pipefd) == 0);
	pid = spawn_in(CLONE_NEWUTS, names_and_waits, &pipefd[1]);
	REQUIRE(pid > 0 && read(pipefd[0], &c, 1) == 1);
	fd = open_ns(pid, "uts");
	EXPECT(fd >= 0);
	kill_and_reap(pid);
	EXPECT_EQ(run_in(0, enters_and_reads, &fd), 0);
	EXPECT_ERR(setns_(pipefd[0], 0), EINVAL);
	EXPECT_ERR(setns_(-1, 0), EBADF);
	close(fd);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void pidfds_hand_out_namespaces(void)
{
	pid_t pid = spawn_sleeper();
	int pidfd = pidfd_open_(pid, 0), fd;

	if (!has_pidfs())
		SKIP("no pidfs");
	for (size_t i = 0; i < NR_KINDS; i++) {
		unsigned long cmd = PIDFD_NS(kinds[i].pidfd_nr);

		EXPECT_ERR(ioctl(pidfd, cmd, 1), EINVAL);
		fd = ioctl(pidfd, cmd, 0);
		EXPECT(fd >= 0);
		EXPECT_EQ(ino_of(fd), ns_ino(pid, kinds[i].name));
		EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
		EXPECT_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
		close(fd);
	}
	kill(pid, SIGKILL);
	wait_zombie(pid);
	EXPECT_ERR(ioctl(pidfd, PIDFD_UTS_NS, 0), ESRCH);
	EXPECT_ERR(ioctl(pidfd, PIDFD_USER_NS, 0), ESRCH);
	reap(pid);
	EXPECT_ERR(ioctl(pidfd, PIDFD_UTS_NS, 1), ESRCH);
	close(pidfd);
}

int main(void)
{
	RUN(links_name_type_and_number);
	RUN(files_tell_their_type);
	RUN(relatives_are_reached_by_ioctl);
	RUN(host_names_are_apart);
	RUN(unshare_makes_those_asked_for);
	RUN(a_namespace_lives_as_long_as_its_file);
	RUN(pidfds_hand_out_namespaces);
	return tap_done();
}
