/* What pidfds do on Pipit alone. Numbers are from a range that Linux leaves free. */
#pragma once

#include <linux/pidfd.h>

/* ioctl on a pidfd; the argument is 1 to set, 0 to clear: docs/man/pidfd_kill_on_close.2.md. */
#define PIDFD_SET_KILL_ON_CLOSE _IO(PIDFS_IOCTL_MAGIC, 0xe0)

/* struct pidfd_info.mask: asked for, it comes back if the process has the property. */
#define PIDFD_INFO_KILL_ON_CLOSE (1UL << 63)
