/*
 * clock.c
 *		The promise that runs for a lead: see clock.h.
 */
#include "postgres.h"

#include "decide/clock.h"

void
clock_effects_init(Effects *effects)
{
	effects->stop_clock = CLOCK_RUNS;
	effects->start_clock = false;
}

void
clock_void(TimestampTz at, Effects *effects)
{
	LeadState  *state = &effects->next;

	if (effects->start_clock)
	{
		/* started within this very decision: it never ran */
		effects->start_clock = false;
		state->clocks--;
		state->running--;
	}
	if (state->running > 0 && effects->stop_clock == CLOCK_RUNS)
	{
		effects->stop_clock = CLOCK_VOID;
		effects->stopped_at = at;
		state->running = 0;
	}
	state->handed_over = false;
}

/*
 * Is a first response promised to a lead in this stage?  From the handoff on,
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

void
clock_start(const Agreement *agreement, const LeadNews *news, const DecideEnv *env,
			TimestampTz from, Effects *effects)
{
	LeadState  *state = &effects->next;

	/* nobody is promised anything about a row that is not there */
	if (state->handed_over || state->gone_at != NO_TIME || !is_promised_in(agreement, state->stage))
		return;
	state->handed_over = true;
	/* what was promised about a lead of the past is not known: not once more */
	if (news->adopt)
		return;
	if (!env->promise(env->arg, state->rep_id, from,
					  &effects->policy, &effects->due_at, &effects->calendar_id))
		return;
	effects->start_clock = true;
	effects->clock_from = from;
	state->clocks++;
	state->running++;
}

void
clock_answer(const LeadNews *news, Effects *effects)
{
	LeadState  *state = &effects->next;

	if (state->running == 0 || news->answered_at == NO_TIME || news->adopt)
		return;
	effects->stop_clock = news->answered_at <= news->clock_due_at ? CLOCK_KEPT : CLOCK_LATE;
	effects->stopped_at = news->answered_at;
	state->running = 0;
}
