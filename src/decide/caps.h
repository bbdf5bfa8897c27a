/*
 * caps.h
 *		How much of the points of touches their caps leave.
 *
 * A cap limits undecayed points: of one rule, then of all rules of a group, in
 * each period (a day, a week, a month, or all of time).  Touches count in order
 * of time, at one moment in order of their rules; the one that crosses a cap
 * counts with what is left.  What a group leaves out still uses up the rule's
 * own cap.  Points here are amounts: positive and negative ones have caps of
 * their own.  No function here needs a server.
 */
#ifndef REVOPS_CAPS_H
#define REVOPS_CAPS_H

#include "postgres.h"

#include "time/period.h"

typedef struct Cap
{
	int32		points;
	Period		period;
} Cap;

/* The caps of a signal, by their places among all; NO_CAP: none. */
#define NO_CAP	(-1)

typedef struct CapPlaces
{
	int			own;
	int			group;
} CapPlaces;

/*
 * What is used up of a cap: in the period at hand, and in the one before, for
 * where clocks are set back over midnight its last hour comes twice.  All zero:
 * nothing.
 */
typedef struct CapTally
{
	int32		period[2];
	int32		used[2];
} CapTally;

/*
 * What the caps leave of these points at a moment of these periods; counts them
 * as used.  Tallies have the order of caps; moments must come in order of time.
 */
extern int64 caps_take(const Cap *caps, CapTally *tallies, const CapPlaces *places,
					   const PeriodNumbers *moment, int64 points);

/* Would further points in these periods count nothing, and change nothing? */
extern bool caps_used_up(const Cap *caps, const CapTally *tallies,
						 const CapPlaces *places, const PeriodNumbers *moment);

/* May two tallies of a cap make a difference at a moment of these periods, or later? */
extern bool cap_differs(const Cap *cap, const CapTally *a, const CapTally *b,
						const PeriodNumbers *moment);

#endif							/* REVOPS_CAPS_H */
