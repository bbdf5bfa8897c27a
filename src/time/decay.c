/*
 * decay.c
 *		Forward decay: see decay.h.
 */
#include "postgres.h"

#include <math.h>

#include "time/decay.h"

/* 2000-01-01 00:00 UTC, PostgreSQL's own epoch: exponents stay near zero */
#define LANDMARK	((TimestampTz) 0)

/* less than that is nothing: SQL's arithmetic raises where products become too small */
#define LEAST_LOG2	(-1000.0)

double
decay_exponent(TimestampTz at, int64 half_life)
{
	return half_life == 0 ? 0.0 : (double) (at - LANDMARK) / (double) half_life;
}

double
decay_touch(double points, TimestampTz occurred_at, int64 half_life)
{
	Assert(points > 0);
	return log2(points) + decay_exponent(occurred_at, half_life);
}

double
decay_add(double a, double b)
{
	double		high = Max(a, b);
	double		low = Min(a, b);

	if (isinf(low))
		return high;
	return high + log2(1.0 + exp2(low - high));
}

double
decay_value(double log2_sum, int64 half_life, TimestampTz at)
{
	double		left = isinf(log2_sum) ? log2_sum : log2_sum - decay_exponent(at, half_life);

	return left < LEAST_LOG2 ? 0.0 : exp2(left);
}

void
decay_run_init(DecayRun *run)
{
	run->points = 0.0;
	run->at = PG_INT64_MIN;
}

/* what is left of a point after this long; nothing is longer ago than forever */
static double
faded(TimestampTz from, TimestampTz to, int64 half_life)
{
	return half_life == 0 ? 1.0 : exp2(-((double) to - (double) from) / (double) half_life);
}

void
decay_run_add(DecayRun *run, double points, TimestampTz occurred_at, int64 half_life)
{
	if (run->points == 0.0)
	{
		run->points = points;
		run->at = occurred_at;
	}
	else if (occurred_at > run->at)
	{
		run->points = run->points * faded(run->at, occurred_at, half_life) + points;
		run->at = occurred_at;
	}
	else if (occurred_at == run->at)
		run->points += points;
	else
		run->points += points * faded(occurred_at, run->at, half_life);
}

double
decay_run_sum(const DecayRun *run, int64 half_life)
{
	return run->points == 0.0 ? DECAY_NONE : decay_touch(run->points, run->at, half_life);
}

double
decay_intent(double pos, double neg, int64 half_life, TimestampTz at)
{
	double		points = decay_value(pos, half_life, at) -
		decay_value(neg, half_life, at);

	return Min(Max(points, 0.0), 100.0);
}

double
decay_left(double pos, double neg)
{
	if (isinf(pos) || neg >= pos)
		return DECAY_NONE;
	return isinf(neg) ? pos : pos + log2(1.0 - exp2(neg - pos));
}

int32
decay_rank(double pos, double neg)
{
	double		left = decay_left(pos, neg);

	if (isinf(left))
		return DECAY_NO_RANK;
	return (int32) Max(Min(ceil(left * DECAY_STEPS), PG_INT32_MAX), DECAY_NO_RANK + 1);
}

double
decay_rank_bound(int32 rank)
{
	if (rank == PG_INT32_MAX)
		return get_float8_infinity();
	return rank <= DECAY_NO_RANK ? DECAY_NONE : (double) rank / DECAY_STEPS;
}

int
whole_points(double points)
{
	return (int) floor(Min(Max(points, 0.0), 100.0) + 0.5 + POINTS_TOLERANCE);
}
