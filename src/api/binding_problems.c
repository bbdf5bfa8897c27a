/*
 * binding_problems.c
 *		revops.binding_problems: what of a binding no longer compiles, and which
 *		roles can't be looked up.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/attempt.h"
#include "base/owner.h"
#include "define/binding_compile.h"

PG_FUNCTION_INFO_V1(revops_binding_problems);

enum
{
	COLUMN_PROBLEM,
	COLUMN_SUBJECT,
	COLUMN_SQLSTATE,
	COLUMN_MESSAGE,
	COLUMN_DETAIL,
	COLUMN_HINT,
	COLUMNS
};

static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	if (text != NULL)
		values[column] = CStringGetTextDatum(text);
}

static void
put_problem(ReturnSetInfo *result, const char *problem, const char *subject,
			const ErrorData *error)
{
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS];

	put_text(values, nulls, COLUMN_PROBLEM, problem);
	put_text(values, nulls, COLUMN_SUBJECT, subject);
	put_text(values, nulls, COLUMN_SQLSTATE, unpack_sql_state(error->sqlerrcode));
	put_text(values, nulls, COLUMN_MESSAGE, error->message);
	put_text(values, nulls, COLUMN_DETAIL, error->detail);
	put_text(values, nulls, COLUMN_HINT, error->hint);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* ----- roles that are looked up ------------------------------------------------ */

typedef struct AskingRoles
{
	Binding    *binding;
	Relation	host;
	ReturnSetInfo *result;
} AskingRoles;

/* See RoleFault. */
static void
put_role(void *arg, const char *role, ErrorData *error)
{
	put_problem(arg, "role_broken", role, error);
}

/*
 * Look up all roles of no row, as the binding's owner: a table that is gone, a
 * right that is missing, a column of another type raise as for a row.
 */
static void
ask_roles(void *arg)
{
	AskingRoles *asking = arg;
	Tuplestorestate *none = tuplestore_begin_heap(false, false, work_mem);
	BindingRun *run;
	OwnerScope	scope;

	restricted_enter(&scope, asking->binding->owner);
	run = binding_run_begin(asking->binding, RelationGetDescr(asking->host), NULL, NULL);
	binding_run_lookups(run, none, true, put_role, asking->result);
	binding_run_end(run);
	restricted_leave(&scope);
	tuplestore_end(none);
}

/*
 * What somebody has locked just now can't be told of, and is not waited for: the
 * next look tells.
 */
static void
put_lookups(ReturnSetInfo *result, Binding *binding)
{
	AskingRoles asking = {.binding = binding,.result = result};
	ErrorData  *error;

	if (!binding_looks_up(binding) ||
		!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(binding->owner)) ||
		!ConditionalLockRelationOid(binding->host, AccessShareLock))
		return;
	asking.host = try_table_open(binding->host, NoLock);
	if (asking.host == NULL)
		return;
	error = attempt(ask_roles, &asking);
	table_close(asking.host, AccessShareLock);
	if (error != NULL && error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
		ReThrowError(error);
}

/*
 * revops.binding_problems(binding_id int): the table, the key, the filter and
 * roles, in this order; a table that is gone is all that is said
 */
Datum
revops_binding_problems(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Binding    *binding;
	BindingPlan *plan;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	binding = binding_by_id(PG_GETARG_INT32(0));
	plan = binding->plan;
	if (plan->key_error != NULL &&
		!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(binding->host)))
	{
		put_problem(result, "table_gone", NULL, plan->key_error);
		PG_RETURN_NULL();
	}
	if (plan->key_error != NULL)
		put_problem(result, "key_broken", NULL, plan->key_error);
	if (plan->filter_error != NULL)
		put_problem(result, "filter_broken", NULL, plan->filter_error);
	for (int i = 0; i < plan->nbroken; i++)
		put_problem(result, "role_broken",
					NameStr(TupleDescAttr(binding->roles, plan->broken[i].role)->attname),
					plan->broken[i].error);
	put_lookups(result, binding);
	PG_RETURN_NULL();
}
