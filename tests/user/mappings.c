/*
 * mappings: locking, sealing and naming them, leaving them empty, those of other processes.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "tap.h"

#define PAGE 4096

static char *map(size_t len, int prot, int kind)
{
	return mmap(NULL, len, prot, kind | MAP_ANONYMOUS, -1, 0);
}

/* Two pages; as the kernel has it, for some C libraries pass no address without MREMAP_FIXED. */
static long dontunmap(char *from, long to)
{
	return syscall(SYS_mremap, from, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, to);
}

static void an_emptied_mapping_may_stay_behind(void)
{
	char *m = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE), *to;

	memset(m, 9, 4 * PAGE);
	EXPECT_ERR((long)mremap(m, 2 * PAGE, 2 * PAGE, MREMAP_DONTUNMAP), EINVAL);
	EXPECT_ERR((long)mremap(m, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP), EINVAL);
	EXPECT_ERR(dontunmap(m + PAGE, 3), EINVAL);
	to = (char *)dontunmap(m + PAGE, 0);
	REQUIRE(to != MAP_FAILED && to != m + PAGE);
	EXPECT_EQ(to[0] + to[2 * PAGE - 1], 18);
	EXPECT_EQ(m[0] + m[3 * PAGE], 18);
	EXPECT_EQ(m[PAGE] + m[3 * PAGE - 1], 0);
	m[PAGE] = 1;
	EXPECT_EQ(to[0], 9);
	EXPECT_EQ(munmap(m + 2 * PAGE, 2 * PAGE), 0);
	EXPECT_ERR(dontunmap(m + PAGE, 0), EFAULT); /* its second page is not there */
	EXPECT_EQ(munmap(m, 2 * PAGE), 0);
	EXPECT_EQ(munmap(to, 2 * PAGE), 0);
}

/* The one left behind and the one that moved are neighbours and alike: they become one. */
static void an_emptied_mapping_joins_the_moved_one(void)
{
	for (int way = -2; way <= 2; way += 4) {
		char *m = map(6 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE), *from = m + 2 * PAGE;
		char *to = from + way * PAGE;

		memset(m, 9, 6 * PAGE);
		EXPECT_EQ(syscall(SYS_mremap, from, 2 * PAGE, 2 * PAGE,
				  MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, to),
			  (long)to);
		EXPECT_EQ(to[0] + to[2 * PAGE - 1], 18);
		EXPECT_EQ(from[0] + from[2 * PAGE - 1], 0);
		EXPECT_EQ(munmap(m, 6 * PAGE), 0);
	}
}

static long locked_kb(void)
{
	return file_number("/proc/self/status", "VmLck:");
}

static int child_locks_memory(void *arg)
{
	char *m = map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE), *n;
	int failed = tap_is_bad;
	unsigned char vec[8];
	long before;

	(void)arg;
	EXPECT_ERR(syscall(SYS_mlock2, m, PAGE, 2), EINVAL);
	EXPECT_ERR(syscall(SYS_mlockall, 0), EINVAL);
	EXPECT_ERR(syscall(SYS_mlockall, 8), EINVAL);
	EXPECT_ERR(syscall(SYS_mlockall, MCL_ONFAULT), EINVAL);
	EXPECT_EQ(syscall(SYS_mlock2, m, 4 * PAGE, MLOCK_ONFAULT), 0);
	EXPECT_EQ(locked_kb(), 16);
	EXPECT_EQ(mincore(m, PAGE, vec), 0);
	EXPECT_EQ(vec[0] & 1, 0);
	EXPECT_EQ(syscall(SYS_mlock2, m, 4 * PAGE, 0), 0);
	EXPECT_EQ(mincore(m, PAGE, vec), 0);
	EXPECT_EQ(vec[0] & 1, 1);
	EXPECT_EQ(munlock(m, 4 * PAGE), 0);
	EXPECT_EQ(locked_kb(), 0);
	EXPECT_EQ(syscall(SYS_mlockall, MCL_FUTURE), 0);
	before = locked_kb();
	n = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	EXPECT_EQ(locked_kb(), before + 16);
	EXPECT_EQ(mincore(n, PAGE, vec), 0);
	EXPECT_EQ(vec[0] & 1, 1);
	EXPECT_EQ(syscall(SYS_mlockall, MCL_CURRENT), 0);
	EXPECT(locked_kb() > before + 16);
	EXPECT_EQ(mincore(m + 7 * PAGE, PAGE, vec), 0);
	EXPECT_EQ(vec[0] & 1, 1);
	EXPECT_EQ(syscall(SYS_munlockall), 0);
	EXPECT_EQ(locked_kb(), 0);
	return tap_is_bad != failed;
}

static void memory_is_locked(void)
{
	EXPECT_EQ(reap(spawn(child_locks_memory, NULL)), 0);
}

#define NR_MSEAL 462

static int child_seals_memory(void *arg)
{
	int rw = PROT_READ | PROT_WRITE, failed = tap_is_bad;
	char *m = map(6 * PAGE, PROT_READ, MAP_PRIVATE), *s = m + PAGE;

	(void)arg;
	EXPECT_ERR(syscall(NR_MSEAL, s, PAGE, 1), EINVAL);
	EXPECT_ERR(syscall(NR_MSEAL, s + 1, PAGE, 0), EINVAL);
	munmap(m + 5 * PAGE, PAGE);
	EXPECT_ERR(syscall(NR_MSEAL, m, 6 * PAGE, 0), ENOMEM);
	EXPECT_EQ(syscall(NR_MSEAL, s, 0, 0), 0);
	EXPECT_EQ(syscall(NR_MSEAL, s, 2 * PAGE, 0), 0);
	EXPECT_EQ(syscall(NR_MSEAL, s, 2 * PAGE, 0), 0);
	EXPECT_ERR(munmap(s, PAGE), EPERM);
	EXPECT_ERR(munmap(m, 5 * PAGE), EPERM);
	EXPECT_ERR(mprotect(s, PAGE, rw), EPERM);
	EXPECT_ERR(mprotect(m, 2 * PAGE, rw), EPERM);
	EXPECT_ERR((long)mremap(s, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EPERM);
	EXPECT_ERR((long)mremap(s, 2 * PAGE, PAGE, 0), EPERM);
	EXPECT_ERR((long)mmap(s, PAGE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EPERM);
	EXPECT_ERR(madvise(s, PAGE, MADV_DONTNEED), EPERM);
	EXPECT_EQ(madvise(s, PAGE, MADV_WILLNEED), 0);
	EXPECT_EQ(munmap(m, PAGE), 0);
	EXPECT_EQ(mprotect(m + 3 * PAGE, PAGE, rw), 0);
	return tap_is_bad != failed;
}

static void sealed_memory_stays_as_it_is(void)
{
	if (syscall(NR_MSEAL, 0, 0, 0) < 0)
		SKIP("not here");
	EXPECT_EQ(reap(spawn(child_seals_memory, NULL)), 0);
}

static void memory_has_names(void)
{
	static char maps[65536];
	char *m = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE), line[64], longest[90];
	int set_vma = 0x53564d41;

	memset(longest, 'n', sizeof(longest));
	longest[80] = '\0';
	EXPECT_ERR(prctl(set_vma, 1, m, PAGE, "x"), EINVAL);
	if (prctl(set_vma, 0, m + PAGE, PAGE, "my own") < 0)
		SKIP("not here");
	snprintf(line, sizeof(line), "%lx-%lx rw-p", (long)m + PAGE, (long)m + 2 * PAGE);
	slurp("/proc/self/maps", maps, sizeof(maps));
	EXPECT(strstr(maps, line) != NULL);
	EXPECT(strstr(maps, "[anon:my own]\n") != NULL);
	EXPECT_ERR(prctl(set_vma, 0, m + 1, PAGE, "x"), EINVAL);
	EXPECT_ERR(prctl(set_vma, 0, m, PAGE, "a[b"), EINVAL);
	EXPECT_ERR(prctl(set_vma, 0, m, PAGE, "a\nb"), EINVAL);
	EXPECT_ERR(prctl(set_vma, 0, m, PAGE, longest), EINVAL);
	EXPECT_ERR(prctl(set_vma, 0, m, PAGE, 1), EFAULT);
	longest[79] = '\0';
	EXPECT_EQ(prctl(set_vma, 0, m, PAGE, longest), 0);
	EXPECT_EQ(prctl(set_vma, 0, m, 2 * PAGE, NULL), 0);
	slurp("/proc/self/maps", maps, sizeof(maps));
	EXPECT(strstr(maps, "my own") == NULL);
	munmap(m + 2 * PAGE, PAGE);
	EXPECT_ERR(prctl(set_vma, 0, m, 4 * PAGE, "x"), ENOMEM);
	munmap(m, 4 * PAGE);
}

static int child_denies_itself_code(void *arg)
{
	int rwx = PROT_READ | PROT_WRITE | PROT_EXEC, failed = tap_is_bad;
	char *m = map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE),
	     *x = map(PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE);

	(void)arg;
	EXPECT_EQ(prctl(66, 0, 0, 0, 0), 0);
	EXPECT_ERR(prctl(65, 2, 0, 0, 0), EINVAL);
	EXPECT_ERR(prctl(65, 1, 1, 0, 0), EINVAL);
	EXPECT_EQ(prctl(65, 1, 0, 0, 0), 0);
	EXPECT_EQ(prctl(66, 0, 0, 0, 0), 1);
	EXPECT_ERR(prctl(65, 0, 0, 0, 0), EPERM);
	EXPECT_ERR((long)mmap(NULL, PAGE, rwx, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EACCES);
	EXPECT_ERR(mprotect(m, PAGE, PROT_READ | PROT_EXEC), EACCES);
	EXPECT_ERR(mprotect(x, PAGE, rwx), EACCES);
	EXPECT_EQ(mprotect(x, PAGE, PROT_READ), 0);
	EXPECT_ERR(mprotect(x, PAGE, PROT_READ | PROT_EXEC), EACCES);
	return tap_is_bad != failed;
}

static void what_was_data_never_becomes_code(void)
{
	EXPECT_EQ(reap(spawn(child_denies_itself_code, NULL)), 0);
}

static int child_holds_text(void *arg)
{
	char *text = arg;

	strcpy(text + 100, "from the child");
	text[0] = 1;
	while (strcmp(text + 200, "from the parent"))
		sleep_ms(1);
	return 0;
}

static void memory_of_others_is_read_and_written(void)
{
	char *m = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED), got[64] = "", *none = NULL;
	char *own = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	struct iovec local[2] = { { got, 5 }, { got + 5, 10 } }, remote[2];
	pid_t pid = spawn(child_holds_text, m);

	EXPECT(eventually(m[0]));
	remote[0] = (struct iovec){ m + 100, 8 };
	remote[1] = (struct iovec){ m + 108, 7 };
	EXPECT_EQ(syscall(SYS_process_vm_readv, pid, local, 2, remote, 2, 0), 15);
	EXPECT(!strcmp(got, "from the child"));
	remote[1] = (struct iovec){ none, 7 };
	EXPECT_EQ(syscall(SYS_process_vm_readv, pid, local, 2, remote, 2, 0), 8);
	EXPECT_ERR(syscall(SYS_process_vm_readv, pid, local, 2, remote + 1, 1, 0), EFAULT);
	EXPECT_ERR(syscall(SYS_process_vm_readv, pid, local, 2, remote, 2, 1), EINVAL);
	EXPECT_ERR(syscall(SYS_process_vm_readv, pid, local, 1025, remote, 2, 0), EINVAL);
	EXPECT_ERR(syscall(SYS_process_vm_readv, 0x3fffffff, local, 2, remote, 2, 0), ESRCH);
	EXPECT_EQ(syscall(SYS_process_vm_readv, pid, local, 0, remote, 2, 0), 0);
	munmap(own + PAGE, PAGE);
	strcpy(got, "from the parent");
	local[0] = (struct iovec){ got, 16 };
	remote[0] = (struct iovec){ m + 200, 16 };
	EXPECT_EQ(syscall(SYS_process_vm_writev, pid, local, 1, remote, 1, 0), 16);
	EXPECT_EQ(reap(pid), 0);
	munmap(own, PAGE);
	munmap(m, 4 * PAGE);
}

int main(void)
{
	RUN(an_emptied_mapping_may_stay_behind);
	RUN(an_emptied_mapping_joins_the_moved_one);
	RUN(memory_is_locked);
	RUN(sealed_memory_stays_as_it_is);
	RUN(memory_has_names);
	RUN(what_was_data_never_becomes_code);
	RUN(memory_of_others_is_read_and_written);
	return tap_done();
}
