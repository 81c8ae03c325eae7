/*
 * The battery clock: MC146818 registers behind ports 0x70 and 0x71.
 *
 * The registers change under the reader once a second, so a reading counts only when two in a row
 * agree and no update was in progress.
 */
#include "arch/x86_64/rtc.h"

#include "lib/string.h"

#include "arch/x86_64/cpu.h"

#define RTC_SECONDS       0x00
#define RTC_MINUTES       0x02
#define RTC_HOURS         0x04
#define RTC_DAY           0x07
#define RTC_MONTH         0x08
#define RTC_YEAR          0x09
#define RTC_STATUS_A      0x0a
#define RTC_STATUS_B      0x0b
#define STATUS_A_UPDATING 0x80
#define STATUS_B_24H      0x02
#define STATUS_B_BINARY   0x04
#define HOUR_PM           0x80

struct rtc_reading {
	u8 second, minute, hour, day, month, year;
};

static u8 rtc_read(u8 reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static struct rtc_reading rtc_read_all(void)
{
	for (int spins = 0; (rtc_read(RTC_STATUS_A) & STATUS_A_UPDATING) && spins < 10000; spins++)
		cpu_relax();
	return (struct rtc_reading){ rtc_read(RTC_SECONDS), rtc_read(RTC_MINUTES),
				     rtc_read(RTC_HOURS),   rtc_read(RTC_DAY),
				     rtc_read(RTC_MONTH),   rtc_read(RTC_YEAR) };
}

static u8 from_bcd(u8 v)
{
	return (u8)((v >> 4) * 10 + (v & 15));
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static u64 days_from_date(u64 year, u64 month, u64 day)
{
	u64 era_year = month <= 2 ? year - 1 : year; /* years begin in March: leap day last */
	u64 month_from_march = (month + 9) % 12;

	return era_year * 365 + era_year / 4 - era_year / 100 + era_year / 400 +
	       (month_from_march * 153 + 2) / 5 + day - 1 - 719468;
}

u64 rtc_seconds(void)
{
	struct rtc_reading r = rtc_read_all(), again;
	u8 status;
	bool is_pm;

	for (int tries = 0; tries < 10; tries++) {
		again = rtc_read_all();
		if (memcmp(&r, &again, sizeof(r)) == 0)
			break;
		r = again;
	}
	status = rtc_read(RTC_STATUS_B);
	is_pm = r.hour & HOUR_PM;
	r.hour &= (u8)~HOUR_PM;
	if (!(status & STATUS_B_BINARY))
		r =
			(struct rtc_reading){ from_bcd(r.second), from_bcd(r.minute),
					      from_bcd(r.hour),   from_bcd(r.day),
					      from_bcd(r.month),  from_bcd(r.year) };
	if (!(status & STATUS_B_24H))
		r.hour = (u8)(r.hour % 12 + (is_pm ? 12 : 0));
	if (r.month < 1 || r.month > 12 || r.day < 1)
		return 0; /* no clock there */
	return ((days_from_date(2000 + (u64)r.year, r.month, r.day) * 24 + r.hour) * 60 +
		r.minute) *
		       60 +
	       r.second;
}
