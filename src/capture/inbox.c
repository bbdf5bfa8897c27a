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
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/attempt.h"
#include "base/batch_size.h"
#include "base/compat.h"
#include "base/errors.h"
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

/* What host_row_by_key asks for: the query and its parameters, two a column. */
typedef struct RowQuery
{
	StringInfoData text;
	int			nargs;
	Oid		   *types;
	Datum	   *values;
} RowQuery;

/*
 * The parts of a canonical key, as binding_key joins them: "|" stands between
 * two, "\" before a "|" or "\\" within one.  A key of one column is not escaped.
 */
static List *
key_parts(const char *key, int columns)
{
	StringInfoData part;
	List	   *parts = NIL;

	initStringInfo(&part);
	for (; *key != '\0'; key++)
	{
		if (columns > 1 && *key == '|')
		{
			parts = lappend(parts, pstrdup(part.data));
			resetStringInfo(&part);
			continue;
		}
		if (columns > 1 && *key == '\\' && key[1] != '\0')
			key++;
		appendStringInfoCharMacro(&part, *key);
	}
	return lappend(parts, part.data);
}

/* The operator by which a unique index of that type tells two values apart. */
static char *
equality(Oid type)
{
	Oid			operator = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("values of type %s cannot be compared", format_type_be(type)),
				 errdetail("A column of the key is of this type, which has no equality.")));
	form = (Form_pg_operator) GETSTRUCT(tuple);
	name = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
					NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return name;
}

/*
 * One column of the key, compared as its own type, so that an index serves and
 * 1.5 finds 1.50.  Where equal texts may differ (citext, a collation that
 * ignores case) the text must be the same too: it is another key otherwise.
 */
static void
compare_part(RowQuery *query, Form_pg_attribute column, char *part)
{
	Oid			type = getBaseType(column->atttypid);
	const char *name = quote_identifier(NameStr(column->attname));
	Oid			input;
	Oid			param;
	char		category;
	bool		preferred;

	getTypeInputInfo(type, &input, &param);
	query->types[query->nargs] = type;
	query->values[query->nargs++] = OidInputFunctionCall(input, part, param, -1);
	appendStringInfo(&query->text, " AND h.%s %s $%d", name, equality(type), query->nargs);

	get_type_category_preferred(type, &category, &preferred);
	if (category != TYPCATEGORY_STRING)
		return;
	query->types[query->nargs] = TEXTOID;
	query->values[query->nargs++] = CStringGetTextDatum(part);
	appendStringInfo(&query->text,
					 " AND h.%s::pg_catalog.text OPERATOR(pg_catalog.=) $%d COLLATE pg_catalog.\"C\"",
					 name, query->nargs);
}

/* The query for the host row of a key, its columns in the order of the key. */
static void
build_query(Capture *capture, const char *key, RowQuery *query)
{
	List	   *columns = binding_key_columns(capture->binding);
	int			n = list_length(columns);
	List	   *parts = key_parts(key, n);
	Relation	host = capture->host;

	if (list_length(parts) != n)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_BINDING),
				 errmsg("key \"%s\" does not fit binding \"%s\"", key, capture->binding->name),
				 errdetail("It has %d parts, the key of the binding has %d columns.",
						   list_length(parts), n),
				 errhint("The binding's key was changed since: write the row once more, then delete this entry from revops.inbox.")));
	query->nargs = 0;
	query->types = palloc(sizeof(Oid) * n * 2);
	query->values = palloc(sizeof(Datum) * n * 2);
	initStringInfo(&query->text);
	appendStringInfo(&query->text, "SELECT h FROM %s h WHERE true",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(host)),
												RelationGetRelationName(host)));
	for (int i = 0; i < n; i++)
		compare_part(query, TupleDescAttr(RelationGetDescr(host), list_nth_int(columns, i) - 1),
					 list_nth(parts, i));
	appendStringInfoString(&query->text, " LIMIT 1");
}

bool
host_row_by_key(Capture *capture, const char *key, TupleTableSlot *slot)
{
	RowQuery	query;
	MemoryContext context = CurrentMemoryContext;
	bool		found;

	build_query(capture, key, &query);
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
	if (SPI_execute_with_args(query.text.data, query.nargs, query.types, query.values,
							  NULL, true, 1) != SPI_OK_SELECT)
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
	/* a row that is there says itself how its key is written */
	if (host_row_by_key(&capture, entry->key, slot))
		again[capture.binding->kind] (&capture, run, slot, binding_key(run, slot));
	else
		again[capture.binding->kind] (&capture, run, NULL, entry->key);
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
	int32		batch;
	int64		last;

	batch = batch_size(fcinfo, 1);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	(void) inbox_settle(PG_GETARG_INT64(0), batch, &last);
	if (last == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(last);
}
