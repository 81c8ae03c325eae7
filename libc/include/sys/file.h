/* Locks on whole files. */
#pragma once

#include <linux/fcntl.h>

int flock(int fd, int operation);
