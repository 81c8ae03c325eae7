// sources: drivers/console.c drivers/escape.c drivers/sgr.c drivers/charset.c lib/fmt.c lib/fmt_float.c
#include "test.h"

#include "lib/string.h"

#include "drivers/console.h"

bool panic_in_progress;

#define ROWS 6
#define COLS 20

/* A display that only remembers. */
static cell_t seen[ROWS][COLS];
static unsigned int cursor_row, cursor_col, nr_drawn;
static bool is_cursor_visible;

static void draw(unsigned int row, unsigned int col, const cell_t *cells, unsigned int n)
{
	CHECK(row < ROWS && col < COLS && n && col + n <= COLS);
	memcpy(&seen[row][col], cells, n * sizeof(cell_t));
	nr_drawn += n;
}

static void cursor(unsigned int row, unsigned int col, cell_t cell, bool is_visible)
{
	CHECK(row < ROWS && col < COLS);
	CHECK(cell == seen[row][col]);
	cursor_row = row;
	cursor_col = col;
	is_cursor_visible = is_visible;
}

static const struct display_ops display = {
	.name = "test", .rows = ROWS, .cols = COLS, .draw = draw, .cursor = cursor
};

static void begin(void)
{
	char rest[64];

	console_attach(&display);
	console_take_answer(rest, sizeof(rest));
}

static void write_text(const char *text)
{
	console_write(text, strlen(text));
	console_flush();
}

/* The row without the blanks at its end. */
static const char *row_text(unsigned int row)
{
	static char text[COLS + 1];
	int end = 0;

	for (int col = 0; col < COLS; col++) {
		text[col] = (char)CELL_CHAR(seen[row][col]);
		if (text[col] != ' ')
			end = col + 1;
	}
	text[end] = 0;
	return text;
}

static bool row_is(unsigned int row, const char *text)
{
	bool is_equal = str_eq(row_text(row), text);

	if (!is_equal)
		printf("# row %u is \"%s\", not \"%s\"\n", row, row_text(row), text);
	return is_equal;
}

static bool cursor_at(unsigned int row, unsigned int col)
{
	bool is_there = cursor_row == row && cursor_col == col;

	if (!is_there)
		printf("# cursor at %u, %u\n", cursor_row, cursor_col);
	return is_there;
}

static bool answers(const char *text)
{
	char buf[64];
	size_t n = console_take_answer(buf, sizeof(buf));

	return n == strlen(text) && !memcmp(buf, text, n);
}

TEST(text_wraps_only_when_the_next_character_comes)
{
	begin();
	write_text("0123456789abcdefghij");
	CHECK(row_is(0, "0123456789abcdefghij") && cursor_at(0, COLS - 1));
	write_text("\r\nx");
	CHECK(row_is(1, "x") && cursor_at(1, 1));
	write_text("\r0123456789abcdefghijk");
	CHECK(row_is(1, "0123456789abcdefghij") && row_is(2, "k"));
	write_text("\033[?7l\r0123456789abcdefghijXYZ\033[?7h");
	CHECK(row_is(2, "0123456789abcdefghiZ") && row_is(3, ""));
}

TEST(the_bottom_line_scrolls)
{
	begin();
	write_text("1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\n8");
	CHECK(row_is(0, "3") && row_is(4, "7") && row_is(5, " 8") && cursor_at(5, 2));
}

TEST(the_cursor_moves_and_stops_at_the_edges)
{
	begin();
	write_text("\033[3;5HA\033[99;99H");
	CHECK(row_is(2, "    A") && cursor_at(5, 19));
	write_text("\033[H\033[2B\033[3C");
	CHECK(cursor_at(2, 3));
	write_text("\033[A\033[2D");
	CHECK(cursor_at(1, 1));
	write_text("\033[99A\033[99D");
	CHECK(cursor_at(0, 0));
	write_text("\033[4d\033[7G");
	CHECK(cursor_at(3, 6));
	write_text("\b\b\t");
	CHECK(cursor_at(3, 8));
	write_text("\t\t\t");
	CHECK(cursor_at(3, 19));
	write_text("\033[E\033[F\033[0;0f");
	CHECK(cursor_at(0, 0));
}

TEST(erasing_keeps_the_rest)
{
	begin();
	write_text("aaaaaa\r\nbbbbbb\r\ncccccc\033[2;3H\033[K");
	CHECK(row_is(1, "bb"));
	write_text("\033[1K\033[1;3H\033[1K");
	CHECK(row_is(0, "   aaa") && row_is(1, ""));
	write_text("\033[3;3H\033[2X");
	CHECK(row_is(2, "cc  cc"));
	write_text("\033[J");
	CHECK(row_is(2, "cc") && row_is(0, "   aaa"));
	write_text("\033[1J");
	CHECK(row_is(0, "") && row_is(2, ""));
	write_text("x\033[2J");
	CHECK(row_is(2, "") && cursor_at(2, 3));
}

TEST(lines_and_characters_are_inserted_and_deleted)
{
	begin();
	write_text("1\r\n2\r\n3\r\n4\r\n5\r\n6\033[2;1H\033[2L");
	CHECK(row_is(0, "1") && row_is(1, "") && row_is(2, "") && row_is(3, "2") && row_is(5, "4"));
	write_text("\033[3M");
	CHECK(row_is(1, "3") && row_is(2, "4") && row_is(3, ""));
	write_text("\033[Habcdef\033[1;3H\033[2@");
	CHECK(row_is(0, "ab  cdef"));
	write_text("\033[3P");
	CHECK(row_is(0, "abdef"));
	write_text("\033[4hXY\033[4l");
	CHECK(row_is(0, "abXYdef"));
	write_text("\033[99P\033[99@\033[99L\033[99M");
	CHECK(row_is(0, ""));
}

TEST(a_region_scrolls_alone)
{
	begin();
	write_text("1\r\n2\r\n3\r\n4\r\n5\r\n6\033[2;4r");
	CHECK(cursor_at(0, 0));
	write_text("\033[4;1H\n");
	CHECK(row_is(0, "1") && row_is(1, "3") && row_is(2, "4") && row_is(3, "") && row_is(4, "5"));
	write_text("\033[2;1H\033M");
	CHECK(row_is(1, "") && row_is(2, "3") && row_is(3, "4") && row_is(4, "5"));
	write_text("\033[S");
	CHECK(row_is(1, "3") && row_is(3, ""));
	write_text("\033[2T");
	CHECK(row_is(1, "") && row_is(2, "") && row_is(3, "3") && row_is(5, "6"));
	write_text("\033[?6h\033[1;1HO\033[9;1HU\033[?6l\033[r");
	CHECK(row_is(1, "O") && row_is(3, "U"));
	write_text("\033[6;1H\033D");
	CHECK(row_is(0, "O"));
}

TEST(attributes_become_vga_colours)
{
	begin();
	write_text("a\033[31mb\033[1mc\033[7md\033[0;44;93me\033[39;49mf\033[38;5;196mg\033[48;2;0;0;255mh\033[m \033[mi");
	CHECK(seen[0][0] == CELL('a', 0x07));
	CHECK(seen[0][1] == CELL('b', 0x04));
	CHECK(seen[0][2] == CELL('c', 0x0c));
	CHECK(seen[0][3] == CELL('d', 0x48));
	CHECK(seen[0][4] == CELL('e', 0x1e));
	CHECK(seen[0][5] == CELL('f', 0x07));
	CHECK(CELL_FG(seen[0][6]) == 12);
	CHECK(CELL_BG(seen[0][7]) == 1);
	CHECK(seen[0][9] == CELL('i', 0x07));
	write_text("\033[42m\033[2;1H\033[K");
	CHECK(seen[1][COLS - 1] == CELL(' ', 0x27)); /* blanks have the colour behind the text */
}

TEST(the_cursor_is_saved_hidden_and_reported)
{
	begin();
	write_text("\033[3;4H\0337\033[31m\033[H\0338x");
	CHECK(seen[2][3] == CELL('x', 0x07));
	write_text("\033[?25l");
	CHECK(!is_cursor_visible);
	write_text("\033[?25h\033[2;7H\033[6n");
	CHECK(is_cursor_visible && console_has_answer() && answers("\033[2;7R"));
	write_text("\033[5n\033[c");
	CHECK(answers("\033[0n\033[?6c"));
	for (int i = 0; i < 100; i++)
		write_text("\033[6n");
	CHECK(console_has_answer());
	write_text("\033[?1h");
	CHECK(console_app_cursor());
	write_text("\033[?1049h\033[HZ\033[?1049l");
	CHECK(cursor_at(1, 6));
	write_text("\033c");
	CHECK(!console_app_cursor() && row_is(2, "") && cursor_at(0, 0));
}

TEST(utf8_and_line_drawing)
{
	begin();
	write_text("\xe2\x94\x8c\xe2\x94\x80\xe2\x95\xac\xc3\xa9\xe2\x82\xac|");
	CHECK(CELL_CHAR(seen[0][0]) == 0xda && CELL_CHAR(seen[0][1]) == 0xc4);
	CHECK(CELL_CHAR(seen[0][2]) == 0xce && CELL_CHAR(seen[0][3]) == 'e');
	CHECK(CELL_CHAR(seen[0][4]) == '?' && CELL_CHAR(seen[0][5]) == '|');
	write_text("\r\n\xe2\x94x\xffy\xc0\xafz\xf0\x9f\x98\x80.");
	CHECK(row_is(1, "?x?y??z?."));
	write_text("\r\n\033(0qx\033(Bqx\016q\017");
	CHECK(CELL_CHAR(seen[2][0]) == 0xc4 && CELL_CHAR(seen[2][1]) == 0xb3);
	CHECK(CELL_CHAR(seen[2][2]) == 'q' && CELL_CHAR(seen[2][4]) == 'q');
	write_text("\033[11m\xc4\033[10m\033[3b");
	CHECK(CELL_CHAR(seen[2][5]) == 0xc4 && CELL_CHAR(seen[2][8]) == 0xc4);
}

TEST(unknown_sequences_are_swallowed_whole)
{
	begin();
	write_text("a\033[?2004hb\033]0;title\007c\033P1$q\033\\d\033[>4;1me\033[1 qf\033%Gg\033[[Ah\033]P0123456i\033=j");
	CHECK(row_is(0, "abcdefghij"));
	write_text("\r\n\033[1;2\030x\033[\033[5Gy\033[3\rC");
	CHECK(row_is(1, "x   y") && cursor_at(1, 3));
	write_text("\033[99999999999999999999;1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18H!");
	CHECK(row_is(5, "!"));
}

TEST(kernel_messages_leave_programs_state_alone)
{
	begin();
	write_text("\033[31m\033[4h\033[1;");
	console_print("k\tm\n", 4);
	CHECK(row_is(0, "k       m") && seen[0][0] == CELL('k', 0x07));
	write_text("5HX");
	CHECK(seen[0][4] == CELL('X', 0x04));
}

TEST(a_flush_draws_only_what_differs)
{
	begin();
	write_text("hello");
	nr_drawn = 0;
	write_text("!");
	CHECK(nr_drawn <= 2);
	nr_drawn = 0;
	write_text("\033[2J\033[Hhello!");
	CHECK(nr_drawn <= 2);
}

TEST(any_bytes_keep_the_cursor_on_the_screen)
{
	static const char pieces[] = "\033\033[[[;;?hlmHJKLMPX@STrABCDGdnc0123456789()78\n\r\b\t\xe2\x94\x8cxy";

	begin();
	for (int i = 0; i < 200000; i++) {
		u8 c = test_random() % 8 ? (u8)pieces[test_random() % (sizeof(pieces) - 1)] : (u8)test_random();

		console_write(&c, 1);
		if (i % 64 == 0) /* draw() and cursor() check what they get */
			console_flush();
	}
	CHECK(cursor_row < ROWS && cursor_col < COLS);
}
