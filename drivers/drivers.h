/*
 * The devices, as boot sees them.
 */
#pragma once

/* Boot messages on the serial line, before anything else works. */
void drivers_early_console(void);

/* All devices: consoles as console= says, terminals, nodes in /dev. Interrupts are on from here. */
void drivers_init(void);

/* Before the machine stops: what programs have written is really sent. Polls, for a second at most.
 */
void drivers_finish(void);
