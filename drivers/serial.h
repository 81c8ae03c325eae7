/*
 * The first serial port, COM1: /dev/ttyS0.
 */
#pragma once

struct console;
struct tty;

extern struct console serial_console; /* polled: works from the first line of the boot on */

/* The terminal; NULL: there is no port. */
struct tty *serial_init(void);

/* Sends by polling what is left. Does nothing without a port. */
void serial_finish(void);
