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
 * The lead is locked, and its row is going to be written: the same, timer and
 * all.  due: its timer fires.  What the lead has fallen through since then is
 * written down, with an event each, in order of time; row->fall_at is the next
 * fall.
 */
extern void falls_take(Settle *s, LeadRow *row, bool due);

#endif							/* REVOPS_FALLS_H */
