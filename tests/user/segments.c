/*
 * segments: selectors and bases that a program loads stay its own, whoever runs in between.
 */
#include <sched.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "tap.h"

#define ARCH_SET_GS 0x1001
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004
#define USER_DS     0x2b
#define ROUNDS      3000

static int has_fsgsbase(void)
{
	return getauxval(26 /* AT_HWCAP2 */) & 2;
}

static uint64_t read_gs_base(void)
{
	uint64_t base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}

static void write_gs_base(uint64_t base)
{
	__asm__ volatile("wrgsbase %0" ::"r"(base) : "memory");
}

static uint64_t told_gs_base(void)
{
	uint64_t base = 1;

	syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
	return base;
}

static void load_selectors(unsigned ds, unsigned es, unsigned gs)
{
	__asm__ volatile("mov %0, %%ds; mov %1, %%es; mov %2, %%gs" ::"r"(ds), "r"(es), "r"(gs));
}

static unsigned selectors(void)
{
	unsigned ds, es, gs;

	__asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%gs, %2" : "=r"(ds), "=r"(es), "=r"(gs));
	return ds << 16 | es << 8 | gs;
}

/* Each has another three of them; 0 is none. */
static int keeps_selectors(void *arg)
{
	unsigned n = (unsigned)(long)arg, want;

	load_selectors(n & 1 ? USER_DS : 0, n & 2 ? USER_DS : 0, n & 4 ? USER_DS : 0);
	want = selectors();
	for (int i = 0; i < ROUNDS; i++) {
		sched_yield();
		if (selectors() != want)
			return 1;
	}
	return want !=
	       ((n & 1 ? USER_DS << 16 : 0) | (n & 2 ? USER_DS << 8 : 0) | (n & 4 ? USER_DS : 0));
}

static int keeps_base(void *arg)
{
	uint64_t base = (uint64_t)(long)arg * 0x1000000000;

	syscall(SYS_arch_prctl, ARCH_SET_GS, base);
	for (int i = 0; i < ROUNDS; i++) {
		sched_yield();
		if (told_gs_base() != base)
			return 1;
	}
	return 0;
}

/* Every address there can be, the kernel's among them. */
static int keeps_own_base(void *arg)
{
	uint64_t base = (uint64_t)(long)arg * 0x1000 - ((long)arg & 1) * 0x7fff80000000;
	long n = (long)arg;

	for (int i = 0; i < ROUNDS; i++) {
		write_gs_base(base + (uint64_t)i);
		if (i % 64 == 0)
			raise(SIGUSR1);
		sched_yield();
		if (read_gs_base() != base + (uint64_t)i || told_gs_base() != base + (uint64_t)i)
			return 1;
	}
	return n < 0;
}

static void each_of_many(int (*child)(void *))
{
	pid_t pids[8];

	for (long i = 0; i < 8; i++)
		pids[i] = spawn(child, (void *)i);
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(reap(pids[i]), 0);
}

static void selectors_stay_over_switches(void)
{
	each_of_many(keeps_selectors);
}

static void bases_stay_over_switches(void)
{
	each_of_many(keeps_base);
}

static void handle(int sig)
{
	write_gs_base(read_gs_base()); /* as it was interrupted */
}

static void bases_set_without_a_call_stay_too(void)
{
	if (!has_fsgsbase())
		SKIP("no FSGSBASE");
	signal(SIGUSR1, handle);
	each_of_many(keeps_own_base);
	signal(SIGUSR1, SIG_DFL);
}

static int inherits(void *arg)
{
	return told_gs_base() != 0x1234567000 || read_gs_base() != 0x1234567000;
}

static int executed(void *arg)
{
	execl("/proc/self/exe", "segments", "fresh", NULL);
	return 2;
}

static void a_child_inherits_and_exec_clears(void)
{
	if (!has_fsgsbase())
		SKIP("no FSGSBASE");
	write_gs_base(0x1234567000);
	EXPECT_EQ(reap(spawn(inherits, NULL)), 0);
	EXPECT_EQ(reap(spawn(executed, NULL)), 0);
	EXPECT_EQ(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x5000), 0);
	EXPECT_EQ(read_gs_base(), 0x5000);
	load_selectors(0, 0, USER_DS);
	EXPECT_EQ(read_gs_base(), 0);
	EXPECT_EQ(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x5000), 0);
	EXPECT_EQ(selectors() & 0xff, 0);
	write_gs_base(0);
}

static void arch_prctl_refuses(void)
{
	uint64_t base;

	EXPECT_ERR(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x800000000000), EPERM);
	EXPECT_ERR(syscall(SYS_arch_prctl, ARCH_GET_FS, 8), EFAULT);
	EXPECT_ERR(syscall(SYS_arch_prctl, 0x1005, &base), EINVAL);
	EXPECT_EQ(syscall(SYS_arch_prctl, ARCH_GET_FS, &base), 0);
	EXPECT(base != 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return selectors() || told_gs_base() || (has_fsgsbase() && read_gs_base());
	RUN(selectors_stay_over_switches);
	RUN(bases_stay_over_switches);
	RUN(bases_set_without_a_call_stay_too);
	RUN(a_child_inherits_and_exec_clears);
	RUN(arch_prctl_refuses);
	return tap_done();
}
