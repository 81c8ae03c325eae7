/*
 * pidfd_memory: process_madvise(2) and process_mrelease(2): advice about the
 * memory of another process, and taking it from one that is dying.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "pidfds.h"

enum { PAGE = 4096 };

static long advise(int fd, const struct iovec *v, size_t n, int advice, unsigned int flags)
{
	return syscall(440 /* process_madvise */, fd, v, n, advice, flags);
}

static long release(int fd, unsigned int flags)
{
	return syscall(448 /* process_mrelease */, fd, flags);
}

static char *map(size_t pages)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

#define NEEDS_SELF()                                                                               \
	do {                                                                                       \
		if (!kernel_at_least(6, 15))                                                       \
			SKIP("older than 6.15");                                                   \
	} while (0)

static void advice_to_oneself_may_be_any(void)
{
	int fds[] = { SELF_THREAD, SELF_PROCESS, pidfd_open_(getpid(), 0) };
	char *p = map(4);
	struct iovec v[2] = { { p, PAGE }, { p + 2 * PAGE, 2 * PAGE } };

	NEEDS_SELF();
	for (int i = 0; i < 3; i++) {
		memset(p, 7, 4 * PAGE);
		EXPECT_EQ(advise(fds[i], v, 2, MADV_DONTNEED, 0), 3 * PAGE);
		EXPECT_EQ(p[0], 0);
		EXPECT_EQ(p[PAGE], 7);
		EXPECT_EQ(p[3 * PAGE], 0);
		EXPECT_EQ(advise(fds[i], v, 1, MADV_WILLNEED, 0), PAGE);
		EXPECT_EQ(advise(fds[i], v, 0, MADV_WILLNEED, 0), 0);
		EXPECT_EQ(advise(fds[i], NULL, 0, MADV_WILLNEED, 0), 0);
	}
	munmap(p, 4 * PAGE);
	close(fds[2]);
}

static void arguments_are_checked_in_order(void)
{
	int fd = pidfd_open_(getpid(), 0), proc = open("/proc/self", O_RDONLY);
	char *p = map(2), path[64];
	struct iovec v = { p, PAGE };
	int by_path;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	by_path = open(path, O_PATH);
	EXPECT_ERR(advise(-1, (void *)8, 2000, 99, 1), EINVAL);
	EXPECT_ERR(advise(-1, &v, 1025, 99, 0), EINVAL);
	EXPECT_ERR(advise(-1, (void *)8, 1, 99, 0), EFAULT);
	EXPECT_ERR(advise(-1, &v, 1, 99, 0), EBADF);
	EXPECT_ERR(advise(0, &v, 1, MADV_COLD, 0), EBADF);
	EXPECT_ERR(advise(proc, &v, 1, MADV_COLD, 0), EBADF);
	EXPECT_ERR(advise(by_path, &v, 1, MADV_COLD, 0), EBADF);
	EXPECT_ERR(advise(-10002, &v, 1, MADV_COLD, 0), EBADF);
	EXPECT_ERR(advise(fd, &v, 1, 99, 0), EINVAL);
	v.iov_base = p + 1;
	EXPECT_ERR(advise(fd, &v, 1, MADV_COLD, 0), EINVAL);
	v = (struct iovec){ p + PAGE, PAGE };
	munmap(p + PAGE, PAGE);
	EXPECT_ERR(advise(fd, &v, 1, MADV_COLD, 0), ENOMEM);
	munmap(p, PAGE);
	close(by_path);
	close(proc);
	close(fd);
}

/* What was done before the error is told. */
static void an_error_after_the_first_range_is_told_by_the_count(void)
{
	int fd = pidfd_open_(getpid(), 0);
	char *p = map(3);
	struct iovec v[2] = { { p, PAGE }, { p + PAGE, PAGE } };

	munmap(p + PAGE, PAGE);
	EXPECT_EQ(advise(fd, v, 2, MADV_COLD, 0), PAGE);
	munmap(p, PAGE);
	munmap(p + 2 * PAGE, PAGE);
	close(fd);
}

static void others_get_harmless_advice_only(void)
{
	static const int harmless[] = { MADV_WILLNEED, 20 /* COLD */, 21 /* PAGEOUT */ };
	static const int not [] = { MADV_NORMAL, MADV_DONTNEED, MADV_FREE, MADV_DONTFORK, 99 };
	char *p = map(1);
	struct iovec v = { p, PAGE };
	pid_t pid;
	int fd;

	*p = 1;
	pid = spawn_sleeper();
	fd = pidfd_open_(pid, 0);
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		EXPECT_EQ(advise(fd, &v, 1, harmless[i], 0), PAGE);
	for (size_t i = 0; i < sizeof(not ) / sizeof(*not ); i++)
		EXPECT_ERR(advise(fd, &v, 1, not [i], 0), EINVAL);
	kill_and_reap(pid);
	EXPECT_ERR(advise(fd, &v, 1, 20, 0), ESRCH);
	munmap(p, PAGE);
	close(fd);
}

static int advises_without_privilege(void *arg)
{
	int *fds = arg;
	struct iovec v = { (void *)((uintptr_t)&fds & ~4095ul), PAGE };

	if (setgid(1000) || setuid(1000))
		return 1;
	if (advise(fds[0], &v, 1, 20, 0) != -1 || errno != EACCES)
		return 2; /* root's */
	if (advise(fds[0], &v, 1, MADV_DONTNEED, 0) != -1 || errno != EACCES)
		return 3;
	if (advise(fds[1], &v, 1, 99, 0) != -1 || errno != EINVAL)
		return 4;
	return advise(fds[1], &v, 1, 20, 0) == -1 && errno == EPERM ? 0 : 5; /* its own user's */
}

static int runs_as_1000(void *arg)
{
	if (setgid(1000) || setuid(1000))
		return 1;
	execl("/proc/self/exe", "sleeper", "sleep", (char *)NULL); /* dumpable again */
	return 1;
}

static void advising_needs_permission(void)
{
	int fds[2];
	pid_t pid;

	if (geteuid())
		SKIP("not root");
	pid = spawn(runs_as_1000, NULL);
	fds[0] = pidfd_open_(getpid(), 0);
	fds[1] = pidfd_open_(pid, 0);
	sleep_ms(100);
	EXPECT_EQ(reap(spawn(advises_without_privilege, fds)), 0);
	kill_and_reap(pid);
	close(fds[0]);
	close(fds[1]);
}

static void zombies_have_no_memory(void)
{
	pid_t pid = spawn(child_exits, NULL);
	int fd = pidfd_open_(pid, 0);
	struct iovec v = { (void *)0x1000, PAGE };

	wait_zombie(pid);
	EXPECT_ERR(advise(fd, &v, 1, 20, 0), ESRCH);
	EXPECT_ERR(release(fd, 0), ESRCH);
	reap(pid);
	EXPECT_ERR(release(fd, 0), ESRCH);
	close(fd);
}

static void *thread_tries(void *arg)
{
	int fd = pidfd_open_((pid_t)syscall(SYS_gettid), F_THREAD), *bad = arg;
	struct iovec v = { (void *)((uintptr_t)&fd & ~4095ul), PAGE };

	*bad = advise(fd, &v, 1, 20, 0) != -1 || errno != ESRCH;
	*bad |= (release(fd, 0) != -1 || errno != ESRCH) << 1;
	*bad |= (advise(SELF_THREAD, &v, 1, 20, 0) != PAGE) << 2;
	*bad |= (advise(SELF_PROCESS, &v, 1, 20, 0) != PAGE) << 3;
	close(fd);
	return NULL;
}

static void a_thread_is_no_process_here(void)
{
	pthread_t thread;
	int bad = -1;

	NEEDS_SELF();
	REQUIRE(!pthread_create(&thread, NULL, thread_tries, &bad));
	pthread_join(thread, NULL);
	EXPECT_EQ(bad, 0);
}

static void only_the_dying_give_up_their_memory(void)
{
	int self = pidfd_open_(getpid(), 0), proc = open("/proc/self", O_RDONLY), fd;
	pid_t pid = spawn_sleeper();

	fd = pidfd_open_(pid, 0);
	EXPECT_ERR(release(-1, 1), EINVAL);
	EXPECT_ERR(release(-1, 0), EBADF);
	EXPECT_ERR(release(proc, 0), EBADF);
	EXPECT_ERR(release(self, 0), EINVAL);
	EXPECT_ERR(release(fd, 0), EINVAL);
	if (kernel_at_least(6, 15)) {
		EXPECT_ERR(release(SELF_THREAD, 0), EINVAL);
		EXPECT_ERR(release(SELF_PROCESS, 0), EINVAL);
	}
	kill_and_reap(pid);
	close(fd);
	close(self);
	close(proc);
}

static int child_with_memory(void *arg)
{
	char *p = map(2048);

	memset(p, 1, 2048 * PAGE);
	write((int)(long)arg, "", 1);
	return child_pauses(NULL);
}

/* Killed, it may have got rid of its memory by itself already. */
static void the_killed_give_it_up_or_have(void)
{
	int released = 0;

	for (int i = 0; i < 20; i++) {
		int ends[2], fd;
		pid_t pid;
		char c;
		long got;

		REQUIRE(pipe(ends) == 0);
		pid = spawn(child_with_memory, (void *)(long)ends[1]);
		fd = pidfd_open_(pid, 0);
		EXPECT_EQ(read(ends[0], &c, 1), 1);
		kill(pid, SIGKILL);
		got = release(fd, 0);
		EXPECT(got == 0 || (got == -1 && errno == ESRCH));
		released += got == 0;
		EXPECT_EQ(reap(pid), SIGKILL);
		close(fd);
		close(ends[0]);
		close(ends[1]);
	}
	tap_note("%d of 20 had to be helped", released);
}

/* Memory that is shared with one who lives stays: the child dies, its parent has the memory too. */
static int shares_memory(void *arg)
{
	static volatile long got, error;
	pid_t pid = vfork();

	if (pid == 0) {
		got = release(pidfd_open_(getpid(), 0), 0);
		error = errno;
		_exit(0);
	}
	return got == -1 && error == EINVAL ? 0 : 1;
}

static void memory_that_others_live_in_stays(void)
{
	EXPECT_EQ(reap(spawn(shares_memory, NULL)), 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child_pauses(NULL);
	RUN(advice_to_oneself_may_be_any);
	RUN(arguments_are_checked_in_order);
	RUN(an_error_after_the_first_range_is_told_by_the_count);
	RUN(others_get_harmless_advice_only);
	RUN(advising_needs_permission);
	RUN(zombies_have_no_memory);
	RUN(a_thread_is_no_process_here);
	RUN(only_the_dying_give_up_their_memory);
	RUN(the_killed_give_it_up_or_have);
	RUN(memory_that_others_live_in_stays);
	return tap_done();
}
