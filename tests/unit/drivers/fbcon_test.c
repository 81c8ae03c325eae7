// sources: drivers/fbcon.c drivers/font.c
#include "test.h"

#include "boot/bootinfo.h"
#include "kernel/mm/kmap.h"
#include "drivers/console.h"
#include "drivers/font.h"

struct bootinfo bootinfo;

static u8 *memory;

void *mmio_map(u64 pa, size_t size)
{
	return memory = malloc(size); /* exactly: a pixel too far is an error that ASan sees */
}

static u32 pixel(unsigned int x, unsigned int y)
{
	u32 value = 0;
	unsigned int bytes = (bootinfo.fb.bits_per_pixel + 7u) / 8;

	memcpy(&value, memory + y * bootinfo.fb.pitch + x * bytes, bytes);
	return value;
}

/* The picture of a cell is that of its glyph. */
static bool shows(unsigned int row, unsigned int col, u8 c, unsigned int scale, u32 bg)
{
	for (unsigned int y = 0; y < FONT_HEIGHT * scale; y++) {
		for (unsigned int x = 0; x < FONT_WIDTH * scale; x++) {
			bool is_set = font_glyphs[c][y / scale] & 0x80 >> x / scale;
			bool is_bg = pixel(col * FONT_WIDTH * scale + x, row * FONT_HEIGHT * scale + y) == bg;

			if (is_set == is_bg)
				return false;
		}
	}
	return true;
}

TEST(cells_fill_a_picture_of_odd_size)
{
	const struct display_ops *display;
	cell_t line[CONSOLE_MAX_COLS];

	bootinfo.fb = (struct boot_framebuffer){ .pa = 0x100000000, .width = 1030, .height = 777, .pitch = 4128,
						 .bits_per_pixel = 32, .red_shift = 16, .green_shift = 8 };
	CHECK(!fbcon_probe(false));
	display = fbcon_probe(true);
	if (!CHECK(display))
		return;
	CHECK(display->cols == 128 && display->rows == 48);
	for (unsigned int row = 0; row < display->rows; row++) {
		for (unsigned int col = 0; col < display->cols; col++)
			line[col] = CELL(row * 128 + col, 0x1f);
		display->draw(row, 0, line, display->cols);
	}
	for (unsigned int c = 0; c < 256; c++)
		CHECK(shows(c / 128, c % 128, (u8)c, 1, pixel(0, 0)));
	CHECK(pixel(1029, 0) == 0 && pixel(0, 776) == 0);
	display->cursor(0, 'A', line['A'], true);
	CHECK(pixel('A' * 8, 15) != pixel(0, 0) && pixel('A' * 8, 13) == pixel(0, 0));
	free(memory);
}

TEST(every_printable_character_is_drawn_and_differs)
{
	for (unsigned int a = 33; a < 127; a++) {
		CHECK(memcmp(font_glyphs[a], font_glyphs[0x7f], FONT_HEIGHT)); /* the hollow box */
		for (unsigned int b = a + 1; b < 127; b++)
			CHECK(memcmp(font_glyphs[a], font_glyphs[b], FONT_HEIGHT));
	}
}

TEST(lines_meet_across_cells)
{
	/* Where two neighbours have arms to each other, pixels touch. */
	CHECK(font_glyphs[0xc4][7] == 0xff);
	CHECK((font_glyphs[0xda][7] & 0x01) && !(font_glyphs[0xda][7] & 0x80));
	CHECK(font_glyphs[0xda][15] == font_glyphs[0xb3][0] && !font_glyphs[0xda][0]);
	CHECK(font_glyphs[0xcd][6] == 0xff && font_glyphs[0xcd][7] == 0 && font_glyphs[0xcd][8] == 0xff);
	CHECK(font_glyphs[0xc9][15] == font_glyphs[0xba][0]);
}
