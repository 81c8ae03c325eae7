/*
 * Polled COM1, for output before any driver and after a panic.
 */
#pragma once

#include "lib/base.h"

void uart_init(void);
bool uart_present(void);
void uart_putc(char c); /* '\n' becomes CR LF; drops the byte if there is no UART */
void uart_write(const char *text, size_t len);
