/*
 * auto.c
 *		See auto.h.
 */
#include "postgres.h"

#include "decide/auto.h"
#include "time/decay.h"

/* ----- by what is known of the lead --------------------------------------------------- */

/* Does nothing keep moves of its stage from the lead? */
static bool
may_move(const Agreement *a, const LeadState *state)
{
	if (state->stage == NO_STAGE || state->gone_at != NO_TIME)
		return false;
	/* whom a rule has taken out stays out while it matches */
	return !state->disqualified || a->stages[state->stage].purpose != PURPOSE_DISQUALIFIED;
}

static bool
reaches_floors(const Agreement *a, const AutoMove *row, const LeadState *state, TimestampTz now)
{
	double		intent;

	if (state->fit < row->min_fit)
		return false;
	if (row->min_intent == 0 && row->min_score == 0)
		return true;
	intent = decide_intent(a, state, now);
	return whole_points(intent) >= row->min_intent &&
		whole_points(decide_score(a, state->fit, intent)) >= row->min_score;
}

/* Enough touches for so many attempts, for all that the lead's sums say. */
static bool
may_have_tried(const AutoMove *row, const LeadState *state)
{
	return state->touches >= row->attempts &&
		(row->attempts == 0 || state->last_touch_at >= state->stage_since);
}

bool
auto_listens(const Agreement *agreement, const LeadState *state)
{
	if (agreement->nautos == 0 || !may_move(agreement, state))
		return false;
	for (int i = 0; i < agreement->nautos; i++)
	{
		const AutoMove *row = &agreement->autos[i];

		if (row->from == state->stage && row->cause != CAUSE_LOST &&
			(row->min_intent > 0 || row->min_score > 0 || row->attempts > 0))
			return true;
	}
	return false;
}

bool
auto_reaches(const Agreement *agreement, const LeadState *state, TimestampTz now)
{
	if (agreement->nautos == 0 || !may_move(agreement, state))
		return false;
	for (int i = 0; i < agreement->nautos; i++)
	{
		const AutoMove *row = &agreement->autos[i];

		if (row->from == state->stage && row->cause != CAUSE_LOST &&
			may_have_tried(row, state) && reaches_floors(agreement, row, state, now))
			return true;
	}
	return false;
}

/* Has the lead made a move for this already? */
static bool
has_moved_by(const Effects *e, Cause cause)
{
	for (int i = 0; i < e->nmoves; i++)
		if (e->moves[i].cause == cause)
			return true;
	return false;
}

/* Has the lead left this stage within the decision at hand? */
static bool
has_left(const Effects *e, int stage)
{
	for (int i = 0; i < e->nmoves; i++)
		if (e->moves[i].from == stage)
			return true;
	return false;
}

/* Does the fact that the row waits for hold?  What costs most is asked last. */
static bool
applies(const Agreement *a, const AutoMove *row, int place, const LeadState *state,
		const LeadNews *news, TimestampTz now, const DecideEnv *env, const Effects *e)
{
	if (row->from != state->stage || !reaches_floors(a, row, state, now))
		return false;
	if (row->cause == CAUSE_LOST && (!news->lost || has_moved_by(e, CAUSE_LOST)))
		return false;
	/* who has just entered has not been tried yet */
	if (row->attempts > 0 && (e->nmoves > 0 || !may_have_tried(row, state) || env->tries == NULL ||
							  env->tries(env->arg, state->stage_since) < row->attempts))
		return false;
	return !row->has_condition ||
		(env->auto_holds != NULL && env->auto_holds(env->arg, place));
}

bool
auto_next(const Agreement *agreement, const LeadState *state, const LeadNews *news,
		  TimestampTz now, const DecideEnv *env, Effects *effects, AutoStep *step)
{
	if (agreement->nautos == 0 || !may_move(agreement, state))
		return false;
	for (int i = 0; i < agreement->nautos; i++)
	{
		const AutoMove *row = &agreement->autos[i];

		if (!applies(agreement, row, i, state, news, now, env, effects))
			continue;
		/* after each the score may make another: there is room for both */
		if (effects->nmoves >= MAX_MOVES - 2 || has_left(effects, row->to))
		{
			effects->stopped = true;
			effects->stopped_at_stage = row->to;
			continue;
		}
		*step = (AutoStep) {row->to, row->cause, row->reason};
		return true;
	}
	return false;
}

/* ----- by time ------------------------------------------------------------------------ */

/* When the stay in the lead's stage is over; NO_TIME: it may stay. */
static TimestampTz
stay_ends(const Agreement *a, const LeadState *state, const DecideEnv *env)
{
	const Stage *stage = &a->stages[state->stage];
	TimestampTz at;

	if (stage->stay == 0 || env->time_up == NULL ||
		!env->time_up(env->arg, stage->stay, stage->stay_calendar, state->stage_since, &at))
		return NO_TIME;
	return at;
}

/* Does somebody have the lead, of whom nothing is heard? */
static bool
waits_for_word(const Agreement *a, const LeadState *state)
{
	return a->silence_accepts > 0 && a->stages[state->stage].purpose == PURPOSE_QUALIFIED &&
		a->by_purpose[PURPOSE_ACCEPTED] != NO_STAGE &&
		(state->rep_id != 0 || state->team_id != 0);
}

/* When silence about the lead has become acceptance; NO_TIME: it does not. */
static TimestampTz
silence_ends(const Agreement *a, const LeadState *state, const DecideEnv *env)
{
	TimestampTz at;

	if (!waits_for_word(a, state) || env->time_up == NULL ||
		!env->time_up(env->arg, a->silence_accepts, a->silence_calendar,
					  Max(state->stage_since, state->assigned_at), &at))
		return NO_TIME;
	return at;
}

bool
auto_due(const Agreement *agreement, const LeadState *state, const LeadNews *news,
		 TimestampTz now, const DecideEnv *env, Effects *effects, AutoStep *step)
{
	TimestampTz at;

	if (state->stage == NO_STAGE || state->gone_at != NO_TIME || effects->nmoves > 0)
		return false;
	if (news->due & DUE_STAY)
	{
		const Stage *stage = &agreement->stages[state->stage];

		at = stay_ends(agreement, state, env);
		effects->stay_over = at != NO_TIME && at <= now;
		*step = (AutoStep) {stage->stay_to, CAUSE_STAY, stage->stay_reason};
		if (effects->stay_over && step->to != NO_STAGE)
			return true;
	}
	if (news->due & DUE_SILENCE)
	{
		at = silence_ends(agreement, state, env);
		*step = (AutoStep) {agreement->by_purpose[PURPOSE_ACCEPTED], CAUSE_SILENCE, NULL};
		return at != NO_TIME && at <= now;
	}
	return false;
}

/* A timer that fired and found the time not over, as a calendar has changed, is set again. */
static void
set_timer(Effects *e, TimerKind kind, TimestampTz at, bool anew, bool fired, TimestampTz now)
{
	if (at != NO_TIME && (anew || (fired && at > now)))
		effects_set_timer(e, kind, at);
}

void
auto_timers(const Agreement *agreement, const LeadState *before, const LeadNews *news,
			TimestampTz now, const DecideEnv *env, Effects *effects)
{
	const LeadState *state = &effects->next;
	bool		entered = effects->nmoves > 0;
	bool		fired;
	bool		given;

	if (state->stage == NO_STAGE || state->gone_at != NO_TIME)
		return;
	fired = (news->due & DUE_STAY) != 0;
	if (entered || news->retime || fired)
		set_timer(effects, TIMER_STAY, stay_ends(agreement, state, env),
				  entered || news->retime, fired, now);
	fired = (news->due & DUE_SILENCE) != 0;
	given = before->rep_id == 0 && before->team_id == 0 && effects->nassignments > 0;
	if (entered || given || news->retime || fired)
		set_timer(effects, TIMER_SILENCE, silence_ends(agreement, state, env),
				  entered || given || news->retime, fired, now);
}
