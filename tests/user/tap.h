/*
 * TAP for guest tests: plain Linux programs that pass on Linux as well.
 *
 *	static void pipe_reports_end_of_file(void)	name the behaviour
 *	{
 *		EXPECT(read(fd, &c, 1) == 0);		goes on after a failure
 *		EXPECT_EQ(got, wanted);
 *		EXPECT_ERR(open("/none", 0), ENOENT);
 *		REQUIRE(fd >= 0);			returns from the test
 *	}
 *	int main(void)
 *	{
 *		RUN(pipe_reports_end_of_file);
 *		return tap_done();
 *	}
 *
 * One test function is one TAP line. SKIP("why") leaves a test that cannot run.
 * A child made by spawn() reports by its exit status alone.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int tap_count, tap_failures;
static int tap_is_bad;
static const char *tap_skip_reason;

#define tap_note(...)                                                                              \
	do {                                                                                       \
		printf("# %s:%d: ", __FILE__, __LINE__);                                           \
		printf(__VA_ARGS__);                                                               \
		printf("\n");                                                                      \
	} while (0)

#define EXPECT(cond)                                                                               \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			tap_note("not so: %s (errno %d)", #cond, errno);                           \
			tap_is_bad = 1;                                                            \
		}                                                                                  \
	} while (0)

#define EXPECT_EQ(got, want)                                                                       \
	do {                                                                                       \
		long long got_ = (long long)(got);                                                 \
		long long want_ = (long long)(want);                                               \
		if (got_ != want_) {                                                               \
			tap_note("%s is %lld (0x%llx), want %lld (errno %d)", #got, got_, got_,    \
				 want_, errno);                                                    \
			tap_is_bad = 1;                                                            \
		}                                                                                  \
	} while (0)

/* The call fails with -1 and this errno. */
#define EXPECT_ERR(call, error)                                                                    \
	do {                                                                                       \
		errno = 0;                                                                         \
		long long got_ = (long long)(call);                                                \
		int errno_ = errno;                                                                \
		if (got_ != -1 || errno_ != (error)) {                                             \
			tap_note("%s gave %lld, errno %d; want errno %d", #call, got_, errno_,     \
				 (error));                                                         \
			tap_is_bad = 1;                                                            \
		}                                                                                  \
	} while (0)

#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			tap_note("needed: %s (errno %d)", #cond, errno);                           \
			tap_is_bad = 1;                                                            \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#define SKIP(why)                                                                                  \
	do {                                                                                       \
		tap_skip_reason = (why);                                                           \
		return;                                                                            \
	} while (0)

#define RUN(test) tap_run(#test, test)

/* A graded run (labs/init.c) says what begins, and waits until that is on record; after a crash,
 * TAP_AFTER=name goes on behind that test. */
static inline int tap_skips(const char *name)
{
	const char *after = getenv("TAP_AFTER"), *record = getenv("GRADED");
	char c;

	if (after && *after) {
		if (!strcmp(after, name))
			setenv("TAP_AFTER", "", 1);
		return 1;
	}
	if (record) {
		printf("# begin %s\n", name);
		fflush(stdout);
		return read(atoi(record), &c, 1) < 0;
	}
	return 0;
}

static inline void tap_run(const char *name, void (*test)(void))
{
	if (tap_skips(name))
		return;
	tap_is_bad = 0;
	tap_skip_reason = NULL;
	test();
	tap_count++;
	tap_failures += tap_is_bad;
	printf("%sok %d - %s", tap_is_bad ? "not " : "", tap_count, name);
	if (tap_skip_reason && !tap_is_bad)
		printf(" # SKIP %s", tap_skip_reason);
	printf("\n");
	fflush(stdout);
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	fflush(stdout);
	return tap_failures != 0;
}

/* --- What most tests need ---------------------------------------------------- */

/* Runs "child" in a forked process, which exits with what it returns. */
static inline pid_t spawn(int (*child)(void *), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(child(arg));
	return pid;
}

static inline int child_pauses(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static inline int child_exits(void *arg)
{
	return (int)(long)arg;
}

/* Writes text to what is there already. 0 or errno. */
static inline int store(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY), err = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err = errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static inline pid_t spawn_sleeper(void)
{
	return spawn(child_pauses, NULL);
}

/* Waits for this child; returns its wait status, or -1. */
static inline int reap(pid_t pid)
{
	int status = -1;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid ? status : -1;
}

static inline int kill_and_reap(pid_t pid)
{
	if (pid <= 1)
		return -1;
	kill(pid, SIGKILL);
	return reap(pid);
}

/* Waits until this child is a zombie, and leaves it one. */
static inline void wait_zombie(pid_t pid)
{
	siginfo_t info;

	while (waitid(P_PID, pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
}

static inline void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static inline long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Polls "cond" for up to ten seconds; true as soon as it holds. */
#define eventually(cond)                                                                           \
	({                                                                                         \
		long long end_ = now_ms() + 10000;                                                 \
		int ok_;                                                                           \
		while (!(ok_ = !!(cond)) && now_ms() < end_)                                       \
			sleep_ms(5);                                                               \
		ok_;                                                                               \
	})

/* A whole small file as a string; "" where it cannot be read. */
static inline char *slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	while (fd >= 0 && len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	buf[len] = '\0';
	if (fd >= 0)
		close(fd);
	return buf;
}

/* The number after "key" at the start of a line of this file, or -1. */
static inline long file_number(const char *path, const char *key)
{
	static char buf[65536];
	size_t len = strlen(key);

	slurp(path, buf, sizeof(buf));
	for (char *line = buf; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len))
			return strtol(line + len, NULL, 10);
	}
	return -1;
}

/* Objects in use in the slab cache of this name (guest only), or -1. Objects that others
   let go may still be counted: compare with <=, and eventually(). */
static inline long slab_in_use(const char *cache)
{
	char line[40];

	snprintf(line, sizeof(line), "%s ", cache);
	return file_number("/proc/slabinfo", line);
}

/* The same when what was let go before has had its time to go. */
static inline long slab_settled(const char *cache)
{
	sleep_ms(50);
	return slab_in_use(cache);
}

static inline int kernel_at_least(int major, int minor)
{
	struct utsname name;
	char *end;
	long a, b;

	uname(&name);
	a = strtol(name.release, &end, 10);
	b = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	return a > major || (a == major && b >= minor);
}

/* Several programs run at once (stress_mix): nothing may be said of the whole system then. */
static inline int is_mixed(void)
{
	return getenv("MIX") != NULL;
}

/* Tests of what only a guest may try: limits of the whole system, slab counts. */
static inline int in_guest(void)
{
	struct utsname name;

	uname(&name);
	return strstr(name.version, "Pipit") != NULL;
}
