/*
 * What tests may ask of the allocator beside kernel/mm/slab.h.
 */
#pragma once

/* Objects and pages that are allocated now. */
long host_live(void);
void host_count_live(long n); /* adds */
