/*
 * clock_anew.c
 *		See clock_anew.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "settle/clock_anew.h"
#include "settle/clock_steps.h"
#include "settle/clocks.h"
#include "settle/effects.h"
#include "settle/env.h"
#include "settle/question.h"
#include "settle/row_values.h"

/* The time that had counted of a clock until its last pause. */
static int64
time_counted(Settle *s, const RunningClock *clock)
{
	Definitions *def;
	int			place;
	const Policy *policy = clock_policy(s, clock, &def, &place);
	int32		calendar_id;

	if (clock->nulls[CLOCK_TIME_LEFT] || policy == NULL)
		return 0;
	return env_promised_time(s, policy, clock_calendar(clock), clock->started_at, &calendar_id) -
		DatumGetIntervalP(clock->values[CLOCK_TIME_LEFT])->time;
}

/* Due time and what is left, as start says; false: the calendar can't tell. */
static bool
take_promise(Settle *s, RunningClock *clock, const ClockStart *start)
{
	int64		left = start->target - time_counted(s, clock);
	bool		paused_before = !clock->nulls[CLOCK_TIME_LEFT];
	TimestampTz from = clock->nulls[CLOCK_COUNTS_FROM] ? clock->started_at :
		DatumGetTimestampTz(clock->values[CLOCK_COUNTS_FROM]);
	TimestampTz due_at = clock->due_at;

	if (!clock_is_paused(clock) &&
		!question_due(s, left, start->calendar_id, from, NO_TIME, "SLA policy",
					  s->def->policies[start->policy].name, &due_at))
		return false;
	if (paused_before)
		clock->values[CLOCK_TIME_LEFT] = exact_interval(left);
	clock_set_due(clock, due_at);
	return true;
}

static void
recompute(Settle *s, const LeadRow *row, RunningClock *clock, const ClockStart *start)
{
	TimestampTz before = clock->due_at;
	ClockChange change = {.change = "recomputed",.event = "sla_recomputed"};

	if (!take_promise(s, clock, start))
		return;
	clock->values[CLOCK_AGREEMENT_ID] = Int32GetDatum(s->agreement->agreement_id);
	clock->values[CLOCK_POLICY_ID] = Int32GetDatum(s->def->policies[start->policy].policy_id);
	set_id32(clock->values, clock->nulls, CLOCK_CALENDAR_ID, start->calendar_id);
	if (clock->due_at > s->now)
	{
		/* there is time again: what was done about the old due time may be done about this one */
		clock->nulls[CLOCK_BREACHED_AT] = true;
		clock->nulls[CLOCK_STEPS] = true;
	}
	clock_set_fires(s, clock);
	clock_write(s, clock);
	change.before_at = before;
	change.timed = !clock->nulls[CLOCK_TIME_LEFT];
	if (change.timed)
		change.time_left = DatumGetIntervalP(clock->values[CLOCK_TIME_LEFT])->time;
	clock_tell(s, row, clock, &change);
}

/* Would the clock be another one now? */
static bool
differs(Settle *s, const RunningClock *clock, const ClockStart *start)
{
	RunningClock anew = *clock;

	if (DatumGetInt32(clock->values[CLOCK_POLICY_ID]) != s->def->policies[start->policy].policy_id)
		return true;
	return take_promise(s, &anew, start) &&
		(anew.due_at != clock->due_at || start->calendar_id != clock_calendar(clock));
}

static bool
recomputes(const Definitions *def)
{
	for (int i = 0; i < def->npolicies; i++)
		if (def->policies[i].recomputes)
			return true;
	return false;
}

bool
clocks_follow(Settle *s, const LeadRow *row)
{
	int			kinds = s->agreement->promises & PROMISE_BIT(PROMISE_CRITERIA) & ~row->state.running;

	return row->agreement_id != s->agreement->agreement_id && row->state.gone_at == NO_TIME &&
		(kinds != 0 || (row->state.running != 0 && recomputes(s->def)));
}

void
clocks_recompute(Settle *s, const LeadRow *row)
{
	Clocks		clocks;
	DecideEnv	env;

	if (row->state.running == 0 || !recomputes(s->def))
		return;
	env_init(&env, s);
	clocks_read(s, &row->state, row->state.running, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		ClockStart	start = {.from = clocks[kind].started_at,.created_at = row->state.created_at};

		if (clocks[kind].seq != 0 &&
			env.promise(env.arg, kind, row->state.stage, row->state.rep_id, &start) &&
			s->def->policies[start.policy].recomputes && differs(s, &clocks[kind], &start))
			recompute(s, row, &clocks[kind], &start);
	}
	CommandCounterIncrement();
}

static void
repair(Settle *s, const LeadRow *row, RunningClock *clock, TimestampTz at)
{
	char	   *was = TextDatumGetCString(clock->values[CLOCK_OUTCOME]);
	const char *is = at <= clock->due_at ? "kept" : "late";
	ClockChange change = {.change = "repaired",.event = strcmp(was, is) == 0 ? NULL : "sla_repaired",
	.outcome = is};

	change.before_outcome = was;
	change.before_at = DatumGetTimestampTz(clock->values[CLOCK_STOPPED_AT]);
	clock->values[CLOCK_STOPPED_AT] = TimestampTzGetDatum(at);
	clock->values[CLOCK_OUTCOME] = code_text(is);
	if (at <= clock->due_at)
		clock->nulls[CLOCK_BREACHED_AT] = true;
	clock_write(s, clock);
	clock_tell(s, row, clock, &change);
}

void
clocks_repair(Settle *s, const LeadRow *row)
{
	static const PromiseKind kinds[] = {PROMISE_FIRST_RESPONSE, PROMISE_ATTEMPTS};

	for (int i = 0; i < lengthof(kinds); i++)
	{
		RunningClock clock;
		TimestampTz at;

		if (!clock_newest(s, &row->state, kinds[i], &clock) || clock.nulls[CLOCK_STOPPED_AT])
			continue;
		at = clock_kept_by_touch(s, row->state.lead_id, kinds[i], &clock);
		if (at != NO_TIME && at < DatumGetTimestampTz(clock.values[CLOCK_STOPPED_AT]))
			repair(s, row, &clock, at);
	}
	CommandCounterIncrement();
}
