/*
 * tty1: the display and the keyboard as a terminal.
 */
#pragma once

#include "lib/base.h"

struct tty;

/* Makes tty1 if there is a display. */
void vt_init(void);
struct tty *vt_tty(void); /* NULL: there is none */

/* Bytes from the keyboard. Any context; lost without tty1. */
void vt_input(const u8 *buf, size_t n);
