/*
 * Thread-local storage of a static program.
 *
 * The linker left an image of the initial values (PT_TLS). Each thread gets a copy that ends at
 * its thread block; the compiler addresses variables by negative offsets from FS. The offset of
 * the copy is the size of the image, rounded up to its alignment.
 */
#include <asm/prctl.h>
#include <linux/auxvec.h>
#include <linux/mman.h>

#include "lib/elf.h"
#include "libc/src/libc.h"
#include "libc/src/thread/thread.h"

void *memcpy(void *to, const void *from, size_t n);

enum { PT_TLS = 7 };

static struct {
	const void *image;
	size_t image_size;
	size_t size; /* with the zeroes, rounded up to the alignment */
	size_t align;
} tls = { .align = 64 };

static unsigned long aux(unsigned long type)
{
	for (unsigned long *entry = libc_auxv; entry[0]; entry += 2)
		if (entry[0] == type)
			return entry[1];
	return 0;
}

static void find_image(void)
{
	const char *header = (const char *)aux(AT_PHDR);

	for (unsigned long n = aux(AT_PHNUM); n > 0; n--, header += aux(AT_PHENT)) {
		const struct elf64_phdr *phdr = (const void *)header;

		if (phdr->type != PT_TLS)
			continue;
		if (phdr->align > tls.align)
			tls.align = phdr->align;
		tls.image = (const void *)phdr->vaddr;
		tls.image_size = phdr->filesz;
		tls.size = (phdr->memsz + phdr->align - 1) & -phdr->align;
	}
}

size_t libc_thread_size(void)
{
	return tls.size + sizeof(struct libc_thread) + 2 * tls.align;
}

struct libc_thread *libc_thread_place(void *memory, size_t size)
{
	unsigned long end = (unsigned long)memory + size;
	unsigned long at = (end - sizeof(struct libc_thread)) & -tls.align;
	struct libc_thread *thread = (void *)at;

	memcpy((void *)(at - tls.size), tls.image, tls.image_size);
	thread->self = thread;
	return thread;
}

void libc_tls_init(void)
{
	const unsigned long *random;
	struct libc_thread *thread;
	size_t size;
	long memory;

	find_image();
	random = (const unsigned long *)aux(AT_RANDOM);
	size = (libc_thread_size() + 4095) & -4096UL;
	memory =
		RAW(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory < 0)
		RAW(__NR_exit_group, 127);
	thread = libc_thread_place((void *)memory, size);
	if (random)
		thread->canary = random[0] & ~0xffUL; /* a NUL stops string overruns */
	thread->tid = (int)RAW(__NR_set_tid_address, &thread->tid);
	RAW(__NR_arch_prctl, ARCH_SET_FS, thread);
}
