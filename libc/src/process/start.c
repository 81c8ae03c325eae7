/*
 * From the kernel's argument block to main().
 *
 *	argc, argv[0] ... argv[argc - 1], NULL, environment ..., NULL, auxiliary vector
 *
 * Nothing may use thread-local variables, errno among them, before libc_tls_init().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libc/src/libc.h"
#include "libc/src/thread/thread.h"

char **environ;
unsigned long *libc_auxv;

/* Where the linker gathers functions marked as constructors. */
extern void (*__preinit_array_start[])(int, char **, char **)
	__attribute__((weak, visibility("hidden")));
extern void (*__preinit_array_end[])(int, char **, char **)
	__attribute__((weak, visibility("hidden")));
extern void (*__init_array_start[])(int, char **, char **)
	__attribute__((weak, visibility("hidden")));
extern void (*__init_array_end[])(int, char **, char **)
	__attribute__((weak, visibility("hidden")));

int main(int argc, char **argv, char **envp);
_Noreturn void libc_start(long *block);

static void set_program_name(char *path)
{
	char *slash = strrchr(path, '/');

	libc_program_name = path;
	libc_program_short_name = slash ? slash + 1 : path;
}

void libc_start(long *block)
{
	int argc = (int)block[0];
	char **argv = (char **)(block + 1);
	char **end;

	environ = argv + argc + 1;
	for (end = environ; *end; end++)
		;
	libc_auxv = (unsigned long *)(end + 1);
	libc_tls_init();
	if (argc > 0)
		set_program_name(argv[0]);
	for (size_t i = 0; i < (size_t)(__preinit_array_end - __preinit_array_start); i++)
		__preinit_array_start[i](argc, argv, environ);
	for (size_t i = 0; i < (size_t)(__init_array_end - __init_array_start); i++)
		__init_array_start[i](argc, argv, environ);
	exit(main(argc, argv, environ));
}
