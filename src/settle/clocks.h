/*
 * clocks.h
 *		The clocks of a lead: what decide() has to know of those that run, and
 *		the rows that follow from what it decided about them.
 *
 * Of each kind of promise one clock runs at most; the lead's row tells which
 * kinds do.  A lead that is promised nothing but a first response costs one read
 * by key, and that only when the clock is answered, ends or is breached.
 */
#ifndef REVOPS_CLOCKS_H
#define REVOPS_CLOCKS_H

#include "decide/decide.h"
#include "settle/fold.h"
#include "settle/settle.h"

/* May these touches keep a promise that runs? */
extern bool clocks_listen(const LeadState *state, const TouchSums *sums);

/*
 * Read into news->clocks what decide() may ask of the lead's clocks; `answers`:
 * there are touches that may keep a promise.  Where the lead's row is new
 * (news->fired) it is asked whether it pauses or keeps one.  The lead is locked.
 */
extern void clocks_news(Settle *s, const LeadState *state, bool answers, LeadNews *news);

/* When touches kept the promise of a clock of this kind, or NO_TIME. */
extern TimestampTz clock_kept_by_touch(Settle *s, int64 lead_id, PromiseKind kind,
									   const RunningClock *clock);

/*
 * Write the clocks that ended, paused or count on, and those that start.  `row`
 * is as before the decision.
 */
extern void clocks_write(Settle *s, const LeadRow *row, const Effects *effects);

/*
 * When the earliest promise is due that runs in this state; NO_TIME: none does.
 * `effects` led to the state, and their clocks may not be seen yet; NULL: none.
 */
extern TimestampTz clocks_due(Settle *s, const LeadState *state, const Effects *effects);

#endif							/* REVOPS_CLOCKS_H */
