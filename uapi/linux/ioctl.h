/* Follows Linux 7.3 include/uapi/asm-generic/ioctl.h */
#pragma once

/* 8 bits number, 8 bits type, 14 bits size, 2 bits direction. */
#define _IOC_NONE  0U
#define _IOC_WRITE 1U
#define _IOC_READ  2U

#define _IOC_NRBITS   8
#define _IOC_TYPEBITS 8
#define _IOC_SIZEBITS 14
#define _IOC_DIRBITS  2

#define _IOC_NRSHIFT   0
#define _IOC_TYPESHIFT 8
#define _IOC_SIZESHIFT 16
#define _IOC_DIRSHIFT  30

#define _IOC(dir, type, nr, size)                                                                  \
	(((dir) << 30) | ((unsigned int)(size) << 16) | ((type) << 8) | (nr))
#define _IO(type, nr)        _IOC(_IOC_NONE, type, nr, 0)
#define _IOR(type, nr, arg)  _IOC(_IOC_READ, type, nr, sizeof(arg))
#define _IOW(type, nr, arg)  _IOC(_IOC_WRITE, type, nr, sizeof(arg))
#define _IOWR(type, nr, arg) _IOC(_IOC_READ | _IOC_WRITE, type, nr, sizeof(arg))

#define _IOC_NR(cmd)   ((cmd)&0xff)
#define _IOC_TYPE(cmd) (((cmd) >> 8) & 0xff)
#define _IOC_SIZE(cmd) (((cmd) >> 16) & 0x3fff)
#define _IOC_DIR(cmd)  (((cmd) >> 30) & 3)
