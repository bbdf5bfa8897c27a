/*
 * period.c
 *		See period.h.
 */
#include "postgres.h"

#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "time/period.h"

Period
period_by_name(const char *name)
{
	if (name == NULL)
		return PERIOD_EVER;
	return strcmp(name, "day") == 0 ? PERIOD_DAY :
		strcmp(name, "week") == 0 ? PERIOD_WEEK : PERIOD_MONTH;
}

void
periods_of(pg_tz *zone, TimestampTz at, PeriodNumbers *numbers)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			tz;
	int			day;

	memset(numbers, 0, sizeof(PeriodNumbers));
	/* a moment that no calendar reaches is in a period of its own kind: none */
	if (zone == NULL || timestamp2tm(at, &tz, &tm, &fsec, NULL, zone) != 0)
		return;
	day = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday);
	numbers->of[PERIOD_DAY] = day;
	/* day 0 of the Julian count is a Monday */
	numbers->of[PERIOD_WEEK] = day / 7;
	numbers->of[PERIOD_MONTH] = tm.tm_year * MONTHS_PER_YEAR + tm.tm_mon;
}

TimestampTz
period_reach(Period period, TimestampTz at)
{
	/* the longest that each can be; a day more for clocks that are set */
	static const int days[N_PERIODS] = {
		[PERIOD_DAY] = 2,
		[PERIOD_WEEK] = 8,
		[PERIOD_MONTH] = 32,
	};

	if (period == PERIOD_EVER || at < DT_NOBEGIN + days[period] * USECS_PER_DAY)
		return DT_NOBEGIN;
	return at - days[period] * USECS_PER_DAY;
}
