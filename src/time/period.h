/*
 * period.h
 *		Days, weeks and months of a time zone, as numbers.
 *
 * A period is what date_trunc() makes of the local time: the day, the week
 * (from Monday on) and the month in which a moment lies.  Numbers of one kind
 * grow with time, but for what a clock that is set back repeats.
 */
#ifndef REVOPS_PERIOD_H
#define REVOPS_PERIOD_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"

typedef enum Period
{
	PERIOD_EVER,				/* all of time is one */
	PERIOD_DAY,
	PERIOD_WEEK,
	PERIOD_MONTH,
	N_PERIODS
} Period;

/* In which period of each kind a moment lies. */
typedef struct PeriodNumbers
{
	int32		of[N_PERIODS];
} PeriodNumbers;

/* The period with this name ('day', 'week', 'month'); NULL is for ever. */
extern Period period_by_name(const char *name);

/* zone NULL: nobody asks for other periods than for ever. */
extern void periods_of(pg_tz *zone, TimestampTz at, PeriodNumbers *numbers);

/*
 * A moment before which nothing lies in the same period as `at`: DT_NOBEGIN
 * for ever.
 */
extern TimestampTz period_reach(Period period, TimestampTz at);

#endif							/* REVOPS_PERIOD_H */
