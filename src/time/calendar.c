/*
 * calendar.c
 *		See calendar.h.
 *
 * Local days first_day .. end_day - 1 have been turned into UTC intervals.
 * Near both ends of that range the picture may be incomplete: a night shift,
 * an unusual offset or a day that the zone skipped may still add to it.  So
 * every answer must lie in [exact_from, exact_to), MARGIN days inside.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "time/calendar.h"

/* days: wider than any offset that PostgreSQL accepts (167 h) and a night */
#define MARGIN			10
/* days made ahead when there is no telling how many will be needed */
#define CHUNK			400
/* the first and last moments that calendars answer for, as days */
#define RANGE_FROM_DAY	(date2j(1900, 1, 1) - POSTGRES_EPOCH_JDATE)
#define RANGE_TO_DAY	(date2j(2300, 1, 1) - POSTGRES_EPOCH_JDATE)
#define FIRST_DAY_EVER	(RANGE_FROM_DAY - MARGIN)
#define END_DAY_EVER	(RANGE_TO_DAY + MARGIN)

/* opens in [0, 24 h), closes in (opens, opens + 24 h], from local midnight */
typedef struct Span
{
	int64		opens;
	int64		closes;
} Span;

/* the spans of one weekday of a season, or of one exceptional day */
typedef struct DayHours
{
	DateADT		day;			/* exceptions only */
	bool		closed;			/* exceptions only: no hours at all */
	int			first;			/* index into spans */
	int			count;
} DayHours;

/* weekly hours, in force from that day until the next season's first day */
typedef struct Season
{
	DateADT		since;
	DayHours	week[7];
} Season;

/* before: open time from the first interval's start to this one's */
typedef struct OpenInterval
{
	TimestampTz start;
	TimestampTz end;
	int64		before;
} OpenInterval;

/* what keeps a calendar from being used; message NULL: nothing */
typedef struct Problem
{
	char	   *message;
	char	   *detail;
	char	   *hint;
} Problem;

struct Calendar
{
	MemoryContext cxt;
	int32		calendar_id;
	char	   *name;
	pg_tz	   *zone;
	Problem		problem;		/* the first one found */

	Span	   *spans;
	int			n_spans;
	int			max_spans;
	Season	   *seasons;		/* ascending; the first has no beginning */
	int			n_seasons;
	int			max_seasons;
	DayHours   *exceptions;		/* ascending by day */
	int			n_exceptions;
	int			max_exceptions;

	OpenInterval *intervals;	/* ascending, apart from each other */
	int			n;
	int			max;
	DateADT		first_day;		/* first_day = end_day: none made yet */
	DateADT		end_day;
	TimestampTz exact_from;
	TimestampTz exact_to;
};

static const char *const weekdays[] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
};

static uint64 growths = 0;

/* ------------------------------------------------------------- problems */

static char *
day_text(DateADT day)
{
	int			year,
				month,
				mday;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	return psprintf("%04d-%02d-%02d", year, month, mday);
}

/* Keeps the first problem; the texts are copied. */
static void
note_problem(Calendar *cal, const char *message, const char *detail,
			 const char *hint)
{
	if (cal->problem.message != NULL)
		return;
	cal->problem.message = MemoryContextStrdup(cal->cxt, message);
	cal->problem.detail = MemoryContextStrdup(cal->cxt, detail);
	cal->problem.hint = MemoryContextStrdup(cal->cxt, hint);
}

void
calendar_note_half_span(Calendar *cal, DateADT day, bool opens_missing)
{
	note_problem(cal,
				 psprintf("exception of calendar \"%s\" on %s has only one of its two times",
						  cal->name, day_text(day)),
				 psprintf("\"%s\" is NULL, the other one is not.",
						  opens_missing ? "opens" : "closes"),
				 "Give both times, or neither where the day is closed.");
}

void
calendar_check_rules(const Calendar *cal)
{
	if (cal->problem.message == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
			 errmsg("%s", cal->problem.message),
			 errdetail("%s", cal->problem.detail),
			 errhint("%s", cal->problem.hint)));
}

const char *
calendar_problem(const Calendar *cal)
{
	return cal->problem.message;
}

/* ---------------------------------------------------------------- rules */

/* Makes room for one more element of *array; returns where it goes. */
static void *
grow(Calendar *cal, void **array, int *max, int used, Size size)
{
	if (*array == NULL)
	{
		*max = 8;
		*array = MemoryContextAlloc(cal->cxt, *max * size);
	}
	else if (used == *max)
	{
		*array = repalloc_huge(*array, (Size) *max * 2 * size);
		*max *= 2;
	}
	return (char *) *array + used * size;
}

void
calendar_begin_season(Calendar *cal, DateADT since)
{
	Season	   *season = grow(cal, (void **) &cal->seasons, &cal->max_seasons,
							  cal->n_seasons, sizeof(Season));

	Assert(cal->n_seasons == 0 || season[-1].since < since);
	memset(season, 0, sizeof(Season));
	season->since = since;
	cal->n_seasons++;
}

Calendar *
calendar_create(MemoryContext parent, int32 calendar_id, const char *name,
				const char *time_zone)
{
	MemoryContext cxt;
	Calendar   *cal;
	pg_tz	   *zone = pg_tzset(time_zone);

	cxt = AllocSetContextCreate(parent, "pg_revops calendar",
								ALLOCSET_SMALL_SIZES);
	cal = MemoryContextAllocZero(cxt, sizeof(Calendar));
	cal->cxt = cxt;
	cal->calendar_id = calendar_id;
	cal->name = MemoryContextStrdup(cxt, name);
	cal->zone = zone;
	calendar_begin_season(cal, DATEVAL_NOBEGIN);
	if (zone == NULL || !pg_tz_acceptable(zone))
		note_problem(cal,
					 psprintf("calendar \"%s\" has an unknown time zone: \"%s\"",
							  name, time_zone),
					 "No usable zone of that name is in PostgreSQL's time zone data.",
					 "Choose a name from pg_timezone_names, such as 'Europe/Berlin'.");
	return cal;
}

/* A local time of day in words; past 24:00 it is the next day's. */
static char *
time_text(int64 usecs)
{
	int64		secs = (usecs > USECS_PER_DAY ? usecs - USECS_PER_DAY : usecs) / USECS_PER_SEC;

	if (secs % 60 != 0)
		return psprintf("%02d:%02d:%02d", (int) (secs / 3600),
						(int) (secs / 60 % 60), (int) (secs % 60));
	return psprintf("%02d:%02d", (int) (secs / 3600), (int) (secs / 60 % 60));
}

static void
note_overlap(Calendar *cal, const char *day, const Span *one,
			 const Span *other)
{
	note_problem(cal,
				 psprintf("hours of calendar \"%s\" overlap on %s", cal->name, day),
				 psprintf("%s to %s and %s to %s share time.",
						  time_text(one->opens), time_text(one->closes),
						  time_text(other->opens), time_text(other->closes)),
				 "Make one span of the two, or end the first where the second opens.");
}

/* Appends a span to a day's hours, which must be the last ones in spans. */
static void
add_span(Calendar *cal, DayHours *hours, const char *day, TimeADT opens,
		 TimeADT closes)
{
	Span	   *span = grow(cal, (void **) &cal->spans, &cal->max_spans,
							cal->n_spans, sizeof(Span));

	span->opens = opens;
	span->closes = closes > opens ? closes : closes + USECS_PER_DAY;

	if (hours->count == 0)
		hours->first = cal->n_spans;
	else if (span[-1].closes > span->opens)
		note_overlap(cal, day, &span[-1], span);

	if (hours->count == CALENDAR_MAX_SPANS)
		note_problem(cal,
					 psprintf("calendar \"%s\" has more than %d spans of hours on %s",
							  cal->name, CALENDAR_MAX_SPANS, day),
					 psprintf("A day may have %d spans.", CALENDAR_MAX_SPANS),
					 "Join spans that follow each other.");
	hours->count++;
	cal->n_spans++;
}

void
calendar_add_weekly(Calendar *cal, int isodow, TimeADT opens, TimeADT closes)
{
	Season	   *season = &cal->seasons[cal->n_seasons - 1];
	const char *day;

	Assert(isodow >= 1 && isodow <= 7);
	day = weekdays[isodow - 1];
	if (season->since != DATEVAL_NOBEGIN)
		day = psprintf("%s from %s", day, day_text(season->since));
	add_span(cal, &season->week[isodow - 1], day, opens, closes);
}

/* The hours of an exceptional day: the last one added, or a new one. */
static DayHours *
exceptional_day(Calendar *cal, DateADT day)
{
	DayHours   *hours;

	if (cal->n_exceptions > 0)
	{
		hours = &cal->exceptions[cal->n_exceptions - 1];
		Assert(hours->day <= day);
		if (hours->day == day)
			return hours;
	}
	hours = grow(cal, (void **) &cal->exceptions, &cal->max_exceptions,
				 cal->n_exceptions, sizeof(DayHours));
	memset(hours, 0, sizeof(DayHours));
	hours->day = day;
	cal->n_exceptions++;
	return hours;
}

static void
note_closed_and_open(Calendar *cal, DateADT day)
{
	note_problem(cal,
				 psprintf("calendar \"%s\" is both closed and open on %s",
						  cal->name, day_text(day)),
				 "One exception of that day has no hours (closed all day), another one has.",
				 "Delete one of the two.");
}

void
calendar_add_exception(Calendar *cal, DateADT day, TimeADT opens,
					   TimeADT closes)
{
	DayHours   *hours = exceptional_day(cal, day);

	if (hours->closed)
		note_closed_and_open(cal, day);
	add_span(cal, hours, day_text(day), opens, closes);
}

void
calendar_close_day(Calendar *cal, DateADT day)
{
	DayHours   *hours = exceptional_day(cal, day);

	if (hours->count > 0)
		note_closed_and_open(cal, day);
	hours->closed = true;
}

/* -------------------------------------------------- days that have hours */

/* A season's hours of the weekday that a day is. */
static inline const DayHours *
hours_in_season(const Season *season, DateADT day)
{
	return &season->week[(day + POSTGRES_EPOCH_JDATE) % 7];
}

/* The first day after the season's last: DATEVAL_NOEND for the last season. */
static DateADT
season_end(const Calendar *cal, const Season *season)
{
	return season == &cal->seasons[cal->n_seasons - 1] ? DATEVAL_NOEND :
		season[1].since;
}

static bool
season_is_open(const Season *season)
{
	int			i;

	for (i = 0; i < 7; i++)
		if (season->week[i].count > 0)
			return true;
	return false;
}

/*
 * The first and last day on which rules open the calendar, DATEVAL_NOBEGIN and
 * DATEVAL_NOEND where it goes on for ever; *first > *last if there is none.
 * Exceptions may still close days of a season.
 */
static void
days_with_hours(const Calendar *cal, DateADT *first, DateADT *last)
{
	const Season *season;
	int			i;

	*first = DATEVAL_NOEND;
	*last = DATEVAL_NOBEGIN;
	for (season = cal->seasons; season < cal->seasons + cal->n_seasons; season++)
	{
		DateADT		end = season_end(cal, season);
		DateADT		day;

		if (!season_is_open(season))
			continue;
		if (season->since == DATEVAL_NOBEGIN)
			*first = DATEVAL_NOBEGIN;
		else
			for (day = season->since; day < Min(end, season->since + 7); day++)
				if (hours_in_season(season, day)->count > 0)
					*first = Min(*first, day);
		if (end == DATEVAL_NOEND)
			*last = DATEVAL_NOEND;
		else
			for (day = end - 1; day >= season->since && day >= end - 7; day--)
				if (hours_in_season(season, day)->count > 0)
					*last = Max(*last, day);
	}
	for (i = 0; i < cal->n_exceptions; i++)
		if (cal->exceptions[i].count > 0)
		{
			*first = Min(*first, cal->exceptions[i].day);
			*last = Max(*last, cal->exceptions[i].day);
		}
}

void
calendar_note_never_open(Calendar *cal)
{
	DateADT		first,
				last;

	days_with_hours(cal, &first, &last);
	if (first <= last)
		return;
	note_problem(cal,
				 psprintf("calendar \"%s\" is never open", cal->name),
				 "It has no weekly hours, and no exceptional day with hours.",
				 psprintf("Insert its hours into revops.calendar_hours for calendar_id %d.",
						  cal->calendar_id));
}

/* ------------------------------------------------------------ intervals */

static inline TimestampTz
day_start(DateADT day)
{
	return (TimestampTz) day * USECS_PER_DAY;
}

static inline DateADT
day_of(TimestampTz at)
{
	return (DateADT) ((at - (at < 0 ? USECS_PER_DAY - 1 : 0)) / USECS_PER_DAY);
}

/*
 * A local moment as a UTC instant, as "timestamp AT TIME ZONE" reads it: in a
 * gap by the offset before, in an overlap by the offset after.
 */
static TimestampTz
instant(const Calendar *cal, DateADT day, int64 usecs)
{
	struct pg_tm tm;
	int			offset;
	int64		secs;

	while (usecs >= USECS_PER_DAY)
	{
		day++;
		usecs -= USECS_PER_DAY;
	}
	secs = usecs / USECS_PER_SEC;
	memset(&tm, 0, sizeof(tm));
	j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	tm.tm_hour = secs / 3600;
	tm.tm_min = secs / 60 % 60;
	tm.tm_sec = secs % 60;
	offset = DetermineTimeZoneOffset(&tm, cal->zone);
	return day_start(day) + usecs + (int64) offset * USECS_PER_SEC;
}

/* Index of the first exception on or after day. */
static int
first_exception_from(const Calendar *cal, DateADT day)
{
	int			low = 0,
				high = cal->n_exceptions;

	while (low < high)
	{
		int			mid = (low + high) / 2;

		if (cal->exceptions[mid].day < day)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * Appends the intervals of local days since .. until - 1 behind the first
 * `used` ones, unsorted; returns how many are used then.  cal->n isn't touched,
 * so that an interrupt or a lack of memory leaves the calendar as it was.
 */
static int
append_days(Calendar *cal, DateADT since, DateADT until, int used)
{
	int			next = first_exception_from(cal, since);
	const Season *season = cal->seasons;
	DateADT		day;

	for (day = since; day < until; day++)
	{
		const DayHours *hours;
		int			i;

		while (day >= season_end(cal, season))
			season++;
		hours = hours_in_season(season, day);

		if (next < cal->n_exceptions && cal->exceptions[next].day == day)
			hours = &cal->exceptions[next++];
		for (i = hours->first; i < hours->first + hours->count; i++)
		{
			TimestampTz start = instant(cal, day, cal->spans[i].opens);
			TimestampTz end = instant(cal, day, cal->spans[i].closes);
			OpenInterval *added;

			if (start >= end)
				continue;		/* the hours lie in a gap of the zone */
			added = grow(cal, (void **) &cal->intervals, &cal->max, used,
						 sizeof(OpenInterval));
			added->start = start;
			added->end = end;
			used++;
		}
		CHECK_FOR_INTERRUPTS();
	}
	return used;
}

static int
compare_intervals(const void *a, const void *b)
{
	TimestampTz x = ((const OpenInterval *) a)->start;
	TimestampTz y = ((const OpenInterval *) b)->start;

	return (x > y) - (x < y);
}

/* Sorts the first `used` intervals, joins what meets, sums up. */
static void
settle_intervals(Calendar *cal, int used)
{
	OpenInterval *all = cal->intervals;
	int			n = 0;
	int			i;

	if (used > 0)
		qsort(all, used, sizeof(OpenInterval), compare_intervals);
	for (i = 0; i < used; i++)
	{
		if (n > 0 && all[i].start <= all[n - 1].end)
			all[n - 1].end = Max(all[n - 1].end, all[i].end);
		else
			all[n++] = all[i];
	}
	for (i = 0; i < n; i++)
		all[i].before = i == 0 ? 0 :
			all[i - 1].before + (all[i - 1].end - all[i - 1].start);
	cal->n = n;
}

/* Makes the intervals of since .. until - 1 (which includes what is there). */
static void
make_days(Calendar *cal, DateADT since, DateADT until)
{
	int			used = cal->n;

	since = Max(since, FIRST_DAY_EVER);
	until = Min(until, END_DAY_EVER);
	growths++;
	if (cal->first_day == cal->end_day)
		used = append_days(cal, since, until, used);
	else
	{
		used = append_days(cal, since, cal->first_day, used);
		used = append_days(cal, cal->end_day, until, used);
	}
	settle_intervals(cal, used);
	cal->first_day = since;
	cal->end_day = until;
	cal->exact_from = day_start(since + MARGIN);
	cal->exact_to = day_start(until - MARGIN);
}

bool
calendar_answers_for(TimestampTz at)
{
	return at >= day_start(RANGE_FROM_DAY) && at < day_start(RANGE_TO_DAY);
}

static void
report_out_of_range(const Calendar *cal, TimestampTz at)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("timestamp \"%s\" is outside the years of calendar \"%s\"",
					timestamptz_to_str(at), cal->name),
			 errdetail("Calendars answer for moments from 1900-01-01 to 2299-12-31, UTC.")));
}

/* Makes sure that at lies in [exact_from, exact_to). */
static void
cover_slowly(Calendar *cal, TimestampTz at)
{
	DateADT		since,
				until;

	if (!calendar_answers_for(at))
		report_out_of_range(cal, at);

	since = day_of(at) - MARGIN;
	until = day_of(at) + MARGIN + 1;
	if (cal->first_day == cal->end_day)
		make_days(cal, since - MARGIN, until + CHUNK);
	else
		make_days(cal,
				  since < cal->first_day ? since - CHUNK : cal->first_day,
				  until > cal->end_day ? until + CHUNK : cal->end_day);
}

static inline void
cover(Calendar *cal, TimestampTz at)
{
	if (unlikely(at < cal->exact_from || at >= cal->exact_to))
		cover_slowly(cal, at);
}

/* limit: the last day with hours, or going back the first one */
static void
report_no_open_time(const Calendar *cal, TimestampTz from, bool forward,
					DateADT limit)
{
	ereport(ERROR,
			(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
			 errmsg("calendar \"%s\" has too little open time %s %s",
					cal->name, forward ? "after" : "before",
					timestamptz_to_str(from)),
			 errdetail("It has no hours %s %s.",
					   forward ? "after" : "before", day_text(limit)),
			 errhint("Insert weekly hours into revops.calendar_hours, or further days into revops.calendar_exception, for calendar_id %d.",
					 cal->calendar_id)));
}

/*
 * More intervals are needed on one side for a search that began at from.
 * Grows by doubling, so that a far answer costs no more than its own distance.
 */
static void
extend(Calendar *cal, TimestampTz from, bool forward)
{
	int			more = Max(CHUNK, cal->end_day - cal->first_day);
	DateADT		first,
				last;

	days_with_hours(cal, &first, &last);
	if (forward && last != DATEVAL_NOEND && cal->end_day > last + 2 * MARGIN)
		report_no_open_time(cal, from, forward, last);
	if (!forward && first != DATEVAL_NOBEGIN &&
		cal->first_day < first - 2 * MARGIN)
		report_no_open_time(cal, from, forward, first);

	if (forward ? cal->end_day >= END_DAY_EVER : cal->first_day <= FIRST_DAY_EVER)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("business time from \"%s\" leads outside the years of calendar \"%s\"",
						timestamptz_to_str(from), cal->name),
				 errdetail("Calendars answer for moments from 1900-01-01 to 2299-12-31, UTC.")));

	make_days(cal, forward ? cal->first_day : cal->first_day - more,
			  forward ? cal->end_day + more : cal->end_day);
}

void
calendar_forget_intervals(Calendar *cal)
{
	if (cal->intervals != NULL)
		pfree(cal->intervals);
	cal->intervals = NULL;
	cal->n = cal->max = 0;
	cal->first_day = cal->end_day = 0;
	cal->exact_from = cal->exact_to = 0;
}

uint64
calendar_growths(void)
{
	return growths;
}

/* ----------------------------------------------------------- arithmetic */

/* Index of the last interval that starts at or before at; -1 if none does. */
static inline int
find_start(const Calendar *cal, TimestampTz at)
{
	int			low = 0,
				high = cal->n;

	while (low < high)
	{
		int			mid = (low + high) / 2;

		if (cal->intervals[mid].start <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low - 1;
}

/*
 * Index of the last interval whose prefix sum is at most sum, or less than sum
 * if strictly; -1 if none.
 */
static inline int
find_sum(const Calendar *cal, int64 sum, bool strictly)
{
	int			low = 0,
				high = cal->n;

	while (low < high)
	{
		int			mid = (low + high) / 2;
		int64		before = cal->intervals[mid].before;

		if (before < sum || (!strictly && before == sum))
			low = mid + 1;
		else
			high = mid;
	}
	return low - 1;
}

/* Open time from the first interval's start to at, which is covered. */
static inline int64
open_time_until(const Calendar *cal, TimestampTz at)
{
	int			i = find_start(cal, at);
	const OpenInterval *found;

	if (i < 0)
		return 0;
	found = &cal->intervals[i];
	return found->before + Min(at, found->end) - found->start;
}

static TimestampTz
add_forward(Calendar *cal, TimestampTz from, int64 usecs)
{
	for (;;)
	{
		int64		sum = open_time_until(cal, from) + usecs;
		int			i = find_sum(cal, sum, true);

		if (i >= 0)
		{
			const OpenInterval *found = &cal->intervals[i];
			TimestampTz at = found->start + (sum - found->before);

			if (at <= found->end && at < cal->exact_to)
				return at;
		}
		extend(cal, from, true);
	}
}

static TimestampTz
add_backward(Calendar *cal, TimestampTz from, int64 usecs)
{
	for (;;)
	{
		int64		sum = open_time_until(cal, from) - usecs;
		int			i = find_sum(cal, sum, false);

		if (i >= 0)
		{
			const OpenInterval *found = &cal->intervals[i];
			TimestampTz at = found->start + (sum - found->before);

			if (at >= cal->exact_from)
				return at;
		}
		extend(cal, from, false);
	}
}

TimestampTz
calendar_add(Calendar *cal, TimestampTz from, int64 usecs)
{
	int64		longest = (int64) (END_DAY_EVER - FIRST_DAY_EVER) * USECS_PER_DAY;

	cover(cal, from);
	if (usecs == 0)
		return calendar_next_open(cal, from);

	/* more than there is: keeps the sums from overflowing */
	usecs = Max(Min(usecs, longest), -longest);
	return usecs > 0 ? add_forward(cal, from, usecs) :
		add_backward(cal, from, -usecs);
}

int64
calendar_between(Calendar *cal, TimestampTz a, TimestampTz b)
{
	cover(cal, a);
	cover(cal, b);
	return open_time_until(cal, b) - open_time_until(cal, a);
}

bool
calendar_is_open(Calendar *cal, TimestampTz at)
{
	int			i;

	cover(cal, at);
	i = find_start(cal, at);
	return i >= 0 && at < cal->intervals[i].end;
}

TimestampTz
calendar_next_open(Calendar *cal, TimestampTz at)
{
	cover(cal, at);
	for (;;)
	{
		int			i = find_start(cal, at);

		if (i >= 0 && at < cal->intervals[i].end)
			return at;
		if (i + 1 < cal->n && cal->intervals[i + 1].start < cal->exact_to)
			return cal->intervals[i + 1].start;
		extend(cal, at, true);
	}
}

TimestampTz
calendar_next_close(Calendar *cal, TimestampTz at)
{
	TimestampTz opening = calendar_next_open(cal, at);

	for (;;)
	{
		const OpenInterval *found = &cal->intervals[find_start(cal, opening)];

		if (found->end < cal->exact_to)
			return found->end;
		extend(cal, at, true);
	}
}
