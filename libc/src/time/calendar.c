/*
 * Seconds since 1970 and the calendar.
 *
 * Years are counted from March, so that the leap day is the last of its year, and in eras of 400
 * years, which all have 146097 days.
 */
#include <errno.h>
#include <limits.h>
#include <time.h>

enum { DAY = 86400, ERA_DAYS = 146097, EPOCH_DAYS = 719468 }; /* from 1 March of year 0 to 1970 */

static const short days_before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };

static int is_leap(long year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static long floor_div(long a, long b)
{
	return a / b - (a % b < 0);
}

struct tm *gmtime_r(const time_t *t, struct tm *out)
{
	long days = floor_div(*t, DAY), rest = *t - days * DAY;
	long era, day, year, month;

	out->tm_wday = (int)((days % 7 + 7 + 4) % 7); /* 1 January 1970 was a Thursday */
	days += EPOCH_DAYS;
	era = floor_div(days, ERA_DAYS);
	day = days - era * ERA_DAYS;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	month = month < 10 ? month + 2 : month - 10;
	year += era * 400 + (month < 2);
	if (year - 1900 > INT_MAX || year - 1900 < INT_MIN) {
		errno = EOVERFLOW;
		return NULL;
	}
	out->tm_year = (int)(year - 1900);
	out->tm_mon = (int)month;
	out->tm_mday = (int)day + 1;
	out->tm_yday = days_before[month] + (int)day + (month > 1 && is_leap(year));
	out->tm_hour = (int)(rest / 3600);
	out->tm_min = (int)(rest / 60 % 60);
	out->tm_sec = (int)(rest % 60);
	out->tm_isdst = 0;
	out->tm_gmtoff = 0;
	out->tm_zone = "UTC";
	return out;
}

/* Takes fields outside their ranges, and sets all of them right. */
time_t timegm(struct tm *tm)
{
	long year = 1900L + tm->tm_year + floor_div(tm->tm_mon, 12);
	long month = tm->tm_mon - floor_div(tm->tm_mon, 12) * 12;
	long past = year - 1;
	long days = past * 365 + floor_div(past, 4) - floor_div(past, 100) + floor_div(past, 400) -
		    719162; /* days from 1 January of year 1 to 1970 */
	time_t t;

	days += days_before[month] + (month > 1 && is_leap(year)) + tm->tm_mday - 1;
	t = ((days * 24 + tm->tm_hour) * 60 + tm->tm_min) * 60 + tm->tm_sec;
	return gmtime_r(&t, tm) ? t : -1;
}

struct tm *gmtime(const time_t *t)
{
	static struct tm tm;

	return gmtime_r(t, &tm);
}

struct tm *localtime_r(const time_t *t, struct tm *out)
{
	return gmtime_r(t, out);
}

struct tm *localtime(const time_t *t)
{
	return gmtime(t);
}

time_t mktime(struct tm *tm)
{
	return timegm(tm);
}

void tzset(void)
{
}
