/*
 * hearing: of a process's end one hears at once, always, and while one waits one sleeps.
 */
#include <sys/resource.h>

#include "tests/user/pidfds.h"

enum { CROWD = 200 };

static int child_naps(void *arg)
{
	sleep_ms((long)arg);
	return 0;
}

static long sleeps(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw;
}

static void who_waits_sleeps_once(void)
{
	pid_t child = spawn(child_naps, (void *)300L);
	long before = sleeps();

	reap(child);
	EXPECT(sleeps() - before <= 3);
	if (sleeps() - before > 3)
		tap_note("slept %ld times in one wait", sleeps() - before);
}

/* The shorter of several, so that another's turn on the CPU does not count. */
static void who_waits_hears_at_once(void)
{
	long long best = 1000000;

	for (int i = 0; i < 8; i++) {
		struct timespec *end = NULL, now;
		int pair[2];
		pid_t child;

		REQUIRE(pipe(pair) == 0);
		fflush(stdout);
		child = fork();
		if (child == 0) {
			sleep_ms(13);
			clock_gettime(CLOCK_MONOTONIC, &now);
			_exit(write(pair[1], &now, sizeof(now)) != sizeof(now));
		}
		reap(child);
		clock_gettime(CLOCK_MONOTONIC, &now);
		end = &(struct timespec){ 0 };
		EXPECT_EQ(read(pair[0], end, sizeof(*end)), (long long)sizeof(*end));
		now.tv_nsec = (now.tv_sec - end->tv_sec) * 1000000000L + now.tv_nsec - end->tv_nsec;
		best = now.tv_nsec < best ? now.tv_nsec : best;
		close(pair[0]);
		close(pair[1]);
	}
	if (best >= 1000000)
		tap_note("heard of the end a millisecond late at best");
	EXPECT(best < 1000000);
}

static void a_signal_ends_the_wait(void)
{
	pid_t child = spawn_sleeper(), waiter = fork();
	int status;

	if (waiter == 0) {
		signal(SIGUSR1, SIG_DFL);
		_exit(waitpid(-1, NULL, 0) < 0 && errno == ECHILD ? 0 : 1);
	}
	EXPECT_EQ(reap(waiter), 0);
	waiter = fork();
	if (waiter == 0) {
		spawn(child_naps, (void *)60000L);
		waitpid(-1, NULL, 0);
		_exit(1);
	}
	sleep_ms(30);
	kill(waiter, SIGTERM);
	status = reap(waiter);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	kill_and_reap(child);
}

static void one_poller_hears_of_a_crowd(void)
{
	static struct pollfd p[CROWD];
	static pid_t child[CROWD];
	int left = CROWD;

	for (int i = 0; i < CROWD; i++) {
		child[i] = spawn_sleeper();
		p[i] = (struct pollfd){ .fd = pidfd_open_(child[i], 0), .events = POLLIN };
	}
	EXPECT_EQ(poll(p, CROWD, 0), 0);
	for (int i = 0; i < CROWD; i++) {
		int at = i * 37 % CROWD, n;

		kill(child[at], SIGKILL);
		n = poll(p, CROWD, 5000);
		EXPECT_EQ(n, 1);
		EXPECT_EQ(p[at].revents, POLLIN);
		if (n != 1)
			break;
		reap(child[at]);
		close(p[at].fd);
		p[at].fd = -1;
		left--;
	}
	EXPECT_EQ(left, 0);
	for (int i = 0; i < CROWD; i++)
		if (p[i].fd >= 0) {
			kill_and_reap(child[i]);
			close(p[i].fd);
		}
}

int main(void)
{
	RUN(who_waits_sleeps_once);
	RUN(who_waits_hears_at_once);
	RUN(a_signal_ends_the_wait);
	RUN(one_poller_hears_of_a_crowd);
	return tap_done();
}
