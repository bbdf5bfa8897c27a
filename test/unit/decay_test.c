/*
 * decay_test.c
 *		Points that fade: closed form against the plain sum.
 */
#include "postgres.h"

#include <math.h>

#include "tap.h"
#include "time/decay.h"
#include "world.h"

#define TOUCHES 200

/* Sums in any order give the same, and what the plain sum gives. */
static bool
sums_agree(int64 half_life)
{
	double		points[TOUCHES];
	TimestampTz at[TOUCHES];
	double		forward = DECAY_NONE;
	double		backward = DECAY_NONE;
	double		plain = 0;

	for (int i = 0; i < TOUCHES; i++)
	{
		points[i] = 1 + random_below(1000);
		at[i] = NOW - (int64) random_below(20000) * HOUR / 10;
		plain += points[i] * (half_life == 0 ? 1.0 :
							  exp2(-(double) (NOW - at[i]) / (double) half_life));
	}
	for (int i = 0; i < TOUCHES; i++)
	{
		forward = decay_add(forward, decay_touch(points[i], at[i], half_life));
		backward = decay_add(decay_touch(points[TOUCHES - 1 - i], at[TOUCHES - 1 - i], half_life),
							 backward);
	}
	return fabs(decay_value(forward, half_life, NOW) - plain) <= 1e-6 * plain &&
		fabs(decay_value(backward, half_life, NOW) - plain) <= 1e-6 * plain;
}

void
test_decay(void)
{
	double		forty = decay_touch(40, NOW, 24 * HOUR);
	TimestampTz created = 0;

	ok(fabs(decay_value(forty, 24 * HOUR, NOW + 24 * HOUR) - 20) < 1e-9, "half is left after a half-life");
	ok(fabs(decay_value(decay_touch(40, NOW, 0), 0, NOW + 100000 * HOUR) - 40) < 1e-9, "nothing fades for ever");
	ok(decay_value(DECAY_NONE, 24 * HOUR, NOW) == 0, "nothing is worth nothing");
	ok(isinf(decay_add(DECAY_NONE, DECAY_NONE)), "nothing and nothing is nothing");
	ok(decay_add(DECAY_NONE, forty) == forty && decay_add(forty, DECAY_NONE) == forty, "nothing adds nothing");
	ok(sums_agree(0), "sums without decay, in any order");
	ok(sums_agree(HOUR), "sums with a half-life of an hour, in any order");
	ok(sums_agree(14 * 24 * HOUR), "sums with a half-life of 14 days, in any order");
	ok(sums_agree(1000 * 24 * HOUR), "sums with a half-life of 1000 days, in any order");
	ok(decay_value(decay_touch(1000, PG_INT64_MIN + 1, HOUR), HOUR, NOW) == 0, "ages ago is nothing left");
	ok(decay_intent(decay_touch(30, NOW, 0), decay_touch(50, NOW, 0), 0, NOW) == 0, "intent is not negative");
	ok(decay_intent(decay_touch(1000, NOW, 0), DECAY_NONE, 0, NOW) == 100, "intent is at most 100");
	ok(decay_intent(decay_touch(10, created, HOUR), DECAY_NONE, HOUR, NOW) == 0, "old interest is gone");
	ok(whole_points(19.5) == 20 && whole_points(19.4999999) == 20 && whole_points(19.49) == 19,
	   "halves go up, a half missed by a millionth too");
	ok(decay_value(decay_touch(40, NOW, HOUR), HOUR, NOW + 2000 * HOUR) == 0, "what is too small for SQL's arithmetic is nothing");
	ok(decay_rank(DECAY_NONE, DECAY_NONE) == DECAY_NO_RANK && decay_rank(10, 10) == DECAY_NO_RANK &&
	   decay_rank(10, 11) == DECAY_NO_RANK, "nothing left has no rank");
	ok(decay_rank(10, DECAY_NONE) == 160 && decay_rank(10.001, DECAY_NONE) == 161 && decay_rank(-0.1, DECAY_NONE) == -1,
	   "a rank is rounded up");
	ok(decay_rank(11, 10) == 160, "what is taken off counts in the rank");
	ok(decay_rank_bound(decay_rank(12.34, DECAY_NONE)) >= 12.34 && isinf(decay_rank_bound(DECAY_NO_RANK)) &&
	   isinf(decay_rank_bound(DECAY_GONE_RANK)), "a rank bounds what is left");
	ok(decay_rank(1e12, DECAY_NONE) == PG_INT32_MAX && decay_rank_bound(PG_INT32_MAX) > 1e300 &&
	   decay_rank(-1e12, DECAY_NONE) > DECAY_NO_RANK, "so does one that has no room");
	ok(whole_points(-5) == 0 && whole_points(1000) == 100 && whole_points(0.4) == 0, "points are within 0 and 100");
}
