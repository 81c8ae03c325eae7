/*
 * The display as a terminal: what "linux" in TERM means, over whichever display there is.
 */
#pragma once

#include "lib/base.h"

/* A cell as VGA has it: a character of code page 437, and in the high byte foreground (low four
 * bits) and background (high four bits), colours in VGA's order: bit 0 blue, 1 green, 2 red, 3
 * bright. */
typedef u16 cell_t;
#define CELL(c, attr)   ((cell_t)((u8)(c) | (attr) << 8))
#define CELL_CHAR(cell) ((u8)(cell))
#define CELL_FG(cell)   ((cell) >> 8 & 15)
#define CELL_BG(cell)   ((cell) >> 12)

#define CONSOLE_MAX_ROWS 68
#define CONSOLE_MAX_COLS 240

/* What shows cells. Called with the console's lock held and interrupts off. */
struct display_ops {
	const char *name;
	u16 rows, cols; /* at most CONSOLE_MAX_ROWS, CONSOLE_MAX_COLS */
	/* n cells from (row, col) on, within the row, are now these; none of them shows the cursor.
	 */
	void (*draw)(unsigned int row, unsigned int col, const cell_t *cells, unsigned int n);
	/* The cursor is here now, on this cell; is_visible false: nowhere. */
	void (*cursor)(unsigned int row, unsigned int col, cell_t cell, bool is_visible);
};

/* Use this display, cleared. Once, before other CPUs run. @display stays. */
void console_attach(const struct display_ops *display);
bool console_has_display(void);
void console_size(u16 *rows, u16 *cols); /* 0, 0 without a display */

/* Output of a program: text and escape sequences. The display shows it with the next flush.
 * Context: any; EXCLUDES every lock of rank DEVICE or above. */
void console_write(const void *text, size_t len);
void console_flush(void);

/* Output of the kernel: never touches a sequence half received, adds the carriage returns. Context:
 * any. Gives up rather than wait long for the lock, unless the kernel panics: then it writes
 * without. */
void console_print(const char *text, size_t len);

/* What the terminal has to say to the program (answers to ESC [ 6 n and the like): takes up to n
 * bytes. */
size_t console_take_answer(void *buf, size_t n);
bool console_has_answer(void);

/* Programs asked for the cursor keys' application codes (ESC [ ? 1 h). */
bool console_app_cursor(void);

/* The backends: display_ops if the machine has that display, else NULL. */
const struct display_ops *vgatext_probe(void);
/* @may_map: device memory can be mapped; before that, only a framebuffer below 4 GiB is reachable.
 */
const struct display_ops *fbcon_probe(bool may_map);
