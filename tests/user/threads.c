/*
 * threads: pidfds of threads, and of processes whose leader ends first.
 */
#include <pthread.h>

#include "pidfds.h"

static pid_t tid_of_thread;
static volatile int may_end;
static int go[2];

static pid_t gettid_(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static void *pausing_thread(void *arg)
{
	char c;

	__atomic_store_n(&tid_of_thread, gettid_(), __ATOMIC_RELEASE);
	return read(go[0], &c, 1) == 1 ? arg : NULL;
}

/* Starts a thread that waits for a byte in "go", and learns its number. */
static pid_t start_thread(pthread_t *thread)
{
	tid_of_thread = 0;
	if (pipe(go) < 0 || pthread_create(thread, NULL, pausing_thread, NULL))
		return -1;
	if (!eventually(__atomic_load_n(&tid_of_thread, __ATOMIC_ACQUIRE)))
		return -1;
	return tid_of_thread;
}

static void end_thread(pthread_t thread)
{
	EXPECT_EQ(write(go[1], "x", 1), 1);
	pthread_join(thread, NULL);
	close(go[0]);
	close(go[1]);
}

static void a_thread_needs_the_thread_flag(void)
{
	pthread_t thread;
	pid_t tid = start_thread(&thread);
	int fd;

	REQUIRE(tid > 0);
	EXPECT_ERR(pidfd_open_(tid, 0), ENOENT);
	fd = pidfd_open_(tid, F_THREAD);
	EXPECT(fd >= 0);
	EXPECT_EQ(fcntl(fd, F_GETFL), 0202);
	EXPECT_EQ(fdinfo_number(fd, "\nPid:", 10), tid);
	close(fd);
	end_thread(thread);
}

static void threads_have_inodes_of_their_own(void)
{
	pthread_t thread;
	pid_t tid = start_thread(&thread);
	int of_thread, of_leader, of_process;

	REQUIRE(tid > 0);
	of_thread = pidfd_open_(tid, F_THREAD);
	of_leader = pidfd_open_(getpid(), F_THREAD);
	of_process = pidfd_open_(getpid(), 0);
	EXPECT_EQ(inode_of(of_leader), inode_of(of_process));
	EXPECT_EQ(inode_of(of_thread) != inode_of(of_process), has_pidfs());
	close(of_thread);
	close(of_leader);
	close(of_process);
	end_thread(thread);
}

static void an_ended_thread_reads_and_hangs_up(void)
{
	pthread_t thread;
	pid_t tid = start_thread(&thread);
	int fd;

	REQUIRE(tid > 0);
	fd = pidfd_open_(tid, F_THREAD);
	EXPECT_EQ(polled(fd, 0), 0);
	end_thread(thread);
	EXPECT(eventually(polled(fd, 0) == (POLLIN | POLLRDNORM | POLLHUP)));
	EXPECT_ERR(pidfd_signal(fd, 0, NULL, 0), ESRCH);
	EXPECT_EQ(fdinfo_number(fd, "\nPid:", 10), -1);
	close(fd);
}

static void a_thread_cannot_be_waited_for(void)
{
	pthread_t thread;
	pid_t tid = start_thread(&thread);
	siginfo_t info;
	int fd;

	REQUIRE(tid > 0);
	fd = pidfd_open_(tid, F_THREAD);
	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED | WNOHANG), ECHILD);
	close(fd);
	end_thread(thread);
}

static void *thread_of_leaderless(void *arg)
{
	while (!__atomic_load_n(&may_end, __ATOMIC_ACQUIRE))
		sleep_ms(2);
	syscall(SYS_exit_group, 21);
	return arg;
}

static void on_usr1(int sig)
{
	(void)sig;
	__atomic_store_n(&may_end, 1, __ATOMIC_RELEASE);
}

/* The leader ends alone; a second thread lives until SIGUSR1. */
static int leaderless(void *arg)
{
	pthread_t thread;

	(void)arg;
	signal(SIGUSR1, on_usr1);
	if (pthread_create(&thread, NULL, thread_of_leaderless, NULL))
		return 1;
	syscall(SYS_exit, 4);
	return 1;
}

/* True while the main thread of "pid" is a zombie. */
static int is_zombie_leader(pid_t pid)
{
	char path[64], buf[512], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	slurp(path, buf, sizeof(buf));
	at = strrchr(buf, ')');
	return at && at[2] == 'Z';
}

static void a_leader_that_ends_first_is_no_event(void)
{
	pid_t child = spawn(leaderless, NULL);
	int plain = pidfd_open_(child, 0);
	int thread = pidfd_open_(child, F_THREAD), status = 0;
	siginfo_t info;

	EXPECT(eventually(is_zombie_leader(child)));
	EXPECT_EQ(polled(plain, 50), 0);
	EXPECT_EQ(polled(thread, 0), 0);
	memset(&info, 0, sizeof(info));
	EXPECT_EQ(pidfd_wait(plain, &info, WEXITED | WNOHANG), 0);
	EXPECT_EQ(info.si_pid, 0);
	EXPECT_EQ(pidfd_signal(plain, 0, NULL, 0), 0);
	EXPECT_ERR(pidfd_getfd_(plain, 0, 0), ESRCH);
	EXPECT_EQ(kill(child, SIGUSR1), 0);
	EXPECT_EQ(polled(plain, 10000), POLLIN | POLLRDNORM);
	EXPECT_EQ(polled(thread, 0), POLLIN | POLLRDNORM);
	status = reap(child);
	EXPECT_EQ(WEXITSTATUS(status), 21);
	EXPECT_EQ(polled(plain, 0), POLLIN | POLLRDNORM | POLLHUP);
	close(plain);
	close(thread);
}

static void *exec_thread(void *arg)
{
	char *argv[] = { "/bin/sh", "-c", "sleep 30", NULL };

	(void)arg;
	execv(argv[0], argv);
	_exit(127);
}

static int execs_from_a_thread(void *arg)
{
	pthread_t thread;

	(void)arg;
	raise(SIGSTOP);
	if (pthread_create(&thread, NULL, exec_thread, NULL))
		return 1;
	return child_pauses(NULL);
}

static char *comm_of(pid_t pid, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	return slurp(path, buf, size);
}

static void exec_by_another_thread_is_no_event(void)
{
	char buf[64];
	pid_t child = spawn(execs_from_a_thread, NULL);
	uint64_t before;
	int fd, status;

	waitpid(child, &status, WUNTRACED);
	fd = pidfd_open_(child, 0);
	before = inode_of(fd);
	kill(child, SIGCONT);
	EXPECT(eventually(strncmp(comm_of(child, buf, sizeof(buf)), "threads", 7)));
	EXPECT_EQ(polled(fd, 0), 0);
	EXPECT_EQ(inode_of(fd), before);
	EXPECT_EQ(pidfd_signal(fd, SIGKILL, NULL, 0), 0);
	status = reap(child);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(fd);
}

static void *adds(void *arg)
{
	for (int i = 0; i < 1000; i++)
		__atomic_fetch_add((int *)arg, 1, __ATOMIC_RELAXED);
	return arg;
}

static void many_threads_start_and_join(void)
{
	pthread_t thread[16];
	int sum = 0, bad = 0;
	void *result;

	for (int i = 0; i < 16; i++)
		bad |= pthread_create(&thread[i], NULL, adds, &sum);
	REQUIRE(!bad);
	for (int i = 0; i < 16; i++) {
		EXPECT_EQ(pthread_join(thread[i], &result), 0);
		EXPECT(result == &sum);
	}
	EXPECT_EQ(sum, 16000);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int guarded;

static void *locks(void *arg)
{
	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&mutex);
		int seen = guarded;
		if (i % 50 == 0)
			sched_yield();
		guarded = seen + 1;
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void a_mutex_excludes(void)
{
	pthread_t thread[4];
	int bad = 0;

	guarded = 0;
	for (int i = 0; i < 4; i++)
		bad |= pthread_create(&thread[i], NULL, locks, NULL);
	REQUIRE(!bad);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	EXPECT_EQ(guarded, 1200);
}

static void exit_group_ends_every_thread(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;

		may_end = 0;
		for (int i = 0; i < 5; i++)
			if (pthread_create(&thread, NULL, pausing_thread, NULL))
				_exit(1);
		sleep_ms(5);
		_exit(33);
	}
	status = reap(child);
	EXPECT(WIFEXITED(status));
	EXPECT_EQ(WEXITSTATUS(status), 33);
}

int main(void)
{
	RUN(a_thread_needs_the_thread_flag);
	RUN(threads_have_inodes_of_their_own);
	RUN(an_ended_thread_reads_and_hangs_up);
	RUN(a_thread_cannot_be_waited_for);
	RUN(a_leader_that_ends_first_is_no_event);
	RUN(exec_by_another_thread_is_no_event);
	RUN(many_threads_start_and_join);
	RUN(a_mutex_excludes);
	RUN(exit_group_ends_every_thread);
	return tap_done();
}
