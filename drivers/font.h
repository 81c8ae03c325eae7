/*
 * The console's font: 8 by 16 pixels, addressed by code page 437.
 */
#pragma once

#include "lib/base.h"

#define FONT_WIDTH  8
#define FONT_HEIGHT 16

/* Rows from the top, the leftmost pixel in bit 7. Codes without a picture show a hollow box. */
extern u8 font_glyphs[256][FONT_HEIGHT];

/* Completes the table: lines, corners and blocks are computed, the rest is drawn. Boot, once. */
void font_init(void);
