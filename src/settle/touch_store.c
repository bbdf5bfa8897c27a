/*
 * touch_store.c
 *		See touch_store.h.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/transam.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "settle/tables.h"
#include "settle/touch_store.h"

/* leads of a range: what they have fits a processor's cache */
#define RANGE_LEADS		4096
/* each range keeps a chunk, and a file: of very many leads ranges are larger */
#define MAX_RANGES		1024
#define CHUNK_TOUCHES	200

typedef struct Chunk
{
	struct Chunk *next;
	int			n;
	StoredTouch touches[CHUNK_TOUCHES];
} Chunk;

typedef struct Range
{
	Chunk	   *chunks;			/* the one that is being filled first */
	BufFile    *file;			/* NULL: none yet */
	int64		n;
} Range;

struct TouchStore
{
	MemoryContext context;
	MemoryContext chunks;
	MemoryContext sorted;		/* the range at hand, in order */
	bool		outlives;
	TransactionId horizon;		/* older transactions had ended */
	int64		first_lead;
	int64		last_lead;
	int64		range_leads;
	int			nranges;
	Range	   *ranges;
	Size		used;			/* bytes of chunks */
	Size		allowed;
	int			at_hand;		/* range that is in order; -1: none */
	StoredTouch *touches;
	int64	   *starts;			/* by lead; one more than there are */
};

/* Write all chunks to their files. */
static void
spill(TouchStore *store)
{
	for (int i = 0; i < store->nranges; i++)
	{
		Range	   *range = &store->ranges[i];

		if (range->chunks == NULL)
			continue;
		if (range->file == NULL)
			range->file = BufFileCreateTemp(store->outlives);
		for (Chunk *chunk = range->chunks; chunk != NULL; chunk = chunk->next)
			BufFileWrite(range->file, chunk->touches, sizeof(StoredTouch) * chunk->n);
		range->chunks = NULL;
	}
	MemoryContextReset(store->chunks);
	store->used = 0;
}

static Chunk *
new_chunk(TouchStore *store, Range *range)
{
	Chunk	   *chunk;

	if (store->used + sizeof(Chunk) > store->allowed)
		spill(store);
	chunk = MemoryContextAlloc(store->chunks, sizeof(Chunk));
	chunk->next = range->chunks;
	chunk->n = 0;
	range->chunks = chunk;
	store->used += sizeof(Chunk);
	return chunk;
}

/* A touch of the workspace, as the heap has it. */
static void
put(TouchStore *store, TupleTableSlot *slot)
{
	int64		lead_id = DatumGetInt64(slot->tts_values[TOUCH_COL_LEAD_ID]);
	int64		place = lead_id - store->first_lead;
	Range	   *range = &store->ranges[place / store->range_leads];
	Chunk	   *chunk = range->chunks;
	StoredTouch *touch;

	if (chunk == NULL || chunk->n == CHUNK_TOUCHES)
		chunk = new_chunk(store, range);
	touch = &chunk->touches[chunk->n++];
	range->n++;
	touch->lead = (uint32) (place % store->range_leads);
	touch->signal_id = slot->tts_isnull[TOUCH_COL_SIGNAL_ID] ? 0 :
		DatumGetInt32(slot->tts_values[TOUCH_COL_SIGNAL_ID]);
	touch->binding_id = slot->tts_isnull[TOUCH_COL_BINDING_ID] ? 0 :
		DatumGetInt32(slot->tts_values[TOUCH_COL_BINDING_ID]);
	touch->sign = DatumGetInt16(slot->tts_values[TOUCH_COL_SIGN]);
	touch->touch_id = DatumGetInt64(slot->tts_values[TOUCH_COL_TOUCH_ID]);
	touch->occurred_at = DatumGetTimestampTz(slot->tts_values[TOUCH_COL_OCCURRED_AT]);
	touch->recorded_at = DatumGetTimestampTz(slot->tts_values[TOUCH_COL_RECORDED_AT]);
}

static void
read_all(TouchStore *store, Relation rel, Snapshot snapshot, int32 workspace_id)
{
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		int64		lead_id;

		CHECK_FOR_INTERRUPTS();
		slot_getsomeattrs(slot, TOUCH_COL_SIGN + 1);
		lead_id = DatumGetInt64(slot->tts_values[TOUCH_COL_LEAD_ID]);
		if (lead_id < store->first_lead || lead_id > store->last_lead ||
			DatumGetInt32(slot->tts_values[TOUCH_COL_WORKSPACE_ID]) != workspace_id)
			continue;
		put(store, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

TouchStore *
touch_store_fill(MemoryContext parent, Relation touch, Snapshot snapshot, int32 workspace_id,
				 int64 first_lead, int64 last_lead, bool outlives)
{
	MemoryContext context = AllocSetContextCreate(parent, "pg_revops touches",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	TouchStore *store = palloc0(sizeof(TouchStore));
	int64		leads = Max(last_lead - first_lead + 1, 1);

	store->context = context;
	store->chunks = AllocSetContextCreate(context, "chunks", ALLOCSET_DEFAULT_SIZES);
	store->sorted = AllocSetContextCreate(context, "range", ALLOCSET_DEFAULT_SIZES);
	store->outlives = outlives;
	store->horizon = snapshot->xmin;
	store->first_lead = first_lead;
	store->last_lead = last_lead;
	store->range_leads = Max(RANGE_LEADS, (leads + MAX_RANGES - 1) / MAX_RANGES);
	store->nranges = (int) ((leads + store->range_leads - 1) / store->range_leads);
	store->ranges = palloc0(sizeof(Range) * store->nranges);
	store->allowed = (Size) maintenance_work_mem * 1024;
	store->at_hand = -1;
	read_all(store, touch, snapshot, workspace_id);
	MemoryContextSwitchTo(old);
	return store;
}

static bool
comes_before(const StoredTouch *a, const StoredTouch *b)
{
	return a->occurred_at != b->occurred_at ? a->occurred_at < b->occurred_at :
		a->touch_id < b->touch_id;
}

static int
compare_touches(const void *a, const void *b)
{
	return comes_before(a, b) ? -1 : comes_before(b, a) ? 1 : 0;
}

/* Touches of one lead: few as a rule, and nearly in order. */
static void
sort_touches(StoredTouch *touches, int64 n)
{
	if (n > 64)
	{
		qsort(touches, n, sizeof(StoredTouch), compare_touches);
		return;
	}
	for (int64 i = 1; i < n; i++)
	{
		StoredTouch one = touches[i];
		int64		j = i;

		for (; j > 0 && comes_before(&one, &touches[j - 1]); j--)
			touches[j] = touches[j - 1];
		touches[j] = one;
	}
}

/* All of a range's touches, in any order; its chunks and its file are gone then. */
static StoredTouch *
gather(Range *range)
{
	StoredTouch *all = MemoryContextAllocHuge(CurrentMemoryContext,
											  sizeof(StoredTouch) * Max(range->n, 1));
	StoredTouch *next = all;

	if (range->file != NULL)
	{
		int64		in_file = range->n;

		for (Chunk *chunk = range->chunks; chunk != NULL; chunk = chunk->next)
			in_file -= chunk->n;
		if (BufFileSeek(range->file, 0, 0, SEEK_SET) != 0 ||
			BufFileRead(range->file, next, sizeof(StoredTouch) * in_file) != sizeof(StoredTouch) * in_file)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read touches back from a temporary file: %m")));
		BufFileClose(range->file);
		range->file = NULL;
		next += in_file;
	}
	for (Chunk *chunk = range->chunks; chunk != NULL; chunk = chunk->next)
	{
		memcpy(next, chunk->touches, sizeof(StoredTouch) * chunk->n);
		next += chunk->n;
	}
	range->chunks = NULL;
	return all;
}

/* The range's touches lead by lead, each lead's in order. */
static void
put_in_order(TouchStore *store, int number)
{
	Range	   *range = &store->ranges[number];
	MemoryContext old;
	StoredTouch *all;
	int64	   *next;

	MemoryContextReset(store->sorted);
	old = MemoryContextSwitchTo(store->sorted);
	all = gather(range);
	store->touches = MemoryContextAllocHuge(store->sorted, sizeof(StoredTouch) * Max(range->n, 1));
	store->starts = palloc0(sizeof(int64) * (store->range_leads + 1));
	next = palloc(sizeof(int64) * store->range_leads);
	for (int64 i = 0; i < range->n; i++)
		store->starts[all[i].lead + 1]++;
	for (int64 lead = 0; lead < store->range_leads; lead++)
	{
		store->starts[lead + 1] += store->starts[lead];
		next[lead] = store->starts[lead];
	}
	for (int64 i = 0; i < range->n; i++)
		store->touches[next[all[i].lead]++] = all[i];
	for (int64 lead = 0; lead < store->range_leads; lead++)
		sort_touches(&store->touches[store->starts[lead]],
					 store->starts[lead + 1] - store->starts[lead]);
	pfree(all);
	pfree(next);
	store->at_hand = number;
	MemoryContextSwitchTo(old);
}

const StoredTouch *
touch_store_lead(TouchStore *store, int64 lead_id, int *n)
{
	int64		place = lead_id - store->first_lead;
	int			number = (int) (place / store->range_leads);
	int64		lead = place % store->range_leads;

	Assert(lead_id >= store->first_lead && lead_id <= store->last_lead);
	Assert(number >= store->at_hand);
	if (number != store->at_hand)
		put_in_order(store, number);
	*n = (int) (store->starts[lead + 1] - store->starts[lead]);
	return &store->touches[store->starts[lead]];
}

bool
touch_store_knows(const TouchStore *store, int64 lead_id, TransactionId written_by)
{
	int64		place = lead_id - store->first_lead;

	return lead_id >= store->first_lead && lead_id <= store->last_lead &&
		place / store->range_leads >= store->at_hand &&
		TransactionIdPrecedes(written_by, store->horizon);
}

void
touch_store_free(TouchStore *store)
{
	for (int i = 0; i < store->nranges; i++)
		if (store->ranges[i].file != NULL)
			BufFileClose(store->ranges[i].file);
	MemoryContextDelete(store->context);
}
