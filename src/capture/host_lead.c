/*
 * host_lead.c
 *		See host_lead.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/errors.h"
#include "base/owner.h"
#include "capture/host_lead.h"
#include "decide/decide.h"

/* the row in our statements */
#define ROW "\"pg_revops: row\""
/* what all of them return: the cast makes it the row, even where a column is called so */
#define FOUND "(" ROW ".*)::%s, " ROW ".ctid, " ROW ".tableoid"
/* rows of one e-mail that are looked at */
#define MANY 100

/* ----- which index finds an e-mail -------------------------------------------------- */

/* The one argument of a call of this function; NULL: it is something else. */
static Node *
argument_of(Node *node, Oid function)
{
	FuncExpr   *call = (FuncExpr *) node;

	return IsA(node, FuncExpr) && call->funcid == function ? linitial(call->args) : NULL;
}

/* Is it the column, seen as text? */
static bool
is_column(Node *node, AttrNumber attnum)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node != NULL && IsA(node, Var) && ((Var *) node)->varattno == attnum;
}

/* Does the index hold all rows that the filter lets through? */
static bool
holds_leads(Relation index, const Binding *binding)
{
	List	   *predicate = RelationGetIndexPredicate(index);
	Expr	   *filter = binding_filter(binding);

	return predicate == NIL ||
		(filter != NULL &&
		 predicate_implied_by(predicate, make_ands_implicit(canonicalize_qual(filter, false)), false));
}

/*
 * SQL over the column, such as lower(btrim("email")), by which this index finds
 * rows; NULL: it does not serve.
 */
static const char *
indexed_form(Relation index, const HostLeads *leads, bool *trims)
{
	Form_pg_index form = index->rd_index;
	Node	   *lowered;
	Node	   *stripped;

	if (!form->indisvalid || form->indkey.values[0] != 0 ||
		(index->rd_rel->relam != BTREE_AM_OID && index->rd_rel->relam != HASH_AM_OID) ||
		index->rd_indcollation[0] != leads->email->collation)
		return NULL;
	lowered = argument_of(linitial(RelationGetIndexExpressions(index)), F_LOWER_TEXT);
	if (lowered == NULL)
		return NULL;
	stripped = argument_of(lowered, F_BTRIM_TEXT);
	*trims = stripped != NULL;
	if (!is_column(*trims ? stripped : lowered, leads->email->attnum) ||
		!holds_leads(index, leads->binding))
		return NULL;
	return *trims ? "pg_catalog.lower(pg_catalog.btrim(%s.%s::pg_catalog.text))" :
		"pg_catalog.lower(%s.%s::pg_catalog.text)";
}

/* The index's own condition as SQL, to be asked for; "" where it has none. */
static char *
index_condition(Relation index)
{
	Datum		predicate;
	bool		isnull;

	predicate = SysCacheGetAttr(INDEXRELID, index->rd_indextuple, Anum_pg_index_indpred, &isnull);
	if (isnull)
		return "";
	return psprintf(" AND (%s)",
					TextDatumGetCString(DirectFunctionCall2(pg_get_expr, predicate,
															ObjectIdGetDatum(index->rd_index->indrelid))));
}

static char *
find_match(const HostLeads *leads)
{
	List	   *indexes = RelationGetIndexList(leads->host);
	const char *column = quote_identifier(leads->email->column);
	char	   *match = NULL;
	bool		trims = false;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
		bool		this_trims;
		const char *form = trims ? NULL : indexed_form(index, leads, &this_trims);

		if (form != NULL && (match == NULL || this_trims))
		{
			StringInfoData sql;

			initStringInfo(&sql);
			appendStringInfo(&sql, form, ROW, column);
			appendStringInfo(&sql, " OPERATOR(pg_catalog.=) $1%s", index_condition(index));
			match = sql.data;
			trims = this_trims;
		}
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	if (match == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_BINDING),
				 errmsg("no index of %s finds a lead by its e-mail", leads->table),
				 errdetail("Each form would read the whole table; an index with a condition counts where binding \"%s\" has that filter.",
						   leads->binding->name),
				 errhint("CREATE INDEX CONCURRENTLY ON %s (lower(btrim(%s%s)));", leads->table, column,
						 getBaseType(leads->email->type) == TEXTOID ? "" : "::text")));
	return match;
}

/* A role that fails for a row is told by whoever settles the row. */
static void
ignore_fault(void *arg, const char *role, ErrorData *error)
{
}

void
host_leads_begin(HostLeads *leads, Binding *binding)
{
	leads->binding = binding;
	leads->host = try_relation_open(binding->host, AccessShareLock);
	if (leads->host == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_BINDING),
				 errmsg("the table of binding \"%s\" is not there any more", binding->name),
				 errhint("SELECT revops.detach(%s), then attach the table that holds the leads now.",
						 quote_literal_cstr(binding->name))));
	leads->table = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(leads->host)),
											  RelationGetRelationName(leads->host));
	leads->run = binding_run_begin(binding, RelationGetDescr(leads->host), ignore_fault, NULL);
	leads->slot = MakeSingleTupleTableSlot(RelationGetDescr(leads->host), &TTSOpsHeapTuple);
}

void
host_leads_by(HostLeads *leads, const RoleColumn *email)
{
	leads->email = email;
	leads->match = find_match(leads);
}

void
host_leads_end(HostLeads *leads)
{
	ExecDropSingleTupleTableSlot(leads->slot);
	binding_run_end(leads->run);
	table_close(leads->host, NoLock);
}

char *
host_leads_normal(const HostLeads *leads, const char *address)
{
	return str_tolower(address, strlen(address), leads->email->collation);
}

/* ----- rows ---------------------------------------------------------------------------- */

/* A row that a statement of ours returned, copied into this memory context. */
static void
copy_row(HeapTuple tuple, TupleDesc desc, MemoryContext context, HostLead *lead)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		isnull;
	HeapTupleHeader header = DatumGetHeapTupleHeader(SPI_getbinval(tuple, desc, 1, &isnull));
	HeapTupleData row = {.t_len = HeapTupleHeaderGetDatumLength(header),.t_data = header};

	ItemPointerSetInvalid(&row.t_self);
	lead->row = heap_copytuple(&row);
	lead->tid = *(ItemPointer) DatumGetPointer(SPI_getbinval(tuple, desc, 2, &isnull));
	lead->relation = DatumGetObjectId(SPI_getbinval(tuple, desc, 3, &isnull));
	lead->key = NULL;
	MemoryContextSwitchTo(old);
}

/* Is it a lead, and of what key?  When it was created: NO_TIME where that is not known. */
static bool
read_row(HostLeads *leads, HostLead *lead, TimestampTz *created_at)
{
	OwnerScope	scope;
	bool		accepted;

	ExecStoreHeapTuple(lead->row, leads->slot, false);
	restricted_enter(&scope, leads->binding->owner);
	accepted = binding_accepts(leads->run, leads->slot);
	if (accepted)
	{
		TupleTableSlot *roles = binding_project_careful(leads->run, leads->slot, ignore_fault, NULL);

		lead->key = binding_key(leads->run, leads->slot);
		*created_at = roles->tts_isnull[LEAD_CREATED_AT] ? NO_TIME :
			DatumGetTimestampTz(roles->tts_values[LEAD_CREATED_AT]);
	}
	restricted_leave(&scope);
	return accepted && lead->key != NULL;
}

/* Of two leads of one e-mail the first to be created, then the one of the lower key. */
static bool
comes_before(const HostLead *a, TimestampTz a_created, const HostLead *b, TimestampTz b_created)
{
	if (a_created != b_created)
		return b_created == NO_TIME || (a_created != NO_TIME && a_created < b_created);
	return strcmp(a->key, b->key) < 0;
}

bool
host_leads_find(HostLeads *leads, const char *normal, bool newest, HostLead *lead)
{
	char	   *sql = psprintf("SELECT " FOUND " FROM %s AS " ROW " WHERE %s LIMIT %d",
							   leads->table, leads->table, leads->match, MANY);
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(normal);
	MemoryContext context = CurrentMemoryContext;
	TimestampTz first = NO_TIME;
	HostLead   *rows;
	int			n;
	SPIPlanPtr	plan;
	Snapshot	snapshot = newest ? RegisterSnapshot(GetLatestSnapshot()) : InvalidSnapshot;
	bool		found = false;

	SPI_connect();
	plan = SPI_prepare(sql, 1, &type);
	if (plan == NULL ||
		SPI_execute_snapshot(plan, &value, NULL, snapshot, InvalidSnapshot, newest, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "looking for a lead failed");
	n = (int) SPI_processed;
	rows = MemoryContextAlloc(context, sizeof(HostLead) * Max(n, 1));
	for (int i = 0; i < n; i++)
		copy_row(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, context, &rows[i]);
	SPI_finish();
	if (newest)
		UnregisterSnapshot(snapshot);

	for (int i = 0; i < n; i++)
	{
		TimestampTz created_at;

		if (!read_row(leads, &rows[i], &created_at))
			continue;
		if (!found || comes_before(&rows[i], created_at, lead, first))
		{
			*lead = rows[i];
			first = created_at;
		}
		found = true;
	}
	return found;
}

/* ----- a new row ------------------------------------------------------------------------- */

/* The fields as parameters of a statement. */
static int
field_parameters(const Form *form, Oid **types, Datum **values)
{
	int			n = 0;
	ListCell   *cell;

	/* two more, for who asks */
	*types = palloc(sizeof(Oid) * (list_length(form->fields) + 2));
	*values = palloc(sizeof(Datum) * (list_length(form->fields) + 2));
	foreach(cell, form->fields)
	{
		FormField  *field = lfirst(cell);

		(*types)[n] = field->column->type;
		(*values)[n++] = field->value;
	}
	return n;
}

static char *
insert_statement(const HostLeads *leads, const Form *form, bool must)
{
	StringInfoData sql;
	ListCell   *cell;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s AS " ROW " (", leads->table);
	foreach(cell, form->fields)
		appendStringInfo(&sql, "%s%s", cell == list_head(form->fields) ? "" : ", ",
						 quote_identifier(((FormField *) lfirst(cell))->column->column));
	appendStringInfoString(&sql, ") VALUES (");
	for (int i = 1; i <= list_length(form->fields); i++)
		appendStringInfo(&sql, "%s$%d", i == 1 ? "" : ", ", i);
	appendStringInfo(&sql, ")%s RETURNING " FOUND, must ? "" : " ON CONFLICT DO NOTHING",
					 leads->table);
	return sql.data;
}

bool
host_leads_insert(HostLeads *leads, const Form *form, bool must, HostLead *lead)
{
	MemoryContext context = CurrentMemoryContext;
	Oid		   *types;
	Datum	   *values;
	int			n = field_parameters(form, &types, &values);
	TimestampTz created_at;
	bool		inserted;

	SPI_connect();
	if (SPI_execute_with_args(insert_statement(leads, form, must), n, types, values, NULL,
							  false, 0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "making a lead failed");
	inserted = SPI_processed == 1;
	if (inserted)
		copy_row(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, context, lead);
	SPI_finish();
	if (!inserted && must)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("a trigger or rule of %s has suppressed the new lead", leads->table),
				 errhint("Let the row through, or do without revops.capture().")));
	if (inserted && !read_row(leads, lead, &created_at))
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_BINDING),
				 errmsg("the row that the form makes in %s is no lead of binding \"%s\"",
						leads->table, leads->binding->name),
				 errdetail("It does not pass the binding's filter, or has no key."),
				 errhint("Give the columns that the filter reads defaults that it lets through, or map roles to them and send these with the form.")));
	return inserted;
}

/* ----- a row that is there ------------------------------------------------------------------ */

static char *
value_shown(Oid type, Datum value)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

static bool
is_textual(Oid type)
{
	char		category;
	bool		preferred;

	get_type_category_preferred(getBaseType(type), &category, &preferred);
	return category == TYPCATEGORY_STRING;
}

/* What the row says in this column, as text; NULL: nothing. */
static char *
shown(const HostLeads *leads, const HostLead *lead, const RoleColumn *column)
{
	bool		isnull;
	Datum		value = heap_getattr(lead->row, column->attnum, RelationGetDescr(leads->host), &isnull);
	char	   *text;

	if (isnull)
		return NULL;
	text = value_shown(column->type, value);
	return is_textual(column->type) && text[strspn(text, " ")] == '\0' ? NULL : text;
}

static bool
may_update(const HostLeads *leads, const RoleColumn *column)
{
	Oid			relation = RelationGetRelid(leads->host);

	return pg_class_aclcheck(relation, GetUserId(), ACL_UPDATE) == ACLCHECK_OK ||
		pg_attribute_aclcheck(relation, column->attnum, GetUserId(), ACL_UPDATE) == ACLCHECK_OK;
}

/* One column: what somebody has written there meanwhile stays. */
static void
append_assignment(StringInfo sql, const RoleColumn *column, int parameter)
{
	const char *name = quote_identifier(column->column);

	appendStringInfo(sql, "%s = CASE WHEN " ROW ".%s IS NULL", name, name);
	if (is_textual(column->type))
		appendStringInfo(sql, " OR pg_catalog.btrim(" ROW ".%s::pg_catalog.text) OPERATOR(pg_catalog.=) ''", name);
	appendStringInfo(sql, " THEN $%d ELSE " ROW ".%s END", parameter, name);
}

bool
host_leads_fill(HostLeads *leads, HostLead *lead, const Form *form, List **filled, List **left)
{
	MemoryContext context = CurrentMemoryContext;
	Oid		   *types;
	Datum	   *values;
	int			n = field_parameters(form, &types, &values);
	StringInfoData sql;
	int			parameter = 0;
	ListCell   *cell;
	bool		done;

	*filled = *left = NIL;
	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s AS " ROW " SET ", leads->table);
	foreach(cell, form->fields)
	{
		FormField  *field = lfirst(cell);
		char	   *there;

		parameter++;
		if (field->column == leads->email)
			continue;
		there = shown(leads, lead, field->column);
		if (there != NULL && strcmp(there, value_shown(field->column->type, field->value)) == 0)
			continue;
		if (there != NULL || !may_update(leads, field->column))
		{
			*left = lappend(*left, field->column->role);
			continue;
		}
		appendStringInfoString(&sql, *filled == NIL ? "" : ", ");
		append_assignment(&sql, field->column, parameter);
		*filled = lappend(*filled, field->column->role);
	}
	if (*filled == NIL)
		return true;
	types[n] = TIDOID;
	values[n] = PointerGetDatum(&lead->tid);
	types[n + 1] = OIDOID;
	values[n + 1] = ObjectIdGetDatum(lead->relation);
	appendStringInfo(&sql, " WHERE " ROW ".ctid OPERATOR(pg_catalog.=) $%d AND " ROW ".tableoid OPERATOR(pg_catalog.=) $%d"
					 " RETURNING " FOUND, n + 1, n + 2, leads->table);
	SPI_connect();
	if (SPI_execute_with_args(sql.data, n + 2, types, values, NULL, false, 0) != SPI_OK_UPDATE_RETURNING)
		elog(ERROR, "filling in a lead failed");
	done = SPI_processed > 0;
	if (done)
	{
		char	   *key = lead->key;

		copy_row(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, context, lead);
		lead->key = key;
	}
	SPI_finish();
	return done;
}
