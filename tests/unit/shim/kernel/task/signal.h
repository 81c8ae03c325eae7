#pragma once

#include "kernel/task/task.h"

bool task_is_ns_init(const struct task *t);
bool signal_may_kill(const struct cred *cred, struct task *t);
int signal_send_task(struct task *t, int sig, const siginfo_t *info);
