/*
 * pidfd_info: PIDFD_GET_INFO for callers of every age, and what each bit of
 * the mask asks and gets.
 */
#include <sys/mman.h>
#include <sys/prctl.h>

#include "pidfds.h"

#define INFO_PID       0x01
#define INFO_CREDS     0x02
#define INFO_CGROUP    0x04 /* not where there are no cgroups */
#define INFO_COREDUMP  0x10
#define INFO_SUPPORTED 0x20

/* As of 7.3. */
struct info_now {
	struct info old;
	uint32_t coredump_mask, coredump_signal, coredump_code, pad;
	uint64_t supported;
};

#define NEEDS_IT()                                                                                 \
	do {                                                                                       \
		if (!has_pidfs() || !kernel_at_least(6, 15))                                       \
			SKIP("no PIDFD_GET_INFO as of 6.15");                                      \
	} while (0)

static long get_info(int fd, size_t size, void *info)
{
	return ioctl(fd, 3UL << 30 | size << 16 | 0xff0b, info);
}

/* The mask for what was asked, without CGROUP; -1: an error. */
static long mask_for(int fd, uint64_t asked, struct info_now *info)
{
	memset(info, 0, sizeof(*info));
	info->old.mask = asked;
	return get_info(fd, sizeof(*info), info) < 0
		       ? -1
		       : (long)(info->old.mask & ~(uint64_t)INFO_CGROUP);
}

static void callers_of_every_size(void)
{
	static unsigned char buf[16384];
	static const size_t sizes[] = { 64, 72, 80, 88, 96, 1000, 16383 };
	int fd = pidfd_open_(getpid(), 0);
	struct info *info = (struct info *)buf;

	NEEDS_IT();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t n = sizes[i], tail = 0;

		memset(buf, 0xaa, sizeof(buf));
		info->mask = 0;
		EXPECT_EQ(get_info(fd, n, buf), 0);
		EXPECT_EQ(info->mask & ~(uint64_t)INFO_CGROUP, INFO_PID | INFO_CREDS);
		EXPECT_EQ(info->pid, getpid());
		EXPECT_EQ(info->exit_code, 0);
		for (size_t at = 88; at < n; at++)
			tail |= buf[at];
		EXPECT_EQ(tail, 0); /* what the kernel does not know is zero */
		EXPECT_EQ(buf[n], 0xaa);
	}
	close(fd);
}

static void who_calls_wrongly(void)
{
	int fd = pidfd_open_(getpid(), 0);
	struct info_now info = { 0 };
	char *read_only = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEEDS_IT();
	EXPECT_ERR(get_info(fd, 63, &info), ENOTTY);
	EXPECT_ERR(get_info(fd, 0, &info), ENOTTY);
	EXPECT_ERR(ioctl(fd, 2UL << 30 | 64 << 16 | 0xff0b, &info), ENOTTY);
	EXPECT_ERR(ioctl(fd, 1UL << 30 | 64 << 16 | 0xff0b, &info), ENOTTY);
	EXPECT_ERR(ioctl(fd, 3UL << 30 | 64 << 16 | 0xff0c, &info), ENOTTY);
	EXPECT_ERR(ioctl(fd, 3UL << 30 | 64 << 16 | 0xfe0b, &info), ENOTTY);
	EXPECT_ERR(get_info(fd, 64, NULL), EINVAL);
	EXPECT_ERR(get_info(fd, 64, (void *)8), EFAULT);
	EXPECT_ERR(get_info(fd, 64, read_only), EFAULT); /* the mask could be read */
	munmap(read_only, 4096);
	close(fd);
}

static void what_is_asked_of_the_living(void)
{
	int fd = pidfd_open_(getpid(), 0);
	struct info_now info;

	NEEDS_IT();
	EXPECT_EQ(mask_for(fd, 0, &info), 3);
	EXPECT_EQ(mask_for(fd, INFO_EXIT, &info), 3);
	EXPECT_EQ(mask_for(fd, 1ULL << 40, &info), 3); /* unknown ones are ignored */
	EXPECT_EQ(info.old.tgid, getpid());
	EXPECT_EQ(info.old.ppid, getppid());
	if (kernel_at_least(6, 16)) {
		EXPECT_EQ(mask_for(fd, INFO_COREDUMP | INFO_EXIT, &info), 3 | INFO_COREDUMP);
		EXPECT_EQ(info.coredump_mask, 4); /* a user's */
		prctl(PR_SET_DUMPABLE, 0);
		EXPECT_EQ(mask_for(fd, INFO_COREDUMP, &info), 3 | INFO_COREDUMP);
		EXPECT_EQ(info.coredump_mask, 2); /* none */
		prctl(PR_SET_DUMPABLE, 1);
		/* The mask is not cut to what an old caller has room for. */
		info.old.mask = INFO_COREDUMP;
		EXPECT_EQ(get_info(fd, 64, &info), 0);
		EXPECT(info.old.mask & INFO_COREDUMP);
	}
	if (kernel_at_least(6, 19)) {
		EXPECT_EQ(mask_for(fd, INFO_SUPPORTED, &info), 3 | INFO_SUPPORTED);
		EXPECT_EQ(info.supported & 0xfb, 0xfb);
	}
	close(fd);
}

static void what_is_asked_of_the_reaped(void)
{
	struct info_now info;
	pid_t pid;
	int fd;

	NEEDS_IT();
	pid = spawn(child_exits, (void *)5L);
	fd = pidfd_open_(pid, 0);
	wait_zombie(pid);
	EXPECT_EQ(mask_for(fd, INFO_EXIT, &info), 3); /* not before the reap */
	EXPECT_EQ(info.old.pid, pid);
	reap(pid);
	EXPECT_EQ(mask_for(fd, INFO_EXIT, &info), INFO_EXIT);
	EXPECT_EQ(info.old.exit_code, 5 << 8);
	EXPECT_EQ(info.old.pid | info.old.tgid | info.old.ppid, 0);
	EXPECT_ERR(mask_for(fd, 0, &info), ESRCH);
	EXPECT_ERR(mask_for(fd, INFO_COREDUMP, &info), ESRCH);
	EXPECT_ERR(mask_for(fd, INFO_SUPPORTED, &info), ESRCH);
	if (kernel_at_least(6, 19)) {
		EXPECT_EQ(mask_for(fd, INFO_EXIT | INFO_SUPPORTED, &info),
			  INFO_EXIT | INFO_SUPPORTED);
		EXPECT_EQ(mask_for(fd, INFO_EXIT | INFO_COREDUMP, &info), INFO_EXIT);
	}
	close(fd);
}

static int has_many_ids(void *arg)
{
	return setresgid(1, 2, 3) || setresuid(4, 5, 6) ? 1 : child_pauses(NULL);
}

static void all_ids_are_told(void)
{
	struct info_now info;
	pid_t pid;
	int fd;

	NEEDS_IT();
	if (geteuid())
		SKIP("not root");
	pid = spawn(has_many_ids, NULL);
	fd = pidfd_open_(pid, 0);
	EXPECT(eventually(mask_for(fd, 0, &info) == 3 && info.old.suid == 6));
	EXPECT_EQ(info.old.rgid, 1);
	EXPECT_EQ(info.old.egid, 2);
	EXPECT_EQ(info.old.sgid, 3);
	EXPECT_EQ(info.old.fsgid, 2);
	EXPECT_EQ(info.old.ruid, 4);
	EXPECT_EQ(info.old.euid, 5);
	EXPECT_EQ(info.old.fsuid, 5);
	kill_and_reap(pid);
	close(fd);
}

int main(void)
{
	RUN(callers_of_every_size);
	RUN(who_calls_wrongly);
	RUN(what_is_asked_of_the_living);
	RUN(what_is_asked_of_the_reaped);
	RUN(all_ids_are_told);
	return tap_done();
}
