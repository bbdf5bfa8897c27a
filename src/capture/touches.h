/*
 * touches.h
 *		Touches on their way to the leads that they concern.
 */
#ifndef REVOPS_TOUCHES_H
#define REVOPS_TOUCHES_H

#include "postgres.h"

#include "utils/hsearch.h"

#include "settle/settle.h"

/*
 * How far the clock of whoever tells a touch may be ahead of ours; a touch that
 * is dated later is one that is planned.
 */
#define TOUCH_SKEW	(5 * USECS_PER_MINUTE)

typedef struct TouchedLead
{
	int64		lead_id;
	LeadGlance	glance;			/* lead_id 0: it was not looked up by key */
	TouchSums	sums;
} TouchedLead;

/* A row of revops.touch, to be written. */
typedef struct NewTouch
{
	int64		lead_id;
	TimestampTz occurred_at;
	int64		touch_id;
	int32		signal_id;		/* 0: the code is not defined */
	int32		binding_id;		/* 0: none */
	int			sign;
	Datum		source_key;		/* NO_TEXT: none */
	TouchOrigin origin;
} NewTouch;

/* Touches of one statement, summed by lead. */
typedef struct Touches
{
	Settle	   *settle;
	NewTouch   *rows;			/* collected, to be written by lead */
	int			nrows;
	int			rows_room;
	MemoryContext keys;			/* of their source keys */
	bool		at_commit;		/* leads are settled when the transaction commits */
	bool		at_once;		/* even those that the transaction has written */
	TouchedLead *leads;
	int			n;
	int			room;
	HTAB	   *by_lead;		/* places in leads; NULL while they are few */
	HTAB	   *by_key;			/* leads found so far; NULL: none remembered yet */
	int			lookups;
	LeadGlance	found;			/* by the last look-up */
} Touches;

/*
 * at_commit: the leads are settled when the transaction commits, as those that
 * a transaction block touches are.  All memory is the settle's.
 */
extern void touches_begin(Touches *touches, Settle *s, bool at_commit);

/*
 * The lead of that key as lead_find() knows it, 0 for none.  Leads found are
 * remembered for the statement, within which no touch makes or renames one.
 */
extern int64 touches_lead(Touches *touches, int32 binding_id, const char *key);

/*
 * Write one touch (sign -1: one that is taken back, with the origin that it had)
 * and add it to its lead's sums.  No origin (NULL) is none told.
 */
extern void touches_add(Touches *touches, int64 lead_id, const Signal *signal,
						TimestampTz occurred_at, int sign, int32 binding_id,
						const char *source_key, const TouchOrigin *origin);

/*
 * Write what was collected, dated with the settle's moment, and let what is read
 * next see it.
 */
extern void touches_write(Touches *touches);

/* Settle every lead that was touched, or see to it that the commit does. */
extern void touches_settle(Touches *touches);

#endif							/* REVOPS_TOUCHES_H */
