/*
 * The kernel's log for programs: /dev/kmsg, /proc/kmsg, and what syslog(2) does.
 */
#pragma once

#include "fs/file.h"
#include "fs/ops.h"

void kmsg_init(void);

extern int dmesg_restrict; /* reading the log needs CAP_SYSLOG */

extern const struct file_ops kmsg_ops; /* each open reads from where it likes */
extern const struct file_ops syslog_ops; /* /proc/kmsg: all readers share one place */

/* Lines from the common place on, which moves behind them; waits for the first unless nonblock.
 * -EINTR, -EAGAIN, -EFAULT, -ENOMEM. */
long syslog_read(struct uio *uio, bool nonblock);
size_t syslog_unread(void); /* bytes that syslog_read() would give now, roughly */
