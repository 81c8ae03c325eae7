/*
 * pidfd_threads: a pidfd of a thread under each call, and what leaders and threads that end or
 * execute leave of the pidfds of each other.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "namespaces.h"

#define REAPED (POLLIN | POLLRDNORM | POLLHUP)

/* Shared with children: what their threads are called, and what they may do next. */
static struct stage {
	volatile pid_t tid;
	volatile int go, signalled_tid, signal_code;
} * stage;

static pid_t gettid_(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static void wait_for_go(void)
{
	while (!stage->go)
		sleep_ms(1);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	stage->signal_code = info->si_code;
	stage->signalled_tid = gettid_();
}

static void *second_thread(void *arg)
{
	void (*work)(void) = arg;

	stage->tid = gettid_();
	for (;;)
		work();
	return NULL;
}

static void sleeps(void)
{
	sleep_ms(10);
}

/* A process of two threads; the second does "work" again and again, the first pauses. */
static int two_threads(void *work)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	pthread_t thread;

	action.sa_sigaction = on_signal;
	sigaction(SIGUSR1, &action, NULL);
	if (pthread_create(&thread, NULL, second_thread, work))
		return 99;
	return child_pauses(NULL);
}

/* ... and its number, and that of its second thread. */
static pid_t spawn_two(void (*work)(void), pid_t *tid)
{
	pid_t pid;

	memset(stage, 0, sizeof(*stage));
	pid = spawn(two_threads, (void *)work);
	if (pid < 0 || !eventually(stage->tid))
		return -1;
	*tid = stage->tid;
	return pid;
}

static int exit_code_of(int fd)
{
	struct info info = { .mask = INFO_EXIT };

	return ioctl(fd, GET_INFO, &info) || !(info.mask & INFO_EXIT) ? -1 : info.exit_code;
}

static int has_exit_info(void)
{
	return has_pidfs() && kernel_at_least(6, 15);
}

static void a_signal_reaches_this_thread(void)
{
	pid_t tid, pid = spawn_two(sleeps, &tid);
	int fd = pidfd_open_(tid, F_THREAD);

	REQUIRE(pid > 0 && fd >= 0);
	EXPECT_EQ(pidfd_signal(fd, SIGUSR1, NULL, 0), 0);
	EXPECT(eventually(stage->signalled_tid));
	EXPECT_EQ(stage->signalled_tid, tid);
	EXPECT_EQ(stage->signal_code, -6); /* SI_TKILL */
	kill_and_reap(pid);
	EXPECT_EQ(polled(fd, 0), REAPED);
	close(fd);
}

static void the_scope_of_a_thread_pidfd_can_be_widened(void)
{
	pid_t tid, pid = spawn_two(sleeps, &tid);
	int fd = pidfd_open_(tid, F_THREAD), status;

	REQUIRE(pid > 0 && fd >= 0);
	EXPECT_ERR(pidfd_signal(fd, 0, NULL, TO_GROUP), ESRCH); /* its number is no group's */
	EXPECT_EQ(pidfd_signal(fd, SIGTERM, NULL, TO_PROCESS), 0);
	status = reap(pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	close(fd);
}

static void the_scope_of_a_pidfd_can_be_narrowed(void)
{
	pid_t tid, pid = spawn_two(sleeps, &tid);
	int fd = pidfd_open_(pid, 0);

	REQUIRE(pid > 0 && fd >= 0);
	EXPECT_EQ(pidfd_signal(fd, SIGUSR1, NULL, TO_THREAD), 0);
	EXPECT(eventually(stage->signalled_tid));
	EXPECT_EQ(stage->signalled_tid, pid);
	EXPECT_EQ(stage->signal_code, -6);
	kill_and_reap(pid);
	close(fd);
}

static void *forges(void *arg)
{
	siginfo_t info;
	int *errors = arg;

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR2;
	info.si_code = 0; /* as if by kill(2) */
	errors[0] = pidfd_signal(SELF_PROCESS, SIGUSR2, &info, 0) ? errno : 0;
	errors[1] = pidfd_signal(SELF_THREAD, SIGUSR2, &info, 0) ? errno : 0;
	info.si_code = -1;
	errors[2] = pidfd_signal(SELF_PROCESS, SIGUSR2, &info, 0) ? errno : 0;
	return NULL;
}

/* "Oneself", who may claim anything, is the thread: not the process it belongs to. */
static void only_the_first_thread_is_its_process(void)
{
	pthread_t thread;
	int errors[3] = { -1, -1, -1 };

	if (!kernel_at_least(6, 15))
		SKIP("older than 6.15");
	signal(SIGUSR2, SIG_IGN);
	REQUIRE(!pthread_create(&thread, NULL, forges, errors));
	pthread_join(thread, NULL);
	EXPECT_EQ(errors[0], EPERM);
	EXPECT_EQ(errors[1], 0);
	EXPECT_EQ(errors[2], 0);
	forges(errors);
	EXPECT_EQ(errors[0] | errors[1] | errors[2], 0);
	signal(SIGUSR2, SIG_DFL);
}

static void files_and_namespaces_are_fetched_from_a_thread(void)
{
	pid_t tid, pid = spawn_two(sleeps, &tid);
	int fd = pidfd_open_(tid, F_THREAD), copy;

	REQUIRE(pid > 0 && fd >= 0);
	copy = pidfd_getfd_(fd, 1, 0);
	EXPECT(copy >= 0);
	close(copy);
	if (has_pidfs()) {
		copy = ioctl(fd, PIDFD_UTS_NS, 0);
		EXPECT(copy >= 0);
		EXPECT_EQ(inode_of(copy), ns_ino(pid, "uts"));
		close(copy);
	}
	if (!getuid())
		EXPECT_EQ(setns_(fd, CLONE_NEWUTS), 0);
	kill_and_reap(pid);
	EXPECT_ERR(pidfd_getfd_(fd, 1, 0), ESRCH);
	close(fd);
}

/* ---- The leader ends first ---- */

static int leader_exits_3(void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, second_thread, arg))
		return 99;
	syscall(SYS_exit, 3);
	return 99;
}

static int is_zombie_leader(pid_t pid)
{
	char path[64], buf[512], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	at = strrchr(slurp(path, buf, sizeof(buf)), ')');
	return at && at[2] == 'Z';
}

static void exits_7(void)
{
	wait_for_go();
	syscall(SYS_exit, 7);
}

static void a_process_whose_leader_ended_has_no_namespaces(void)
{
	struct info info = { .mask = INFO_EXIT };
	pid_t pid;
	int fd;

	memset(stage, 0, sizeof(*stage));
	pid = spawn(leader_exits_3, (void *)sleeps);
	fd = pidfd_open_(pid, 0);
	REQUIRE(eventually(is_zombie_leader(pid)) && eventually(stage->tid));
	EXPECT_EQ(polled(fd, 0), 0);
	EXPECT_ERR(pidfd_getfd_(fd, 0, 0), ESRCH);
	EXPECT_ERR(setns_(fd, CLONE_NEWUTS), ESRCH);
	if (has_pidfs()) {
		EXPECT_ERR(ioctl(fd, PIDFD_UTS_NS, 0), ESRCH);
		EXPECT_EQ(ioctl(fd, GET_INFO, &info), 0);
		EXPECT_EQ(info.mask & INFO_EXIT, 0);
		EXPECT_EQ(info.pid, pid);
	}
	/* Its other threads are there as ever. */
	EXPECT_EQ(pidfd_signal(fd, SIGKILL, NULL, 0), 0);
	EXPECT_EQ(polled(fd, 10000), POLLIN | POLLRDNORM);
	EXPECT_EQ(reap(pid), SIGKILL);
	if (has_exit_info())
		EXPECT_EQ(exit_code_of(fd), SIGKILL); /* the group's, not the leader's */
	close(fd);
}

static void the_last_thread_ends_the_process(void)
{
	int fd, status;
	pid_t pid;

	memset(stage, 0, sizeof(*stage));
	pid = spawn(leader_exits_3, (void *)exits_7);
	fd = pidfd_open_(pid, 0);
	REQUIRE(eventually(is_zombie_leader(pid)) && eventually(stage->tid));
	EXPECT_EQ(polled(fd, 20), 0);
	stage->go = 1;
	EXPECT_EQ(polled(fd, 10000), POLLIN | POLLRDNORM);
	status = reap(pid);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 7); /* not the leader's 3 */
	EXPECT_EQ(polled(fd, 0), REAPED);
	if (has_exit_info())
		EXPECT_EQ(exit_code_of(fd), 0x700);
	close(fd);
}

static void the_last_thread_of_an_ignored_child_reaps_it(void)
{
	pid_t pid;
	int fd;

	memset(stage, 0, sizeof(*stage));
	signal(SIGCHLD, SIG_IGN);
	pid = spawn(leader_exits_3, (void *)exits_7);
	fd = pidfd_open_(pid, 0);
	REQUIRE(fd >= 0 && eventually(stage->tid) && eventually(is_zombie_leader(pid)));
	EXPECT_EQ(polled(fd, 0), 0);
	stage->go = 1;
	EXPECT(eventually(polled(fd, 100) == REAPED));
	EXPECT_ERR(waitpid(pid, NULL, 0), ECHILD);
	if (has_exit_info())
		EXPECT_EQ(exit_code_of(fd), 0x700);
	signal(SIGCHLD, SIG_DFL);
	close(fd);
}

/* ---- exec ---- */

static void executes(void)
{
	char *argv[] = { "/bin/sh", "-c", "sleep 30", NULL };

	wait_for_go();
	execv(argv[0], argv);
	_exit(127);
}

static int is_shell(pid_t pid)
{
	char path[64], buf[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	return strncmp(slurp(path, buf, sizeof(buf)), "pidfd_threads", 13) != 0;
}

/* The thread becomes its process: who it was is over, with the leader's exit code. */
static void thread_executes(int (*process)(void *), int leaders_code)
{
	int plain, leader, thread;
	uint64_t ino;
	pid_t pid;

	memset(stage, 0, sizeof(*stage));
	pid = spawn(process, (void *)executes);
	REQUIRE(pid > 0 && eventually(stage->tid));
	plain = pidfd_open_(pid, 0);
	leader = pidfd_open_(pid, F_THREAD);
	thread = pidfd_open_(stage->tid, F_THREAD);
	ino = inode_of(plain);
	stage->go = 1;
	EXPECT(eventually(is_shell(pid)));
	EXPECT_EQ(polled(plain, 0), 0);
	EXPECT_EQ(polled(leader, 0), 0);
	EXPECT(eventually(polled(thread, 0) == REAPED));
	EXPECT_ERR(pidfd_signal(thread, 0, NULL, 0), ESRCH);
	if (has_exit_info())
		EXPECT_EQ(exit_code_of(thread), leaders_code);
	EXPECT_EQ(inode_of(plain), ino);
	EXPECT_EQ(fdinfo_number(plain, "\nPid:", 10), pid);
	EXPECT_EQ(pidfd_signal(leader, SIGKILL, NULL, 0), 0);
	EXPECT_EQ(polled(plain, 10000), POLLIN | POLLRDNORM);
	EXPECT_EQ(reap(pid), SIGKILL);
	close(plain);
	close(leader);
	close(thread);
}

static void a_thread_that_executes_takes_the_leaders_place(void)
{
	thread_executes(two_threads, 0);
}

static void a_thread_that_executes_takes_the_place_of_a_leader_that_ended(void)
{
	thread_executes(leader_exits_3, 0x300);
}

static int leader_executes(void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, second_thread, arg))
		return 99;
	executes();
	return 99;
}

static void threads_end_when_their_leader_executes(void)
{
	int plain, thread;
	pid_t pid;

	memset(stage, 0, sizeof(*stage));
	pid = spawn(leader_executes, (void *)sleeps);
	REQUIRE(pid > 0 && eventually(stage->tid));
	plain = pidfd_open_(pid, 0);
	thread = pidfd_open_(stage->tid, F_THREAD);
	stage->go = 1;
	EXPECT(eventually(is_shell(pid)));
	EXPECT(eventually(polled(thread, 0) == REAPED));
	EXPECT_EQ(polled(plain, 0), 0);
	if (has_exit_info())
		EXPECT_EQ(exit_code_of(thread), 0);
	kill_and_reap(pid);
	close(plain);
	close(thread);
}

int main(void)
{
	stage = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stage == MAP_FAILED)
		return 1;
	RUN(a_signal_reaches_this_thread);
	RUN(the_scope_of_a_thread_pidfd_can_be_widened);
	RUN(the_scope_of_a_pidfd_can_be_narrowed);
	RUN(only_the_first_thread_is_its_process);
	RUN(files_and_namespaces_are_fetched_from_a_thread);
	RUN(a_process_whose_leader_ended_has_no_namespaces);
	RUN(the_last_thread_ends_the_process);
	RUN(the_last_thread_of_an_ignored_child_reaps_it);
	RUN(a_thread_that_executes_takes_the_leaders_place);
	RUN(a_thread_that_executes_takes_the_place_of_a_leader_that_ended);
	RUN(threads_end_when_their_leader_executes);
	return tap_done();
}
