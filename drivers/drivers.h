/*
 * The drivers, as the boot order sees them.
 */
#pragma once

/* Before anything else: what is printed goes to the serial port, polled. */
void drivers_early_console(void);

/* Terminals, consoles as "console=" says, and the other character devices. Threads run already. */
void drivers_init(void);
