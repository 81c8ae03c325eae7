/* The types of POSIX. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

typedef unsigned int useconds_t;
typedef unsigned int id_t;
typedef void *timer_t;
typedef unsigned long fsblkcnt_t;
typedef unsigned long fsfilcnt_t;

typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
typedef uint8_t u_int8_t;
typedef uint16_t u_int16_t;
typedef uint32_t u_int32_t;
typedef uint64_t u_int64_t;
