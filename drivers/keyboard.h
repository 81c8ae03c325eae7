/*
 * The PS/2 keyboard.
 */
#pragma once

/* Its keys go to vt_input() from now on. Does nothing without a controller. */
void keyboard_init(void);
