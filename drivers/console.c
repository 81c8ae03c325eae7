/*
 * The display as a terminal.
 *
 * Owns: the cells of the screen as programs and kernel messages made them (line), as the display
 *   shows them (shown), and the state of the one terminal there is. flush() draws the difference
 *   of the two: scrolling a framebuffer costs only the cells that differ, and lines that come and
 *   go between two flushes cost nothing. Parts: this file knows the screen: cells, cursor,
 *   scrolling, locks. drivers/escape.c and sgr.c know the bytes, and act on the screen through
 *   drivers/console_internal.h.
 * Locks: screen_lock guards everything here. Kernel messages come in any context, with the log's
 *   lock held, so they only try it, for a while: who holds it on another CPU might be waiting to
 *   print.
 * Callers: drivers/vt.c for programs, printk for the kernel.
 * Not here: keyboard input, the tty.
 */
#include "drivers/console.h"
#include "drivers/console_internal.h"

#include "lib/string.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/cpu.h"

#include "kernel/debug/panic.h"
#include "kernel/sync/spinlock.h"

#define CHUNK_BYTES 1024ul /* written between two looks at the interrupts */
#define TRY_SPINS   200000 /* a flush of the whole screen takes less */

struct screen screen;

static struct spinlock screen_lock = SPINLOCK_INIT(RANK_DEVICE);
static const struct display_ops *display;
static cell_t storage[CONSOLE_MAX_ROWS][CONSOLE_MAX_COLS];
static cell_t shown[CONSOLE_MAX_ROWS][CONSOLE_MAX_COLS];
static bool is_dirty[CONSOLE_MAX_ROWS];
static struct {
	u16 row, col;
	bool is_visible;
} shown_cursor;

/* ---- cells */

static cell_t blank_cell(void)
{
	return CELL(' ', screen.pen.bg << 4 | screen.pen.fg);
}

static void fill(unsigned int row, unsigned int from, unsigned int to)
{
	cell_t blank = blank_cell();

	for (unsigned int col = from; col < to; col++)
		screen.line[row][col] = blank;
	is_dirty[row] = true;
}

void screen_erase(unsigned int from_row, unsigned int from_col, unsigned int to_row,
		  unsigned int to_col)
{
	for (unsigned int row = from_row; row <= to_row; row++)
		fill(row, row == from_row ? from_col : 0, row == to_row ? to_col : screen.cols);
}

static void swap_lines(unsigned int a, unsigned int b)
{
	cell_t *line = screen.line[a];

	screen.line[a] = screen.line[b];
	screen.line[b] = line;
}

void screen_scroll_up(unsigned int top, unsigned int n)
{
	unsigned int height = screen.bottom - top;

	n = MIN(n, height);
	for (unsigned int row = top; row + n < screen.bottom; row++)
		swap_lines(row, row + n);
	for (unsigned int row = top; row < screen.bottom; row++)
		is_dirty[row] = true;
	for (unsigned int row = screen.bottom - n; row < screen.bottom; row++)
		fill(row, 0, screen.cols);
}

void screen_scroll_down(unsigned int top, unsigned int n)
{
	unsigned int height = screen.bottom - top;

	n = MIN(n, height);
	for (unsigned int row = screen.bottom; row-- > top + n;)
		swap_lines(row, row - n);
	for (unsigned int row = top; row < screen.bottom; row++)
		is_dirty[row] = true;
	for (unsigned int row = top; row < top + n; row++)
		fill(row, 0, screen.cols);
}

void screen_insert_cells(unsigned int n)
{
	cell_t *line = screen.line[screen.row];

	n = MIN(n, (unsigned int)screen.cols - screen.col);
	memmove(line + screen.col + n, line + screen.col,
		(screen.cols - screen.col - n) * sizeof(cell_t));
	fill(screen.row, screen.col, screen.col + n);
}

void screen_delete_cells(unsigned int n)
{
	cell_t *line = screen.line[screen.row];

	n = MIN(n, (unsigned int)screen.cols - screen.col);
	memmove(line + screen.col, line + screen.col + n,
		(screen.cols - screen.col - n) * sizeof(cell_t));
	fill(screen.row, screen.cols - n, screen.cols);
}

/* ---- cursor */

void screen_move(int row, int col)
{
	int last_row = screen.rows - 1, last_col = screen.cols - 1;

	row = MIN(row, last_row);
	col = MIN(col, last_col);
	screen.row = MAX(row, 0);
	screen.col = MAX(col, 0);
	screen.wants_wrap = false;
}

void screen_line_feed(void)
{
	if (screen.row + 1 == screen.bottom)
		screen_scroll_up(screen.top, 1);
	else if (screen.row + 1 < screen.rows)
		screen.row++;
	screen.wants_wrap = false;
}

void screen_reverse_line_feed(void)
{
	if (screen.row == screen.top)
		screen_scroll_down(screen.top, 1);
	else if (screen.row)
		screen.row--;
	screen.wants_wrap = false;
}

void screen_tab(void)
{
	unsigned int col = screen.col;

	do
		col++;
	while (col + 1 < screen.cols && !screen.has_tab[col]);
	screen_move(screen.row, (int)col);
}

static void put(u8 c, u8 attr)
{
	if (screen.wants_wrap && screen.wraps) {
		screen.col = 0;
		screen_line_feed();
	}
	if (screen.inserts)
		screen_insert_cells(1);
	screen.line[screen.row][screen.col] = CELL(c, attr);
	is_dirty[screen.row] = true;
	if (screen.col + 1 < screen.cols)
		screen.col++;
	else
		screen.wants_wrap = true;
}

static u8 pen_attr(const struct pen *pen)
{
	u8 fg = pen->fg, bg = pen->bg;

	if (pen->is_underlined)
		fg = 3; /* no display underlines: cyan, as Linux has it */
	else if (pen->is_dim)
		fg = 8;
	if (pen->is_bold)
		fg |= 8;
	return pen->is_reverse ? (fg & 7) << 4 | (bg | (fg & 8)) : bg << 4 | fg;
}

void screen_put(u8 c)
{
	put(c, pen_attr(&screen.pen));
}

/* ---- the display */

/* A run of differing cells at a time. */
static void draw_row(unsigned int row)
{
	const cell_t *line = screen.line[row];
	unsigned int col = 0, from;

	while (col < screen.cols) {
		if (line[col] == shown[row][col]) {
			col++;
			continue;
		}
		for (from = col; col < screen.cols && line[col] != shown[row][col]; col++)
			shown[row][col] = line[col];
		display->draw(row, from, line + from, col - from);
	}
}

static void flush(void)
{
	/* The old place of the cursor counts as a cell that differs. */
	if (shown_cursor.is_visible) {
		u16 row = shown_cursor.row, col = shown_cursor.col;

		shown[row][col] = (cell_t)~screen.line[row][col];
		is_dirty[row] = true;
	}
	for (unsigned int row = 0; row < screen.rows; row++) {
		if (is_dirty[row])
			draw_row(row);
		is_dirty[row] = false;
	}
	shown_cursor.row = screen.row;
	shown_cursor.col = screen.col;
	shown_cursor.is_visible = screen.shows_cursor;
	display->cursor(screen.row, screen.col, screen.line[screen.row][screen.col],
			screen.shows_cursor);
}

void console_attach(const struct display_ops *new_display)
{
	u64 irqflags = spin_lock_irqsave(&screen_lock);

	display = new_display;
	screen.rows = MIN(display->rows, CONSOLE_MAX_ROWS);
	screen.cols = MIN(display->cols, CONSOLE_MAX_COLS);
	for (unsigned int row = 0; row < CONSOLE_MAX_ROWS; row++)
		screen.line[row] = storage[row];
	memset(shown, 0xff, sizeof(shown));
	shown_cursor.is_visible = false;
	escape_reset();
	flush();
	spin_unlock_irqrestore(&screen_lock, irqflags);
}

bool console_has_display(void)
{
	return display;
}

void console_size(u16 *rows, u16 *cols)
{
	*rows = screen.rows;
	*cols = screen.cols;
}

/* ---- output */

void console_write(const void *text, size_t len)
{
	const u8 *bytes = text;

	while (display && len) {
		size_t n = MIN(len, CHUNK_BYTES);
		u64 irqflags = spin_lock_irqsave(&screen_lock);

		for (size_t i = 0; i < n; i++)
			escape_byte(bytes[i]);
		spin_unlock_irqrestore(&screen_lock, irqflags);
		bytes += n;
		len -= n;
	}
}

void console_flush(void)
{
	u64 irqflags = spin_lock_irqsave(&screen_lock);

	if (display)
		flush();
	spin_unlock_irqrestore(&screen_lock, irqflags);
}

static void print(const char *text, size_t len)
{
	struct pen pen = screen.pen;
	bool inserts = screen.inserts, wraps = screen.wraps;

	screen.pen = (struct pen)PEN_DEFAULT; /* a line that scrolls in is black, too */
	screen.inserts = false;
	screen.wraps = true;
	for (size_t i = 0; i < len; i++) {
		u8 c = text[i];

		if (c == '\n') {
			screen_line_feed();
			screen_move(screen.row, 0);
		} else if (c == '\t') {
			screen_tab();
		} else {
			put(c >= ' ' && c < 0x7f ? c : '?', pen_attr(&screen.pen));
		}
	}
	screen.pen = pen;
	screen.inserts = inserts;
	screen.wraps = wraps;
	flush();
}

void console_print(const char *text, size_t len)
{
	u64 irqflags = irq_save();
	bool is_locked = false;

	for (int i = 0; i < TRY_SPINS && !is_locked; i++) {
		is_locked = spin_trylock(&screen_lock);
		if (!is_locked)
			cpu_relax();
	}
	if (display && (is_locked || panic_in_progress))
		print(text, len);
	if (is_locked)
		spin_unlock(&screen_lock);
	irq_restore(irqflags);
}

size_t console_take_answer(void *buf, size_t n)
{
	u64 irqflags = spin_lock_irqsave(&screen_lock);

	n = MIN(n, screen.answer_len);
	memcpy(buf, screen.answer, n);
	screen.answer_len -= n;
	memmove(screen.answer, screen.answer + n, screen.answer_len);
	spin_unlock_irqrestore(&screen_lock, irqflags);
	return n;
}

/* Without the lock: who wrote the request has seen its answer. */
bool console_has_answer(void)
{
	return READ_ONCE(screen.answer_len);
}

bool console_app_cursor(void)
{
	return READ_ONCE(screen.has_app_cursor);
}
