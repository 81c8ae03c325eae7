/* Supplementary groups. */
#pragma once

#include <sys/types.h>

int getgroups(int n, gid_t *groups);
int setgroups(size_t n, const gid_t *groups);
