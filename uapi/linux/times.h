/* Follows Linux 7.3 include/uapi/linux/times.h */
#pragma once

#include <linux/types.h>

/* In units of 1/USER_HZ second. */
struct tms {
	clock_t tms_utime;
	clock_t tms_stime;
	clock_t tms_cutime;
	clock_t tms_cstime;
};

#define USER_HZ 100
