/* Buffered streams and formatted text. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct libc_file FILE;
typedef off_t fpos_t;

extern FILE *const stdin;
extern FILE *const stdout;
extern FILE *const stderr;

#define EOF          (-1)
#define BUFSIZ       1024
#define FILENAME_MAX 4096
#define FOPEN_MAX    1000
#define L_tmpnam     20

#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

#define SEEK_SET  0
#define SEEK_CUR  1
#define SEEK_END  2
#define SEEK_DATA 3
#define SEEK_HOLE 4

FILE *fopen(const char *path, const char *mode);
FILE *freopen(const char *path, const char *mode, FILE *file);
FILE *fdopen(int fd, const char *mode);
FILE *popen(const char *command, const char *mode);
FILE *tmpfile(void);
int pclose(FILE *file);
int fclose(FILE *file);
int fflush(FILE *file);
int fileno(FILE *file);
int setvbuf(FILE *file, char *buf, int mode, size_t size);
void setbuf(FILE *file, char *buf);
void setlinebuf(FILE *file);

size_t fread(void *buf, size_t size, size_t n, FILE *file);
size_t fwrite(const void *buf, size_t size, size_t n, FILE *file);
int fgetc(FILE *file);
int getc(FILE *file);
int getc_unlocked(FILE *file);
int getchar(void);
int ungetc(int c, FILE *file);
int fputc(int c, FILE *file);
int putc(int c, FILE *file);
int putc_unlocked(int c, FILE *file);
int putchar(int c);
char *fgets(char *buf, int size, FILE *file);
int fputs(const char *s, FILE *file);
int puts(const char *s);
ssize_t getline(char **line, size_t *size, FILE *file);
ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *file);

int fseek(FILE *file, long offset, int whence);
int fseeko(FILE *file, off_t offset, int whence);
long ftell(FILE *file);
off_t ftello(FILE *file);
void rewind(FILE *file);
int fgetpos(FILE *file, fpos_t *pos);
int fsetpos(FILE *file, const fpos_t *pos);
int feof(FILE *file);
int ferror(FILE *file);
void clearerr(FILE *file);
void flockfile(FILE *file);
int ftrylockfile(FILE *file);
void funlockfile(FILE *file);

#define LIBC_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define LIBC_SCANF(f, a)  __attribute__((format(scanf, f, a)))

int printf(const char *format, ...) LIBC_PRINTF(1, 2);
int fprintf(FILE *file, const char *format, ...) LIBC_PRINTF(2, 3);
int dprintf(int fd, const char *format, ...) LIBC_PRINTF(2, 3);
int sprintf(char *buf, const char *format, ...) LIBC_PRINTF(2, 3);
int snprintf(char *buf, size_t size, const char *format, ...) LIBC_PRINTF(3, 4);
int asprintf(char **out, const char *format, ...) LIBC_PRINTF(2, 3);
int vprintf(const char *format, va_list args) LIBC_PRINTF(1, 0);
int vfprintf(FILE *file, const char *format, va_list args) LIBC_PRINTF(2, 0);
int vdprintf(int fd, const char *format, va_list args) LIBC_PRINTF(2, 0);
int vsprintf(char *buf, const char *format, va_list args) LIBC_PRINTF(2, 0);
int vsnprintf(char *buf, size_t size, const char *format, va_list args) LIBC_PRINTF(3, 0);
int vasprintf(char **out, const char *format, va_list args) LIBC_PRINTF(2, 0);

int scanf(const char *format, ...) LIBC_SCANF(1, 2);
int fscanf(FILE *file, const char *format, ...) LIBC_SCANF(2, 3);
int sscanf(const char *text, const char *format, ...) LIBC_SCANF(2, 3);
int vfscanf(FILE *file, const char *format, va_list args) LIBC_SCANF(2, 0);
int vsscanf(const char *text, const char *format, va_list args) LIBC_SCANF(2, 0);

void perror(const char *prefix);
int remove(const char *path);
int rename(const char *from, const char *to);
int renameat(int from_dir, const char *from, int to_dir, const char *to);
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags);

#include <linux/fs.h>
