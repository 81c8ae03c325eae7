/*
 * ESC [ ... m: colours and the other attributes of characters to come.
 *
 * No state of its own: changes the pen. More colours than sixteen (eight behind the text) become
 * the nearest there are. Locks: console.c's, held by the caller.                        Follows:
 * console_codes(4)
 */
#include "drivers/console_internal.h"

/* VGA has red and blue in each other's place. */
static const u8 vga_colour[] = { 0, 4, 2, 6, 1, 5, 3, 7 };

/* Of 38 and 48: the colour among sixteen that the 256 colours or the three bytes come near to. */
static int extended_colour(const unsigned int *params, unsigned int nr_params, unsigned int *n)
{
	unsigned int r, g, b, c, half;

	if (*n + 1 < nr_params && params[*n + 1] == 5 && *n + 2 < nr_params) {
		c = params[ *n += 2];
		if (c < 16)
			return vga_colour[c & 7] | (c & 8);
		if (c >= 232)
			return c < 238 ? 0 : c < 244 ? 8 : c < 250 ? 7 : 15;
		c -= 16;
		r = c / 36 * 51, g = c / 6 % 6 * 51, b = c % 6 * 51;
	} else if (*n + 1 < nr_params && params[*n + 1] == 2 && *n + 4 < nr_params) {
		r = params[*n + 2], g = params[*n + 3], b = params[*n + 4];
		*n += 4;
	} else {
		*n = nr_params;
		return -1;
	}
	half = MAX(MAX(r, g), b) / 2;
	if (half < 24)
		return 0;
	return (r > half) << 2 | (g > half) << 1 | (b > half) | (half > 96 ? 8 : 0);
}

static void set_attribute(const unsigned int *params, unsigned int nr_params, unsigned int *n)
{
	struct pen *pen = &screen.pen;
	unsigned int what = params[*n];
	int colour;

	if (what >= 30 && what <= 37)
		pen->fg = vga_colour[what - 30];
	else if (what >= 40 && what <= 47)
		pen->bg = vga_colour[what - 40];
	else if (what >= 90 && what <= 97)
		pen->fg = vga_colour[what - 90] | 8;
	else if (what >= 100 && what <= 107)
		pen->bg = vga_colour[what - 100];
	else if (what == 0)
		*pen = (struct pen)PEN_DEFAULT;
	else if (what == 1)
		pen->is_bold = true, pen->is_dim = false;
	else if (what == 2)
		pen->is_dim = true, pen->is_bold = false;
	else if (what == 4 || what == 24)
		pen->is_underlined = what == 4;
	else if (what == 7 || what == 27)
		pen->is_reverse = what == 7;
	else if (what == 10 || what == 11)
		screen.is_cp437 = what == 11;
	else if (what == 21 || what == 22)
		pen->is_bold = pen->is_dim = false;
	else if (what == 39)
		pen->fg = 7;
	else if (what == 49)
		pen->bg = 0;
	else if (what == 38 || what == 48) {
		colour = extended_colour(params, nr_params, n);
		if (colour >= 0 && what == 38)
			pen->fg = colour;
		else if (colour >= 0)
			pen->bg = colour & 7;
	}
}

void escape_set_attributes(const unsigned int *params, unsigned int nr_params)
{
	for (unsigned int n = 0; n < nr_params; n++)
		set_attribute(params, nr_params, &n);
}
