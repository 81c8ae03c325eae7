/*
 * memory: mappings, protection, copy on write, files in memory, the heap.
 */
#include <setjmp.h>
#include <sys/mman.h>

#include "tap.h"

enum { PAGE = 4096 };

static sigjmp_buf back;
static volatile int fault_signal, fault_code;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_signal = sig;
	fault_code = info->si_code;
	siglongjmp(back, 1);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* The signal that reading (or writing) one byte here raises; 0 for none. */
static int read_faults(volatile char *at)
{
	fault_signal = 0;
	if (!sigsetjmp(back, 1))
		(void)*at;
	return fault_signal;
}

static int write_faults(volatile char *at)
{
	fault_signal = 0;
	if (!sigsetjmp(back, 1))
		*at = 1;
	return fault_signal;
}

static char *map(size_t size, int prot, int flags)
{
	return mmap(NULL, size, prot, flags | MAP_ANONYMOUS, -1, 0);
}

static int temporary(size_t size)
{
	char path[] = "/tmp/memory-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	if (fd >= 0 && ftruncate(fd, size) < 0)
		return -1;
	return fd;
}

static void anonymous_memory_is_zero_and_writable(void)
{
	char *m = map(16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int sum = 0;

	REQUIRE(m != MAP_FAILED);
	EXPECT_EQ((long)m % PAGE, 0);
	for (int i = 0; i < 16 * PAGE; i++)
		sum |= m[i];
	EXPECT_EQ(sum, 0);
	memset(m, 7, 16 * PAGE);
	EXPECT_EQ(m[16 * PAGE - 1], 7);
	EXPECT_EQ(munmap(m, 16 * PAGE), 0);
	EXPECT_EQ(read_faults(m), SIGSEGV);
	EXPECT_EQ(fault_code, SEGV_MAPERR);
}

static void bad_arguments_are_refused(void)
{
	int rw = PROT_READ | PROT_WRITE, priv = MAP_PRIVATE | MAP_ANONYMOUS;

	EXPECT_ERR((long)mmap(NULL, 0, rw, priv, -1, 0), EINVAL);
	EXPECT_ERR((long)mmap(NULL, PAGE, rw, MAP_ANONYMOUS, -1, 0), EINVAL);
	EXPECT_ERR((long)mmap(NULL, PAGE, rw, MAP_PRIVATE, -1, 0), EBADF);
	EXPECT_ERR((long)mmap(NULL, -PAGE, rw, priv, -1, 0), ENOMEM);
	EXPECT_ERR((long)mmap((void *)1, PAGE, rw, priv | MAP_FIXED, -1, 0), EINVAL);
	EXPECT_ERR((long)mmap((void *)-PAGE, PAGE, rw, priv | MAP_FIXED, -1, 0), ENOMEM);
	EXPECT_ERR(munmap((void *)1, PAGE), EINVAL);
	EXPECT_ERR(munmap((void *)PAGE, 0), EINVAL);
	EXPECT_ERR(munmap((void *)-PAGE, PAGE), EINVAL);
	EXPECT_ERR(syscall(SYS_mprotect, 1L, (long)PAGE, rw), EINVAL);
	EXPECT_ERR(mprotect((void *)(16L * PAGE), PAGE, rw), ENOMEM);
}

static void protection_is_enforced_page_by_page(void)
{
	char *m = map(3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	m[PAGE] = 5;
	EXPECT_EQ(mprotect(m + PAGE, PAGE, PROT_READ), 0);
	EXPECT_EQ(write_faults(m), 0);
	EXPECT_EQ(write_faults(m + PAGE), SIGSEGV);
	EXPECT_EQ(fault_code, SEGV_ACCERR);
	EXPECT_EQ(m[PAGE], 5);
	EXPECT_EQ(write_faults(m + 2 * PAGE), 0);
	EXPECT_EQ(mprotect(m + PAGE, PAGE, PROT_NONE), 0);
	EXPECT_EQ(read_faults(m + PAGE), SIGSEGV);
	EXPECT_EQ(mprotect(m, 3 * PAGE, PROT_READ | PROT_WRITE), 0);
	EXPECT_EQ(m[PAGE], 5);
	EXPECT_EQ(munmap(m, 3 * PAGE), 0);
}

static void data_is_not_executable(void)
{
	char *m = map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	*m = (char)0xc3; /* ret */
	fault_signal = 0;
	if (!sigsetjmp(back, 1))
		((void (*)(void))m)();
	EXPECT_EQ(fault_signal, SIGSEGV);
	EXPECT_EQ(mprotect(m, PAGE, PROT_READ | PROT_EXEC), 0);
	fault_signal = 0;
	if (!sigsetjmp(back, 1))
		((void (*)(void))m)();
	EXPECT_EQ(fault_signal, 0);
	munmap(m, PAGE);
}

static void a_hole_can_be_cut_in_the_middle(void)
{
	char *m = map(5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	memset(m, 1, 5 * PAGE);
	EXPECT_EQ(munmap(m + 2 * PAGE, PAGE), 0);
	EXPECT_EQ(read_faults(m + 2 * PAGE), SIGSEGV);
	EXPECT_EQ(m[PAGE] + m[3 * PAGE], 2);
	EXPECT(mmap(m + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) == m + 2 * PAGE);
	EXPECT_EQ(m[2 * PAGE], 0);
	EXPECT_EQ(munmap(m, 5 * PAGE), 0);
}

static void fork_copies_private_and_shares_shared(void)
{
	char *p = map(64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char *s = map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t child;
	int bad = 0;

	for (int i = 0; i < 64; i++)
		p[i * PAGE] = (char)i;
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 64; i++)
			bad |= p[i * PAGE] != i;
		memset(p, 0xee, 64 * PAGE);
		s[0] = 42;
		_exit(bad);
	}
	p[5 * PAGE] = 99;
	EXPECT_EQ(reap(child), 0);
	EXPECT_EQ(s[0], 42);
	EXPECT_EQ(p[5 * PAGE], 99);
	for (int i = 6; i < 64; i++)
		bad |= p[i * PAGE] != i;
	EXPECT_EQ(bad, 0);
	munmap(p, 64 * PAGE);
	munmap(s, PAGE);
}

static void copies_of_copies_stay_apart(void)
{
	static volatile int value;
	pid_t a, b;

	value = 1;
	a = fork();
	if (a == 0) {
		value = 2;
		b = fork();
		if (b == 0) {
			value = 3;
			_exit(value);
		}
		_exit(WEXITSTATUS(reap(b)) * 10 + value);
	}
	EXPECT_EQ(WEXITSTATUS(reap(a)), 32);
	EXPECT_EQ(value, 1);
}

static void shared_files_are_written_private_ones_not(void)
{
	int fd = temporary(2 * PAGE);
	char *s, *p, c;

	REQUIRE(fd >= 0);
	s = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	REQUIRE(s != MAP_FAILED && p != MAP_FAILED);
	s[10] = 'S';
	EXPECT_EQ(pread(fd, &c, 1, 10), 1);
	EXPECT_EQ(c, 'S');
	EXPECT_EQ(p[10], 'S');
	p[PAGE] = 'P';
	EXPECT_EQ(pread(fd, &c, 1, PAGE), 1);
	EXPECT_EQ(c, 0);
	EXPECT_EQ(s[PAGE], 0);
	EXPECT_EQ(pwrite(fd, "W", 1, 20), 1);
	EXPECT_EQ(s[20], 'W');
	EXPECT_EQ(msync(s, PAGE, MS_SYNC), 0);
	close(fd);
	EXPECT_EQ(s[10], 'S'); /* the mapping holds the file */
	munmap(s, 2 * PAGE);
	munmap(p, 2 * PAGE);
}

static void beyond_the_end_of_a_file_is_a_bus_error(void)
{
	int fd = temporary(100);
	char *m;

	REQUIRE(fd >= 0);
	m = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	EXPECT_EQ(read_faults(m + 50), 0);
	EXPECT_EQ(m[200], 0);
	EXPECT_EQ(read_faults(m + PAGE), SIGBUS);
	EXPECT_EQ(ftruncate(fd, 2 * PAGE), 0);
	EXPECT_EQ(write_faults(m + PAGE), 0);
	EXPECT_EQ(read_faults(m + 2 * PAGE), SIGBUS);
	munmap(m, 3 * PAGE);
	close(fd);
}

static void access_modes_of_the_file_bind_mappings(void)
{
	int fd = open("/proc/self/exe", O_RDONLY), wo;
	char path[] = "/tmp/memory-XXXXXX";

	EXPECT_ERR((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
	EXPECT_ERR((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1), EINVAL);
	close(fd);
	close(mkstemp(path));
	wo = open(path, O_WRONLY);
	EXPECT_ERR((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
	close(wo);
	unlink(path);
}

static void the_heap_grows_and_shrinks(void)
{
	char *start = (char *)syscall(SYS_brk, 0L), *end;

	end = (char *)syscall(SYS_brk, start + 10 * PAGE);
	EXPECT(end == start + 10 * PAGE);
	EXPECT_EQ(write_faults(end - 1), 0);
	EXPECT_EQ(syscall(SYS_brk, start), (long)start);
	EXPECT_EQ(syscall(SYS_brk, 0L), (long)start);
	EXPECT_EQ(syscall(SYS_brk, -1L), (long)start);
}

static void malloc_works_in_bulk(void)
{
	enum { MANY = 300 };
	static char *m[MANY];
	int bad = 0;

	for (int i = 0; i < MANY; i++) {
		m[i] = malloc(1 + i * 37);
		REQUIRE(m[i] != NULL);
		memset(m[i], i, 1 + i * 37);
	}
	for (int i = 0; i < MANY; i += 2)
		free(m[i]);
	for (int i = 1; i < MANY; i += 2) {
		m[i] = realloc(m[i], 10 + i * 80);
		for (int j = 0; j < 1 + i * 37; j++)
			bad |= (unsigned char)m[i][j] != (i & 0xff);
		free(m[i]);
	}
	EXPECT_EQ(bad, 0);
}

static void mremap_moves_the_contents(void)
{
	char *m = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE), *n;

	memset(m, 3, 2 * PAGE);
	n = mremap(m, 2 * PAGE, 200 * PAGE, MREMAP_MAYMOVE);
	REQUIRE(n != MAP_FAILED);
	EXPECT_EQ(n[2 * PAGE - 1], 3);
	EXPECT_EQ(n[2 * PAGE], 0);
	EXPECT_EQ(write_faults(n + 199 * PAGE), 0);
	EXPECT(mremap(n, 200 * PAGE, PAGE, 0) == n);
	EXPECT_EQ(read_faults(n + PAGE), SIGSEGV);
	EXPECT_EQ(n[0], 3);
	munmap(n, PAGE);
}

static void advice_dontneed_gives_zeroes(void)
{
	char *m = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	memset(m, 9, 4 * PAGE);
	EXPECT_EQ(madvise(m + PAGE, PAGE, MADV_DONTNEED), 0);
	EXPECT_EQ(m[PAGE], 0);
	EXPECT_EQ(m[0] + m[2 * PAGE], 18);
	EXPECT_ERR(madvise(m, PAGE, 9999), EINVAL);
	munmap(m, 4 * PAGE);
}

static __attribute__((noinline)) int recurse(int depth)
{
	volatile char frame[4096];
	int below;

	frame[0] = (char)depth;
	below = depth ? recurse(depth - 1) : 0;
	return below + (frame[0] != (char)depth);
}

static int overflows(void *arg)
{
	(void)arg;
	signal(SIGSEGV, SIG_DFL);
	return recurse(1 << 20);
}

static void the_stack_grows_until_its_limit(void)
{
	EXPECT_EQ(recurse(500), 0); /* two megabytes */
	EXPECT_EQ(reap(spawn(overflows, NULL)) & 0x7f, SIGSEGV);
}

static void a_huge_mapping_costs_only_what_is_touched(void)
{
	size_t size = 1UL << 33;
	char *m = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (m == MAP_FAILED)
		SKIP("no overcommit");
	for (size_t at = 0; at < size; at += size / 64)
		m[at] = 1;
	EXPECT_EQ(munmap(m, size), 0);
}

/* A far corner of the address space, where nothing else keeps the page tables. */
static void neighbours_come_and_go_far_away(void)
{
	char *far = (char *)0x100000000000;
	size_t small = 4096, large = 4 << 20;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, zeroes = 0;

	for (int i = 0; i < 100; i++) {
		char *one = mmap(far, small, PROT_READ | PROT_WRITE, flags, -1, 0);
		char *two;

		REQUIRE(one == far);
		zeroes += !*one;
		*one = 1;
		munmap(one, small);
		two = mmap(far + large, large, PROT_READ | PROT_WRITE, flags, -1, 0);
		REQUIRE(two == far + large);
		zeroes += !*two && !two[large - 1];
		memset(two, 1, large);
		munmap(two, large);
		EXPECT_EQ(reap(spawn(child_exits, NULL)), 0);
	}
	EXPECT_EQ(zeroes, 200);
}

static void many_small_mappings(void)
{
	enum { MANY = 200 };
	static char *m[MANY];

	for (int i = 0; i < MANY; i++) {
		m[i] = map(PAGE, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE);
		REQUIRE(m[i] != MAP_FAILED);
		if (!(i & 1))
			*m[i] = (char)i;
	}
	for (int i = 0; i < MANY; i++) {
		EXPECT_EQ(*m[i], i & 1 ? 0 : (char)i);
		EXPECT_EQ(munmap(m[i], PAGE), 0);
	}
}

/* A shrinking mremap gives back what is behind, as munmap does: not beyond user space. */
static void mremap_shrinks_within_user_space(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long top = 0x7ffffffff000;

	REQUIRE(p != MAP_FAILED);
	memset(p, 1, 8192);
	EXPECT_ERR(syscall(SYS_mremap, p, top, 4096L, 0L, 0L), EINVAL);
	EXPECT_ERR(syscall(SYS_mremap, p, top - (unsigned long)p + 4096, 4096L, 0L, 0L), EINVAL);
	EXPECT_EQ(p[4096], 1);
	munmap(p, 8192);
}

int main(void)
{
	catch_faults();
	RUN(anonymous_memory_is_zero_and_writable);
	RUN(bad_arguments_are_refused);
	RUN(protection_is_enforced_page_by_page);
	RUN(data_is_not_executable);
	RUN(a_hole_can_be_cut_in_the_middle);
	RUN(fork_copies_private_and_shares_shared);
	RUN(copies_of_copies_stay_apart);
	RUN(shared_files_are_written_private_ones_not);
	RUN(beyond_the_end_of_a_file_is_a_bus_error);
	RUN(access_modes_of_the_file_bind_mappings);
	RUN(the_heap_grows_and_shrinks);
	RUN(malloc_works_in_bulk);
	RUN(mremap_moves_the_contents);
	RUN(advice_dontneed_gives_zeroes);
	RUN(the_stack_grows_until_its_limit);
	RUN(a_huge_mapping_costs_only_what_is_touched);
	RUN(neighbours_come_and_go_far_away);
	RUN(many_small_mappings);
	RUN(mremap_shrinks_within_user_space);
	return tap_done();
}
