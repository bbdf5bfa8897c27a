/*
 * decay.c
 *		Forward decay: see decay.h.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "time/decay.h"

PG_FUNCTION_INFO_V1(revops_decayed);

/* 2000-01-01 00:00 UTC, PostgreSQL's own epoch: exponents stay near zero */
#define LANDMARK	((TimestampTz) 0)

#define FOREVER_USECS	(INT64CONST(365250) * USECS_PER_DAY)

int64
half_life_usecs(const Interval *half_life)
{
	int64		usecs;

	if (half_life->month != 0 && half_life->month / 12 >= 1000)
		return 0;
	if (half_life->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
				 errmsg("half-life must be given in exact time"),
				 errdetail("The half-life has months or years, which have no fixed length."),
				 errhint("Write it in days or hours, for example '30 days'.")));
	usecs = half_life->day * USECS_PER_DAY + half_life->time;
	if (usecs <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
				 errmsg("half-life must be greater than zero"),
				 errhint("For interest that never fades use '1000 years'.")));
	return usecs >= FOREVER_USECS ? 0 : usecs;
}

static double
exponent_at(TimestampTz at, int64 half_life)
{
	return half_life == 0 ? 0.0 : (double) (at - LANDMARK) / (double) half_life;
}

double
decay_touch(double points, TimestampTz occurred_at, int64 half_life)
{
	Assert(points > 0);
	return log2(points) + exponent_at(occurred_at, half_life);
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
	if (isinf(log2_sum))
		return 0.0;
	return exp2(log2_sum - exponent_at(at, half_life));
}

double
decay_intent(double pos, double neg, int64 half_life, TimestampTz at)
{
	double		points = decay_value(pos, half_life, at) -
		decay_value(neg, half_life, at);

	return Min(Max(points, 0.0), 100.0);
}

int
whole_points(double points)
{
	return (int) floor(Min(Max(points, 0.0), 100.0) + POINTS_EPSILON);
}

/* revops.decayed(log2_sum float8, half_life interval, at timestamptz) */
Datum
revops_decayed(PG_FUNCTION_ARGS)
{
	double		log2_sum = PG_GETARG_FLOAT8(0);
	int64		half_life = half_life_usecs(PG_GETARG_INTERVAL_P(1));
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(2);

	PG_RETURN_FLOAT8(decay_value(log2_sum, half_life, at));
}
