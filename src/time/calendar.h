/*
 * calendar.h
 *		Business time: the one arithmetic for deadline, elapsed time and KPI.
 *
 * Business time is physical time that elapses inside open intervals.  An open
 * interval [start, end) is a span of local wall-clock hours turned into UTC
 * instants, with PostgreSQL's reading of local times that a change of the
 * zone's offset skips or repeats.  Spans that meet or overlap on the time line
 * (a night shift and the next morning's hours) count once.
 *
 * Rules (weekly hours, exceptions) are put into a calendar once, then it only
 * answers.  The intervals that it needs for an answer are made at the first
 * need and kept with prefix sums, so that every answer is one or two binary
 * searches.  Bounds: CALENDAR_MAX_SPANS spans a day and the years from 1900 to
 * 2300, so a calendar can't grow without limit and no search can be endless.
 *
 * Nothing here reads a table.  Everything lives in the calendar's own memory
 * context, the one given to calendar_create being its parent.
 */
#ifndef REVOPS_CALENDAR_H
#define REVOPS_CALENDAR_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "utils/date.h"

typedef struct Calendar Calendar;

/* Most spans of hours that one day may have. */
#define CALENDAR_MAX_SPANS	24

/*
 * What is wrong with a calendar's rules is noted while it is put together, the
 * first problem only, and raises nothing: whoever needs its answers calls
 * calendar_check_rules before, a view can do without them.  A calendar with a
 * problem must not be asked for times.
 */

/*
 * An empty calendar.  A time_zone that PostgreSQL doesn't know (or that counts
 * leap seconds) is a problem.
 */
extern Calendar *calendar_create(MemoryContext parent, int32 calendar_id,
								 const char *name, const char *time_zone);

/*
 * Weekly hours added from here on are in force from that day until the next
 * season begins.  A calendar begins in a season without beginning; days must
 * be given in ascending order.
 */
extern void calendar_begin_season(Calendar *cal, DateADT since);

/*
 * Adds a span to the season's weekly hours of isodow (1 Monday .. 7 Sunday) or to an
 * exceptional day.  Times are local, in microseconds from midnight; closes may
 * be 24:00, and closes <= opens means "until that time the next day".  A day's
 * spans must come one after the other, days and opening times in ascending
 * order.  calendar_close_day makes an exceptional day without any hours.
 *
 * Spans of one day that overlap, more than CALENDAR_MAX_SPANS of them and a day
 * both closed and open are problems.
 */
extern void calendar_add_weekly(Calendar *cal, int isodow, TimeADT opens,
								TimeADT closes);
extern void calendar_add_exception(Calendar *cal, DateADT day, TimeADT opens,
								   TimeADT closes);
extern void calendar_close_day(Calendar *cal, DateADT day);

/* Notes an exceptional day's span that has one time only. */
extern void calendar_note_half_span(Calendar *cal, DateADT day,
									bool opens_missing);

/* Notes that no rule of the calendar opens it on any day, if so. */
extern void calendar_note_never_open(Calendar *cal);

/* The message of the problem noted first; NULL if there is none. */
extern const char *calendar_problem(const Calendar *cal);

/* Raises RV004 for the problem noted first, if any. */
extern void calendar_check_rules(const Calendar *cal);

/*
 * The moment at which usecs of business time have passed since from.  Ending
 * exactly at a closing time it is that closing time, not the next opening.
 * Zero gives from itself inside open hours, else the next opening.  Negative
 * usecs go back: the latest moment from which |usecs| pass until from.
 *
 * This and the next four raise 22008 for a moment (given or to be answered)
 * outside the years from 1900 to 2300, infinity included, and RV004 where a
 * calendar whose hours have an end, or a beginning, has no open time left.
 */
extern TimestampTz calendar_add(Calendar *cal, TimestampTz from, int64 usecs);

/* True for the moments that calendars answer for, false for infinity. */
extern bool calendar_answers_for(TimestampTz at);

/* Business time from a to b in microseconds; negative if b is before a. */
extern int64 calendar_between(Calendar *cal, TimestampTz a, TimestampTz b);

/* True inside [opening, closing). */
extern bool calendar_is_open(Calendar *cal, TimestampTz at);

/* at itself inside open hours, else the next opening. */
extern TimestampTz calendar_next_open(Calendar *cal, TimestampTz at);

/*
 * The next closing after at: inside open hours that of these hours.  Spans that
 * meet do not close in between, so a calendar that is always open raises 22008.
 */
extern TimestampTz calendar_next_close(Calendar *cal, TimestampTz at);

/*
 * Gives the memory of the intervals back; they are made again when needed.
 * calendar_growths counts how often any calendar of this process made some:
 * the cache looks at its total only when that has moved.
 */
extern void calendar_forget_intervals(Calendar *cal);
extern uint64 calendar_growths(void);

#endif							/* REVOPS_CALENDAR_H */
