/*
 * Device interrupts: line number to handler.
 */
#pragma once

#include "lib/base.h"

/* For ever. fn runs in interrupt context, interrupts off. -ENODEV: the machine has no such line;
 * -EBUSY: taken. */
int irq_register(unsigned int irq, void (*fn)(void *arg), void *arg) __must_check;
