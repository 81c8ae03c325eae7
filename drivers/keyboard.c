/*
 * The PS/2 keyboard behind an i8042 controller, which translates to scan code set 1.
 *
 * Owns: the controller's ports, and which keys are down. Every wait is bounded: a port with
 *   nothing behind it reads as all ones, and firmware may emulate a controller badly.
 * Locks: none. After the init only the interrupt handler runs, on one CPU.
 */
#include "drivers/keyboard.h"

#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"

#include "kernel/debug/printk.h"

#include "drivers/console.h"
#include "drivers/irq.h"
#include "drivers/keymap.h"
#include "drivers/vt.h"

#define KEYBOARD_IRQ 1
#define DATA         0x60
#define STATUS       0x64 /* written: a command */

#define STATUS_OUTPUT 0x01 /* there is a byte for us */
#define STATUS_INPUT  0x02 /* it has not taken our last byte yet */
#define STATUS_AUX    0x20 /* the byte is the mouse's */

#define COMMAND_READ_CONFIG  0x20
#define COMMAND_WRITE_CONFIG 0x60
#define COMMAND_DISABLE_AUX  0xa7
#define COMMAND_DISABLE_KEYS 0xad
#define COMMAND_ENABLE_KEYS  0xae

#define CONFIG_KEYS_IRQ  0x01
#define CONFIG_AUX_IRQ   0x02
#define CONFIG_KEYS_OFF  0x10
#define CONFIG_TRANSLATE 0x40

#define KEYS_ENABLE 0xf4 /* to the keyboard itself */

#define WAIT_TRIES  1000
#define WAIT_US     20
#define DRAIN_BYTES 32 /* more than any controller keeps */

static struct keymap keymap;

static bool wait_status(u8 mask, u8 value)
{
	for (int i = 0; i < WAIT_TRIES; i++) {
		if ((inb(STATUS) & mask) == value)
			return true;
		clock_delay_us(WAIT_US);
	}
	return false;
}

static bool send(u16 port, u8 byte)
{
	if (!wait_status(STATUS_INPUT, 0))
		return false;
	outb(port, byte);
	return true;
}

static bool receive(u8 *byte)
{
	if (!wait_status(STATUS_OUTPUT, STATUS_OUTPUT))
		return false;
	*byte = inb(DATA);
	return true;
}

static void drain(void)
{
	for (int i = 0; i < DRAIN_BYTES && (inb(STATUS) & STATUS_OUTPUT); i++)
		inb(DATA);
}

static bool controller_setup(void)
{
	u8 config;

	if (inb(STATUS) == 0xff)
		return false;
	if (!send(STATUS, COMMAND_DISABLE_KEYS) || !send(STATUS, COMMAND_DISABLE_AUX))
		return false;
	drain();
	if (!send(STATUS, COMMAND_READ_CONFIG) || !receive(&config))
		return false;
	config &= ~(CONFIG_AUX_IRQ | CONFIG_KEYS_OFF);
	config |= CONFIG_KEYS_IRQ | CONFIG_TRANSLATE;
	return send(STATUS, COMMAND_WRITE_CONFIG) && send(DATA, config) &&
	       send(STATUS, COMMAND_ENABLE_KEYS);
}

static void keyboard_interrupt(void *unused)
{
	u8 out[KEYMAP_MAX_BYTES];

	for (int i = 0; i < DRAIN_BYTES; i++) {
		u8 status = inb(STATUS), code;
		size_t n;

		if (!(status & STATUS_OUTPUT))
			break;
		code = inb(DATA);
		if (status & STATUS_AUX)
			continue;
		n = keymap_scan(&keymap, code, console_app_cursor(), out);
		if (n)
			vt_input(out, n);
	}
}

void keyboard_init(void)
{
	u8 answer;

	if (!controller_setup()) {
		pr_info("keyboard: no PS/2 controller\n");
		return;
	}
	/* Without an answer there may still be one, plugged in later. */
	if (send(DATA, KEYS_ENABLE))
		receive(&answer);
	drain();
	if (irq_register(KEYBOARD_IRQ, "i8042", keyboard_interrupt, NULL))
		pr_warn("keyboard: cannot have interrupt %u\n", KEYBOARD_IRQ);
}
