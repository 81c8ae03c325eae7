/*
 * The C library has some of it too.
 */
#pragma once

#undef SCHED_OTHER
#define sched_param kernel_sched_param
#include_next <linux/sched.h>
#undef sched_param
