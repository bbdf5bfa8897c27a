/*
 * falls.c
 *		See falls.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "decide/fall.h"
#include "settle/effects.h"
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

/* Write a fall down; returns its number within the lead. */
static int32
write_fall(Settle *s, const LeadRow *row, const Fall *fall)
{
	Oid			types[11] = {INT8OID, INT4OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT2OID,
	INT2OID, INT2OID, TEXTOID, TEXTOID, TEXTOID};
	Datum		v[11];
	Written		w = {0};
	OwnerScope	scope;
	bool		isnull;
	int32		seq;

	written_scores(s->agreement, &row->state, fall->at, &w);
	v[0] = Int64GetDatum(row->state.lead_id);
	v[1] = Int32GetDatum(row->workspace_id);
	v[2] = Int32GetDatum(s->agreement->agreement_id);
	v[3] = TimestampTzGetDatum(fall->at);
	v[4] = TimestampTzGetDatum(s->now);
	v[5] = Int16GetDatum(row->state.fit);
	v[6] = Int16GetDatum(whole_points(decide_intent(s->agreement, &row->state, fall->at)));
	v[7] = Int16GetDatum(w.score);
	v[8] = code_text(border_name(fall->border));
	v[9] = grade_at(s, &row->state, fall->at - 1);
	v[10] = grade_at(s, &row->state, fall->at);
	owner_enter(&scope);
	if (SPI_execute_with_args("INSERT INTO revops.intent_fall (lead_id, seq, workspace_id, agreement_id, at, "
							  "recorded_at, fit, intent, score, border, from_grade, to_grade) "
							  "SELECT $1, coalesce(max(f.seq), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 "
							  "FROM revops.intent_fall f WHERE f.lead_id = $1 RETURNING seq",
							  11, types, v, NULL, false, 0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "writing a fall of intent failed");
	seq = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	owner_leave(&scope);
	return seq;
}

static void
tell(Settle *s, LeadRow *row)
{
	Fall		falls[N_BORDERS];
	int			n = 0;

	if (row->state.gone_at == NO_TIME && !row->state.disqualified && row->state.set.intent == NOT_SET)
		n = falls_between(s->agreement, &row->state, row->fall_at, s->now, falls);
	for (int i = 0; i < n; i++)
		effects_event(s, row->state.lead_id, "intent_fell", write_fall(s, row, &falls[i]));
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
