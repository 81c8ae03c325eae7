/* Attributes of a file system, as Linux gives them. */
#pragma once

#include <sys/types.h>

#include <linux/statfs.h>

int statfs(const char *path, struct statfs *out);
int fstatfs(int fd, struct statfs *out);
