// sources: lib/cpio.c
/*
 * Any bytes as a cpio archive: must not be read out of bounds, and reading must end.
 */
#include <stdlib.h>

#include "lib/cpio.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct cpio_reader r;
	struct cpio_entry e;
	volatile u8 sink = 0;

	cpio_init(&r, data, size);
	do {
		while (cpio_next(&r, &e) > 0) {
			if (e.name[e.name_len])
				abort();
			for (size_t i = 0; i < e.size; i++)
				sink += e.data[i];
		}
	} while (r.pos && cpio_skip_padding(&r) && cpio_next(&r, &e) > 0);
	return 0;
}
