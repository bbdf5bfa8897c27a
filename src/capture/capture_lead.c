/*
 * capture_lead.c
 *		Statements on an attached lead table.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/owner.h"
#include "capture/capture.h"

PG_FUNCTION_INFO_V1(revops_capture_lead);

/* inserted keys that are looked up before the rest is believed to be new too */
#define PROBES	4

/* A lead that had to give up its key within the statement at hand. */
typedef struct Displaced
{
	char	   *key;
	int64		lead_id;
} Displaced;

static void
begin(Capture *capture)
{
	capture->displaced = NIL;
	settle_begin(&capture->settle, capture->binding->workspace_id, capture->careful);
	settle_use(&capture->settle, capture->binding);
}

/* The lead that had this key when the statement began; 0: none. */
static int64
lead_before(Capture *capture, const char *key)
{
	ListCell   *cell;

	foreach(cell, capture->displaced)
	{
		Displaced  *displaced = lfirst(cell);

		if (strcmp(displaced->key, key) == 0)
			return displaced->lead_id;
	}
	return lead_find(&capture->settle.writers, capture->binding_id, key);
}

/*
 * A renamed row takes a key that another lead has: one that is gone, or one
 * whose own row is renamed by the same statement.  That lead steps aside.
 */
static void
make_room(Capture *capture, const char *key, int64 lead_id)
{
	Settle	   *s = &capture->settle;
	int64		other = lead_find(&s->writers, capture->binding_id, key);
	LeadChange	change;
	Displaced  *displaced;
	MemoryContext old;

	if (other == 0 || other == lead_id)
		return;
	old = MemoryContextSwitchTo(s->context);
	displaced = palloc(sizeof(Displaced));
	displaced->key = pstrdup(key);
	displaced->lead_id = other;
	capture->displaced = lappend(capture->displaced, displaced);
	MemoryContextSwitchTo(old);
	change_init(&change);
	change.new_key = displaced_key(key, other);
	(void) settle_lead(s, other, &change);
}

/*
 * A row that is there now.  With look = false the key is believed to be new:
 * should it not be, the unique key of revops.lead fails the step, and the next
 * one looks.
 */
static void
take_row(Capture *capture, const char *key, TupleTableSlot *roles, bool look)
{
	Settle	   *s = &capture->settle;
	LeadChange	change;
	int64		lead_id = 0;

	if (look)
	{
		settle_flush(s);
		lead_id = lead_find(&s->writers, capture->binding_id, key);
	}
	if (lead_id == 0)
	{
		settle_new(s, roles, key);
		return;
	}
	change_init(&change);
	change.roles = roles;
	change.is_back = true;
	(void) settle_lead(s, lead_id, &change);
}

/* A row that is there no more. */
static void
drop_row(Capture *capture, const char *key)
{
	Settle	   *s = &capture->settle;
	LeadChange	change;
	int64		lead_id = lead_before(capture, key);

	if (lead_id == 0)
		return;
	change_init(&change);
	change.is_gone = true;
	(void) settle_lead(s, lead_id, &change);
}

/* Is any of the first keys known?  Then all of them are looked up. */
static bool
keys_known(Capture *capture, BindingRun *run, Rows *rows)
{
	TupleTableSlot *row;
	bool		known = false;

	for (int i = 0; i < PROBES && !known && (row = rows_next(rows)) != NULL; i++)
	{
		char	   *key = binding_key(run, row);

		known = key != NULL &&
			lead_find(&capture->settle.writers, capture->binding_id, key) != 0;
	}
	tuplestore_rescan(rows->store);
	return known;
}

void
capture_lead_again(Capture *capture, BindingRun *run, TupleTableSlot *row, const char *key)
{
	if (row != NULL && binding_accepts(run, row))
		take_row(capture, key, capture_project(capture, run, row), true);
	else
		drop_row(capture, key);
}

static void
take_inserts(Capture *capture)
{
	TupleDesc	desc = RelationGetDescr(capture->host);
	BindingRun *run;
	Rows		rows;
	TupleTableSlot *row;
	MemoryContext per_row;
	MemoryContext old;
	bool		look;

	begin(capture);
	run = capture_binding_run(capture);
	rows_begin(&rows, capture->trigger->tg_newtable, desc);
	look = capture->probe || keys_known(capture, run, &rows);
	per_row = AllocSetContextCreate(CurrentMemoryContext, "pg_revops row",
									ALLOCSET_DEFAULT_SIZES);
	while ((row = rows_next(&rows)) != NULL)
	{
		char	   *key;

		old = MemoryContextSwitchTo(per_row);
		if (binding_accepts(run, row) &&
			(key = capture_key(capture, run, row)) != NULL)
			take_row(capture, key, capture_project(capture, run, row), look);
		MemoryContextSwitchTo(old);
		MemoryContextReset(per_row);
	}
	MemoryContextDelete(per_row);
	rows_end(&rows);
	binding_run_end(run);
	settle_end(&capture->settle);
}

/* One updated row: both of its versions, either of which may not be a lead's. */
static void
take_update(Capture *capture, BindingRun *run, BindingRun *old_run,
			TupleTableSlot *row, TupleTableSlot *old_row)
{
	Settle	   *s = &capture->settle;
	char	   *key = capture_key(capture, run, row);
	char	   *old_key = capture_key(capture, old_run, old_row);
	bool		is_lead = key != NULL && binding_accepts(run, row);
	bool		was_lead = old_key != NULL && binding_accepts(old_run, old_row);
	TupleTableSlot *roles;
	LeadChange	change;
	int64		lead_id;
	bool		renamed;

	if (!is_lead)
	{
		if (was_lead)
			drop_row(capture, old_key);
		return;
	}
	roles = capture_project(capture, run, row);
	change_init(&change);
	change.old_roles = was_lead ? capture_project(capture, old_run, old_row) : NULL;
	renamed = was_lead && strcmp(key, old_key) != 0;
	lead_id = renamed ? lead_before(capture, old_key) :
		lead_find(&s->writers, capture->binding_id, key);
	/* a row that was there before the table was attached is taken in all the same */
	if (lead_id != 0 && was_lead && !renamed &&
		binding_same_roles(capture->binding, roles, change.old_roles))
		return;
	if (lead_id == 0)
	{
		take_row(capture, key, roles, true);
		return;
	}
	change.roles = roles;
	change.is_back = !was_lead;
	change.new_key = renamed ? key : NULL;
	if (renamed)
		make_room(capture, key, lead_id);
	(void) settle_lead(s, lead_id, &change);
}

static void
take_updates(Capture *capture)
{
	TupleDesc	desc = RelationGetDescr(capture->host);
	BindingRun *run;
	BindingRun *old_run;
	Rows		rows;
	Rows		old_rows;
	TupleTableSlot *row;
	TupleTableSlot *old_row;
	MemoryContext per_row;
	MemoryContext old;

	begin(capture);
	run = capture_binding_run(capture);
	old_run = capture_binding_run(capture);
	/* both tables hold a row for each update, in the same order */
	rows_begin(&rows, capture->trigger->tg_newtable, desc);
	rows_begin(&old_rows, capture->trigger->tg_oldtable, desc);
	per_row = AllocSetContextCreate(CurrentMemoryContext, "pg_revops row",
									ALLOCSET_DEFAULT_SIZES);
	while ((row = rows_next(&rows)) != NULL && (old_row = rows_next(&old_rows)) != NULL)
	{
		old = MemoryContextSwitchTo(per_row);
		take_update(capture, run, old_run, row, old_row);
		MemoryContextSwitchTo(old);
		MemoryContextReset(per_row);
	}
	MemoryContextDelete(per_row);
	rows_end(&rows);
	rows_end(&old_rows);
	binding_run_end(run);
	binding_run_end(old_run);
	settle_end(&capture->settle);
}

static void
take_deletes(Capture *capture)
{
	TupleDesc	desc = RelationGetDescr(capture->host);
	BindingRun *run;
	Rows		rows;
	TupleTableSlot *row;

	begin(capture);
	run = capture_binding_run(capture);
	rows_begin(&rows, capture->trigger->tg_oldtable, desc);
	while ((row = rows_next(&rows)) != NULL)
	{
		char	   *key = capture_key(capture, run, row);

		if (key != NULL && binding_accepts(run, row))
			drop_row(capture, key);
	}
	rows_end(&rows);
	binding_run_end(run);
	settle_end(&capture->settle);
}

/* TRUNCATE tells no rows: every lead of the binding is gone. */
static void
take_truncate(Capture *capture)
{
	OwnerScope	scope;
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(capture->binding_id);
	int64	   *ids;
	uint64		n;
	LeadChange	change;
	MemoryContext context = CurrentMemoryContext;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT lead_id FROM revops.lead WHERE binding_id = $1 "
							  "AND gone_at IS NULL ORDER BY lead_id",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading leads failed");
	n = SPI_processed;
	ids = MemoryContextAllocHuge(context, sizeof(int64) * Max(n, 1));
	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;

		ids[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
											 1, &isnull));
	}
	owner_leave(&scope);

	begin(capture);
	change_init(&change);
	change.is_gone = true;
	for (uint64 i = 0; i < n; i++)
		(void) settle_lead(&capture->settle, ids[i], &change);
	settle_end(&capture->settle);
}

/* The rows are read again: the transition tables are not the last word. */
static void
take_stale(Capture *capture)
{
	begin(capture);
	(void) capture_reread(capture, capture_lead_again);
	settle_end(&capture->settle);
}

static void
take_statement(Capture *capture)
{
	TriggerEvent event = capture->trigger->tg_event;

	if (capture->stale && !TRIGGER_FIRED_BY_TRUNCATE(event))
		take_stale(capture);
	else if (TRIGGER_FIRED_BY_INSERT(event))
		take_inserts(capture);
	else if (TRIGGER_FIRED_BY_UPDATE(event))
		take_updates(capture);
	else if (TRIGGER_FIRED_BY_DELETE(event))
		take_deletes(capture);
	else
		take_truncate(capture);
}

/* revops.capture_lead(binding_id): statement trigger on a lead table */
Datum
revops_capture_lead(PG_FUNCTION_ARGS)
{
	capture_run(fcinfo, "capture_lead", BINDING_LEAD, take_statement);
	return PointerGetDatum(NULL);
}
