/* The two parts of a path. Both may write to it. */
#pragma once

char *dirname(char *path);
char *libc_basename(char *path);

/* POSIX's basename ignores slashes at the end; that of <string.h> does not. */
#define basename libc_basename
