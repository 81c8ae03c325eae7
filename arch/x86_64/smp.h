/*
 * Starting the application processors.
 */
#pragma once

#include "lib/base.h"

#include "arch/x86_64/memlayout.h"

/**
 * smp_start - start the other CPUs the firmware lists, one after the other.
 * @max_cpus: 0 means all; 1 means none but the boot CPU.
 * @entry: runs on each with its percpu block, stack, clock and local APIC ready, interrupts off,
 *         and no current thread (see arch_thread_adopt()). Must not return.
 * Sets nr_cpus. A CPU that does not answer is left out. Context: boot CPU, before
 * anybody arms its timer; memory is allocatable.
 */
void smp_start(unsigned int max_cpus, void (*entry)(unsigned int cpu));

/* Four pages below 1 MiB for the trampoline, found by the boot code. 0: none, so no other CPUs. */
extern phys_addr smp_trampoline_pa;
