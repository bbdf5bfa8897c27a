/*
 * clock_anew.h
 *		Clocks reckoned anew: after a change of what is promised, and after what
 *		was told late.
 */
#ifndef REVOPS_CLOCK_ANEW_H
#define REVOPS_CLOCK_ANEW_H

#include "settle/clock_row.h"

/*
 * Of each kind of clock that runs: what the version in force promises now,
 * counted from where the clock began, where that policy says so.  Time that had
 * counted before the last pause stays as it was counted.  The lead is locked,
 * and its roles are at hand.
 */
extern void clocks_recompute(Settle *s, const LeadRow *row);

/*
 * Does the version in force, which the lead was not settled under yet, ask for
 * its clocks: for those that run, or for one that its row may start?
 */
extern bool clocks_follow(Settle *s, const LeadRow *row);

/*
 * A touch was told late: a promise that had ended was kept by it before, or
 * earlier than was thought.  The earliest genuine answer counts.
 */
extern void clocks_repair(Settle *s, const LeadRow *row);

#endif							/* REVOPS_CLOCK_ANEW_H */
