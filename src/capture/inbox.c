/*
 * inbox.c
 *		Host rows that a fault kept from being settled are read again.
 *
 * Each entry is its own attempt: the host's row as it is now goes the way that
 * a trigger would have sent it, carefully, and the entry is deleted with it.
 * An entry that fails again stays, and the fault is recorded again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "base/attempt.h"
#include "base/compat.h"
#include "base/owner.h"
#include "capture/capture.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_read_inbox);

typedef struct InboxEntry
{
	int64		inbox_id;
	int32		binding_id;
	char	   *key;
} InboxEntry;

static List *
read_entries(int64 after, int32 batch)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[3] = {INT8OID, INT4OID, TIMESTAMPTZOID};
	Datum		values[3] = {Int64GetDatum(after), Int32GetDatum(batch),
	TimestampTzGetDatum(engine_clock())};
	OwnerScope	scope;
	List	   *entries = NIL;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT inbox_id, binding_id, key FROM revops.inbox "
							  "WHERE inbox_id > $1 AND at <= $3 ORDER BY inbox_id LIMIT $2 FOR UPDATE SKIP LOCKED",
							  3, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the inbox failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		MemoryContext old = MemoryContextSwitchTo(context);
		InboxEntry *entry = palloc(sizeof(InboxEntry));

		entry->inbox_id = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
		entry->binding_id = DatumGetInt32(SPI_getbinval(tuple, desc, 2, &isnull));
		entry->key = TextDatumGetCString(SPI_getbinval(tuple, desc, 3, &isnull));
		entries = lappend(entries, entry);
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
	return entries;
}

static void
delete_entry(int64 inbox_id)
{
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(inbox_id);
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args("DELETE FROM revops.inbox WHERE inbox_id = $1",
							  1, &type, &value, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "deleting from the inbox failed");
	owner_leave(&scope);
}

/*
 * The condition that a host row has this key.  One column is compared in its
 * own type, so that its index serves; several by the text that they make.
 */
static char *
key_condition(Capture *capture)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(capture->binding_id);
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;
	StringInfoData condition;

	initStringInfo(&condition);
	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT column_name, pg_catalog.format_type(a.atttypid, a.atttypmod) "
							  "FROM revops.binding b, pg_catalog.unnest(b.key_columns) WITH ORDINALITY AS k (column_name, n) "
							  "JOIN pg_catalog.pg_attribute a ON a.attname = k.column_name "
							  "WHERE b.binding_id = $1 AND a.attrelid = b.host AND NOT a.attisdropped ORDER BY n",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading a binding's key failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		char	   *type_name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);
		MemoryContext old = MemoryContextSwitchTo(context);

		if (SPI_processed == 1)
			appendStringInfo(&condition, "h.%s = $1::%s", quote_identifier(name), type_name);
		else
			appendStringInfo(&condition,
							 "%s pg_catalog.replace(pg_catalog.replace(h.%s::pg_catalog.text, E'\\\\', E'\\\\\\\\'), '|', E'\\\\|')",
							 i == 0 ? "$1 =" : "|| '|' ||", quote_identifier(name));
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
	return condition.data;
}

bool
host_row_by_key(Capture *capture, const char *key, TupleTableSlot *slot)
{
	char	   *query = psprintf("SELECT h FROM %s h WHERE %s LIMIT 1",
								 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(capture->host)),
															RelationGetRelationName(capture->host)),
								 key_condition(capture));
	MemoryContext context = CurrentMemoryContext;
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(key);
	bool		found;

	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
	if (SPI_execute_with_args(query, 1, &type, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "reading a host row failed");
	found = SPI_processed > 0;
	if (found)
	{
		bool		isnull;
		HeapTupleHeader row = DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[0],
																	SPI_tuptable->tupdesc,
																	1, &isnull));
		HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row),.t_data = row};
		MemoryContext old = MemoryContextSwitchTo(context);

		ItemPointerSetInvalid(&tuple.t_self);
		ExecStoreHeapTuple(heap_copytuple(&tuple), slot, true);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	PopActiveSnapshot();
	return found;
}

static void
settle_entry(void *arg)
{
	static void (*const again[]) (Capture *, BindingRun *, TupleTableSlot *, const char *) = {
		[BINDING_LEAD] = capture_lead_again,
		[BINDING_TOUCH] = capture_touch_again,
		[BINDING_OPPORTUNITY] = capture_opportunity_again,
	};
	InboxEntry *entry = arg;
	Capture		capture = {.binding_id = entry->binding_id,.careful = true,.probe = true};
	BindingRun *run;
	TupleTableSlot *slot;

	capture.binding = binding_by_id(entry->binding_id);
	capture.host = table_open(capture.binding->host, AccessShareLock);
	settle_begin(&capture.settle, capture.binding->workspace_id, true);
	if (capture.binding->kind == BINDING_LEAD)
		settle_use(&capture.settle, capture.binding);
	else
		settle_as(&capture.settle, capture.binding->owner);
	run = capture_binding_run(&capture);
	slot = MakeSingleTupleTableSlot(RelationGetDescr(capture.host), &TTSOpsHeapTuple);
	again[capture.binding->kind] (&capture, run,
								  host_row_by_key(&capture, entry->key, slot) ? slot : NULL,
								  entry->key);
	ExecDropSingleTupleTableSlot(slot);
	binding_run_end(run);
	settle_end(&capture.settle);
	table_close(capture.host, NoLock);
	delete_entry(entry->inbox_id);
}

int
inbox_settle(int64 after, int32 batch, int64 *last)
{
	List	   *entries = read_entries(after, batch);
	ListCell   *cell;
	Faults		faults;
	int			done = 0;

	*last = 0;
	faults_init(&faults, CurrentMemoryContext);
	foreach(cell, entries)
	{
		InboxEntry *entry = lfirst(cell);
		ErrorData  *error = attempt(settle_entry, entry);
		FaultPlace	place = {entry->binding_id, 0, entry->key};

		*last = entry->inbox_id;
		if (error == NULL)
			done++;
		else
			fault_note(&faults, &place, "inbox", error->sqlerrcode, error->message,
					   error->detail);
	}
	faults_write(&faults, engine_clock());
	return done;
}

/* revops.read_inbox(after bigint, batch int): the last entry read, or NULL */
Datum
revops_read_inbox(PG_FUNCTION_ARGS)
{
	int64		last;

	(void) inbox_settle(PG_GETARG_INT64(0), PG_GETARG_INT32(1), &last);
	if (last == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(last);
}
