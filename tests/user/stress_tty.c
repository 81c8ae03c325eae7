/*
 * stress_tty: pseudo-terminals that are opened, hung up, written, read, polled and
 * closed from many sides at once, and sessions that end in between. SECONDS=n.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "tap.h"

static int seconds = 1;

static unsigned int next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

static int open_pty(char *name, size_t size)
{
	int zero = 0, fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	unsigned int nr;

	if (fd < 0 || ioctl(fd, TIOCSPTLCK, &zero) || ioctl(fd, TIOCGPTN, &nr))
		return -1;
	snprintf(name, size, "/dev/pts/%u", nr);
	return fd;
}

/* In a session of its own with the terminal as its own: talks until that is gone. */
static int talks(void *arg)
{
	unsigned int seed = (unsigned int)getpid();
	int fd, status;
	char buf[64];

	setsid();
	fd = open((char *)arg, O_RDWR | O_NONBLOCK);
	if (fd < 0)
		return 0; /* gone already */
	if (next_random(&seed) % 2) {
		signal(SIGHUP, SIG_IGN);
		signal(SIGINT, SIG_IGN);
	}
	if (fork() == 0) { /* in the background, or in a group of its own */
		if (next_random(&seed) % 2)
			setpgid(0, 0);
		if (next_random(&seed) % 2)
			signal(SIGTTOU, SIG_IGN);
		for (int i = 0; i < 20; i++) {
			tcsetpgrp(fd, getpgrp());
			if (read(fd, buf, sizeof(buf)) < 0 && errno == EIO)
				break;
			write(fd, buf, 16);
		}
		_exit(0);
	}
	for (int i = 0; i < 50; i++) {
		struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

		poll(&p, 1, 1);
		if (p.revents & POLLHUP)
			break;
		write(fd, "hello world\n", 12);
		read(fd, buf, sizeof(buf));
		if (next_random(&seed) % 16 == 0)
			ioctl(fd, TIOCNOTTY);
		if (next_random(&seed) % 16 == 0)
			ioctl(fd, TIOCSCTTY, 0);
	}
	if (next_random(&seed) % 2)
		return 0; /* the leader's end hangs up */
	kill(0, SIGCONT);
	waitpid(-1, &status, WNOHANG);
	return 0;
}

struct shared {
	int fd;
	volatile int is_over;
};

static void *writes_master(void *arg)
{
	struct shared *s = arg;
	static const char keys[] = "abc\n\003\032\004\021\023x\n";

	for (unsigned int i = 0; !s->is_over; i++) {
		write(s->fd, keys + i % 8, 3);
		if (i % 16 == 0)
			sched_yield();
	}
	return NULL;
}

static void *reads_master(void *arg)
{
	struct shared *s = arg;
	char buf[256];

	while (!s->is_over) {
		struct pollfd p = { s->fd, POLLIN, 0 };

		poll(&p, 1, 1);
		read(s->fd, buf, sizeof(buf));
	}
	return NULL;
}

static void *configures(void *arg)
{
	struct shared *s = arg;
	struct termios t;

	for (unsigned int i = 0; !s->is_over; i++) {
		struct winsize w = { i % 50, 80, 0, 0 };

		if (!tcgetattr(s->fd, &t)) {
			t.c_lflag ^= i % 2 ? ICANON : ECHO;
			tcsetattr(s->fd, i % 3, &t);
		}
		ioctl(s->fd, TIOCSWINSZ, &w);
		tcflush(s->fd, TCIOFLUSH);
		sched_yield();
	}
	return NULL;
}

static int lives(void *arg)
{
	static void *(*const work[])(void *) = { writes_master, reads_master, configures };
	unsigned int seed = (unsigned int)(long)arg;
	long long end = now_ms() + seconds * 1000;

	while (now_ms() < end) {
		struct shared s = { 0 };
		char name[64];
		pthread_t t[3];
		pid_t pid[2];

		s.fd = open_pty(name, sizeof(name));
		if (s.fd < 0)
			return 1;
		for (int i = 0; i < 2; i++)
			pid[i] = spawn(talks, name);
		for (int i = 0; i < 3; i++)
			if (pthread_create(&t[i], NULL, work[i], &s))
				return 2;
		sleep_ms(next_random(&seed) % 30);
		if (next_random(&seed) % 2)
			kill(pid[0], SIGKILL);
		s.is_over = 1;
		for (int i = 0; i < 3; i++)
			pthread_join(t[i], NULL);
		close(s.fd); /* the hang-up meets whatever they are doing */
		for (int i = 0; i < 2; i++) {
			kill(pid[i], SIGCONT);
			sleep_ms(1);
			kill_and_reap(pid[i]);
		}
	}
	return 0;
}

static void terminals_come_and_go(void)
{
	pid_t pids[4];

	for (long i = 0; i < 4; i++)
		pids[i] = spawn(lives, (void *)(i * 7919 + 1));
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(reap(pids[i]), 0);
}

/* What a slave wrote before its last close is heard before the hang-up, which comes after an open. */
static void *says_a_word(void *arg)
{
	int fd = open((char *)arg, O_RDWR | O_NOCTTY);

	write(fd, "x", 1);
	close(fd);
	return NULL;
}

static int hears_it(int round)
{
	int fd, heard = 0, is_over = 0;
	char name[32], buf[4];
	pthread_t thread;

	fd = open_pty(name, sizeof(name));
	if (fd < 0 || pthread_create(&thread, NULL, says_a_word, name))
		return 0;
	while (!is_over) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t n;

		if (round % 2)
			poll(&p, 1, 0);
		is_over = p.revents == POLLHUP;
		n = round % 2 && !(p.revents & POLLIN) ? 0 : read(fd, buf, sizeof(buf));
		heard += n > 0;
		is_over |= n < 0 && errno == EIO;
	}
	pthread_join(thread, NULL);
	close(fd);
	return heard;
}

static void the_last_words_come_before_the_hang_up(void)
{
	for (int i = 0; i < 500 && !tap_is_bad; i++)
		EXPECT(hears_it(i));
}

static void a_terminal_works_afterwards(void)
{
	char name[64], buf[16] = "";
	int master = open_pty(name, sizeof(name)), slave;

	REQUIRE(master >= 0);
	slave = open(name, O_RDWR | O_NOCTTY);
	REQUIRE(slave >= 0);
	EXPECT(write(master, "ok\n", 3) == 3);
	EXPECT(read(slave, buf, sizeof(buf)) == 3 && !memcmp(buf, "ok\n", 3));
	close(master);
	EXPECT(read(slave, buf, sizeof(buf)) == 0);
	close(slave);
}

int main(void)
{
	if (getenv("SECONDS"))
		seconds = atoi(getenv("SECONDS"));
	RUN(terminals_come_and_go);
	RUN(the_last_words_come_before_the_hang_up);
	RUN(a_terminal_works_afterwards);
	return tap_done();
}
