/*
 * The screen, between console.c, which keeps it, and escape.c, which decides what happens on it.
 */
#pragma once

#include "lib/base.h"

#include "drivers/console.h"

/* How characters are written. */
struct pen {
	u8 fg, bg; /* in VGA's order */
	bool is_bold, is_dim, is_underlined, is_reverse;
};
#define PEN_DEFAULT                                                                                \
	{                                                                                          \
		.fg = 7                                                                            \
	}

#define ANSWER_MAX 64

/* One terminal. Guarded by the lock in console.c, as are all functions here but where they say
 * otherwise. */
struct screen {
	u16 rows, cols;
	cell_t *line[CONSOLE_MAX_ROWS];
	u16 row, col; /* the cursor */
	u16 top, bottom; /* the region that scrolls: rows from top up to, not including, bottom */
	bool wants_wrap; /* a character was put in the last column; the next one begins a line */
	struct pen pen;
	bool wraps, inserts, shows_cursor, has_app_cursor;
	bool is_cp437; /* bytes are the display's own codes, not UTF-8 */
	bool has_tab[CONSOLE_MAX_COLS];
	char answer[ANSWER_MAX]; /* for console_take_answer() */
	size_t answer_len;
};
extern struct screen screen;

/* console.c */
void screen_put(u8 c); /* code page 437, with the pen */
void screen_move(int row, int col); /* to the nearest cell there is */
void screen_line_feed(void);
void screen_reverse_line_feed(void);
void screen_tab(void);
/* Blank from a cell up to, not including, another. */
void screen_erase(unsigned int from_row, unsigned int from_col, unsigned int to_row,
		  unsigned int to_col);
/* Lines of the region from top on move by n; blank ones come in. */
void screen_scroll_up(unsigned int top, unsigned int n);
void screen_scroll_down(unsigned int top, unsigned int n);
/* At the cursor, within its line. */
void screen_insert_cells(unsigned int n);
void screen_delete_cells(unsigned int n);

/* escape.c */
void escape_reset(void); /* everything as at the start, screen blank */
void escape_byte(u8 byte);

/* sgr.c: the parameters of one ESC [ ... m */
void escape_set_attributes(const unsigned int *params, unsigned int nr_params);

/* charset.c: the character of code page 437 that shows the Unicode character, '?' if none does.
 * Pure. */
u8 charset_from_unicode(u32 c);
/* The same for the DEC special graphics that ESC ( 0 selects. Pure. */
u8 charset_from_graphics(u8 c);
