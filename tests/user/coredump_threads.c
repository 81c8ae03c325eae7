/*
 * coredump_threads: dumps of processes with many threads, who all stand still meanwhile.
 */
#include <pthread.h>

#include "cores.h"

static pthread_barrier_t all_there;
static volatile int nr_turning;
static char thread_pages[128][64];

static void *thread_waits(void *arg)
{
	pthread_barrier_wait(&all_there);
	__asm__ volatile("mov %1, %%r12\n\t"
			 "lock incl %0\n\t"
			 "1: pause\n\t"
			 "jmp 1b"
			 : "+m"(nr_turning)
			 : "r"(arg)
			 : "r12");
	return NULL;
}

static void *thread_sleeps(void *arg)
{
	pthread_barrier_wait(&all_there);
	for (;;)
		pause();
	return arg;
}

static int child_with_threads(void *arg)
{
	int count = (int)(long)arg;
	pthread_t thread;

	pthread_barrier_init(&all_there, NULL, count + 1);
	for (int i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, i < 2 ? thread_waits : thread_sleeps,
				   thread_pages[i]))
			return 1;
	pthread_barrier_wait(&all_there);
	while (nr_turning < 2)
		sched_yield();
	return child_faults(NULL);
}

static void check_threads(const struct core *core, pid_t pid, int count)
{
	int nr_found = 0, nr_spinning = 0;

	for (int i = 0;; i++) {
		struct prstatus *s = (struct prstatus *)core_note(core, NOTE_STATUS, i, NULL);

		if (!s)
			break;
		nr_found++;
		EXPECT(i || s->pid == pid); /* the one with the signal is first */
		EXPECT(core_memory(core, (void *)s->regs[REG_NR_RSP]) != NULL);
		for (int j = 0; j < 2; j++)
			nr_spinning += s->regs[REG_NR_R12] == (uintptr_t)thread_pages[j];
		EXPECT(core_note(core, NOTE_FPU, i, NULL) != NULL);
	}
	EXPECT_EQ(nr_found, count + 1);
	EXPECT_EQ(nr_spinning, count < 2 ? count : 2);
}

static void dump_threads(int count)
{
	struct core core;
	pid_t pid;

	unlink("core");
	pid = spawn(child_with_threads, (void *)(long)count);
	EXPECT_EQ(reap(pid), SIGSEGV | 0x80);
	REQUIRE(core_read(&core, "core"));
	if (core_is_sound(&core))
		check_threads(&core, pid, count);
	else
		EXPECT(!"a sound ELF core file");
	core_free(&core);
}

static void every_thread_is_in_it(void)
{
	NEEDS_FILES();
	dump_threads(3);
}

static void a_hundred_threads_are_in_it(void)
{
	NEEDS_FILES();
	dump_threads(100);
}

static void *thread_faults(void *arg)
{
	pthread_barrier_wait(&all_there);
	child_faults(NULL);
	return arg;
}

static int child_faults_often(void *arg)
{
	pthread_t thread;

	pthread_barrier_init(&all_there, NULL, 9);
	for (int i = 0; i < 8; i++)
		if (pthread_create(&thread, NULL, thread_faults, NULL))
			return 1;
	pthread_barrier_wait(&all_there);
	return child_faults(NULL);
}

static void many_may_crash_at_once(void)
{
	NEEDS_FILES();
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(crash(child_faults_often, NULL), SIGSEGV | 0x80);
}

static void *thread_lets_the_leader_end(void *arg)
{
	sleep_ms(50);
	child_faults(NULL);
	return arg;
}

static int child_leader_ends(void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_lets_the_leader_end, NULL);
	syscall(SYS_exit, 0);
	return 1;
}

static void a_thread_may_crash_after_the_leader(void)
{
	struct core core;

	NEEDS_FILES();
	EXPECT_EQ(crash(child_leader_ends, NULL), SIGSEGV | 0x80);
	REQUIRE(core_read(&core, "core"));
	EXPECT(core_is_sound(&core) && core_note(&core, NOTE_STATUS, 0, NULL));
	core_free(&core);
}

int main(void)
{
	if (!core_dir_make())
		return 1;
	set_core_limit(RLIM_INFINITY);
	RUN(every_thread_is_in_it);
	RUN(a_hundred_threads_are_in_it);
	RUN(many_may_crash_at_once);
	RUN(a_thread_may_crash_after_the_leader);
	core_dir_remove();
	return tap_done();
}
