/*
 * clock_steps.c
 *		See clock_steps.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "base/handover.h"
#include "settle/clock_steps.h"
#include "settle/effects.h"
#include "settle/question.h"

#define STEP_BIT(position)	(1 << ((position) - 1))

static int32
steps_done(const RunningClock *clock)
{
	return clock->nulls[CLOCK_STEPS] ? 0 : DatumGetInt32(clock->values[CLOCK_STEPS]);
}

static void
set_steps_done(RunningClock *clock, int32 done)
{
	clock->values[CLOCK_STEPS] = Int32GetDatum(done);
	clock->nulls[CLOCK_STEPS] = done == 0;
}

/* When a step is to be taken; of a calendar that can't tell it is the due time. */
static TimestampTz
step_at(Settle *s, const RunningClock *clock, const Policy *policy, const PolicyStep *step)
{
	TimestampTz at;

	if (step->after == 0 ||
		!question_due(s, step->after, clock_calendar(clock), clock->due_at, NO_TIME, "SLA policy",
					  policy->name, &at))
		return clock->due_at;
	return at;
}

void
clock_set_fires(Settle *s, RunningClock *clock)
{
	Definitions *def;
	int			place;
	const Policy *policy = clock_policy(s, clock, &def, &place);
	TimestampTz fires_at = clock->nulls[CLOCK_BREACHED_AT] ? clock->due_at : DT_NOEND;
	int32		done = steps_done(clock);

	if (clock_is_paused(clock) || !clock->nulls[CLOCK_STOPPED_AT])
		fires_at = DT_NOEND;
	else
		for (int i = 0; policy != NULL && i < policy->nsteps; i++)
		{
			const PolicyStep *step = &policy->steps[i];
			TimestampTz at;

			if (done & STEP_BIT(step->position))
				continue;
			at = step_at(s, clock, policy, step);
			if (at <= clock->started_at)
				done |= STEP_BIT(step->position);
			else
				fires_at = Min(fires_at, at);
		}
	set_steps_done(clock, done);
	clock->values[CLOCK_FIRES_AT] = TimestampTzGetDatum(fires_at);
	clock->nulls[CLOCK_FIRES_AT] = fires_at == DT_NOEND;
	if (fires_at != DT_NOEND)
		handover_due(fires_at);
}

static bool
fires_now(Settle *s, const RunningClock *clock)
{
	return clock->seq != 0 && !clock->nulls[CLOCK_FIRES_AT] &&
		DatumGetTimestampTz(clock->values[CLOCK_FIRES_AT]) <= s->now;
}

static bool
on_trial(Settle *s, const Policy *policy)
{
	return policy->trial_until != NO_TIME && s->now < policy->trial_until;
}

/* A step whose stage is none of this version's any more moves nothing. */
static int
stage_of_step(Settle *s, const Definitions *def, const PolicyStep *step)
{
	const char *code;

	if (step->to_stage == NO_STAGE || def->agreement == s->agreement)
		return step->to_stage;
	code = def->agreement->stages[step->to_stage].code;
	return stage_by_code(s->agreement, code, strlen(code));
}

static void
add_step(Settle *s, const Definitions *def, const LeadState *state, const Policy *policy,
		 const PolicyStep *step, ClockSteps *steps)
{
	if (steps->n == MAX_DUE_STEPS ||
		(step->action == SLA_REASSIGN &&
		 clock_steps_taken(s, state->lead_id, policy->policy_id, step->position,
						   state->stage_since) >= step->at_most))
		return;
	steps->positions[steps->n] = step->position;
	steps->steps[steps->n++] = (DueStep) {policy->promise, step->action, step->team_id,
	stage_of_step(s, def, step), step->reason};
}

void
clock_steps_due(Settle *s, const LeadState *state, ClockSteps *steps, LeadNews *news)
{
	Clocks		clocks;

	steps->n = 0;
	clocks_read(s, state, state->running, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		RunningClock *clock = &clocks[kind];
		Definitions *def;
		int			place;
		const Policy *policy;

		if (!fires_now(s, clock) || (policy = clock_policy(s, clock, &def, &place)) == NULL ||
			on_trial(s, policy))
			continue;
		for (int i = 0; i < policy->nsteps; i++)
			if (!(steps_done(clock) & STEP_BIT(policy->steps[i].position)) &&
				step_at(s, clock, policy, &policy->steps[i]) <= s->now)
				add_step(s, def, state, policy, &policy->steps[i], steps);
	}
	news->nsteps = steps->n;
	news->steps = steps->steps;
}

/* Did decide() take this step of the clock? */
static bool
was_taken(const ClockSteps *steps, const Effects *e, PromiseKind kind, int position)
{
	for (int i = 0; i < steps->n; i++)
		if (steps->steps[i].kind == kind && steps->positions[i] == position)
			return (e->steps_taken & ((uint32) 1 << i)) != 0;
	return false;
}

static const char *
event_of(const RunningClock *clock, const PolicyStep *step)
{
	if (step->action == SLA_ESCALATE)
		return "sla_escalated";
	return step->action == SLA_TELL && step->after < 0 ? "sla_warned" : "sla_step";
}

/*
 * The steps of a clock whose time has come are done with, whatever came of them:
 * where something else ends the clock just now none is told.  before: those
 * before the due time, else the others.
 */
static void
fire_steps(Settle *s, const LeadRow *row, RunningClock *clock, PromiseKind kind,
		   const ClockSteps *steps, const Effects *e, bool before)
{
	bool		ends = (e->stops & PROMISE_BIT(kind)) != 0;
	Definitions *def;
	int			place;
	const Policy *policy = clock_policy(s, clock, &def, &place);

	for (int i = 0; policy != NULL && i < policy->nsteps; i++)
	{
		const PolicyStep *step = &policy->steps[i];
		bool		taken = was_taken(steps, e, kind, step->position);
		ClockChange change = {.change = taken ? "step" : "passed",.position = step->position};

		if ((step->after < 0) != before || (steps_done(clock) & STEP_BIT(step->position)) ||
			step_at(s, clock, policy, step) > s->now)
			continue;
		set_steps_done(clock, steps_done(clock) | STEP_BIT(step->position));
		if ((ends && !taken) || on_trial(s, policy))
			continue;
		if (taken)
			change.event = event_of(clock, step);
		clock_tell(s, row, clock, &change);
	}
}

/* One that is due is breached from then on, whether or not it is told. */
static void
fire_breach(Settle *s, const LeadRow *row, RunningClock *clock)
{
	Definitions *def;
	int			place;
	const Policy *policy = clock_policy(s, clock, &def, &place);

	clock->values[CLOCK_BREACHED_AT] = TimestampTzGetDatum(clock->due_at);
	clock->nulls[CLOCK_BREACHED_AT] = false;
	if (policy == NULL || !on_trial(s, policy))
		effects_event(s, row->state.lead_id, "sla_breached", clock->seq);
}

void
clock_steps_fire(Settle *s, const LeadRow *row, const ClockSteps *steps, const Effects *e)
{
	Clocks		clocks;

	clocks_read(s, &row->state, row->state.running, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		RunningClock *clock = &clocks[kind];
		bool		kept = (e->stops & PROMISE_BIT(kind)) && e->stop[kind].outcome == CLOCK_KEPT;

		if (!fires_now(s, clock))
			continue;
		fire_steps(s, row, clock, kind, steps, e, true);
		if (clock->due_at <= s->now && clock->nulls[CLOCK_BREACHED_AT] && !kept)
			fire_breach(s, row, clock);
		fire_steps(s, row, clock, kind, steps, e, false);
		clock_set_fires(s, clock);
		clock_write(s, clock);
	}
	CommandCounterIncrement();
}
