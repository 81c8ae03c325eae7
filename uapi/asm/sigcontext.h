/* Follows Linux 7.3 arch/x86/include/uapi/asm/sigcontext.h */
#pragma once

#include <stdint.h>

/* Found in the software-reserved bytes when the frame holds a full XSAVE image. */
#define FP_XSTATE_MAGIC1      0x46505853U
#define FP_XSTATE_MAGIC2      0x46505845U
#define FP_XSTATE_MAGIC2_SIZE sizeof(uint32_t)

struct _fpx_sw_bytes {
	uint32_t magic1; /* FP_XSTATE_MAGIC1, or no extended state follows */
	uint32_t extended_size; /* of the image and the MAGIC2 word behind it */
	uint64_t xfeatures;
	uint32_t xstate_size;
	uint32_t padding[7];
};

/* The FXSAVE image. */
struct _fpstate {
	uint16_t cwd;
	uint16_t swd;
	uint16_t twd;
	uint16_t fop;
	uint64_t rip;
	uint64_t rdp;
	uint32_t mxcsr;
	uint32_t mxcsr_mask;
	uint32_t st_space[32];
	uint32_t xmm_space[64];
	uint32_t reserved2[12];
	union {
		uint32_t reserved3[12];
		struct _fpx_sw_bytes sw_reserved;
	};
};

struct _header {
	uint64_t xfeatures;
	uint64_t reserved1[2];
	uint64_t reserved2[5];
};

struct _ymmh_state {
	uint32_t ymmh_space[64];
};

struct _xstate {
	struct _fpstate fpstate;
	struct _header xstate_hdr;
	struct _ymmh_state ymmh;
};

struct sigcontext {
	uint64_t r8;
	uint64_t r9;
	uint64_t r10;
	uint64_t r11;
	uint64_t r12;
	uint64_t r13;
	uint64_t r14;
	uint64_t r15;
	uint64_t rdi;
	uint64_t rsi;
	uint64_t rbp;
	uint64_t rbx;
	uint64_t rdx;
	uint64_t rax;
	uint64_t rcx;
	uint64_t rsp;
	uint64_t rip;
	uint64_t eflags;
	uint16_t cs;
	uint16_t gs;
	uint16_t fs;
	uint16_t ss;
	uint64_t err;
	uint64_t trapno;
	uint64_t oldmask;
	uint64_t cr2;
	struct _fpstate *fpstate;
	uint64_t reserved1[8];
};
