/*
 * falls.c
 *		See falls.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "decide/fall.h"
#include "settle/effects.h"
#include "settle/engine_scan.h"
#include "settle/falls.h"
#include "settle/row_values.h"
#include "time/decay.h"

bool
falls_earlier(Settle *s, LeadRow *row)
{
	TimestampTz next = next_fall(s->agreement, &row->state, row->settled_at, row->fall_at);

	if (next == DT_NOEND)
		return false;
	row->fall_at = next;
	return true;
}

void
falls_set_timer(Settle *s, const LeadRow *row)
{
	effects_timer(s, row, "intent_falls", row->fall_at);
}

typedef struct Fall
{
	Border		border;
	TimestampTz at;
} Fall;

/* In order of time; at one moment, of border. */
static int
falls_between(const Agreement *a, const LeadState *state, TimestampTz since, TimestampTz until,
			  Fall *falls)
{
	int			n = 0;

	for (Border b = 0; b < N_BORDERS; b++)
	{
		TimestampTz at = border_falls_at(a, state, b);
		int			place = n;

		if (at < since || at > until)
			continue;
		for (; place > 0 && falls[place - 1].at > at; place--)
			falls[place] = falls[place - 1];
		falls[place] = (Fall) {b, at};
		n++;
	}
	return n;
}

static Datum
grade_at(Settle *s, const LeadState *state, TimestampTz at)
{
	Written		w = {0};

	written_scores(s->agreement, state, at, &w);
	return CStringGetTextDatum(w.grade);
}

/* How many falls the lead has behind it. */
static int32
falls_before(Settle *s, int64 lead_id)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	int32		last = 0;

	ScanKeyInit(&key, FALL_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lead_id));
	scan = engine_scan(&s->writers, TABLE_INTENT_FALL,
					   writer_pkey(&s->writers, TABLE_INTENT_FALL), 1, &key);
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
		last = Max(last, DatumGetInt32(engine_column(&s->writers, TABLE_INTENT_FALL, tuple, FALL_SEQ)));
	engine_scan_end(scan);
	return last;
}

static void
write_fall(Settle *s, const LeadRow *row, const Fall *fall, int32 seq)
{
	Datum		v[FALL_COLS];
	bool		nulls[FALL_COLS] = {0};
	Written		w = {0};

	written_scores(s->agreement, &row->state, fall->at, &w);
	v[FALL_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[FALL_SEQ] = Int32GetDatum(seq);
	v[FALL_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[FALL_AGREEMENT_ID] = Int32GetDatum(s->agreement->agreement_id);
	v[FALL_AT] = TimestampTzGetDatum(fall->at);
	v[FALL_RECORDED_AT] = TimestampTzGetDatum(s->now);
	v[FALL_FIT] = Int16GetDatum(row->state.fit);
	v[FALL_INTENT] = Int16GetDatum(whole_points(decide_intent(s->agreement, &row->state, fall->at)));
	v[FALL_SCORE] = Int16GetDatum(w.score);
	v[FALL_BORDER] = code_text(border_name(fall->border));
	v[FALL_FROM_GRADE] = grade_at(s, &row->state, fall->at - 1);
	v[FALL_TO_GRADE] = grade_at(s, &row->state, fall->at);
	writer_add(&s->writers, TABLE_INTENT_FALL, v, nulls);
	effects_event(s, row->state.lead_id, "intent_fell", seq);
}

static void
tell(Settle *s, LeadRow *row)
{
	Fall		falls[N_BORDERS];
	int			n = 0;
	int32		before = 0;

	if (row->state.gone_at == NO_TIME && !row->state.disqualified && row->state.set.intent == NOT_SET)
		n = falls_between(s->agreement, &row->state, row->fall_at, s->now, falls);
	if (n > 0)
		before = falls_before(s, row->state.lead_id);
	for (int i = 0; i < n; i++)
		write_fall(s, row, &falls[i], before + i + 1);
	row->fall_at = next_fall(s->agreement, &row->state, s->now, DT_NOEND);
}

void
falls_take(Settle *s, LeadRow *row, bool due)
{
	if (due)
		tell(s, row);
	if (due ? row->fall_at != DT_NOEND : falls_earlier(s, row))
		falls_set_timer(s, row);
}
