/*
 * test_calendar.c
 *		A naive reference for business time: one year of a zone as a table of
 *		minutes, each with what the local clock shows and whether it is open.
 *
 * Nothing here is clever, and nothing is shared with the engine: moments of
 * local times are searched for on the clock, lengths are walked minute by
 * minute.  Moments and hours are whole minutes.  Answers that lie outside the
 * table are NULL.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(naive_begin);
PG_FUNCTION_INFO_V1(naive_change);
PG_FUNCTION_INFO_V1(naive_open);
PG_FUNCTION_INFO_V1(naive_add);
PG_FUNCTION_INFO_V1(naive_between);
PG_FUNCTION_INFO_V1(naive_is_open);
PG_FUNCTION_INFO_V1(naive_next_open);
PG_FUNCTION_INFO_V1(naive_next_close);

#define MINUTES_PER_DAY		1440
/* no local clock is further from UTC than this, change of the date line included */
#define FAR_ENOUGH			(3 * MINUTES_PER_DAY)

static int64 *clock_shows = NULL;	/* minutes since 2000-01-01 on the local clock */
static bool *open = NULL;
static int	count = 0;
static int64 base;				/* minutes since 2000-01-01 UTC of the first */

/* naive_begin(zone text, since timestamptz, days int): false: not whole minutes */
Datum
naive_begin(PG_FUNCTION_ARGS)
{
	pg_tz	   *zone = pg_tzset(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	int			i;

	if (zone == NULL)
		elog(ERROR, "unknown zone");
	base = PG_GETARG_TIMESTAMPTZ(1) / USECS_PER_MINUTE;
	count = PG_GETARG_INT32(2) * MINUTES_PER_DAY;
	if (clock_shows != NULL)
	{
		pfree(clock_shows);
		pfree(open);
	}
	clock_shows = MemoryContextAllocHuge(TopMemoryContext, sizeof(int64) * count);
	open = MemoryContextAllocZero(TopMemoryContext, count);
	for (i = 0; i < count; i++)
	{
		struct pg_tm tm;
		fsec_t		fsec;
		int			tz;

		if (timestamp2tm((base + i) * USECS_PER_MINUTE, &tz, &tm, &fsec, NULL, zone) != 0)
			elog(ERROR, "moment out of range");
		if (tm.tm_sec != 0)
			PG_RETURN_BOOL(false);
		clock_shows[i] = (int64) (date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE)
			* MINUTES_PER_DAY + tm.tm_hour * 60 + tm.tm_min;
	}
	PG_RETURN_BOOL(true);
}

/* naive_change(n int): the n-th moment at which the clock jumps; NULL: none */
Datum
naive_change(PG_FUNCTION_ARGS)
{
	int			n = PG_GETARG_INT32(0);
	int			i;

	for (i = 1; i < count; i++)
		if (clock_shows[i] != clock_shows[i - 1] + 1 && --n == 0)
			PG_RETURN_TIMESTAMPTZ((base + i) * USECS_PER_MINUTE);
	PG_RETURN_NULL();
}

/*
 * The minute at which the clock shows that: the last one where it does so
 * twice; where it never does, the clock goes on as it went before it jumped.
 */
static int64
minute_of(int64 shown)
{
	int64		from = Max(0, shown - base - FAR_ENOUGH);
	int64		to = Min(count - 1, shown - base + FAR_ENOUGH);
	int64		before = -1;
	int64		m;

	for (m = to; m >= from; m--)
		if (clock_shows[m] == shown)
			return m;
	for (m = from; m <= to; m++)
		if (clock_shows[m] < shown)
			before = m;
	return before < 0 ? -1 : before + (shown - clock_shows[before]);
}

/* naive_open(day date, opens time, closes time): closes <= opens is the next day's */
Datum
naive_open(PG_FUNCTION_ARGS)
{
	int64		midnight = (int64) PG_GETARG_DATEADT(0) * MINUTES_PER_DAY;
	int64		opens = PG_GETARG_TIMEADT(1) / USECS_PER_MINUTE;
	int64		closes = PG_GETARG_TIMEADT(2) / USECS_PER_MINUTE;
	int64		m,
				end;

	if (closes <= opens)
		closes += MINUTES_PER_DAY;
	end = minute_of(midnight + closes);
	for (m = minute_of(midnight + opens); m >= 0 && m < Min(end, count); m++)
		open[m] = true;
	PG_RETURN_VOID();
}

static int64
minute_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_GETARG_TIMESTAMPTZ(n) / USECS_PER_MINUTE - base;
}

static Datum
moment(int64 minute)
{
	return TimestampTzGetDatum((base + minute) * USECS_PER_MINUTE);
}

/* naive_add(at timestamptz, minutes int), minutes not 0 */
Datum
naive_add(PG_FUNCTION_ARGS)
{
	int64		m = minute_argument(fcinfo, 0);
	int			rest = PG_GETARG_INT32(1);

	for (; rest > 0 && m < count; m++)
		if (open[m] && --rest == 0)
			return moment(m + 1);
	for (; rest < 0 && m > 0; m--)
		if (open[m - 1] && ++rest == 0)
			return moment(m - 1);
	PG_RETURN_NULL();
}

/* naive_between(a timestamptz, b timestamptz): minutes, b not before a */
Datum
naive_between(PG_FUNCTION_ARGS)
{
	int64		m = minute_argument(fcinfo, 0);
	int64		b = minute_argument(fcinfo, 1);
	int			minutes = 0;

	if (b > count)
		PG_RETURN_NULL();
	for (; m < b; m++)
		if (open[m])
			minutes++;
	PG_RETURN_INT32(minutes);
}

Datum
naive_is_open(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(open[minute_argument(fcinfo, 0)]);
}

Datum
naive_next_open(PG_FUNCTION_ARGS)
{
	int64		m;

	for (m = minute_argument(fcinfo, 0); m < count; m++)
		if (open[m])
			return moment(m);
	PG_RETURN_NULL();
}

/* the end of the open time that the moment is in, else of the next */
Datum
naive_next_close(PG_FUNCTION_ARGS)
{
	int64		m = minute_argument(fcinfo, 0);

	while (m < count && !open[m])
		m++;
	while (m < count && open[m])
		m++;
	if (m >= count)
		PG_RETURN_NULL();
	return moment(m);
}
