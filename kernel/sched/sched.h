/*
 * The scheduler: run queues per CPU, blocking and waking, time slices.
 */
#pragma once

#include "kernel/sched/thread.h"

/* Puts a THREAD_NEW thread on a run queue; consumes nothing (the thread has its own reference). */
void sched_start(struct thread *t);

/* Gives up the CPU while staying runnable; behind all others of this run queue. */
void sched_yield_current(void);

/* What upcall_return_to_user() does for WORK_RESCHED. */
void sched_resched(void);

/* In long kernel loops: lets others run if it is time. May sleep rules apply: no spinlocks held. */
void cond_resched(void);

/* Ends the current thread: state DEAD, never returns; drops the thread's own reference later. */
__noreturn void thread_exit(void);

/* Wakes t if its state is one of those a signal wakes (fatal: KILLABLE, STOPPED too); kicks a
 * running t so that it looks at its work flags. Any context. */
void thread_signal_wake(struct thread *t, bool fatal);

/* Sleeps until deadline on the monotonic clock: 0, or -ERESTARTSYS on a signal. */
int thread_sleep_until(u64 deadline_ns);

/* Switches the current thread's address space (exec, exit): loads its page table. */
void sched_use_as(struct as *as);

/* Affinity of one thread; -EINVAL if no online CPU is in mask. May migrate the thread. */
int sched_set_affinity(struct thread *t, u64 mask);

/* SCHED_*; rt_priority 1..99 for SCHED_FIFO and SCHED_RR, else 0. No permission check. */
#define RR_SLICE_NS 100000000ull
void sched_set_policy(struct thread *t, u8 policy, u8 rt_priority, bool resets_on_fork);
/* As urgent as this, if its own priority is lower: the most urgent of those who wait for it. Any
 * lock below RUNQ may be held. */
void sched_inherit(struct thread *t, u8 prio);

/* Threads in user mode of as, on one CPU or on all (cpu < 0), leave their restartable sequences when
 * they are next interrupted, which is up to the caller. */
void sched_restart_sequences(const struct as *as, int cpu);

/* Numbers for /proc/stat and /proc/loadavg. */
struct sched_stat { /* of one CPU */
	u64 user_ns, system_ns, idle_ns;
	u64 switches;
};
void sched_cpu_stat(unsigned cpu, struct sched_stat *out);
unsigned sched_nr_running(void);
void sched_load_average(u64 load_1024[3]); /* 1, 5, 15 minutes, times 1024 */

/* What the tick tells of the current thread, 100 times a second while a CPU is busy. Interrupt
 * context. */
#define TICK_NS 10000000ull
extern void (*sched_tick_hook)(
	bool is_user); /* set by kernel/task (CPU timers, RLIMIT_CPU); NULL: nobody cares */

/* The code running now on the boot CPU becomes its idle thread: it may not block, and ends in
 * sched_idle(). */
void sched_init(void);
/* Runs other threads for ever. */
__noreturn void sched_idle(void);
/* What smp_start() runs on every other CPU. */
void sched_ap_main(unsigned int cpu);
