/*
 * effects.h
 *		Turns what was decided into rows.
 */
#ifndef REVOPS_EFFECTS_H
#define REVOPS_EFFECTS_H

#include "decide/decide.h"
#include "settle/settle.h"

/*
 * Write the facts, clocks, timers and events of a decision about the lead at
 * hand.  `row` is its state row before the decision, with the dimensions that
 * the facts are to carry; on return row->state and row->stage are the new ones.
 * The row itself is not written.
 */
extern void effects_write(Settle *s, LeadRow *row, const Effects *effects);

/* An event of the lead at this moment; seq is that of the row that it speaks of. */
extern void effects_event(Settle *s, int64 lead_id, const char *event, int32 seq);

/* A timer of the lead, void once it has moved: seq is its moves. */
extern void effects_timer(Settle *s, const LeadRow *row, const char *timer, TimestampTz due_at);

/* So many microseconds as an interval, without days. */
extern Datum exact_interval(int64 usecs);

/* The three dimensions of a lead stand side by side in every table that has them. */
extern void effects_dimensions(Datum *values, bool *nulls, int source_column, const LeadRow *row);

#endif							/* REVOPS_EFFECTS_H */
