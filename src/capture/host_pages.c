/*
 * host_pages.c
 *		See host_pages.h.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "base/errors.h"
#include "base/owner.h"
#include "capture/host_pages.h"

/* Rows of a leaf without pages, kept over the commits of this session. */
typedef struct Kept
{
	Oid			leaf;
	int64		given;			/* rows that were given out */
	int64		rows;
	Tuplestorestate *store;
	MemoryContext context;
} Kept;

static Kept kept;

void
host_check_readable(Binding *binding, Relation host)
{
	Oid			relid = RelationGetRelid(host);

	if (pg_class_aclcheck(relid, binding->owner, ACL_SELECT) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("rows of %s cannot be read by role %s, who owns binding \"%s\"",
						RelationGetRelationName(host),
						GetUserNameFromId(binding->owner, false), binding->name),
				 errhint("As the owner of the table: GRANT SELECT ON %s TO %s.",
						 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(host)),
													RelationGetRelationName(host)),
						 quote_identifier(GetUserNameFromId(binding->owner, false)))));
	if (check_enable_rls(relid, binding->owner, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_BINDING),
				 errmsg("row-level security hides rows of %s from role %s, who owns binding \"%s\"",
						RelationGetRelationName(host),
						GetUserNameFromId(binding->owner, false), binding->name),
				 errdetail("Rows that a policy hides would be left out without a word."),
				 errhint("Attach the table as a role that the policies do not concern: ALTER ROLE ... BYPASSRLS, or the table's owner where row-level security is not forced.")));
}

/* Has it pages that we know how to read? */
static bool
has_pages(Relation rel)
{
	return (rel->rd_rel->relkind == RELKIND_RELATION ||
			rel->rd_rel->relkind == RELKIND_MATVIEW) &&
		rel->rd_tableam == GetHeapamTableAmRoutine();
}

static int
compare_oids(const ListCell *a, const ListCell *b)
{
	if (lfirst_oid(a) == lfirst_oid(b))
		return 0;
	return lfirst_oid(a) < lfirst_oid(b) ? -1 : 1;
}

List *
host_leaves(Relation host)
{
	List	   *all;
	List	   *leaves = NIL;
	ListCell   *cell;

	if (!host->rd_rel->relhassubclass)
		return list_make1_oid(RelationGetRelid(host));
	all = find_all_inheritors(RelationGetRelid(host), AccessShareLock, NULL);
	foreach(cell, all)
		if (get_rel_relkind(lfirst_oid(cell)) != RELKIND_PARTITIONED_TABLE)
			leaves = lappend_oid(leaves, lfirst_oid(cell));
	list_sort(leaves, compare_oids);
	return leaves;
}

int64
host_leaf_pages(Oid leaf)
{
	Relation	rel = relation_open(leaf, AccessShareLock);
	int64		pages = has_pages(rel) ? RelationGetNumberOfBlocks(rel) : 1;

	relation_close(rel, NoLock);
	return pages;
}

Oid
host_leaf_file(Oid leaf)
{
	Relation	rel = relation_open(leaf, AccessShareLock);
	Oid			file = has_pages(rel) ? RelationGetForm(rel)->relfilenode : InvalidOid;

	relation_close(rel, NoLock);
	return file;
}

/* ----- leaves without pages -------------------------------------------------- */

static void
forget_kept(void)
{
	if (kept.context != NULL)
		MemoryContextDelete(kept.context);
	memset(&kept, 0, sizeof(kept));
}

/* Every column in its place, one that was dropped as NULL, so that the host's descriptor fits. */
static char *
select_all(Relation host, Relation leaf)
{
	TupleDesc	desc = RelationGetDescr(host);
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		appendStringInfo(&query, "%s%s", i == 0 ? "" : ", ",
						 att->attisdropped ? "NULL::pg_catalog.int4" :
						 quote_identifier(NameStr(att->attname)));
	}
	appendStringInfo(&query, " FROM %s",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(leaf)),
												RelationGetRelationName(leaf)));
	return query.data;
}

/* Read all of it as the binding's owner. */
static void
keep_all(Binding *binding, Relation host, Relation leaf)
{
	OwnerScope	scope;
	char	   *query = select_all(host, leaf);
	SPIExecuteOptions options = {.read_only = true};
	MemoryContext old;

	forget_kept();
	kept.context = AllocSetContextCreate(TopMemoryContext, "pg_revops rows kept",
										 ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(kept.context);
	kept.store = tuplestore_begin_heap(true, true, work_mem);
	MemoryContextSwitchTo(old);

	restricted_enter(&scope, binding->owner);
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
	options.dest = CreateDestReceiver(DestTuplestore);
	SetTuplestoreDestReceiverParams(options.dest, kept.store, kept.context, true, NULL, NULL);
	if (SPI_execute_extended(query, &options) != SPI_OK_SELECT)
		elog(ERROR, "reading the rows of %s failed", RelationGetRelationName(leaf));
	SPI_finish();
	PopActiveSnapshot();
	restricted_leave(&scope);
	kept.rows = tuplestore_tuple_count(kept.store);
	/* last: an error before leaves rows that nobody takes for those of a leaf */
	kept.leaf = RelationGetRelid(leaf);
}

static void
give_kept(HostPages *pages, Binding *binding, int64 from, int32 rows)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(pages->host),
													&TTSOpsMinimalTuple);

	/* another session began, or this one did before it failed: from the start */
	if (from == 0 || kept.leaf != RelationGetRelid(pages->leaf) || kept.given != from)
	{
		keep_all(binding, pages->host, pages->leaf);
		tuplestore_rescan(kept.store);
		pages->from = 0;
		kept.given = 0;
	}
	while (pages->nrows < rows && tuplestore_gettupleslot(kept.store, true, false, slot))
	{
		tuplestore_puttupleslot(pages->rows, slot);
		pages->nrows++;
	}
	ExecDropSingleTupleTableSlot(slot);
	kept.given = pages->next = pages->from + pages->nrows;
	pages->at_end = kept.given >= kept.rows;
	if (pages->at_end)
		forget_kept();
}

/* ----- leaves with pages -------------------------------------------------------- */

/* Rows of the leaf in the order of the host's columns. */
typedef struct Fitting
{
	TupleConversionMap *map;	/* NULL: they are in that order */
	TupleTableSlot *own;
	TupleTableSlot *fit;
} Fitting;

static void
fitting_begin(Fitting *fitting, HostPages *pages)
{
	fitting->map = pages->leaf == pages->host ? NULL :
		convert_tuples_by_name(RelationGetDescr(pages->leaf), RelationGetDescr(pages->host));
	fitting->own = table_slot_create(pages->leaf, NULL);
	fitting->fit = fitting->map == NULL ? NULL :
		MakeSingleTupleTableSlot(RelationGetDescr(pages->host), &TTSOpsVirtual);
}

static TupleTableSlot *
fit(Fitting *fitting)
{
	return fitting->map == NULL ? fitting->own :
		execute_attr_map_slot(fitting->map->attrMap, fitting->own, fitting->fit);
}

static void
fitting_end(Fitting *fitting)
{
	ExecDropSingleTupleTableSlot(fitting->own);
	if (fitting->fit != NULL)
		ExecDropSingleTupleTableSlot(fitting->fit);
}

/* Note the row, and where it stands. */
static void
put_row(HostPages *pages, Fitting *fitting)
{
	HeapTuple	row = ExecFetchSlotHeapTuple(fitting->own, false, NULL);
	MemoryContext old = MemoryContextSwitchTo(pages->context);

	if (pages->nrows == pages->room)
	{
		pages->room *= 2;
		pages->places = repalloc_huge(pages->places, sizeof(RowPlace) * pages->room);
	}
	pages->places[pages->nrows].tid = fitting->own->tts_tid;
	pages->places[pages->nrows++].xmin = HeapTupleHeaderGetRawXmin(row->t_data);
	tuplestore_puttupleslot(pages->rows, fit(fitting));
	MemoryContextSwitchTo(old);
}

static TableScanDesc
scan_pages(HostPages *pages, Snapshot snapshot, int64 end)
{
	ItemPointerData first;
	ItemPointerData last;

	ItemPointerSet(&first, (BlockNumber) pages->from, FirstOffsetNumber);
	ItemPointerSet(&last, (BlockNumber) (end - 1), MaxOffsetNumber);
	return table_beginscan_tidrange(pages->leaf, snapshot, &first, &last);
}

static void
read_pages(HostPages *pages, int64 end, int32 rows)
{
	Fitting		fitting;
	TableScanDesc scan;
	Snapshot	snapshot;

	pages->next = end;
	pages->at_end = true;
	if (pages->from >= end)
		return;
	/* values that are stored aside are read while the caller's snapshot, an older one, is there */
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	fitting_begin(&fitting, pages);
	scan = scan_pages(pages, snapshot, end);
	while (table_scan_getnextslot_tidrange(scan, ForwardScanDirection, fitting.own))
	{
		BlockNumber block = ItemPointerGetBlockNumber(&fitting.own->tts_tid);

		/* whole pages only: a page is where the next call begins */
		if (pages->nrows >= rows && block != pages->next)
		{
			pages->next = block;
			pages->at_end = false;
			break;
		}
		CHECK_FOR_INTERRUPTS();
		put_row(pages, &fitting);
		if (pages->nrows >= rows)
			pages->next = block;
	}
	if (pages->at_end)
		pages->next = end;
	table_endscan(scan);
	fitting_end(&fitting);
	UnregisterSnapshot(snapshot);
}

void
host_pages_read(HostPages *pages, Binding *binding, Relation host, Oid leaf,
				int64 from, int64 end, int32 rows)
{
	MemoryContext old;

	memset(pages, 0, sizeof(HostPages));
	pages->host = host;
	pages->leaf = leaf == RelationGetRelid(host) ? host : relation_open(leaf, AccessShareLock);
	pages->leaf_id = leaf;
	pages->from = from;
	pages->context = AllocSetContextCreate(TopMemoryContext, "pg_revops rows read",
										   ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(pages->context);
	pages->rows = tuplestore_begin_heap(true, true, maintenance_work_mem);
	pages->room = 1024;
	pages->places = palloc(sizeof(RowPlace) * pages->room);
	MemoryContextSwitchTo(old);
	pages->paged = has_pages(pages->leaf);
	if (pages->paged)
	{
		pages->file = RelationGetForm(pages->leaf)->relfilenode;
		read_pages(pages, end, rows);
	}
	else
		give_kept(pages, binding, from, rows);
	if (pages->leaf != host)
		relation_close(pages->leaf, NoLock);
	pages->leaf = pages->host = NULL;
}

void
host_pages_forget(HostPages *pages)
{
	if (pages->context == NULL)
		return;
	if (pages->rows != NULL)
		tuplestore_end(pages->rows);
	MemoryContextDelete(pages->context);
	memset(pages, 0, sizeof(HostPages));
}

/* ----- rows that move ------------------------------------------------------------ */

/* Has somebody replaced or deleted this version, or is about to (*by: who)? */
static bool
is_replaced(HeapTupleHeader row, TransactionId *by)
{
	TransactionId xmax;

	if ((row->t_infomask & HEAP_XMAX_INVALID) != 0 || HEAP_XMAX_IS_LOCKED_ONLY(row->t_infomask))
		return false;
	xmax = HeapTupleHeaderGetUpdateXid(row);
	if (!TransactionIdIsValid(xmax))
		return false;
	if (TransactionIdIsInProgress(xmax))
	{
		*by = xmax;
		return true;
	}
	return TransactionIdDidCommit(xmax);
}

/* Is the row not any more where, and what, it was? */
static bool
has_moved(Page page, const RowPlace *place, TransactionId *by)
{
	OffsetNumber offset = ItemPointerGetOffsetNumber(&place->tid);
	ItemId		item;
	HeapTupleHeader row;

	*by = InvalidTransactionId;
	if (offset > PageGetMaxOffsetNumber(page))
		return true;
	item = PageGetItemId(page, offset);
	if (!ItemIdIsNormal(item))
		return true;
	row = (HeapTupleHeader) PageGetItem(page, item);
	return HeapTupleHeaderGetRawXmin(row) != place->xmin || is_replaced(row, by);
}

/* Which of the rows from `first` on that stand in its page have moved?  Returns how many stand there. */
static int64
look_at_page(HostPages *pages, Relation leaf, int64 first, bool *moved, List **xids)
{
	BlockNumber block = ItemPointerGetBlockNumber(&pages->places[first].tid);
	Buffer		buffer = ReadBuffer(leaf, block);
	int64		i;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	for (i = first; i < pages->nrows &&
		 ItemPointerGetBlockNumber(&pages->places[i].tid) == block; i++)
	{
		TransactionId by;

		moved[i] = has_moved(BufferGetPage(buffer), &pages->places[i], &by);
		if (TransactionIdIsValid(by))
			*xids = list_append_unique_int(*xids, (int) by);
	}
	UnlockReleaseBuffer(buffer);
	return i - first;
}

/* The keys of the rows that have moved. */
static List *
keys_of(HostPages *pages, Binding *binding, Relation host, const bool *moved)
{
	TupleTableSlot *row = MakeSingleTupleTableSlot(RelationGetDescr(host), &TTSOpsMinimalTuple);
	BindingRun *run;
	OwnerScope	scope;
	List	   *keys = NIL;

	restricted_enter(&scope, binding->owner);
	run = binding_run_begin(binding, RelationGetDescr(host), NULL, NULL);
	tuplestore_select_read_pointer(pages->rows, 0);
	tuplestore_rescan(pages->rows);
	for (int64 i = 0; tuplestore_gettupleslot(pages->rows, true, false, row); i++)
	{
		char	   *key = moved[i] ? binding_key(run, row) : NULL;

		if (key != NULL)
			keys = lappend(keys, key);
	}
	binding_run_end(run);
	restricted_leave(&scope);
	ExecDropSingleTupleTableSlot(row);
	return keys;
}

List *
host_pages_moving(HostPages *pages, Binding *binding, Relation host, List **xids)
{
	Relation	leaf;
	BlockNumber blocks;
	bool	   *moved;
	bool		any = false;
	List	   *keys = NIL;

	if (!pages->paged || pages->nrows == 0)
		return NIL;
	leaf = try_relation_open(pages->leaf_id, AccessShareLock);
	blocks = leaf == NULL || RelationGetForm(leaf)->relfilenode != pages->file ? 0 :
		RelationGetNumberOfBlocks(leaf);
	moved = MemoryContextAllocHuge(CurrentMemoryContext, pages->nrows);
	for (int64 i = 0, n; i < pages->nrows; i += n)
	{
		n = 1;
		/* written anew, or cut off: nothing is where it was */
		if (ItemPointerGetBlockNumber(&pages->places[i].tid) >= blocks)
			moved[i] = true;
		else
			n = look_at_page(pages, leaf, i, moved, xids);
	}
	if (leaf != NULL)
		relation_close(leaf, NoLock);
	for (int64 i = 0; i < pages->nrows && !any; i++)
		any = moved[i];
	if (any)
		keys = keys_of(pages, binding, host, moved);
	pfree(moved);
	return keys;
}
