/*
 * calendar_load.h
 *		Calendars from their tables, compiled once a backend.
 *
 * The tables are read as their owner, whoever asks, with the newest committed
 * definitions (and the transaction's own), not those of an old snapshot.
 */
#ifndef REVOPS_CALENDAR_LOAD_H
#define REVOPS_CALENDAR_LOAD_H

#include "postgres.h"

#include "time/calendar.h"

/*
 * The calendar of that number.  Owned by the cache: valid until a later call
 * of calendar_by_id sees that definitions_generation() has moved, so ask anew
 * wherever SQL may have run in between.  Raises RV002 if there is none, RV004
 * if it is never open or its rows contradict each other.
 */
extern Calendar *calendar_by_id(int32 calendar_id);

/*
 * The same, but NULL for a calendar whose rules have a problem, *problem being
 * its message then (which lives as long as the calendar), else NULL.
 */
extern Calendar *calendar_if_sound(int32 calendar_id, const char **problem);

/* The number of a workspace's calendar; raises RV002 if there is none. */
extern int32 calendar_id_by_name(const char *name, int32 workspace_id);

#endif							/* REVOPS_CALENDAR_LOAD_H */
