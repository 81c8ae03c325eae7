/* Dates as text, in the C locale. */
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				    "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January",   "February", "March",    "April",
				      "May",       "June",     "July",     "August",
				      "September", "October",  "November", "December" };

/* The week of the year whose first day is "first_wday" after Sunday. */
static int week(const struct tm *tm, int first_wday)
{
	return (tm->tm_yday + 7 - (tm->tm_wday + 7 - first_wday) % 7) / 7;
}

static int number(char *buf, size_t size, const char *format, long n)
{
	return snprintf(buf, size, format, n);
}

/* Conversions that stand for others. */
static const char *expansion(char c)
{
	switch (c) {
	case 'c':
		return "%a %b %e %H:%M:%S %Y";
	case 'D':
	case 'x':
		return "%m/%d/%y";
	case 'F':
		return "%Y-%m-%d";
	case 'h':
		return "%b";
	case 'r':
		return "%I:%M:%S %p";
	case 'R':
		return "%H:%M";
	case 'T':
	case 'X':
		return "%H:%M:%S";
	}
	return NULL;
}

static int convert(char *buf, size_t size, char c, const struct tm *tm)
{
	int year = tm->tm_year + 1900;
	struct tm copy = *tm;

	switch (c) {
	case 'a':
		return snprintf(buf, size, "%.3s", days[tm->tm_wday % 7]);
	case 'A':
		return snprintf(buf, size, "%s", days[tm->tm_wday % 7]);
	case 'b':
		return snprintf(buf, size, "%.3s", months[tm->tm_mon % 12]);
	case 'B':
		return snprintf(buf, size, "%s", months[tm->tm_mon % 12]);
	case 'p':
		return snprintf(buf, size, "%s", tm->tm_hour < 12 ? "AM" : "PM");
	case 'z':
		return snprintf(buf, size, "+0000");
	case 'Z':
		return snprintf(buf, size, "UTC");
	case 'n':
		return snprintf(buf, size, "\n");
	case 't':
		return snprintf(buf, size, "\t");
	case '%':
		return snprintf(buf, size, "%%");
	case 'C':
		return number(buf, size, "%02ld", year / 100);
	case 'd':
		return number(buf, size, "%02ld", tm->tm_mday);
	case 'e':
		return number(buf, size, "%2ld", tm->tm_mday);
	case 'H':
		return number(buf, size, "%02ld", tm->tm_hour);
	case 'I':
		return number(buf, size, "%02ld", (tm->tm_hour + 11) % 12 + 1);
	case 'j':
		return number(buf, size, "%03ld", tm->tm_yday + 1);
	case 'm':
		return number(buf, size, "%02ld", tm->tm_mon + 1);
	case 'M':
		return number(buf, size, "%02ld", tm->tm_min);
	case 's':
		return number(buf, size, "%ld", timegm(&copy));
	case 'S':
		return number(buf, size, "%02ld", tm->tm_sec);
	case 'u':
		return number(buf, size, "%ld", (tm->tm_wday + 6) % 7 + 1);
	case 'U':
		return number(buf, size, "%02ld", week(tm, 0));
	case 'w':
		return number(buf, size, "%ld", tm->tm_wday);
	case 'W':
		return number(buf, size, "%02ld", week(tm, 1));
	case 'y':
		return number(buf, size, "%02ld", year % 100);
	case 'Y':
		return number(buf, size, "%ld", year);
	}
	return snprintf(buf, size, "%%%c", c);
}

size_t strftime(char *buf, size_t size, const char *format, const struct tm *tm)
{
	size_t n = 0;

	for (; *format; format++) {
		const char *longer;
		size_t added = 1;

		if (n >= size)
			return 0;
		if (*format != '%' || !format[1]) {
			buf[n] = *format;
		} else if ((longer = expansion(*++format))) {
			added = strftime(buf + n, size - n, longer, tm);
			if (!added)
				return 0;
		} else {
			added = (size_t)convert(buf + n, size - n, *format, tm);
		}
		n += added;
	}
	if (n >= size)
		return 0;
	buf[n] = '\0';
	return n;
}

char *asctime(const struct tm *tm)
{
	static char buf[64];

	strftime(buf, sizeof(buf), "%a %b %e %H:%M:%S %Y\n", tm);
	return buf;
}

char *ctime(const time_t *t)
{
	struct tm tm;

	return gmtime_r(t, &tm) ? asctime(&tm) : NULL;
}
