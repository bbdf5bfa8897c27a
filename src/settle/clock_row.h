/*
 * clock_row.h
 *		Rows of table sla_clock: read, and what is told of one that ran.
 */
#ifndef REVOPS_CLOCK_ROW_H
#define REVOPS_CLOCK_ROW_H

#include "settle/fold.h"
#include "settle/settle.h"

/* The clocks of a lead by kind; seq 0: none. */
typedef RunningClock Clocks[N_PROMISES];

/* Those of these kinds (PROMISE_BITs) that run.  The lead is locked. */
extern void clocks_read(Settle *s, const LeadState *state, int kinds, Clocks clocks);

/* The newest clock of the kind, whether it runs or has ended; false: there is none. */
extern bool clock_newest(Settle *s, const LeadState *state, PromiseKind kind, RunningClock *clock);

/*
 * The policy of the version that a clock was made under, and its place in those
 * definitions; NULL: it is not there any more.
 */
extern const Policy *clock_policy(Settle *s, const RunningClock *clock, Definitions **def, int *place);

/* The calendar that counts; 0: wall time. */
extern int32 clock_calendar(const RunningClock *clock);

static inline bool
clock_is_paused(const RunningClock *clock)
{
	return !clock->nulls[CLOCK_PAUSED_AT];
}

/* Set the due time, here and in the row to be written. */
extern void clock_set_due(RunningClock *clock, TimestampTz due_at);

/* Write what was set. */
extern void clock_write(Settle *s, RunningClock *clock);

/* What became of a clock: a row of sla_clock_change; no moment is 0, too. */
typedef struct ClockChange
{
	const char *change;
	const char *event;			/* to be told of it; NULL: none */
	int			position;		/* of the policy's step; 0: none */
	bool		timed;			/* time_left is told */
	int64		time_left;		/* microseconds */
	const char *outcome;		/* NULL: none */
	TimestampTz before_at;		/* due time, or end, before it */
	const char *before_outcome; /* NULL: none */
} ClockChange;

/* Note it, under the clock's due time and policy as they are now. */
extern void clock_tell(Settle *s, const LeadRow *row, const RunningClock *clock,
					   const ClockChange *change);

/* How often this step of a policy was taken for the lead since a moment. */
extern int	clock_steps_taken(Settle *s, int64 lead_id, int32 policy_id, int position,
							  TimestampTz since);

#endif							/* REVOPS_CLOCK_ROW_H */
