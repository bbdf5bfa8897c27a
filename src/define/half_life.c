/*
 * half_life.c
 *		Half-lives as people write them: see half_life.h.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "define/half_life.h"
#include "time/decay.h"

PG_FUNCTION_INFO_V1(revops_decayed);
PG_FUNCTION_INFO_V1(revops_decay_factor);

#define FOREVER_USECS	(INT64CONST(365250) * USECS_PER_DAY)

int64
half_life_usecs(const Interval *half_life)
{
	int64		usecs;

#ifdef INTERVAL_IS_NOEND
	if (INTERVAL_IS_NOEND(half_life))
		return 0;
#endif
	if (half_life->month / 12 >= 1000)
		return 0;
	if (half_life->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
				 errmsg("half-life must be given in exact time"),
				 errdetail("The half-life has months or years, which have no fixed length."),
				 errhint("Write it in days or hours, for example '30 days'.")));
	usecs = half_life->day * USECS_PER_DAY + half_life->time;
	if (usecs < USECS_PER_MINUTE)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
				 errmsg("half-life must be at least a minute"),
				 errdetail("It is %s: points would vanish at once, or grow.",
						   DatumGetCString(DirectFunctionCall1(interval_out,
															   IntervalPGetDatum(half_life)))),
				 errhint("For interest that never fades use '1000 years'.")));
	return usecs >= FOREVER_USECS ? 0 : usecs;
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

/* revops.decay_factor(occurred_at timestamptz, half_life interval, at timestamptz) */
Datum
revops_decay_factor(PG_FUNCTION_ARGS)
{
	TimestampTz occurred_at = PG_GETARG_TIMESTAMPTZ(0);
	int64		half_life = half_life_usecs(PG_GETARG_INTERVAL_P(1));
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(2);

	PG_RETURN_FLOAT8(decay_value(decay_touch(1.0, occurred_at, half_life), half_life, at));
}
