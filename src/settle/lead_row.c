/*
 * lead_row.c
 *		See lead_row.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/handover.h"
#include "settle/hot_rank.h"
#include "settle/lead_row.h"

/* versions from which on a lead is hot */
#define HOT_FROM	8

/* A row's columns. */
typedef struct Columns
{
	const Datum *values;
	const bool *isnull;
} Columns;

static TimestampTz
moment(const Columns *c, int column)
{
	return c->isnull[column] ? NO_TIME : DatumGetTimestampTz(c->values[column]);
}

static int32
number(const Columns *c, int column)
{
	return c->isnull[column] ? 0 : DatumGetInt32(c->values[column]);
}

static int16
set_value(const Columns *c, int column)
{
	return c->isnull[column] ? NOT_SET : DatumGetInt16(c->values[column]);
}

static Datum
text_of(const Columns *c, int column)
{
	return c->isnull[column] ? NO_TEXT : PointerGetDatum(PG_DETOAST_DATUM_PACKED(c->values[column]));
}

/* Texts point into the row where they need not be detoasted. */
static void
read_columns(const Columns *c, const Agreement *agreement, LeadRow *row)
{
	LeadState  *s = &row->state;

	row->workspace_id = number(c, LEAD_COL_WORKSPACE_ID);
	row->binding_id = number(c, LEAD_COL_BINDING_ID);
	row->agreement_id = number(c, LEAD_COL_AGREEMENT_ID);
	row->profile_id = DatumGetInt64(c->values[LEAD_COL_PROFILE_ID]);
	row->settled_at = moment(c, LEAD_COL_SETTLED_AT);
	row->fall_at = moment(c, LEAD_COL_FALL_AT);
	row->rank = number(c, LEAD_COL_RANK);
	row->unpruned = DatumGetInt16(c->values[LEAD_COL_UNPRUNED]);
	row->stage = text_of(c, LEAD_COL_STAGE);
	row->key = text_of(c, LEAD_COL_KEY);
	row->source = text_of(c, LEAD_COL_SOURCE);
	row->campaign = text_of(c, LEAD_COL_CAMPAIGN);
	row->segment = text_of(c, LEAD_COL_SEGMENT);
	s->lead_id = DatumGetInt64(c->values[LEAD_COL_LEAD_ID]);
	s->created_at = moment(c, LEAD_COL_CREATED_AT);
	s->stage_since = moment(c, LEAD_COL_STAGE_SINCE);
	s->gone_at = moment(c, LEAD_COL_GONE_AT);
	s->last_touch_at = moment(c, LEAD_COL_LAST_TOUCH_AT);
	s->assigned_at = moment(c, LEAD_COL_ASSIGNED_AT);
	s->intent_pos = DatumGetFloat8(c->values[LEAD_COL_INTENT_POS]);
	s->intent_neg = DatumGetFloat8(c->values[LEAD_COL_INTENT_NEG]);
	s->team_id = number(c, LEAD_COL_TEAM_ID);
	s->rep_id = number(c, LEAD_COL_REP_ID);
	s->moves = number(c, LEAD_COL_MOVES);
	s->assignments = number(c, LEAD_COL_ASSIGNMENTS);
	s->clocks = number(c, LEAD_COL_CLOCKS);
	s->touches = number(c, LEAD_COL_TOUCHES);
	s->running = DatumGetInt16(c->values[LEAD_COL_RUNNING]);
	s->fit = DatumGetInt16(c->values[LEAD_COL_FIT]);
	s->disqualified = DatumGetBool(c->values[LEAD_COL_DISQUALIFIED]);
	s->handed_over = DatumGetBool(c->values[LEAD_COL_HANDED_OVER]);
	s->enrolled = DatumGetBool(c->values[LEAD_COL_ENROLLED]);
	s->awaited = DatumGetBool(c->values[LEAD_COL_AWAITED]);
	s->held = DatumGetBool(c->values[LEAD_COL_HELD]);
	s->enriched = DatumGetBool(c->values[LEAD_COL_ENRICHED]);
	s->set.fit = set_value(c, LEAD_COL_FIT_SET);
	s->set.intent = set_value(c, LEAD_COL_INTENT_SET);
	s->set.disqualified = set_value(c, LEAD_COL_DISQUALIFIED_SET);
	s->stage = agreement == NULL ? NO_STAGE :
		stage_by_code(agreement, VARDATA_ANY(row->stage), VARSIZE_ANY_EXHDR(row->stage));
}

void
lead_read(Writers *writers, HeapTuple tuple, const Agreement *agreement, LeadRow *row)
{
	Datum		values[LEAD_COLS];
	bool		isnull[LEAD_COLS];
	Columns		columns = {values, isnull};

	heap_deform_tuple(tuple, RelationGetDescr(writer_rel(writers, TABLE_LEAD)), values, isnull);
	row->tid = tuple->t_self;
	row->xmin = HeapTupleHeaderGetXmin(tuple->t_data);
	read_columns(&columns, agreement, row);
}

/* Could the version before this one not be pruned yet? */
static bool
is_young(Writers *writers, const LeadRow *row)
{
	return TransactionIdIsNormal(row->xmin) &&
		!GlobalVisCheckRemovableXid(writer_rel(writers, TABLE_LEAD), row->xmin);
}

bool
lead_is_hot(Writers *writers, const LeadRow *row)
{
	return row->unpruned >= HOT_FROM && is_young(writers, row);
}

/* The row gets another version. */
static void
count_versions(Writers *writers, LeadRow *row)
{
	row->unpruned = is_young(writers, row) ? Min(row->unpruned + 1, PG_INT16_MAX) : 0;
}

bool
lead_peek(Writers *writers, LeadGlance *glance, const Agreement *agreement, LeadRow *row)
{
	TupleTableSlot *slot = writer_lock_slot(writers, TABLE_LEAD);
	bool		there;

	if (glance->row == NULL)
	{
		PushActiveSnapshot(GetLatestSnapshot());
		there = table_tuple_fetch_row_version(writer_rel(writers, TABLE_LEAD), &glance->tid,
											  GetActiveSnapshot(), slot);
		PopActiveSnapshot();
		if (there)
			glance->row = ExecCopySlotHeapTuple(slot);
		ExecClearTuple(slot);
		if (!there)
			return false;
	}
	lead_read(writers, glance->row, agreement, row);
	return true;
}

LockResult
lead_lock(Writers *writers, LeadGlance *glance, bool wait, const Agreement *agreement,
		  LeadRow *row)
{
	TupleTableSlot *slot;
	TM_FailureData failure;
	TM_Result	result;
	LockResult	answer = LEAD_BUSY;

	/* a row that others see change would fail a transaction that may not see it */
	if (IsolationUsesXactSnapshot() && !wait)
		return LEAD_BUSY;
	slot = writer_lock_slot(writers, TABLE_LEAD);
	result = table_tuple_lock(writer_rel(writers, TABLE_LEAD), &glance->tid,
							  GetActiveSnapshot(), slot,
							  GetCurrentCommandId(true), LockTupleNoKeyExclusive,
							  wait ? LockWaitBlock : LockWaitSkip,
							  TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
	if (result == TM_Ok)
	{
		handover_note(HANDOVER_LEADS_FREED);
		lead_read(writers, ExecCopySlotHeapTuple(slot), agreement, row);
		answer = LEAD_LOCKED;
	}
	ExecClearTuple(slot);
	return answer;
}

static void
put_set(Datum *values, bool *nulls, int column, int16 value)
{
	values[column] = Int16GetDatum(value);
	nulls[column] = value == NOT_SET;
}

static void
fill_values(Writers *writers, const LeadRow *row, Datum *values, bool *nulls)
{
	const LeadState *s = &row->state;

	memset(nulls, 0, sizeof(bool) * LEAD_COLS);
	values[LEAD_COL_LEAD_ID] = Int64GetDatum(s->lead_id);
	values[LEAD_COL_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	values[LEAD_COL_BINDING_ID] = Int32GetDatum(row->binding_id);
	values[LEAD_COL_AGREEMENT_ID] = Int32GetDatum(row->agreement_id);
	values[LEAD_COL_CREATED_AT] = TimestampTzGetDatum(s->created_at);
	values[LEAD_COL_SETTLED_AT] = TimestampTzGetDatum(row->settled_at);
	values[LEAD_COL_FALL_AT] = TimestampTzGetDatum(row->fall_at);
	values[LEAD_COL_STAGE_SINCE] = TimestampTzGetDatum(s->stage_since);
	set_moment(values, nulls, LEAD_COL_GONE_AT, s->gone_at);
	set_moment(values, nulls, LEAD_COL_LAST_TOUCH_AT, s->last_touch_at);
	set_moment(values, nulls, LEAD_COL_ASSIGNED_AT, s->assigned_at);
	values[LEAD_COL_PROFILE_ID] = Int64GetDatum(row->profile_id);
	values[LEAD_COL_INTENT_POS] = Float8GetDatum(s->intent_pos);
	values[LEAD_COL_INTENT_NEG] = Float8GetDatum(s->intent_neg);
	set_id32(values, nulls, LEAD_COL_TEAM_ID, s->team_id);
	set_id32(values, nulls, LEAD_COL_REP_ID, s->rep_id);
	values[LEAD_COL_MOVES] = Int32GetDatum(s->moves);
	values[LEAD_COL_ASSIGNMENTS] = Int32GetDatum(s->assignments);
	values[LEAD_COL_CLOCKS] = Int32GetDatum(s->clocks);
	values[LEAD_COL_TOUCHES] = Int32GetDatum(s->touches);
	values[LEAD_COL_RUNNING] = Int16GetDatum(s->running);
	values[LEAD_COL_FIT] = Int16GetDatum(s->fit);
	values[LEAD_COL_DISQUALIFIED] = BoolGetDatum(s->disqualified);
	values[LEAD_COL_HANDED_OVER] = BoolGetDatum(s->handed_over);
	values[LEAD_COL_ENROLLED] = BoolGetDatum(s->enrolled);
	values[LEAD_COL_AWAITED] = BoolGetDatum(s->awaited);
	values[LEAD_COL_HELD] = BoolGetDatum(s->held);
	values[LEAD_COL_ENRICHED] = BoolGetDatum(s->enriched);
	set_text(values, nulls, LEAD_COL_STAGE, row->stage);
	set_text(values, nulls, LEAD_COL_KEY, row->key);
	set_text(values, nulls, LEAD_COL_SOURCE, row->source);
	set_text(values, nulls, LEAD_COL_CAMPAIGN, row->campaign);
	set_text(values, nulls, LEAD_COL_SEGMENT, row->segment);
	put_set(values, nulls, LEAD_COL_FIT_SET, s->set.fit);
	put_set(values, nulls, LEAD_COL_INTENT_SET, s->set.intent);
	put_set(values, nulls, LEAD_COL_DISQUALIFIED_SET, s->set.disqualified);
	values[LEAD_COL_UNPRUNED] = Int16GetDatum(row->unpruned);
	values[LEAD_COL_RANK] = Int32GetDatum(hot_rank(writers, row));
}

void
lead_insert(Writers *writers, const LeadRow *row)
{
	Datum		values[LEAD_COLS];
	bool		nulls[LEAD_COLS];

	fill_values(writers, row, values, nulls);
	writer_add(writers, TABLE_LEAD, values, nulls);
}

void
lead_update(Writers *writers, LeadRow *row)
{
	Datum		values[LEAD_COLS];
	bool		nulls[LEAD_COLS];

	count_versions(writers, row);
	fill_values(writers, row, values, nulls);
	writer_update(writers, TABLE_LEAD, &row->tid, values, nulls);
}

TryResult
lead_try_update(Writers *writers, LeadRow *row)
{
	Datum		values[LEAD_COLS];
	bool		nulls[LEAD_COLS];

	count_versions(writers, row);
	fill_values(writers, row, values, nulls);
	handover_note(HANDOVER_LEADS_FREED);
	return writer_try_update(writers, TABLE_LEAD, &row->tid, values, nulls);
}

int64
lead_last(Relation lead, Snapshot snapshot)
{
	Relation	index = index_open(RelationGetPrimaryKeyIndex(lead), AccessShareLock);
	SysScanDesc scan = systable_beginscan_ordered(lead, index, snapshot, 0, NULL);
	HeapTuple	tuple = systable_getnext_ordered(scan, BackwardScanDirection);
	bool		isnull;
	int64		last = HeapTupleIsValid(tuple) ?
		DatumGetInt64(heap_getattr(tuple, LEAD_COL_LEAD_ID + 1, RelationGetDescr(lead), &isnull)) : 0;

	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	return last;
}
