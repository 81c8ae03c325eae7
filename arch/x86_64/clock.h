/*
 * Time from the time-stamp counter; one one-shot timer per CPU.
 */
#pragma once

#include "lib/base.h"

extern u64 clock_tsc_hz;

/* Find the speed of the TSC and of the local APIC timer. Boot CPU, after apic_init(). */
void clock_calibrate(void);
void clock_init_cpu(void); /* every other CPU */

/* Nanoseconds since boot. Monotonic, the same on every CPU. Works (reads 0) before
 * clock_calibrate(). */
u64 clock_ns(void);

/* Interrupt this CPU with upcall_timer() at @deadline_ns, replacing an earlier deadline. It may
 * come early when the hardware cannot count so far: compare and arm again. Interrupts off. */
void clock_arm(u64 deadline_ns);
void clock_disarm(void);

/* Busy-wait, for device handshakes. Works before clock_calibrate() too, roughly. */
void clock_delay_us(u32 us);
