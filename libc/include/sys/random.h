/* Random bytes. */
#pragma once

#include <sys/types.h>

#include <linux/random.h>

ssize_t getrandom(void *buf, size_t n, unsigned int flags);
int getentropy(void *buf, size_t n);
