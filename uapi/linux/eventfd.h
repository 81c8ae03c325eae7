/* Follows Linux 7.3 include/uapi/linux/eventfd.h */
#pragma once

#define EFD_SEMAPHORE 00000001
#define EFD_CLOEXEC   02000000
#define EFD_NONBLOCK  00004000
