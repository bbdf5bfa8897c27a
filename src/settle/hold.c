/*
 * hold.c
 *		See hold.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "settle/effects.h"
#include "settle/engine_scan.h"
#include "settle/hold.h"
#include "settle/row_values.h"
#include "settle/verdict.h"

/* The lead's row of held_lead; false: none. */
static bool
read_row(Settle *s, int64 lead_id, Datum *values, bool *nulls, ItemPointer tid)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	/* it may have been collected in this very settle */
	settle_flush(s);
	ScanKeyInit(&key, HELD_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lead_id));
	scan = engine_scan(&s->writers, TABLE_HELD_LEAD, writer_pkey(&s->writers, TABLE_HELD_LEAD),
					   1, &key);
	tuple = engine_scan_next(scan);
	if (HeapTupleIsValid(tuple))
	{
		tuple = heap_copytuple(tuple);
		*tid = tuple->t_self;
		heap_deform_tuple(tuple, RelationGetDescr(s->writers.tables[TABLE_HELD_LEAD].rel),
						  values, nulls);
	}
	engine_scan_end(scan);
	return HeapTupleIsValid(tuple);
}

void
hold_read(Settle *s, int64 lead_id, Hold *hold)
{
	Datum		v[HELD_COLS];
	bool		nulls[HELD_COLS];
	ItemPointerData tid;
	char	   *stage;

	memset(hold, 0, sizeof(Hold));
	hold->to = NO_STAGE;
	if (!read_row(s, lead_id, v, nulls, &tid))
		return;
	stage = TextDatumGetCString(v[HELD_TO_STAGE]);
	hold->to = stage_by_code(s->agreement, stage, strlen(stage));
	hold->cause = cause_by_name(TextDatumGetCString(v[HELD_CAUSE]));
	hold->reason = nulls[HELD_REASON] ? NULL : TextDatumGetCString(v[HELD_REASON]);
	hold->at = DatumGetTimestampTz(v[HELD_AT]);
}

static Datum
array_of(List *words)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(list_length(words), 1));
	ListCell   *lc;
	int			n = 0;

	foreach(lc, words)
		elements[n++] = CStringGetTextDatum((char *) lfirst(lc));
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
fill(Settle *s, const LeadRow *row, const Effects *e, Datum *v, bool *nulls)
{
	const Hold *hold = &e->hold;

	memset(nulls, 0, sizeof(bool) * HELD_COLS);
	v[HELD_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[HELD_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[HELD_SINCE] = TimestampTzGetDatum(s->now);
	v[HELD_AT] = TimestampTzGetDatum(hold->at);
	v[HELD_CONDITION] = BoolGetDatum((hold->verdict.unmet & GUARD_CONDITION) != 0);
	v[HELD_TO_STAGE] = code_text(s->agreement->stages[hold->to].code);
	v[HELD_CAUSE] = code_text(cause_name(hold->cause));
	set_text(v, nulls, HELD_REASON, code_text(hold->reason));
	v[HELD_ROLES] = array_of(verdict_roles(s->agreement, hold->to, &hold->verdict));
	v[HELD_ANSWERS] = array_of(verdict_answers(s->agreement, hold->from, hold->to, &hold->verdict));
}

void
hold_write(Settle *s, const LeadRow *row, const Effects *e)
{
	Datum		v[HELD_COLS];
	Datum		old[HELD_COLS];
	bool		nulls[HELD_COLS];
	bool		old_nulls[HELD_COLS];
	ItemPointerData tid;
	bool		was = row->state.held && read_row(s, row->state.lead_id, old, old_nulls, &tid);
	bool		same;

	if (!e->next.held)
	{
		if (was)
			writer_delete(&s->writers, TABLE_HELD_LEAD, &tid);
		return;
	}
	/* not asked again: as it was */
	if (was && e->hold.verdict.unmet == 0)
		return;
	fill(s, row, e, v, nulls);
	same = was && same_varlena(DatumGetTextPP(v[HELD_TO_STAGE]), DatumGetTextPP(old[HELD_TO_STAGE]));
	if (same)
		v[HELD_SINCE] = old[HELD_SINCE];
	if (was)
		writer_update(&s->writers, TABLE_HELD_LEAD, &tid, v, nulls);
	else
		writer_add(&s->writers, TABLE_HELD_LEAD, v, nulls);
	if (!same && !e->quiet)
		effects_event(s, row->state.lead_id, "lead_held", e->next.moves);
}
