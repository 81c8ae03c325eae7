/*
 * Polled COM1.
 *
 * Writing waits for room in the transmitter, but never for ever: with no UART the status port reads
 * as all ones or the scratch register does not remember, and output is dropped.
 */
#include "arch/x86_64/uart.h"

#include "arch/x86_64/cpu.h"

#define COM1             0x3f8
#define UART_DATA        (COM1 + 0)
#define UART_IER         (COM1 + 1)
#define UART_FCR         (COM1 + 2)
#define UART_LCR         (COM1 + 3)
#define UART_MCR         (COM1 + 4)
#define UART_LSR         (COM1 + 5)
#define UART_SCRATCH     (COM1 + 7)
#define LCR_8N1          0x03
#define LCR_DLAB         0x80
#define MCR_DTR_RTS_OUT2 0x0b
#define LSR_THRE         0x20
#define SPIN_MAX         100000

static bool is_present;

void uart_init(void)
{
	outb(UART_SCRATCH, 0xa5);
	is_present = inb(UART_SCRATCH) == 0xa5 && inb(UART_LSR) != 0xff;
	if (!is_present)
		return;
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_DLAB | LCR_8N1);
	outb(UART_DATA, 1); /* divisor: 115200 baud */
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_8N1);
	outb(UART_FCR, 0x07); /* FIFOs on and empty */
	outb(UART_MCR, MCR_DTR_RTS_OUT2);
}

bool uart_present(void)
{
	return is_present;
}

static void uart_send(u8 byte)
{
	int spins = 0;

	while (!(inb(UART_LSR) & LSR_THRE) && spins++ < SPIN_MAX)
		cpu_relax();
	outb(UART_DATA, byte);
}

void uart_putc(char c)
{
	if (!is_present)
		return;
	if (c == '\n')
		uart_send('\r');
	uart_send((u8)c);
}

void uart_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		uart_putc(text[i]);
}
