/* Processor time of a process and its children. */
#pragma once

#include <linux/times.h>

clock_t times(struct tms *out);
