/*
 * /dev/null and its kin, and the kernel's random numbers.
 */
#pragma once

#include "lib/base.h"

/* n unpredictable bytes. Any context but interrupts; never sleeps, never fails. */
void random_bytes(void *out, size_t n);
/* Stirs what the caller knows and an attacker may not into the generator. */
void random_stir(const void *seed, size_t n);

void random_init(void);
void mem_init(void);
