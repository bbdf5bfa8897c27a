/*
 * capture.c
 *		See capture.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/attempt.h"
#include "base/compat.h"
#include "base/errors.h"
#include "capture/capture.h"
#include "capture/queue.h"
#include "settle/pending.h"
#include "time/engine_time.h"

typedef struct Attempted
{
	Capture    *capture;
	BindingKind kind;
	CaptureStep step;
} Attempted;

/*
 * How deep in triggers the last capture of a binding ran in this transaction.
 * When a capture finds one that ran deeper, a trigger of the host wrote the
 * table after the statement had, and before the statement's end.
 */
typedef struct Depth
{
	int32		binding_id;		/* hash key */
	LocalTransactionId transaction;
	int			depth;
} Depth;

static HTAB *depths = NULL;

/* Did a capture run deeper since this statement began?  Notes this one. */
static bool
was_nested(int32 binding_id)
{
	int			depth = DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
	bool		found;
	bool		nested;
	Depth	   *last;

	if (depths == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(int32);
		ctl.entrysize = sizeof(Depth);
		depths = hash_create("pg_revops capture depths", 8, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	last = hash_search(depths, &binding_id, HASH_ENTER, &found);
	nested = found && last->transaction == RevopsLocalTransactionId() && last->depth > depth;
	last->transaction = RevopsLocalTransactionId();
	last->depth = depth > 1 ? depth : 0;
	return nested;
}

/* Anybody who may execute our functions can put a trigger on a table of theirs. */
static void
check_trigger(const Capture *capture, BindingKind kind)
{
	const TriggerData *t = capture->trigger;
	TriggerEvent event = t->tg_event;
	bool		needs_new = TRIGGER_FIRED_BY_INSERT(event) || TRIGGER_FIRED_BY_UPDATE(event);
	bool		needs_old = TRIGGER_FIRED_BY_DELETE(event) || TRIGGER_FIRED_BY_UPDATE(event);

	if (capture->binding->kind != kind || capture->binding->host != RelationGetRelid(t->tg_relation))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" on table \"%s\" does not belong to binding %d",
						t->tg_trigger->tgname, RelationGetRelationName(t->tg_relation),
						capture->binding_id),
				 errdetail("The binding is of another table or kind."),
				 errhint("Drop the trigger; revops.attach_lead() and its like make the right ones.")));
	if ((needs_new && t->tg_newtable == NULL) || (needs_old && t->tg_oldtable == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" on table \"%s\" has no transition table",
						t->tg_trigger->tgname, RelationGetRelationName(t->tg_relation)),
				 errhint("Drop the trigger; revops.attach_lead() and its like make the right ones.")));
}

/* Old and new rows pair by their order, unless one of them was suppressed. */
static bool
rows_pair(const TriggerData *t)
{
	return !TRIGGER_FIRED_BY_UPDATE(t->tg_event) ||
		tuplestore_tuple_count(t->tg_oldtable) == tuplestore_tuple_count(t->tg_newtable);
}

static void
run_step(void *arg)
{
	Attempted  *a = arg;

	a->capture->binding = binding_by_id(a->capture->binding_id);
	check_trigger(a->capture, a->kind);
	a->capture->stale |= !rows_pair(a->capture->trigger);
	a->capture->statement = 0;
	a->capture->awaited = AWAITED_UNKNOWN;
	a->capture->arrivals = NIL;
	a->step(a->capture);
	inbox_arrived(a->capture);
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

static MemoryContext
row_context(void)
{
	return AllocSetContextCreate(CurrentMemoryContext, "pg_revops row",
								 ALLOCSET_DEFAULT_SIZES);
}

void
capture_each_row(Capture *capture, Tuplestorestate *store, CaptureRow take, void *arg)
{
	BindingRun *run = capture_binding_run(capture);
	MemoryContext per_row = row_context();
	Rows		rows;
	TupleTableSlot *row;

	rows_begin(&rows, store, RelationGetDescr(capture->host));
	while ((row = rows_next(&rows)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(per_row);

		take(capture, run, row, arg);
		MemoryContextSwitchTo(old);
		MemoryContextReset(per_row);
	}
	rows_end(&rows);
	binding_run_end(run);
	MemoryContextDelete(per_row);
}

void
capture_each_pair(Capture *capture, CapturePair take, void *arg)
{
	TriggerData *t = capture->trigger;
	RowPair		pair = {.run = capture_binding_run(capture),.old_run = capture_binding_run(capture)};
	MemoryContext per_row = row_context();
	Rows		rows;
	Rows		old_rows;

	/* both tables hold a row for each update, in the same order */
	rows_begin(&rows, t->tg_newtable, RelationGetDescr(capture->host));
	rows_begin(&old_rows, t->tg_oldtable, RelationGetDescr(capture->host));
	while ((pair.row = rows_next(&rows)) != NULL && (pair.old_row = rows_next(&old_rows)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(per_row);

		take(capture, &pair, arg);
		MemoryContextSwitchTo(old);
		MemoryContextReset(per_row);
	}
	rows_end(&rows);
	rows_end(&old_rows);
	binding_run_end(pair.run);
	binding_run_end(pair.old_run);
	MemoryContextDelete(per_row);
}

bool
capture_pair_changed(Capture *capture, const RowPair *pair, PairRead *read)
{
	read->counts = binding_accepts(pair->run, pair->row);
	read->key = binding_key(pair->run, pair->row);
	read->old_key = binding_key(pair->old_run, pair->old_row);
	read->roles = capture_project(capture, pair->run, pair->row);
	read->old_roles = capture_project(capture, pair->old_run, pair->old_row);
	return !(read->counts && binding_accepts(pair->old_run, pair->old_row) &&
			 read->key != NULL && read->old_key != NULL &&
			 strcmp(read->key, read->old_key) == 0 &&
			 binding_same_roles(capture->binding, read->roles, read->old_roles));
}

static int
compare_keys(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

static void
collect_keys_of(Capture *capture, Tuplestorestate *store)
{
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

static List *
without_repeats(List *sorted_keys)
{
	List	   *keys = NIL;
	ListCell   *cell;

	foreach(cell, sorted_keys)
		if (keys == NIL || strcmp(llast(keys), lfirst(cell)) != 0)
			keys = lappend(keys, lfirst(cell));
	return keys;
}

/* The keys of the statement's rows, old and new, each once. */
static void
collect_keys(Capture *capture)
{
	capture->keys = NIL;
	collect_keys_of(capture, capture->trigger->tg_oldtable);
	collect_keys_of(capture, capture->trigger->tg_newtable);
	list_sort(capture->keys, compare_keys);
	capture->keys = without_repeats(capture->keys);
}

bool
capture_reread(Capture *capture, CaptureAgain again)
{
	TupleTableSlot *slot;
	BindingRun *run;
	ListCell   *cell;

	if (!capture->stale)
		return false;
	collect_keys(capture);
	/* what the statement itself has written must be seen by what is read now */
	CommandCounterIncrement();
	slot = MakeSingleTupleTableSlot(RelationGetDescr(capture->host), &TTSOpsHeapTuple);
	run = capture_binding_run(capture);
	foreach(cell, capture->keys)
	{
		const char *key = lfirst(cell);
		bool		there;

		settle_as(&capture->settle, capture->binding->owner);
		there = host_row_by_key(capture, key, slot);
		again(capture, run, there ? slot : NULL, key);
	}
	binding_run_end(run);
	ExecDropSingleTupleTableSlot(slot);
	return true;
}

/* What could not be settled: the fault, and the keys to be read again. */
typedef struct Unsettled
{
	Capture    *capture;
	const ErrorData *error;
} Unsettled;

static void
record_step(void *arg)
{
	Unsettled  *u = arg;
	Capture    *capture = u->capture;
	Faults		faults;
	FaultPlace	place = {capture->binding_id, 0, NULL};
	TimestampTz now = engine_clock();

	if (capture->keys != NIL)
		place.key = linitial(capture->keys);
	faults_init(&faults, CurrentMemoryContext);
	fault_note(&faults, &place, RelationGetRelationName(capture->host),
			   u->error->sqlerrcode, u->error->message,
			   capture->keys == NIL ?
			   "The statement was not settled, and the keys of its rows are not known: CALL revops.reconcile() once the cause is gone." :
			   psprintf("The statement was not settled; %d keys wait in the inbox.",
						list_length(capture->keys)));
	faults_write(&faults, now);
	inbox_put(capture->binding_id, capture->keys, now);
}

/* Record the fault; where even that fails, a warning is all that is left. */
static void
record_fault(Capture *capture, BindingKind kind, const ErrorData *error)
{
	Attempted	keys = {capture, kind, collect_keys};
	Unsettled	unsettled = {capture, error};
	ErrorData  *failure;

	if (attempt(run_step, &keys) != NULL)
		capture->keys = NIL;
	failure = attempt(record_step, &unsettled);
	if (failure != NULL)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("pg_revops could not settle a statement on table \"%s\": %s",
						RelationGetRelationName(capture->host), error->message),
				 errdetail("The fault could not be recorded either: %s", failure->message),
				 errhint("UPDATE the rows again once the cause is gone.")));
}

void
capture_run(FunctionCallInfo fcinfo, const char *function, BindingKind kind,
			CaptureStep step)
{
	Capture		capture = {0};
	Attempted	a = {&capture, kind, step};
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
	capture.stale = was_nested(capture.binding_id);
	/* asked here: each step is in a subtransaction */
	capture.in_block = IsTransactionBlock() || IsolationUsesXactSnapshot();
	capture.context = CurrentMemoryContext;

	error = attempt(run_step, &a);
	if (error == NULL)
	{
		pending_relieve();
		return;
	}
	if (must_raise(&capture, error))
		ReThrowError(error);
	capture.careful = capture.binding == NULL || !capture.binding->raise;
	capture.probe = true;
	error = attempt(run_step, &a);
	if (error == NULL)
	{
		pending_relieve();
		return;
	}
	if (must_raise(&capture, error))
		ReThrowError(error);
	record_fault(&capture, kind, error);
}
