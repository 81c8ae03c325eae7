/* The three files that are open from the start. */
#include <stdio.h>

#include "libc/src/stdio/file.h"

static unsigned char in_buf[4096], out_buf[4096], err_buf[1];

static FILE in = {
	.fd = 0,
	.flags = FILE_READ | FILE_STATIC,
	.pushed = EOF,
	.buf = in_buf,
	.size = sizeof(in_buf),
};

static FILE out = {
	.fd = 1,
	.flags = FILE_WRITE | FILE_MAYBE_TTY | FILE_STATIC,
	.pushed = EOF,
	.buf = out_buf,
	.size = sizeof(out_buf),
};

static FILE err = {
	.fd = 2,
	.flags = FILE_WRITE | FILE_STATIC,
	.buffering = _IONBF,
	.pushed = EOF,
	.buf = err_buf,
	.size = sizeof(err_buf),
};

FILE *const stdin = &in;
FILE *const stdout = &out;
FILE *const stderr = &err;
