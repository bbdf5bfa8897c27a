/*
 * inbox.c
 *		Settles what waits in the inbox.
 *
 * One session at a time reads it, a page of entries after the other, in order
 * of inbox_id.  That is the order in which each row of the host was written:
 * whoever writes a row waits for whoever wrote it before, and then takes a
 * higher number.  Of transactions that wrote different rows the one that wrote
 * first is settled first, unless it committed after the other had been settled;
 * nothing tells in which order they committed.
 *
 * Within a transaction the touches come last, all of one lead in one settle,
 * and of changes of one lead that follow each other, with no change of stage,
 * owner or team among them, the last counts: nobody else saw the others.
 *
 * A page is settled as a whole; when it fails, entry by entry.  One that fails
 * again stays, as a key to be read again from the host, for a row that could
 * not be settled then may be by what it is later; it is passed over where
 * later entries tell the row whole, or say that it be read again.  Of a deal that waits for its lead the last
 * entry counts.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/attempt.h"
#include "base/batch_size.h"
#include "base/handover.h"
#include "base/owner.h"
#include "capture/inbox_page.h"
#include "capture/packet.h"
#include "define/profile.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_read_inbox);

/* how often a row is looked at that changes each time, before it is left for later */
#define MOST_LOOKS	3
/* milliseconds for which the reader waits for a lock; more than our own pages take */
#define LONGEST_WAIT	100

/* ----- settling ------------------------------------------------------------------- */

/* Entries that are settled together: one settle a workspace. */
typedef struct Run
{
	InboxPage  *page;
	Capture		capture;
	bool		careful;
	bool		begun;
	char	   *own_actor;
	MemoryContext per_entry;
	Binding    *binding;		/* that the slot is of */
	TupleTableSlot *slot;
	int64		statement;
	int64		position;		/* number of the last entry */

	/* touches of one transaction, not settled yet */
	Touches		touches;
	bool		touching;
	uint64		txid;
	TimestampTz touched_at;
	char	   *touch_actor;
} Run;

static void
settle_touches(Run *run)
{
	Settle	   *s = &run->capture.settle;

	if (!run->touching)
		return;
	settle_at(s, run->touched_at);
	s->actor = run->touch_actor;
	touches_settle(&run->touches);
	/* what follows may concern the same leads: their clocks must be found */
	settle_flush(s);
	run->touching = false;
}

static void
settle_touch(Run *run, QueueEntry *entry)
{
	Settle	   *s = &run->capture.settle;

	if (!run->touching)
	{
		/* leads that are collected are not found yet */
		settle_flush(s);
		touches_begin(&run->touches, s, false);
		run->touches.at_once = true;
		run->touching = true;
		run->txid = entry->txid;
	}
	else if (s->told_at != run->touched_at)
	{
		TimestampTz told_at = s->told_at;

		/* each touch is recorded when it was told */
		settle_at(s, run->touched_at);
		touches_write(&run->touches);
		settle_at(s, told_at);
	}
	run->touched_at = s->told_at;
	run->touch_actor = s->actor;
	/*
	 * What was taken back has waited, or was recorded, not both.  What waited
	 * may have been recorded since, if somebody was just about to.
	 */
	if (entry_takes_back(entry) && inbox_cancel(&run->capture, entry->key) &&
		entry->what != QUEUE_TRUNCATED)
		return;
	if (entry->what == QUEUE_CANCELLED && (entry->tries == 0 || entry->key == NULL))
		return;
	capture_touch_entry(&run->capture, &run->touches, entry, run->slot);
}

static TupleTableSlot *
host_slot(const Capture *capture)
{
	return MakeSingleTupleTableSlot(RelationGetDescr(capture->host), &TTSOpsHeapTuple);
}

static void (*const again[]) (Capture *, BindingRun *, TupleTableSlot *, const char *) = {
	[BINDING_LEAD] = capture_lead_again,
	[BINDING_TOUCH] = capture_touch_again,
	[BINDING_OPPORTUNITY] = capture_opportunity_again,
};

/* The host's row as it is now goes the way that a trigger would have sent it. */
static void
reread_key(Capture *capture, BindingRun *rows, const char *key)
{
	BindingKind kind = capture->binding->kind;
	TupleTableSlot *slot = host_slot(capture);

	/* a row that is there says itself how its key is written */
	if (host_row_by_key(capture, key, slot))
		again[kind] (capture, rows, slot, binding_key(rows, slot));
	else
		again[kind] (capture, rows, NULL, key);
	ExecDropSingleTupleTableSlot(slot);
}

static bool
same_version(bool a_there, TupleTableSlot *a, bool b_there, TupleTableSlot *b)
{
	HeapTuple	left;
	HeapTuple	right;
	Size		header = offsetof(HeapTupleHeaderData, t_infomask2);

	if (!a_there || !b_there)
		return a_there == b_there;
	left = ExecFetchSlotHeapTuple(a, false, NULL);
	right = ExecFetchSlotHeapTuple(b, false, NULL);
	return left->t_len == right->t_len &&
		memcmp((char *) left->t_data + header, (char *) right->t_data + header,
			   left->t_len - header) == 0;
}

/* Keep others from the lead of that key; false when one of them has it. */
static bool
hold_lead(Capture *capture, const char *key)
{
	int64		lead_id;

	/* no lead can be locked there: what is said becomes a delta */
	if (IsolationUsesXactSnapshot())
		return true;
	settle_flush(&capture->settle);
	lead_id = lead_find(&capture->settle.writers, capture->binding_id, key);
	return lead_id == 0 || settle_hold(&capture->settle, lead_id);
}

/*
 * A row that the host writes meanwhile must not be settled after what it says now,
 * as it was before.  So the lead is locked first: what was settled before is in
 * the row that is read then.  What is committed later waits in a delta, but for
 * one that came between the look at the row and the settle, which took the
 * delta's word for the older: then the row is another now.  False when it is to
 * be read again later: somebody has the lead, or the row does not rest.
 */
static bool
reread_lead(Capture *capture, BindingRun *rows, const char *key)
{
	TupleTableSlot *row = host_slot(capture);
	TupleTableSlot *now = host_slot(capture);
	bool		held = hold_lead(capture, key);
	bool		there = held && host_row_by_key(capture, key, row);
	bool		settled = false;

	for (int i = 0; held && !settled && i < MOST_LOOKS; i++)
	{
		TupleTableSlot *seen = row;
		bool		was_there = there;

		capture_lead_again(capture, rows, there ? row : NULL, there ? binding_key(rows, row) : key);
		settle_flush(&capture->settle);
		there = host_row_by_key(capture, key, now);
		settled = same_version(was_there, seen, there, now);
		row = now;
		now = seen;
	}
	ExecDropSingleTupleTableSlot(row);
	ExecDropSingleTupleTableSlot(now);
	return settled;
}

/* Keys by which rows of the binding are known, and not known to be gone. */
static List *
known_keys(const Binding *binding)
{
	static const char *const queries[] = {
		[BINDING_LEAD] = "SELECT key FROM revops.lead WHERE binding_id = $1 AND gone_at IS NULL",
		[BINDING_TOUCH] = "SELECT source_key FROM revops.touch WHERE binding_id = $1 "
		"AND source_key IS NOT NULL GROUP BY source_key HAVING sum(sign) > 0",
		[BINDING_OPPORTUNITY] = "SELECT key FROM revops.opportunity WHERE binding_id = $1 AND status <> 'gone'",
	};
	MemoryContext context = CurrentMemoryContext;
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(binding->binding_id);
	OwnerScope	scope;
	List	   *keys = NIL;

	owner_enter(&scope);
	if (SPI_execute_with_args(queries[binding->kind], 1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the keys of a binding failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *key = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		MemoryContext old = MemoryContextSwitchTo(context);

		keys = lappend(keys, pstrdup(key));
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
	return keys;
}

/* Will the page come to another entry that says so of the same binding? */
static bool
said_again(const InboxPage *page, const QueueEntry *entry)
{
	for (int i = 0; i < page->n; i++)
	{
		const QueueEntry *other = page->entries[i];

		if (other->inbox_id > entry->inbox_id && other->binding_id == entry->binding_id &&
			other->what == QUEUE_REREAD && other->key == NULL && !other->tried)
			return true;
	}
	return false;
}

/*
 * Leads whose rows were missing a moment ago.  They are locked before it is looked
 * once more, so that a row that comes back meanwhile is seen here, or tells it.
 * False when one is left for later.
 */
static bool
lose_leads(Capture *capture, BindingRun *rows, List *keys)
{
	List	   *held = NIL;
	bool		all = true;
	ListCell   *cell;

	foreach(cell, keys)
	{
		if (hold_lead(capture, lfirst(cell)))
			held = lappend(held, lfirst(cell));
		else
			all = false;
	}
	if (held != NIL)
		held = host_keys_missing(capture, rows, held);
	foreach(cell, held)
		capture_lead_again(capture, rows, NULL, lfirst(cell));
	return all;
}

/*
 * Rows of the binding may have gone without being told one by one: those that
 * are not there any more are looked for.  False when some are left for later.
 */
static bool
reread_all(Run *run, BindingRun *rows)
{
	Capture    *capture = &run->capture;
	bool		unique = capture->binding->key_unique;
	bool		leads = capture->binding->kind == BINDING_LEAD;
	List	   *keys = known_keys(capture->binding);
	bool		all = true;
	ListCell   *cell;

	if (unique && keys != NIL)
		keys = host_keys_missing(capture, rows, keys);
	if (unique && leads)
		return lose_leads(capture, rows, keys);
	foreach(cell, keys)
	{
		if (unique)
			again[capture->binding->kind] (capture, rows, NULL, lfirst(cell));
		else if (leads)
			all &= reread_lead(capture, rows, lfirst(cell));
		else
			reread_key(capture, rows, lfirst(cell));
	}
	return all;
}

static void
reread(Run *run, QueueEntry *entry)
{
	Capture    *capture = &run->capture;
	Binding    *binding = capture->binding;
	BindingRun *rows;
	bool		done = true;

	settle_flush(&capture->settle);
	if (entry->what == QUEUE_LOOKED_UP &&
		lead_find(&capture->settle.writers, binding->binding_id, entry->key) == 0)
		return;
	capture->host = table_open(binding->host, AccessShareLock);
	if (binding->kind == BINDING_LEAD)
		settle_use(&capture->settle, binding);
	rows = capture_binding_run(capture);
	if (entry->key != NULL && binding->kind == BINDING_LEAD)
		done = reread_lead(capture, rows, entry->key);
	else if (entry->key != NULL)
		reread_key(capture, rows, entry->key);
	else if (!said_again(run->page, entry))
		done = reread_all(run, rows);
	binding_run_end(rows);
	table_close(capture->host, NoLock);
	settle_flush(&capture->settle);
	if (!done)
		entry->outcome = OUTCOME_LATER;
}

static void
end_workspace(Run *run)
{
	if (!run->begun)
		return;
	settle_touches(run);
	settle_end(&run->capture.settle);
	run->begun = false;
}

/* Make the capture the entry's: its binding, moment, actor. */
static void
turn_to(Run *run, QueueEntry *entry, bool arrived)
{
	Capture    *capture = &run->capture;
	Settle	   *s = &capture->settle;
	Binding    *binding = binding_by_id(entry->binding_id);

	if (run->begun && s->def->workspace_id != binding->workspace_id)
		end_workspace(run);
	if (!run->begun)
	{
		settle_begin(s, binding->workspace_id, run->careful);
		run->begun = true;
		run->own_actor = s->actor;
		run->binding = NULL;
	}
	if (run->binding != binding)
	{
		MemoryContext old = MemoryContextSwitchTo(s->context);

		run->slot = binding_role_slot(binding);
		run->binding = binding;
		MemoryContextSwitchTo(old);
	}
	if (capture->binding_id != entry->binding_id && capture->awaited == NOT_AWAITED)
		capture->awaited = AWAITED_UNKNOWN;
	capture->binding = binding;
	capture->binding_id = entry->binding_id;
	capture->entry = entry;
	settle_as(s, binding);
	/* what has waited is dated as the lead's arrival is */
	if (!arrived)
		settle_at(s, entry->waited ? NO_TIME : entry->told_at);
	s->actor = entry->actor != NULL ? entry->actor : run->own_actor;
}

/*
 * What the entry told.  A role that the binding has had then, and has no more, is
 * not read: it may have been personal.
 */
static void
read_roles(const QueueEntry *entry, Binding *binding, TupleTableSlot *slot)
{
	if (entry->packet != NULL)
		packet_entry_to_slot(entry->packet, entry->packed, binding, slot);
	else
		profile_to_slot(binding, entry->roles, entry->personal, slot);
	for (int i = 0; i < binding->roles->natts; i++)
		slot->tts_isnull[i] |= !binding->mapped[i];
}

static void
settle_entry(Run *run, QueueEntry *entry, bool arrived)
{
	Capture    *capture = &run->capture;
	MemoryContext old;

	entry->outcome = OUTCOME_SETTLED;
	entry->tried = true;
	if (entry->superseded)
		return;
	/* those of another transaction, which have a moment of their own */
	if (entry->kind != BINDING_TOUCH || entry->what == QUEUE_REREAD ||
		entry->txid == 0 || entry->txid != run->txid)
		settle_touches(run);
	turn_to(run, entry, arrived);
	old = MemoryContextSwitchTo(run->per_entry);
	if (entry->waited)
		settle_flush(&capture->settle);
	if (entry->waited &&
		lead_find(&capture->settle.writers, entry->lead_binding_id, entry->lead_key) == 0)
	{
		entry->outcome = OUTCOME_WAITS;
		capture->awaited = AWAITED;
	}
	else if (entry->taken_back && !arrived)
		entry->outcome = OUTCOME_LEFT;
	else if (entry->what == QUEUE_REREAD || entry->what == QUEUE_LOOKED_UP)
		reread(run, entry);
	else
	{
		read_roles(entry, capture->binding, run->slot);
		if (entry->kind == BINDING_LEAD)
			capture_lead_entry(capture, entry, run->slot);
		else if (entry->kind == BINDING_TOUCH)
			settle_touch(run, entry);
		else
			capture_opportunity_entry(capture, entry, run->slot);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(run->per_entry);
}

/* ----- leads that arrive ----------------------------------------------------------- */

/* In the order in which it was told what waits. */
static int
by_turn(const ListCell *a, const ListCell *b)
{
	const QueueEntry *left = lfirst(a);
	const QueueEntry *right = lfirst(b);
	int64		left_turn = left->statement == 0 ? left->inbox_id : left->statement;
	int64		right_turn = right->statement == 0 ? right->inbox_id : right->statement;

	if (left_turn != right_turn)
		return left_turn < right_turn ? -1 : 1;
	return left->inbox_id < right->inbox_id ? -1 : left->inbox_id > right->inbox_id;
}

/* What the statement that was just settled has made possible. */
static void
settle_arrivals(Run *run)
{
	Capture    *capture = &run->capture;
	InboxPage  *page = run->page;
	List	   *arrivals = capture->arrivals;
	MemoryContext old;
	List	   *waiting = NIL;
	List	   *others = NIL;
	ListCell   *cell;

	if (arrivals == NIL)
		return;
	capture->arrivals = NIL;
	settle_touches(run);
	settle_flush(&capture->settle);
	old = MemoryContextSwitchTo(GetMemoryChunkContext(page));
	for (int i = 0; i < page->n; i++)
	{
		QueueEntry *entry = page->entries[i];

		if (entry->tried && entry->outcome == OUTCOME_WAITS && has_arrived(arrivals, entry) &&
			!page_takes_back(page, entry, run->position))
			waiting = lappend(waiting, entry);
	}
	foreach(cell, page_waiting(arrivals, run->position))
	{
		QueueEntry *entry = lfirst(cell);
		QueueEntry *own = page_entry(page, entry->inbox_id);

		if (own == NULL)
			others = lappend(others, entry);
		else					/* by what was appended since the page was read, too */
			own->superseded |= entry->superseded;
		if (own == NULL || !own->tried)
			waiting = lappend(waiting, own == NULL ? entry : own);
	}
	list_sort(waiting, by_turn);
	foreach(cell, waiting)
	{
		QueueEntry *entry = lfirst(cell);

		entry->waited = true;
		settle_entry(run, entry, true);
	}
	/* at once: whoever looks what waits must not find them again */
	page_delete(others);
	page->others += list_length(others);
	MemoryContextSwitchTo(old);
	settle_touches(run);
	list_free_deep(arrivals);
}

typedef struct Trip
{
	InboxPage  *page;
	int			from;			/* places of the page, the last not included */
	int			to;
	bool		careful;
} Trip;

static void
settle_trip(void *arg)
{
	Trip	   *trip = arg;
	Run			run = {.page = trip->page,.careful = trip->careful};

	run.capture.careful = trip->careful;
	run.capture.probe = true;
	run.capture.page = trip->page;
	run.capture.context = CurrentMemoryContext;
	run.per_entry = AllocSetContextCreate(CurrentMemoryContext, "pg_revops inbox entry",
										  ALLOCSET_DEFAULT_SIZES);
	for (int i = trip->from; i < trip->to; i++)
	{
		QueueEntry *entry = trip->page->order[i];

		if (entry->tried)
			continue;
		if (run.begun && (entry->statement == 0 || entry->statement != run.statement))
		{
			settle_arrivals(&run);
			run.capture.displaced = NIL;
		}
		run.statement = entry->statement;
		run.position = entry->inbox_id;
		settle_entry(&run, entry, false);
	}
	settle_arrivals(&run);
	end_workspace(&run);
	MemoryContextDelete(run.per_entry);
}

/* One entry by itself; when it fails, that is its own fault. */
static void
settle_alone(InboxPage *page, int i, Faults *faults)
{
	QueueEntry *entry = page->order[i];
	Trip		trip = {page, i, i + 1, true};
	QueueEntry *before = palloc(sizeof(QueueEntry) * page->n);
	int			others = page->others;
	FaultPlace	place = {entry->binding_id, 0, entry->key};
	ErrorData  *error;

	for (int j = 0; j < page->n; j++)
		before[j] = *page->entries[j];
	error = attempt(settle_trip, &trip);
	if (error != NULL)
	{
		for (int j = 0; j < page->n; j++)
			*page->entries[j] = before[j];
		page->others = others;
		entry->tried = true;
		/* somebody makes the same lead just now: no fault of the entry's */
		entry->outcome = error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ?
			OUTCOME_LATER : OUTCOME_FAILED;
		if (entry->outcome == OUTCOME_FAILED)
			fault_note(faults, &place, "inbox", error->sqlerrcode, error->message, error->detail);
		FreeErrorData(error);
	}
	pfree(before);
}

static void
settle_page(InboxPage *page, Faults *faults)
{
	Trip		trip = {page, 0, page->n, false};
	ErrorData  *error = attempt(settle_trip, &trip);

	if (error == NULL)
		return;
	FreeErrorData(error);
	page->others = 0;
	for (int i = 0; i < page->n; i++)
		page->entries[i]->tried = false;
	/* each for itself: none says what another does */
	for (int i = 0; i < page->n; i++)
		settle_alone(page, i, faults);
}

/* ----- what others call ----------------------------------------------------------------- */

/*
 * Whoever makes a lead that another transaction is making waits for its end; the
 * reader does not wait for an application for longer than a moment.
 */
static int
limit_waiting(void)
{
	int			level = NewGUCNestLevel();

	if (LockTimeout == 0 || LockTimeout > LONGEST_WAIT)
		(void) set_config_option("lock_timeout", psprintf("%d", LONGEST_WAIT), PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

static int
read_page(int64 after, int32 batch, bool only_due, int64 *last)
{
	InboxPage  *page;
	Faults		faults;
	int			done;
	int			level;

	*last = 0;
	if (!inbox_lock(!only_due))
		return INBOX_BUSY;
	page = page_read(after, batch, only_due);
	if (page == NULL)
		return 0;
	faults_init(&faults, CurrentMemoryContext);
	level = limit_waiting();
	settle_page(page, &faults);
	AtEOXact_GUC(false, level);
	done = page_finish(page, &faults);
	faults_write(&faults, engine_clock());
	*last = page->entries[page->n - 1]->inbox_id;
	return done;
}

int
inbox_settle(int64 after, int32 batch, int64 *last)
{
	return read_page(after, batch, true, last);
}

/*
 * Leads that a statement of the host brought: what waited for them is settled
 * in the same transaction.  Should that fail, the reader will find it.
 */
void
inbox_arrived(Capture *capture)
{
	InboxPage  *page;
	Faults		faults;
	Trip		trip;
	List	   *entries;
	ErrorData  *error;

	if (capture->arrivals == NIL)
		return;
	entries = page_waiting(capture->arrivals, PG_INT64_MAX);
	if (entries == NIL)
		return;
	page = page_of(entries);
	trip = (Trip) {page, 0, page->n, true};
	error = attempt(settle_trip, &trip);
	if (error != NULL)
	{
		FreeErrorData(error);
		return;
	}
	faults_init(&faults, CurrentMemoryContext);
	(void) page_finish(page, &faults);
	faults_write(&faults, engine_clock());
}

/* revops.read_inbox(after bigint, batch int, only_due bool): the last entry read, or NULL */
Datum
revops_read_inbox(PG_FUNCTION_ARGS)
{
	int32		batch;
	int64		last;

	batch = batch_size(fcinfo, 1);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	/* the worker may find the inbox busy meanwhile */
	handover_note(HANDOVER_INBOX);
	(void) read_page(PG_GETARG_INT64(0), batch, !PG_ARGISNULL(2) && PG_GETARG_BOOL(2), &last);
	if (last == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(last);
}
