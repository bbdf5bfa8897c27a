/*
 * fall.c
 *		See fall.h.
 */
#include "postgres.h"

#include <math.h>

#include "decide/fall.h"
#include "time/decay.h"

static const char *const border_names[N_BORDERS] = {
	[BORDER_GRADE_1] = "grade_1",
	[BORDER_GRADE_2] = "grade_2",
	[BORDER_GRADE_3] = "grade_3",
	[BORDER_MQL_INTENT] = "mql_intent",
	[BORDER_MQL_SCORE] = "mql_score",
};

const char *
border_name(Border border)
{
	return border_names[border];
}

/* The whole points that the border asks for: of intent, or of the score. */
static int
points_asked(const Agreement *a, Border border)
{
	switch (border)
	{
		case BORDER_GRADE_1:
		case BORDER_GRADE_2:
		case BORDER_GRADE_3:
			return a->grade_intent[border];
		case BORDER_MQL_INTENT:
			return a->mql_intent;
		case BORDER_MQL_SCORE:
		case N_BORDERS:
			break;
	}
	return a->mql_score;
}

/* The least points that are shown as so many. */
static double
least_shown(int points)
{
	return points - 0.5 - POINTS_TOLERANCE;
}

/* log2 of the intent that is shown as so many points; -infinity: any is. */
static double
log2_shown(int points)
{
	return points <= 0 ? DECAY_NONE : log2(least_shown(points));
}

void
borders_set(Agreement *agreement)
{
	for (Border b = 0; b < BORDER_MQL_SCORE; b++)
		agreement->border_log2[b] = log2_shown(points_asked(agreement, b));
}

/* log2 of the intent below which the lead is below the border; infinity: it always is. */
static double
log2_needed(const Agreement *a, const LeadState *state, Border border)
{
	double		rest;

	if (border != BORDER_MQL_SCORE)
		return a->border_log2[border];
	if (a->mql_score <= 0)
		return DECAY_NONE;
	rest = least_shown(a->mql_score) - a->fit_share * state->fit;
	if (rest <= 0)
		return DECAY_NONE;
	rest /= 1.0 - a->fit_share;
	/* intent has no more than 100 points */
	return rest > 100.0 ? get_float8_infinity() : log2(rest);
}

/* Is the lead at the border, or above it?  As views and decisions say it. */
static bool
is_reached(const Agreement *a, const LeadState *state, Border border, TimestampTz at)
{
	double		intent = decay_intent(state->intent_pos, state->intent_neg, a->half_life, at);

	if (border == BORDER_MQL_SCORE)
		return whole_points(decide_score(a, state->fit, intent)) >= a->mql_score;
	return whole_points(intent) >= points_asked(a, border);
}

/* How far the closed form may be off, microseconds. */
static int64
error_of(const Agreement *a)
{
	return 1000 + a->half_life / INT64CONST(1000000000000);
}

/*
 * By the closed form, microseconds, not rounded; infinite where there is no such
 * moment.
 */
static double
about(const Agreement *a, const LeadState *state, double left, Border border)
{
	double		needed = log2_needed(a, state, border);
	double		distance;

	if (isinf(needed))
		return -needed;
	distance = left - needed;
	if (a->half_life == 0)
		return distance >= 0 ? get_float8_infinity() : -get_float8_infinity();
	return distance * (double) a->half_life;
}

/* The microsecond, from where it is about. */
static TimestampTz
exactly(const Agreement *a, const LeadState *state, Border border, double moment)
{
	int64		step = error_of(a);
	TimestampTz reached;
	TimestampTz below;

	if (moment >= (double) (END_TIMESTAMP - USECS_PER_DAY))
		return DT_NOEND;
	if (moment <= (double) (MIN_TIMESTAMP + USECS_PER_DAY))
		return DT_NOBEGIN;
	reached = (TimestampTz) moment - step;
	below = (TimestampTz) moment + step;
	for (int64 s = step; !is_reached(a, state, border, reached); s *= 2)
	{
		if (reached < MIN_TIMESTAMP + s)
			return DT_NOBEGIN;
		reached -= s;
	}
	for (int64 s = step; is_reached(a, state, border, below); s *= 2)
	{
		if (below > END_TIMESTAMP - s)
			return DT_NOEND;
		below += s;
	}
	while (below - reached > 1)
	{
		TimestampTz middle = reached + (below - reached) / 2;

		if (is_reached(a, state, border, middle))
			reached = middle;
		else
			below = middle;
	}
	return below;
}

TimestampTz
border_falls_at(const Agreement *agreement, const LeadState *state, Border border)
{
	double		left = decay_left(state->intent_pos, state->intent_neg);

	return exactly(agreement, state, border, about(agreement, state, left, border));
}

TimestampTz
next_fall(const Agreement *agreement, const LeadState *state, TimestampTz after,
		  TimestampTz before)
{
	double		left = decay_left(state->intent_pos, state->intent_neg);
	double		error = (double) error_of(agreement);
	TimestampTz next = before;

	if (isinf(left) || agreement->half_life == 0 || state->gone_at != NO_TIME ||
		state->disqualified || state->set.intent != NOT_SET)
		return DT_NOEND;
	for (Border b = 0; b < N_BORDERS; b++)
	{
		double		moment = about(agreement, state, left, b);
		TimestampTz at;

		/* asked at each touch: nearly always this says no */
		if (moment < (double) after - error || moment > (double) next + error)
			continue;
		at = exactly(agreement, state, b, moment);
		if (at > after && at < next)
			next = at;
	}
	return next == before ? DT_NOEND : next;
}
