/*
 * VGA's text mode: 80 by 25 cells at 0xb8000, in the very format of cell_t.
 *
 * Owns: the text memory and the registers of the hardware cursor. Firmware left the mode; nothing
 *   sets it.
 * Locks: the console's, held by every caller.                              Follows: IBM VGA, CRT
 *   controller
 */
#include "drivers/console.h"

#include "arch/x86_64/cpu.h"

#include "boot/bootinfo.h"

#define TEXT_PA    0xb8000
#define ROWS       25
#define COLS       80
#define CRTC_INDEX 0x3d4
#define CRTC_DATA  0x3d5

enum { CURSOR_START = 0x0a, CURSOR_END, START_HIGH, START_LOW, CURSOR_HIGH, CURSOR_LOW };
#define CURSOR_OFF 0x20

/* Attribute controller: is bit 7 of an attribute a bright background, or blinking? */
#define INPUT_STATUS 0x3da
#define ATTR_INDEX   0x3c0
#define ATTR_READ    0x3c1
#define ATTR_MODE    0x30 /* register 0x10, display stays on */
#define ATTR_BLINK   0x08

static void crtc_write(u8 index, u8 value)
{
	outb(CRTC_INDEX, index);
	outb(CRTC_DATA, value);
}

static void draw(unsigned int row, unsigned int col, const cell_t *cells, unsigned int n)
{
	volatile cell_t *at = (cell_t *)phys_to_virt(TEXT_PA) + row * COLS + col;

	for (unsigned int i = 0; i < n; i++)
		at[i] = cells[i];
}

static void cursor(unsigned int row, unsigned int col, cell_t cell, bool is_visible)
{
	unsigned int at = row * COLS + col;

	crtc_write(CURSOR_START, is_visible ? 13 : CURSOR_OFF);
	crtc_write(CURSOR_END, 14);
	crtc_write(CURSOR_HIGH, at >> 8);
	crtc_write(CURSOR_LOW, (u8)at);
}

static const struct display_ops vgatext = {
	.name = "VGA text", .rows = ROWS, .cols = COLS, .draw = draw, .cursor = cursor
};

static void no_blinking(void)
{
	u8 mode;

	inb(INPUT_STATUS); /* the next write is an index */
	outb(ATTR_INDEX, ATTR_MODE);
	mode = inb(ATTR_READ);
	inb(INPUT_STATUS);
	outb(ATTR_INDEX, ATTR_MODE);
	outb(ATTR_INDEX, mode & ~ATTR_BLINK);
}

const struct display_ops *vgatext_probe(void)
{
	if (!bootinfo.has_vga_text)
		return NULL;
	crtc_write(START_HIGH, 0); /* the first page */
	crtc_write(START_LOW, 0);
	no_blinking();
	return &vgatext;
}
