/* Clocks, and the calendar. There is one time zone, UTC. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include <linux/time.h>

struct sigevent;

struct tm {
	int tm_sec;
	int tm_min;
	int tm_hour;
	int tm_mday;
	int tm_mon;
	int tm_year;
	int tm_wday;
	int tm_yday;
	int tm_isdst;
	long tm_gmtoff;
	const char *tm_zone;
};

#define CLOCKS_PER_SEC 1000000L
#define TIME_UTC       1

time_t time(time_t *out);
clock_t clock(void);
double difftime(time_t end, time_t start);
int timespec_get(struct timespec *out, int base);

int clock_gettime(clockid_t clock, struct timespec *out);
int clock_settime(clockid_t clock, const struct timespec *value);
int clock_getres(clockid_t clock, struct timespec *out);
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request,
		    struct timespec *remaining);
int clock_getcpuclockid(pid_t pid, clockid_t *out);
int nanosleep(const struct timespec *request, struct timespec *remaining);

int timer_create(clockid_t clock, struct sigevent *event, timer_t *out);
int timer_delete(timer_t timer);
int timer_settime(timer_t timer, int flags, const struct itimerspec *value, struct itimerspec *old);
int timer_gettime(timer_t timer, struct itimerspec *value);
int timer_getoverrun(timer_t timer);

struct tm *gmtime(const time_t *t);
struct tm *gmtime_r(const time_t *t, struct tm *out);
struct tm *localtime(const time_t *t);
struct tm *localtime_r(const time_t *t, struct tm *out);
time_t mktime(struct tm *tm);
time_t timegm(struct tm *tm);
size_t strftime(char *buf, size_t size, const char *format, const struct tm *tm);
char *asctime(const struct tm *tm);
char *ctime(const time_t *t);
void tzset(void);
