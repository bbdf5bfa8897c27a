/*
 * score.c
 *		Fit, intent and score of a lead: see decide.h.
 */
#include "postgres.h"

#include "decide/decide.h"
#include "time/decay.h"

static inline bool
has_fired(const uint64 *fired, int rule)
{
	return fired[rule / 64] >> (rule % 64) & 1;
}

/* What a group's matching rules count, within its cap. */
static int
group_points(const Agreement *agreement, const FitGroup *group, const uint64 *fired)
{
	int			points = 0;

	for (int i = 0; i < group->nrules; i++)
		if (has_fired(fired, group->rules[i]))
			points += agreement->rules[group->rules[i]].points;
	return Min(Max(points, -group->cap), group->cap);
}

int
decide_fit(const Agreement *agreement, const uint64 *fired, bool *disqualified)
{
	int			points = agreement->fit_base;

	*disqualified = false;
	for (int i = 0; i < agreement->nrules; i++)
	{
		if (!has_fired(fired, i))
			continue;
		if (!agreement->rules[i].grouped)
			points += agreement->rules[i].points;
		if (agreement->rules[i].kind == RULE_DISQUALIFY)
			*disqualified = true;
	}
	for (int i = 0; i < agreement->ngroups; i++)
		points += group_points(agreement, &agreement->groups[i], fired);
	return Min(Max(points, 0), 100);
}

void
decide_take_fit(const Agreement *agreement, const uint64 *fired, LeadState *state)
{
	state->fit = decide_fit(agreement, fired, &state->disqualified);
	if (state->set.fit != NOT_SET)
		state->fit = state->set.fit;
	if (state->set.disqualified != NOT_SET)
		state->disqualified = state->set.disqualified != 0;
}

double
decide_score(const Agreement *agreement, int fit, double intent)
{
	return agreement->fit_share * fit + (1.0 - agreement->fit_share) * intent;
}

double
decide_intent(const Agreement *agreement, const LeadState *state, TimestampTz at)
{
	if (state->set.intent != NOT_SET)
		return state->set.intent;
	return decay_intent(state->intent_pos, state->intent_neg, agreement->half_life, at);
}

void
decide_add_touches(LeadState *state, double pos, double neg, int touches,
				   TimestampTz last_touch_at)
{
	state->intent_pos = decay_add(state->intent_pos, pos);
	state->intent_neg = decay_add(state->intent_neg, neg);
	state->touches += touches;
	state->last_touch_at = Max(state->last_touch_at, last_touch_at);
}
