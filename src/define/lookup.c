/*
 * lookup.c
 *		See lookup.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "base/attempt.h"
#include "base/compat.h"
#include "define/lookup.h"

/* What the rows are called in the queries. */
#define ROWS_NAME	"revops_rows"
/*
 * How many rows the planner expects.  The plan serves a statement of one row
 * and one of a million: planned for the latter it would be compiled by JIT each
 * time, which costs a single row some hundred times what it takes.
 */
#define ROWS_EXPECTED	100

typedef struct LookedUpRole
{
	char	   *role;
	char	   *expression;
	Oid			type;
	List	   *columns;
} LookedUpRole;

/* A query for some of the roles, and its plan once it was needed. */
typedef struct LookupQuery
{
	char	   *text;
	int			n;
	int		   *roles;			/* what its columns are */
	TupleDesc	desc;
	SPIPlanPtr	plan;			/* kept; NULL: not made yet */
} LookupQuery;

struct LookupPlan
{
	MemoryContext context;
	Oid			host;
	char	   *alias;
	int			n;
	LookedUpRole *roles;
	int			nqueries;
	LookupQuery *queries;		/* all roles, each once */
	LookupQuery *own;			/* each role by itself */
};

/* The answers of one query. */
typedef struct LookupAnswers
{
	LookupQuery *query;
	Tuplestorestate *store;
	TupleTableSlot *slot;
} LookupAnswers;

struct Lookups
{
	LookupPlan *plan;
	TupleDesc	host;
	Tuplestorestate *rows;
	RoleFault	fault;
	void	   *arg;
	MemoryContext context;
	int			n;
	LookupAnswers *answers;		/* room for one a role */
};

/* ----- the plan ----------------------------------------------------------- */

LookupPlan *
lookup_plan_create(Oid host, const char *alias)
{
	LookupPlan *plan = palloc0(sizeof(LookupPlan));

	plan->context = CurrentMemoryContext;
	plan->host = host;
	plan->alias = pstrdup(alias);
	return plan;
}

void
lookup_plan_add(LookupPlan *plan, const char *role, const char *expression, Oid type,
				List *columns)
{
	MemoryContext old = MemoryContextSwitchTo(plan->context);
	Size		room = sizeof(LookedUpRole) * (plan->n + 1);
	LookedUpRole *added;

	plan->roles = plan->roles == NULL ? palloc(room) : repalloc(plan->roles, room);
	added = &plan->roles[plan->n++];
	added->role = pstrdup(role);
	added->expression = pstrdup(expression);
	added->type = type;
	added->columns = copyObject(columns);
	MemoryContextSwitchTo(old);
}

int
lookup_plan_count(const LookupPlan *plan)
{
	return plan->n;
}

/* The rows, under the names by which a role's text knows them and their columns. */
static void
append_rows(StringInfo text, const LookupPlan *plan, List *columns)
{
	const char *separator = "(";
	ListCell   *cell;

	appendStringInfo(text, " FROM " ROWS_NAME " AS %s", quote_identifier(plan->alias));
	foreach(cell, columns)
	{
		appendStringInfo(text, "%s%s", separator, quote_identifier(strVal(lfirst(cell))));
		separator = ", ";
	}
	if (columns != NIL)
		appendStringInfoChar(text, ')');
}

/* A query for roles that know the columns by the same names. */
static void
make_query(LookupPlan *plan, LookupQuery *query, const int *roles, int n)
{
	StringInfoData text;

	query->n = n;
	query->roles = palloc(sizeof(int) * n);
	query->desc = CreateTemplateTupleDesc(n);
	initStringInfo(&text);
	for (int i = 0; i < n; i++)
	{
		LookedUpRole *role = &plan->roles[roles[i]];

		query->roles[i] = roles[i];
		TupleDescInitEntry(query->desc, i + 1, role->role, role->type, -1, 0);
		/* a text may end in a comment */
		appendStringInfo(&text, "%s CAST((%s\n) AS %s)", i == 0 ? "SELECT" : ",",
						 role->expression,
						 format_type_extended(role->type, -1, FORMAT_TYPE_FORCE_QUALIFY));
	}
	append_rows(&text, plan, plan->roles[roles[0]].columns);
	query->text = text.data;
}

/*
 * All roles in one query, but for those that know columns by names which these
 * had before: another role may know them by others.
 */
void
lookup_plan_finish(LookupPlan *plan)
{
	MemoryContext old = MemoryContextSwitchTo(plan->context);
	int		   *present = palloc(sizeof(int) * Max(plan->n, 1));
	int			n = 0;

	plan->queries = palloc0(sizeof(LookupQuery) * Max(plan->n, 1));
	plan->own = palloc0(sizeof(LookupQuery) * Max(plan->n, 1));
	for (int i = 0; i < plan->n; i++)
	{
		make_query(plan, &plan->own[i], &i, 1);
		if (plan->roles[i].columns != NIL)
			make_query(plan, &plan->queries[plan->nqueries++], &i, 1);
		else
			present[n++] = i;
	}
	if (n > 0)
		make_query(plan, &plan->queries[plan->nqueries++], present, n);
	pfree(present);
	MemoryContextSwitchTo(old);
}

static void
release_queries(LookupQuery *queries, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (queries[i].plan != NULL)
			(void) SPI_freeplan(queries[i].plan);
		queries[i].plan = NULL;
	}
}

void
lookup_plan_release(LookupPlan *plan)
{
	release_queries(plan->queries, plan->nqueries);
	if (plan->own != NULL)
		release_queries(plan->own, plan->n);
}

/* ----- asking ------------------------------------------------------------- */

/*
 * No statement of the host waits for a lock because of us, and every row is
 * shown that a policy shows to the current user.  Returns the nest level.
 */
static int
pin_settings(void)
{
	int			nest = NewGUCNestLevel();

	(void) set_config_option("lock_timeout", "1", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (!row_security)
		(void) set_config_option("row_security", "on", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return nest;
}

/* The plan is kept only when it is whole. */
static void
prepare(LookupQuery *query)
{
	SPIPlanPtr	plan = SPI_prepare(query->text, 0, NULL);

	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare the query of lookup roles: %s",
			 SPI_result_code_string(SPI_result));
	query->plan = plan;
}

typedef struct Asking
{
	Lookups    *lookups;
	LookupQuery *query;
	Tuplestorestate *rows;
	Tuplestorestate *answers;
} Asking;

static void
run_query(Asking *asking)
{
	EphemeralNamedRelationData rows = {0};
	SPIExecuteOptions options = {0};

	rows.md.name = ROWS_NAME;
	rows.md.reliddesc = asking->lookups->plan->host;
	rows.md.enrtype = ENR_NAMED_TUPLESTORE;
	rows.md.enrtuples = ROWS_EXPECTED;
	rows.reldata = asking->rows;
	if (SPI_register_relation(&rows) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not show the rows to the query of lookup roles");
	if (asking->query->plan == NULL)
		prepare(asking->query);
	options.read_only = true;
	options.dest = CreateDestReceiver(DestTuplestore);
	SetTuplestoreDestReceiverParams(options.dest, asking->answers,
									asking->lookups->context, true, NULL, NULL);
	if (SPI_execute_plan_extended(asking->query->plan, &options) != SPI_OK_SELECT)
		elog(ERROR, "the query of lookup roles failed");
	options.dest->rDestroy(options.dest);
}

static void
ask(void *arg)
{
	int			nest = pin_settings();

	/* what the statement has written is to be seen */
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	run_query(arg);
	SPI_finish();
	PopActiveSnapshot();
	AtEOXact_GUC(false, nest);
}

/*
 * The error, if there was one that is the role's own.  What a later try may do
 * better is raised.
 */
static ErrorData *
ask_guarded(Asking *asking)
{
	ErrorData  *error = attempt(ask, asking);

	if (error == NULL)
		return NULL;
	if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE)
	{
		error->message = pstrdup("a table that roles look up is locked by another transaction");
		ReThrowError(error);
	}
	if (attempt_lacks_resources(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/* ----- answers ------------------------------------------------------------ */

static Tuplestorestate *
make_store(void)
{
	return tuplestore_begin_heap(false, false, work_mem);
}

static void
add_answers(Lookups *lookups, LookupQuery *query, Tuplestorestate *store)
{
	LookupAnswers *answers = &lookups->answers[lookups->n++];

	answers->query = query;
	answers->store = store;
	answers->slot = MakeSingleTupleTableSlot(query->desc, &TTSOpsMinimalTuple);
}

static void
tell(Lookups *lookups, int role, ErrorData *error)
{
	if (lookups->fault != NULL)
		lookups->fault(lookups->arg, lookups->plan->roles[role].role, error);
	FreeErrorData(error);
}

/* Would the query fail for any row?  Then it does for none. */
static ErrorData *
ask_for_nothing(Lookups *lookups, LookupQuery *query)
{
	Tuplestorestate *none = make_store();
	Tuplestorestate *answers = make_store();
	Asking		asking = {lookups, query, none, answers};
	ErrorData  *error = ask_guarded(&asking);

	tuplestore_end(none);
	tuplestore_end(answers);
	return error;
}

/* One role of one row, NULL where it fails. */
static void
ask_for_row(Lookups *lookups, LookupQuery *query, TupleTableSlot *row,
			Tuplestorestate *answers)
{
	Tuplestorestate *one = make_store();
	Asking		asking = {lookups, query, one, answers};
	ErrorData  *error;
	Datum		value = (Datum) 0;
	bool		isnull = true;

	tuplestore_puttupleslot(one, row);
	error = ask_guarded(&asking);
	tuplestore_end(one);
	if (error == NULL)
		return;
	tuplestore_putvalues(answers, query->desc, &value, &isnull);
	tell(lookups, query->roles[0], error);
}

static void
ask_row_by_row(Lookups *lookups, LookupQuery *query)
{
	Tuplestorestate *answers = make_store();
	TupleTableSlot *row = MakeSingleTupleTableSlot(lookups->host, &TTSOpsMinimalTuple);
	int			pointer = tuplestore_alloc_read_pointer(lookups->rows, EXEC_FLAG_REWIND);

	tuplestore_select_read_pointer(lookups->rows, pointer);
	tuplestore_rescan(lookups->rows);
	while (tuplestore_gettupleslot(lookups->rows, true, false, row))
	{
		ask_for_row(lookups, query, row, answers);
		tuplestore_select_read_pointer(lookups->rows, pointer);
	}
	ExecDropSingleTupleTableSlot(row);
	add_answers(lookups, query, answers);
}

/* A role that failed for some row, or can't be asked for at all. */
static void
ask_for_failed_role(Lookups *lookups, LookupQuery *query)
{
	ErrorData  *error = ask_for_nothing(lookups, query);

	if (error != NULL)
		tell(lookups, query->roles[0], error);
	else
		ask_row_by_row(lookups, query);
}

static void
ask_carefully(Lookups *lookups, LookupQuery *query)
{
	Tuplestorestate *store = make_store();
	Asking		asking = {lookups, query, lookups->rows, store};
	ErrorData  *error = ask_guarded(&asking);

	if (error == NULL)
	{
		add_answers(lookups, query, store);
		return;
	}
	FreeErrorData(error);
	tuplestore_end(store);
	if (query->n == 1)
		ask_for_failed_role(lookups, query);
	else
		for (int i = 0; i < query->n; i++)
			ask_carefully(lookups, &lookups->plan->own[query->roles[i]]);
}

static void
ask_for_all(Lookups *lookups, LookupQuery *query)
{
	Tuplestorestate *store = make_store();
	Asking		asking = {lookups, query, lookups->rows, store};

	ask(&asking);
	add_answers(lookups, query, store);
}

Lookups *
lookups_begin(LookupPlan *plan, TupleDesc host, Tuplestorestate *rows, bool careful,
			  RoleFault fault, void *arg)
{
	Lookups    *lookups = palloc0(sizeof(Lookups));

	lookups->plan = plan;
	lookups->host = host;
	lookups->rows = rows;
	lookups->fault = fault;
	lookups->arg = arg;
	lookups->context = CurrentMemoryContext;
	lookups->answers = palloc(sizeof(LookupAnswers) * plan->n);
	for (int i = 0; i < plan->nqueries; i++)
	{
		if (careful)
			ask_carefully(lookups, &plan->queries[i]);
		else
			ask_for_all(lookups, &plan->queries[i]);
	}
	return lookups;
}

Lookups *
lookups_of_row(LookupPlan *plan, TupleTableSlot *row, bool careful, RoleFault fault,
			   void *arg)
{
	Tuplestorestate *one = make_store();
	Lookups    *lookups;

	tuplestore_puttupleslot(one, row);
	lookups = lookups_begin(plan, row->tts_tupleDescriptor, one, careful, fault, arg);
	tuplestore_end(one);
	return lookups;
}

void
lookups_next(Lookups *lookups, Datum *values, bool *nulls)
{
	/* what is read back from disk is the slot's until the next row, not the caller's */
	MemoryContext old = MemoryContextSwitchTo(lookups->context);

	memset(nulls, true, sizeof(bool) * lookups->plan->n);
	for (int i = 0; i < lookups->n; i++)
	{
		LookupAnswers *answers = &lookups->answers[i];

		if (!tuplestore_gettupleslot(answers->store, true, false, answers->slot))
			elog(ERROR, "lookup roles have fewer rows than were asked for");
		slot_getallattrs(answers->slot);
		for (int j = 0; j < answers->query->n; j++)
		{
			int			role = answers->query->roles[j];

			values[role] = answers->slot->tts_values[j];
			nulls[role] = answers->slot->tts_isnull[j];
		}
	}
	MemoryContextSwitchTo(old);
}

void
lookups_end(Lookups *lookups)
{
	for (int i = 0; i < lookups->n; i++)
	{
		ExecDropSingleTupleTableSlot(lookups->answers[i].slot);
		tuplestore_end(lookups->answers[i].store);
	}
	lookups->n = 0;
}
