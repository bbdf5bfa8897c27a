/*
 * capture.c
 *		See capture.h.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/attempt.h"
#include "base/errors.h"
#include "capture/capture.h"
#include "time/engine_time.h"

typedef struct Attempted
{
	Capture    *capture;
	CaptureStep step;
} Attempted;

static void
run_step(void *arg)
{
	Attempted  *a = arg;

	a->capture->binding = binding_by_id(a->capture->binding_id);
	a->step(a->capture);
}

/*
 * What concerns the whole statement or server goes through: a cancel, a
 * shutdown, no memory or disk, a transaction that can't go on, corrupt data.
 * Any other error of ours, an internal one included, is ours to bear.
 */
static bool
tolerates(int sqlerrcode)
{
	if (sqlerrcode == ERRCODE_DATA_CORRUPTED || sqlerrcode == ERRCODE_INDEX_CORRUPTED)
		return false;
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case MAKE_SQLSTATE('2', '5', '0', '0', '0'):
		case MAKE_SQLSTATE('4', '0', '0', '0', '0'):
		case MAKE_SQLSTATE('5', '3', '0', '0', '0'):
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'):
		case MAKE_SQLSTATE('5', '8', '0', '0', '0'):
			return false;
		default:
			return true;
	}
}

/* Does the binding want this error to fail the host's statement? */
static bool
must_raise(const Capture *capture, const ErrorData *error)
{
	if (capture->binding == NULL)
		return false;
	if (capture->binding->strict && error->sqlerrcode == ERRCODE_REVOPS_ILLEGAL_MOVE)
		return true;
	/* a key that was not new after all is the fast path's own failing */
	return capture->binding->raise &&
		(capture->probe || error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION);
}

void
rows_begin(Rows *rows, Tuplestorestate *store, TupleDesc desc)
{
	rows->store = store;
	rows->pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(store, rows->pointer);
	tuplestore_rescan(store);
	rows->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

TupleTableSlot *
rows_next(Rows *rows)
{
	tuplestore_select_read_pointer(rows->store, rows->pointer);
	return tuplestore_gettupleslot(rows->store, true, false, rows->slot) ?
		rows->slot : NULL;
}

void
rows_end(Rows *rows)
{
	ExecDropSingleTupleTableSlot(rows->slot);
}

static void
role_fault(void *arg, const char *role, ErrorData *error)
{
	Capture    *capture = arg;
	FaultPlace	place = {capture->binding_id, 0, NULL};

	fault_note(&capture->settle.faults, &place, psprintf("role \"%s\"", role),
			   error->sqlerrcode, error->message, error->detail);
}

BindingRun *
capture_binding_run(Capture *capture)
{
	return binding_run_begin(capture->binding,
							 RelationGetDescr(capture->host),
							 role_fault, capture);
}

TupleTableSlot *
capture_project(Capture *capture, BindingRun *run, TupleTableSlot *row)
{
	return capture->careful ?
		binding_project_careful(run, row, role_fault, capture) :
		binding_project(run, row);
}

char *
capture_key(Capture *capture, BindingRun *run, TupleTableSlot *row)
{
	char	   *key = binding_key(run, row);
	FaultPlace	place = {capture->binding_id, 0, NULL};

	if (key == NULL)
		fault_note(&capture->settle.faults, &place, "key", ERRCODE_NOT_NULL_VIOLATION,
				   "a row has no key", "One of the key columns is NULL; the row is not followed.");
	return key;
}

/* Collect the keys of the statement's rows, for the inbox. */
static void
collect_keys(Capture *capture)
{
	TriggerData *t = capture->trigger;
	Tuplestorestate *store = t->tg_newtable != NULL ? t->tg_newtable : t->tg_oldtable;
	BindingRun *run;
	Rows		rows;
	TupleTableSlot *row;

	if (store == NULL)
		return;
	run = binding_run_begin(capture->binding, RelationGetDescr(capture->host), NULL, NULL);
	rows_begin(&rows, store, RelationGetDescr(capture->host));
	while ((row = rows_next(&rows)) != NULL)
	{
		char	   *key = binding_key(run, row);

		if (key != NULL)
			capture->keys = lappend(capture->keys, key);
	}
	rows_end(&rows);
	binding_run_end(run);
}

static void
record_fault(Capture *capture, const ErrorData *error)
{
	Faults		faults;
	FaultPlace	place = {capture->binding_id, 0, NULL};
	Attempted	keys = {capture, collect_keys};
	TimestampTz now = engine_clock();

	capture->keys = NIL;
	if (attempt_if(run_step, &keys, tolerates) != NULL)
		capture->keys = NIL;
	if (capture->keys != NIL)
		place.key = linitial(capture->keys);
	faults_init(&faults, CurrentMemoryContext);
	fault_note(&faults, &place, RelationGetRelationName(capture->host),
			   error->sqlerrcode, error->message,
			   psprintf("The statement was not settled; %d keys wait in the inbox.",
						list_length(capture->keys)));
	faults_write(&faults, now);
	inbox_put(capture->binding_id, capture->keys, now);
}

void
capture_run(FunctionCallInfo fcinfo, const char *function, CaptureStep step)
{
	Capture		capture = {0};
	Attempted	a = {&capture, step};
	ErrorData  *error;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", function)));
	capture.trigger = (TriggerData *) fcinfo->context;
	if (!TRIGGER_FIRED_AFTER(capture.trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(capture.trigger->tg_event) ||
		capture.trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired AFTER STATEMENT with the binding's number",
						function)));
	capture.host = capture.trigger->tg_relation;
	capture.binding_id = pg_strtoint32(capture.trigger->tg_trigger->tgargs[0]);

	error = attempt_if(run_step, &a, tolerates);
	if (error == NULL)
		return;
	if (must_raise(&capture, error))
		ReThrowError(error);
	capture.careful = capture.binding == NULL || !capture.binding->raise;
	capture.probe = true;
	error = attempt_if(run_step, &a, tolerates);
	if (error == NULL)
		return;
	if (must_raise(&capture, error))
		ReThrowError(error);
	record_fault(&capture, error);
}
