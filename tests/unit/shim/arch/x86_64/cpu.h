/*
 * What a user program can do of the machine layer. Interrupts are a flag that tests may set.
 */
#pragma once

#include "lib/base.h"

__attribute__((weak)) _Thread_local bool host_irqs_off;

static inline u64 irq_save(void)
{
	u64 flags = host_irqs_off ? 0 : 0x200;

	host_irqs_off = true;
	return flags;
}

static inline void irq_restore(u64 flags)
{
	host_irqs_off = !flags;
}

static inline bool irqs_enabled(void)
{
	return !host_irqs_off;
}

static inline void irq_enable(void)
{
	host_irqs_off = false;
}

static inline void irq_disable(void)
{
	host_irqs_off = true;
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}
