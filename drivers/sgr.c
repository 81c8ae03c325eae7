/*
 * ESC [ ... m: colours and the other attributes of characters to come.
 *
 * No state of its own: changes the pen. More colours than sixteen (eight behind the text) become
 * the nearest there are.
 * Locks: console.c's, held by the caller.                        Follows: console_codes(4)
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
	half = MAX(r, g);
	half = MAX(half, b) / 2;
	if (half < 24)
		return 0;
	return (r > half) << 2 | (g > half) << 1 | (b > half) | (half > 96 ? 8 : 0);
}

static void set_attribute(const unsigned int *params, unsigned int nr_params, unsigned int *n)
{
	struct pen *pen = &screen.pen;
	unsigned int what = params[*n];
	int colour;

	switch (what) {
	case 0:
		*pen = (struct pen)PEN_DEFAULT;
		break;
	case 1:
		pen->is_bold = true, pen->is_dim = false;
		break;
	case 2:
		pen->is_dim = true, pen->is_bold = false;
		break;
	case 4:
	case 24:
		pen->is_underlined = what == 4;
		break;
	case 7:
	case 27:
		pen->is_reverse = what == 7;
		break;
	case 10:
	case 11:
		screen.is_cp437 = what == 11;
		break;
	case 21:
	case 22:
		pen->is_bold = pen->is_dim = false;
		break;
	case 30 ... 37:
		pen->fg = vga_colour[what - 30];
		break;
	case 38:
		colour = extended_colour(params, nr_params, n);
		if (colour >= 0)
			pen->fg = colour;
		break;
	case 39:
		pen->fg = 7;
		break;
	case 40 ... 47:
		pen->bg = vga_colour[what - 40];
		break;
	case 48:
		colour = extended_colour(params, nr_params, n);
		if (colour >= 0)
			pen->bg = colour & 7;
		break;
	case 49:
		pen->bg = 0;
		break;
	case 90 ... 97:
		pen->fg = vga_colour[what - 90] | 8;
		break;
	case 100 ... 107:
		pen->bg = vga_colour[what - 100];
		break;
	}
}

void escape_set_attributes(const unsigned int *params, unsigned int nr_params)
{
	for (unsigned int n = 0; n < nr_params; n++)
		set_attribute(params, nr_params, &n);
}
