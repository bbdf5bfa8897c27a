/*
 * capture_lookup.c
 *		Statements on a table that the roles of leads look up.
 *
 * Its rows are nothing of their own: each names the leads that read it, and
 * those are put into the inbox to be read again, with what their roles look up
 * by then.  Nothing is settled here and no lead is locked.  TRUNCATE tells no
 * rows, so no leads.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "capture/queue.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_capture_lookup);

static void
add_key(Capture *capture, Datum key)
{
	MemoryContext old = MemoryContextSwitchTo(capture->settle.context);

	capture->keys = lappend(capture->keys, TextDatumGetCString(key));
	MemoryContextSwitchTo(old);
}

static void
add_keys(Capture *capture, Datum array)
{
	Datum	   *keys;
	bool	   *nulls;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &keys, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			add_key(capture, keys[i]);
	}
}

/* The leads that a row names: by one key, or by an array of them. */
static void
take_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	TupleTableSlot *roles;

	if (!binding_accepts(run, row))
		return;
	roles = capture_project(capture, run, row);
	if (roles->tts_isnull[LOOKUP_LEAD])
		return;
	if (TupleDescAttr(capture->binding->roles, LOOKUP_LEAD)->atttypid == TEXTARRAYOID)
		add_keys(capture, roles->tts_values[LOOKUP_LEAD]);
	else
		add_key(capture, roles->tts_values[LOOKUP_LEAD]);
}

/* Was the row written as it was? */
static bool
same_row(TupleTableSlot *a, TupleTableSlot *b)
{
	TupleDesc	desc = a->tts_tupleDescriptor;

	slot_getallattrs(a);
	slot_getallattrs(b);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		if (a->tts_isnull[i] != b->tts_isnull[i])
			return false;
		if (!a->tts_isnull[i] &&
			!datum_image_eq(a->tts_values[i], b->tts_values[i], att->attbyval, att->attlen))
			return false;
	}
	return true;
}

/* Leads that read the row as it is now, and those that read it before. */
static void
take_pair(Capture *capture, const RowPair *pair, void *arg)
{
	if (same_row(pair->row, pair->old_row))
		return;
	take_row(capture, pair->run, pair->row, NULL);
	take_row(capture, pair->old_run, pair->old_row, NULL);
}

static void
take_rows(Capture *capture)
{
	TriggerData *t = capture->trigger;

	if (TRIGGER_FIRED_BY_UPDATE(t->tg_event) && !capture->stale)
	{
		capture_each_pair(capture, take_pair, NULL);
		return;
	}
	if (t->tg_newtable != NULL)
		capture_each_row(capture, t->tg_newtable, take_row, NULL);
	if (t->tg_oldtable != NULL)
		capture_each_row(capture, t->tg_oldtable, take_row, NULL);
}

/*
 * Leads that are not known read nothing.  Of a queued binding the reader tells,
 * for what makes a lead known may wait in the inbox.
 */
static List *
known_keys(Capture *capture, const Binding *leads)
{
	List	   *known = NIL;
	ListCell   *cell;

	if (leads->queued)
		return capture->keys;
	foreach(cell, capture->keys)
	{
		if (lead_find(&capture->settle.writers, leads->binding_id, lfirst(cell)) != 0)
			known = lappend(known, lfirst(cell));
	}
	return known;
}

static void
take_statement(Capture *capture)
{
	settle_begin(&capture->settle, capture->binding->workspace_id, capture->careful);
	settle_as(&capture->settle, capture->binding);
	capture->keys = NIL;
	take_rows(capture);
	capture->keys = capture_distinct(capture->keys);
	inbox_put_looked_up(capture->binding->lead_binding_id,
						known_keys(capture, binding_by_id(capture->binding->lead_binding_id)),
						capture->settle.now);
	capture->keys = NIL;
	settle_end(&capture->settle);
}

/* revops.capture_lookup(binding_id): statement trigger on a table that is looked up */
Datum
revops_capture_lookup(PG_FUNCTION_ARGS)
{
	capture_run(fcinfo, "capture_lookup", BINDING_LOOKUP, take_statement);
	return PointerGetDatum(NULL);
}
