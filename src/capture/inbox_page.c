/*
 * inbox_page.c
 *		See inbox_page.h.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "base/handover.h"
#include "base/owner.h"
#include "capture/inbox_packets.h"
#include "capture/inbox_page.h"
#include "time/engine_time.h"

/* how long a lead may be unknown before that is a fault */
#define LEAD_OVERDUE	USECS_PER_DAY

#define ENTRY_COLUMNS \
	"i.inbox_id, i.binding_id, i.key, i.old_key, i.what, i.at, i.told_at, i.txid, " \
	"i.statement, i.tries, i.lead_binding_id, i.lead_key, i.actor, i.roles, i.personal, " \
	"coalesce((SELECT b.kind FROM revops.binding b WHERE b.binding_id = i.binding_id), ''), " \
	"EXISTS (SELECT FROM revops.inbox l WHERE l.binding_id = i.binding_id " \
	"AND l.key = i.key AND l.inbox_id > i.inbox_id " \
	"AND CASE WHEN i.what = 'reread' THEN l.lead_key IS NULL AND (l.what IN ('written', 'changed', 'moved', 'removed') " \
	"OR (l.what = 'reread' AND l.txid IS NOT NULL AND l.tries = 0)) " \
	"ELSE l.lead_key IS NOT NULL AND i.lead_key IS NOT NULL AND EXISTS (SELECT FROM revops.binding b " \
	"WHERE b.binding_id = i.binding_id AND b.kind = 'opportunity') END), " \
	"i.lead_key IS NOT NULL AND (EXISTS (SELECT FROM revops.inbox l WHERE l.binding_id = i.binding_id " \
	"AND l.key = i.key AND l.inbox_id > i.inbox_id AND l.what IN ('removed', 'cancelled')) " \
	"OR EXISTS (SELECT FROM revops.inbox l WHERE l.binding_id = i.binding_id " \
	"AND l.key IS NULL AND l.inbox_id > i.inbox_id AND l.what IN ('truncated', 'cancelled'))) " \
	"FROM revops.inbox i "

/* ----- one reader ------------------------------------------------------------- */

/*
 * Entries of one lead must not be settled by two sessions at once.  Held until
 * the transaction ends; whoever holds it waits for nobody.
 */
bool
inbox_lock(bool wait)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, engine_table(TABLE_INBOX), 0);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

/* ----- reading a page ---------------------------------------------------------- */

static Datum
field(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static char *
text_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static Jsonb *
jsonb_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

static int64
number_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

static TimestampTz
moment_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? NO_TIME : DatumGetTimestampTz(value);
}

BindingKind
binding_kind_named(const char *kind)
{
	if (strcmp(kind, "touch") == 0)
		return BINDING_TOUCH;
	return strcmp(kind, "opportunity") == 0 ? BINDING_OPPORTUNITY : BINDING_LEAD;
}

static QueueEntry *
make_entry(uint64 row)
{
	QueueEntry *entry = palloc0(sizeof(QueueEntry));
	bool		isnull;

	entry->inbox_id = number_field(row, 1);
	entry->binding_id = (int32) number_field(row, 2);
	entry->key = text_field(row, 3);
	entry->old_key = text_field(row, 4);
	entry->what = queue_what(text_field(row, 5));
	entry->at = moment_field(row, 6);
	entry->told_at = moment_field(row, 7);
	entry->txid = (uint64) number_field(row, 8);
	entry->statement = number_field(row, 9);
	entry->tries = (int) number_field(row, 10);
	entry->lead_binding_id = (int32) number_field(row, 11);
	entry->lead_key = text_field(row, 12);
	entry->waited = entry->lead_key != NULL;
	entry->actor = text_field(row, 13);
	entry->roles = jsonb_field(row, 14);
	entry->personal = jsonb_field(row, 15);
	entry->kind = binding_kind_named(text_field(row, 16));
	entry->superseded = DatumGetBool(field(row, 17, &isnull));
	entry->taken_back = DatumGetBool(field(row, 18, &isnull));
	return entry;
}

/*
 * Read entries that are rows, in the given memory context, and lock them.
 * Called in an owner's scope, whose snapshot it reads under.
 */
static List *
read_rows(MemoryContext context, const char *condition, int nargs, Oid *types, Datum *values)
{
	SPIPlanPtr	plan = SPI_prepare(psprintf("SELECT " ENTRY_COLUMNS "%s", condition), nargs, types);
	List	   *entries = NIL;

	if (plan == NULL ||
		SPI_execute_snapshot(plan, values, NULL, GetActiveSnapshot(), InvalidSnapshot,
							 false, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the inbox failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		entries = lappend(entries, make_entry(i));
		MemoryContextSwitchTo(old);
	}
	return entries;
}

static List *
read_entries(const char *condition, int nargs, Oid *types, Datum *values)
{
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;
	List	   *entries;

	owner_enter(&scope);
	entries = read_rows(context, condition, nargs, types, values);
	owner_leave(&scope);
	return entries;
}

static int
by_number(const ListCell *a, const ListCell *b)
{
	const QueueEntry *left = lfirst(a);
	const QueueEntry *right = lfirst(b);

	return left->inbox_id < right->inbox_id ? -1 : left->inbox_id > right->inbox_id;
}

/* Rows and packets as one list; packets that begin after this number are left out. */
static List *
merge(List *rows, List *packed, int64 last)
{
	List	   *entries = rows;
	ListCell   *cell;

	foreach(cell, packed)
		if (((QueueEntry *) lfirst(cell))->packet_id <= last)
			entries = lappend(entries, lfirst(cell));
	list_sort(entries, by_number);
	return entries;
}

/*
 * The entries that come after this number.  Rows and packets are read under one
 * snapshot: of a transaction that commits just now, all or nothing.  *full: there
 * may be more.
 */
static List *
read_next(int64 after, int32 batch, bool only_due, bool *full)
{
	Oid			types[5] = {INT8OID, INT4OID, TIMESTAMPTZOID, BOOLOID, INT8OID};
	Datum		values[5] = {Int64GetDatum(after), Int32GetDatum(batch),
	TimestampTzGetDatum(engine_clock()), BoolGetDatum(!only_due)};
	MemoryContext context = CurrentMemoryContext;
	int64		below = PG_INT64_MAX;
	int64		last = PG_INT64_MAX;
	OwnerScope	scope;
	MemoryContext spi;
	List	   *packed;
	List	   *rows;

	owner_enter(&scope);
	spi = MemoryContextSwitchTo(context);
	packed = packets_read(after, batch, &below);
	MemoryContextSwitchTo(spi);
	values[4] = Int64GetDatum(below);
	rows = read_rows(context, "WHERE i.inbox_id > $1 AND i.inbox_id < $5 AND (i.at <= $3 OR ($4 AND i.tries > 0) "
					 "OR (i.tries = 0 AND i.txid IS NOT NULL)) "
					 "ORDER BY i.inbox_id LIMIT $2 FOR UPDATE OF i SKIP LOCKED",
					 5, types, values);
	*full = below != PG_INT64_MAX || list_length(rows) == batch;
	if (list_length(rows) == batch)
		last = ((QueueEntry *) llast(rows))->inbox_id;
	MemoryContextSwitchTo(context);
	rows = merge(rows, packed, last);
	MemoryContextSwitchTo(spi);
	owner_leave(&scope);
	return rows;
}

/*
 * The page must not end within a transaction, whose entries belong together,
 * unless it is longer than a page.
 */
static int
whole_transactions(const List *entries, bool full)
{
	int			n = list_length(entries);
	const QueueEntry *last;
	int			kept = n;

	if (!full || n == 0)
		return n;
	last = llast(entries);
	if (last->txid == 0)
		return n;
	while (kept > 0 && ((QueueEntry *) list_nth(entries, kept - 1))->txid == last->txid)
		kept--;
	return kept == 0 ? n : kept;
}

/*
 * Nor within a statement that changes keys: of two rows that swap them, the
 * second's lead is known only by what was done with the first.
 */
static List *
rest_of_renames(const List *entries)
{
	const QueueEntry *last = llast(entries);
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		values[2] = {Int64GetDatum(last->inbox_id), Int64GetDatum(last->statement)};
	MemoryContext context = CurrentMemoryContext;
	MemoryContext spi;
	OwnerScope	scope;
	List	   *rest;
	List	   *rows;
	ListCell   *cell;
	bool		renames = false;

	foreach(cell, entries)
	{
		const QueueEntry *entry = lfirst(cell);

		renames |= entry->statement == last->statement && entry->old_key != NULL;
	}
	if (!renames || last->statement == 0)
		return NIL;
	owner_enter(&scope);
	spi = MemoryContextSwitchTo(context);
	rest = packets_of_statement(last->inbox_id, last->statement);
	MemoryContextSwitchTo(spi);
	rows = read_rows(context, "WHERE i.inbox_id > $1 AND i.statement = $2 ORDER BY i.inbox_id "
					 "FOR UPDATE OF i SKIP LOCKED", 2, types, values);
	MemoryContextSwitchTo(context);
	rest = merge(rows, rest, PG_INT64_MAX);
	MemoryContextSwitchTo(spi);
	owner_leave(&scope);
	return rest;
}

/* The first n entries, settled in the order of their numbers. */
static InboxPage *
first_entries(List *entries, int n)
{
	InboxPage  *page = palloc0(sizeof(InboxPage));
	ListCell   *cell;

	page->entries = palloc(sizeof(QueueEntry *) * Max(n, 1));
	page->order = palloc(sizeof(QueueEntry *) * Max(n, 1));
	foreach(cell, entries)
	{
		if (page->n == n)
			break;
		page->order[page->n] = page->entries[page->n] = lfirst(cell);
		page->n++;
	}
	return page;
}

InboxPage *
page_of(List *entries)
{
	return first_entries(entries, list_length(entries));
}

/* ----- what belongs together ----------------------------------------------------- */

typedef struct Seen
{
	uint64		hash;			/* hash key: of a transaction, or binding and key */
	QueueEntry *last;
} Seen;

uint64
entry_hash(int32 binding_id, const char *key)
{
	return hash_bytes_extended((const unsigned char *) key, strlen(key), binding_id);
}

static HTAB *
make_seen(const char *name)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(uint64);
	ctl.entrysize = sizeof(Seen);
	ctl.hcxt = CurrentMemoryContext;
	return hash_create(name, 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static int
by_place(const void *a, const void *b)
{
	const QueueEntry *left = *(QueueEntry *const *) a;
	const QueueEntry *right = *(QueueEntry *const *) b;

	if (left->place != right->place)
		return left->place < right->place ? -1 : 1;
	return left->inbox_id < right->inbox_id ? -1 : left->inbox_id > right->inbox_id;
}

/* Touches take the place of their transaction's last entry. */
static void
put_in_order(InboxPage *page)
{
	HTAB	   *transactions = make_seen("pg_revops transactions in the inbox");

	for (int i = page->n - 1; i >= 0; i--)
	{
		QueueEntry *entry = page->entries[i];
		bool		found;
		Seen	   *seen;

		entry->place = entry->inbox_id;
		page->order[i] = entry;
		if (entry->txid == 0)
			continue;
		seen = hash_search(transactions, &entry->txid, HASH_ENTER, &found);
		if (!found)
			seen->last = entry;
		if (entry->kind == BINDING_TOUCH && entry->what != QUEUE_REREAD && !entry->waited)
			entry->place = seen->last->inbox_id;
	}
	hash_destroy(transactions);
	qsort(page->order, page->n, sizeof(QueueEntry *), by_place);
}

/*
 * Does a later entry of the same transaction say all that this one does?  Of a
 * lead that came, or came back, or that the host moved, it does not say with
 * what.  A lead that is to be read again need be read once.
 */
static bool
says_all(const QueueEntry *entry, const QueueEntry *later)
{
	if (entry->what == QUEUE_LOOKED_UP)
		return later->what == QUEUE_LOOKED_UP;
	return entry->txid != 0 && entry->txid == later->txid &&
		entry->what == QUEUE_CHANGED && entry->old_key == NULL &&
		later->what == QUEUE_CHANGED && later->old_key == NULL;
}

/* Entries about leads: which are superseded, which follow others of one lead. */
static void
find_repeats(InboxPage *page)
{
	HTAB	   *keys = make_seen("pg_revops keys in the inbox");
	bool		renamed = false;

	for (int i = 0; i < page->n; i++)
	{
		QueueEntry *entry = page->entries[i];
		bool		found;
		uint64		hash;
		Seen	   *seen;

		if (entry->kind != BINDING_LEAD)
			continue;
		renamed |= entry->old_key != NULL || entry->key == NULL;
		entry->repeated = renamed;
		if (entry->key == NULL)
			continue;
		hash = entry_hash(entry->binding_id, entry->key);
		seen = hash_search(keys, &hash, HASH_ENTER, &found);
		entry->repeated |= found;
		if (found && seen->last->binding_id == entry->binding_id &&
			strcmp(seen->last->key, entry->key) == 0 && says_all(seen->last, entry))
			seen->last->superseded = true;
		seen->last = entry;
	}
	hash_destroy(keys);
}

InboxPage *
page_read(int64 after, int32 batch, bool only_due)
{
	InboxPage  *page;
	bool		full;
	List	   *entries = read_next(after, batch, only_due, &full);
	int			n = whole_transactions(entries, full);
	OwnerScope	scope;
	MemoryContext spi;

	if (n == 0)
		return NULL;
	if (full && n == list_length(entries))
	{
		entries = list_concat(entries, rest_of_renames(entries));
		n = list_length(entries);
	}
	page = first_entries(entries, n);
	owner_enter(&scope);
	spi = MemoryContextSwitchTo(GetMemoryChunkContext(page));
	packets_supersede(page->entries, page->n);
	MemoryContextSwitchTo(spi);
	owner_leave(&scope);
	put_in_order(page);
	find_repeats(page);
	return page;
}

/* ----- leads that arrive ----------------------------------------------------------- */

static Datum
id_array(List *ids)
{
	Datum	   *values = palloc(sizeof(Datum) * Max(list_length(ids), 1));
	ListCell   *cell;
	int			n = 0;

	foreach(cell, ids)
		values[n++] = Int64GetDatum(((QueueEntry *) lfirst(cell))->inbox_id);
	return PointerGetDatum(construct_array(values, n, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

void
page_delete(List *entries)
{
	Oid			type = INT8ARRAYOID;
	Datum		value;
	OwnerScope	scope;

	if (entries == NIL)
		return;
	value = id_array(entries);
	owner_enter(&scope);
	if (SPI_execute_with_args("DELETE FROM revops.inbox WHERE inbox_id = ANY ($1)",
							  1, &type, &value, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "deleting from the inbox failed");
	owner_leave(&scope);
}

/* The page's entry of that number; NULL when it is not in the page. */
QueueEntry *
page_entry(const InboxPage *page, int64 inbox_id)
{
	int			low = 0;
	int			high = page->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (page->entries[middle]->inbox_id < inbox_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < page->n && page->entries[low]->inbox_id == inbox_id ?
		page->entries[low] : NULL;
}

bool
entry_takes_back(const QueueEntry *entry)
{
	return entry->what == QUEUE_REMOVED || entry->what == QUEUE_CANCELLED ||
		entry->what == QUEUE_TRUNCATED;
}

bool
has_arrived(const List *arrivals, const QueueEntry *entry)
{
	ListCell   *cell;

	foreach(cell, arrivals)
	{
		const Arrival *arrival = lfirst(cell);

		if (arrival->binding_id == entry->lead_binding_id &&
			strcmp(arrival->key, entry->lead_key) == 0)
			return true;
	}
	return false;
}

/*
 * Entries that wait for these leads, locked without waiting.  One that was
 * taken back since, by an entry numbered below `before`, is left to the reader,
 * who strikes it out.
 */
List *
page_waiting(const List *arrivals, int64 before)
{
	int			n = list_length(arrivals);
	Datum	   *bindings = palloc(sizeof(Datum) * Max(n, 1));
	Datum	   *keys = palloc(sizeof(Datum) * Max(n, 1));
	Oid			types[3] = {INT4ARRAYOID, TEXTARRAYOID, INT8OID};
	Datum		values[3];
	ListCell   *cell;

	n = 0;
	foreach(cell, arrivals)
	{
		const Arrival *arrival = lfirst(cell);

		bindings[n] = Int32GetDatum(arrival->binding_id);
		keys[n++] = CStringGetTextDatum(arrival->key);
	}
	values[0] = PointerGetDatum(construct_array(bindings, n, INT4OID, sizeof(int32), true,
												TYPALIGN_INT));
	values[1] = PointerGetDatum(construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT));
	values[2] = Int64GetDatum(before);
	return read_entries("WHERE i.lead_key IS NOT NULL AND (i.lead_binding_id, i.lead_key) IN "
						"(SELECT b, k COLLATE \"C\" FROM unnest($1, $2) AS u (b, k)) "
						"AND NOT EXISTS (SELECT FROM revops.inbox l WHERE l.binding_id = i.binding_id "
						"AND l.key = i.key AND l.inbox_id > i.inbox_id AND l.inbox_id < $3 AND l.what IN ('removed', 'cancelled')) "
						"AND NOT EXISTS (SELECT FROM revops.inbox l WHERE l.binding_id = i.binding_id "
						"AND l.key IS NULL AND l.inbox_id > i.inbox_id AND l.inbox_id < $3 AND l.what IN ('truncated', 'cancelled')) "
						"ORDER BY i.inbox_id FOR UPDATE OF i SKIP LOCKED",
						3, types, values);
}

/* Is what waits taken back by an entry of the page that is numbered below `before`? */
bool
page_takes_back(const InboxPage *page, const QueueEntry *entry, int64 before)
{
	for (int i = 0; i < page->n && page->entries[i]->inbox_id < before; i++)
	{
		const QueueEntry *later = page->entries[i];

		if (later->inbox_id > entry->inbox_id && later->binding_id == entry->binding_id &&
			entry_takes_back(later) &&
			(later->key == NULL || (entry->key != NULL && strcmp(later->key, entry->key) == 0)))
			return true;
	}
	return false;
}

/* ----- what becomes of the entries --------------------------------------------------- */

/*
 * It is tried again later.  What failed is read again from the host then; what
 * waits for a lead stays as it is.
 */
static void
postpone(QueueEntry *entry, TimestampTz now)
{
	bool		waits = entry->outcome == OUTCOME_WAITS;
	TimestampTz due = now + queue_patience(entry->tries + 1, waits);
	bool		again = entry->outcome == OUTCOME_FAILED && entry->key != NULL;
	Oid			types[5] = {INT8OID, TIMESTAMPTZOID, BOOLOID, INT4OID, TEXTOID};
	Datum		values[5] = {Int64GetDatum(entry->inbox_id), TimestampTzGetDatum(due),
		BoolGetDatum(again), Int32GetDatum(entry->lead_binding_id),
	CStringGetTextDatum(entry->lead_key == NULL ? "" : entry->lead_key)};
	char		nulls[5] = {' ', ' ', ' ', waits ? ' ' : 'n', waits ? ' ' : 'n'};
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args("UPDATE revops.inbox SET at = $2, tries = tries + 1, "
							  "lead_binding_id = $4, lead_key = $5, "
							  "what = CASE WHEN $3 THEN 'reread' ELSE what END, "
							  "told_at = CASE WHEN $3 THEN NULL ELSE told_at END, "
							  "old_key = CASE WHEN $3 THEN NULL ELSE old_key END, "
							  "roles = CASE WHEN $3 THEN NULL ELSE roles END, "
							  "personal = CASE WHEN $3 THEN NULL ELSE personal END "
							  "WHERE inbox_id = $1",
							  5, types, values, nulls, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "updating the inbox failed");
	owner_leave(&scope);
	if (again && entry->old_key != NULL)
		inbox_put(entry->binding_id, list_make1(entry->old_key), due);
	handover_due(due);
}

/* A lead that is not known for a day is a fault; it is told once. */
static void
note_overdue(const QueueEntry *entry, TimestampTz now, Faults *faults)
{
	TimestampTz tried_at = entry->at - queue_patience(entry->tries, true);
	FaultPlace	place = {entry->binding_id, 0, entry->key};

	if (entry->told_at == NO_TIME || now < entry->told_at + LEAD_OVERDUE ||
		(entry->tries > 0 && tried_at >= entry->told_at + LEAD_OVERDUE))
		return;
	fault_note(faults, &place, "lead", ERRCODE_REVOPS_UNKNOWN_OBJECT,
			   psprintf("%s names a lead that is not known: \"%s\"",
						entry->kind == BINDING_TOUCH ? "a touch" : "an opportunity",
						entry->lead_key),
			   "It has waited for the lead for a day, and goes on waiting.");
}

/* Returns how many were settled. */
int
page_finish(InboxPage *page, Faults *faults)
{
	TimestampTz now = engine_clock();
	List	   *settled = NIL;
	List	   *packed = NIL;
	int			n = 0;

	for (int i = 0; i < page->n; i++)
	{
		QueueEntry *entry = page->entries[i];

		if (entry->packet_id != 0)
			packed = lappend(packed, entry);
		if (entry->outcome == OUTCOME_SETTLED)
		{
			n++;
			if (entry->packet_id == 0)
				settled = lappend(settled, entry);
			continue;
		}
		if (entry->packet_id != 0)
			packets_put_back(entry);
		/* asked before its time, or left to what takes it back: it stays as it is */
		if (entry->outcome == OUTCOME_LEFT ||
			(entry->outcome == OUTCOME_WAITS && entry->waited && entry->at > now))
			continue;
		if (entry->outcome == OUTCOME_WAITS)
			note_overdue(entry, now, faults);
		postpone(entry, now);
	}
	page_delete(settled);
	packets_delete(packed);
	return n + page->others;
}

/* ----- what is struck out ---------------------------------------------------------- */

/* Strike out of the page; returns whether there was anything. */
static bool
cancel_in_page(InboxPage *page, const QueueEntry *entry, const char *key)
{
	bool		any = false;

	for (int i = 0; i < page->n; i++)
	{
		QueueEntry *other = page->entries[i];

		if (!other->tried ||
			(other->outcome != OUTCOME_WAITS && other->outcome != OUTCOME_LEFT) ||
			other->inbox_id >= entry->inbox_id ||
			other->binding_id != entry->binding_id ||
			(key != NULL && (other->key == NULL || strcmp(other->key, key) != 0)))
			continue;
		other->outcome = OUTCOME_SETTLED;
		any = true;
	}
	return any;
}

/* Entries of the page that have waited no longer than until now; they are still there. */
static List *
settled_before(InboxPage *page, const QueueEntry *entry)
{
	List	   *settled = NIL;

	for (int i = 0; i < page->n && page->entries[i]->inbox_id < entry->inbox_id; i++)
		if (page->entries[i]->tried && page->entries[i]->outcome == OUTCOME_SETTLED)
			settled = lappend(settled, page->entries[i]);
	return settled;
}

void
inbox_replace(Capture *capture, const char *key)
{
	(void) cancel_in_page(capture->page, capture->entry, key);
}

/*
 * One that somebody holds, whose lead has just arrived, will have been settled
 * when this is tried again.
 */
bool
inbox_cancel(Capture *capture, const char *key)
{
	QueueEntry *entry = capture->entry;
	Oid			types[4] = {INT4OID, TEXTOID, INT8OID, INT8ARRAYOID};
	Datum		values[4] = {Int32GetDatum(capture->binding_id),
		key == NULL ? (Datum) 0 : CStringGetTextDatum(key),
	Int64GetDatum(entry->inbox_id)};
	char		nulls[4] = {' ', key == NULL ? 'n' : ' ', ' ', ' '};
	bool		any = cancel_in_page(capture->page, entry, key);
	OwnerScope	scope;

	if (!queue_row_waits(capture, key))
		return any;
	values[3] = id_array(settled_before(capture->page, entry));
	owner_enter(&scope);
	if (SPI_execute_with_args("WITH ours AS (SELECT inbox_id, true AS mine FROM revops.inbox "
							  "WHERE binding_id = $1 AND ($2 IS NULL OR key = $2) "
							  "AND lead_key IS NOT NULL AND inbox_id < $3 AND inbox_id <> ALL ($4) "
							  "FOR UPDATE SKIP LOCKED), "
							  "struck AS (DELETE FROM revops.inbox i USING ours "
							  "WHERE i.inbox_id = ours.inbox_id) "
							  "SELECT coalesce(mine, false) FROM revops.inbox LEFT JOIN ours USING (inbox_id) "
							  "WHERE binding_id = $1 AND ($2 IS NULL OR key = $2) "
							  "AND lead_key IS NOT NULL AND inbox_id < $3 AND inbox_id <> ALL ($4)",
							  4, types, values, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "striking out of the inbox failed");
	any |= SPI_processed > 0;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;

		if (!DatumGetBool(field(i, 1, &isnull)))
			entry->outcome = OUTCOME_LATER;
	}
	owner_leave(&scope);
	return any;
}

void
inbox_forget(int64 lead_id)
{
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(lead_id);
	OwnerScope	scope;

	(void) inbox_lock(true);
	packets_forget(lead_id);
	owner_enter(&scope);
	/* entries, packed ones too, may have renamed it, again and again */
	if (SPI_execute_with_args("WITH RECURSIVE told AS MATERIALIZED ("
							  "SELECT e.binding_id, e.key, e.old_key FROM revops.inbox_entry e "
							  "JOIN revops.lead l USING (binding_id) WHERE l.lead_id = $1), "
							  "known (binding_id, key) AS ("
							  "SELECT binding_id, key FROM revops.lead WHERE lead_id = $1 "
							  "UNION SELECT t.binding_id, t.key FROM told t JOIN known k "
							  "ON (t.binding_id, t.old_key) = (k.binding_id, k.key)) "
							  "UPDATE revops.inbox i SET personal = NULL FROM known k "
							  "WHERE (i.binding_id, i.key) = (k.binding_id, k.key) "
							  "AND i.personal IS NOT NULL",
							  1, &type, &value, NULL, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "erasing personal roles from the inbox failed");
	owner_leave(&scope);
}
