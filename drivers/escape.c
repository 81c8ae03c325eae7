/*
 * What the bytes written to the terminal mean: the "linux" entry of terminfo, that is a VT102 with
 * colours.
 *
 * Owns: the state of the parser (what a sequence has brought so far), the part of the terminal's
 *   state that only sequences read, and the saved cursor. A sequence that is not known is consumed
 *   whole and has no effect. Control characters inside one act at once, and CAN, SUB and ESC
 *   abandon it, as on the VT100.
 * Locks: console.c's, held by every caller.                        Follows: console_codes(4)
 */
#include "drivers/console_internal.h"

#include "lib/fmt.h"
#include "lib/string.h"

#define ESC        0x1b
#define PARAMS_MAX 16
#define PARAM_MAX  9999

enum state {
	GROUND,
	ESCAPE,
	CSI,
	CHARSET, /* ESC ( and ESC ): one byte follows */
	IGNORE_ONE, /* ESC % and the like: one byte follows */
	LINUX_FUNCTION, /* ESC [ [ : one byte follows */
	STRING, /* until BEL or ESC \ */
	OSC, /* ESC ] : the first byte tells which */
	PALETTE, /* ESC ] P: seven digits */
};

struct place {
	u16 row, col;
	struct pen pen;
	bool has_graphics[2], is_origin;
	u8 charset;
};

static enum state state;
static unsigned int params[PARAMS_MAX];
static unsigned int nr_params;
static u8 prefix; /* '?', '>' ... of a CSI sequence, or 0 */
static bool is_odd_csi; /* it has intermediate characters: no sequence this terminal has */
static u8 charset_slot;
static u8 digits_left;
static u32 utf8_char, utf8_min;
static u8 utf8_left;
static u8 last_put;

static struct {
	bool has_graphics[2]; /* for G0 and G1: DEC's special graphics */
	u8 charset; /* which of the two is in use */
	bool is_origin; /* rows count from the top of the region */
	bool has_newline; /* a line feed also returns the carriage */
} mode;
static struct place saved;

/* ---- actions */

static void save_cursor(void)
{
	saved = (struct place){ screen.row,     screen.col,
				screen.pen,     { mode.has_graphics[0], mode.has_graphics[1] },
				mode.is_origin, mode.charset };
}

static void restore_cursor(void)
{
	screen.pen = saved.pen;
	mode.has_graphics[0] = saved.has_graphics[0];
	mode.has_graphics[1] = saved.has_graphics[1];
	mode.is_origin = saved.is_origin;
	mode.charset = saved.charset;
	screen_move(saved.row, saved.col);
}

void escape_reset(void)
{
	state = GROUND;
	utf8_left = 0;
	last_put = ' ';
	memset(&mode, 0, sizeof(mode));
	screen.pen = (struct pen)PEN_DEFAULT;
	screen.top = 0;
	screen.bottom = screen.rows;
	screen.wraps = true;
	screen.inserts = false;
	screen.shows_cursor = true;
	screen.has_app_cursor = false;
	screen.is_cp437 = false;
	for (unsigned int col = 0; col < CONSOLE_MAX_COLS; col++)
		screen.has_tab[col] = col && col % 8 == 0;
	screen_move(0, 0);
	save_cursor();
	screen_erase(0, 0, screen.rows - 1, screen.cols);
}

/* An answer that does not fit is lost whole: nobody reads them. */
static void answer(const char *text)
{
	size_t len = strlen(text);

	if (len > ANSWER_MAX - screen.answer_len)
		return;
	memcpy(screen.answer + screen.answer_len, text, len);
	screen.answer_len += len;
}

static void report_cursor(void)
{
	char text[24];
	int row = screen.row - (mode.is_origin ? screen.top : 0);

	snprintf(text, sizeof(text), "\033[%d;%dR", row + 1, screen.col + 1);
	answer(text);
}

/* Absolute, but within the region in origin mode. */
static void move_to(int row, int col)
{
	if (mode.is_origin)
		row = MIN(row + screen.top, screen.bottom - 1);
	screen_move(row, col);
}

/* Up and down stop at the edges of the region if they begin inside. */
static void move_rows(int n)
{
	int row = screen.row + n;

	if (n < 0 && screen.row >= screen.top)
		row = MAX(row, (int)screen.top);
	if (n > 0 && screen.row < screen.bottom)
		row = MIN(row, screen.bottom - 1);
	screen_move(row, screen.col);
}

/* The n-th parameter, where a missing one and zero mean `usual`. */
static int param(unsigned int n, int usual)
{
	return n < nr_params && params[n] ? (int)params[n] : usual;
}

static void erase_display(int what)
{
	unsigned int last = screen.rows - 1;

	if (what == 0)
		screen_erase(screen.row, screen.col, last, screen.cols);
	else if (what == 1)
		screen_erase(0, 0, screen.row, screen.col + 1);
	else if (what <= 3)
		screen_erase(0, 0, last, screen.cols);
	screen.wants_wrap = false;
}

static void erase_line(int what)
{
	unsigned int from = what == 0 ? screen.col : 0;
	unsigned int to = what == 1 ? screen.col + 1u : screen.cols;

	if (what <= 2)
		screen_erase(screen.row, from, screen.row, to);
	screen.wants_wrap = false;
}

static void erase_chars(unsigned int n)
{
	unsigned int to = MIN(screen.col + n, (unsigned int)screen.cols);

	screen_erase(screen.row, screen.col, screen.row, to);
	screen.wants_wrap = false;
}

static void insert_or_delete_lines(unsigned int n, bool is_delete)
{
	if (screen.row < screen.top || screen.row >= screen.bottom)
		return;
	if (is_delete)
		screen_scroll_up(screen.row, n);
	else
		screen_scroll_down(screen.row, n);
	screen_move(screen.row, 0);
}

static void set_region(int top, int bottom)
{
	if (bottom > screen.rows)
		bottom = screen.rows;
	if (top >= bottom)
		return;
	screen.top = top - 1;
	screen.bottom = bottom;
	move_to(0, 0);
}

static void clear_tabs(int what)
{
	if (what == 0)
		screen.has_tab[screen.col] = false;
	else if (what == 3 || what == 5)
		memset(screen.has_tab, 0, sizeof(screen.has_tab));
}

/* ---- ESC [ */

static void set_mode(unsigned int what, bool is_on)
{
	switch (what) {
	case 4:
		screen.inserts = is_on;
		break;
	case 20:
		mode.has_newline = is_on;
		break;
	}
}

/* Of ?1049 and its kin there is only the cursor: one screen serves all. */
static void set_private_mode(unsigned int what, bool is_on)
{
	switch (what) {
	case 1:
		screen.has_app_cursor = is_on;
		break;
	case 6:
		mode.is_origin = is_on;
		move_to(0, 0);
		break;
	case 7:
		screen.wraps = is_on;
		break;
	case 25:
		screen.shows_cursor = is_on;
		break;
	case 1048:
	case 1049:
		if (is_on)
			save_cursor();
		else
			restore_cursor();
		break;
	}
}

static void set_modes(bool is_on)
{
	for (unsigned int n = 0; n < nr_params; n++) {
		if (prefix == '?')
			set_private_mode(params[n], is_on);
		else if (!prefix)
			set_mode(params[n], is_on);
	}
}

static bool csi_move(u8 final)
{
	int n = param(0, 1);

	switch (final) {
	case 'A':
		move_rows(-n);
		return true;
	case 'B':
	case 'e':
		move_rows(n);
		return true;
	case 'C':
	case 'a':
		screen_move(screen.row, screen.col + n);
		return true;
	case 'D':
		screen_move(screen.row, screen.col - n);
		return true;
	case 'E':
		move_rows(n);
		screen_move(screen.row, 0);
		return true;
	case 'F':
		move_rows(-n);
		screen_move(screen.row, 0);
		return true;
	case 'G':
	case '`':
		screen_move(screen.row, n - 1);
		return true;
	case 'd':
		move_to(n - 1, screen.col);
		return true;
	case 'H':
	case 'f':
		move_to(n - 1, param(1, 1) - 1);
		return true;
	case 's':
		save_cursor();
		return true;
	case 'u':
		restore_cursor();
		return true;
	}
	return false;
}

static bool csi_edit(u8 final)
{
	unsigned int n = param(0, 1);

	switch (final) {
	case 'J':
		erase_display(param(0, 0));
		return true;
	case 'K':
		erase_line(param(0, 0));
		return true;
	case 'L':
	case 'M':
		insert_or_delete_lines(n, final == 'M');
		return true;
	case 'P':
		screen_delete_cells(n);
		return true;
	case '@':
		screen_insert_cells(n);
		return true;
	case 'X':
		erase_chars(n);
		return true;
	case 'S':
		screen_scroll_up(screen.top, n);
		return true;
	case 'T':
		screen_scroll_down(screen.top, n);
		return true;
	case 'b':
		for (n = MIN(n, (unsigned int)screen.rows * screen.cols); n; n--)
			screen_put(last_put);
		return true;
	}
	return false;
}

static void csi_other(u8 final)
{
	switch (final) {
	case 'm':
		escape_set_attributes(params, nr_params);
		break;
	case 'r':
		set_region(param(0, 1), param(1, screen.rows));
		break;
	case 'g':
		clear_tabs(param(0, 0));
		break;
	case 'c':
		if (!param(0, 0))
			answer("\033[?6c"); /* a VT102 */
		break;
	case 'n':
		if (param(0, 0) == 5)
			answer("\033[0n");
		else if (param(0, 0) == 6)
			report_cursor();
		break;
	}
}

static void csi_end(u8 final)
{
	if (is_odd_csi)
		return;
	if (final == 'h' || final == 'l')
		set_modes(final == 'h');
	else if (!prefix && !csi_move(final) && !csi_edit(final))
		csi_other(final);
}

static void csi_byte(u8 c)
{
	if (c >= '0' && c <= '9') {
		unsigned int *p = &params[nr_params - 1];

		*p = MIN(*p * 10 + (c - '0'), (unsigned int)PARAM_MAX);
	} else if (c == ';' || c == ':') {
		if (nr_params < PARAMS_MAX)
			params[nr_params++] = 0;
	} else if (c >= '<' && c <= '?') {
		prefix = c;
	} else if (c == '[' && nr_params == 1 && !params[0] && !prefix) {
		state = LINUX_FUNCTION;
	} else if (c >= 0x20 && c < 0x30) {
		is_odd_csi = true;
	} else if (c >= 0x40 && c < 0x7f) {
		state = GROUND;
		csi_end(c);
	}
}

/* ---- ESC */

static void begin_csi(void)
{
	state = CSI;
	memset(params, 0, sizeof(params));
	nr_params = 1;
	prefix = 0;
	is_odd_csi = false;
}

static void escape_action(u8 c)
{
	switch (c) {
	case 'c':
		escape_reset();
		break;
	case 'D':
		screen_line_feed();
		break;
	case 'E':
		screen_line_feed();
		screen_move(screen.row, 0);
		break;
	case 'M':
		screen_reverse_line_feed();
		break;
	case 'H':
		screen.has_tab[screen.col] = true;
		break;
	case 'Z':
		answer("\033[?6c");
		break;
	case '7':
		save_cursor();
		break;
	case '8':
		restore_cursor();
		break;
	}
}

static void escape_second(u8 c)
{
	state = GROUND;
	if (c == '[') {
		begin_csi();
	} else if (c == '(' || c == ')') {
		state = CHARSET;
		charset_slot = c == ')';
	} else if (c == ']') {
		state = OSC;
	} else if (c == 'P' || c == 'X' || c == '^' || c == '_') {
		state = STRING;
	} else if (c >= 0x20 && c < 0x30) {
		state = IGNORE_ONE;
	} else {
		escape_action(c);
	}
}

/* ---- bytes */

static void put_unicode(u32 c)
{
	last_put = charset_from_unicode(c);
	if (c < 0x80 && mode.has_graphics[mode.charset])
		last_put = charset_from_graphics(c);
	screen_put(last_put);
}

static void begin_utf8(u8 c, unsigned int more, u32 min)
{
	utf8_left = more;
	utf8_char = c & (0x3f >> more);
	utf8_min = min;
}

/* A malformed sequence shows as one question mark, and costs no byte that could begin something. */
static void ground_byte(u8 c)
{
	if (screen.is_cp437) {
		last_put = c;
		screen_put(c);
		return;
	}
	if (utf8_left && (c & 0xc0) == 0x80) {
		utf8_char = utf8_char << 6 | (c & 0x3f);
		if (!--utf8_left)
			put_unicode(utf8_char >= utf8_min ? utf8_char : 0xfffd);
		return;
	}
	if (utf8_left)
		put_unicode(0xfffd);
	utf8_left = 0;
	if (c < 0x80)
		put_unicode(c);
	else if (c >= 0xc2 && c < 0xe0)
		begin_utf8(c, 1, 0x80);
	else if (c >= 0xe0 && c < 0xf0)
		begin_utf8(c, 2, 0x800);
	else if (c >= 0xf0 && c < 0xf5)
		begin_utf8(c, 3, 0x10000);
	else
		put_unicode(0xfffd);
}

static void control(u8 c)
{
	switch (c) {
	case '\b':
		screen_move(screen.row, screen.col - 1);
		break;
	case '\t':
		screen_tab();
		break;
	case '\n':
	case '\v':
	case '\f':
		screen_line_feed();
		if (mode.has_newline)
			screen_move(screen.row, 0);
		break;
	case '\r':
		screen_move(screen.row, 0);
		break;
	case 0x0e:
	case 0x0f:
		mode.charset = c == 0x0e;
		break;
	case 0x18:
	case 0x1a:
		state = GROUND;
		break;
	case ESC:
		state = ESCAPE;
		break;
	}
}

/* Inside a string every byte belongs to it; the ESC of its end is the start of ESC \, which does
 * nothing. */
static void string_byte(u8 c)
{
	if (c == '\a' || c == 0x18 || c == 0x1a)
		state = GROUND;
	else if (c == ESC)
		state = ESCAPE;
	else if (state == OSC && c == 'P') {
		state = PALETTE;
		digits_left = 7;
	} else if (state == OSC && c == 'R')
		state = GROUND;
	else if (state == OSC)
		state = STRING;
	else if (state == PALETTE && !--digits_left)
		state = GROUND;
}

void escape_byte(u8 c)
{
	if (state == STRING || state == OSC || state == PALETTE) {
		string_byte(c);
		return;
	}
	if (c < 0x20 || c == 0x7f) {
		if (utf8_left)
			put_unicode(0xfffd);
		utf8_left = 0;
		control(c);
		return;
	}
	switch (state) {
	case ESCAPE:
		escape_second(c);
		break;
	case CSI:
		csi_byte(c);
		break;
	case CHARSET:
		mode.has_graphics[charset_slot] = c == '0';
		state = GROUND;
		break;
	case IGNORE_ONE:
	case LINUX_FUNCTION:
		state = GROUND;
		break;
	default:
		ground_byte(c);
		break;
	}
}
