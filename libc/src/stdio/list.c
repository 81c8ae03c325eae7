/*
 * The list of all open files, for fflush(NULL) and for fork.
 *
 * Order of locks: the list, then files. Whoever holds a file's lock does not take the list's.
 */
#include "libc/src/libc.h"

#include "libc/src/stdio/file.h"

static FILE *first;
static int lock;

void libc_file_link(FILE *file)
{
	libc_lock(&lock);
	file->next = first;
	file->link = &first;
	if (first)
		first->link = &file->next;
	first = file;
	libc_unlock(&lock);
}

void libc_file_unlink(FILE *file)
{
	libc_lock(&lock);
	if (file->link) {
		*file->link = file->next;
		if (file->next)
			file->next->link = file->link;
	}
	libc_unlock(&lock);
}

static int flush_locked(FILE *file)
{
	int result;

	flockfile(file);
	result = libc_file_flush(file);
	funlockfile(file);
	return result;
}

int libc_file_flush_all(void)
{
	int result = flush_locked(stdout) | flush_locked(stderr);

	libc_lock(&lock);
	for (FILE *file = first; file; file = file->next)
		result |= flush_locked(file);
	libc_unlock(&lock);
	return result;
}

void libc_stdio_lock(void)
{
	libc_lock(&lock);
	flockfile(stdin);
	flockfile(stdout);
	flockfile(stderr);
	for (FILE *file = first; file; file = file->next)
		flockfile(file);
}

void libc_stdio_unlock(void)
{
	for (FILE *file = first; file; file = file->next)
		funlockfile(file);
	funlockfile(stderr);
	funlockfile(stdout);
	funlockfile(stdin);
	libc_unlock(&lock);
}
