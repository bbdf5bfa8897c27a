/*
 * clocks.c
 *		See clocks.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "settle/clock_row.h"
#include "settle/clock_steps.h"
#include "settle/clocks.h"
#include "settle/effects.h"
#include "settle/engine_scan.h"
#include "settle/question.h"
#include "settle/row_values.h"

/* kinds that touches keep, and that others than answers do */
#define KEPT_BY_TOUCHES	(PROMISE_BIT(PROMISE_FIRST_RESPONSE) | PROMISE_BIT(PROMISE_ATTEMPTS) | \
						 PROMISE_BIT(PROMISE_NEXT_TOUCH))
#define FIRST_RESPONSE_ALONE	PROMISE_BIT(PROMISE_FIRST_RESPONSE)

bool
clocks_listen(const LeadState *state, const TouchSums *sums)
{
	return (state->running & PROMISE_BIT(PROMISE_ATTEMPTS)) ||
		(sums->answers && (state->running & KEPT_BY_TOUCHES));
}

/* The moment of the nth attempt since this one, or NO_TIME; one that was taken back is none. */
static TimestampTz
nth_attempt(Settle *s, int64 lead_id, const Policy *policy, TimestampTz since)
{
	int			n = policy == NULL ? 1 : Max(policy->attempts, 1);
	SysScanDesc scan = touches_scan(&s->writers, lead_id, since);
	HeapTuple	tuple;
	TimestampTz at = NO_TIME;
	int			net = 0;
	int			seen = 0;

	/* touches of one moment are added up before they count: a pair of them may cancel out */
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		TouchRow	row;

		touch_read(&s->writers, s->def, tuple, &row);
		if (row.signal == NULL || row.signal->inbound || !policy_counts(policy, row.signal))
			continue;
		if (row.occurred_at != at)
		{
			if (seen + Max(net, 0) >= n)
				break;
			seen += Max(net, 0);
			net = 0;
		}
		at = row.occurred_at;
		net += row.sign;
	}
	engine_scan_end(scan);
	return seen + Max(net, 0) >= n ? at : NO_TIME;
}

/* The latest answering touch at or after a moment, which has one. */
static TimestampTz
last_answer(Settle *s, int64 lead_id, const Policy *policy, TimestampTz since)
{
	TimestampTz last = NO_TIME;
	TimestampTz next = since;

	while ((next = first_answer(&s->writers, s->def, lead_id, policy, next)) != NO_TIME)
		last = next++;
	return last;
}

static TimestampTz
kept_by_touch(Settle *s, int64 lead_id, PromiseKind kind, const RunningClock *clock,
			  const Policy *policy)
{
	switch (kind)
	{
		case PROMISE_FIRST_RESPONSE:
			return first_answer(&s->writers, s->def, lead_id, policy, clock->started_at);
		case PROMISE_NEXT_TOUCH:
			/* the touch that started it is not the next one */
			return first_answer(&s->writers, s->def, lead_id, policy, clock->started_at + 1);
		case PROMISE_ATTEMPTS:
			return nth_attempt(s, lead_id, policy, clock->started_at);
		default:
			return NO_TIME;
	}
}

TimestampTz
clock_kept_by_touch(Settle *s, int64 lead_id, PromiseKind kind, const RunningClock *clock)
{
	Definitions *def;
	int			place;
	const Policy *policy = clock_policy(s, clock, &def, &place);

	return kept_by_touch(s, lead_id, kind, clock, policy);
}

/* What does the lead's row, as it is now, say of a clock?  Rules may be of a version before. */
static void
news_of_row(Settle *s, PromiseKind kind, const RunningClock *clock, const Policy *policy,
			const Definitions *def, int place, LeadNews *news)
{
	const Program *program = s->program;
	bool		pauses;

	if (policy->pauses_when == NULL && policy->kept_when == NULL)
		return;
	if (def != s->def)
		program = program_for(unconstify(Definitions *, def), s->binding);
	if (policy->kept_when != NULL &&
		question_holds(s, program->promising, program->policy_kept[place], "keeping of SLA policy",
					   policy->name))
		news->clocks[kind].kept_now = true;
	/* what is past due is breached, and no pause undoes it */
	if (policy->pauses_when == NULL || (!clock_is_paused(clock) && clock->due_at <= s->now))
		return;
	pauses = question_holds(s, program->promising, program->policy_pause[place],
							"pause of SLA policy", policy->name);
	if (pauses != clock_is_paused(clock))
		news->clocks[kind].pause = pauses ? PAUSE_BEGINS : PAUSE_ENDS;
}

static void
clock_news(Settle *s, int64 lead_id, PromiseKind kind, const RunningClock *clock,
		   bool answers, LeadNews *news)
{
	Definitions *def;
	int			place;
	const Policy *policy = clock_policy(s, clock, &def, &place);
	TimestampTz at = NO_TIME;

	if (answers || kind == PROMISE_ATTEMPTS)
		at = kept_by_touch(s, lead_id, kind, clock, policy);
	if (kind == PROMISE_NEXT_TOUCH && at != NO_TIME)
		news->clocks[kind].last_at = last_answer(s, lead_id, policy, at);
	news->clocks[kind].due_at = clock->due_at;
	news->clocks[kind].answered_at = at;
	if (policy != NULL && news->fired != NULL)
		news_of_row(s, kind, clock, policy, def, place, news);
}

void
clocks_news(Settle *s, const LeadState *state, bool answers, LeadNews *news)
{
	int			kinds = state->running;
	Clocks		clocks;

	/* how others end depends on when they are due, whatever ends them */
	if (kinds == 0 || (kinds == FIRST_RESPONSE_ALONE && !answers &&
					   !(s->def->watches && news->fired != NULL)))
		return;
	clocks_read(s, state, kinds, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
		if (clocks[kind].seq != 0)
			clock_news(s, state->lead_id, kind, &clocks[kind], answers, news);
}

/* Time does not count from now on: what is left is kept. */
static void
pause_clock(RunningClock *clock, TimestampTz at, int64 left)
{
	clock->values[CLOCK_PAUSED_AT] = TimestampTzGetDatum(at);
	clock->values[CLOCK_TIME_LEFT] = exact_interval(left);
	clock->nulls[CLOCK_PAUSED_AT] = clock->nulls[CLOCK_TIME_LEFT] = false;
	clock_set_due(clock, DT_NOEND);
}

static void
write_start(Settle *s, const LeadRow *row, const Effects *e, const ClockStart *start, int32 seq)
{
	const Policy *policy = &s->def->policies[start->policy];
	RunningClock clock;
	Datum	   *v = clock.values;
	bool	   *nulls = clock.nulls;

	memset(nulls, 0, sizeof(clock.nulls));
	clock.seq = seq;
	clock.started_at = start->from;
	v[CLOCK_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[CLOCK_SEQ] = Int32GetDatum(seq);
	v[CLOCK_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[CLOCK_AGREEMENT_ID] = Int32GetDatum(s->agreement->agreement_id);
	v[CLOCK_POLICY_ID] = Int32GetDatum(policy->policy_id);
	set_id32(v, nulls, CLOCK_CALENDAR_ID, start->calendar_id);
	set_id32(v, nulls, CLOCK_TEAM_ID, e->next.team_id);
	set_id32(v, nulls, CLOCK_REP_ID, e->next.rep_id);
	v[CLOCK_STARTED_AT] = TimestampTzGetDatum(start->from);
	clock_set_due(&clock, start->due_at);
	nulls[CLOCK_STOPPED_AT] = nulls[CLOCK_BREACHED_AT] = nulls[CLOCK_OUTCOME] = true;
	v[CLOCK_PROMISE] = code_text(promise_name(policy->promise));
	effects_dimensions(v, nulls, CLOCK_SOURCE, row);
	nulls[CLOCK_PAUSED_AT] = nulls[CLOCK_COUNTS_FROM] = nulls[CLOCK_TIME_LEFT] = nulls[CLOCK_STEPS] = true;
	if (start->paused)
		pause_clock(&clock, start->from, start->target);
	clock_set_fires(s, &clock);
	writer_add(&s->writers, TABLE_SLA_CLOCK, v, nulls);
	if (start->paused)
		clock_tell(s, row, &clock, &(ClockChange) {.change = "paused",.event = "sla_paused",.timed = true,.time_left = start->target});
}

/* The time that is left of a paused clock counts from this moment on. */
static bool
resume_clock(Settle *s, RunningClock *clock, TimestampTz at)
{
	Interval   *left = DatumGetIntervalP(clock->values[CLOCK_TIME_LEFT]);
	TimestampTz due_at;

	at = Max(at, DatumGetTimestampTz(clock->values[CLOCK_PAUSED_AT]));
	if (!question_due(s, left->time, clock_calendar(clock), at, NO_TIME, "SLA policy",
					  TextDatumGetCString(clock->values[CLOCK_PROMISE]), &due_at))
		return false;
	clock->values[CLOCK_COUNTS_FROM] = TimestampTzGetDatum(at);
	clock->nulls[CLOCK_COUNTS_FROM] = false;
	clock->nulls[CLOCK_PAUSED_AT] = true;
	clock_set_due(clock, due_at);
	return true;
}

/* A calendar that can't tell what is left, or when that is over, leaves the clock as it is. */
static void
write_pause(Settle *s, const LeadRow *row, RunningClock *clock, bool pauses)
{
	ClockChange change = {.timed = true};

	if (pauses)
	{
		if (!question_left(s, clock_calendar(clock), s->now, clock->due_at, "SLA policy",
						   TextDatumGetCString(clock->values[CLOCK_PROMISE]), &change.time_left))
			return;
		pause_clock(clock, s->now, change.time_left);
		change.change = "paused";
		change.event = "sla_paused";
	}
	else
	{
		if (!resume_clock(s, clock, s->now))
			return;
		change.time_left = DatumGetIntervalP(clock->values[CLOCK_TIME_LEFT])->time;
		change.change = "resumed";
		change.event = "sla_resumed";
	}
	clock_set_fires(s, clock);
	clock_write(s, clock);
	clock_tell(s, row, clock, &change);
}

static void
write_stop(Settle *s, const LeadRow *row, RunningClock *clock, const ClockStop *stop)
{
	static const char *const outcomes[] = {
		[CLOCK_KEPT] = "kept",
		[CLOCK_LATE] = "late",
		[CLOCK_VOID] = "void",
	};
	TimestampTz at = Max(stop->at, clock->started_at);
	bool		told = stop->outcome == CLOCK_KEPT && !clock->nulls[CLOCK_BREACHED_AT];

	/* one that ends while it is paused was due when what was left would have been over */
	if (clock_is_paused(clock) && !resume_clock(s, clock, at))
		clock_set_due(clock, at);
	clock->values[CLOCK_STOPPED_AT] = TimestampTzGetDatum(at);
	clock->nulls[CLOCK_STOPPED_AT] = false;
	clock->values[CLOCK_OUTCOME] = code_text(outcomes[stop->outcome]);
	clock->nulls[CLOCK_OUTCOME] = false;
	clock->nulls[CLOCK_FIRES_AT] = clock->nulls[CLOCK_PAUSED_AT] = true;
	/* its breach was told before what kept it was */
	clock->nulls[CLOCK_BREACHED_AT] |= told;
	clock_write(s, clock);
	if (told)
		clock_tell(s, row, clock, &(ClockChange) {.change = "repaired",.event = "sla_repaired",.outcome = "kept"});
}

/* What the effects say of running clocks; of one that does not run there is nothing to write. */
static void
write_running(Settle *s, const LeadRow *row, const Effects *e)
{
	Clocks		clocks;

	clocks_read(s, &row->state, e->stops | e->pauses | e->resumes, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		if (clocks[kind].seq == 0)
			continue;
		if (e->stops & PROMISE_BIT(kind))
			write_stop(s, row, &clocks[kind], &e->stop[kind]);
		else
			write_pause(s, row, &clocks[kind], (e->pauses & PROMISE_BIT(kind)) != 0);
	}
}

void
clocks_write(Settle *s, const LeadRow *row, const Effects *e)
{
	int32		seq = row->state.clocks;

	if ((e->stops | e->pauses | e->resumes) != 0)
		write_running(s, row, e);
	for (int kind = 0; kind < N_PROMISES; kind++)
		if (e->starts & PROMISE_BIT(kind))
			write_start(s, row, e, &e->start[kind], ++seq);
}

TimestampTz
clocks_due(Settle *s, const LeadState *state, const Effects *e)
{
	int			starts = e == NULL ? 0 : e->starts;
	TimestampTz due_at = DT_NOEND;
	Clocks		clocks;

	if (state->running == 0)
		return NO_TIME;
	clocks_read(s, state, state->running & ~starts, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		if (starts & PROMISE_BIT(kind))
			due_at = Min(due_at, e->start[kind].due_at);
		else if (clocks[kind].seq != 0)
			due_at = Min(due_at, clocks[kind].due_at);
	}
	return due_at == DT_NOEND ? NO_TIME : due_at;
}
