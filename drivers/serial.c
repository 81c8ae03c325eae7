/*
 * COM1, a 16550: interrupt-driven once serial_init() has run, polled for the kernel's messages.
 *
 * Receiving: the interrupt empties the FIFO into tty_input(). Sending: bytes wait in tx; whoever
 * adds some, and each transmit interrupt, fills the chip's FIFO as far as the chip is ready. Where
 * the interrupt line cannot be had, a timer does what the interrupt would.
 *
 * The kernel's messages go out by polling, at any moment and from any CPU. So never more than
 * FIFO_FILL bytes of the 16 are written at once: a byte of a message finds room.
 *
 * Locks: out_lock of the tty for tx and all registers: data and interrupt enable are the divisor
 * while the speed is set. Only the kernel's messages go without.
 */
#include "drivers/serial.h"

#include <linux/errno.h>
#include <linux/major.h>

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/uaccess.h"
#include "arch/x86_64/uart.h"

#include "kernel/debug/printk.h"
#include "kernel/time/clock.h"
#include "kernel/time/timer.h"

#include "fs/chrdev.h"

#include "drivers/irq.h"
#include "drivers/tty/tty.h"

#define COM1      0x3f8
#define COM1_IRQ  4
#define UART_DATA (COM1 + 0) /* also the divisor's low byte, with LCR_DLAB */
#define UART_IER  (COM1 + 1) /* also the divisor's high byte */
#define UART_IIR  (COM1 + 2)
#define UART_LCR  (COM1 + 3)
#define UART_LSR  (COM1 + 5)
#define IER_RX    0x01
#define IER_TX    0x02
#define LCR_8N1   0x03
#define LCR_DLAB  0x80
#define LSR_READY 0x01 /* received a byte */
#define LSR_THRE  0x20 /* the transmit FIFO is empty */
#define LSR_IDLE  0x40 /* and the last byte is out, too */
#define FIFO_FILL 14
#define BAUD_BASE 115200
#define TX_SIZE   4096
#define POLL_NS   (NS_PER_SEC / 100)
#define RX_LIMIT  1024 /* bytes per interrupt: a broken chip must not hang the CPU */

static struct tty serial_tty;
static u8 tx_buf[TX_SIZE];
static struct ring tx;
static bool is_tx_irq_on;
static u32 divisor_set = 1; /* changed with tty->lock */
static struct timer poll_timer;

/* ---- the kernel's messages ---- */

static void serial_print(struct console *console, const char *text, size_t len)
{
	uart_write(text, len);
}

struct console serial_console = {
	.name = "ttyS0",
	.write = serial_print,
	.wants_backlog = true,
};

/* ---- sending: out_lock held ---- */

static void set_tx_irq(bool on)
{
	if (on != is_tx_irq_on)
		outb(UART_IER, IER_RX | (on ? IER_TX : 0));
	is_tx_irq_on = on;
}

/* Moves bytes from tx to the chip, if it is ready for them. */
static void transmit(void)
{
	if (!ring_empty(&tx) && (inb(UART_LSR) & LSR_THRE))
		for (int i = 0; i < FIFO_FILL && !ring_empty(&tx); i++)
			outb(UART_DATA, ring_getc(&tx));
	set_tx_irq(!ring_empty(&tx));
}

static size_t serial_write(struct tty *tty, const u8 *buf, size_t n)
{
	bool was_idle = ring_empty(&tx);

	n = ring_write(&tx, buf, n);
	if (was_idle)
		transmit();
	return n;
}

static size_t serial_room(struct tty *tty)
{
	return ring_space(&tx);
}

static size_t serial_pending(struct tty *tty)
{
	return ring_used(&tx);
}

static void serial_flush(struct tty *tty)
{
	ring_clear(&tx);
}

void serial_finish(void)
{
	u64 deadline_ns = clock_ns() + NS_PER_SEC, irqflags;

	if (!tx.buf)
		return;
	irqflags = spin_lock_irqsave(&serial_tty.out_lock);
	while (!ring_empty(&tx) && clock_ns() < deadline_ns)
		transmit();
	while (!(inb(UART_LSR) & LSR_IDLE) && clock_ns() < deadline_ns)
		cpu_relax();
	spin_unlock_irqrestore(&serial_tty.out_lock, irqflags);
}

/* ---- the interrupt ---- */

/* With the lock, for while the speed is being set the data register is another. */
static size_t receive_some(u8 *buf, size_t size)
{
	u64 irqflags = spin_lock_irqsave(&serial_tty.out_lock);
	size_t n = 0;

	while (n < size && (inb(UART_LSR) & LSR_READY))
		buf[n++] = inb(UART_DATA);
	spin_unlock_irqrestore(&serial_tty.out_lock, irqflags);
	return n;
}

static void receive(void)
{
	u8 buf[64];
	size_t n;

	for (int i = 0; i < RX_LIMIT && (n = receive_some(buf, sizeof(buf))); i += n)
		tty_input(&serial_tty, buf, n);
}

static void serial_interrupt(void *unused)
{
	bool has_room;
	u64 irqflags;

	(void)inb(UART_IIR); /* acknowledges the transmit interrupt */
	receive();
	irqflags = spin_lock_irqsave(&serial_tty.out_lock);
	transmit();
	has_room = ring_used(&tx) < TX_SIZE / 2;
	spin_unlock_irqrestore(&serial_tty.out_lock, irqflags);
	if (has_room)
		tty_output_ready(&serial_tty);
}

static void serial_poll(struct timer *timer)
{
	serial_interrupt(NULL);
	timer_arm(timer, clock_ns() + POLL_NS);
}

/* ---- modes ---- */

static void serial_set_termios(struct tty *tty)
{
	u32 speed = tty->termios.c_ospeed, divisor;
	u64 irqflags;

	if (!speed || speed > BAUD_BASE)
		return;
	divisor = BAUD_BASE / speed;
	if (divisor == divisor_set) /* as mostly: a byte of a kernel message must not become one */
		return;
	irqflags = spin_lock_irqsave(&tty->out_lock);
	divisor_set = divisor;
	outb(UART_LCR, LCR_DLAB | LCR_8N1);
	outb(UART_DATA, (u8)divisor);
	outb(UART_IER, (u8)(divisor >> 8));
	outb(UART_LCR, LCR_8N1);
	spin_unlock_irqrestore(&tty->out_lock, irqflags);
}

static long serial_ioctl(struct tty *tty, u32 cmd, u64 arg)
{
	switch (cmd) {
	case TIOCMGET: /* three wires: the other lines are as if always on */
		return put_user(TIOCM_DTR | TIOCM_RTS | TIOCM_CTS | TIOCM_CAR | TIOCM_DSR,
				(int __user *)arg);
	case TIOCMSET:
	case TIOCMBIS:
	case TIOCMBIC:
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct tty_ops serial_ops = {
	.write = serial_write,
	.room = serial_room,
	.pending = serial_pending,
	.flush = serial_flush,
	.set_termios = serial_set_termios,
	.ioctl = serial_ioctl,
};

struct tty *serial_init(void)
{
	if (!uart_present())
		return NULL;
	ring_init(&tx, tx_buf, sizeof(tx_buf));
	tty_setup(&serial_tty, &serial_ops, "ttyS0", MKDEV(TTY_MAJOR, 64), 24, 80);
	serial_tty.termios.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL;
	serial_tty.termios.c_ispeed = serial_tty.termios.c_ospeed = 115200;
	tty_register(&serial_tty);
	outb(UART_IER, IER_RX);
	if (irq_register(COM1_IRQ, "ttyS0", serial_interrupt, NULL)) {
		pr_warn("ttyS0: no interrupt, polling\n");
		timer_setup(&poll_timer, serial_poll);
		timer_arm(&poll_timer, clock_ns() + POLL_NS);
	}
	receive(); /* what was typed during the boot, and the edge it would not give again */
	return &serial_tty;
}
