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
 * An empty calendar.  Raises RV004 if time_zone is not a zone that PostgreSQL
 * knows (or counts leap seconds).
 */
extern Calendar *calendar_create(MemoryContext parent, int32 calendar_id,
								 const char *name, const char *time_zone);

/*
 * Adds a span to the weekly hours of isodow (1 Monday .. 7 Sunday) or to an
 * exceptional day.  Times are local, in microseconds from midnight; closes may
 * be 24:00, and closes <= opens means "until that time the next day".  A day's
 * spans must come one after the other, days and opening times in ascending
 * order.  calendar_close_day makes an exceptional day without any hours.
 *
 * Raises RV004 for spans of one day that overlap, for more than
 * CALENDAR_MAX_SPANS of them, and for a day both closed and open.
 */
extern void calendar_add_weekly(Calendar *cal, int isodow, TimeADT opens,
								TimeADT closes);
extern void calendar_add_exception(Calendar *cal, DateADT day, TimeADT opens,
								   TimeADT closes);
extern void calendar_close_day(Calendar *cal, DateADT day);

/* Raises RV004 if no rule of the calendar opens it on any day. */
extern void calendar_check_open(const Calendar *cal);

/*
 * The moment at which usecs of business time have passed since from.  Ending
 * exactly at a closing time it is that closing time, not the next opening.
 * Zero gives from itself inside open hours, else the next opening.  Negative
 * usecs go back: the latest moment from which |usecs| pass until from.
 *
 * This and the next three raise 22008 for a moment (given or to be answered)
 * outside the years from 1900 to 2300, infinity included, and RV004 where a
 * calendar that opens on exceptional days only has no open time left.
 */
extern TimestampTz calendar_add(Calendar *cal, TimestampTz from, int64 usecs);

/* Business time from a to b in microseconds; negative if b is before a. */
extern int64 calendar_between(Calendar *cal, TimestampTz a, TimestampTz b);

/* True inside [opening, closing). */
extern bool calendar_is_open(Calendar *cal, TimestampTz at);

/* at itself inside open hours, else the next opening. */
extern TimestampTz calendar_next_open(Calendar *cal, TimestampTz at);

/*
 * Gives the memory of the intervals back; they are made again when needed.
 * calendar_growths counts how often any calendar of this process made some:
 * the cache looks at its total only when that has moved.
 */
extern void calendar_forget_intervals(Calendar *cal);
extern uint64 calendar_growths(void);

#endif							/* REVOPS_CALENDAR_H */
