/*
 * decay.h
 *		Forward decay: interest that fades, without rewriting a row.
 *
 * A touch of w points at time t is worth w * 2^(-(now - t) / h) at `now`.  We
 * keep log2 of the sum of w * 2^((t - L) / h) against a fixed landmark L: a
 * number to which touches can be added in any order, that orders leads the
 * same way at every moment, and from which the value at any moment follows.
 * Half-lives are microseconds; 0 stands for infinity: nothing fades.  No
 * function here needs a server.
 */
#ifndef REVOPS_DECAY_H
#define REVOPS_DECAY_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/float.h"

/* log2 of nothing */
#define DECAY_NONE	(-get_float8_infinity())

/* log2 of a touch's points (points > 0) in forward-decay units */
extern double decay_touch(double points, TimestampTz occurred_at, int64 half_life);

/* log2(2^a + 2^b) */
extern double decay_add(double a, double b);

/* the points that a sum is worth at a moment */
extern double decay_value(double log2_sum, int64 half_life, TimestampTz at);

/* intent from both sums, 0 to 100, not rounded */
extern double decay_intent(double pos, double neg, int64 half_life, TimestampTz at);

/*
 * Points of touches as they are worth at the latest of their moments: for a lead
 * whose touches come in order, or nearly so, it costs less than adding to log2.
 */
typedef struct DecayRun
{
	double		points;
	TimestampTz at;
} DecayRun;

/* Nothing; then touches (points > 0); then the sum, log2 in forward-decay units. */
extern void decay_run_init(DecayRun *run);
extern void decay_run_add(DecayRun *run, double points, TimestampTz occurred_at, int64 half_life);
extern double decay_run_sum(const DecayRun *run, int64 half_life);

/* log2 of what remains of the positive sum; DECAY_NONE where nothing does */
extern double decay_left(double pos, double neg);

/*
 * Where a lead stands among others by its intent, for ever: log2 of what
 * remains in forward-decay units, in steps of a DECAY_STEPSth, rounded up.
 */
#define DECAY_STEPS		16
/* ranks of those who are hotter than nobody: without intent, and deleted */
#define DECAY_NO_RANK	(PG_INT32_MIN + 1)
#define DECAY_GONE_RANK	PG_INT32_MIN
extern int32 decay_rank(double pos, double neg);

/* log2 of the most that a lead of this rank may have, in forward-decay units */
extern double decay_rank_bound(int32 rank);

/* the exponent of a touch at this moment: sums less this are log2 of points then */
extern double decay_exponent(TimestampTz at, int64 half_life);

/*
 * What is shown, and compared with bounds: points rounded to an integer, halves
 * up (within a millionth: sums are not exact).  So a touch of 20 points reaches
 * a floor of 20 even when it is told some minutes late, and what a person sees
 * is what the engine compares.
 */
extern int	whole_points(double points);

/* sums of touches are not exact: a half missed by less than this is a half */
#define POINTS_TOLERANCE	1e-6

#endif							/* REVOPS_DECAY_H */
