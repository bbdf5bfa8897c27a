/*
 * host_row.c
 *		Rows of the host's, found again by their canonical keys.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/attempt.h"
#include "base/errors.h"
#include "capture/capture.h"

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

typedef struct PartInput
{
	Oid			type;
	char	   *part;
	Datum		value;
} PartInput;

static void
read_part(void *arg)
{
	PartInput  *read = arg;
	Oid			input;
	Oid			param;

	getTypeInputInfo(read->type, &input, &param);
	read->value = OidInputFunctionCall(input, read->part, param, -1);
}

/*
 * A part of a key as a value of the column's type; false when it is none, which
 * no row can have: the key's type is another than when the row was known.
 */
static bool
part_value(Oid type, char *part, Datum *value)
{
	PartInput	read = {type, part, 0};
	ErrorData  *error = attempt(read_part, &read);

	if (error != NULL && ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
		ReThrowError(error);
	*value = read.value;
	return error == NULL;
}

/*
 * One column of the key, compared as its own type, so that an index serves and
 * 1.5 finds 1.50.  Where equal texts may differ (citext, a collation that
 * ignores case) the text must be the same too: it is another key otherwise.
 * False when no row can have this value.
 */
static bool
compare_part(HostKey *query, Form_pg_attribute column, char *part)
{
	Oid			type = getBaseType(column->atttypid);
	const char *name = quote_identifier(NameStr(column->attname));
	char		category;
	bool		preferred;

	query->types[query->nargs] = type;
	if (!part_value(type, part, &query->values[query->nargs++]))
		return false;
	appendStringInfo(&query->text, " AND h.%s %s $%d", name, equality(type), query->nargs);

	get_type_category_preferred(type, &category, &preferred);
	if (category != TYPCATEGORY_STRING)
		return true;
	query->types[query->nargs] = TEXTOID;
	query->values[query->nargs++] = CStringGetTextDatum(part);
	appendStringInfo(&query->text,
					 " AND h.%s::pg_catalog.text OPERATOR(pg_catalog.=) $%d COLLATE pg_catalog.\"C\"",
					 name, query->nargs);
	return true;
}

char *
host_name(Relation host)
{
	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(host)),
									  RelationGetRelationName(host));
}

/* Do its rows stand in places that can be compared?  A view's do not. */
static bool
has_places(Relation host)
{
	char		kind = host->rd_rel->relkind;

	return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE ||
		kind == RELKIND_MATVIEW;
}

bool
host_key_condition(Capture *capture, const char *key, HostKey *query)
{
	List	   *columns = binding_key_columns(capture->binding);
	int			n = list_length(columns);
	List	   *parts = key_parts(key, n);

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
	appendStringInfoString(&query->text, "true");
	for (int i = 0; i < n; i++)
	{
		if (!compare_part(query, TupleDescAttr(RelationGetDescr(capture->host),
											   list_nth_int(columns, i) - 1),
						  list_nth(parts, i)))
			return false;
	}
	return true;
}

/* The query for the host row of a key: where two may have it, in a fixed order. */
static char *
row_query(Capture *capture, const HostKey *query)
{
	const char *order = capture->binding->key_unique ? " LIMIT 1" :
		has_places(capture->host) ? " ORDER BY h.tableoid, h.ctid" : "";

	return psprintf("SELECT h FROM %s h WHERE %s%s", host_name(capture->host),
					query->text.data, order);
}

/* ----- reading ------------------------------------------------------------- */

/*
 * Rows that a policy hides must not be taken for gone: better an error.  Ends
 * with AtEOXact_GUC, or with the subtransaction.
 */
static int
past_row_security(void)
{
	int			nest = NewGUCNestLevel();

	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	return nest;
}

void
host_row_store(uint64 i, TupleTableSlot *slot)
{
	bool		isnull;
	HeapTupleHeader row = DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[i],
																SPI_tuptable->tupdesc,
																1, &isnull));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row),.t_data = row};
	MemoryContext old = MemoryContextSwitchTo(slot->tts_mcxt);

	ItemPointerSetInvalid(&tuple.t_self);
	ExecStoreHeapTuple(heap_copytuple(&tuple), slot, true);
	MemoryContextSwitchTo(old);
}

/* When the row says that it was written last; the earliest of all where it does not. */
static TimestampTz
updated_at(Capture *capture, BindingRun *run, TupleTableSlot *row)
{
	TupleTableSlot *roles = capture_project(capture, run, row);

	return roles->tts_isnull[LEAD_UPDATED_AT] ? DT_NOBEGIN :
		DatumGetTimestampTz(roles->tts_values[LEAD_UPDATED_AT]);
}

/* Which of several rows of one key is the lead: -1 for none. */
static int64
newest_row(Capture *capture, TupleTableSlot *slot)
{
	BindingRun *run = capture_binding_run(capture);
	TimestampTz latest = DT_NOBEGIN;
	int64		newest = -1;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		TimestampTz at;

		host_row_store(i, slot);
		if (!binding_accepts(run, slot))
			continue;
		at = updated_at(capture, run, slot);
		if (newest < 0 || at >= latest)
		{
			latest = at;
			newest = i;
		}
	}
	binding_run_end(run);
	return newest;
}

bool
host_row_by_key(Capture *capture, const char *key, TupleTableSlot *slot)
{
	bool		unique = capture->binding->key_unique;
	HostKey		query;
	int64		found;
	int			nest;

	if (!host_key_condition(capture, key, &query))
		return false;
	PushActiveSnapshot(GetLatestSnapshot());
	nest = past_row_security();
	SPI_connect();
	if (SPI_execute_with_args(row_query(capture, &query), query.nargs, query.types, query.values,
							  NULL, true, unique ? 1 : 0) != SPI_OK_SELECT)
		elog(ERROR, "reading a host row failed");
	found = SPI_processed == 0 ? -1 : unique ? 0 : newest_row(capture, slot);
	if (found >= 0)
		host_row_store(found, slot);
	SPI_finish();
	AtEOXact_GUC(false, nest);
	PopActiveSnapshot();
	return found >= 0;
}

/* ----- which of many are there -------------------------------------------------- */

/* Keys that are looked for, in order, and which of them were found. */
typedef struct Sought
{
	int			n;
	char	  **keys;
	bool	   *found;
} Sought;

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static void
sought_begin(Sought *sought, List *keys)
{
	ListCell   *cell;
	Size		n = Max(list_length(keys), 1);

	sought->n = 0;
	sought->keys = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char *) * n);
	sought->found = MemoryContextAllocHuge(CurrentMemoryContext, n);
	memset(sought->found, false, n);
	foreach(cell, keys)
		sought->keys[sought->n++] = lfirst(cell);
	qsort(sought->keys, sought->n, sizeof(char *), compare_keys);
}

/* One row of the host: what it allocates goes. */
static void
strike_row(Sought *sought, BindingRun *run, TupleTableSlot *row)
{
	char	   *key = binding_key(run, row);
	char	  **place = key == NULL ? NULL :
		bsearch(&key, sought->keys, sought->n, sizeof(char *), compare_keys);

	if (place != NULL && binding_accepts(run, row))
		sought->found[place - sought->keys] = true;
}

static void
strike_rows(Capture *capture, BindingRun *run, Sought *sought)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(capture->host),
													&TTSOpsHeapTuple);
	MemoryContext per_row = AllocSetContextCreate(CurrentMemoryContext, "pg_revops host row",
												  ALLOCSET_DEFAULT_SIZES);
	Portal		portal;

	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, psprintf("SELECT h FROM %s h", host_name(capture->host)),
									   0, NULL, NULL, NULL, true, CURSOR_OPT_NO_SCROLL);
	do
	{
		SPI_cursor_fetch(portal, true, 1000);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			MemoryContext old = MemoryContextSwitchTo(per_row);

			host_row_store(i, slot);
			strike_row(sought, run, slot);
			MemoryContextSwitchTo(old);
			MemoryContextReset(per_row);
		}
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(portal);
	SPI_finish();
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(per_row);
}

List *
host_keys_missing(Capture *capture, BindingRun *run, List *keys)
{
	Sought		sought;
	List	   *missing = NIL;
	int			nest;

	sought_begin(&sought, keys);
	PushActiveSnapshot(GetLatestSnapshot());
	nest = past_row_security();
	strike_rows(capture, run, &sought);
	AtEOXact_GUC(false, nest);
	PopActiveSnapshot();
	for (int i = 0; i < sought.n; i++)
	{
		if (!sought.found[i])
			missing = lappend(missing, sought.keys[i]);
	}
	return missing;
}
