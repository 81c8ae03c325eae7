/*
 * Device interrupts: line number to handler.
 */
#pragma once

#include "lib/base.h"

/* For ever. fn runs in interrupt context, interrupts off. -ENODEV: the machine has no such line;
 * -EBUSY: taken. */
int irq_register(unsigned int irq, const char *name, void (*fn)(void *arg), void *arg) __must_check;

const char *irq_name(unsigned int irq); /* whose line it is; NULL: nobody's */
