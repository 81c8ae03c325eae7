#pragma once

#include "kernel/task/task.h"

int signal_send_task(struct task *t, int sig, const siginfo_t *info);
