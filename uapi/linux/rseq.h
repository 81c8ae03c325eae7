/* Follows Linux 7.3 include/uapi/linux/rseq.h */
#pragma once

#include <stdint.h>

#define RSEQ_CPU_ID_UNINITIALIZED       (-1)
#define RSEQ_CPU_ID_REGISTRATION_FAILED (-2)
#define RSEQ_FLAG_UNREGISTER            (1 << 0)

struct rseq_cs {
	uint32_t version;
	uint32_t flags;
	uint64_t start_ip;
	uint64_t post_commit_offset;
	uint64_t abort_ip;
} __attribute__((aligned(32)));

struct rseq {
	uint32_t cpu_id_start;
	uint32_t cpu_id;
	uint64_t rseq_cs;
	uint32_t flags;
	uint32_t node_id;
	uint32_t mm_cid;
	uint32_t __reserved;
} __attribute__((aligned(32)));
