/*
 * The inside of FILE.
 *
 * The buffer holds either bytes read ahead, buf[at..end), or bytes not yet written, buf[0..at)
 * with FILE_WRITING set; never both. The functions here want the file locked.
 */
#pragma once

#include <stdio.h>

enum file_flags {
	FILE_READ = 1 << 0,
	FILE_WRITE = 1 << 1,
	FILE_APPEND = 1 << 2,
	FILE_WRITING = 1 << 3,
	FILE_EOF = 1 << 4,
	FILE_ERROR = 1 << 5,
	FILE_OWN_BUF = 1 << 6, /* free it with the file */
	FILE_MAYBE_TTY = 1 << 7, /* becomes line-buffered at its first write if it is a terminal */
	FILE_STATIC = 1 << 8, /* stdin, stdout, stderr: not to be freed */
};

struct libc_file {
	int fd;
	unsigned int flags;
	int buffering; /* _IOFBF, _IOLBF, _IONBF */
	int pushed; /* the character of ungetc(), or EOF */
	unsigned char *buf;
	size_t size;
	size_t at, end;
	int lock, owner, depth;
	pid_t child; /* of popen() */
	struct libc_file *next, **link;
};

/* Everything not yet written; 0 or EOF. */
int libc_file_flush(FILE *file);

/* More bytes into the empty buffer; 0, or EOF at the end and on error. */
int libc_file_fill(FILE *file);

/* Appends; what did not fit is written. 0 or EOF. */
int libc_file_write(FILE *file, const void *data, size_t n);

/* The next byte, or EOF. */
int libc_file_getc(FILE *file);

/* Forgets bytes read ahead, if the descriptor can be moved back to where the program is. */
void libc_file_drop_input(FILE *file);

/* Open flags of a mode such as "r+e", or -1 with EINVAL; and a file for a descriptor. */
int libc_file_mode(const char *mode);
FILE *libc_file_new(int fd, int open_flags);

/* The list of open files. */
void libc_file_link(FILE *file);
void libc_file_unlink(FILE *file);
int libc_file_flush_all(void);
