/*
 * What the kernel and a server that core_pattern names as "@@path" say to each other: the kernel
 * sends a request, the server an acknowledgement, the kernel a mark and then the dump.
 */
#pragma once

#include <stdint.h>

/* What can be done about a dump: in coredump_req.mask all that may be asked for, in
 * coredump_ack.mask what is. */
#define COREDUMP_KERNEL    (1ULL << 0) /* the kernel writes it to the socket */
#define COREDUMP_USERSPACE (1ULL << 1) /* the server makes one itself */
#define COREDUMP_REJECT    (1ULL << 2) /* none */
#define COREDUMP_WAIT      (1ULL << 3) /* the process stays until the server closes the socket */

struct coredump_req {
	uint32_t size;
	uint32_t size_ack; /* the largest coredump_ack that is understood */
	uint64_t mask;
};
#define COREDUMP_REQ_SIZE_VER0 16U

struct coredump_ack {
	uint32_t size;
	uint32_t spare; /* 0 */
	uint64_t mask;
};
#define COREDUMP_ACK_SIZE_VER0 16U

/* Four bytes: what became of the acknowledgement. */
enum coredump_mark {
	COREDUMP_MARK_REQACK, /* accepted */
	COREDUMP_MARK_MINSIZE, /* too small */
	COREDUMP_MARK_MAXSIZE, /* too large */
	COREDUMP_MARK_UNSUPPORTED, /* asks for what is not known */
	COREDUMP_MARK_CONFLICTING /* asks for two things at once */
};
