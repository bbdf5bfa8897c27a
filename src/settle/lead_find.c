/*
 * lead_find.c
 *		See lead_find.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/handover.h"
#include "settle/lead_find.h"
#include "settle/places.h"
#include "settle/row_values.h"

/*
 * Does a rename wait for any lead?  A question that each look-up by key asks,
 * so it looks at the index's size only: nothing but its first page when no
 * rename ever waited.
 */
static bool
renames_possible(Writers *writers)
{
	/* where a worker folds, the table of deltas is seldom without pages: not asked */
	if (!writers->renames_known && (handover_served() || deltas_possible(writers)))
	{
		Relation	index = index_open(engine_index(INDEX_LEAD_DELTA_KEY), AccessShareLock);

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

/* ----- places --------------------------------------------------------------- */

/* The lead that is looked for: by its number, or, where there is a key, by that. */
typedef struct Wanted
{
	int64		lead_id;
	int32		binding_id;
	const char *key;
} Wanted;

/* free space of a page of leads below which it is pruned: three versions or four */
#define LEAST_FREE	(BLCKSZ / 10)

static uint64
hash_wanted(const Wanted *wanted)
{
	if (wanted->key == NULL)
		return hash_bytes_extended((const unsigned char *) &wanted->lead_id, sizeof(int64), 0);
	return hash_bytes_extended((const unsigned char *) wanted->key, strlen(wanted->key),
							   wanted->binding_id);
}

static bool
is_wanted(TupleTableSlot *slot, const Wanted *wanted)
{
	bool		isnull;
	struct varlena *key;

	if (wanted->key == NULL)
		return DatumGetInt64(slot_getattr(slot, LEAD_COL_LEAD_ID + 1, &isnull)) == wanted->lead_id;
	if (DatumGetInt32(slot_getattr(slot, LEAD_COL_BINDING_ID + 1, &isnull)) != wanted->binding_id)
		return false;
	key = PG_DETOAST_DATUM_PACKED(slot_getattr(slot, LEAD_COL_KEY + 1, &isnull));
	return VARSIZE_ANY_EXHDR(key) == strlen(wanted->key) &&
		memcmp(VARDATA_ANY(key), wanted->key, VARSIZE_ANY_EXHDR(key)) == 0;
}

static void
glance_at(Writers *writers, TupleTableSlot *slot, LeadGlance *glance)
{
	HeapTuple	tuple = ExecFetchSlotHeapTuple(slot, false, NULL);
	bool		isnull;

	glance->lead_id = DatumGetInt64(slot_getattr(slot, LEAD_COL_LEAD_ID + 1, &isnull));
	glance->binding_id = DatumGetInt32(slot_getattr(slot, LEAD_COL_BINDING_ID + 1, &isnull));
	glance->tid = slot->tts_tid;
	glance->xmin = HeapTupleHeaderGetXmin(tuple->t_data);
	glance->row = NULL;
	if (writers->keep != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(writers->keep);

		glance->row = heap_copytuple(tuple);
		MemoryContextSwitchTo(old);
	}
}

/*
 * The table may have been truncated, or made anew, since a place was
 * remembered.  While it is open here it does not get smaller.
 */
static bool
place_exists(Writers *writers, const ItemPointerData *root)
{
	if (writers->lead_blocks == 0)
		writers->lead_blocks = RelationGetNumberOfBlocks(writer_rel(writers, TABLE_LEAD));
	return ItemPointerGetBlockNumberNoCheck(root) < writers->lead_blocks;
}

/*
 * What look-ups use is opened once and kept: a scan costs more to begin than to
 * run.
 */
typedef struct LeadSearch
{
	IndexScanDesc by_number;	/* NULL: not used yet */
	IndexScanDesc by_key;
} LeadSearch;

static LeadSearch *
search_of(Writers *writers)
{
	if (writers->lead_search == NULL)
		writers->lead_search = MemoryContextAllocZero(writers->context, sizeof(LeadSearch));
	return writers->lead_search;
}

static void
end_scan(IndexScanDesc scan)
{
	Relation	index;

	if (scan == NULL)
		return;
	index = scan->indexRelation;
	index_endscan(scan);
	index_close(index, NoLock);
}

void
lead_search_end(Writers *writers)
{
	if (writers->lead_search == NULL)
		return;
	end_scan(writers->lead_search->by_number);
	end_scan(writers->lead_search->by_key);
	writers->lead_search = NULL;
}

/*
 * The place's page, pinned; false where it does not exist any more.  Most often
 * it is still in the buffer where it was, which asks neither the table of buffers
 * nor the file system; where not, its new buffer is remembered.
 */
static bool
read_place(Writers *writers, uint64 hash, Place *place)
{
	Relation	rel = writer_rel(writers, TABLE_LEAD);
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(&place->root);

	if (BufferIsValid(place->buffer) &&
		ReadRecentBuffer(RevopsRelFile(rel), MAIN_FORKNUM, block, place->buffer))
		return true;
	if (!place_exists(writers, &place->root))
		return false;
	place->buffer = ReadBuffer(rel, block);
	place_remember(hash, place);
	return true;
}

/*
 * Prune the page where it is getting full, not at each look as an index scan
 * does: a touched lead leaves a version each time, and several are pruned for
 * the price of one.
 */
static void
prune_if_full(Writers *writers, Buffer buffer)
{
	Page		page = BufferGetPage(buffer);

	/* looked at without a lock, as PostgreSQL does: to be wrong once does no harm */
	if (PageIsFull(page) || PageGetHeapFreeSpace(page) < LEAST_FREE)
		heap_page_prune_opt(writer_rel(writers, TABLE_LEAD), buffer);
}

/* Is the lead at the place where one of this hash was found last? */
static bool
find_at_place(Writers *writers, const Wanted *wanted, uint64 hash, Place *place,
			  LeadGlance *glance)
{
	TupleTableSlot *slot = writer_lock_slot(writers, TABLE_LEAD);
	HeapTuple	tuple = &((BufferHeapTupleTableSlot *) slot)->base.tupdata;
	ItemPointerData tid = place->root;
	bool		found;

	if (!read_place(writers, hash, place))
		return false;
	prune_if_full(writers, place->buffer);
	LockBuffer(place->buffer, BUFFER_LOCK_SHARE);
	found = heap_hot_search_buffer(&tid, writer_rel(writers, TABLE_LEAD), place->buffer,
								   GetActiveSnapshot(), tuple, NULL, true);
	LockBuffer(place->buffer, BUFFER_LOCK_UNLOCK);
	if (!found)
	{
		ReleaseBuffer(place->buffer);
		return false;
	}
	tuple->t_tableOid = RelationGetRelid(writer_rel(writers, TABLE_LEAD));
	ExecStorePinnedBufferHeapTuple(tuple, slot, place->buffer);
	found = is_wanted(slot, wanted);
	if (found)
		glance_at(writers, slot, glance);
	/* a pin would keep others from pruning the page */
	ExecClearTuple(slot);
	return found;
}

/* The index that finds the lead, and its keys, numbered as the table's columns are. */
static Oid
wanted_keys(Writers *writers, const Wanted *wanted, ScanKey keys, int *nkeys)
{
	if (wanted->key == NULL)
	{
		*nkeys = 1;
		ScanKeyInit(&keys[0], LEAD_COL_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
					Int64GetDatum(wanted->lead_id));
		return writer_pkey(writers, TABLE_LEAD);
	}
	*nkeys = 2;
	ScanKeyInit(&keys[0], LEAD_COL_BINDING_ID + 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(wanted->binding_id));
	ScanKeyInit(&keys[1], LEAD_COL_KEY + 1, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(wanted->key));
	return engine_index(INDEX_LEAD_KEY);
}

/* The scan for what is wanted, at its start. */
static IndexScanDesc
scan_for(Writers *writers, const Wanted *wanted)
{
	LeadSearch *search = search_of(writers);
	IndexScanDesc *scan = wanted->key == NULL ? &search->by_number : &search->by_key;
	ScanKeyData keys[2];
	int			nkeys;
	Oid			index_id = wanted_keys(writers, wanted, keys, &nkeys);

	if (*scan == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(writers->context);

		*scan = index_beginscan(writer_rel(writers, TABLE_LEAD),
								index_open(index_id, AccessShareLock),
								GetActiveSnapshot(), nkeys, 0);
		MemoryContextSwitchTo(old);
	}
	(*scan)->xs_snapshot = GetActiveSnapshot();
	for (int i = 0; i < nkeys; i++)
		keys[i].sk_attno = i + 1;
	index_rescan(*scan, keys, nkeys, NULL, 0);
	return *scan;
}

/* By the index; *root becomes the place that its entry names. */
static bool
find_by_index(Writers *writers, const Wanted *wanted, ItemPointer root, LeadGlance *glance)
{
	IndexScanDesc scan = scan_for(writers, wanted);
	TupleTableSlot *slot = writer_lock_slot(writers, TABLE_LEAD);
	/* what the scan allocates must live as long as it does */
	MemoryContext old = MemoryContextSwitchTo(writers->context);
	ItemPointer tid;
	bool		found = false;

	while (!found && (tid = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		*root = *tid;
		found = index_fetch_heap(scan, slot);
	}
	MemoryContextSwitchTo(old);
	if (found)
		glance_at(writers, slot, glance);
	ExecClearTuple(slot);
	table_index_fetch_reset(scan->xs_heapfetch);
	return found;
}

/* A serializable transaction remembers no places: see engine_scan. */
static bool
find_serializable(Writers *writers, const Wanted *wanted, LeadGlance *glance)
{
	ScanKeyData keys[2];
	int			nkeys;
	Oid			index_id = wanted_keys(writers, wanted, keys, &nkeys);
	SysScanDesc scan = engine_scan(writers, TABLE_LEAD, index_id, nkeys, keys);
	HeapTuple	tuple = engine_scan_next(scan);
	bool		found = HeapTupleIsValid(tuple);

	if (found)
		glance_at(writers, scan->slot, glance);
	engine_scan_end(scan);
	return found;
}

/* What was found by its key is wanted by its number soon: when a block commits. */
static void
remember(const Wanted *wanted, uint64 hash, const Place *place, int64 lead_id)
{
	Wanted		by_number = {.lead_id = lead_id};

	place_remember(hash, place);
	if (wanted->key != NULL)
		place_remember(hash_wanted(&by_number), place);
}

static bool
find_wanted(Writers *writers, const Wanted *wanted, LeadGlance *glance)
{
	uint64		hash = hash_wanted(wanted);
	Place		place;
	bool		found;

	glance->lead_id = 0;
	if (IsolationIsSerializable())
		return find_serializable(writers, wanted, glance);
	PushActiveSnapshot(engine_snapshot(writers));
	found = place_recall(hash, &place) && find_at_place(writers, wanted, hash, &place, glance);
	if (!found)
	{
		place.buffer = InvalidBuffer;
		found = find_by_index(writers, wanted, &place.root, glance);
		if (found)
			remember(wanted, hash, &place, glance->lead_id);
	}
	PopActiveSnapshot();
	return found;
}

bool
lead_glance(Writers *writers, int64 lead_id, LeadGlance *glance)
{
	Wanted		wanted = {.lead_id = lead_id};

	return find_wanted(writers, &wanted, glance);
}

int64
lead_find_row(Writers *writers, int32 binding_id, const char *key, LeadGlance *glance)
{
	Wanted		wanted = {.binding_id = binding_id,.key = key};

	return find_wanted(writers, &wanted, glance) ? glance->lead_id : 0;
}

/* ----- keys ----------------------------------------------------------------- */

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
		Datum		new_key = engine_column(writers, TABLE_LEAD_DELTA, tuple, DELTA_NEW_KEY);

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
	scan = engine_scan(writers, TABLE_LEAD_DELTA, engine_index(INDEX_LEAD_DELTA_KEY), 1, &scankey);
	while (lead_id == 0 && HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		int64		renamed = DatumGetInt64(engine_column(writers, TABLE_LEAD_DELTA, tuple,
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
