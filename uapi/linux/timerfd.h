/* Follows Linux 7.3 include/uapi/linux/timerfd.h */
#pragma once

#include <linux/ioctl.h>
#include <stdint.h>

#define TFD_TIMER_ABSTIME       (1 << 0)
#define TFD_TIMER_CANCEL_ON_SET (1 << 1)
#define TFD_CLOEXEC             02000000
#define TFD_NONBLOCK            00004000

#define TFD_IOC_SET_TICKS _IOW('T', 0, uint64_t)
