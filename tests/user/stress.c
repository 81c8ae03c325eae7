/*
 * stress: processes, pipes, memory and pidfds at once for a few seconds, so
 * that CPUs meet in the kernel. SECONDS=n makes it longer.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "pidfds.h"

static int seconds = 2;

static int forks_and_waits(void *arg)
{
	long long end = now_ms() + seconds * 1000;
	siginfo_t info;

	(void)arg;
	while (now_ms() < end) {
		int fd = -1;
		pid_t child = clone_sleeper(&fd, 0);

		if (child < 0)
			return 1;
		if (pidfd_signal(fd, SIGKILL, NULL, 0))
			return 2;
		if (polled(fd, 20000) != (POLLIN | POLLRDNORM))
			return 3;
		if (pidfd_wait(fd, &info, WEXITED) || info.si_pid != child)
			return 4;
		if (polled(fd, 0) != (POLLIN | POLLRDNORM | POLLHUP))
			return 5;
		close(fd);
	}
	return 0;
}

/* Many openers of one process: they must all meet on one inode. */
static int opens_and_compares(void *arg)
{
	long long end = now_ms() + seconds * 1000;
	pid_t target = (pid_t)(long)arg;
	uint64_t first = 0;

	while (now_ms() < end) {
		int fd = pidfd_open_(target, 0);
		uint64_t ino = inode_of(fd);

		close(fd);
		if (fd < 0 || !ino || (first && ino != first))
			return 1;
		first = ino;
	}
	return 0;
}

static int pumps_a_pipe(void *arg)
{
	long long end = now_ms() + seconds * 1000;
	unsigned char out[512], in[512], seq = 0;
	int to[2], from[2];
	pid_t child;

	(void)arg;
	if (pipe(to) || pipe(from))
		return 1;
	child = fork();
	if (child == 0) {
		ssize_t n;

		close(to[1]);
		while ((n = read(to[0], in, sizeof(in))) > 0)
			if (write(from[1], in, n) != n)
				return 1;
		return 0;
	}
	while (now_ms() < end) {
		memset(out, ++seq, sizeof(out));
		if (write(to[1], out, sizeof(out)) != sizeof(out))
			return 2;
		for (int got = 0; got < (int)sizeof(out);) {
			ssize_t n = read(from[0], in, sizeof(in));

			if (n <= 0)
				return 3;
			for (ssize_t i = 0; i < n; i++)
				if (in[i] != seq)
					return 4;
			got += n;
		}
	}
	close(to[1]);
	return reap(child) != 0;
}

static int maps_and_forks(void *arg)
{
	long long end = now_ms() + seconds * 1000;
	enum { SIZE = 64 * 4096 };

	(void)arg;
	while (now_ms() < end) {
		char *m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);
		pid_t child;

		if (m == MAP_FAILED)
			return 1;
		memset(m, 'p', SIZE);
		child = fork();
		if (child == 0) {
			memset(m, 'c', SIZE / 2);
			_exit(m[SIZE - 1] != 'p');
		}
		memset(m + SIZE / 2, 'q', SIZE / 2);
		if (m[0] != 'p' || reap(child) || m[0] != 'p')
			return 2;
		munmap(m, SIZE);
	}
	return 0;
}

static int execs(void *arg)
{
	long long end = now_ms() + seconds * 1000;
	char *argv[] = { "/bin/true", NULL };

	(void)arg;
	while (now_ms() < end) {
		pid_t child = vfork();

		if (child == 0) {
			execv(argv[0], argv);
			_exit(127);
		}
		if (reap(child))
			return 1;
	}
	return 0;
}

static int uses_files(void *arg)
{
	long long end = now_ms() + seconds * 1000;
	char a[64], b[80];

	snprintf(a, sizeof(a), "/tmp/stress-%d-%ld", getpid(), (long)arg);
	snprintf(b, sizeof(b), "%s-moved", a);
	while (now_ms() < end) {
		int fd = open(a, O_RDWR | O_CREAT | O_EXCL, 0600);

		if (fd < 0 || write(fd, a, sizeof(a)) != sizeof(a))
			return 1;
		close(fd);
		if (rename(a, b) || access(a, F_OK) == 0 || unlink(b))
			return 2;
	}
	return 0;
}

static volatile int stop;

static void *faults(void *arg)
{
	(void)arg;
	while (!stop) {
		char *m = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		if (m == MAP_FAILED)
			return &seconds;
		m[0] = m[4096] = m[12288] = 1;
		mprotect(m, 4096, PROT_READ);
		munmap(m, 16384);
	}
	return NULL;
}

static int threads_map(void *arg)
{
	pthread_t thread[3];
	void *bad = NULL;

	(void)arg;
	for (int i = 0; i < 3; i++)
		if (pthread_create(&thread[i], NULL, faults, NULL))
			return 1;
	sleep_ms(seconds * 1000);
	stop = 1;
	for (int i = 0; i < 3; i++) {
		pthread_join(thread[i], &bad);
		if (bad)
			return 2;
	}
	return 0;
}

/* Reads all of /proc over and over while processes come and go. */
static int reads_proc(void *arg)
{
	long long end = now_ms() + seconds * 1000;
	static char buf[16384];
	char path[64];

	(void)arg;
	for (int pid = 1; now_ms() < end; pid = pid % 3000 + 1) {
		snprintf(path, sizeof(path), "/proc/%d/status", pid);
		slurp(path, buf, sizeof(buf));
		snprintf(path, sizeof(path), "/proc/%d/maps", pid);
		slurp(path, buf, sizeof(buf));
	}
	return 0;
}

static void everything_at_once(void)
{
	static int (*const work[])(void *) = {
		forks_and_waits,    forks_and_waits, opens_and_compares, opens_and_compares,
		opens_and_compares, pumps_a_pipe,    maps_and_forks,     execs,
		uses_files,         uses_files,      threads_map,        reads_proc,
	};
	enum { WORKERS = sizeof(work) / sizeof(*work) };
	pid_t target = spawn_sleeper(), pids[WORKERS];

	for (long i = 0; i < WORKERS; i++)
		pids[i] = spawn(work[i],
				work[i] == opens_and_compares ? (void *)(long)target : (void *)i);
	for (int i = 0; i < WORKERS; i++) {
		int status = reap(pids[i]);

		if (status) {
			tap_note("worker %d: status 0x%x", i, status);
			tap_is_bad = 1;
		}
	}
	kill_and_reap(target);
}

int main(void)
{
	if (getenv("SECONDS"))
		seconds = atoi(getenv("SECONDS"));
	RUN(everything_at_once);
	return tap_done();
}
