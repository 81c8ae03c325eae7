/*
 * What a user program can do of the machine layer: interrupts are always "on".
 */
#pragma once

#include "lib/base.h"

static inline u64 irq_save(void)
{
	return 0;
}

static inline void irq_restore(u64 flags)
{
}

static inline bool irqs_enabled(void)
{
	return true;
}

static inline void irq_enable(void)
{
}

static inline void irq_disable(void)
{
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}
