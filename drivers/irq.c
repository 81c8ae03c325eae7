/*
 * Device interrupts: one handler a line, set up at boot.
 *
 * Locks: none. A handler is written before its line is unmasked and never changes afterwards.
 */
#include "drivers/irq.h"

#include <linux/errno.h>

#include "arch/x86_64/apic.h"
#include "arch/x86_64/upcalls.h"

static struct irq_handler {
	const char *name;
	void (*fn)(void *arg);
	void *arg;
} handlers[NR_IRQS];

int irq_register(unsigned int irq, const char *name, void (*fn)(void *arg), void *arg)
{
	int err;

	if (irq >= NR_IRQS)
		return -ENODEV;
	if (handlers[irq].fn)
		return -EBUSY;
	err = irq_route(irq);
	if (err)
		return err;
	handlers[irq] = (struct irq_handler){ name, fn, arg };
	irq_unmask(irq);
	return 0;
}

const char *irq_name(unsigned int irq)
{
	return irq < NR_IRQS ? handlers[irq].name : NULL;
}

void upcall_irq(unsigned int irq)
{
	if (irq < NR_IRQS && handlers[irq].fn)
		handlers[irq].fn(handlers[irq].arg);
}
