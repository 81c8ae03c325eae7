/* Follows Linux 7.3 include/uapi/linux/ioprio.h */
#pragma once

#define IOPRIO_CLASS_SHIFT 13

#define IOPRIO_PRIO_CLASS(ioprio)      ((ioprio) >> IOPRIO_CLASS_SHIFT & 7)
#define IOPRIO_PRIO_DATA(ioprio)       ((ioprio) & ((1 << IOPRIO_CLASS_SHIFT) - 1))
#define IOPRIO_PRIO_VALUE(class, data) ((class) << IOPRIO_CLASS_SHIFT | (data))

enum { IOPRIO_CLASS_NONE, IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE };

enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_WHO_PGRP, IOPRIO_WHO_USER };
