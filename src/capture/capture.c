/*
 * capture.c
 *		See capture.h.
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/attempt.h"
#include "base/compat.h"
#include "base/errors.h"
#include "capture/capture.h"
#include "capture/descent.h"
#include "capture/packet_row.h"
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
static void
find_nested(void *arg)
{
	Capture    *capture = arg;
	int			depth = DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
	bool		found;
	Depth	   *last;

	if (depths == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(int32);
		ctl.entrysize = sizeof(Depth);
		depths = hash_create("pg_revops capture depths", 8, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	last = hash_search(depths, &capture->binding_id, HASH_ENTER, &found);
	capture->stale = found && last->transaction == RevopsLocalTransactionId() && last->depth > depth;
	last->transaction = RevopsLocalTransactionId();
	last->depth = depth > 1 ? depth : 0;
}

/*
 * The step may be tried twice, so this is asked before it, once.  Where there is
 * no memory to know it by, the rows are read again: that is never wrong.
 */
static void
ask_nested(Capture *capture)
{
	ErrorData  *error = attempt_in_memory(find_nested, capture);

	if (error == NULL)
		return;
	FreeErrorData(error);
	capture->stale = true;
}

/*
 * A trigger of ours on a table that is the binding's no more: a partition that
 * was detached, a table whose place another took.  Its rows are no leads, and
 * whoever writes it must not suffer; repair_capture() drops the trigger.
 */
static bool
is_left_behind(const Capture *capture)
{
	const TriggerData *t = capture->trigger;
	char		prefix[NAMEDATALEN];

	if (descends(RelationGetRelid(t->tg_relation), capture->binding->host))
		return false;
	snprintf(prefix, sizeof(prefix), "revops_%010d_", capture->binding_id);
	return strncmp(t->tg_trigger->tgname, prefix, strlen(prefix)) == 0;
}

/* Anybody who may execute our functions can put a trigger on a table of theirs. */
static void
check_trigger(const Capture *capture, BindingKind kind)
{
	const TriggerData *t = capture->trigger;
	TriggerEvent event = t->tg_event;
	bool		needs_new = TRIGGER_FIRED_BY_INSERT(event) || TRIGGER_FIRED_BY_UPDATE(event);
	bool		needs_old = TRIGGER_FIRED_BY_DELETE(event) || TRIGGER_FIRED_BY_UPDATE(event);

	if (capture->binding->kind != kind ||
		!descends(RelationGetRelid(t->tg_relation), capture->binding->host))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" on table \"%s\" does not belong to binding %d",
						t->tg_trigger->tgname, RelationGetRelationName(t->tg_relation),
						capture->binding_id),
				 errdetail("The binding is of another table or kind."),
				 errhint("Drop the trigger; revops.attach_lead() and its like make the right ones.")));
	if (TRIGGER_FIRED_FOR_ROW(event) && !capture->binding->queued)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" on table \"%s\" is fired for each row, but binding \"%s\" is not queued",
						t->tg_trigger->tgname, RelationGetRelationName(t->tg_relation),
						capture->binding->name),
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
open_host(Capture *capture, Relation relation)
{
	capture->host = descent_open(relation, capture->binding->host);
	capture->map = NULL;
	if (capture->host == relation)
		return;
	/* news of the host may have come with its lock */
	capture->binding = binding_by_id(capture->binding_id);
	capture->map = build_attrmap_by_name_if_req(RelationGetDescr(relation),
												RelationGetDescr(capture->host));
}

static Tuplestorestate *
one_row(TupleTableSlot *slot)
{
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);

	tuplestore_puttupleslot(store, slot);
	return store;
}

/*
 * Where rows also come by replication the triggers are fired for each row, for
 * whoever applies them runs no statements.  The row goes the way of a statement
 * that wrote no other.  `row` is the capture's own copy.
 */
static void
take_row_as_statement(TriggerData *row)
{
	TriggerEvent event = row->tg_event;

	if (TRIGGER_FIRED_BY_INSERT(event))
		row->tg_newtable = one_row(row->tg_trigslot);
	else
		row->tg_oldtable = one_row(row->tg_trigslot);
	if (TRIGGER_FIRED_BY_UPDATE(event))
		row->tg_newtable = one_row(row->tg_newslot);
}

static void
end_row(TriggerData *row)
{
	if (row->tg_oldtable != NULL)
		tuplestore_end(row->tg_oldtable);
	if (row->tg_newtable != NULL)
		tuplestore_end(row->tg_newtable);
	row->tg_oldtable = row->tg_newtable = NULL;
}

/* All that may fail is in here. */
static void
run_step(void *arg)
{
	Attempted  *a = arg;
	Capture    *capture = a->capture;
	Relation	relation = capture->trigger->tg_relation;

	capture->row = NULL;
	capture->binding = binding_by_id(capture->binding_id);
	if (is_left_behind(capture))
		return;
	if (TRIGGER_FIRED_FOR_ROW(capture->trigger->tg_event))
		take_row_as_statement(capture->trigger);
	check_trigger(capture, a->kind);
	capture->stale |= !rows_pair(capture->trigger);
	capture->statement = 0;
	capture->awaited = AWAITED_UNKNOWN;
	capture->arrivals = NIL;
	open_host(capture, relation);
	a->step(capture);
	inbox_arrived(capture);
	descent_close(relation, capture->host);
	if (TRIGGER_FIRED_FOR_ROW(capture->trigger->tg_event))
		end_row(capture->trigger);
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
	rows->map = NULL;
	rows->converted = NULL;
}

void
capture_rows_begin(Rows *rows, Capture *capture, Tuplestorestate *store)
{
	if (capture->map == NULL)
	{
		rows_begin(rows, store, RelationGetDescr(capture->host));
		return;
	}
	rows_begin(rows, store, RelationGetDescr(capture->trigger->tg_relation));
	rows->map = capture->map;
	rows->converted = MakeSingleTupleTableSlot(RelationGetDescr(capture->host), &TTSOpsVirtual);
}

TupleTableSlot *
rows_next(Rows *rows)
{
	tuplestore_select_read_pointer(rows->store, rows->pointer);
	if (!tuplestore_gettupleslot(rows->store, true, false, rows->slot))
		return NULL;
	return rows->map == NULL ? rows->slot :
		execute_attr_map_slot(rows->map, rows->slot, rows->converted);
}

void
rows_end(Rows *rows)
{
	ExecDropSingleTupleTableSlot(rows->slot);
	if (rows->converted != NULL)
		ExecDropSingleTupleTableSlot(rows->converted);
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

/*
 * The rows of a transition table as the host would have them: a query reads
 * them by the host's descriptor.
 */
static Tuplestorestate *
host_rows(Capture *capture, Tuplestorestate *store)
{
	Tuplestorestate *converted = tuplestore_begin_heap(false, false, work_mem);
	Rows		rows;
	TupleTableSlot *row;

	capture_rows_begin(&rows, capture, store);
	while ((row = rows_next(&rows)) != NULL)
		tuplestore_puttupleslot(converted, row);
	rows_end(&rows);
	return converted;
}

/*
 * Look up for all rows at once what the binding's roles need of other tables;
 * returns whether there is any: then binding_run_next goes with rows_next.
 */
static bool
look_up(Capture *capture, BindingRun *run, Tuplestorestate *store)
{
	Tuplestorestate *rows = store;

	if (!binding_looks_up(capture->binding))
		return false;
	if (capture->map != NULL)
		rows = host_rows(capture, store);
	binding_run_lookups(run, rows, capture->careful, role_fault, capture);
	if (rows != store)
		tuplestore_end(rows);
	return true;
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
	bool		lookups = look_up(capture, run, store);
	MemoryContext per_row = row_context();
	Rows		rows;
	TupleTableSlot *row;

	capture_rows_begin(&rows, capture, store);
	while ((row = rows_next(&rows)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(per_row);

		if (lookups)
			binding_run_next(run);
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
	bool		lookups = look_up(capture, pair.run, t->tg_newtable) &&
		look_up(capture, pair.old_run, t->tg_oldtable);
	MemoryContext per_row = row_context();
	Rows		rows;
	Rows		old_rows;

	/* both tables hold a row for each update, in the same order */
	capture_rows_begin(&rows, capture, t->tg_newtable);
	capture_rows_begin(&old_rows, capture, t->tg_oldtable);
	while ((pair.row = rows_next(&rows)) != NULL && (pair.old_row = rows_next(&old_rows)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(per_row);

		if (lookups)
		{
			binding_run_next(pair.run);
			binding_run_next(pair.old_run);
		}
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

bool
capture_emptied_part(Capture *capture)
{
	Relation	relation = capture->trigger->tg_relation;

	if (relation == capture->host &&
		(relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE || !relation->rd_rel->relhassubclass))
		return false;
	queue_put(capture, QUEUE_REREAD, NULL, NULL, NULL);
	return true;
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
	capture_rows_begin(&rows, capture, store);
	while ((row = rows_next(&rows)) != NULL)
	{
		char	   *key = binding_key(run, row);

		if (key != NULL)
			capture->keys = lappend(capture->keys, key);
	}
	rows_end(&rows);
	binding_run_end(run);
}

List *
capture_distinct(List *keys)
{
	List	   *distinct = NIL;
	ListCell   *cell;

	list_sort(keys, compare_keys);
	foreach(cell, keys)
		if (distinct == NIL || strcmp(llast(distinct), lfirst(cell)) != 0)
			distinct = lappend(distinct, lfirst(cell));
	return distinct;
}

void
capture_keys(Capture *capture)
{
	capture->keys = NIL;
	collect_keys_of(capture, capture->trigger->tg_oldtable);
	collect_keys_of(capture, capture->trigger->tg_newtable);
	capture->keys = capture_distinct(capture->keys);
}

bool
capture_reread(Capture *capture, CaptureAgain again)
{
	TupleTableSlot *slot;
	BindingRun *run;
	ListCell   *cell;

	if (!capture->stale)
		return false;
	capture_keys(capture);
	/* what the statement itself has written must be seen by what is read now */
	CommandCounterIncrement();
	slot = MakeSingleTupleTableSlot(RelationGetDescr(capture->host), &TTSOpsHeapTuple);
	run = capture_binding_run(capture);
	foreach(cell, capture->keys)
	{
		const char *key = lfirst(cell);
		bool		there;

		settle_as(&capture->settle, capture->binding);
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
	fault_note(&faults, &place, RelationGetRelationName(capture->trigger->tg_relation),
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
	Attempted	keys = {capture, kind, capture_keys};
	Unsettled	unsettled = {capture, error};
	ErrorData  *failure;

	if (attempt(run_step, &keys) != NULL)
		capture->keys = NIL;
	failure = attempt(record_step, &unsettled);
	if (failure != NULL)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("pg_revops could not settle a statement on table \"%s\": %s",
						RelationGetRelationName(capture->trigger->tg_relation), error->message),
				 errdetail("The fault could not be recorded either: %s", failure->message),
				 errhint("UPDATE the rows again once the cause is gone.")));
}

/* The step, and what it has left to be written. */
static ErrorData *
try_step(Attempted *attempted)
{
	ErrorData  *error = attempt(run_step, attempted);

	if (error == NULL && attempted->capture->row != NULL)
		error = packet_row_write(attempted->capture->row);
	return error;
}

/* Settle, or append, what the trigger's rows say; raises what must be raised. */
static void
settle_or_record(Capture *capture, BindingKind kind, CaptureStep step)
{
	Attempted	a = {capture, kind, step};
	ErrorData  *error = try_step(&a);

	if (error != NULL)
	{
		if (must_raise(capture, error))
			ReThrowError(error);
		capture->careful = capture->binding == NULL || !capture->binding->raise;
		capture->probe = true;
		error = try_step(&a);
	}
	if (error == NULL)
		pending_relieve();
	else if (must_raise(capture, error))
		ReThrowError(error);
	else
		record_fault(capture, kind, error);
}

void
capture_run(FunctionCallInfo fcinfo, const char *function, BindingKind kind,
			CaptureStep step)
{
	Capture		capture = {0};
	TriggerData row;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", function)));
	capture.trigger = (TriggerData *) fcinfo->context;
	if (!TRIGGER_FIRED_AFTER(capture.trigger->tg_event) ||
		capture.trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired AFTER with the binding's number",
						function)));
	capture.binding_id = pg_strtoint32(capture.trigger->tg_trigger->tgargs[0]);
	ask_nested(&capture);
	/* asked here: each step is in a subtransaction */
	capture.in_block = IsTransactionBlock() || IsolationUsesXactSnapshot();
	capture.context = CurrentMemoryContext;

	/* the transition tables of a row trigger are ours to make, in the step */
	row = *capture.trigger;
	capture.trigger = &row;
	settle_or_record(&capture, kind, step);
}
