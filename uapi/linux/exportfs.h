/* Handles of name_to_handle_at(2), which Linux declares in no header that it exports; AT_HANDLE_* are
 * in <linux/fcntl.h>. */
#pragma once

#include <stdint.h>

#define MAX_HANDLE_SZ 128

#define FILEID_INO64_GEN 0x81
#define FILEID_KERNFS    0xfe
#define FILEID_INVALID   0xff

/* Upper half of handle_type: what the caller of name_to_handle_at(2) asked for. */
#define FILEID_USER_FLAGS_MASK 0xffff0000
#define FILEID_IS_CONNECTABLE  0x10000
#define FILEID_IS_DIR          0x20000

struct file_handle {
	uint32_t handle_bytes;
	int32_t handle_type;
	unsigned char f_handle[];
};
