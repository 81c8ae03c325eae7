/*
 * All devices, in the order they need each other, and what console= chooses among them.
 *
 * Each console= names a place for the kernel's messages; the last one is also /dev/console. Without
 * any, messages go to every place there is, and /dev/console is the screen, or the serial port of a
 * machine without one.
 */
#include "drivers/drivers.h"

#include "lib/string.h"

#include "arch/x86_64/uart.h"

#include "boot/options.h"
#include "kernel/debug/printk.h"

#include "drivers/console.h"
#include "drivers/keyboard.h"
#include "drivers/mem.h"
#include "drivers/serial.h"
#include "drivers/tty/pty.h"
#include "drivers/tty/tty.h"
#include "drivers/vt.h"

static void screen_print(struct console *console, const char *text, size_t len)
{
	console_print(text, len);
}

static struct console screen_console = {
	.name = "tty0",
	.write = screen_print,
	.wants_backlog = true,
};

static void attach_screen(bool may_map)
{
	const struct display_ops *display = fbcon_probe(may_map);

	if (!display)
		display = vgatext_probe();
	if (!display)
		return;
	console_attach(display);
	console_register(&screen_console);
}

void drivers_early_console(void)
{
	uart_init();
	if (uart_present())
		console_register(&serial_console);
	attach_screen(false);
}

/* "ttyS0,115200n8" names ttyS0. */
static bool names(const char *option, const char *device)
{
	size_t n = strlen(device);

	return strncmp(option, device, n) == 0 && (option[n] == '\0' || option[n] == ',');
}

static void choose_consoles(struct tty *serial, struct tty *screen)
{
	struct tty *chosen = screen ? screen : serial;
	bool wants_serial = !options_console(0), wants_screen = wants_serial;
	const char *option;

	for (unsigned i = 0; (option = options_console(i)); i++) {
		if (serial && names(option, "ttyS0")) {
			wants_serial = true;
			chosen = serial;
		} else if (screen && (names(option, "tty0") || names(option, "tty1"))) {
			wants_screen = true;
			chosen = screen;
		}
	}
	if (screen && !wants_screen)
		console_unregister(&screen_console);
	if (serial && !wants_serial)
		console_unregister(&serial_console);
	if (chosen)
		tty_set_console(chosen);
}

void drivers_init(void)
{
	struct tty *serial;

	random_init();
	mem_init();
	tty_init();
	pty_init();
	serial = serial_init();
	if (!console_has_display())
		attach_screen(true);
	vt_init();
	if (vt_tty())
		keyboard_init();
	choose_consoles(serial, vt_tty());
}

void drivers_finish(void)
{
	serial_finish();
	if (console_has_display())
		console_flush();
}
