/* The name the program was started by; libc_start() sets it, err() and assert() print it. */
#include <errno.h>

char *libc_program_name = "";
char *libc_program_short_name = "";
