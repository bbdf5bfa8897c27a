/*
 * falls.h
 *		Timers for the moment at which a lead falls through a border by decay alone.
 *
 * A lead has one such timer at most that counts: that of lead.fall_at; others,
 * which were set before an earlier one was, are void and go when they are due.
 * Further touches only put the fall off, so they leave the timer alone: it fires
 * too early, looks, and is set anew.  Only what brings a fall nearer than the
 * timer sets another one: a touch that lifts the lead above a border, one of
 * negative points, touches taken back, another version or fit.
 *
 * Whoever writes the lead's row has it, and so its timers.
 */
#ifndef REVOPS_FALLS_H
#define REVOPS_FALLS_H

#include "settle/settle.h"

/*
 * Does the lead fall earlier than its timer fires?  Then row->fall_at is set to
 * that, and once the row is written falls_set_timer is to be called.
 */
extern bool falls_earlier(Settle *s, LeadRow *row);
extern void falls_set_timer(Settle *s, const LeadRow *row);

/*
 * The timer fires: write down what the lead has fallen through since it was due,
 * with an event each, in order of time.  Then row->fall_at is the next fall, to
 * be told by falls_set_timer when it is not DT_NOEND.
 */
extern void falls_tell(Settle *s, LeadRow *row);

#endif							/* REVOPS_FALLS_H */
