/*
 * stress_files: descriptors that are closed and replaced while others use them,
 * names that are renamed and removed while others walk them, and /proc read
 * while its processes end. SECONDS=n makes it longer.
 */
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include "stress.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

/* --- Descriptors --------------------------------------------------------------- */

enum { LOW = 40, SLOTS = 16 }; /* the numbers all fight for */

static int random_slot(unsigned int *seed)
{
	return LOW + next_random(seed) % SLOTS;
}

static int make_something(unsigned int *seed)
{
	struct itimerspec soon = { { 0, 1000000 }, { 0, 1000000 } };
	int p[2], fd;

	switch (next_random(seed) % 5) {
	case 0:
		return eventfd(next_random(seed) % 2, EFD_NONBLOCK);
	case 1:
		fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
		timerfd_settime(fd, 0, &soon, NULL);
		return fd;
	case 2:
		return epoll_create1(0);
	default:
		if (pipe2(p, O_NONBLOCK))
			return -1;
		fd = next_random(seed) % 2;
		close(p[fd]);
		return p[!fd];
	}
}

static void *replaces(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	while (is_running()) {
		int fd = make_something(&seed), to = random_slot(&seed);

		if (fd < 0)
			return "cannot make a file";
		if (dup2(fd, to) != to && errno != EBUSY)
			return "dup2";
		if (fd < LOW || fd >= LOW + SLOTS)
			close(fd);
	}
	return NULL;
}

static void *closes(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	while (is_running()) {
		close(random_slot(&seed));
		if (next_random(&seed) % 64 == 0)
			sleep_ms(1);
	}
	return NULL;
}

static void *uses(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	char buf[64] = "0123456";
	struct stat st;

	while (is_running()) {
		int fd = random_slot(&seed);

		switch (next_random(&seed) % 5) {
		case 0:
			read(fd, buf, 8);
			break;
		case 1:
			write(fd, buf, 8);
			break;
		case 2:
			fstat(fd, &st);
			break;
		case 3:
			fcntl(fd, F_GETFL);
			break;
		case 4:
			snprintf(buf, sizeof(buf), "/proc/self/fdinfo/%d", fd);
			slurp(buf, buf, sizeof(buf));
		}
	}
	return NULL;
}

static void *polls(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	struct pollfd p[SLOTS];

	while (is_running()) {
		for (int i = 0; i < SLOTS; i++)
			p[i] = (struct pollfd){ random_slot(&seed), POLLPRI, 0 };
		if (poll(p, SLOTS, 1) < 0)
			return "poll";
	}
	return NULL;
}

static void *epolls(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event e[8];

	while (is_running()) {
		struct epoll_event want = { .events = EPOLLIN |
						      (next_random(&seed) % 2 ? EPOLLET : 0) };
		int fd = random_slot(&seed);

		epoll_ctl(ep, 1 + next_random(&seed) % 3, fd, &want);
		if (next_random(&seed) % 4 == 0 && epoll_wait(ep, e, 8, 1) < 0)
			return "epoll_wait";
		if (next_random(&seed) % 256 == 0) {
			close(ep);
			ep = epoll_create1(EPOLL_CLOEXEC);
		}
	}
	close(ep);
	return NULL;
}

/* A reader blocked on a pipe survives the close of its descriptor by another thread. */
static void *blocked_readers(void *arg)
{
	(void)arg;
	while (is_running()) {
		pid_t pid;
		int p[2];
		char c;

		if (pipe(p))
			return "pipe";
		pid = fork();
		if (pid == 0) {
			close(p[0]);
			sleep_ms(2);
			write(p[1], "x", 1);
			_exit(0);
		}
		close(p[1]);
		if (read(p[0], &c, 1) != 1)
			return "read";
		close(p[0]);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return NULL;
}

static void descriptors_change_under_their_users(void)
{
	static void *(*const work[])(void *) = { replaces, replaces, closes, uses,           uses,
						 polls,    epolls,   epolls, blocked_readers };
	int event = eventfd(0, EFD_NONBLOCK); /* nothing that could block a reader for ever */

	REQUIRE(event >= 0);
	for (int fd = LOW; fd < LOW + SLOTS; fd++)
		EXPECT(dup2(event, fd) == fd);
	close(event);
	EXPECT_EQ(run_threads(work, sizeof(work) / sizeof(*work)), 0);
	for (int fd = LOW; fd < LOW + SLOTS; fd++)
		close(fd);
}

/* --- Close while blocked ------------------------------------------------------------ */

static int victim[2];
static _Atomic int nr_started;

static void *blocks(void *arg)
{
	int which = (int)(long)arg;
	struct pollfd p = { victim[0], POLLIN, 0 };
	struct epoll_event e = { .events = EPOLLIN };
	char c;
	int ep;

	errno = 0; /* EBADF: this thread came only after the close */
	switch (which) {
	case 0:
		nr_started++;
		return read(victim[0], &c, 1) == 1 || errno == EBADF ? NULL : "read";
	case 1:
		nr_started++;
		return poll(&p, 1, 10000) == 1 ? NULL : "poll";
	default:
		ep = epoll_create1(0);
		if (epoll_ctl(ep, EPOLL_CTL_ADD, victim[0], &e))
			return "epoll_ctl";
		nr_started++;
		if (epoll_wait(ep, &e, 1, 10000) != 1)
			return "epoll_wait";
		close(ep);
		return NULL;
	}
}

static void close_does_not_end_what_is_under_way(void)
{
	end_ms = now_ms() + seconds * 500;
	for (int round = 0; is_running() && !tap_is_bad; round++) {
		pthread_t t[3];
		int other;

		REQUIRE(!pipe(victim));
		other = dup(victim[0]); /* keeps epoll's item */
		nr_started = 0;
		for (long i = 0; i < 3; i++)
			REQUIRE(!pthread_create(&t[i], NULL, blocks, (void *)i));
		while (nr_started < 3)
			sched_yield();
		sleep_ms(round % 8);
		if (round % 8 > 3)
			close(victim[0]);
		for (int i = 0; i < 3; i++) {
			EXPECT(write(victim[1], "abc", 3) == 3);
			sleep_ms(1);
		}
		for (int i = 0; i < 3; i++) {
			void *result;

			pthread_join(t[i], &result);
			if (result && round % 8 > 3)
				tap_note("%s", (char *)result);
			EXPECT(!result);
		}
		close(victim[1]);
		close(other);
		if (round % 8 <= 3)
			close(victim[0]);
	}
}

/* --- An exclusive waiter is not passed over ------------------------------------------- */

static void exclusive_wakeup_goes_to_a_set_that_somebody_waits_for(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int idle = epoll_create1(0), busy = epoll_create1(0), p[2], status;
	pid_t child;

	REQUIRE(idle >= 0 && busy >= 0 && !pipe(p));
	REQUIRE(!epoll_ctl(idle, EPOLL_CTL_ADD, p[0], &e));
	REQUIRE(!epoll_ctl(busy, EPOLL_CTL_ADD, p[0], &e));
	child = fork();
	if (child == 0)
		_exit(epoll_wait(busy, &e, 1, 5000) != 1);
	sleep_ms(100);
	EXPECT(write(p[1], "x", 1) == 1);
	status = reap(child);
	EXPECT_EQ(status, 0);
	close(idle);
	close(busy);
	close(p[0]);
	close(p[1]);
}

/* --- Names ------------------------------------------------------------------------------ */

static char top[64];

static char *name(char *buf, unsigned int *seed, int depth)
{
	int n = sprintf(buf, "%s", top);

	for (int i = 0; i < depth; i++)
		n += sprintf(buf + n, "/d%u", next_random(seed) % 3);
	return buf;
}

static void *renames(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	char a[128], b[128];

	while (is_running()) {
		int depth = 1 + next_random(&seed) % 3, other = 1 + next_random(&seed) % 3;

		name(a, &seed, depth);
		name(b, &seed, other);
		switch (next_random(&seed) % 4) {
		case 0:
			rename(a, b);
			break;
		case 1:
			syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
			break;
		case 2:
			strcat(a, "/f");
			strcat(b, "/f");
			rename(a, b);
			break;
		case 3:
			rmdir(a);
		}
	}
	return NULL;
}

static void *makes(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	char a[128], b[160];

	while (is_running()) {
		int fd;

		mkdir(name(a, &seed, 1 + next_random(&seed) % 3), 0700);
		snprintf(b, sizeof(b), "%s/f", a);
		fd = open(b, O_RDWR | O_CREAT, 0600);
		if (fd >= 0) {
			write(fd, "x", 1);
			close(fd);
		}
		if (next_random(&seed) % 2)
			unlink(b);
		snprintf(b, sizeof(b), "%s/l", name(a, &seed, 2));
		if (symlink("../d1/f", b))
			unlink(b);
	}
	return NULL;
}

static void *walks(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	char a[768], b[128];
	struct dirent *d;
	struct stat st;

	while (is_running()) {
		DIR *dir = opendir(name(b, &seed, 1 + next_random(&seed) % 3));

		while (dir && (d = readdir(dir))) {
			snprintf(a, sizeof(a), "%s/%s/../%s", b, d->d_name, d->d_name);
			stat(a, &st);
		}
		if (dir && !fchdir(dirfd(dir)))
			getcwd(a, sizeof(a));
		if (dir)
			closedir(dir);
		stat("..", &st);
		chdir("/");
	}
	return NULL;
}

/* Renames nest directories deeper than a path can name, so it goes down step by step. */
static int clears_directory(void)
{
	DIR *dir = opendir(".");
	struct dirent *d;
	int left = 0;

	while (dir && (d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (!unlink(d->d_name) || !rmdir(d->d_name))
			continue;
		if (chdir(d->d_name) || clears_directory() || chdir("..") || rmdir(d->d_name))
			left++;
	}
	if (dir)
		closedir(dir);
	return left;
}

static int removes_tree(const char *path)
{
	return chdir(path) || clears_directory() || chdir("/") || rmdir(path);
}

/* As a child, so that what hangs can be killed. */
static int names_storm(void *arg)
{
	static void *(*const work[])(void *) = { renames, renames, renames, makes, makes, walks };

	(void)arg;
	return run_threads(work, sizeof(work) / sizeof(*work));
}

static void names_move_under_those_who_walk_them(void)
{
	pid_t child;
	int status;

	snprintf(top, sizeof(top), "/tmp/stress_files-%d", getpid());
	REQUIRE(!mkdir(top, 0700));
	child = spawn(names_storm, NULL);
	status = reap(child);
	EXPECT_EQ(status, 0);
	EXPECT(!removes_tree(top));
}

/* --- /proc ----------------------------------------------------------------------------- */

static void reads_everything(const char *path, int depth)
{
	static __thread char buf[4096];
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		char sub[512];
		int fd;

		if (d->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, d->d_name);
		if (readlink(sub, buf, sizeof(buf)) >= 0)
			continue;
		if (depth > 1)
			reads_everything(sub, depth - 1);
		fd = open(sub, O_RDONLY | O_NONBLOCK);
		if (fd >= 0)
			read(fd, buf, sizeof(buf));
		close(fd);
	}
	if (dir)
		closedir(dir);
}

static volatile pid_t latest;

static void *reads_proc(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	while (is_running()) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d", latest);
		if (latest > 1)
			reads_everything(path, 1 + next_random(&seed) % 3);
	}
	return NULL;
}

static void *thread_returns(void *arg)
{
	return arg;
}

static void *short_lives(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	while (is_running()) {
		pid_t pid = fork();

		if (pid == 0) {
			pthread_t t;

			for (int i = next_random(&seed) % 4; i > 0; i--)
				if (!pthread_create(&t, NULL, thread_returns, NULL))
					pthread_join(t, NULL);
			for (volatile int i = next_random(&seed) % 100000; i > 0; i--)
				;
			_exit(0);
		}
		if (pid < 0)
			return "fork";
		latest = pid;
		if (next_random(&seed) % 2)
			kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) != pid)
			return "waitpid";
	}
	return NULL;
}

static void proc_is_read_while_processes_end(void)
{
	static void *(*const work[])(void *) = { reads_proc, reads_proc, reads_proc, short_lives,
						 short_lives };

	EXPECT_EQ(run_threads(work, sizeof(work) / sizeof(*work)), 0);
}

int main(void)
{
	if (getenv("SECONDS"))
		seconds = atoi(getenv("SECONDS"));
	signal(SIGPIPE, SIG_IGN);
	RUN(exclusive_wakeup_goes_to_a_set_that_somebody_waits_for);
	RUN(descriptors_change_under_their_users);
	RUN(close_does_not_end_what_is_under_way);
	RUN(proc_is_read_while_processes_end);
	RUN(names_move_under_those_who_walk_them);
	return tap_done();
}
