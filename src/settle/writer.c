/*
 * writer.c
 *		See writer.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/handover.h"
#include "base/owner.h"
#include "settle/lead_find.h"
#include "settle/writer.h"

void
writers_begin(Writers *writers)
{
	memset(writers, 0, sizeof(Writers));
	writers->context = AllocSetContextCreate(CurrentMemoryContext,
											 "pg_revops writers",
											 ALLOCSET_SMALL_SIZES);
	writers->batch = AllocSetContextCreate(writers->context,
										   "pg_revops batch",
										   ALLOCSET_DEFAULT_SIZES);
}

static EState *
estate_of(Writers *writers)
{
	if (writers->estate == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(writers->context);

		writers->estate = CreateExecutorState();
		MemoryContextSwitchTo(old);
	}
	return writers->estate;
}

/* May rows go straight into the heap without missing anything? */
static bool
is_plain(Relation rel)
{
	TriggerDesc *t = rel->trigdesc;

	if (rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_rel->relispartition)
		return false;
	if (t != NULL && (t->trig_insert_before_row || t->trig_insert_after_row ||
					  t->trig_insert_instead_row || t->trig_insert_before_statement ||
					  t->trig_insert_after_statement || t->trig_insert_new_table))
		return false;
	return rel->rd_att->constr == NULL ||
		(rel->rd_att->constr->num_check == 0 &&
		 !rel->rd_att->constr->has_generated_stored);
}

Relation
writer_rel(Writers *writers, EngineTable table)
{
	Writer	   *w = &writers->tables[table];

	if (w->rel == NULL)
	{
		w->rel = table_open(engine_table(table), RowExclusiveLock);
		engine_check_shape(table, RelationGetDescr(w->rel));
		w->direct = is_plain(w->rel);
	}
	return w->rel;
}

/* Are all its indexes on columns, of all rows, and unique at once or not at all? */
static bool
indexes_are_plain(const ResultRelInfo *result)
{
	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		const IndexInfo *info = result->ri_IndexRelationInfo[i];

		if (info->ii_Expressions != NIL || info->ii_Predicate != NIL ||
			info->ii_ExclusionOps != NULL || !info->ii_ReadyForInserts ||
			!result->ri_IndexRelationDescs[i]->rd_index->indimmediate)
			return false;
	}
	return true;
}

/* Its indexes are opened when there are entries to be made: a HOT update makes none. */
static ResultRelInfo *
result_of(Writers *writers, Writer *w)
{
	if (w->result == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(writers->context);

		w->result = makeNode(ResultRelInfo);
		InitResultRelInfo(w->result, w->rel, 0, NULL, 0);
		ExecOpenIndices(w->result, false);
		w->plain_indexes = indexes_are_plain(w->result);
		MemoryContextSwitchTo(old);
	}
	return w->result;
}

Oid
writer_pkey(Writers *writers, EngineTable table)
{
	Relation	rel = writer_rel(writers, table);

	if (!OidIsValid(RelationGetPrimaryKeyIndex(rel)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table \"revops.%s\" has lost its primary key",
						RelationGetRelationName(rel)),
				 errhint("Restore the extension's tables as CREATE EXTENSION makes them.")));
	return rel->rd_pkindex;
}

static TupleTableSlot *
next_slot(Writers *writers, Writer *w)
{
	if (w->used == WRITER_BATCH + WRITER_SLACK)
		writers_flush(writers);
	if (w->used == w->made)
	{
		MemoryContext old = MemoryContextSwitchTo(writers->context);

		if (w->slots == NULL)
			w->slots = palloc(sizeof(TupleTableSlot *) * (WRITER_BATCH + WRITER_SLACK));
		w->slots[w->made++] = MakeSingleTupleTableSlot(RelationGetDescr(w->rel),
													   &TTSOpsHeapTuple);
		MemoryContextSwitchTo(old);
	}
	return w->slots[w->used++];
}

static void
collect(Writers *writers, EngineTable table, Datum *values, bool *nulls)
{
	TupleDesc	desc = RelationGetDescr(writer_rel(writers, table));
	TupleTableSlot *slot = next_slot(writers, &writers->tables[table]);
	MemoryContext old = MemoryContextSwitchTo(writers->batch);

	/* owned by the slot, so that materializing it copies nothing */
	ExecStoreHeapTuple(heap_form_tuple(desc, values, nulls), slot, true);
	MemoryContextSwitchTo(old);
}

void
writer_note_unrolled(Writers *writers, int64 lead_id)
{
	Datum		value = Int64GetDatum(lead_id);
	bool		isnull = false;

	/* what is written of a lead is mostly written in one go */
	if (writers->unrolled == lead_id)
		return;
	collect(writers, TABLE_UNROLLED_LEAD, &value, &isnull);
	handover_note(HANDOVER_ROLL_UP);
	writers->unrolled = lead_id;
}

/* The roll-ups of the KPIs are told of every row that they are made from. */
static void
note_unrolled(Writers *writers, EngineTable table, const Datum *values, const bool *nulls)
{
	switch (table)
	{
		case TABLE_STAGE_CHANGE:
		case TABLE_ASSIGNMENT:
		case TABLE_SLA_CLOCK:
			/* the lead is their first column */
			writer_note_unrolled(writers, DatumGetInt64(values[0]));
			break;
		case TABLE_OPPORTUNITY:
			writer_note_unrolled(writers, nulls[DEAL_LEAD_ID] ?
								 -DatumGetInt64(values[DEAL_OPPORTUNITY_ID]) :
								 DatumGetInt64(values[DEAL_LEAD_ID]));
			break;
		default:
			break;
	}
}

void
writer_add(Writers *writers, EngineTable table, Datum *values, bool *nulls)
{
	collect(writers, table, values, nulls);
	note_unrolled(writers, table, values, nulls);
}

/* For these no executor is needed, whose making costs as much as their entries. */
static void
insert_plain_entries(const ResultRelInfo *result, TupleTableSlot *slot)
{
	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		Relation	index = result->ri_IndexRelationDescs[i];
		IndexInfo  *info = result->ri_IndexRelationInfo[i];
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		FormIndexDatum(info, slot, NULL, values, nulls);
		(void) index_insert(index, values, nulls, &slot->tts_tid, result->ri_RelationDesc,
							info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
	}
}

static void
insert_index_entries(Writers *writers, Writer *w, TupleTableSlot *slot)
{
	ResultRelInfo *result = result_of(writers, w);

	if (result->ri_NumIndices == 0)
		return;
	if (w->plain_indexes)
	{
		insert_plain_entries(result, slot);
		return;
	}
	(void) estate_of(writers);
	list_free(ExecInsertIndexTuples(result, slot, writers->estate, false, false, NULL, NIL));
	ResetPerTupleExprContext(writers->estate);
}

/* A table that somebody added a trigger, check or policy to: rows go through SQL. */
static void
insert_through_sql(Writer *w)
{
	TupleDesc	desc = RelationGetDescr(w->rel);
	StringInfoData query;
	Oid		   *types = palloc(sizeof(Oid) * desc->natts);
	char	   *nulls = palloc(desc->natts);
	OwnerScope	scope;
	SPIPlanPtr	plan;

	initStringInfo(&query);
	appendStringInfo(&query, "INSERT INTO %s VALUES (",
					 quote_qualified_identifier("revops", RelationGetRelationName(w->rel)));
	for (int i = 0; i < desc->natts; i++)
	{
		types[i] = TupleDescAttr(desc, i)->atttypid;
		appendStringInfo(&query, "%s$%d", i == 0 ? "" : ", ", i + 1);
	}
	appendStringInfoChar(&query, ')');
	owner_enter(&scope);
	plan = SPI_prepare(query.data, desc->natts, types);
	for (int row = 0; row < w->used; row++)
	{
		slot_getallattrs(w->slots[row]);
		for (int i = 0; i < desc->natts; i++)
			nulls[i] = w->slots[row]->tts_isnull[i] ? 'n' : ' ';
		if (SPI_execute_plan(plan, w->slots[row]->tts_values, nulls, false, 0) != SPI_OK_INSERT)
			elog(ERROR, "inserting into revops.%s failed", RelationGetRelationName(w->rel));
	}
	owner_leave(&scope);
}

/*
 * Without a BulkInsertState: its ring of buffers would have us write out our
 * own pages, and wait for their WAL, in the middle of the host's statement.
 */
static void
insert_directly(Writers *writers, Writer *w)
{
	CommandId	cid = GetCurrentCommandId(true);

	if (w->used == 1)
		table_tuple_insert(w->rel, w->slots[0], cid, 0, NULL);
	else
		table_multi_insert(w->rel, w->slots, w->used, cid, 0, NULL);
	for (int i = 0; i < w->used; i++)
		insert_index_entries(writers, w, w->slots[i]);
}

static void
flush_one(Writers *writers, Writer *w)
{
	MemoryContext old = MemoryContextSwitchTo(writers->batch);

	if (w->direct)
		insert_directly(writers, w);
	else
		insert_through_sql(w);
	for (int i = 0; i < w->used; i++)
		ExecClearTuple(w->slots[i]);
	w->used = 0;
	MemoryContextSwitchTo(old);
}

bool
writers_full(Writers *writers)
{
	for (int t = 0; t < N_TABLES; t++)
		if (writers->tables[t].used >= WRITER_BATCH)
			return true;
	return false;
}

/*
 * After a batch: its memory is kept for the next one, where this one was full,
 * so that bulk loads do not fetch it from the kernel again and again.
 */
static void
reset_batch(Writers *writers, bool full)
{
	if (full && !writers->roomy)
	{
		MemoryContextDelete(writers->batch);
		writers->batch = AllocSetContextCreate(writers->context, "pg_revops bulk batch",
											   WRITER_BATCH_MEMORY, ALLOCSET_DEFAULT_INITSIZE,
											   ALLOCSET_DEFAULT_MAXSIZE);
		writers->roomy = true;
	}
	else
		MemoryContextReset(writers->batch);
}

bool
writers_flush(Writers *writers)
{
	bool		any = false;
	bool		full = writers_full(writers);

	for (int t = 0; t < N_TABLES; t++)
	{
		if (writers->tables[t].used == 0)
			continue;
		flush_one(writers, &writers->tables[t]);
		any = true;
	}
	if (any)
		reset_batch(writers, full);
	return any;
}

TupleTableSlot *
writer_lock_slot(Writers *writers, EngineTable table)
{
	Writer	   *w = &writers->tables[table];

	if (w->locked == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(writers->context);

		w->locked = table_slot_create(writer_rel(writers, table), NULL);
		MemoryContextSwitchTo(old);
	}
	return w->locked;
}

static TupleTableSlot *
update_slot(Writers *writers, Writer *w)
{
	if (w->updated == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(writers->context);

		w->updated = MakeSingleTupleTableSlot(RelationGetDescr(w->rel), &TTSOpsHeapTuple);
		MemoryContextSwitchTo(old);
	}
	return w->updated;
}

bool
writer_is_plain(Writers *writers, EngineTable table)
{
	Writer	   *w = &writers->tables[table];

	(void) writer_rel(writers, table);
	(void) result_of(writers, w);
	return w->direct && w->plain_indexes;
}

void
writer_insert(Writers *writers, EngineTable table, Datum *values, bool *nulls,
			  ItemPointer tid)
{
	Writer	   *w = &writers->tables[table];
	Relation	rel = writer_rel(writers, table);
	TupleTableSlot *slot = update_slot(writers, w);

	ExecStoreHeapTuple(heap_form_tuple(RelationGetDescr(rel), values, nulls), slot, true);
	table_tuple_insert(rel, slot, GetCurrentCommandId(true), 0, NULL);
	*tid = slot->tts_tid;
	insert_index_entries(writers, w, slot);
	ExecClearTuple(slot);
}

void
writer_update(Writers *writers, EngineTable table, ItemPointer tid,
			  Datum *values, bool *nulls)
{
	Writer	   *w = &writers->tables[table];
	Relation	rel = writer_rel(writers, table);
	TupleTableSlot *slot = update_slot(writers, w);
	bool		needs_index;

	note_unrolled(writers, table, values, nulls);
	ExecStoreHeapTuple(heap_form_tuple(RelationGetDescr(rel), values, nulls), slot, true);
	/* the row is locked, or nobody else's: which snapshot does not matter */
	simple_table_tuple_update(rel, tid, slot, GetActiveSnapshot(), &needs_index);
	if (needs_index)
		insert_index_entries(writers, w, slot);
	*tid = slot->tts_tid;
	ExecClearTuple(slot);
}

/* What kept an update from being made. */
static TryResult
not_done(TM_Result result)
{
	return result == TM_Updated ? TRY_CHANGED : TRY_HELD;
}

TryResult
writer_try_update(Writers *writers, EngineTable table, ItemPointer tid,
				  Datum *values, bool *nulls)
{
	Writer	   *w = &writers->tables[table];
	Relation	rel = writer_rel(writers, table);
	TupleTableSlot *slot = update_slot(writers, w);
	TM_FailureData failure;
	LockTupleMode mode;
	bool		needs_index;
	TM_Result	result;
	bool		wait = false;

	/*
	 * An update that does not wait and meets a row that is held says so, but a
	 * server built with assertions stops there: the row is locked beforehand,
	 * and then there is nobody to wait for.
	 */
#ifdef USE_ASSERT_CHECKING
	wait = true;
	result = table_tuple_lock(rel, tid, GetActiveSnapshot(), writer_lock_slot(writers, table),
							  GetCurrentCommandId(true), LockTupleNoKeyExclusive, LockWaitSkip,
							  0, &failure);
	ExecClearTuple(w->locked);
	if (result != TM_Ok)
		return not_done(result);
#endif
	ExecStoreHeapTuple(heap_form_tuple(RelationGetDescr(rel), values, nulls), slot, true);
	result = table_tuple_update(rel, tid, slot, GetCurrentCommandId(true), GetActiveSnapshot(),
								InvalidSnapshot, wait, &failure, &mode, &needs_index);
	if (result == TM_Ok && needs_index)
		insert_index_entries(writers, w, slot);
	ExecClearTuple(slot);
	return result == TM_Ok ? TRY_DONE : not_done(result);
}

void
writer_delete(Writers *writers, EngineTable table, ItemPointer tid)
{
	simple_table_tuple_delete(writer_rel(writers, table), tid, GetActiveSnapshot());
}

/* The locks stay until the transaction ends, as the table's does: giving them back costs more. */
static void
close_indexes(ResultRelInfo *result)
{
	for (int i = 0; i < result->ri_NumIndices; i++)
		index_close(result->ri_IndexRelationDescs[i], NoLock);
}

static void
close_one(Writer *w)
{
	if (w->rel == NULL)
		return;
	for (int i = 0; i < w->made; i++)
		ExecDropSingleTupleTableSlot(w->slots[i]);
	if (w->locked != NULL)
		ExecDropSingleTupleTableSlot(w->locked);
	if (w->updated != NULL)
		ExecDropSingleTupleTableSlot(w->updated);
	if (w->result != NULL)
		close_indexes(w->result);
	table_close(w->rel, NoLock);
}

void
writers_end(Writers *writers)
{
	(void) writers_flush(writers);
	lead_search_end(writers);
	for (int t = 0; t < N_TABLES; t++)
		close_one(&writers->tables[t]);
	if (writers->estate != NULL)
		FreeExecutorState(writers->estate);
	MemoryContextDelete(writers->context);
}
