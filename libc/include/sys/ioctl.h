/* Commands to devices. */
#pragma once

#include <linux/ioctl.h>
#include <linux/ioctls.h>
#include <linux/sockios.h>
#include <linux/termios.h>

int ioctl(int fd, unsigned long request, ...);
