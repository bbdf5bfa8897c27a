/*
 * queue.c
 *		See queue.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/handover.h"
#include "base/owner.h"
#include "capture/packet.h"
#include "capture/packet_row.h"
#include "capture/queue.h"
#include "define/profile.h"
#include "time/engine_time.h"

/* packets that are collected before they are written */
#define PACKETS_AT_ONCE	8

static const char *const what_names[] = {
	[QUEUE_REREAD] = "reread",
	[QUEUE_LOOKED_UP] = "looked_up",
	[QUEUE_WRITTEN] = "written",
	[QUEUE_CHANGED] = "changed",
	[QUEUE_MOVED] = "moved",
	[QUEUE_OURS] = "ours",
	[QUEUE_SEEN] = "seen",
	[QUEUE_REMOVED] = "removed",
	[QUEUE_CANCELLED] = "cancelled",
	[QUEUE_RENAMED] = "renamed",
	[QUEUE_TRUNCATED] = "truncated",
};

const char *
queue_what_name(QueueWhat what)
{
	return what_names[what];
}

/* A name that nobody knows was written by hand: the row tells all there is. */
QueueWhat
queue_what(const char *name)
{
	for (int i = 0; i < lengthof(what_names); i++)
		if (strcmp(what_names[i], name) == 0)
			return i;
	return QUEUE_REREAD;
}

int64
queue_patience(int tries, bool for_lead)
{
	int64		longest = for_lead ? USECS_PER_DAY : USECS_PER_HOUR;

	/* 2^17 s is more than a day */
	return Min(longest, USECS_PER_SEC << Min(Max(tries - 1, 0), 17));
}

bool
queue_wants(const Capture *capture)
{
	return capture->trigger != NULL && capture->binding->queued;
}

/* A row of the inbox but for what it waits for and when it is due. */
static void
fill_entry(Capture *capture, QueueWhat what, const char *key, const char *old_key,
		   TupleTableSlot *roles, Datum *v, bool *nulls)
{
	Settle	   *s = &capture->settle;
	int64		inbox_id = engine_next(SEQUENCE_INBOX_ID);
	Jsonb	   *personal;

	memset(nulls, 0, sizeof(bool) * INBOX_COLS);
	if (capture->statement == 0)
		capture->statement = inbox_id;
	v[INBOX_COL_INBOX_ID] = Int64GetDatum(inbox_id);
	v[INBOX_COL_BINDING_ID] = Int32GetDatum(capture->binding_id);
	v[INBOX_COL_AT] = TimestampTzGetDatum(s->now);
	set_text(v, nulls, INBOX_COL_KEY, code_text(key));
	v[INBOX_COL_WHAT] = code_text(what_names[what]);
	v[INBOX_COL_TOLD_AT] = TimestampTzGetDatum(s->now);
	v[INBOX_COL_TXID] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	v[INBOX_COL_STATEMENT] = Int64GetDatum(capture->statement);
	v[INBOX_COL_TRIES] = Int32GetDatum(0);
	nulls[INBOX_COL_LEAD_BINDING_ID] = nulls[INBOX_COL_LEAD_KEY] = true;
	set_text(v, nulls, INBOX_COL_OLD_KEY, code_text(old_key));
	v[INBOX_COL_ACTOR] = code_text(settle_actor(s));
	nulls[INBOX_COL_ROLES] = nulls[INBOX_COL_PERSONAL] = (roles == NULL);
	if (roles == NULL)
		return;
	v[INBOX_COL_ROLES] = JsonbPGetDatum(profile_from_slot(capture->binding, roles, false));
	personal = profile_from_slot(capture->binding, roles, true);
	v[INBOX_COL_PERSONAL] = JsonbPGetDatum(personal);
	nulls[INBOX_COL_PERSONAL] = JsonContainerSize(&personal->root) == 0;
}

static void
append(Capture *capture, Datum *v, bool *nulls)
{
	writer_add(&capture->settle.writers, TABLE_INBOX, v, nulls);
	if (writers_full(&capture->settle.writers))
		settle_flush(&capture->settle);
}

/* ----- packets ------------------------------------------------------------- */

void
queue_begin(Capture *capture)
{
	settle_begin_appending(&capture->settle);
	capture->packet = NULL;
	if (binding_runs_expressions(capture->binding))
		settle_as(&capture->settle, capture->binding);
}

static bool
is_empty(const Packet *packet)
{
	return packet == NULL || packet->entries == 0;
}

/* A row of table inbox_packet; its values are good as long as the packet is. */
static void
fill_packet_row(Capture *capture, Datum *v)
{
	Settle	   *s = &capture->settle;
	Packet	   *packet = capture->packet;
	bytea	   *body = (bytea *) (packet->data - VARHDRSZ);

	SET_VARSIZE(body, packet->used + VARHDRSZ);
	v[PACKET_COL_INBOX_ID] = Int64GetDatum(packet->first);
	v[PACKET_COL_TOLD_AT] = TimestampTzGetDatum(s->now);
	v[PACKET_COL_TXID] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	v[PACKET_COL_STATEMENT] = Int64GetDatum(capture->statement);
	v[PACKET_COL_BINDING_ID] = Int32GetDatum(capture->binding_id);
	v[PACKET_COL_ENTRIES] = Int32GetDatum(packet->entries);
	v[PACKET_COL_ACTOR] = code_text(settle_actor(s));
	v[PACKET_COL_BODY] = PointerGetDatum(body);
}

/* Write the packet's entries, if there are any. */
static void
close_packet(Capture *capture)
{
	Settle	   *s = &capture->settle;
	Datum		v[PACKET_COLS];
	bool		nulls[PACKET_COLS] = {0};

	if (is_empty(capture->packet))
		return;
	fill_packet_row(capture, v);
	writer_add(&s->writers, TABLE_INBOX_PACKET, v, nulls);
	packet_begin(capture->packet, 0);
	/* each fills a page: no need to collect many */
	if (s->writers.tables[TABLE_INBOX_PACKET].used >= PACKETS_AT_ONCE)
		writers_flush(&s->writers);
}

/*
 * Where all that the statement told is in the packet at hand, whoever called us
 * writes it: see packet_row.h.  Not so at a second attempt, after one that failed.
 */
static bool
leave_packet(Capture *capture)
{
	Packet	   *packet = capture->packet;
	Datum		v[PACKET_COLS];

	if (capture->probe || is_empty(packet) || packet->first != capture->statement)
		return false;
	fill_packet_row(capture, v);
	capture->row = packet_row_make(v, capture->context);
	return true;
}

void
queue_end(Capture *capture)
{
	if (!leave_packet(capture))
		close_packet(capture);
	settle_end(&capture->settle);
}

static Packet *
packet_of(Capture *capture)
{
	if (capture->packet == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(capture->settle.context);

		capture->packet = packet_make(capture->binding);
		MemoryContextSwitchTo(old);
	}
	return capture->packet;
}

/* Does it go into a packet? */
static bool
is_packed(const Capture *capture, QueueWhat what)
{
	switch (what)
	{
		case QUEUE_REREAD:
		case QUEUE_CANCELLED:
		case QUEUE_TRUNCATED:
			return false;
		case QUEUE_REMOVED:
			return capture->binding->kind == BINDING_LEAD && queue_wants(capture);
		default:
			return queue_wants(capture);
	}
}

/* False where the entry is larger than a packet. */
static bool
pack(Capture *capture, QueueWhat what, const char *key, const char *old_key,
	 TupleTableSlot *roles)
{
	Packet	   *packet = packet_of(capture);

	if (packet->entries > 0 && packet_add(packet, what, key, old_key, roles))
		return true;
	close_packet(capture);
	if (!packet_add(packet, what, key, old_key, roles))
		return false;
	packet->first = engine_next(SEQUENCE_INBOX_ID);
	if (capture->statement == 0)
		capture->statement = packet->first;
	return true;
}

void
queue_put(Capture *capture, QueueWhat what, const char *key, const char *old_key,
		  TupleTableSlot *roles)
{
	Datum		v[INBOX_COLS];
	bool		nulls[INBOX_COLS];

	if (is_packed(capture, what) && pack(capture, what, key, old_key, roles))
	{
		handover_note(HANDOVER_INBOX);
		return;
	}
	/* what was told before has lower numbers */
	close_packet(capture);
	fill_entry(capture, what, key, old_key, roles, v, nulls);
	append(capture, v, nulls);
	handover_note(HANDOVER_INBOX);
}

/* Append an entry that waits for a lead of the binding's leads. */
static void
put_waiting(Capture *capture, QueueWhat what, TupleTableSlot *roles, const char *key,
			const char *lead_key)
{
	Datum		v[INBOX_COLS];
	bool		nulls[INBOX_COLS];
	TimestampTz due = engine_clock() + queue_patience(1, true);

	fill_entry(capture, what, key, NULL, roles, v, nulls);
	v[INBOX_COL_AT] = TimestampTzGetDatum(due);
	v[INBOX_COL_TRIES] = Int32GetDatum(1);
	v[INBOX_COL_LEAD_BINDING_ID] = Int32GetDatum(capture->binding->lead_binding_id);
	v[INBOX_COL_LEAD_KEY] = code_text(lead_key);
	nulls[INBOX_COL_LEAD_BINDING_ID] = nulls[INBOX_COL_LEAD_KEY] = false;
	append(capture, v, nulls);
	handover_due(due);
}

static void
put_keys(int32 binding_id, List *keys, QueueWhat what, TimestampTz at)
{
	Oid			types[4] = {INT4OID, TIMESTAMPTZOID, TEXTARRAYOID, TEXTOID};
	Datum	   *texts = MemoryContextAllocHuge(CurrentMemoryContext,
											   sizeof(Datum) * Max(list_length(keys), 1));
	Datum		values[4] = {Int32GetDatum(binding_id), TimestampTzGetDatum(at)};
	OwnerScope	scope;
	ListCell   *cell;
	int			n = 0;

	if (keys == NIL)
		return;
	foreach(cell, keys)
		texts[n++] = CStringGetTextDatum((char *) lfirst(cell));
	values[2] = PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
	owner_enter(&scope);
	values[3] = CStringGetTextDatum(what_names[what]);
	if (SPI_execute_with_args("INSERT INTO revops.inbox (binding_id, at, key, what) "
							  "SELECT $1, $2, k, $4 FROM unnest($3) WITH ORDINALITY AS u (k, n) ORDER BY n",
							  4, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "writing the inbox failed");
	owner_leave(&scope);
	handover_due(at);
}

void
inbox_put(int32 binding_id, List *keys, TimestampTz at)
{
	put_keys(binding_id, keys, QUEUE_REREAD, at);
}

void
inbox_put_looked_up(int32 binding_id, List *keys, TimestampTz at)
{
	put_keys(binding_id, keys, QUEUE_LOOKED_UP, at);
}

/* ----- statements on activity tables --------------------------------------- */

static void
touch_again(Capture *capture, BindingRun *run, TupleTableSlot *row, const char *key)
{
	queue_put(capture, QUEUE_REREAD, key, NULL, NULL);
}

/* Do two versions of an activity's row name one lead? */
static bool
same_lead(TupleTableSlot *a, TupleTableSlot *b)
{
	if (a->tts_isnull[TOUCH_LEAD] || b->tts_isnull[TOUCH_LEAD])
		return a->tts_isnull[TOUCH_LEAD] && b->tts_isnull[TOUCH_LEAD];
	return same_varlena(PG_DETOAST_DATUM_PACKED(a->tts_values[TOUCH_LEAD]),
						PG_DETOAST_DATUM_PACKED(b->tts_values[TOUCH_LEAD]));
}

/* The old version of an updated activity, as inline takes it back. */
static void
queue_old(Capture *capture, const RowPair *pair, void *arg)
{
	PairRead	read;

	if (!capture_pair_changed(capture, pair, &read) || read.old_key == NULL)
		return;
	queue_put(capture, QUEUE_REMOVED, read.old_key, NULL, read.old_roles);
	/* where the lead was renamed with it, the touch is the new name's */
	if (!same_lead(read.roles, read.old_roles))
		queue_put(capture, QUEUE_REMOVED, read.old_key, NULL, read.roles);
}

static void
queue_new(Capture *capture, const RowPair *pair, void *arg)
{
	PairRead	read;

	if (capture_pair_changed(capture, pair, &read) && read.counts)
		queue_put(capture, QUEUE_WRITTEN, read.key, NULL, read.roles);
}

static void
queue_inserted(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	char	   *key = binding_key(run, row);

	if (binding_accepts(run, row))
		queue_put(capture, QUEUE_WRITTEN, key, NULL, capture_project(capture, run, row));
}

static void
queue_deleted(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	char	   *key = binding_key(run, row);

	if (key != NULL)
		queue_put(capture, QUEUE_REMOVED, key, NULL, capture_project(capture, run, row));
}

void
queue_touches(Capture *capture)
{
	TriggerData *t = capture->trigger;

	if (TRIGGER_FIRED_BY_TRUNCATE(t->tg_event) && capture_emptied_part(capture))
		;						/* some rows may be left */
	else if (TRIGGER_FIRED_BY_TRUNCATE(t->tg_event))
		queue_put(capture, QUEUE_TRUNCATED, NULL, NULL, NULL);
	else if (capture_reread(capture, touch_again))
		;						/* all was done by key */
	else if (TRIGGER_FIRED_BY_INSERT(t->tg_event))
		capture_each_row(capture, t->tg_newtable, queue_inserted, NULL);
	else if (TRIGGER_FIRED_BY_DELETE(t->tg_event))
		capture_each_row(capture, t->tg_oldtable, queue_deleted, NULL);
	else
	{
		capture_each_pair(capture, queue_old, NULL);
		capture_each_pair(capture, queue_new, NULL);
	}
}

/* ----- what waits for leads -------------------------------------------------- */

/* Is there an entry, in which this column (-1: any) is not NULL? */
static bool
any_entry(Capture *capture, EngineIndex index, int nkeys, ScanKey keys, int column)
{
	Writers    *writers = &capture->settle.writers;
	TupleDesc	desc = RelationGetDescr(writer_rel(writers, TABLE_INBOX));
	SysScanDesc scan = engine_scan(writers, TABLE_INBOX, engine_index(index), nkeys, keys);
	HeapTuple	tuple;
	bool		found;

	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
		if (column < 0 || !heap_attisnull(tuple, column + 1, desc))
			break;
	found = HeapTupleIsValid(tuple);
	engine_scan_end(scan);
	return found;
}

static bool
anything_in_inbox(Capture *capture)
{
	return RelationGetNumberOfBlocks(writer_rel(&capture->settle.writers, TABLE_INBOX)) > 0;
}

bool
queue_row_waits(Capture *capture, const char *key)
{
	ScanKeyData keys[2];

	if (!anything_in_inbox(capture))
		return false;
	settle_flush(&capture->settle);
	ScanKeyInit(&keys[0], INBOX_COL_BINDING_ID + 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(capture->binding_id));
	if (key != NULL)
		ScanKeyInit(&keys[1], INBOX_COL_KEY + 1, BTEqualStrategyNumber, F_TEXTEQ,
					CStringGetTextDatum(key));
	return any_entry(capture, INDEX_INBOX_KEY, key == NULL ? 1 : 2, keys,
				   INBOX_COL_LEAD_KEY);
}

/* Does anything wait for a lead of the binding at hand? */
static bool
leads_awaited(Capture *capture)
{
	ScanKeyData key;

	if (!anything_in_inbox(capture))
		return false;
	ScanKeyInit(&key, INBOX_COL_LEAD_BINDING_ID + 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(capture->binding_id));
	return any_entry(capture, INDEX_INBOX_LEAD, 1, &key, -1);
}

void
queue_wait(Capture *capture, TupleTableSlot *roles, const char *key, const char *lead_key)
{
	QueueEntry *entry = capture->entry;
	MemoryContext old;

	if (entry == NULL)
	{
		put_waiting(capture, QUEUE_WRITTEN, roles, key, lead_key);
		return;
	}
	old = MemoryContextSwitchTo(GetMemoryChunkContext(entry));
	entry->outcome = OUTCOME_WAITS;
	entry->lead_binding_id = capture->binding->lead_binding_id;
	entry->lead_key = pstrdup(lead_key);
	MemoryContextSwitchTo(old);
	capture->awaited = AWAITED;
}

void
queue_wait_deal(Capture *capture, TupleTableSlot *roles, const char *key, const char *lead_key)
{
	/* its turn is that of the statement that told it */
	if (capture->entry != NULL)
		capture->statement = capture->entry->inbox_id;
	put_waiting(capture, QUEUE_WRITTEN, roles, key, lead_key);
	if (capture->entry == NULL)
		return;
	inbox_replace(capture, key);
	capture->awaited = AWAITED;
}

void
queue_cancel(Capture *capture, TupleTableSlot *roles, const char *key)
{
	/* the reader has looked already */
	if (capture->entry == NULL && queue_row_waits(capture, key))
		queue_put(capture, QUEUE_CANCELLED, key, NULL, roles);
}

/*
 * Under REPEATABLE READ and SERIALIZABLE the entries may have changed since
 * the snapshot, and locking them would raise 40001: the reader finds them.
 */
void
queue_arrived(Capture *capture, const char *key)
{
	Arrival    *arrival;
	MemoryContext old;

	if (capture->awaited == AWAITED_UNKNOWN)
		capture->awaited = !IsolationUsesXactSnapshot() && leads_awaited(capture) ?
			AWAITED : NOT_AWAITED;
	if (capture->awaited == NOT_AWAITED)
		return;
	old = MemoryContextSwitchTo(capture->context);
	arrival = palloc(sizeof(Arrival));
	arrival->binding_id = capture->binding_id;
	arrival->key = pstrdup(key);
	capture->arrivals = lappend(capture->arrivals, arrival);
	MemoryContextSwitchTo(old);
}
