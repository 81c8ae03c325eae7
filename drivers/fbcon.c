/*
 * A linear framebuffer as a display of cells.
 *
 * Owns: the pixels. Glyphs are 8 by 16 pixels, or twice that when the picture would have more
 *   cells than the console takes; what is left over at the right and below stays black. Speed:
 *   with 32 bits a pixel, a row of a glyph is four stores from a table of what two pixels can be;
 *   and the console sends only cells that differ.
 * Locks: the console's, held by every caller but fbcon_probe().
 */
#include "drivers/console.h"
#include "drivers/font.h"

#include "lib/string.h"

#include "boot/bootinfo.h"
#include "kernel/mm/kmap.h"

#define DIRECT_END  0x100000000ul /* the direct map has everything below */
#define CURSOR_ROWS 2
#define SCALE_MAX   2

static u8 *pixels;
static unsigned int pixel_bytes, scale;
static size_t pitch;
static u32 palette[16]; /* as pixels */
static struct display_ops fbcon;

static const u32 palette_rgb[16] = {
	0x000000, 0x2a52be, 0x2e9e3e, 0x2aa1a1, 0xc03a3a, 0xa347a3, 0xb07a1e, 0xc0c0c0,
	0x6a6a6a, 0x6d9bff, 0x6fdc6f, 0x5fe3e3, 0xff6b6b, 0xf07bf0, 0xf5e05a, 0xffffff,
};

static u32 to_pixel(u32 rgb)
{
	const struct boot_framebuffer *fb = &bootinfo.fb;
	u8 r = rgb >> 16, g = rgb >> 8, b = rgb;

	if (fb->bits_per_pixel == 16) /* five, six and five bits */
		return r >> 3 << fb->red_shift | g >> 2 << fb->green_shift |
		       b >> 3 << fb->blue_shift;
	if (fb->bits_per_pixel == 15)
		return r >> 3 << fb->red_shift | g >> 3 << fb->green_shift |
		       b >> 3 << fb->blue_shift;
	return (u32)r << fb->red_shift | (u32)g << fb->green_shift | (u32)b << fb->blue_shift;
}

/* Writes n pixels, each scale wide, as the bits from the top of `bits` say. */
static void put_bits(u8 *at, u8 bits, unsigned int n, u32 fg, u32 bg)
{
	for (unsigned int i = 0; i < n; i++, bits <<= 1) {
		u32 pixel = bits & 0x80 ? fg : bg;

		for (unsigned int k = 0; k < scale; k++, at += pixel_bytes) {
			if (pixel_bytes == 4) {
				*(volatile u32 *)(void *)at = pixel;
			} else if (pixel_bytes == 2) {
				*(volatile u16 *)(void *)at = (u16)pixel;
			} else {
				*(volatile u8 *)at = (u8)pixel;
				*(volatile u8 *)(at + 1) = (u8)(pixel >> 8);
				*(volatile u8 *)(at + 2) = (u8)(pixel >> 16);
			}
		}
	}
}

/* The usual case, 32 bits and unscaled, two pixels at a time. */
static void put_row32(u8 *at, u8 bits, const u64 *pairs)
{
	volatile u64 *to = (volatile u64 *)(void *)at;

	to[0] = pairs[bits >> 6];
	to[1] = pairs[bits >> 4 & 3];
	to[2] = pairs[bits >> 2 & 3];
	to[3] = pairs[bits & 3];
}

static u8 *glyph_at(unsigned int row, unsigned int col)
{
	return pixels + row * FONT_HEIGHT * scale * pitch +
	       (size_t)col * FONT_WIDTH * scale * pixel_bytes;
}

/* Rows of the glyph from `first` on, perhaps with the colours exchanged. */
static void draw_cell(unsigned int row, unsigned int col, cell_t cell, unsigned int first,
		      bool is_swapped)
{
	u32 fg = palette[is_swapped ? CELL_BG(cell) : CELL_FG(cell)];
	u32 bg = palette[is_swapped ? CELL_FG(cell) : CELL_BG(cell)];
	const u8 *glyph = font_glyphs[CELL_CHAR(cell)];
	/* The left one of two pixels has the lower address. */
	u64 pairs[4] = { (u64)bg << 32 | bg, (u64)fg << 32 | bg, (u64)bg << 32 | fg,
			 (u64)fg << 32 | fg };
	u8 *at = glyph_at(row, col) + first * scale * pitch;

	for (unsigned int y = first; y < FONT_HEIGHT; y++) {
		for (unsigned int k = 0; k < scale; k++, at += pitch) {
			if (pixel_bytes == 4 && scale == 1)
				put_row32(at, glyph[y], pairs);
			else
				put_bits(at, glyph[y], FONT_WIDTH, fg, bg);
		}
	}
}

static void draw(unsigned int row, unsigned int col, const cell_t *cells, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		draw_cell(row, col + i, cells[i], 0, false);
}

/* A bar below the character. */
static void cursor(unsigned int row, unsigned int col, cell_t cell, bool is_visible)
{
	if (is_visible)
		draw_cell(row, col, cell, FONT_HEIGHT - CURSOR_ROWS, true);
}

static bool is_usable(const struct boot_framebuffer *fb)
{
	unsigned int bits = fb->bits_per_pixel;

	return fb->pa && (bits == 15 || bits == 16 || bits == 24 || bits == 32) &&
	       fb->width >= 20 * FONT_WIDTH && fb->height >= 5 * FONT_HEIGHT &&
	       fb->pitch % 2 == 0 && fb->pitch >= (u64)fb->width * ((bits + 7) / 8) &&
	       fb->red_shift <= 24 && fb->green_shift <= 24 && fb->blue_shift <= 24;
}

const struct display_ops *fbcon_probe(bool may_map)
{
	const struct boot_framebuffer *fb = &bootinfo.fb;
	u64 size = (u64)fb->pitch * fb->height;

	if (pixels)
		return &fbcon;
	if (!is_usable(fb))
		return NULL;
	if (fb->pa + size <= DIRECT_END)
		pixels = phys_to_virt(fb->pa);
	else if (may_map)
		pixels = mmio_map(fb->pa, size);
	if (!pixels)
		return NULL;
	pitch = fb->pitch;
	pixel_bytes = (fb->bits_per_pixel + 7) / 8;
	scale = fb->width / FONT_WIDTH > CONSOLE_MAX_COLS ||
				fb->height / FONT_HEIGHT > CONSOLE_MAX_ROWS
			? SCALE_MAX
			: 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(palette); i++)
		palette[i] = to_pixel(palette_rgb[i]);
	fbcon = (struct display_ops){
		.name = "framebuffer",
		.rows = MIN(fb->height / (FONT_HEIGHT * scale), (u32)CONSOLE_MAX_ROWS),
		.cols = MIN(fb->width / (FONT_WIDTH * scale), (u32)CONSOLE_MAX_COLS),
		.draw = draw,
		.cursor = cursor,
	};
	font_init();
	for (unsigned int y = 0; y < fb->height; y++)
		memset(pixels + y * pitch, 0, (size_t)fb->width * pixel_bytes);
	return &fbcon;
}
