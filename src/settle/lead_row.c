/*
 * lead_row.c
 *		See lead_row.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/handover.h"
#include "settle/lead_row.h"
#include "time/decay.h"

SysScanDesc
engine_scan(Writers *writers, EngineTable table, Oid index, int nkeys, ScanKey keys)
{
	if (writers->frozen && writers->snapshot == NULL)
		writers->snapshot = RegisterSnapshot(GetLatestSnapshot());
	PushActiveSnapshot(writers->frozen ? writers->snapshot : GetLatestSnapshot());
	return systable_beginscan(writer_rel(writers, table), index, true,
							  IsolationIsSerializable() ? SnapshotAny : GetActiveSnapshot(),
							  nkeys, keys);
}

HeapTuple
engine_scan_next(SysScanDesc scan)
{
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (!IsolationIsSerializable() ||
			table_tuple_satisfies_snapshot(scan->heap_rel, scan->slot, GetActiveSnapshot()))
			break;
	return tuple;
}

void
engine_scan_end(SysScanDesc scan)
{
	systable_endscan(scan);
	PopActiveSnapshot();
}

bool
deltas_possible(Writers *writers)
{
	if (!writers->deltas_seen)
		writers->deltas_seen = RelationGetNumberOfBlocks(writer_rel(writers, TABLE_LEAD_DELTA)) > 0;
	return writers->deltas_seen;
}

/* A column of a tuple; 0 when it is NULL. */
static Datum
column_of(Writers *writers, EngineTable table, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column + 1,
									 RelationGetDescr(writers->tables[table].rel), &isnull);

	return isnull ? (Datum) 0 : value;
}

/*
 * Does a rename wait for any lead?  A question that each look-up by key asks,
 * so it looks at the index's size only: nothing but its first page when no
 * rename ever waited.
 */
static bool
renames_possible(Writers *writers)
{
	if (!writers->renames_known && deltas_possible(writers))
	{
		Relation	index = index_open(engine_index("lead_delta_key"), AccessShareLock);

		writers->renames_seen = RelationGetNumberOfBlocks(index) > 1;
		index_close(index, NoLock);
		writers->renames_known = true;
	}
	return writers->renames_seen;
}

char *
displaced_key(const char *key, int64 lead_id)
{
	/* no key is written so: a backslash stands before '|' or '\\' only */
	return psprintf("%s\\%lld", key, (long long) lead_id);
}

/* What a scan of revops.lead finds next; false: nothing. */
static bool
glance_at_next(Writers *writers, SysScanDesc scan, LeadGlance *glance)
{
	HeapTuple	tuple = engine_scan_next(scan);

	glance->lead_id = 0;
	if (!HeapTupleIsValid(tuple))
		return false;
	glance->lead_id = DatumGetInt64(column_of(writers, TABLE_LEAD, tuple, LEAD_COL_LEAD_ID));
	glance->binding_id = DatumGetInt32(column_of(writers, TABLE_LEAD, tuple,
												 LEAD_COL_BINDING_ID));
	glance->tid = tuple->t_self;
	glance->xmin = HeapTupleHeaderGetXmin(tuple->t_data);
	return true;
}

bool
lead_glance(Writers *writers, int64 lead_id, LeadGlance *glance)
{
	ScanKeyData key;
	SysScanDesc scan;

	ScanKeyInit(&key, LEAD_COL_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(lead_id));
	scan = engine_scan(writers, TABLE_LEAD, writer_pkey(writers, TABLE_LEAD), 1, &key);
	(void) glance_at_next(writers, scan, glance);
	engine_scan_end(scan);
	return glance->lead_id != 0;
}

int64
lead_find_row(Writers *writers, int32 binding_id, const char *key, LeadGlance *glance)
{
	ScanKeyData keys[2];
	SysScanDesc scan;

	ScanKeyInit(&keys[0], LEAD_COL_BINDING_ID + 1, BTEqualStrategyNumber,
				F_INT4EQ, Int32GetDatum(binding_id));
	ScanKeyInit(&keys[1], LEAD_COL_KEY + 1, BTEqualStrategyNumber,
				F_TEXTEQ, CStringGetTextDatum(key));
	scan = engine_scan(writers, TABLE_LEAD, engine_index("lead_key"), 2, keys);
	(void) glance_at_next(writers, scan, glance);
	engine_scan_end(scan);
	return glance->lead_id;
}

/* Has the lead the key, or does a rename that waits take it away (or give it)? */
static bool
keeps_key(Writers *writers, int64 lead_id, const char *key, bool otherwise)
{
	ScanKeyData scankey;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		keeps = otherwise;

	ScanKeyInit(&scankey, DELTA_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(lead_id));
	scan = engine_scan(writers, TABLE_LEAD_DELTA,
					   writer_pkey(writers, TABLE_LEAD_DELTA), 1, &scankey);
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		Datum		new_key = column_of(writers, TABLE_LEAD_DELTA, tuple, DELTA_NEW_KEY);

		if (new_key != NO_TEXT)
			keeps = strcmp(TextDatumGetCString(new_key), key) == 0;
	}
	engine_scan_end(scan);
	return keeps;
}

/* The lead that a rename that waits gives this key; 0 when there is none. */
static int64
find_by_rename(Writers *writers, int32 binding_id, const char *key, LeadGlance *glance)
{
	ScanKeyData scankey;
	SysScanDesc scan;
	HeapTuple	tuple;
	int64		lead_id = 0;

	ScanKeyInit(&scankey, DELTA_NEW_KEY + 1, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(key));
	scan = engine_scan(writers, TABLE_LEAD_DELTA, engine_index("lead_delta_key"), 1, &scankey);
	while (lead_id == 0 && HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		int64		renamed = DatumGetInt64(column_of(writers, TABLE_LEAD_DELTA, tuple,
													  DELTA_LEAD_ID));

		if (lead_glance(writers, renamed, glance) && glance->binding_id == binding_id &&
			keeps_key(writers, renamed, key, false))
			lead_id = renamed;
	}
	engine_scan_end(scan);
	glance->lead_id = lead_id;
	return lead_id;
}

int64
lead_find_glance(Writers *writers, int32 binding_id, const char *key, LeadGlance *glance)
{
	int64		lead_id = lead_find_row(writers, binding_id, key, glance);

	if (!renames_possible(writers))
		return lead_id;
	if (lead_id != 0 && keeps_key(writers, lead_id, key, true))
		return lead_id;
	return find_by_rename(writers, binding_id, key, glance);
}

int64
lead_find(Writers *writers, int32 binding_id, const char *key)
{
	LeadGlance	glance;

	return lead_find_glance(writers, binding_id, key, &glance);
}

bool
lead_is_own(const LeadGlance *glance)
{
	return TransactionIdIsCurrentTransactionId(glance->xmin);
}

bool
lead_is_hot(Writers *writers, const LeadGlance *glance)
{
	return TransactionIdIsNormal(glance->xmin) && !lead_is_own(glance) &&
		!GlobalVisCheckRemovableXid(writer_rel(writers, TABLE_LEAD), glance->xmin);
}

static TimestampTz
moment(TupleTableSlot *slot, int column)
{
	return slot->tts_isnull[column] ? NO_TIME : DatumGetTimestampTz(slot->tts_values[column]);
}

static int32
number(TupleTableSlot *slot, int column)
{
	return slot->tts_isnull[column] ? 0 : DatumGetInt32(slot->tts_values[column]);
}

static Datum
text_copy(TupleTableSlot *slot, int column)
{
	if (slot->tts_isnull[column])
		return NO_TEXT;
	return PointerGetDatum(PG_DETOAST_DATUM_COPY(slot->tts_values[column]));
}

static void
read_row(TupleTableSlot *slot, const Agreement *agreement, LeadRow *row)
{
	LeadState  *s = &row->state;

	slot_getallattrs(slot);
	row->tid = slot->tts_tid;
	row->workspace_id = number(slot, LEAD_COL_WORKSPACE_ID);
	row->binding_id = number(slot, LEAD_COL_BINDING_ID);
	row->agreement_id = number(slot, LEAD_COL_AGREEMENT_ID);
	row->profile_id = DatumGetInt64(slot->tts_values[LEAD_COL_PROFILE_ID]);
	row->settled_at = moment(slot, LEAD_COL_SETTLED_AT);
	row->stage = text_copy(slot, LEAD_COL_STAGE);
	row->key = text_copy(slot, LEAD_COL_KEY);
	row->source = text_copy(slot, LEAD_COL_SOURCE);
	row->campaign = text_copy(slot, LEAD_COL_CAMPAIGN);
	row->segment = text_copy(slot, LEAD_COL_SEGMENT);
	s->lead_id = DatumGetInt64(slot->tts_values[LEAD_COL_LEAD_ID]);
	s->created_at = moment(slot, LEAD_COL_CREATED_AT);
	s->stage_since = moment(slot, LEAD_COL_STAGE_SINCE);
	s->gone_at = moment(slot, LEAD_COL_GONE_AT);
	s->last_touch_at = moment(slot, LEAD_COL_LAST_TOUCH_AT);
	s->assigned_at = moment(slot, LEAD_COL_ASSIGNED_AT);
	s->intent_pos = DatumGetFloat8(slot->tts_values[LEAD_COL_INTENT_POS]);
	s->intent_neg = DatumGetFloat8(slot->tts_values[LEAD_COL_INTENT_NEG]);
	s->team_id = number(slot, LEAD_COL_TEAM_ID);
	s->rep_id = number(slot, LEAD_COL_REP_ID);
	s->moves = number(slot, LEAD_COL_MOVES);
	s->assignments = number(slot, LEAD_COL_ASSIGNMENTS);
	s->clocks = number(slot, LEAD_COL_CLOCKS);
	s->touches = number(slot, LEAD_COL_TOUCHES);
	s->running = DatumGetInt16(slot->tts_values[LEAD_COL_RUNNING]);
	s->fit = DatumGetInt16(slot->tts_values[LEAD_COL_FIT]);
	s->disqualified = DatumGetBool(slot->tts_values[LEAD_COL_DISQUALIFIED]);
	s->handed_over = DatumGetBool(slot->tts_values[LEAD_COL_HANDED_OVER]);
	s->stage = agreement == NULL ? NO_STAGE :
		stage_by_code(agreement, VARDATA_ANY(row->stage), VARSIZE_ANY_EXHDR(row->stage));
}

bool
lead_peek(Writers *writers, LeadGlance *glance, const Agreement *agreement, LeadRow *row)
{
	TupleTableSlot *slot = writer_lock_slot(writers, TABLE_LEAD);
	bool		there;

	PushActiveSnapshot(GetLatestSnapshot());
	there = table_tuple_fetch_row_version(writer_rel(writers, TABLE_LEAD), &glance->tid,
										  GetActiveSnapshot(), slot);
	if (there)
		read_row(slot, agreement, row);
	ExecClearTuple(slot);
	PopActiveSnapshot();
	return there;
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
		read_row(slot, agreement, row);
		answer = LEAD_LOCKED;
	}
	ExecClearTuple(slot);
	return answer;
}

static void
fill_values(const LeadRow *row, Datum *values, bool *nulls)
{
	const LeadState *s = &row->state;

	memset(nulls, 0, sizeof(bool) * LEAD_COLS);
	values[LEAD_COL_LEAD_ID] = Int64GetDatum(s->lead_id);
	values[LEAD_COL_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	values[LEAD_COL_BINDING_ID] = Int32GetDatum(row->binding_id);
	values[LEAD_COL_AGREEMENT_ID] = Int32GetDatum(row->agreement_id);
	values[LEAD_COL_CREATED_AT] = TimestampTzGetDatum(s->created_at);
	values[LEAD_COL_SETTLED_AT] = TimestampTzGetDatum(row->settled_at);
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
	set_text(values, nulls, LEAD_COL_STAGE, row->stage);
	set_text(values, nulls, LEAD_COL_KEY, row->key);
	set_text(values, nulls, LEAD_COL_SOURCE, row->source);
	set_text(values, nulls, LEAD_COL_CAMPAIGN, row->campaign);
	set_text(values, nulls, LEAD_COL_SEGMENT, row->segment);
	values[LEAD_COL_RANK] = Int32GetDatum(decay_rank(s->intent_pos, s->intent_neg));
}

void
lead_insert(Writers *writers, const LeadRow *row)
{
	Datum		values[LEAD_COLS];
	bool		nulls[LEAD_COLS];

	fill_values(row, values, nulls);
	writer_add(writers, TABLE_LEAD, values, nulls);
}

void
lead_update(Writers *writers, LeadRow *row)
{
	Datum		values[LEAD_COLS];
	bool		nulls[LEAD_COLS];

	fill_values(row, values, nulls);
	writer_update(writers, TABLE_LEAD, &row->tid, values, nulls);
}
