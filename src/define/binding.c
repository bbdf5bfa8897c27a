/*
 * binding.c
 *		Runs of a binding: host rows in; keys, verdicts of the filter and role
 *		slots out.  How a binding is read and compiled is in binding_load.c and
 *		binding_compile.c.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "base/attempt.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/owner.h"
#include "define/binding.h"
#include "define/binding_compile.h"

struct BindingRun
{
	Binding    *binding;
	TupleDesc	host;			/* of its rows */
	MemoryContext context;		/* of the run; ExprStates are made here */
	MemoryContext values;		/* new values of the present row, or NULL */
	TupleTableSlot *roles;
	int			last_attnum;	/* columns to take out of a host row */
	ExprState **states;			/* one a step, made at first use */
	bool	   *skip;			/* one a step: does not fit this descriptor */
	ExprContext *econtext;		/* of role expressions; its values live on */
	ExprContext *scratch;		/* of the filter */
	ExprState  *filter;
	Lookups    *lookups;		/* of all rows; NULL: each is looked up by itself */
	Lookups    *row_lookups;	/* of the present row by itself */
	MemoryContext lookup_context;	/* of row_lookups; NULL: there are no such roles */
	Datum	   *looked_up;		/* of the present row, one a lookup role */
	bool	   *not_found;
	bool		pinned;
	MemoryContextCallback unpin;
};

/* ----- begin and end ---------------------------------------------------- */

static void
unpin_binding(void *arg)
{
	BindingRun *run = arg;

	if (run->pinned)
		run->binding->plan->pins--;
	run->pinned = false;
}

static const char *
role_name(Binding *binding, int role)
{
	return NameStr(TupleDescAttr(binding->roles, role)->attname);
}

/*
 * The rows' descriptor must be the one that we compiled for: a column of
 * another type would be read as garbage.  It differs when the host's statement
 * is older than a change of the table, which locks prevent, or when the caller
 * passes another relation's rows, so this is a guard, not an everyday case.
 */
static ErrorData *
other_column(Binding *binding, RoleStep *step)
{
	ErrorData  *error = palloc0(sizeof(ErrorData));

	error->elevel = ERROR;
	error->sqlerrcode = ERRCODE_REVOPS_INVALID_BINDING;
	error->message = psprintf("role \"%s\" of binding \"%s\" cannot be read from these rows",
							  role_name(binding, step->role), binding->name);
	error->detail = psprintf("Column number %d is not of type %s.",
							 step->attnum, format_type_be(step->atttype));
	error->assoc_context = CurrentMemoryContext;
	return error;
}

static bool
column_fits(TupleDesc host, AttrNumber attnum, Oid type)
{
	return attnum <= host->natts &&
		!TupleDescAttr(host, attnum - 1)->attisdropped &&
		TupleDescAttr(host, attnum - 1)->atttypid == type;
}

static void
check_descriptor(BindingRun *run, TupleDesc host, RoleFault fault, void *arg)
{
	BindingPlan *plan = run->binding->plan;

	for (int i = 0; i < plan->nkeys; i++)
	{
		if (!column_fits(host, plan->keys[i].attnum, plan->keys[i].atttype))
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_INVALID_BINDING),
					 errmsg("the key of binding \"%s\" cannot be read from these rows",
							run->binding->name),
					 errdetail("Column number %d is not of type %s.", plan->keys[i].attnum,
							   format_type_be(plan->keys[i].atttype))));
	}
	for (int i = 0; i < plan->nsteps; i++)
	{
		RoleStep   *step = &plan->steps[i];

		if (step->kind == STEP_EXPRESSION || step->kind == STEP_LOOKUP ||
			column_fits(host, step->attnum, step->atttype))
			continue;
		run->skip[i] = true;
		run->roles->tts_isnull[step->role] = true;
		if (fault != NULL)
			fault(arg, role_name(run->binding, step->role), other_column(run->binding, step));
	}
}

BindingRun *
binding_run_begin(Binding *binding, TupleDesc host, RoleFault fault, void *arg)
{
	BindingPlan *plan = binding->plan;
	BindingRun *run = palloc0(sizeof(BindingRun));

	run->binding = binding;
	run->host = host;
	run->context = CurrentMemoryContext;
	run->roles = binding_role_slot(binding);
	run->last_attnum = Min(plan->last_attnum, host->natts);
	run->skip = palloc0(plan->nsteps * sizeof(bool));
	if (plan->nexpressions > 0)
		run->states = palloc0(plan->nsteps * sizeof(ExprState *));
	if (plan->allocates)
	{
		run->econtext = CreateStandaloneExprContext();
		run->values = run->econtext->ecxt_per_tuple_memory;
	}

	if (plan->lookups != NULL)
	{
		int			n = lookup_plan_count(plan->lookups);

		run->lookup_context = AllocSetContextCreate(run->context, "pg_revops lookups",
													ALLOCSET_SMALL_SIZES);
		run->looked_up = palloc0(sizeof(Datum) * n);
		run->not_found = palloc(sizeof(bool) * n);
		memset(run->not_found, true, sizeof(bool) * n);
	}

	/* from here on the cache must not free the binding, however we end */
	run->unpin.func = unpin_binding;
	run->unpin.arg = run;
	MemoryContextRegisterResetCallback(run->context, &run->unpin);
	run->pinned = true;
	plan->pins++;

	check_descriptor(run, host, fault, arg);
	for (int i = 0; i < plan->nbroken && fault != NULL; i++)
		fault(arg, role_name(binding, plan->broken[i].role), plan->broken[i].error);
	return run;
}

static void
end_lookups(Lookups **lookups)
{
	if (*lookups != NULL)
		lookups_end(*lookups);
	*lookups = NULL;
}

void
binding_run_end(BindingRun *run)
{
	end_lookups(&run->lookups);
	end_lookups(&run->row_lookups);
	if (run->econtext != NULL)
		FreeExprContext(run->econtext, true);
	if (run->scratch != NULL)
		FreeExprContext(run->scratch, true);
	run->econtext = run->scratch = NULL;
	ExecDropSingleTupleTableSlot(run->roles);
	unpin_binding(run);
}

TupleTableSlot *
binding_role_slot(Binding *binding)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(binding->roles, &TTSOpsVirtual);

	memset(slot->tts_isnull, true, binding->roles->natts * sizeof(bool));
	return slot;
}

bool
binding_runs_expressions(const Binding *binding)
{
	const BindingPlan *plan = binding->plan;

	return plan->nexpressions > 0 || plan->lookups != NULL ||
		plan->filter != NULL || plan->filter_error != NULL;
}

void
binding_pin_zone(const Binding *binding)
{
	if (binding->plan->sees_zone)
		pin_zone(binding->zone);
}

/* ----- lookups ---------------------------------------------------------- */

bool
binding_looks_up(const Binding *binding)
{
	return binding->plan->lookups != NULL;
}

void
binding_run_lookups(BindingRun *run, Tuplestorestate *rows, bool careful, RoleFault fault,
					void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(run->context);

	end_lookups(&run->lookups);
	run->lookups = lookups_begin(run->binding->plan->lookups, run->host, rows, careful,
								 fault, arg);
	MemoryContextSwitchTo(old);
}

void
binding_run_next(BindingRun *run)
{
	lookups_next(run->lookups, run->looked_up, run->not_found);
}

/* A row that was not looked up with others. */
static void
look_up_row(BindingRun *run, TupleTableSlot *host_row, bool careful, RoleFault fault,
			void *arg)
{
	MemoryContext old;

	end_lookups(&run->row_lookups);
	MemoryContextReset(run->lookup_context);
	old = MemoryContextSwitchTo(run->lookup_context);
	run->row_lookups = lookups_of_row(run->binding->plan->lookups, host_row, careful,
									  fault, arg);
	lookups_next(run->row_lookups, run->looked_up, run->not_found);
	MemoryContextSwitchTo(old);
}

static inline void
ready_lookups(BindingRun *run, TupleTableSlot *host_row, bool careful, RoleFault fault,
			  void *arg)
{
	if (run->lookup_context != NULL && run->lookups == NULL)
		look_up_row(run, host_row, careful, fault, arg);
}

bool
binding_role_reads(const Binding *binding, int role, AttrNumber attnum)
{
	const BindingPlan *plan = binding->plan;

	for (int i = 0; i < plan->nsteps; i++)
	{
		const RoleStep *step = &plan->steps[i];
		Bitmapset  *columns = NULL;

		if (step->role != role)
			continue;
		if (step->kind == STEP_LOOKUP)
			return false;
		if (step->kind != STEP_EXPRESSION)
			return step->attnum == attnum;
		pull_varattnos((Node *) step->expr, 1, &columns);
		return bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, columns);
	}
	return false;
}

/* ----- filter ----------------------------------------------------------- */

bool
binding_accepts(BindingRun *run, TupleTableSlot *host_row)
{
	BindingPlan *plan = run->binding->plan;
	bool		isnull;
	Datum		result;

	if (plan->filter_error != NULL)
		ThrowErrorData(plan->filter_error);
	if (plan->filter == NULL)
		return true;
	if (run->filter == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(run->context);

		run->scratch = CreateStandaloneExprContext();
		run->filter = ExecInitExpr(plan->filter, NULL);
		MemoryContextSwitchTo(old);
	}
	ResetExprContext(run->scratch);
	run->scratch->ecxt_scantuple = host_row;
	result = ExecEvalExprSwitchContext(run->filter, run->scratch, &isnull);
	return !isnull && DatumGetBool(result);
}

Expr *
binding_filter(const Binding *binding)
{
	return binding->plan->filter;
}

/* ----- key -------------------------------------------------------------- */

/* By its output function, which may heed settings of the session: ours count. */
static char *
shown_pinned(KeyPart *part, Datum value)
{
	static const char *const settings[][2] = {
		{"bytea_output", "hex"}, {"datestyle", "ISO, YMD"}, {"intervalstyle", "postgres"},
		{"timezone", "UTC"}, {"extra_float_digits", "1"}, {"lc_monetary", "C"},
	};
	int			nest = NewGUCNestLevel();
	char	   *shown;

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	shown = OutputFunctionCall(&part->output, value);
	AtEOXact_GUC(false, nest);
	return shown;
}

/* Canonical text: what no setting of the session changes. */
static char *
key_part(KeyPart *part, Datum value)
{
	char	   *shown;
	int			zone = 0;

	switch (part->kind)
	{
		case KEY_INT2:
			shown = palloc(8);
			pg_itoa(DatumGetInt16(value), shown);
			return shown;
		case KEY_INT4:
			shown = palloc(12);
			pg_ltoa(DatumGetInt32(value), shown);
			return shown;
		case KEY_INT8:
			shown = palloc(MAXINT8LEN + 1);
			pg_lltoa(DatumGetInt64(value), shown);
			return shown;
		case KEY_TEXT:
			return TextDatumGetCString(value);
		case KEY_BPCHAR:
			shown = TextDatumGetCString(value);
			/* trailing blanks of character(n) say nothing */
			for (size_t n = strlen(shown); n > 0 && shown[n - 1] == ' '; n--)
				shown[n - 1] = '\0';
			return shown;
		case KEY_NUMERIC:
			/* 1.0 and 1.00 are one key */
			return numeric_normalize(DatumGetNumeric(value));
		case KEY_FLOAT4:
			shown = palloc(FLOAT_SHORTEST_DECIMAL_LEN);
			float_to_shortest_decimal_buf(DatumGetFloat4(value) + 0.0f, shown);
			return shown;
		case KEY_FLOAT8:
			shown = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);
			double_to_shortest_decimal_buf(DatumGetFloat8(value) + 0.0, shown);
			return shown;
		case KEY_DATETIME:
			return JsonEncodeDateTime(NULL, value, part->basetype,
									  part->basetype == TIMESTAMPTZOID ? &zone : NULL);
		case KEY_PINNED:
			return shown_pinned(part, value);
		case KEY_OTHER:
			break;
	}
	return OutputFunctionCall(&part->output, value);
}

static void
append_escaped(StringInfo key, const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text == '|' || *text == '\\')
			appendStringInfoCharMacro(key, '\\');
		appendStringInfoCharMacro(key, *text);
	}
}

char *
binding_key(BindingRun *run, TupleTableSlot *host_row)
{
	BindingPlan *plan = run->binding->plan;
	StringInfoData key;

	if (plan->key_error != NULL)
		ThrowErrorData(plan->key_error);
	if (plan->nkeys == 0)
		return NULL;
	slot_getsomeattrs(host_row, run->last_attnum);
	for (int i = 0; i < plan->nkeys; i++)
	{
		if (host_row->tts_isnull[plan->keys[i].attnum - 1])
			return NULL;
	}
	if (plan->nkeys == 1)
		return key_part(&plan->keys[0], host_row->tts_values[plan->keys[0].attnum - 1]);

	initStringInfo(&key);
	for (int i = 0; i < plan->nkeys; i++)
	{
		if (i > 0)
			appendStringInfoChar(&key, '|');
		append_escaped(&key, key_part(&plan->keys[i],
									  host_row->tts_values[plan->keys[i].attnum - 1]));
	}
	return key.data;
}

List *
binding_key_columns(Binding *binding)
{
	BindingPlan *plan = binding->plan;
	List	   *columns = NIL;

	if (plan->key_error != NULL)
		ThrowErrorData(plan->key_error);
	for (int i = 0; i < plan->nkeys; i++)
		columns = lappend_int(columns, plan->keys[i].attnum);
	return columns;
}

/* ----- projection ------------------------------------------------------- */

/* As timestamp::timestamptz does it, but in this zone. */
static Datum
in_zone(Datum value, pg_tz *zone)
{
	Timestamp	timestamp = DatumGetTimestamp(value);
	TimestampTz moment;
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_NOT_FINITE(timestamp))
		return value;
	if (timestamp2tm(timestamp, NULL, &tm, &fsec, NULL, NULL) == 0)
	{
		moment = timestamp + (int64) DetermineTimeZoneOffset(&tm, zone) * USECS_PER_SEC;
		if (IS_VALID_TIMESTAMP(moment))
			return TimestampTzGetDatum(moment);
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("timestamp out of range")));
}

static Datum
evaluate_expression(BindingRun *run, int i, bool *isnull)
{
	if (run->states[i] == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(run->context);

		run->states[i] = ExecInitExpr(run->binding->plan->steps[i].expr, NULL);
		MemoryContextSwitchTo(old);
	}
	return ExecEvalExpr(run->states[i], run->econtext, isnull);
}

/* One role.  The current memory context is run->values where a step allocates. */
static inline void
fill_role(BindingRun *run, int i, TupleTableSlot *host_row)
{
	RoleStep   *step = &run->binding->plan->steps[i];
	Datum	   *value = &run->roles->tts_values[step->role];
	bool	   *isnull = &run->roles->tts_isnull[step->role];
	Datum		column;

	if (step->kind == STEP_EXPRESSION)
	{
		*value = evaluate_expression(run, i, isnull);
		return;
	}
	if (step->kind == STEP_LOOKUP)
	{
		*value = run->looked_up[step->lookup];
		*isnull = run->not_found[step->lookup];
		return;
	}
	*isnull = host_row->tts_isnull[step->attnum - 1];
	if (*isnull)
		return;
	column = host_row->tts_values[step->attnum - 1];
	switch (step->kind)
	{
		case STEP_COLUMN:
			*value = column;
			break;
		case STEP_INT2:
			*value = Int64GetDatum((int64) DatumGetInt16(column));
			break;
		case STEP_INT4:
			*value = Int64GetDatum((int64) DatumGetInt32(column));
			break;
		case STEP_FLOAT4:
			*value = Float8GetDatum((float8) DatumGetFloat4(column));
			break;
		case STEP_CALL:
			*value = FunctionCall1Coll(&step->function, step->collation, column);
			break;
		case STEP_OUTPUT:
			*value = CStringGetTextDatum(OutputFunctionCall(&step->function, column));
			break;
		case STEP_TIMESTAMP:
			*value = in_zone(column, run->binding->plan->zone);
			break;
		case STEP_DATE:
			*value = in_zone(DirectFunctionCall1(date_timestamp, column),
							 run->binding->plan->zone);
			break;
		case STEP_LOOKUP:
		case STEP_EXPRESSION:
			break;
	}
}

/* Make ready for a row: the values of the row before go. */
static void
start_row(BindingRun *run, TupleTableSlot *host_row)
{
	ExecClearTuple(run->roles);
	if (run->econtext != NULL)
	{
		ResetExprContext(run->econtext);
		run->econtext->ecxt_scantuple = host_row;
	}
	slot_getsomeattrs(host_row, run->last_attnum);
}

static MemoryContext
enter_values(BindingRun *run)
{
	return MemoryContextSwitchTo(run->values != NULL ? run->values : CurrentMemoryContext);
}

static TupleTableSlot *
project(BindingRun *run, TupleTableSlot *host_row)
{
	int			nsteps = run->binding->plan->nsteps;
	MemoryContext old;

	start_row(run, host_row);
	old = enter_values(run);
	for (int i = 0; i < nsteps; i++)
	{
		if (!run->skip[i])
			fill_role(run, i, host_row);
	}
	MemoryContextSwitchTo(old);
	return ExecStoreVirtualTuple(run->roles);
}

TupleTableSlot *
binding_project(BindingRun *run, TupleTableSlot *host_row)
{
	ready_lookups(run, host_row, false, NULL, NULL);
	return project(run, host_row);
}

/* ----- careful projection ----------------------------------------------- */

/*
 * After an error the states may be half way through a function's rows: they are
 * made anew at their next use, and callbacks of theirs are not run.
 */
static void
forget_states(BindingRun *run, int first, int last)
{
	if (run->states != NULL)
	{
		for (int i = first; i <= last; i++)
			run->states[i] = NULL;
	}
	if (run->econtext != NULL)
		run->econtext->ecxt_callbacks = NULL;
}

typedef struct Filling
{
	BindingRun *run;
	TupleTableSlot *host_row;
	int			first;			/* steps first..last */
	int			last;
} Filling;

static void
fill_range(void *arg)
{
	Filling    *filling = arg;
	MemoryContext old = enter_values(filling->run);

	for (int i = filling->first; i <= filling->last; i++)
	{
		if (!filling->run->skip[i])
			fill_role(filling->run, i, filling->host_row);
	}
	MemoryContextSwitchTo(old);
}

static ErrorData *
fill_guarded(BindingRun *run, TupleTableSlot *host_row, int first, int last)
{
	Filling		filling = {run, host_row, first, last};
	ErrorData  *error = attempt(fill_range, &filling);

	if (error != NULL)
		forget_states(run, first, last);
	return error;
}

TupleTableSlot *
binding_project_careful(BindingRun *run, TupleTableSlot *host_row, RoleFault fault, void *arg)
{
	BindingPlan *plan = run->binding->plan;
	ErrorData  *error;

	ready_lookups(run, host_row, true, fault, arg);
	if (!plan->can_raise)
		return project(run, host_row);

	start_row(run, host_row);
	/* nearly always no role raises, and one sub-transaction does */
	error = fill_guarded(run, host_row, 0, plan->nsteps - 1);
	for (int i = 0; i < plan->nsteps && error != NULL; i++)
	{
		RoleStep   *step = &plan->steps[i];
		ErrorData  *of_role = run->skip[i] ? NULL : fill_guarded(run, host_row, i, i);

		if (of_role == NULL)
			continue;
		run->roles->tts_isnull[step->role] = true;
		if (fault != NULL)
			fault(arg, role_name(run->binding, step->role), of_role);
	}
	return ExecStoreVirtualTuple(run->roles);
}

/* ----- comparison ------------------------------------------------------- */

/*
 * A long value that an UPDATE left alone has the same TOAST pointer in both
 * rows: no need to fetch it twice.
 */
static bool
same_value(Form_pg_attribute att, Datum a, Datum b)
{
	if (att->attlen == -1 && VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(a)) &&
		VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(b)) &&
		memcmp(DatumGetPointer(a), DatumGetPointer(b), VARSIZE_EXTERNAL(DatumGetPointer(a))) == 0)
		return true;
	return datum_image_eq(a, b, att->attbyval, att->attlen);
}

bool
binding_compares_role(const Binding *binding, int role)
{
	return binding->kind != BINDING_LEAD || role != LEAD_UPDATED_AT;
}

bool
binding_looks_up_otherwise(const Binding *binding, TupleTableSlot *a, TupleTableSlot *b)
{
	int			attnum = -1;

	while ((attnum = bms_next_member(binding->plan->lookup_columns, attnum)) > 0)
	{
		bool		a_isnull;
		bool		b_isnull;
		Datum		a_value = slot_getattr(a, attnum, &a_isnull);
		Datum		b_value = slot_getattr(b, attnum, &b_isnull);

		if (a_isnull != b_isnull)
			return true;
		if (!a_isnull &&
			!same_value(TupleDescAttr(a->tts_tupleDescriptor, attnum - 1), a_value, b_value))
			return true;
	}
	return false;
}

bool
binding_same_roles(Binding *binding, TupleTableSlot *a, TupleTableSlot *b)
{
	for (int i = 0; i < binding->roles->natts; i++)
	{
		if (!binding->mapped[i] || !binding_compares_role(binding, i))
			continue;
		if (a->tts_isnull[i] != b->tts_isnull[i])
			return false;
		if (!a->tts_isnull[i] &&
			!same_value(TupleDescAttr(binding->roles, i), a->tts_values[i], b->tts_values[i]))
			return false;
	}
	return true;
}
