/*
 * stress_exec: exec by any thread, exit_group, clone and signals in one process
 * at once, while others watch it through pidfds. SECONDS=n makes it longer.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "pidfds.h"

static int seconds = 1;
static char self_path[256]; /* not /proc/self/exe: that is the leader's, who may be gone */

static unsigned int next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

static void spin(unsigned int n)
{
	for (volatile unsigned int i = 0; i < n; i++)
		;
}

/* --- A process whose threads race for its end ----------------------------------- */

static unsigned int race_seed;
static pthread_barrier_t race_start;

static void *waits(void *arg)
{
	pthread_barrier_wait(&race_start);
	for (;;)
		pause();
	return arg;
}

static void *execs(void *arg)
{
	char *argv[] = { "stress_exec", "exit", (char *)arg, NULL };

	pthread_barrier_wait(&race_start);
	spin(race_seed % 20000);
	execv(self_path, argv);
	return NULL; /* another thread was quicker */
}

static void *exits_all(void *arg)
{
	pthread_barrier_wait(&race_start);
	spin(race_seed % 50000);
	_exit(7);
	return arg;
}

static void *signals(void *arg)
{
	pid_t pid = getpid();

	pthread_barrier_wait(&race_start);
	for (;;) {
		kill(pid, SIGURG);
		kill(pid, SIGCHLD);
		sched_yield();
	}
	return arg;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* The first thread waits, others race; exit status 6 (exec won), 7 (exit won). */
static int racer(void *arg)
{
	pthread_t t;

	race_seed = (unsigned int)(long)arg;
	signal(SIGURG, on_signal);
	pthread_barrier_init(&race_start, NULL, 5);
	if (pthread_create(&t, NULL, execs, "6") || pthread_create(&t, NULL, execs, "6") ||
	    pthread_create(&t, NULL, race_seed & 1 ? exits_all : waits, NULL) ||
	    pthread_create(&t, NULL, race_seed & 2 ? signals : waits, NULL))
		return 99;
	if (race_seed & 4) { /* the leader goes, and the rest fight on */
		pthread_barrier_wait(&race_start);
		syscall(SYS_exit, 0);
	}
	waits(NULL);
	return 98;
}

/* Watches one racer to its end through a pidfd opened by number. */
static int race_once(unsigned int seed)
{
	pid_t pid = spawn(racer, (void *)(long)(seed & 0xffffff));
	int fd = pidfd_open_(pid, 0), fd2, status, events;
	uint64_t ino = inode_of(fd);
	siginfo_t info = { 0 };

	if (pid < 0 || fd < 0 || !ino)
		return 1;
	while (!polled(fd, 0)) { /* no event before the last thread's end */
		fd2 = pidfd_open_(pid, 0);
		if (fd2 < 0 || inode_of(fd2) != ino)
			return 2;
		close(fd2);
		if (pidfd_signal(fd, 0, NULL, 0))
			return 3;
	}
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG) || info.si_pid != pid)
		return 4;
	if (pidfd_wait(fd, &info, WEXITED) || info.si_pid != pid)
		return 5;
	status = info.si_status;
	events = polled(fd, 0);
	if (events != (POLLIN | POLLRDNORM | POLLHUP))
		return 6;
	close(fd);
	return info.si_code == CLD_EXITED && (status == 6 || status == 7) ? 0 : status + 100;
}

static int races(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	long long end = now_ms() + seconds * 1000;

	while (now_ms() < end) {
		int bad = race_once(next_random(&seed));

		if (bad)
			return bad;
	}
	return 0;
}

static int run_workers(int (*work)(void *), int n)
{
	pid_t pids[16];
	int bad = 0;

	for (int i = 0; i < n; i++)
		pids[i] = spawn(work, (void *)(long)(i * 7919 + 1));
	for (int i = 0; i < n; i++) {
		int status = reap(pids[i]);

		if (status)
			tap_note("worker %d: status 0x%x", i, status);
		bad |= status;
	}
	return bad;
}

static void exec_exit_clone_and_signals_race(void)
{
	EXPECT_EQ(run_workers(races, 4), 0);
}

/* --- Kills of one that execs all the time ---------------------------------------- */

static void *thread_that_execs(void *arg)
{
	char *argv[] = { "stress_exec", "again", NULL };

	execv(self_path, argv);
	return arg;
}

/* Replaces itself from a second thread for ever. */
static int exec_for_ever(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, thread_that_execs, NULL))
		return 1;
	pthread_join(t, NULL);
	return 2;
}

static int child_execs_for_ever(void *arg)
{
	(void)arg;
	return exec_for_ever();
}

static int kills(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	long long end = now_ms() + seconds * 1000;

	while (now_ms() < end) {
		pid_t pid = spawn(child_execs_for_ever, NULL);
		int fd = pidfd_open_(pid, 0), status;

		if (fd < 0)
			return 1;
		for (int i = next_random(&seed) % 30; i > 0; i--) {
			if (kill(pid, 0) || pidfd_signal(fd, 0, NULL, 0))
				return 2;
			if (polled(fd, 1))
				return 3;
		}
		if (next_random(&seed) % 2)
			kill(pid, SIGSTOP);
		if (next_random(&seed) % 2 ? pidfd_signal(fd, SIGKILL, NULL, 0)
					   : kill(pid, SIGKILL))
			return 4;
		if (polled(fd, 20000) != (POLLIN | POLLRDNORM))
			return 5;
		status = reap(pid);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			return 6;
		close(fd);
	}
	return 0;
}

static void kill_meets_exec_of_a_thread(void)
{
	EXPECT_EQ(run_workers(kills, 4), 0);
}

/* --- Stop, continue, kill ---------------------------------------------------------- */

static void *busy(void *arg)
{
	for (;;) {
		spin(1000);
		getppid();
	}
	return arg;
}

static int busy_threads(void *arg)
{
	pthread_t t;

	(void)arg;
	for (int i = 0; i < 3; i++)
		if (pthread_create(&t, NULL, i ? busy : waits, NULL))
			return 1;
	busy(NULL);
	return 0;
}

/* After any storm a stop stops, a continue continues, and a kill ends it. */
static int storms(void *arg)
{
	static const int sigs[] = { SIGSTOP, SIGCONT, SIGTSTP, SIGCONT, SIGWINCH };
	unsigned int seed = (unsigned int)(long)arg;
	long long end = now_ms() + seconds * 1000;

	pthread_barrier_init(&race_start, NULL, 1);
	while (now_ms() < end) {
		pid_t pid = spawn(busy_threads, NULL);
		siginfo_t info;

		for (int i = 0; i < 200; i++) {
			if (kill(pid, sigs[next_random(&seed) % 5]))
				return 1;
			if (next_random(&seed) % 4 == 0)
				waitid(P_PID, pid, &info, WSTOPPED | WCONTINUED | WNOHANG);
		}
		kill(pid, SIGCONT);
		while (waitid(P_PID, pid, &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 &&
		       info.si_pid)
			;
		kill(pid, SIGSTOP);
		do
			if (waitid(P_PID, pid, &info, WSTOPPED))
				return 2;
		while (info.si_code != CLD_STOPPED);
		kill(pid, SIGCONT);
		if (waitid(P_PID, pid, &info, WCONTINUED) || info.si_code != CLD_CONTINUED)
			return 3;
		if (next_random(&seed) % 2)
			kill(pid, SIGSTOP);
		kill(pid, SIGKILL);
		if (reap(pid) != SIGKILL)
			return 4;
	}
	return 0;
}

static void stop_and_continue_storms(void)
{
	EXPECT_EQ(run_workers(storms, 4), 0);
}

/* --- Stops of a group that forks ---------------------------------------------------- */

/* A child in the caller's group that lives for a moment, again and again. */
static int forks_in_group(void *arg)
{
	(void)arg;
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			sleep_ms(400);
			_exit(0);
		}
		sleep_ms(1);
	}
	return 0;
}

/* How many members of the group run though it was stopped. */
static int count_running(pid_t group)
{
	char path[64], buf[512], state;
	int running = 0, parent, own;

	for (int nr = 2; nr < 32768; nr++) {
		char *at;

		if (getpgid(nr) != group)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", nr);
		at = strrchr(slurp(path, buf, sizeof(buf)), ')');
		if (at && sscanf(at, ") %c %d %d", &state, &parent, &own) == 3 && own == group)
			running += state != 'T' && state != 'Z' && state != 'X';
	}
	return running;
}

static int leads_group(void *arg)
{
	setpgid(0, 0);
	signal(SIGCHLD, SIG_IGN);
	spawn(forks_in_group, arg);
	return forks_in_group(arg);
}

static void no_child_escapes_a_stop_of_its_group(void)
{
	pid_t group = spawn(leads_group, NULL);

	setpgid(group, group);
	for (int i = 0; i < 10; i++) {
		sleep_ms(20 + i);
		EXPECT(!kill(-group, SIGSTOP));
		for (int tries = 0; tries < 10 && count_running(group); tries++)
			sleep_ms(10);
		EXPECT_EQ(count_running(group), 0);
		EXPECT(!kill(-group, SIGCONT));
	}
	kill(-group, SIGKILL);
	reap(group);
}

int main(int argc, char **argv)
{
	if (readlink("/proc/self/exe", self_path, sizeof(self_path) - 1) < 0)
		return 97;
	if (argc > 2 && !strcmp(argv[1], "exit"))
		return atoi(argv[2]);
	if (argc > 1 && !strcmp(argv[1], "again"))
		return exec_for_ever();
	if (getenv("SECONDS"))
		seconds = atoi(getenv("SECONDS"));
	RUN(exec_exit_clone_and_signals_race);
	RUN(kill_meets_exec_of_a_thread);
	RUN(stop_and_continue_storms);
	RUN(no_child_escapes_a_stop_of_its_group);
	return tap_done();
}
