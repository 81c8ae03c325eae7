/* Calls whose last argument depends on the command: passed on as a word. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libc/src/libc.h"

/* A group's number is negative, which F_GETOWN cannot tell from an error. */
static int owner_of(int fd)
{
	struct f_owner_ex owner;

	if (SYSCALL(fcntl, fd, F_GETOWN_EX, &owner))
		return -1;
	return owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid;
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	long arg;

	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	if (command == F_GETOWN)
		return owner_of(fd);
	return (int)SYSCALL(fcntl, fd, command, arg);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	long arg;

	va_start(args, request);
	arg = va_arg(args, long);
	va_end(args);
	return (int)SYSCALL(ioctl, fd, request, arg);
}

int prctl(int option, ...)
{
	va_list args;
	long a, b, c, d;

	va_start(args, option);
	a = va_arg(args, long);
	b = va_arg(args, long);
	c = va_arg(args, long);
	d = va_arg(args, long);
	va_end(args);
	return (int)SYSCALL(prctl, option, a, b, c, d);
}

long syscall(long nr, ...)
{
	va_list args;
	long a[6];

	va_start(args, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	return libc_return(raw_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]));
}
