/* A counter as a descriptor. */
#pragma once

#include <stdint.h>

#include <linux/eventfd.h>

typedef uint64_t eventfd_t;

int eventfd(unsigned int initial, int flags);
int eventfd_read(int fd, eventfd_t *value);
int eventfd_write(int fd, eventfd_t value);
