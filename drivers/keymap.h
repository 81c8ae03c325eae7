/*
 * From the scan codes of a US keyboard to what the "linux" terminal sends.
 */
#pragma once

#include "lib/base.h"

#define KEYMAP_MAX_BYTES 8

/* Which keys are down, and which locks are on. All zero: the start. */
struct keymap {
	bool is_shift[2], is_ctrl[2], is_alt[2]; /* left, right */
	bool has_caps_lock, has_num_lock;
	bool is_caps_down, is_num_down; /* these keys repeat, too */
	bool is_extended; /* the last byte was 0xe0 */
	u8 skip; /* bytes left of the Pause key's sequence */
};

/**
 * keymap_scan - one byte from the keyboard, scan code set 1.
 * @has_app_cursor: cursor keys send ESC O instead of ESC [.
 * @out: KEYMAP_MAX_BYTES bytes. Returns how many are to be sent, maybe 0. Pure but for *map.
 */
size_t keymap_scan(struct keymap *map, u8 code, bool has_app_cursor, u8 *out);
