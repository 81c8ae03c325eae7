/*
 * async: being told instead of asking: SIGIO; timers that the wall clock's setting cancels; transfers
 * that do not wait.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include "tap.h"

#ifndef F_SETSIG
#define F_SETSIG 10
#endif
#ifndef F_SETOWN_EX
#define F_SETOWN_EX 15
struct f_owner_ex {
	int type;
	pid_t pid;
};
#define F_OWNER_TID  0
#define F_OWNER_PGRP 2
#endif
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif
#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET 2
#endif
#ifndef FIOASYNC
#define FIOASYNC 0x5452
#endif

#define REAL (SIGRTMIN + 3)

/* Blocked throughout: they are taken by sigtimedwait(). */
static int take(int sig, siginfo_t *info, long ms)
{
	struct timespec limit = { ms / 1000, ms % 1000 * 1000000 };
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, sig);
	do
		got = sigtimedwait(&set, info, &limit);
	while (got < 0 && errno == EINTR);
	return got;
}

static void drop_pending(void)
{
	siginfo_t info;

	sleep_ms(20);
	while (take(SIGIO, &info, 0) > 0 || take(REAL, &info, 0) > 0)
		;
}

static int make_async(int fd, int sig)
{
	return fcntl(fd, F_SETOWN, getpid()) || fcntl(fd, F_SETSIG, sig) ||
	       fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

static void a_pipe_tells_of_data_and_room(void)
{
	siginfo_t info;
	char page[4096];
	int fds[2];

	REQUIRE(pipe(fds) == 0);
	EXPECT_EQ(make_async(fds[0], 0), 0);
	EXPECT_EQ(fcntl(fds[0], F_GETFL), O_ASYNC);
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(take(SIGIO, &info, 5000), SIGIO);
	EXPECT_EQ(info.si_code, SI_KERNEL);
	EXPECT_EQ(make_async(fds[0], REAL), 0);
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(take(REAL, &info, 5000), REAL);
	EXPECT_EQ(info.si_code, POLL_IN);
	EXPECT_EQ(info.si_band, POLLIN | POLLRDNORM);
	EXPECT_EQ(info.si_fd, fds[0]);
	EXPECT_EQ(fcntl(fds[0], F_SETFL, 0), 0);
	EXPECT_EQ(fcntl(fds[0], F_GETFL), 0);
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(take(REAL, &info, 50), -1);
	fcntl(fds[1], F_SETPIPE_SZ, 4096);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	while (write(fds[1], page, sizeof(page)) > 0)
		;
	EXPECT_EQ(make_async(fds[1], REAL), 0);
	drop_pending();
	EXPECT(read(fds[0], page, sizeof(page)) > 0);
	EXPECT_EQ(take(REAL, &info, 5000), REAL);
	EXPECT_EQ(info.si_code, POLL_OUT);
	EXPECT_EQ(info.si_fd, fds[1]);
	close(fds[0]);
	close(fds[1]);
	drop_pending();
}

static void a_socket_tells_of_data(void)
{
	siginfo_t info;
	int fds[2], on = 1;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	EXPECT_EQ(fcntl(fds[0], F_SETOWN, getpid()), 0);
	EXPECT_EQ(fcntl(fds[0], F_SETSIG, REAL), 0);
	EXPECT_EQ(ioctl(fds[0], FIOASYNC, &on), 0);
	EXPECT(fcntl(fds[0], F_GETFL) & O_ASYNC);
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(take(REAL, &info, 5000), REAL);
	EXPECT_EQ(info.si_code, POLL_IN);
	EXPECT_EQ(info.si_fd, fds[0]);
	on = 0;
	EXPECT_EQ(ioctl(fds[0], FIOASYNC, &on), 0);
	EXPECT(!(fcntl(fds[0], F_GETFL) & O_ASYNC));
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(take(REAL, &info, 50), -1);
	close(fds[0]);
	close(fds[1]);
	drop_pending();
}

static void a_terminal_tells_of_input(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, unlocked = 0;
	char name[64];
	siginfo_t info;
	unsigned nr;

	REQUIRE(master >= 0 && ioctl(master, TIOCSPTLCK, &unlocked) == 0);
	REQUIRE(ioctl(master, TIOCGPTN, &nr) == 0);
	snprintf(name, sizeof(name), "/dev/pts/%u", nr);
	slave = open(name, O_RDWR | O_NOCTTY);
	REQUIRE(slave >= 0);
	EXPECT_EQ(make_async(slave, REAL), 0);
	drop_pending();
	EXPECT_EQ(write(master, "line\n", 5), 5);
	EXPECT_EQ(take(REAL, &info, 5000), REAL);
	EXPECT_EQ(info.si_fd, slave);
	close(slave);
	close(master);
	drop_pending();
}

static void some_files_tell_nothing(void)
{
	int event = eventfd(0, 0), on = 1;

	EXPECT_ERR(ioctl(event, FIOASYNC, &on), ENOTTY);
	EXPECT_EQ(fcntl(event, F_SETFL, O_ASYNC), 0);
	EXPECT(!(fcntl(event, F_GETFL) & O_ASYNC));
	on = 0;
	EXPECT_EQ(ioctl(event, FIOASYNC, &on), 0);
	close(event);
}

static void nobody_is_told_without_an_owner(void)
{
	siginfo_t info;
	int fds[2];

	REQUIRE(pipe(fds) == 0);
	EXPECT_EQ(fcntl(fds[0], F_SETFL, O_ASYNC), 0);
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(take(SIGIO, &info, 50), -1);
	close(fds[0]);
	close(fds[1]);
}

static volatile pid_t other_tid;
static volatile int other_got;

static void *other_takes(void *arg)
{
	siginfo_t info;

	other_tid = syscall(SYS_gettid);
	other_got = take(REAL, &info, 5000);
	return NULL;
}

static void one_thread_can_be_told(void)
{
	struct f_owner_ex owner = { .type = F_OWNER_TID };
	pthread_t thread;
	siginfo_t info;
	int fds[2];

	REQUIRE(pipe(fds) == 0 && pthread_create(&thread, NULL, other_takes, NULL) == 0);
	EXPECT(eventually(other_tid));
	owner.pid = other_tid;
	EXPECT_EQ(fcntl(fds[0], F_SETSIG, REAL), 0);
	EXPECT_EQ(fcntl(fds[0], F_SETOWN_EX, &owner), 0);
	EXPECT_EQ(fcntl(fds[0], F_SETFL, O_ASYNC), 0);
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	pthread_join(thread, NULL);
	EXPECT_EQ(other_got, REAL);
	EXPECT_EQ(take(REAL, &info, 0), -1);
	close(fds[0]);
	close(fds[1]);
}

static int child_is_told(void *arg)
{
	siginfo_t info;

	setpgid(0, 0);
	if (write(((int *)arg)[1], "x", 1) != 1)
		return 1;
	return take(SIGIO, &info, 5000) != SIGIO;
}

static void a_group_can_be_told(void)
{
	int fds[2], ready[2];
	pid_t pid;
	char c;

	REQUIRE(pipe(fds) == 0 && pipe(ready) == 0);
	pid = spawn(child_is_told, ready);
	EXPECT_EQ(read(ready[0], &c, 1), 1);
	EXPECT_EQ(fcntl(fds[0], F_SETOWN, -pid), 0);
	EXPECT_EQ(fcntl(fds[0], F_GETOWN), -pid);
	EXPECT_EQ(fcntl(fds[0], F_SETFL, O_ASYNC), 0);
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(reap(pid), 0);
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		close(ready[i]);
	}
}

/* Events and the end of the file at once: nothing is lost of either but the signals. */
static void files_end_while_they_tell(void)
{
	int fds[2];

	for (int i = 0; i < 300; i++) {
		if (pipe(fds))
			break;
		EXPECT_EQ(make_async(fds[0], 0), 0);
		EXPECT_EQ(write(fds[1], "x", 1), 1);
		close(fds[i & 1]);
		close(fds[!(i & 1)]);
	}
	drop_pending();
}

/* ---- the wall clock */

static void step_clock(long seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	EXPECT_EQ(clock_settime(CLOCK_REALTIME, &now), 0);
}

static void setting_the_clock_cancels(void)
{
	struct itimerspec when = { 0 };
	int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t ticks;

	clock_gettime(CLOCK_REALTIME, &when.it_value);
	when.it_value.tv_sec += 3600;
	EXPECT_EQ(timerfd_settime(fd, flags, &when, NULL), 0);
	EXPECT_ERR(read(fd, &ticks, 8), EAGAIN);
	if (!in_guest()) {
		close(fd);
		SKIP("guest only");
	}
	step_clock(10);
	EXPECT_EQ(poll(&p, 1, 0), 1);
	EXPECT_ERR(read(fd, &ticks, 8), ECANCELED);
	EXPECT_ERR(read(fd, &ticks, 8), EAGAIN);
	step_clock(-10);
	EXPECT_ERR(timerfd_settime(fd, flags, &when, NULL), ECANCELED);
	EXPECT_EQ(timerfd_settime(fd, flags, &when, NULL), 0);
	EXPECT_EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL), 0);
	step_clock(3700); /* past it */
	EXPECT_EQ(poll(&p, 1, 5000), 1);
	EXPECT_EQ(read(fd, &ticks, 8), 8);
	step_clock(-3700);
	close(fd);
}

static void a_timer_counts_what_nobody_reads(void)
{
	struct itimerspec every = { { 0, 10000000 }, { 0, 10000000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	long long begin = now_ms();
	uint64_t ticks, sum = 0;

	EXPECT_EQ(timerfd_settime(fd, 0, &every, NULL), 0);
	sleep_ms(105);
	EXPECT_EQ(timerfd_gettime(fd, &every), 0);
	EXPECT(every.it_value.tv_nsec > 0 && every.it_value.tv_nsec <= 10000000);
	EXPECT_EQ(read(fd, &ticks, 8), 8);
	EXPECT(ticks >= 10);
	for (sum = ticks; sum < 30; sum += ticks) {
		EXPECT_EQ(poll(&p, 1, 10000), 1);
		EXPECT_EQ(read(fd, &ticks, 8), 8);
	}
	EXPECT(now_ms() - begin >= (long long)sum * 10 - 1);
	EXPECT_EQ(poll(&p, 1, 10000), 1);
	EXPECT_EQ(timerfd_settime(fd, 0, &every, NULL), 0);
	EXPECT_ERR(read(fd, &ticks, 8), EAGAIN);
	close(fd);
}

static int has_many_short_timers(void *arg)
{
	struct itimerspec every = { { 0, 1 }, { 0, 1 } };
	int fd;

	(void)arg;
	while ((fd = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0)
		timerfd_settime(fd, 0, &every, NULL);
	return child_pauses(NULL);
}

static int naps_in_a_second(void)
{
	long long end = now_ms() + 1000;
	int naps = 0;

	for (; now_ms() < end; naps++)
		sleep_ms(1);
	return naps;
}

static void short_intervals_leave_time_for_others(void)
{
	int usual = naps_in_a_second();
	pid_t one = spawn(has_many_short_timers, NULL), two = spawn(has_many_short_timers, NULL);

	sleep_ms(500);
	EXPECT(naps_in_a_second() > usual / 5);
	kill_and_reap(one);
	kill_and_reap(two);
}

/* ---- not waiting */

static void transfers_need_not_wait(void)
{
	static char much[8192];
	struct iovec one = { much, 8 }, two = { much, sizeof(much) };
	int fds[2], socks[2], event = eventfd(0, 0), zero = open("/dev/zero", O_RDONLY);

	REQUIRE(pipe(fds) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, socks) == 0);
	fcntl(fds[1], F_SETPIPE_SZ, 4096);
	EXPECT_ERR(preadv2(fds[0], &one, 1, -1, RWF_NOWAIT), EAGAIN);
	EXPECT_EQ(pwritev2(fds[1], &two, 1, -1, RWF_NOWAIT), 4096);
	EXPECT_ERR(pwritev2(fds[1], &two, 1, -1, RWF_NOWAIT), EAGAIN);
	EXPECT_EQ(preadv2(fds[0], &one, 1, -1, RWF_NOWAIT), 8);
	EXPECT_ERR(preadv2(socks[0], &one, 1, -1, RWF_NOWAIT), EAGAIN);
	EXPECT_EQ(pwritev2(socks[1], &one, 1, -1, RWF_NOWAIT), 8);
	EXPECT_EQ(preadv2(socks[0], &one, 1, -1, RWF_NOWAIT), 8);
	while (pwritev2(socks[1], &two, 1, -1, RWF_NOWAIT) > 0)
		;
	EXPECT_EQ(errno, EAGAIN);
	EXPECT_ERR(preadv2(event, &one, 1, -1, RWF_NOWAIT), EAGAIN);
	EXPECT_ERR(pwritev2(event, &one, 1, -1, RWF_NOWAIT), EOPNOTSUPP);
	EXPECT_EQ(preadv2(zero, &one, 1, -1, RWF_NOWAIT), 8);
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		close(socks[i]);
	}
	close(event);
	close(zero);
}

static void only_places_can_be_sent(void)
{
	int from[2], to[2], socks[2], null = open("/dev/null", O_WRONLY), event = eventfd(1, 0);
	off_t pos = 0;

	REQUIRE(pipe(from) == 0 && pipe(to) == 0);
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, socks) == 0);
	EXPECT_EQ(write(from[1], "pipe", 4), 4);
	EXPECT_EQ(write(socks[1], "sock", 4), 4);
	EXPECT_ERR(sendfile(null, from[0], NULL, 4), EINVAL);
	EXPECT_ERR(sendfile(null, from[0], &pos, 4), ESPIPE);
	EXPECT_ERR(sendfile(to[1], from[0], NULL, 4), EINVAL);
	EXPECT_ERR(sendfile(null, socks[0], NULL, 4), EINVAL);
	EXPECT_EQ(sendfile(to[1], socks[0], NULL, 4), 4);
	EXPECT_ERR(sendfile(null, event, NULL, 8), EINVAL);
	for (int i = 0; i < 2; i++) {
		close(from[i]);
		close(to[i]);
		close(socks[i]);
	}
	close(null);
	close(event);
}

int main(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigaddset(&set, REAL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	RUN(a_pipe_tells_of_data_and_room);
	RUN(a_socket_tells_of_data);
	RUN(a_terminal_tells_of_input);
	RUN(some_files_tell_nothing);
	RUN(nobody_is_told_without_an_owner);
	RUN(one_thread_can_be_told);
	RUN(a_group_can_be_told);
	RUN(files_end_while_they_tell);
	RUN(setting_the_clock_cancels);
	RUN(a_timer_counts_what_nobody_reads);
	RUN(short_intervals_leave_time_for_others);
	RUN(transfers_need_not_wait);
	RUN(only_places_can_be_sent);
	return tap_done();
}
