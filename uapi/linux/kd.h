/* Follows Linux 7.3 include/uapi/linux/kd.h */
#pragma once

#define KDMKTONE    0x4B30
#define KDGKBTYPE   0x4B33
#define KB_101	    0x02
#define KDSETMODE   0x4B3A
#define KDGETMODE   0x4B3B
#define KD_TEXT	    0x00
#define KD_GRAPHICS 0x01
#define KDGKBMODE   0x4B44
#define KDSKBMODE   0x4B45
#define K_RAW	    0x00
#define K_XLATE	    0x01
#define K_MEDIUMRAW 0x02
#define K_UNICODE   0x03
