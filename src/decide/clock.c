/*
 * clock.c
 *		The promises that run for a lead: see clock.h.
 */
#include "postgres.h"

#include <string.h>

#include "decide/clock.h"

static const char *const promise_names[N_PROMISES] = {
	[PROMISE_FIRST_RESPONSE] = "first_response",
	[PROMISE_ACCEPTANCE] = "acceptance",
	[PROMISE_ATTEMPTS] = "attempts",
	[PROMISE_NEXT_TOUCH] = "next_touch",
	[PROMISE_STAGE_TIME] = "stage_time",
	[PROMISE_CRITERIA] = "criteria",
};

const char *
promise_name(PromiseKind kind)
{
	return promise_names[kind];
}

PromiseKind
promise_by_name(const char *name)
{
	int			kind = 0;

	while (kind < N_PROMISES && strcmp(promise_names[kind], name) != 0)
		kind++;
	return kind;
}

void
clock_effects_init(Effects *effects)
{
	effects->stops = effects->starts = effects->pauses = effects->resumes = 0;
	effects->steps_taken = 0;
}

/* Have a clock of this kind end, if one runs; one that starts within this very decision never ran. */
static void
end_clock(PromiseKind kind, ClockOutcome outcome, TimestampTz at, Effects *effects)
{
	LeadState  *state = &effects->next;
	int			bit = PROMISE_BIT(kind);

	if (effects->starts & bit)
	{
		effects->starts &= ~bit;
		state->clocks--;
	}
	else if (state->running & bit)
	{
		effects->stops |= bit;
		effects->pauses &= ~bit;
		effects->resumes &= ~bit;
		effects->stop[kind] = (ClockStop) {outcome, at};
	}
	state->running &= ~bit;
}

static void
start_clock(PromiseKind kind, const DecideEnv *env, TimestampTz from, Effects *effects)
{
	LeadState  *state = &effects->next;
	ClockStart *start = &effects->start[kind];

	start->from = from;
	start->created_at = state->created_at;
	start->paused = false;
	if (!env->promise(env->arg, kind, state->stage, state->rep_id, start))
		return;
	effects->starts |= PROMISE_BIT(kind);
	state->running |= PROMISE_BIT(kind);
	state->clocks++;
}

void
clock_void(int kinds, TimestampTz at, Effects *effects)
{
	for (int kind = 0; kind < N_PROMISES; kind++)
		if (kinds & effects->next.running & PROMISE_BIT(kind))
			end_clock(kind, CLOCK_VOID, at, effects);
	effects->next.handed_over = false;
}

/*
 * Is anything promised of sales to a lead in this stage?  From the handoff on,
 * until a deal is made of it; without an MQL stage the first assignment is the
 * handoff, wherever the lead is.
 */
static bool
is_promised_in(const Agreement *a, int stage)
{
	int			qualified = a->by_purpose[PURPOSE_QUALIFIED];
	int			won = a->by_purpose[PURPOSE_WON];
	int			position;

	if (stage == NO_STAGE)
		return false;
	switch (a->stages[stage].purpose)
	{
		case PURPOSE_QUALIFIED:
		case PURPOSE_ACCEPTED:
			return true;
		case PURPOSE_ENTRY:
			return qualified == NO_STAGE;
		case PURPOSE_NONE:
			position = a->stages[stage].position;
			return (qualified == NO_STAGE || position >= a->stages[qualified].position) &&
				(won == NO_STAGE || position < a->stages[won].position);
		default:
			return false;
	}
}

/* Has sales still to say whether it takes the lead? */
static bool
awaits_acceptance(const Agreement *a, int stage)
{
	int			accepted = a->by_purpose[PURPOSE_ACCEPTED];
	StagePurpose purpose = a->stages[stage].purpose;

	return accepted != NO_STAGE && purpose != PURPOSE_NURTURE && purpose != PURPOSE_DISQUALIFIED &&
		a->stages[stage].position < a->stages[accepted].position;
}

void
clock_start(const Agreement *agreement, const LeadNews *news, const DecideEnv *env,
			TimestampTz from, Effects *effects)
{
	LeadState  *state = &effects->next;
	int			kinds = agreement->promises & PROMISES_OF_HANDOFF;

	/* nobody is promised anything about a row that is not there */
	if (state->handed_over || state->gone_at != NO_TIME || !is_promised_in(agreement, state->stage))
		return;
	state->handed_over = true;
	/* what was promised about a lead of the past is not known: not once more */
	if (news->adopt)
		return;
	if (!awaits_acceptance(agreement, state->stage))
		kinds &= ~PROMISE_BIT(PROMISE_ACCEPTANCE);
	for (int kind = 0; kinds >> kind != 0; kind++)
		if (kinds & PROMISE_BIT(kind))
			start_clock(kind, env, from, effects);
}

/* Late from the moment after the due time on; the past keeps no promise. */
static ClockOutcome
outcome_of(const LeadNews *news, PromiseKind kind, TimestampTz at)
{
	if (news->adopt)
		return CLOCK_VOID;
	return at <= news->clocks[kind].due_at ? CLOCK_KEPT : CLOCK_LATE;
}

void
clock_answer(const LeadNews *news, const DecideEnv *env, Effects *effects)
{
	LeadState  *state = &effects->next;

	if (state->running == 0 || news->adopt)
		return;
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		TimestampTz at = news->clocks[kind].answered_at;

		if (at == NO_TIME || !(state->running & PROMISE_BIT(kind)))
			continue;
		end_clock(kind, outcome_of(news, kind, at), at, effects);
		if (kind == PROMISE_NEXT_TOUCH)
			start_clock(kind, env, news->clocks[kind].last_at, effects);
	}
}

/* Does this kind of clock run since before the decision? */
static bool
runs_on(PromiseKind kind, const Effects *effects)
{
	return (effects->next.running & PROMISE_BIT(kind)) && !(effects->starts & PROMISE_BIT(kind));
}

void
clock_conditions(const Agreement *agreement, const LeadNews *news, const DecideEnv *env,
				 TimestampTz now, Effects *effects)
{
	LeadState  *state = &effects->next;

	if (news->adopt)
		return;
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		if (!runs_on(kind, effects))
			continue;
		if (news->clocks[kind].kept_now)
			end_clock(kind, outcome_of(news, kind, now), now, effects);
		else if (news->clocks[kind].pause == PAUSE_BEGINS)
			effects->pauses |= PROMISE_BIT(kind);
		else if (news->clocks[kind].pause == PAUSE_ENDS)
			effects->resumes |= PROMISE_BIT(kind);
	}
	if ((agreement->promises & PROMISE_BIT(PROMISE_CRITERIA)) && news->fired != NULL &&
		!(state->running & PROMISE_BIT(PROMISE_CRITERIA)) && state->gone_at == NO_TIME)
		start_clock(PROMISE_CRITERIA, env, now, effects);
}

void
clock_renew(PromiseKind kind, const DecideEnv *env, TimestampTz at, Effects *effects)
{
	end_clock(kind, CLOCK_VOID, at, effects);
	start_clock(kind, env, at, effects);
}

/*
 * How does a move end the promise that sales says yes or no?  What happens by
 * itself is no word of anybody's.
 */
static ClockOutcome
decided_by(const LeadNews *news, Cause cause, TimestampTz at)
{
	switch (cause)
	{
		case CAUSE_ACCEPT:
		case CAUSE_REJECT:
		case CAUSE_RECYCLE:
		case CAUSE_ADVANCE:
		case CAUSE_HOST:
		case CAUSE_OPPORTUNITY:
		case CAUSE_WON:
		case CAUSE_NO_RESPONSE:
		case CAUSE_DUPLICATE:
			return outcome_of(news, PROMISE_ACCEPTANCE, at);
		default:
			return CLOCK_VOID;
	}
}

void
clock_stage(const Agreement *agreement, const LeadNews *news, const DecideEnv *env,
			TimestampTz at, Effects *effects)
{
	LeadState  *state = &effects->next;
	const Move *last = effects->nmoves > 0 ? &effects->moves[effects->nmoves - 1] : NULL;

	if (state->running & PROMISE_BIT(PROMISE_STAGE_TIME))
		end_clock(PROMISE_STAGE_TIME, outcome_of(news, PROMISE_STAGE_TIME, at), at, effects);
	if ((state->running & PROMISE_BIT(PROMISE_ACCEPTANCE)) && last != NULL &&
		!awaits_acceptance(agreement, state->stage))
		end_clock(PROMISE_ACCEPTANCE, decided_by(news, last->cause, at), at, effects);
	if ((agreement->promises & PROMISE_BIT(PROMISE_STAGE_TIME)) && !news->adopt &&
		state->gone_at == NO_TIME && state->stage != NO_STAGE)
		start_clock(PROMISE_STAGE_TIME, env, at, effects);
}
