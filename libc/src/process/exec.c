/* Replacing the program: execve and the forms that list arguments. */
#include <alloca.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "libc/src/libc.h"

int execve(const char *path, char *const argv[], char *const envp[])
{
	return (int)SYSCALL(execve, path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

int execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)SYSCALL(execveat, dir, path, argv, envp, flags);
}

int fexecve(int fd, char *const argv[], char *const envp[])
{
	return execveat(fd, "", argv, envp, AT_EMPTY_PATH);
}

/* Arguments of a call, the NULL included. */
static size_t count(va_list args)
{
	size_t n = 2;

	while (va_arg(args, char *))
		n++;
	return n;
}

static void collect(char **argv, const char *first, va_list args)
{
	*argv++ = (char *)first;
	while ((*argv++ = va_arg(args, char *)))
		;
}

/* Defines "argv" on the stack from the arguments after "arg"; "args" stands behind the NULL. */
#define ARGUMENTS(arg)                                                                             \
	va_list args;                                                                              \
	char **argv;                                                                               \
	va_start(args, arg);                                                                       \
	argv = alloca(count(args) * sizeof(char *));                                               \
	va_end(args);                                                                              \
	va_start(args, arg);                                                                       \
	collect(argv, arg, args)

int execl(const char *path, const char *arg, ...)
{
	ARGUMENTS(arg);
	va_end(args);
	return execv(path, argv);
}

int execlp(const char *file, const char *arg, ...)
{
	ARGUMENTS(arg);
	va_end(args);
	return execvp(file, argv);
}

int execle(const char *path, const char *arg, ...)
{
	char **envp;

	ARGUMENTS(arg);
	envp = va_arg(args, char **);
	va_end(args);
	return execve(path, argv, envp);
}
