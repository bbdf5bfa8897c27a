/*
 * clock_row.c
 *		See clock_row.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "settle/clock_row.h"
#include "settle/effects.h"
#include "settle/engine_scan.h"
#include "settle/row_values.h"

static PromiseKind
kind_of(const RunningClock *clock)
{
	return promise_by_name(TextDatumGetCString(clock->values[CLOCK_PROMISE]));
}

/*
 * The newest clock is the likeliest to run.  A row whose promise is no word of
 * ours is nobody's: it is passed over.
 */
void
clocks_read(Settle *s, const LeadState *state, int kinds, Clocks clocks)
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
		kind = kind_of(&clock);
		if (kind == N_PROMISES || !(kinds & PROMISE_BIT(kind)))
			continue;
		clocks[kind] = clock;
		kinds &= ~PROMISE_BIT(kind);
	}
}

bool
clock_newest(Settle *s, const LeadState *state, PromiseKind kind, RunningClock *clock)
{
	for (int32 seq = state->clocks; seq > 0; seq--)
		if (clock_read(&s->writers, state->lead_id, seq, clock) && kind_of(clock) == kind)
			return true;
	return false;
}

const Policy *
clock_policy(Settle *s, const RunningClock *clock, Definitions **def, int *place)
{
	int32		agreement_id = DatumGetInt32(clock->values[CLOCK_AGREEMENT_ID]);
	int32		policy_id = DatumGetInt32(clock->values[CLOCK_POLICY_ID]);

	*def = s->def;
	/* of a version before, it has its own policies */
	if (agreement_id != s->agreement->agreement_id)
		*def = definitions_of_version(s->def->workspace_id, agreement_id);
	for (*place = 0; *place < (*def)->npolicies; ++*place)
		if ((*def)->policies[*place].policy_id == policy_id)
			return &(*def)->policies[*place];
	return NULL;
}

int32
clock_calendar(const RunningClock *clock)
{
	return clock->nulls[CLOCK_CALENDAR_ID] ? 0 : DatumGetInt32(clock->values[CLOCK_CALENDAR_ID]);
}

void
clock_set_due(RunningClock *clock, TimestampTz due_at)
{
	clock->due_at = due_at;
	clock->values[CLOCK_DUE_AT] = TimestampTzGetDatum(due_at);
}

void
clock_write(Settle *s, RunningClock *clock)
{
	writer_update(&s->writers, TABLE_SLA_CLOCK, &clock->tid, clock->values, clock->nulls);
}

/* Changes of the lead's clocks; those that were collected are written first. */
static SysScanDesc
scan_changes(Settle *s, int64 lead_id)
{
	ScanKeyData key;

	settle_flush(s);
	ScanKeyInit(&key, CHANGED_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lead_id));
	return engine_scan(&s->writers, TABLE_CLOCK_CHANGE, writer_pkey(&s->writers, TABLE_CLOCK_CHANGE),
					   1, &key);
}

static Datum
change_column(Settle *s, HeapTuple tuple, int column)
{
	return engine_column(&s->writers, TABLE_CLOCK_CHANGE, tuple, column);
}

/* The lead is locked: nobody else numbers changes of its clocks. */
static int32
next_no(Settle *s, int64 lead_id)
{
	SysScanDesc scan = scan_changes(s, lead_id);
	HeapTuple	tuple;
	int32		no = 0;

	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
		no = Max(no, DatumGetInt32(change_column(s, tuple, CHANGED_NO)));
	engine_scan_end(scan);
	return no + 1;
}

int
clock_steps_taken(Settle *s, int64 lead_id, int32 policy_id, int position, TimestampTz since)
{
	SysScanDesc scan = scan_changes(s, lead_id);
	HeapTuple	tuple;
	int			taken = 0;

	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
		if (DatumGetTimestampTz(change_column(s, tuple, CHANGED_AT)) >= since &&
			DatumGetInt32(change_column(s, tuple, CHANGED_POLICY_ID)) == policy_id &&
			DatumGetInt32(change_column(s, tuple, CHANGED_POSITION)) == position &&
			strcmp(TextDatumGetCString(change_column(s, tuple, CHANGED_CHANGE)), "step") == 0)
			taken++;
	engine_scan_end(scan);
	return taken;
}

void
clock_tell(Settle *s, const LeadRow *row, const RunningClock *clock, const ClockChange *change)
{
	int64		lead_id = row->state.lead_id;
	int32		no = next_no(s, lead_id);
	Datum		v[CHANGED_COLS];
	bool		nulls[CHANGED_COLS] = {0};

	v[CHANGED_LEAD_ID] = Int64GetDatum(lead_id);
	v[CHANGED_NO] = Int32GetDatum(no);
	v[CHANGED_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[CHANGED_SEQ] = Int32GetDatum(clock->seq);
	v[CHANGED_AT] = TimestampTzGetDatum(s->now);
	v[CHANGED_DUE_AT] = TimestampTzGetDatum(clock->due_at);
	v[CHANGED_BEFORE_AT] = TimestampTzGetDatum(change->before_at);
	nulls[CHANGED_BEFORE_AT] = change->before_at == 0 || change->before_at == NO_TIME;
	v[CHANGED_CHANGE] = CStringGetTextDatum(change->change);
	v[CHANGED_AGREEMENT_ID] = clock->values[CLOCK_AGREEMENT_ID];
	v[CHANGED_POLICY_ID] = clock->values[CLOCK_POLICY_ID];
	set_id32(v, nulls, CHANGED_POSITION, change->position);
	v[CHANGED_TIME_LEFT] = exact_interval(change->time_left);
	nulls[CHANGED_TIME_LEFT] = !change->timed;
	set_text(v, nulls, CHANGED_OUTCOME, code_text(change->outcome));
	set_text(v, nulls, CHANGED_BEFORE_OUTCOME, code_text(change->before_outcome));
	writer_add(&s->writers, TABLE_CLOCK_CHANGE, v, nulls);
	if (change->event != NULL)
		effects_event(s, lead_id, change->event, no);
}
