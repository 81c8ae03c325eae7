/*
 * What pidfs wants to know of processes. A test says with host_task_* what there is.
 */
#pragma once

#include <linux/signal.h>

#include "arch/x86_64/percpu.h"
#include "kernel/id/ns.h"
#include "kernel/id/pid.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/rwsem.h"

struct cred;

struct task {
	struct pid *pid;
	struct task *parent;
	struct refcount refs;
	struct rwsem exec_lock;
};

#define PTRACE_MODE_READ      1u
#define PTRACE_MODE_ATTACH    2u
#define PTRACE_MODE_FSCREDS   8u
#define PTRACE_MODE_REALCREDS 16u

bool task_may_access(struct task *t, u32 mode);
struct task *task_of_pid_get(struct pid *pid);
struct thread *thread_of_pid_get(struct pid *pid);
void task_put(struct task *t);
struct as *thread_as_get(struct thread *t);
struct ns_common *thread_ns_get(struct thread *t, enum ns_kind kind);
const struct cred *thread_cred_get(struct thread *t);
