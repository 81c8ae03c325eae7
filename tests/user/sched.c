/*
 * sched: policies and priorities, I/O priorities, memory barriers between threads.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>

#include "tap.h"

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static long setattr(struct attr *a)
{
	return syscall(SYS_sched_setattr, 0, a, 0);
}

static long getattr(struct attr *a, unsigned int size)
{
	memset(a, 0xff, sizeof(*a));
	return syscall(SYS_sched_getattr, 0, a, size, 0);
}

static long setscheduler(int policy, int priority)
{
	struct sched_param param = { priority };

	return syscall(SYS_sched_setscheduler, 0, policy, &param);
}

static int may_be_realtime(void)
{
	return setscheduler(SCHED_FIFO, 1) == 0 && setscheduler(SCHED_OTHER, 0) == 0;
}

static void attributes_are_told(void)
{
	struct attr a;

	EXPECT_EQ(getattr(&a, 48), 0);
	EXPECT_EQ(a.size, 48);
	EXPECT_EQ(a.policy, SCHED_OTHER);
	EXPECT_EQ(a.nice, 0);
	EXPECT_EQ(a.priority, 0);
	EXPECT_EQ(a.util_min, 0xffffffff);
	EXPECT_EQ(getattr(&a, sizeof(a)), 0);
	EXPECT_EQ(a.size, 56);
	EXPECT_ERR(getattr(&a, 47), EINVAL);
	EXPECT_ERR(getattr(&a, 4097), EINVAL);
	EXPECT_ERR(syscall(SYS_sched_getattr, 0, &a, 48, 1), EINVAL);
	EXPECT_ERR(syscall(SYS_sched_getattr, 0, NULL, 48, 0), EINVAL);
	EXPECT_ERR(syscall(SYS_sched_getattr, -1, &a, 48, 0), EINVAL);
	EXPECT_ERR(syscall(SYS_sched_getattr, 0x3fffffff, &a, 48, 0), ESRCH);
}

static int child_sets_attributes(void *arg)
{
	struct {
		struct attr a;
		char more[64];
	} big = { .a = { .size = 48, .nice = 30 } };
	struct attr a;
	int failed = tap_is_bad;

	(void)arg;
	EXPECT_EQ(setattr(&big.a), 0);
	EXPECT_EQ(getattr(&a, 48), 0);
	EXPECT_EQ(a.nice, 19);
	EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 19);
	big.a.size = 100;
	EXPECT_EQ(setattr(&big.a), 0);
	big.more[40] = 1;
	EXPECT_ERR(setattr(&big.a), E2BIG);
	EXPECT_EQ(big.a.size, sizeof(a));
	big.a.size = 40;
	EXPECT_ERR(setattr(&big.a), E2BIG);
	EXPECT_EQ(big.a.size, sizeof(a));
	big.a.policy = 99;
	EXPECT_ERR(setattr(&big.a), EINVAL);
	big.a.policy = SCHED_OTHER;
	big.a.priority = 1;
	EXPECT_ERR(setattr(&big.a), EINVAL);
	big.a.priority = 0;
	big.a.flags = 1 << 30;
	EXPECT_ERR(setattr(&big.a), EINVAL);
	big.a.flags = 0;
	EXPECT_ERR(syscall(SYS_sched_setattr, 0, &big.a, 1), EINVAL);
	EXPECT_ERR(syscall(SYS_sched_setattr, 0, NULL, 0), EINVAL);
	big.a.policy = SCHED_BATCH;
	big.a.flags = 1; /* reset on fork */
	EXPECT_EQ(setattr(&big.a), 0);
	EXPECT_EQ(syscall(SYS_sched_getscheduler, 0), SCHED_BATCH | SCHED_RESET_ON_FORK);
	return tap_is_bad != failed;
}

static void attributes_are_set(void)
{
	EXPECT_EQ(reap(spawn(child_sets_attributes, NULL)), 0);
}

static int child_tells_policy(void *arg)
{
	return (int)syscall(SYS_sched_getscheduler, 0) == (int)(long)arg ? 0 : 1;
}

static void realtime_policies_are_kept_and_inherited(void)
{
	struct sched_param param;
	struct timespec slice;
	struct attr a;

	EXPECT_ERR(setscheduler(SCHED_FIFO, 0), EINVAL);
	EXPECT_ERR(setscheduler(SCHED_FIFO, 100), EINVAL);
	EXPECT_ERR(setscheduler(SCHED_OTHER, 1), EINVAL);
	if (!may_be_realtime())
		SKIP("no right to real-time priorities");
	EXPECT_EQ(setscheduler(SCHED_RR, 7), 0);
	EXPECT_EQ(syscall(SYS_sched_getscheduler, 0), SCHED_RR);
	EXPECT_EQ(syscall(SYS_sched_getparam, 0, &param), 0);
	EXPECT_EQ(param.sched_priority, 7);
	EXPECT_EQ(getattr(&a, 48), 0);
	EXPECT_EQ(a.priority, 7);
	EXPECT_EQ(syscall(SYS_sched_rr_get_interval, 0, &slice), 0);
	EXPECT(slice.tv_nsec > 0);
	EXPECT_EQ(reap(spawn(child_tells_policy, (void *)SCHED_RR)), 0);
	EXPECT_EQ(setscheduler(SCHED_FIFO | SCHED_RESET_ON_FORK, 7), 0);
	EXPECT_EQ(syscall(SYS_sched_rr_get_interval, 0, &slice), 0);
	EXPECT_EQ(slice.tv_nsec, 0);
	EXPECT_EQ(reap(spawn(child_tells_policy, (void *)SCHED_OTHER)), 0);
	param.sched_priority = 9;
	EXPECT_EQ(syscall(SYS_sched_setparam, 0, &param), 0);
	EXPECT_EQ(syscall(SYS_sched_getscheduler, 0), SCHED_FIFO | SCHED_RESET_ON_FORK);
	EXPECT_EQ(setscheduler(SCHED_OTHER, 0), 0);
}

/* ---- Who runs first, on one CPU */

static volatile int order[8], place;

static void on_first_cpu(void)
{
	cpu_set_t set;

	memset(&set, 0, sizeof(set));
	((unsigned long *)&set)[0] = 1;
	sched_setaffinity(0, sizeof(set), &set);
}

static void *notes_its_turn(void *arg)
{
	on_first_cpu();
	setscheduler(SCHED_FIFO, (int)(long)arg);
	order[__atomic_fetch_add(&place, 1, __ATOMIC_SEQ_CST)] = (int)(long)arg;
	return NULL;
}

static volatile int may_start;

static void *waits_then_notes(void *arg)
{
	on_first_cpu();
	setscheduler(SCHED_FIFO, (int)(long)arg);
	while (!may_start)
		sleep_ms(1);
	order[__atomic_fetch_add(&place, 1, __ATOMIC_SEQ_CST)] = (int)(long)arg;
	for (long long end = now_ms() + 10; now_ms() < end;)
		;
	return NULL;
}

static int child_runs_by_priority(void *arg)
{
	static const long priorities[] = { 5, 40, 20 };
	pthread_t threads[3], urgent;
	long long end;

	(void)arg;
	on_first_cpu();
	if (setscheduler(SCHED_FIFO, 60))
		return 1;
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, waits_then_notes, (void *)priorities[i]);
	sleep_ms(50); /* all have begun to wait */
	may_start = 1;
	for (end = now_ms() + 50; now_ms() < end;) /* all have been woken, and none runs */
		;
	if (place)
		return 2;
	setscheduler(SCHED_FIFO, 1);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	if (order[0] != 40 || order[1] != 20 || order[2] != 5)
		return 3;
	place = 0;
	setscheduler(SCHED_FIFO, 30);
	pthread_create(&urgent, NULL, notes_its_turn, (void *)70L);
	pthread_join(urgent, NULL);
	return order[0] == 70 ? 0 : 4;
}

static void the_urgent_run_first(void)
{
	if (!may_be_realtime())
		SKIP("no right to real-time priorities");
	EXPECT_EQ(reap(spawn(child_runs_by_priority, NULL)), 0);
}

static int child_spins_in_real_time(void *arg)
{
	(void)arg;
	on_first_cpu();
	if (setscheduler(SCHED_FIFO, 50))
		return 1;
	for (long long end = now_ms() + 20000; now_ms() < end;)
		;
	return 0;
}

static void an_endless_urgent_loop_leaves_others_some_time(void)
{
	cpu_set_t old;
	pid_t pid;

	if (!may_be_realtime())
		SKIP("no right to real-time priorities");
	sched_getaffinity(0, sizeof(old), &old);
	on_first_cpu();
	pid = spawn(child_spins_in_real_time, NULL);
	sleep_ms(1500);
	EXPECT_EQ(kill_and_reap(pid), SIGKILL);
	sched_setaffinity(0, sizeof(old), &old);
}

/* ---- I/O priorities */

#define BE(level) (2 << 13 | (level))
#define IDLE_IO   (3 << 13)

static int child_sets_ioprio(void *arg)
{
	int failed = tap_is_bad;

	(void)arg;
	EXPECT_EQ(syscall(SYS_ioprio_get, 1, 0), 0);
	EXPECT_EQ(syscall(SYS_ioprio_set, 1, 0, BE(5)), 0);
	EXPECT_EQ(syscall(SYS_ioprio_get, 1, 0), BE(5));
	EXPECT_EQ(syscall(SYS_ioprio_get, 1, getpid()), BE(5));
	EXPECT_EQ(syscall(SYS_ioprio_set, 1, 0, IDLE_IO), 0);
	EXPECT_EQ(syscall(SYS_ioprio_get, 1, 0), IDLE_IO);
	EXPECT_ERR(syscall(SYS_ioprio_set, 1, 0, 1), EINVAL);
	EXPECT_ERR(syscall(SYS_ioprio_set, 1, 0, 4 << 13), EINVAL);
	EXPECT_ERR(syscall(SYS_ioprio_set, 4, 0, 0), EINVAL);
	EXPECT_ERR(syscall(SYS_ioprio_get, 0, 0), EINVAL);
	EXPECT_ERR(syscall(SYS_ioprio_get, 1, 0x3fffffff), ESRCH);
	EXPECT_EQ(syscall(SYS_ioprio_set, 1, 0, 0), 0);
	EXPECT_EQ(syscall(SYS_ioprio_get, 1, 0), 0);
	setpgid(0, 0);
	EXPECT_EQ(syscall(SYS_ioprio_get, 2, 0), BE(4));
	setpriority(PRIO_PROCESS, 0, 10);
	EXPECT_EQ(syscall(SYS_ioprio_set, 2, 0, BE(2)), 0);
	EXPECT_EQ(syscall(SYS_ioprio_get, 2, 0), BE(2));
	return tap_is_bad != failed;
}

static void io_priorities_are_remembered(void)
{
	EXPECT_EQ(reap(spawn(child_sets_ioprio, NULL)), 0);
}

/* ---- Barriers */

enum {
	QUERY = 0,
	GLOBAL = 1,
	GLOBAL_EXPEDITED = 2,
	REGISTER_GLOBAL = 4,
	PRIVATE = 8,
	REGISTER_PRIVATE = 16,
	SYNC_CORE = 32,
	REGISTER_SYNC_CORE = 64,
	RSEQ = 128,
	REGISTER_RSEQ = 256,
	REGISTRATIONS = 512
};

static long membarrier(int cmd, int flags, int cpu)
{
	return syscall(SYS_membarrier, cmd, flags, cpu);
}

static int child_registers_barriers(void *arg)
{
	int failed = tap_is_bad;

	(void)arg;
	EXPECT_EQ(membarrier(QUERY, 0, 0) & 255, 255);
	EXPECT_EQ(membarrier(GLOBAL, 0, 0), 0);
	EXPECT_EQ(membarrier(GLOBAL_EXPEDITED, 0, 0), 0);
	EXPECT_EQ(membarrier(REGISTRATIONS, 0, 0), 0);
	EXPECT_ERR(membarrier(PRIVATE, 0, 0), EPERM);
	EXPECT_ERR(membarrier(SYNC_CORE, 0, 0), EPERM);
	EXPECT_ERR(membarrier(RSEQ, 0, 0), EPERM);
	EXPECT_EQ(membarrier(REGISTER_PRIVATE, 0, 0), 0);
	EXPECT_EQ(membarrier(REGISTER_SYNC_CORE, 0, 0), 0);
	EXPECT_EQ(membarrier(REGISTER_RSEQ, 0, 0), 0);
	EXPECT_EQ(membarrier(REGISTER_GLOBAL, 0, 0), 0);
	EXPECT_EQ(membarrier(PRIVATE, 0, 0), 0);
	EXPECT_EQ(membarrier(SYNC_CORE, 0, 0), 0);
	EXPECT_EQ(membarrier(RSEQ, 0, 0), 0);
	EXPECT_EQ(membarrier(RSEQ, 1, 0), 0);
	EXPECT_EQ(membarrier(RSEQ, 1, 500), 0);
	EXPECT_EQ(membarrier(REGISTRATIONS, 0, 0), 16 | 64 | 256 | 4);
	EXPECT_ERR(membarrier(RSEQ, 2, 0), EINVAL);
	EXPECT_ERR(membarrier(PRIVATE, 1, 0), EINVAL);
	EXPECT_ERR(membarrier(QUERY, 1, 0), EINVAL);
	EXPECT_ERR(membarrier(PRIVATE | GLOBAL, 0, 0), EINVAL);
	return tap_is_bad != failed;
}

static void barriers_are_registered_first(void)
{
	EXPECT_EQ(reap(spawn(child_registers_barriers, NULL)), 0);
}

/* Two threads with compiler barriers only, and the kernel's on one side: never do both read 0. */
static volatile int x, y, turn, quit;

static void *stores_then_loads(void *arg)
{
	volatile int *seen = arg;

	for (int n = 1; !quit; n++) {
		while (turn != n && !quit)
			;
		x = 1;
		__asm__ volatile("" ::: "memory");
		*seen = y;
		__atomic_store_n(&turn, -n, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void a_barrier_orders_other_threads_too(void)
{
	int rounds = in_guest() ? 200 : 2000, both = 0;
	volatile int seen;
	pthread_t thread;

	EXPECT_EQ(membarrier(REGISTER_PRIVATE, 0, 0), 0);
	turn = quit = 0;
	EXPECT_EQ(pthread_create(&thread, NULL, stores_then_loads, (void *)&seen), 0);
	for (int n = 1; n <= rounds; n++) {
		int mine;

		x = y = 0;
		__atomic_store_n(&turn, n, __ATOMIC_RELEASE);
		y = 1;
		membarrier(PRIVATE, 0, 0);
		mine = x;
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != -n)
			;
		both += !mine && !seen;
	}
	quit = 1;
	pthread_join(thread, NULL);
	EXPECT_EQ(both, 0);
}

/* ---- Restartable sequences */

#define SIG 0x53053053u

struct rseq_area {
	uint32_t cpu_id_start, cpu_id;
	uint64_t cs;
	uint32_t flags, node_id, mm_cid, end;
} __attribute__((aligned(32)));

struct section {
	uint32_t version, flags;
	uint64_t start, length, abort;
} __attribute__((aligned(32)));

static struct rseq_area area, shifted[2];

static long rseq(void *a, unsigned int len, int flags, unsigned int sig)
{
	return syscall(SYS_rseq, a, len, flags, sig);
}

static void *registers(void *arg)
{
	(void)arg;
	EXPECT_ERR(rseq(&area, sizeof(area), 1, SIG), EINVAL);
	EXPECT_ERR(rseq((char *)shifted + 8, sizeof(area), 0, SIG), EINVAL);
	EXPECT_ERR(rseq(&area, 16, 0, SIG), EINVAL);
	EXPECT_ERR(rseq(&area, sizeof(area), 2, SIG), EINVAL);
	EXPECT_EQ(rseq(&area, sizeof(area), 0, SIG), 0);
	EXPECT_ERR(rseq(&area, sizeof(area), 0, SIG), EBUSY);
	EXPECT_ERR(rseq(&area, sizeof(area), 0, SIG + 1), EPERM);
	EXPECT_ERR(rseq(shifted, sizeof(area), 0, SIG), EINVAL);
	EXPECT_EQ(area.cpu_id, area.cpu_id_start);
	EXPECT(area.cpu_id < 4096);
	EXPECT_ERR(rseq(&area, sizeof(area), 1, SIG + 1), EPERM);
	EXPECT_EQ(rseq(&area, sizeof(area), 1, SIG), 0);
	EXPECT_EQ(area.cpu_id, -1u);
	return NULL;
}

/* The C library may have registered an area of its own; a thread made by clone has none. */
static int in_plain_thread(void *(*fn)(void *))
{
	static char stack[65536] __attribute__((aligned(16)));
	static volatile int tid;
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID;

	tid = 1;
	if (clone((int (*)(void *))(void *)fn, stack + sizeof(stack) - 256, flags, NULL, &tid, NULL,
		  &tid) < 0)
		return -1;
	while (tid)
		sleep_ms(1);
	return 0;
}

static void an_area_is_registered_once(void)
{
	EXPECT_EQ(in_plain_thread(registers), 0);
}

static volatile int wrong_cpu, aborted, moved_cpu;

static void *moves_about(void *arg)
{
	cpu_set_t set;
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);

	EXPECT_EQ(rseq(&area, sizeof(area), 0, SIG), 0);
	for (int i = 0; i < 50; i++) {
		memset(&set, 0, sizeof(set));
		((unsigned long *)&set)[0] = 1ul << i % cpus;
		sched_setaffinity(0, sizeof(set), &set);
		wrong_cpu += area.cpu_id != (unsigned int)(i % cpus);
		moved_cpu |= 1 << area.cpu_id;
	}
	rseq(&area, sizeof(area), 1, SIG);
	return arg;
}

static void the_area_says_which_cpu(void)
{
	wrong_cpu = moved_cpu = 0;
	EXPECT_EQ(in_plain_thread(moves_about), 0);
	EXPECT_EQ(wrong_cpu, 0);
	EXPECT_EQ(moved_cpu, (1 << sysconf(_SC_NPROCESSORS_ONLN)) - 1);
}

/* Spins inside a section until something makes it leave by its abort handler. */
static long spin_in_section(long limit)
{
	static struct section cs;
	long left = limit, was_aborted;

	__asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
			 "movq %%rax, 8(%[cs])\n\t"
			 "leaq 2f(%%rip), %%rdx\n\t"
			 "subq %%rax, %%rdx\n\t"
			 "movq %%rdx, 16(%[cs])\n\t"
			 "leaq 4f(%%rip), %%rax\n\t"
			 "movq %%rax, 24(%[cs])\n\t"
			 "movq %[cs], %[area]\n\t"
			 "1: pause\n\t"
			 "decq %[left]\n\t"
			 "jnz 1b\n\t"
			 "2: movl $0, %k[was]\n\t"
			 "jmp 5f\n\t"
			 ".byte 0x0f, 0xb9, 0x3d\n\t"
			 ".long 0x53053053\n\t"
			 "4: movl $1, %k[was]\n\t"
			 "5:"
			 : [left] "+r"(left), [was] "=&r"(was_aborted), [area] "=m"(area.cs)
			 : [cs] "r"(&cs)
			 : "rax", "rdx", "memory", "cc");
	return was_aborted;
}

static void no_hand(int sig)
{
	(void)sig;
}

static void *is_interrupted(void *arg)
{
	struct timespec soon = { 0, 20000000 };
	struct itimerspec when = { { 0, 0 }, soon };
	timer_t timer;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGALRM, no_hand);
	EXPECT_EQ(rseq(&area, sizeof(area), 0, SIG), 0);
	aborted = (int)spin_in_section(1);
	EXPECT_EQ(aborted, 0);
	timer_create(CLOCK_MONOTONIC, NULL, &timer);
	timer_settime(timer, 0, &when, NULL);
	aborted = (int)spin_in_section(1L << 40);
	timer_delete(timer);
	EXPECT_EQ(area.cs, 0);
	rseq(&area, sizeof(area), 1, SIG);
	return arg;
}

static void an_interrupted_section_is_aborted(void)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, &old); /* the other thread takes it */
	aborted = 0;
	EXPECT_EQ(in_plain_thread(is_interrupted), 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	EXPECT_EQ(aborted, 1);
}

int main(void)
{
	RUN(attributes_are_told);
	RUN(attributes_are_set);
	RUN(realtime_policies_are_kept_and_inherited);
	RUN(the_urgent_run_first);
	RUN(an_endless_urgent_loop_leaves_others_some_time);
	RUN(io_priorities_are_remembered);
	RUN(barriers_are_registered_first);
	RUN(a_barrier_orders_other_threads_too);
	RUN(an_area_is_registered_once);
	RUN(the_area_says_which_cpu);
	RUN(an_interrupted_section_is_aborted);
	return tap_done();
}
