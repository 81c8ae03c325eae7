/*
 * pidfd_races_clone: a pidfd that is being made while others work on its number or its memory;
 * processes whose threads end and execute at the same moment; and kills by close that meet the end
 * or the exec of the process. docs/races.md has the list.
 */
#include <sys/prctl.h>
#include <sys/stat.h>

#include "races.h"

#define AUTOREAP (1ULL << 34)
#define NO_NNP   (1ULL << 35)
#define AUTOKILL (1ULL << 36)

static pid_t target;
static int fd, lowest;
static char self_path[256];

/* ---- the number is written, the slot is reserved ---- */

static int *page; /* where the kernel writes the number: writable now and then */

static const char *find_lowest(void)
{
	lowest = dup(0);
	close(lowest);
	return NULL;
}

static const char *clone_into_page_here(void)
{
	struct clone_args_v2 args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)page,
		.exit_signal = SIGCHLD,
	};
	long pid = clone3_(&args, sizeof(args));

	if (pid == 0)
		_exit(21);
	target = (pid_t)pid;
	return pid < 0 && errno != EFAULT ? "other than EFAULT" : NULL;
}

static const char *protect_there(void)
{
	for (int i = 0; i < 10; i++) {
		mprotect(page, 4096, i % 2 ? PROT_READ | PROT_WRITE : PROT_READ);
		sched_yield();
	}
	return NULL;
}

static const char *whole_or_nothing(void)
{
	const char *bad = NULL;
	int now;

	if (target < 0) {
		now = dup(0);
		close(now);
		if (now != lowest)
			return "a descriptor is left";
		return waitpid(-1, NULL, WNOHANG) == -1 ? NULL : "a process is left";
	}
	if (*page != lowest || fdinfo_number(lowest, "\nPid:\t", 10) != target)
		bad = "another descriptor";
	close(lowest);
	return reap(target) == 21 << 8 ? bad : "reap";
}

static void a_clone_that_faults_leaves_nothing(void)
{
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(page != MAP_FAILED);
	RACE(.prepare = find_lowest, .here = clone_into_page_here, .there = protect_there,
	     .after = whole_or_nothing);
}

/* The number can be guessed, and read as soon as it is written: there is nothing behind it yet. */
static const char *meddle_there(void)
{
	for (int i = 0; i < 20; i++) {
		int n = i % 2 ? *(volatile int *)&fd : lowest;

		if (n < 0)
			continue;
		if (pidfd_signal(n, 0, NULL, 0) && errno != EBADF)
			return "signal: other than EBADF";
		if (i % 4 == 0 && dup2(0, n) != n && errno != EBUSY)
			return "dup2: other than EBUSY";
		if (i % 4 == 2 && close(n) && errno != EBADF)
			return "close: other than EBADF";
	}
	return NULL;
}

static const char *clone_here(void)
{
	struct clone_args_v2 args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&fd,
		.exit_signal = SIGCHLD,
	};
	long pid;

	fd = -1;
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(21);
	target = (pid_t)pid;
	return pid < 0 ? "clone3" : NULL;
}

static const char *clean_up(void)
{
	close(fd);
	close(lowest);
	return reap(target) == 21 << 8 ? NULL : "reap";
}

static void nobody_reaches_the_file_before_the_process_is_there(void)
{
	RACE(.prepare = find_lowest, .here = clone_here, .there = meddle_there, .after = clean_up);
}

/* ---- threads of one process ---- */

static pthread_barrier_t start;
static unsigned int seed = 5;

static void *second_thread(void *arg)
{
	void (*work)(void) = arg;

	pthread_barrier_wait(&start);
	race_moment(&seed);
	work();
	return NULL;
}

/* The process of "first" and, in another thread, "second", both at once. */
static pid_t spawn_race(void (*first)(void), void (*second)(void))
{
	pthread_t thread;
	pid_t pid;

	race_moment(&seed);
	pid = fork();
	if (pid == 0) {
		pthread_barrier_init(&start, NULL, 2);
		if (pthread_create(&thread, NULL, second_thread, (void *)second))
			_exit(99);
		pthread_barrier_wait(&start);
		seed += 99;
		race_moment(&seed);
		first();
		_exit(98);
	}
	return pid;
}

static void leaves_with_3(void)
{
	syscall(SYS_exit, 3);
}

static void ends_all_with_9(void)
{
	_exit(9);
}

static void leaves_with_9(void)
{
	syscall(SYS_exit, 9);
}

static void pauses(void)
{
	child_pauses(NULL);
}

/* One event, when everybody is gone; and then it can be waited for at once. */
static const char *ends_once(void (*second)(void), int other_code)
{
	siginfo_t info;
	const char *bad = NULL;

	target = spawn_race(leaves_with_3, second);
	fd = pidfd_open_(target, target % 2 ? F_THREAD : 0);
	info.si_pid = 0;
	if (polled(fd, 20000) != (POLLIN | POLLRDNORM))
		bad = "poll missed the end";
	else if (pidfd_wait(fd, &info, WEXITED | WNOHANG) || info.si_pid != target)
		bad = "poll told of the end before it";
	else if (info.si_status != 9 && info.si_status != other_code)
		bad = "another exit code";
	else if (has_exit_info() && exit_code_of(fd) != info.si_status << 8)
		bad = "the record differs from the wait";
	close(fd);
	return bad;
}

static const char *leader_and_exit_group(void)
{
	return ends_once(ends_all_with_9, 9);
}

static const char *leader_and_last_thread(void)
{
	return ends_once(leaves_with_9, 3);
}

static void the_last_thread_and_the_leader_end_at_once(void)
{
	RACE(.here = leader_and_last_thread);
}

static void the_leader_ends_as_its_group_is_ended(void)
{
	RACE(.here = leader_and_exit_group);
}

static void executes(void)
{
	execl(self_path, "pidfd_races_clone", "exec", (char *)NULL);
	_exit(97);
}

/* The process is there all along, silent until it ends; its number leads to it. */
static const char *watches_exec(void)
{
	const char *bad = NULL;
	siginfo_t info;
	int events;

	race_set(&stage->go, 0);
	target = spawn_race(pauses, executes);
	fd = pidfd_open_(target, target % 2 ? F_THREAD : 0);
	do {
		if (pidfd_signal(fd, 0, NULL, 0))
			bad = "not there during the exec";
		if (fdinfo_number(fd, "\nPid:\t", 10) != target)
			bad = "another number";
		events = polled(fd, 0);
		if (events && (pidfd_wait(fd, &info, WEXITED | WNOHANG) || info.si_pid != target))
			bad = "an event of the exec";
	} while (!bad && !events);
	if (!bad && info.si_status != 5)
		bad = "another exit code";
	if (bad)
		kill_and_reap(target);
	close(fd);
	return bad;
}

static void a_thread_executes_under_the_eyes_of_others(void)
{
	RACE(.here = watches_exec);
}

/* ---- kills by close ---- */

static const char *new_autokill(void)
{
	struct clone_args_v2 args = {
		.flags = CLONE_PIDFD | AUTOREAP | NO_NNP | AUTOKILL,
		.pidfd = (uintptr_t)&fd,
	};
	long pid;

	race_set(&stage->go, 0);
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		race_child(NULL);
	target = (pid_t)pid;
	return pid < 0 ? "clone3" : NULL;
}

static const char *close_here(void)
{
	close(fd);
	return NULL;
}

static const char *end_there(void)
{
	race_set(&stage->go, 1);
	return NULL;
}

static const char *is_gone(void)
{
	return eventually(kill(target, 0)) ? NULL : "it lives";
}

static void the_last_close_meets_the_exit(void)
{
	if (!kernel_at_least(7, 1))
		SKIP("older than 7.1");
	RACE(.prepare = new_autokill, .here = close_here, .there = end_there, .after = is_gone);
}

static const char *closes_during_exec(void)
{
	struct clone_args_v2 args = {
		.flags = CLONE_PIDFD | AUTOREAP | NO_NNP | AUTOKILL,
		.pidfd = (uintptr_t)&fd,
	};
	const char *bad = NULL;
	pthread_t thread;
	long pid;
	int other;

	race_set(&stage->go, 0);
	pid = clone3_(&args, sizeof(args));
	if (pid == 0) {
		pthread_barrier_init(&start, NULL, 2);
		if (pthread_create(&thread, NULL, second_thread, (void *)executes))
			_exit(99);
		race_wait(&stage->go, 1);
		pthread_barrier_wait(&start);
		for (;;)
			pause();
	}
	if (pid < 0)
		return "clone3";
	other = pidfd_open_((pid_t)pid, 0);
	race_set(&stage->go, 1);
	for (int i = 0; i < 20; i++)
		race_moment(&seed);
	close(fd);
	if (!eventually(polled(other, 100) == REAPED))
		bad = "it lives";
	close(other);
	return bad;
}

static void the_last_close_meets_an_exec(void)
{
	if (!kernel_at_least(7, 1))
		SKIP("older than 7.1");
	RACE(.here = closes_during_exec);
}

/* ---- a program that becomes another user's ---- */

static char suid_path[64];

/* As user 1000: becomes a program of root's whose descriptor 50 nobody else may have. */
static int target_of_getfd(void *arg)
{
	if (setgid(1000) || setuid(1000))
		return 1;
	execl(self_path, "pidfd_races_clone", "become", suid_path, (char *)NULL);
	return arg != NULL;
}

static int fetches(void *arg)
{
	if (setgid(1000) || setuid(1000))
		return 1;
	while (!polled(fd, 0)) {
		int copy = pidfd_getfd_(fd, 50, 0);

		if (copy >= 0)
			return 2; /* it had none before */
		if (errno != EPERM && errno != EBADF && errno != ESRCH)
			return 3;
	}
	return arg != NULL;
}

static const char *fetch_at_exec(void)
{
	pid_t thief;
	int got;

	target = spawn(target_of_getfd, NULL);
	fd = pidfd_open_(target, 0);
	thief = spawn(fetches, NULL);
	got = reap(thief);
	close(fd);
	if (reap(target) != 5 << 8)
		return "the set-user-id program did not run";
	return got == 0 ? NULL : got == 2 << 8 ? "a descriptor was stolen" : "another error";
}

static int copy_self(void)
{
	int in = open(self_path, O_RDONLY), out = open(suid_path, O_WRONLY | O_CREAT, 0700);
	char buf[4096];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			break;
	close(in);
	return n || fchmod(out, 04755) || close(out);
}

static void nothing_is_fetched_from_a_set_user_id_exec(void)
{
	if (!in_guest() || getuid())
		SKIP("guest only: no set-user-id program is left lying about");
	snprintf(suid_path, sizeof(suid_path), "/tmp/races-suid-%d", getpid());
	REQUIRE(!copy_self());
	RACE(.here = fetch_at_exec);
	unlink(suid_path);
}

int main(int argc, char **argv)
{
	ssize_t n;

	if (argc == 2) /* exec */
		return 5;
	if (argc == 3) /* become */
		return execl(argv[2], "pidfd_races_clone", "1", "2", "3", (char *)NULL);
	if (argc == 4) { /* the set-user-id program */
		fcntl(0, F_DUPFD, 50);
		for (int i = 0; i < 10; i++)
			sched_yield();
		return geteuid() ? 96 : 5;
	}
	n = readlink("/proc/self/exe", self_path, sizeof(self_path) - 1);
	if (n < 0)
		return 1;
	self_path[n] = '\0';
	race_init();
	RUN_SHARED(a_clone_that_faults_leaves_nothing);
	RUN_SHARED(nobody_reaches_the_file_before_the_process_is_there);
	RUN_SHARED(the_last_thread_and_the_leader_end_at_once);
	RUN_SHARED(the_leader_ends_as_its_group_is_ended);
	RUN_SHARED(a_thread_executes_under_the_eyes_of_others);
	RUN_SHARED(the_last_close_meets_the_exit);
	RUN_SHARED(the_last_close_meets_an_exec);
	RUN_SHARED(nothing_is_fetched_from_a_set_user_id_exec);
	return tap_done();
}
