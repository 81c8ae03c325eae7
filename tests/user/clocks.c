/*
 * clocks: time goes on, sleeps last long enough, timers fire.
 */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>

#include "tap.h"

static volatile sig_atomic_t fired;

static void on_alarm(int sig)
{
	(void)sig;
	fired++;
}

static long long ns(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) < 0 ? -1 : t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void monotonic_time_never_goes_back(void)
{
	long long last = ns(CLOCK_MONOTONIC), now;
	int back = 0;

	for (int i = 0; i < 20000; i++) {
		now = ns(CLOCK_MONOTONIC);
		back += now < last;
		last = now;
	}
	EXPECT_EQ(back, 0);
}

static int watches_the_clock(void *arg)
{
	long long end = ns(CLOCK_MONOTONIC) + 300000000, last = 0, now;

	(void)arg;
	do {
		now = ns(CLOCK_MONOTONIC);
		if (now < last)
			return 1;
		last = now;
	} while (now < end);
	return 0;
}

/* More watchers than CPUs, so that they move between them. */
static void monotonic_time_is_the_same_on_every_cpu(void)
{
	pid_t child[6];

	for (int i = 0; i < 6; i++)
		child[i] = spawn(watches_the_clock, NULL);
	for (int i = 0; i < 6; i++)
		EXPECT_EQ(reap(child[i]), 0);
}

static void every_clock_answers(void)
{
	static const clockid_t clocks[] = {
		CLOCK_REALTIME,          CLOCK_MONOTONIC,     CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE,  CLOCK_BOOTTIME,
	};
	struct timespec t;

	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		EXPECT(ns(clocks[i]) >= 0);
		EXPECT_EQ(clock_getres(clocks[i], &t), 0);
	}
	EXPECT_ERR(clock_gettime(77, &t), EINVAL);
	EXPECT(ns(CLOCK_REALTIME) > 1600000000LL * 1000000000);
}

static void sleeps_last_long_enough(void)
{
	long long start = ns(CLOCK_MONOTONIC);
	struct timespec t = { 0, 50000000 };

	EXPECT_EQ(nanosleep(&t, NULL), 0);
	EXPECT(ns(CLOCK_MONOTONIC) - start >= 50000000);
	t.tv_nsec = 1000000000;
	EXPECT_ERR(nanosleep(&t, NULL), EINVAL);
	t = (struct timespec){ -1, 0 };
	EXPECT_ERR(nanosleep(&t, NULL), EINVAL);
}

static void absolute_sleeps_end_at_their_time(void)
{
	long long end = ns(CLOCK_MONOTONIC) + 30000000;
	struct timespec t = { end / 1000000000, end % 1000000000 };

	EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0);
	EXPECT(ns(CLOCK_MONOTONIC) >= end);
	EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0);
}

static void interval_timers_repeat_until_stopped(void)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { 0 };
	int count;

	sigaction(SIGALRM, &action, NULL);
	fired = 0;
	EXPECT_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
	EXPECT(eventually(fired >= 5));
	EXPECT_EQ(setitimer(ITIMER_REAL, &never, NULL), 0);
	count = fired;
	sleep_ms(40);
	EXPECT(fired <= count + 1);
	EXPECT_ERR(setitimer(9, &often, NULL), EINVAL);
}

static void processor_time_is_counted(void)
{
	volatile unsigned long x = 0;
	long long start = ns(CLOCK_PROCESS_CPUTIME_ID), wall;
	struct tms tms;

	wall = now_ms();
	while (now_ms() - wall < 100)
		x++;
	EXPECT(ns(CLOCK_PROCESS_CPUTIME_ID) - start > 5000000);
	EXPECT(times(&tms) != (clock_t)-1);
}

/* Sampled or not: what was told once as user time is not system time later. */
static void processor_time_never_goes_back(void)
{
	struct rusage before = { 0 }, now;
	long long start = ns(CLOCK_MONOTONIC);
	int backward = 0;
	volatile unsigned sink = 0;

	while (ns(CLOCK_MONOTONIC) - start < 600000000) {
		for (int i = 0; i < 20000; i++)
			sink += i;
		for (int i = 0; i < 200; i++)
			syscall(SYS_getppid);
		REQUIRE(getrusage(RUSAGE_SELF, &now) == 0);
		backward += timercmp(&now.ru_utime, &before.ru_utime, <);
		backward += timercmp(&now.ru_stime, &before.ru_stime, <);
		before = now;
	}
	EXPECT_EQ(backward, 0);
}

static void a_busy_process_does_not_stop_others(void)
{
	pid_t busy[4];
	long long start;

	for (int i = 0; i < 4; i++) {
		busy[i] = fork();
		if (busy[i] == 0)
			for (volatile unsigned long x = 0;; x++)
				;
	}
	start = now_ms();
	for (int i = 0; i < 10; i++)
		sleep_ms(2);
	EXPECT(now_ms() - start < 10000);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(kill_and_reap(busy[i]), SIGKILL);
}

static void *burns(void *arg)
{
	long long end = ns(CLOCK_THREAD_CPUTIME_ID) + 50000000;

	while (ns(CLOCK_THREAD_CPUTIME_ID) < end)
		continue;
	pthread_barrier_wait(arg);
	pthread_barrier_wait(arg);
	return NULL;
}

static _Atomic long long own_time;

static void *tells_its_time(void *arg)
{
	_Atomic int *stop = arg;

	while (!*stop)
		own_time = ns(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

/* Not only up to its last tick. */
static void the_clock_of_a_running_thread_goes_on(void)
{
	_Atomic int stop = 0;
	pthread_t thread;
	clockid_t clock;
	int behind = 0;

	EXPECT_EQ(pthread_create(&thread, NULL, tells_its_time, &stop), 0);
	EXPECT_EQ(pthread_getcpuclockid(thread, &clock), 0);
	for (int i = 0; i < 2000; i++) {
		long long told = own_time;

		behind += ns(clock) < told;
	}
	stop = 1;
	pthread_join(thread, NULL);
	EXPECT_EQ(behind, 0);
}

static void processor_clocks_of_others_are_read_by_number(void)
{
	pthread_barrier_t barrier;
	pthread_t thread;
	clockid_t clock;
	pid_t child;

	pthread_barrier_init(&barrier, NULL, 2);
	EXPECT_EQ(pthread_create(&thread, NULL, burns, &barrier), 0);
	pthread_barrier_wait(&barrier);
	EXPECT_EQ(pthread_getcpuclockid(thread, &clock), 0);
	EXPECT(ns(clock) >= 50000000);
	EXPECT(ns(clock) <= ns(CLOCK_PROCESS_CPUTIME_ID));
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	EXPECT_ERR(clock_gettime(clock, &(struct timespec){ 0 }), EINVAL);

	child = spawn_sleeper();
	EXPECT_EQ(clock_getcpuclockid(child, &clock), 0);
	EXPECT(ns(clock) >= 0);
	EXPECT_ERR(clock_gettime(~child * 8 | 6, &(struct timespec){ 0 }), EINVAL); /* its thread */
	EXPECT_ERR(clock_gettime(~child * 8 | 3, &(struct timespec){ 0 }), EINVAL); /* no kind */
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	EXPECT_ERR(clock_gettime(clock, &(struct timespec){ 0 }), EINVAL);
}

/* The numbers are those a C library makes of the two usual clocks. */
static void timers_run_on_processor_clocks(void)
{
	static const clockid_t clocks[] = { CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, -6,
					    -2 };
	struct itimerspec in_20ms = { .it_value.tv_nsec = 20000000 };

	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
		struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
		long long since = ns(CLOCK_THREAD_CPUTIME_ID);
		int timer;

		signal(SIGUSR1, on_alarm);
		fired = 0;
		EXPECT_EQ(syscall(SYS_timer_create, clocks[i], &event, &timer), 0);
		EXPECT_EQ(syscall(SYS_timer_settime, timer, 0, &in_20ms, NULL), 0);
		while (!fired)
			continue;
		EXPECT(ns(CLOCK_THREAD_CPUTIME_ID) - since >= 20000000);
		EXPECT_EQ(syscall(SYS_timer_delete, timer), 0);
	}
	EXPECT_ERR(syscall(SYS_timer_create, -5, NULL, &(int){ 0 }), EOPNOTSUPP);
	EXPECT_ERR(syscall(SYS_timer_create, -9, NULL, &(int){ 0 }), EINVAL);
}

static void wall_time_agrees_with_itself(void)
{
	struct timeval tv;
	time_t seconds = time(NULL);

	EXPECT_EQ(gettimeofday(&tv, NULL), 0);
	EXPECT(tv.tv_sec - seconds >= 0 && tv.tv_sec - seconds <= 2);
	EXPECT(tv.tv_usec >= 0 && tv.tv_usec < 1000000);
}

int main(void)
{
	RUN(monotonic_time_never_goes_back);
	RUN(monotonic_time_is_the_same_on_every_cpu);
	RUN(every_clock_answers);
	RUN(sleeps_last_long_enough);
	RUN(absolute_sleeps_end_at_their_time);
	RUN(interval_timers_repeat_until_stopped);
	RUN(processor_time_is_counted);
	RUN(processor_time_never_goes_back);
	RUN(a_busy_process_does_not_stop_others);
	RUN(the_clock_of_a_running_thread_goes_on);
	RUN(processor_clocks_of_others_are_read_by_number);
	RUN(timers_run_on_processor_clocks);
	RUN(wall_time_agrees_with_itself);
	return tap_done();
}
