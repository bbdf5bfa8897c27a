/*
 * capture_form.c
 *		revops.capture: a form's submission in one call.
 *
 * The lead is found by its e-mail, or made, in the host's own table, by the
 * caller's rights; the touch is recorded and the lead settled at once, as a verb
 * does: scored, moved, routed, its clock started.
 *
 * Captures of one e-mail stand in line at an advisory lock, which is held until
 * the transaction ends: whether or not the host's table has a unique index, one
 * lead comes of them.  A transaction with an old snapshot that finds there what
 * it can't see gets a serialization failure, as from any such conflict.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/tuplestore.h"

#include "base/errors.h"
#include "base/owner.h"
#include "capture/host_lead.h"
#include "capture/take_rows.h"
#include "settle/settle.h"

PG_FUNCTION_INFO_V1(revops_capture);

/* the signal of a form that names none */
#define FORM_SIGNAL		"form_submit"
/* how often a row that somebody changes meanwhile is looked for again */
#define MAX_TRIES		10

/* in the order of the function's result */
enum
{
	RESULT_LEAD_ID, RESULT_KEY, RESULT_CREATED, RESULT_STAGE_BEFORE, RESULT_STAGE, RESULT_FIT,
	RESULT_INTENT, RESULT_SCORE, RESULT_GRADE, RESULT_TEAM, RESULT_REP, RESULT_SLA_DUE_AT,
	RESULT_FILLED, RESULT_IGNORED, RESULT_COLS
};

typedef struct Submission
{
	Binding    *binding;
	bool		is_inline;
	List	   *columns;		/* RoleColumn */
	Form		form;
	const char *signal;
	HostLead	lead;
	bool		created;
	int64		lead_id;
	Datum		stage_before;	/* text; 0: none */
	List	   *filled;
	List	   *left;
} Submission;

/*
 * Run a query of ours, as the owner, whose plan is kept for the session: planned
 * once for all parameters, as each of them finds one row, or few.
 */
static void
run_kept(SPIPlanPtr *kept, const char *sql, int nargs, const Oid *types, Datum *values)
{
	if (*kept == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(sql, nargs, (Oid *) types, CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "preparing a query failed: %s", sql);
		*kept = plan;
	}
	if (SPI_execute_plan(*kept, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "a query failed: %s", sql);
}

/* ----- the binding --------------------------------------------------------------- */

static void
no_binding(const char *name, uint64 n)
{
	StringInfoData names;

	initStringInfo(&names);
	for (uint64 i = 0; i < SPI_processed; i++)
		appendStringInfo(&names, "%s\"%s\"", i == 0 ? "" : ", ",
						 SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2));
	ereport(ERROR,
			(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
			 name != NULL ? errmsg("no attached binding of leads is named \"%s\"", form_echo(name)) :
			 n == 0 ? errmsg("no table of leads is attached") :
			 errmsg("capture: several tables of leads are attached, which one is meant?"),
			 errdetail("Attached bindings of leads: %s.", n == 0 ? "none" : names.data),
			 n == 0 ? errhint("revops.attach_lead() attaches one, revops.create_crm() makes one.") :
			 errhint("Name one of them: revops.capture(form, binding => 'name').")));
}

/* The binding of that name; without one the only one that there is. */
static void
find_binding(Submission *sub, const char *name)
{
	static SPIPlanPtr plan = NULL;
	OwnerScope	scope;
	int32		binding_id = 0;
	bool		isnull;

	owner_enter(&scope);
	run_kept(&plan, "SELECT b.binding_id, b.binding, b.mode FROM revops.binding b "
			 "WHERE b.kind = 'lead' AND b.detached_at IS NULL ORDER BY b.binding", 0, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;

		if (name == NULL ? SPI_processed > 1 : strcmp(SPI_getvalue(row, desc, 2), name) != 0)
			continue;
		binding_id = DatumGetInt32(SPI_getbinval(row, desc, 1, &isnull));
		sub->is_inline = strcmp(SPI_getvalue(row, desc, 3), "inline") == 0;
	}
	if (binding_id == 0)
		no_binding(name, SPI_processed);
	owner_leave(&scope);
	sub->binding = binding_by_id(binding_id);
}

/*
 * The roles that a form may fill: columns that can be written, but for the key
 * and what is not the visitor's to say.
 */
static void
find_columns(Submission *sub)
{
	static const char *const sql =
		"SELECT r.role, a.attname, a.attnum, a.atttypid, a.atttypmod, a.attcollation "
		"FROM revops.binding b JOIN revops.binding_role r USING (binding_id) "
		"JOIN pg_attribute a ON a.attrelid = b.host AND a.attnum > 0 AND NOT a.attisdropped "
		"WHERE b.binding_id = $1 AND a.attgenerated = '' AND a.attidentity <> 'a' "
		"AND a.attname <> ALL (b.key_columns) "
		"AND NOT coalesce(b.numbered = b.host AND a.attnum = ANY (b.key_attnums), false) "
		"AND r.role NOT IN ('stage', 'owner', 'team', 'created_at', 'updated_at') "
		"AND a.attnum = CASE WHEN r.attnum IS NOT NULL THEN "
		"  coalesce((SELECT n.attnum FROM pg_attribute n WHERE n.attrelid = b.host AND n.attnum > 0 "
		"            AND NOT n.attisdropped AND n.attname = (parse_ident(r.expression))[1]), "
		"           CASE WHEN r.numbered = b.host THEN r.attnum END) END";
	static SPIPlanPtr plan = NULL;
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(sub->binding->binding_id);

	owner_enter(&scope);
	run_kept(&plan, sql, 1, &type, &value);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old = MemoryContextSwitchTo(context);
		RoleColumn *column = palloc(sizeof(RoleColumn));
		bool		isnull;

		column->role = pstrdup(SPI_getvalue(row, desc, 1));
		column->column = pstrdup(SPI_getvalue(row, desc, 2));
		column->attnum = DatumGetInt16(SPI_getbinval(row, desc, 3, &isnull));
		column->type = DatumGetObjectId(SPI_getbinval(row, desc, 4, &isnull));
		column->typmod = DatumGetInt32(SPI_getbinval(row, desc, 5, &isnull));
		column->collation = DatumGetObjectId(SPI_getbinval(row, desc, 6, &isnull));
		sub->columns = lappend(sub->columns, column);
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
	if (role_column(sub->columns, "email") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_BINDING),
				 errmsg("binding \"%s\" has no e-mail that a form could fill", sub->binding->name),
				 errdetail("Its role \"email\" is not mapped to a column that can be written."),
				 errhint("Map it to the column itself; an expression over it may be a role of another name.")));
}

/* ----- the host's row -------------------------------------------------------------- */

/* Stand in line with whoever captures the same e-mail, until the transaction ends. */
static void
lock_email(const Submission *sub, const char *normal)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) normal, strlen(normal),
										   (uint64) sub->binding->binding_id);

	(void) DirectFunctionCall1(pg_advisory_xact_lock_int8, Int64GetDatum((int64) hash));
}

/* What the engine knows of the lead before the form says anything. */
static void
look_up(Submission *sub)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[2] = {INT4OID, TEXTOID};
	Datum		values[2] = {Int32GetDatum(sub->binding->binding_id),
	CStringGetTextDatum(sub->lead.key)};
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;
	bool		isnull;

	sub->stage_before = 0;
	sub->lead_id = 0;
	owner_enter(&scope);
	run_kept(&plan, "SELECT l.lead_id, l.stage FROM revops.lead l WHERE l.binding_id = $1 AND l.key = $2",
			 2, types, values);
	if (SPI_processed > 0)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old;

		sub->lead_id = DatumGetInt64(SPI_getbinval(row, desc, 1, &isnull));
		old = MemoryContextSwitchTo(context);
		sub->stage_before = PointerGetDatum(DatumGetTextPCopy(SPI_getbinval(row, desc, 2, &isnull)));
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
}

/*
 * The row may be changed meanwhile: then it is to be found again.  One that is so
 * whenever we come, or that a trigger keeps as it is, is left as it is.
 */
static bool
fill_found(Submission *sub, HostLeads *leads, bool last_try)
{
	look_up(sub);
	if (host_leads_fill(leads, &sub->lead, &sub->form, &sub->filled, &sub->left))
		return true;
	sub->left = list_concat(sub->left, sub->filled);
	sub->filled = NIL;
	return last_try;
}

/*
 * Find the row or make it.  Somebody who does not capture may write the same
 * e-mail: the host's unique index, where there is one, tells, and the row is
 * looked for once more.
 */
static void
find_or_make(Submission *sub, HostLeads *leads)
{
	char	   *normal = host_leads_normal(leads, sub->form.email);

	lock_email(sub, normal);
	for (int tries = 1; tries <= MAX_TRIES; tries++)
	{
		CHECK_FOR_INTERRUPTS();
		if (host_leads_find(leads, normal, false, &sub->lead))
		{
			if (fill_found(sub, leads, tries == MAX_TRIES))
				return;
			continue;
		}
		if (IsolationUsesXactSnapshot() && host_leads_find(leads, normal, true, &sub->lead))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access: the same e-mail was captured meanwhile"),
					 errdetail("The lead was made by a transaction that this one does not see."),
					 errhint("Try the transaction again.")));
		/* what a unique index is against without there being such a lead, it says itself */
		if (host_leads_insert(leads, &sub->form, tries > 1, &sub->lead))
		{
			sub->created = true;
			return;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("capture: the lead of this e-mail comes and goes"),
			 errdetail("It was looked for %d times; others write the same e-mail all the time.", MAX_TRIES),
			 errhint("Try again.")));
}

/* ----- settling ----------------------------------------------------------------------- */

static int64
known_lead(const Submission *sub)
{
	Writers		writers;
	int64		lead_id;

	writers_begin(&writers);
	lead_id = lead_find(&writers, sub->binding->binding_id, sub->lead.key);
	writers_end(&writers);
	return lead_id;
}

/*
 * See to it that the engine knows the row as it is now.  That of an inline
 * binding has told itself; that of another waits, and one that was there before
 * the table was attached has never been told.
 */
static void
take_row_in(Submission *sub, HostLeads *leads)
{
	TakeRows	what = {.binding_id = sub->binding->binding_id,.host = leads->host,.look = true};
	TakenRows	taken = {0};

	CommandCounterIncrement();
	sub->lead_id = known_lead(sub);
	if (sub->lead_id != 0 && (sub->is_inline || (!sub->created && sub->filled == NIL)))
		return;
	what.rows = tuplestore_begin_heap(false, false, work_mem);
	tuplestore_puttuple(what.rows, sub->lead.row);
	take_rows(&what, &taken);
	tuplestore_end(what.rows);
	CommandCounterIncrement();
	sub->lead_id = known_lead(sub);
	if (sub->lead_id == 0)
		ereport(ERROR,
				(errcode(taken.held != NIL ? ERRCODE_T_R_SERIALIZATION_FAILURE :
						 ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("lead \"%s\" of binding \"%s\" could not be taken in",
						form_echo(sub->lead.key), sub->binding->name),
				 errdetail("%s", taken.held != NIL ? "Another session is just doing so." :
						   "Its row can't be settled."),
				 errhint("%s", taken.held != NIL ? "Try again." :
						 "CALL revops.settle() after an ordinary INSERT leaves the fault in revops.fault.")));
}

/* A form is the visitor's: it does not tell what we did. */
static const Signal *
check_signal(const Settle *s, const char *code)
{
	const Signal *signal = signal_by_code(s->def, code, strlen(code));

	if (signal == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("signal \"%s\" does not exist", form_echo(code)),
				 errdetail("Workspace %d, which the lead belongs to, has no such signal.",
						   s->def->workspace_id),
				 errhint("Add it to revops.signal, or name another: revops.capture(form, signal => 'code').")));
	if (signal->answers)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("capture: \"signal\" can't be \"%s\"", signal->code),
				 errdetail("That is an answer of ours, which would keep the promise of a first response."),
				 errhint("Record what a rep did as an activity, or by revops.record_touch().")));
	return signal;
}

static TimestampTz
check_moment(const Settle *s, const Form *form)
{
	TimestampTz at = form->is_dated ? form->occurred_at : s->now;

	if (TIMESTAMP_NOT_FINITE(at) || at > s->now + TOUCH_SKEW)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("capture: \"occurred_at\" must be a moment of the past"),
				 errdetail("It is %s; now is %s.", pstrdup(timestamptz_to_str(at)),
						   pstrdup(timestamptz_to_str(s->now))),
				 errhint("Leave it out where the form has just been submitted.")));
	return at;
}

/* Record the touch and settle the lead now, waiting for it where it is busy. */
static void
settle_touch(Submission *sub)
{
	Settle		s;
	Touches		touches;
	LeadChange	change;
	const Signal *signal;
	TouchOrigin origin = {code_text(sub->form.source), code_text(sub->form.campaign),
	code_text(sub->form.content)};

	settle_begin(&s, sub->binding->workspace_id, true);
	signal = check_signal(&s, sub->signal);
	touches_begin(&touches, &s, true);
	touches_add(&touches, sub->lead_id, signal, check_moment(&s, &sub->form), 1, 0, NULL, &origin);
	touches_settle(&touches);
	change_init(&change);
	change.wait = true;
	if (settle_lead(&s, sub->lead_id, &change) != SETTLED)
		elog(ERROR, "settling lead %lld failed", (long long) sub->lead_id);
	settle_end(&s);
	CommandCounterIncrement();
}

/* ----- the result ----------------------------------------------------------------------- */

static Datum
text_array(List *texts, List *more)
{
	List	   *all = list_concat_copy(texts, more);
	Datum	   *values = palloc(sizeof(Datum) * Max(list_length(all), 1));
	int			n = 0;
	ListCell   *cell;

	foreach(cell, all)
		values[n++] = CStringGetTextDatum(lfirst(cell));
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* How the lead stands now, as lead_status shows it. */
static void
read_status(const Submission *sub, TupleDesc result, Datum *values, bool *nulls)
{
	static SPIPlanPtr plan = NULL;
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(sub->lead_id);
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;

	owner_enter(&scope);
	run_kept(&plan, "SELECT s.stage, s.fit, s.intent, s.score, s.grade, s.team, s.rep, s.sla_due_at "
			 "FROM revops.lead_status s WHERE s.lead_id = $1", 1, &type, &value);
	if (SPI_processed > 0)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		for (int i = RESULT_STAGE; i <= RESULT_SLA_DUE_AT; i++)
		{
			Form_pg_attribute attribute = TupleDescAttr(result, i);
			Datum		datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
											  i - RESULT_STAGE + 1, &nulls[i]);

			if (!nulls[i])
				values[i] = datumCopy(datum, attribute->attbyval, attribute->attlen);
		}
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
}

static Datum
result_row(FunctionCallInfo fcinfo, const Submission *sub)
{
	TupleDesc	desc;
	Datum		values[RESULT_COLS];
	bool		nulls[RESULT_COLS];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "revops.capture must return a row");
	memset(nulls, true, sizeof(nulls));
	values[RESULT_LEAD_ID] = Int64GetDatum(sub->lead_id);
	values[RESULT_KEY] = CStringGetTextDatum(sub->lead.key);
	values[RESULT_CREATED] = BoolGetDatum(sub->created);
	values[RESULT_STAGE_BEFORE] = sub->stage_before;
	values[RESULT_FILLED] = text_array(sub->filled, NIL);
	values[RESULT_IGNORED] = text_array(sub->form.ignored, sub->left);
	nulls[RESULT_LEAD_ID] = nulls[RESULT_KEY] = nulls[RESULT_CREATED] = false;
	nulls[RESULT_STAGE_BEFORE] = sub->stage_before == 0;
	nulls[RESULT_FILLED] = nulls[RESULT_IGNORED] = false;
	read_status(sub, desc, values, nulls);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* revops.capture(form jsonb, binding text, signal text) */
Datum
revops_capture(PG_FUNCTION_ARGS)
{
	Submission	sub = {0};
	HostLeads	leads;

	PreventCommandIfReadOnly("revops.capture()");
	PreventCommandIfParallelMode("revops.capture()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("capture: argument \"form\" must not be NULL"),
				 errhint("\\df revops.capture shows its arguments.")));
	find_binding(&sub, PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	host_leads_begin(&leads, sub.binding);
	find_columns(&sub);
	form_read(&sub.form, PG_GETARG_JSONB_P(0), sub.columns, !PG_ARGISNULL(2));
	sub.signal = !PG_ARGISNULL(2) ? text_to_cstring(PG_GETARG_TEXT_PP(2)) :
		sub.form.signal != NULL ? sub.form.signal : FORM_SIGNAL;

	host_leads_by(&leads, role_column(sub.columns, "email"));
	find_or_make(&sub, &leads);
	take_row_in(&sub, &leads);
	host_leads_end(&leads);
	settle_touch(&sub);
	return result_row(fcinfo, &sub);
}
