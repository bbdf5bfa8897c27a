/*
 * clocks.c
 *		See clocks.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/handover.h"
#include "settle/clocks.h"
#include "settle/effects.h"
#include "settle/engine_scan.h"
#include "settle/row_values.h"

/* The clocks that run, by kind; seq 0: none. */
typedef RunningClock Clocks[N_PROMISES];

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

/*
 * The newest clock is the likeliest to run.  A row whose promise is no word of
 * ours is nobody's: it is passed over.
 */
static void
read_clocks(Settle *s, const LeadState *state, int kinds, Clocks clocks)
{
	for (int kind = 0; kind < N_PROMISES; kind++)
		clocks[kind].seq = 0;
	for (int32 seq = state->clocks; seq > 0 && kinds != 0; seq--)
	{
		RunningClock clock;
		PromiseKind kind;

		if (!clock_read(&s->writers, state->lead_id, seq, &clock) ||
			!clock.nulls[CLOCK_STOPPED_AT])
			continue;
		kind = promise_by_name(TextDatumGetCString(clock.values[CLOCK_PROMISE]));
		if (kind == N_PROMISES || !(kinds & PROMISE_BIT(kind)))
			continue;
		clocks[kind] = clock;
		kinds &= ~PROMISE_BIT(kind);
	}
}

/* How many outbound touches keep the promise of this clock? */
static int
attempts_of(Settle *s, const RunningClock *clock)
{
	int32		policy_id = DatumGetInt32(clock->values[CLOCK_POLICY_ID]);
	Definitions *def = s->def;

	/* of a version before, it has its own policies */
	if (DatumGetInt32(clock->values[CLOCK_AGREEMENT_ID]) != s->agreement->agreement_id)
		def = definitions_of_version(s->def->workspace_id,
									 DatumGetInt32(clock->values[CLOCK_AGREEMENT_ID]));
	for (int i = 0; i < def->npolicies; i++)
		if (def->policies[i].policy_id == policy_id)
			return def->policies[i].attempts;
	return 0;
}

/* The moment of the nth outbound touch since this one, or NO_TIME; one that was taken back is none. */
static TimestampTz
nth_attempt(Settle *s, int64 lead_id, TimestampTz since, int n)
{
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
		if (row.signal == NULL || row.signal->inbound)
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
last_answer(Settle *s, int64 lead_id, TimestampTz since)
{
	TimestampTz last = NO_TIME;
	TimestampTz next = since;

	while ((next = first_answer(&s->writers, s->def, lead_id, next)) != NO_TIME)
		last = next++;
	return last;
}

static void
clock_news(Settle *s, int64 lead_id, PromiseKind kind, const RunningClock *clock,
		   bool answers, LeadNews *news)
{
	TimestampTz at = NO_TIME;

	if (kind == PROMISE_FIRST_RESPONSE && answers)
		at = first_answer(&s->writers, s->def, lead_id, clock->started_at);
	else if (kind == PROMISE_NEXT_TOUCH && answers)
	{
		/* the touch that started it is not the next one */
		at = first_answer(&s->writers, s->def, lead_id, clock->started_at + 1);
		if (at != NO_TIME)
			news->clocks[kind].last_at = last_answer(s, lead_id, at);
	}
	else if (kind == PROMISE_ATTEMPTS)
		at = nth_attempt(s, lead_id, clock->started_at, Max(attempts_of(s, clock), 1));
	news->clocks[kind].due_at = clock->due_at;
	news->clocks[kind].answered_at = at;
}

void
clocks_news(Settle *s, const LeadState *state, bool answers, LeadNews *news)
{
	int			kinds = state->running;
	Clocks		clocks;

	/* how others end depends on when they are due, whatever ends them */
	if (kinds == 0 || (kinds == FIRST_RESPONSE_ALONE && !answers))
		return;
	read_clocks(s, state, kinds, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
		if (clocks[kind].seq != 0)
			clock_news(s, state->lead_id, kind, &clocks[kind], answers, news);
}

static void
write_start(Settle *s, const LeadRow *row, const Effects *e, const ClockStart *start, int32 seq)
{
	const Policy *policy = &s->def->policies[start->policy];
	Datum		v[CLOCK_COLS];
	bool		nulls[CLOCK_COLS] = {0};

	v[CLOCK_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[CLOCK_SEQ] = Int32GetDatum(seq);
	v[CLOCK_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[CLOCK_AGREEMENT_ID] = Int32GetDatum(s->agreement->agreement_id);
	v[CLOCK_POLICY_ID] = Int32GetDatum(policy->policy_id);
	set_id32(v, nulls, CLOCK_CALENDAR_ID, start->calendar_id);
	set_id32(v, nulls, CLOCK_TEAM_ID, e->next.team_id);
	set_id32(v, nulls, CLOCK_REP_ID, e->next.rep_id);
	v[CLOCK_STARTED_AT] = TimestampTzGetDatum(start->from);
	v[CLOCK_DUE_AT] = TimestampTzGetDatum(start->due_at);
	nulls[CLOCK_STOPPED_AT] = nulls[CLOCK_BREACHED_AT] = nulls[CLOCK_OUTCOME] = true;
	v[CLOCK_PROMISE] = code_text(promise_name(policy->promise));
	effects_dimensions(v, nulls, CLOCK_SOURCE, row);
	writer_add(&s->writers, TABLE_SLA_CLOCK, v, nulls);
	handover_due(start->due_at);
}

static void
write_stop(Settle *s, RunningClock *clock, const ClockStop *stop)
{
	static const char *const outcomes[] = {
		[CLOCK_KEPT] = "kept",
		[CLOCK_LATE] = "late",
		[CLOCK_VOID] = "void",
	};

	clock->values[CLOCK_STOPPED_AT] = TimestampTzGetDatum(Max(stop->at, clock->started_at));
	clock->nulls[CLOCK_STOPPED_AT] = false;
	clock->values[CLOCK_OUTCOME] = code_text(outcomes[stop->outcome]);
	clock->nulls[CLOCK_OUTCOME] = false;
	writer_update(&s->writers, TABLE_SLA_CLOCK, &clock->tid, clock->values, clock->nulls);
}

/* Stops the running clocks that the effects name; one that does not run has nothing to stop. */
static void
write_stops(Settle *s, const LeadRow *row, const Effects *e)
{
	Clocks		clocks;

	read_clocks(s, &row->state, e->stops, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
		if ((e->stops & PROMISE_BIT(kind)) && clocks[kind].seq != 0)
			write_stop(s, &clocks[kind], &e->stop[kind]);
}

void
clocks_write(Settle *s, const LeadRow *row, const Effects *e)
{
	int32		seq = row->state.clocks;

	if (e->stops != 0)
		write_stops(s, row, e);
	for (int kind = 0; kind < N_PROMISES; kind++)
		if (e->starts & PROMISE_BIT(kind))
			write_start(s, row, e, &e->start[kind], ++seq);
}

void
clocks_breach(Settle *s, const LeadRow *row, const Effects *e)
{
	Clocks		clocks;

	read_clocks(s, &row->state, row->state.running, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		RunningClock *clock = &clocks[kind];

		if (clock->seq == 0 || !clock->nulls[CLOCK_BREACHED_AT] || clock->due_at > s->now ||
			((e->stops & PROMISE_BIT(kind)) && e->stop[kind].outcome == CLOCK_KEPT))
			continue;
		clock->values[CLOCK_BREACHED_AT] = TimestampTzGetDatum(clock->due_at);
		clock->nulls[CLOCK_BREACHED_AT] = false;
		writer_update(&s->writers, TABLE_SLA_CLOCK, &clock->tid, clock->values, clock->nulls);
		effects_event(s, row->state.lead_id, "sla_breached", clock->seq);
	}
	CommandCounterIncrement();
}

TimestampTz
clocks_due(Settle *s, const LeadState *state, const Effects *e)
{
	int			starts = e == NULL ? 0 : e->starts;
	TimestampTz due_at = DT_NOEND;
	Clocks		clocks;

	if (state->running == 0)
		return NO_TIME;
	read_clocks(s, state, state->running & ~starts, clocks);
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		if (starts & PROMISE_BIT(kind))
			due_at = Min(due_at, e->start[kind].due_at);
		else if (clocks[kind].seq != 0)
			due_at = Min(due_at, clocks[kind].due_at);
	}
	return due_at == DT_NOEND ? NO_TIME : due_at;
}
