/* Waiting for children. */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <linux/resource.h>
#include <linux/wait.h>

typedef int idtype_t; /* P_ALL, P_PID, P_PGID, P_PIDFD */

#define WTERMSIG(s)           ((s)&0x7f)
#define WEXITSTATUS(s)        (((s)&0xff00) >> 8)
#define WSTOPSIG(s)           WEXITSTATUS(s)
#define WIFEXITED(s)          (WTERMSIG(s) == 0)
#define WIFSIGNALED(s)        ((signed char)(((s)&0x7f) + 1) >> 1 > 0)
#define WIFSTOPPED(s)         (((s)&0xff) == 0x7f)
#define WIFCONTINUED(s)       ((s) == 0xffff)
#define WCOREDUMP(s)          ((s)&0x80)
#define W_EXITCODE(code, sig) ((code) << 8 | (sig))
#define W_STOPCODE(sig)       ((sig) << 8 | 0x7f)

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait3(int *status, int options, struct rusage *usage);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);
int waitid(idtype_t type, id_t id, siginfo_t *info, int options);
