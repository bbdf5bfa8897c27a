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

/*
 * The running clock's due time has passed: mark it once, and tell of it.  Does
 * nothing when it was told already or the clock does not run any more.
 */
extern void effects_breach(Settle *s, const LeadRow *row);

#endif							/* REVOPS_EFFECTS_H */
