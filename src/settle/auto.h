/*
 * auto.h
 *		What settling has to do with moves that an agreement makes by itself.
 */
#ifndef REVOPS_SETTLE_AUTO_H
#define REVOPS_SETTLE_AUTO_H

#include "settle/settle.h"

/*
 * Are the timers of the lead's stage to be set anew, because the version that
 * it was settled under bounds its stay otherwise?
 */
extern bool auto_retimed(Settle *s, const LeadRow *row);

/*
 * What is new of this: news->due, the timers that fire and are not void; lost;
 * and retime, where the version has changed or the lead is back: timers that are
 * to be set anew are gone then.
 */
extern void auto_news(Settle *s, const LeadRow *row, const LeadChange *change,
					  const PendingDeltas *pending, LeadNews *news);

/* Outbound touches of the lead from a moment on. */
extern int	auto_tries(Settle *s, int64 lead_id, TimestampTz since);

/*
 * Tell of a stay that is over (event stay_over), and of a chain of automatic
 * moves that had to stop (event moves_stopped, and a fault).
 */
extern void auto_tell(Settle *s, const LeadRow *row, const Effects *effects);

#endif							/* REVOPS_SETTLE_AUTO_H */
