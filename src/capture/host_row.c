/*
 * host_row.c
 *		A row of the host's, found again by its canonical key.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/errors.h"
#include "capture/capture.h"

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
