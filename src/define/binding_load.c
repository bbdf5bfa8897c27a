/*
 * binding_load.c
 *		Reads bindings from the tables and keeps them, compiled, per backend.
 *
 * Each binding has a memory context of its own.  A newer one replaces it in the
 * cache when definitions or a host table changed; the older one is put aside
 * and freed at the end of a transaction, when no run uses it any more: an outer
 * trigger of the same backend may stand on it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/plancache.h"

#include "base/errors.h"
#include "base/owner.h"
#include "define/binding.h"
#include "define/binding_compile.h"
#include "define/invalidate.h"
#include "define/stage_map.h"
#include "define/write_back.h"

typedef struct BindingEntry
{
	int32		binding_id;		/* hash key */
	uint64		definitions;	/* generations that it was built under */
	uint64		relations;
	Binding    *binding;
} BindingEntry;

static HTAB *entries = NULL;
static List *retired = NIL;		/* of Binding *, in TopMemoryContext */

static const char *const binding_query =
"SELECT b.workspace_id, b.lead_binding_id, b.kind, b.binding,"
" b.host::pg_catalog.oid, b.owner::pg_catalog.oid,"
" b.on_violation = 'strict', b.on_error = 'raise', b.filter, b.host_name,"
" b.key_columns, CASE WHEN b.numbered = b.host::pg_catalog.oid THEN b.key_attnums END,"
" CASE WHEN b.numbered = b.host::pg_catalog.oid THEN b.filter_columns END,"
" b.mode = 'queued', b.key_unique, b.replicated, b.zone, b.stage_map, b.write_back, b.bump"
" FROM revops.binding b WHERE b.binding_id = $1";

static const char *const roles_query =
"SELECT r.role, r.expression,"
" CASE WHEN r.numbered = b.host::pg_catalog.oid THEN r.attnum END,"
" r.role_type::pg_catalog.oid, r.personal,"
" CASE WHEN r.numbered = b.host::pg_catalog.oid THEN r.columns END"
" FROM revops.binding_role r JOIN revops.binding b USING (binding_id)"
" WHERE r.binding_id = $1 ORDER BY r.role COLLATE \"C\"";

/* ----- reading --------------------------------------------------------- */

/* Run one of the queries above; the result is in SPI_tuptable. */
static void
run_query(const char *query, int32 binding_id)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(binding_id);

	if (SPI_execute_with_args(query, 1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the tables of bindings");
}

static Datum
field(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

/* A text field copied into a memory context; NULL where it is NULL. */
static char *
text_field(int row, int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? NULL : MemoryContextStrdup(context, TextDatumGetCString(value));
}

static Jsonb *
jsonb_field(int row, int column, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		isnull;
	Datum		value = field(row, column, &isnull);
	Jsonb	   *json = isnull ? NULL : DatumGetJsonbPCopy(value);

	MemoryContextSwitchTo(old);
	return json;
}

static void
compile_words(Binding *binding, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	binding->stages = stage_map_compile(binding->stage_map);
	binding->fills = write_back_compile(binding->write_back, binding->bump);
	MemoryContextSwitchTo(old);
}

static BindingKind
kind_of(const char *kind)
{
	if (strcmp(kind, "lead") == 0)
		return BINDING_LEAD;
	if (strcmp(kind, "touch") == 0)
		return BINDING_TOUCH;
	if (strcmp(kind, "lookup") == 0)
		return BINDING_LOOKUP;
	return BINDING_OPPORTUNITY;
}

static void
read_key(BindingSource *source, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		isnull;
	Datum	   *names;
	Datum	   *numbers = NULL;
	int			nnumbers = 0;
	Datum		array;

	array = field(0, 11, &isnull);
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &names, NULL, &source->nkeys);
	array = field(0, 12, &isnull);
	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(array), INT2OID, 2, true, TYPALIGN_SHORT,
						  &numbers, NULL, &nnumbers);

	source->key_columns = palloc(source->nkeys * sizeof(char *));
	source->key_attnums = palloc0(source->nkeys * sizeof(AttrNumber));
	for (int i = 0; i < source->nkeys; i++)
	{
		source->key_columns[i] = TextDatumGetCString(names[i]);
		if (nnumbers == source->nkeys)
			source->key_attnums[i] = DatumGetInt16(numbers[i]);
	}
	MemoryContextSwitchTo(old);
}

static void
read_binding(Binding *binding, BindingSource *source, MemoryContext context)
{
	bool		isnull;
	char	   *kind;

	run_query(binding_query, binding->binding_id);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("binding number %d does not exist", binding->binding_id),
				 errdetail("A trigger or a lead refers to it, but table revops.binding has no such row."),
				 errhint("Attach the table anew, or drop the triggers named revops_%010d_*.",
						 binding->binding_id)));

	binding->workspace_id = DatumGetInt32(field(0, 1, &isnull));
	binding->lead_binding_id = DatumGetInt32(field(0, 2, &isnull));
	if (isnull)
		binding->lead_binding_id = binding->binding_id;
	kind = text_field(0, 3, CurrentMemoryContext);
	binding->kind = kind_of(kind);
	binding->name = text_field(0, 4, context);
	binding->host = DatumGetObjectId(field(0, 5, &isnull));
	binding->owner = DatumGetObjectId(field(0, 6, &isnull));
	binding->strict = DatumGetBool(field(0, 7, &isnull));
	binding->raise = DatumGetBool(field(0, 8, &isnull));
	binding->queued = DatumGetBool(field(0, 14, &isnull));
	binding->key_unique = DatumGetBool(field(0, 15, &isnull));
	binding->replicated = DatumGetBool(field(0, 16, &isnull));
	binding->zone = text_field(0, 17, context);
	binding->stage_map = jsonb_field(0, 18, context);
	binding->write_back = jsonb_field(0, 19, context);
	binding->bump = jsonb_field(0, 20, context);
	compile_words(binding, context);
	source->filter = text_field(0, 9, context);
	source->host_name = text_field(0, 10, context);
	source->filter_columns = jsonb_field(0, 13, context);
	read_key(source, context);
}

static void
read_roles(Binding *binding, BindingSource *source, MemoryContext context)
{
	run_query(roles_query, binding->binding_id);
	source->nroles = (int) SPI_processed;
	source->roles = MemoryContextAllocZero(context, Max(source->nroles, 1) * sizeof(RoleSource));
	for (int i = 0; i < source->nroles; i++)
	{
		RoleSource *role = &source->roles[i];
		bool		isnull;

		role->role = text_field(i, 1, context);
		role->expression = text_field(i, 2, context);
		role->attnum = DatumGetInt16(field(i, 3, &isnull));
		if (isnull)
			role->attnum = 0;
		role->type = DatumGetObjectId(field(i, 4, &isnull));
		role->personal = DatumGetBool(field(i, 5, &isnull));
		role->columns = jsonb_field(i, 6, context);
	}
}

/*
 * The newest snapshot, which owner_enter takes, and not the transaction's: what
 * is read here stays in the cache, and an old snapshot (REPEATABLE READ) would
 * leave outdated definitions in it for good.
 */
static void
read_all(Binding *binding, BindingSource *source, MemoryContext context)
{
	OwnerScope	scope;

	owner_enter(&scope);
	read_binding(binding, source, context);
	read_roles(binding, source, context);
	owner_leave(&scope);
}

/* ----- keeping --------------------------------------------------------- */

/* plancache keeps its expressions and plans: they do not go with our context */
static void
forget_tracked(void *arg)
{
	BindingPlan *plan = arg;
	ListCell   *cell;

	foreach(cell, plan->tracked)
		FreeCachedExpression((CachedExpression *) lfirst(cell));
	plan->tracked = NIL;
	if (plan->lookups != NULL)
		lookup_plan_release(plan->lookups);
}

/* Has a function that an expression uses changed since? */
static bool
expressions_valid(Binding *binding)
{
	ListCell   *cell;

	foreach(cell, binding->plan->tracked)
	{
		if (!((CachedExpression *) lfirst(cell))->is_valid)
			return false;
	}
	return true;
}

/*
 * Expressions compile as the binding's owner, restricted: folding constants
 * runs the functions that the owner's text names.  An owner that was dropped has
 * the rights of PUBLIC, never those of whoever happens to write.
 */
static void
compile_as_owner(Binding *binding, const BindingSource *source)
{
	OwnerScope	scope;

	restricted_enter(&scope, binding->owner);
	/* a literal such as '2026-01-01' is read while the text is parsed */
	pin_zone(binding->zone);
	binding_compile(binding, source);
	restricted_leave(&scope);
}

/* Read and compile.  The context is a child of the caller's until all is well. */
static Binding *
build_binding(int32 binding_id)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "pg_revops binding",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Binding    *binding = palloc0(sizeof(Binding));
	BindingSource source = {0};
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));

	binding->binding_id = binding_id;
	binding->plan = palloc0(sizeof(BindingPlan));
	binding->plan->context = context;
	callback->func = forget_tracked;
	callback->arg = binding->plan;
	MemoryContextRegisterResetCallback(context, callback);

	read_all(binding, &source, context);
	MemoryContextSetIdentifier(context, binding->name);
	compile_as_owner(binding, &source);

	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, CacheMemoryContext);
	return binding;
}

static void
retire(Binding *binding)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	retired = lappend(retired, binding);
	MemoryContextSwitchTo(old);
}

static void
free_retired(XactEvent event, void *arg)
{
	ListCell   *cell;

	if (retired == NIL ||
		(event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE))
		return;
	foreach(cell, retired)
	{
		Binding    *binding = lfirst(cell);

		if (binding->plan->pins > 0)
			continue;
		retired = foreach_delete_current(retired, cell);
		MemoryContextDelete(binding->plan->context);
	}
}

static void
create_cache(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(int32);
	ctl.entrysize = sizeof(BindingEntry);
	ctl.hcxt = CacheMemoryContext;
	entries = hash_create("pg_revops bindings", 16, &ctl,
						  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	RegisterXactCallback(free_retired, NULL);
}

Binding *
binding_by_id(int32 binding_id)
{
	BindingEntry *entry;
	uint64		definitions = definitions_generation();
	uint64		relations = relations_generation();
	Binding    *binding;

	if (entries == NULL)
		create_cache();
	entry = hash_search(entries, &binding_id, HASH_FIND, NULL);
	if (entry != NULL && entry->definitions == definitions &&
		entry->relations == relations && expressions_valid(entry->binding))
		return entry->binding;

	/* building may come back here for another binding, and may raise */
	binding = build_binding(binding_id);
	entry = hash_search(entries, &binding_id, HASH_FIND, NULL);
	if (entry != NULL)
		retire(entry->binding);
	else
		entry = hash_search(entries, &binding_id, HASH_ENTER, NULL);
	entry->binding = binding;
	entry->definitions = definitions;
	entry->relations = relations;
	return binding;
}
