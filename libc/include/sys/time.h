/* Time in microseconds. */
#pragma once

#include <sys/select.h>
#include <sys/types.h>

#include <linux/time.h>

int gettimeofday(struct timeval *tv, void *zone);
int settimeofday(const struct timeval *tv, const struct timezone *zone);
int getitimer(int which, struct itimerval *value);
int setitimer(int which, const struct itimerval *value, struct itimerval *old);
int utimes(const char *path, const struct timeval times[2]);
int futimes(int fd, const struct timeval times[2]);
int lutimes(const char *path, const struct timeval times[2]);

#define timerclear(t) ((void)((t)->tv_sec = (t)->tv_usec = 0))
#define timerisset(t) ((t)->tv_sec || (t)->tv_usec)
#define timercmp(a, b, op)                                                                         \
	((a)->tv_sec == (b)->tv_sec ? (a)->tv_usec op(b)->tv_usec : (a)->tv_sec op(b)->tv_sec)
#define timersub(a, b, out)                                                                        \
	do {                                                                                       \
		(out)->tv_sec = (a)->tv_sec - (b)->tv_sec;                                         \
		(out)->tv_usec = (a)->tv_usec - (b)->tv_usec;                                      \
		if ((out)->tv_usec < 0) {                                                          \
			(out)->tv_sec--;                                                           \
			(out)->tv_usec += 1000000;                                                 \
		}                                                                                  \
	} while (0)
#define timeradd(a, b, out)                                                                        \
	do {                                                                                       \
		(out)->tv_sec = (a)->tv_sec + (b)->tv_sec;                                         \
		(out)->tv_usec = (a)->tv_usec + (b)->tv_usec;                                      \
		if ((out)->tv_usec >= 1000000) {                                                   \
			(out)->tv_sec++;                                                           \
			(out)->tv_usec -= 1000000;                                                 \
		}                                                                                  \
	} while (0)
