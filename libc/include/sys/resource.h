/* Limits, usage and priority. */
#pragma once

#include <sys/types.h>

#include <linux/resource.h>

typedef unsigned long rlim_t;

int getrlimit(int resource, struct rlimit *out);
int setrlimit(int resource, const struct rlimit *limit);
int prlimit(pid_t pid, int resource, const struct rlimit *limit, struct rlimit *old);
int getrusage(int who, struct rusage *out);
int getpriority(int which, id_t who);
int setpriority(int which, id_t who, int nice);
