/* Bytes and strings. The first part is shared with the kernel: lib/string.c. */
#pragma once

#include <stddef.h>
#include <strings.h>

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *s, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t size);
size_t strlcpy(char *to, const char *from, size_t size);

char *strdup(const char *s);
char *strndup(const char *s, size_t max);
char *strtok(char *s, const char *delimiters);
char *strtok_r(char *s, const char *delimiters, char **rest);
char *strsep(char **rest, const char *delimiters);
char *strpbrk(const char *s, const char *accept);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t max);
char *stpcpy(char *to, const char *from);
char *strcasestr(const char *s, const char *part);
char *strchrnul(const char *s, int c);
int strcoll(const char *a, const char *b);
void *memccpy(void *to, const void *from, int c, size_t n);
void *memmem(const void *s, size_t len, const void *part, size_t part_len);
void *mempcpy(void *to, const void *from, size_t n);
void *memrchr(const void *s, int c, size_t n);
void explicit_bzero(void *s, size_t n);

char *strerror(int error);
char *strerror_r(int error, char *buf, size_t size);
const char *strerrorname_np(int error);
char *strsignal(int sig);
const char *sigabbrev_np(int sig);
#ifndef basename /* <libgen.h> has its own */
char *basename(const char *path);
#endif
