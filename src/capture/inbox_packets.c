/*
 * inbox_packets.c
 *		See inbox_packets.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/owner.h"
#include "capture/inbox_packets.h"
#include "capture/inbox_page.h"
#include "capture/packet.h"

/* packets that are fetched together */
#define PACKETS_FETCHED	32

#define PACKET_COLUMNS \
	"p.inbox_id, p.binding_id, p.told_at, p.txid, p.statement, p.actor, p.body, " \
	"coalesce((SELECT b.kind FROM revops.binding b WHERE b.binding_id = p.binding_id), '') " \
	"FROM revops.inbox_packet p "

static Datum
field(uint64 row, int column)
{
	bool		isnull;

	/* all columns are NOT NULL */
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);
}

/* The entries of a packet that was fetched, in the current memory context. */
static List *
expand(uint64 row)
{
	PacketReader *reader = packet_open(DatumGetByteaPCopy(field(row, 7)));
	QueueEntry	shared = {0};
	List	   *entries = NIL;
	PacketEntry packed;

	shared.packet_id = DatumGetInt64(field(row, 1));
	shared.binding_id = DatumGetInt32(field(row, 2));
	shared.at = shared.told_at = DatumGetTimestampTz(field(row, 3));
	shared.txid = U64FromFullTransactionId(DatumGetFullTransactionId(field(row, 4)));
	shared.statement = DatumGetInt64(field(row, 5));
	shared.actor = TextDatumGetCString(field(row, 6));
	shared.kind = binding_kind_named(TextDatumGetCString(field(row, 8)));
	shared.packet = reader;
	while (packet_next(reader, &packed))
	{
		QueueEntry *entry = palloc(sizeof(QueueEntry));

		*entry = shared;
		entry->inbox_id = shared.packet_id + list_length(entries);
		entry->what = packed.what;
		entry->key = packed.key;
		entry->old_key = packed.old_key;
		entry->packed = palloc(sizeof(PacketEntry));
		*entry->packed = packed;
		entries = lappend(entries, entry);
	}
	return entries;
}

/* Open a cursor over packets, under the snapshot at hand. */
static Portal
open_packets(const char *query, int nargs, Oid *types, Datum *values)
{
	return SPI_cursor_open_with_args(NULL, query, nargs, types, values, NULL, true, 0);
}

static List *
read_packets(const char *query, int nargs, Oid *types, Datum *values, int32 batch, bool *full)
{
	MemoryContext context = CurrentMemoryContext;
	Portal		portal = open_packets(query, nargs, types, values);
	List	   *entries = NIL;

	*full = false;
	while (!*full)
	{
		SPI_cursor_fetch(portal, true, PACKETS_FETCHED);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed && !*full; i++)
		{
			MemoryContext old = MemoryContextSwitchTo(context);

			entries = list_concat(entries, expand(i));
			*full = list_length(entries) >= batch;
			MemoryContextSwitchTo(old);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	return entries;
}

List *
packets_read(int64 after, int32 batch, int64 *below)
{
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(after);
	bool		full;
	List	   *entries = read_packets("SELECT " PACKET_COLUMNS "WHERE p.inbox_id > $1 ORDER BY p.inbox_id",
									   1, &type, &value, batch, &full);

	if (full)
		*below = ((QueueEntry *) llast(entries))->inbox_id + 1;
	return entries;
}

List *
packets_of_statement(int64 after, int64 statement)
{
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		values[2] = {Int64GetDatum(after), Int64GetDatum(statement)};
	bool		full;

	return read_packets("SELECT " PACKET_COLUMNS "WHERE p.inbox_id > $1 AND p.statement = $2 ORDER BY p.inbox_id",
						2, types, values, PG_INT32_MAX, &full);
}

/* ----- what later packets tell ---------------------------------------------------- */

typedef struct Asking
{
	uint64		hash;			/* hash key: of binding and key */
	List	   *entries;		/* that are to be read again */
} Asking;

/* Which of the entries ask?  NULL: none does. */
static HTAB *
who_asks(QueueEntry **entries, int n, int64 *first, List **bindings)
{
	HASHCTL		ctl = {0};
	HTAB	   *asking = NULL;

	ctl.keysize = sizeof(uint64);
	ctl.entrysize = sizeof(Asking);
	ctl.hcxt = CurrentMemoryContext;
	for (int i = 0; i < n; i++)
	{
		QueueEntry *entry = entries[i];
		Asking	   *place;
		uint64		hash;
		bool		found;

		if (entry->what != QUEUE_REREAD || entry->key == NULL || entry->packet_id != 0 ||
			entry->superseded)
			continue;
		if (asking == NULL)
		{
			asking = hash_create("pg_revops rows to be read again", 256, &ctl,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
			*first = entry->inbox_id;
		}
		hash = entry_hash(entry->binding_id, entry->key);
		place = hash_search(asking, &hash, HASH_ENTER, &found);
		if (!found)
			place->entries = NIL;
		place->entries = lappend(place->entries, entry);
		*bindings = list_append_unique_int(*bindings, entry->binding_id);
	}
	return asking;
}

static void
answer(HTAB *asking, const QueueEntry *told)
{
	Asking	   *place;
	uint64		hash;
	ListCell   *cell;

	if (told->key == NULL ||
		(told->what != QUEUE_WRITTEN && told->what != QUEUE_CHANGED &&
		 told->what != QUEUE_MOVED && told->what != QUEUE_REMOVED))
		return;
	hash = entry_hash(told->binding_id, told->key);
	place = hash_search(asking, &hash, HASH_FIND, NULL);
	if (place == NULL)
		return;
	foreach(cell, place->entries)
	{
		QueueEntry *entry = lfirst(cell);

		if (entry->inbox_id < told->inbox_id && entry->binding_id == told->binding_id &&
			strcmp(entry->key, told->key) == 0)
			entry->superseded = true;
	}
}

static Datum
number_array(const List *numbers)
{
	Datum	   *values = palloc(sizeof(Datum) * list_length(numbers));
	ListCell   *cell;
	int			n = 0;

	foreach(cell, numbers)
		values[n++] = Int32GetDatum(lfirst_int(cell));
	return PointerGetDatum(construct_array(values, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

void
packets_supersede(QueueEntry **entries, int n)
{
	Oid			types[2] = {INT8OID, INT4ARRAYOID};
	Datum		values[2];
	List	   *bindings = NIL;
	int64		first = 0;
	HTAB	   *asking = who_asks(entries, n, &first, &bindings);
	MemoryContext per_packet;
	Portal		portal;

	if (asking == NULL)
		return;
	values[0] = Int64GetDatum(first);
	values[1] = number_array(bindings);
	per_packet = AllocSetContextCreate(CurrentMemoryContext, "pg_revops packets",
									   ALLOCSET_DEFAULT_SIZES);
	portal = open_packets("SELECT " PACKET_COLUMNS "WHERE p.inbox_id > $1 AND p.binding_id = ANY ($2)",
						  2, types, values);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, PACKETS_FETCHED);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			MemoryContext old = MemoryContextSwitchTo(per_packet);
			ListCell   *cell;

			foreach(cell, expand(i))
				answer(asking, lfirst(cell));
			MemoryContextSwitchTo(old);
			MemoryContextReset(per_packet);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	MemoryContextDelete(per_packet);
	hash_destroy(asking);
}

/* ----- what stays, and what goes --------------------------------------------------- */

void
packets_put_back(const QueueEntry *entry)
{
	Oid			types[] = {INT8OID, INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, XID8OID, INT8OID,
		TEXTOID, TEXTOID, JSONBOID, JSONBOID};
	Jsonb	   *roles = packet_entry_profile(entry->packet, entry->packed, false);
	Jsonb	   *personal = packet_entry_profile(entry->packet, entry->packed, true);
	Datum		values[] = {Int64GetDatum(entry->inbox_id), Int32GetDatum(entry->binding_id),
		TimestampTzGetDatum(entry->told_at), code_text(entry->key),
		code_text(queue_what_name(entry->what)),
		FullTransactionIdGetDatum(FullTransactionIdFromU64(entry->txid)),
		Int64GetDatum(entry->statement), code_text(entry->old_key), code_text(entry->actor),
		PointerGetDatum(roles), PointerGetDatum(personal)};
	char		nulls[lengthof(values)];
	OwnerScope	scope;

	memset(nulls, ' ', sizeof(nulls));
	nulls[3] = entry->key == NULL ? 'n' : ' ';
	nulls[7] = entry->old_key == NULL ? 'n' : ' ';
	nulls[9] = roles == NULL ? 'n' : ' ';
	nulls[10] = personal == NULL ? 'n' : ' ';
	owner_enter(&scope);
	if (SPI_execute_with_args("INSERT INTO revops.inbox (inbox_id, binding_id, at, told_at, key, what, txid, "
							  "statement, old_key, actor, roles, personal) "
							  "VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
							  lengthof(values), types, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "writing the inbox failed");
	owner_leave(&scope);
}

void
packets_delete(const List *entries)
{
	Datum	   *ids = palloc(sizeof(Datum) * Max(list_length(entries), 1));
	Oid			type = INT8ARRAYOID;
	int64		last = 0;
	int			n = 0;
	Datum		value;
	OwnerScope	scope;
	ListCell   *cell;

	foreach(cell, entries)
	{
		const QueueEntry *entry = lfirst(cell);

		if (entry->packet_id != last)
			ids[n++] = Int64GetDatum(last = entry->packet_id);
	}
	if (n == 0)
		return;
	value = PointerGetDatum(construct_array(ids, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
											TYPALIGN_DOUBLE));
	owner_enter(&scope);
	if (SPI_execute_with_args("DELETE FROM revops.inbox_packet WHERE inbox_id = ANY ($1)",
							  1, &type, &value, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "deleting from the inbox failed");
	owner_leave(&scope);
}

/* ----- erasing ------------------------------------------------------------------------ */

/* Rewrite a packet without what it knows of rows with these keys. */
static void
erase(int64 packet_id, bytea *body, const List *keys)
{
	Oid			types[2] = {INT8OID, BYTEAOID};
	Datum		values[2] = {Int64GetDatum(packet_id),
	PointerGetDatum(packet_without_personal(body, keys))};

	if (SPI_execute_with_args("UPDATE revops.inbox_packet SET body = $2 WHERE inbox_id = $1",
							  2, types, values, NULL, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "erasing personal roles from the inbox failed");
}

static List *
keys_of(uint64 row)
{
	ArrayType  *array = DatumGetArrayTypeP(field(row, 3));
	List	   *keys = NIL;
	Datum	   *values;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	for (int i = 0; i < n; i++)
		keys = lappend(keys, TextDatumGetCString(values[i]));
	return keys;
}

void
packets_forget(int64 lead_id)
{
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(lead_id);
	SPITupleTable *table;
	uint64		n;
	OwnerScope	scope;

	owner_enter(&scope);
	/* entries may have renamed it, again and again */
	if (SPI_execute_with_args("WITH RECURSIVE told AS MATERIALIZED ("
							  "SELECT e.binding_id, e.key, e.old_key FROM revops.inbox_entry e "
							  "JOIN revops.lead l USING (binding_id) WHERE l.lead_id = $1), "
							  "known (binding_id, key) AS ("
							  "SELECT binding_id, key FROM revops.lead WHERE lead_id = $1 "
							  "UNION SELECT t.binding_id, t.key FROM told t JOIN known k "
							  "ON (t.binding_id, t.old_key) = (k.binding_id, k.key)), "
							  "keys AS (SELECT binding_id, array_agg(key) AS keys FROM known GROUP BY binding_id) "
							  "SELECT p.inbox_id, p.body, k.keys FROM revops.inbox_packet p JOIN keys k USING (binding_id) "
							  "WHERE EXISTS (SELECT FROM revops.packet_entries(p.body) e "
							  "WHERE e.key = ANY (k.keys))",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the inbox failed");
	table = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		SPI_tuptable = table;
		erase(DatumGetInt64(field(i, 1)), DatumGetByteaPP(field(i, 2)), keys_of(i));
	}
	owner_leave(&scope);
}
