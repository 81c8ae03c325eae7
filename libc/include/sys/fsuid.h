/* The identity that file access is checked against. */
#pragma once

#include <sys/types.h>

int setfsuid(uid_t uid);
int setfsgid(gid_t gid);
