/*
 * The thread pointer: FS holds the address of the thread's block, whose first word is itself.
 * Thread-local variables lie just below it (variant II of the ELF TLS document).
 */
#pragma once

static inline void *thread_pointer(void)
{
	void *self;

	__asm__("mov %%fs:0, %0" : "=r"(self));
	return self;
}
