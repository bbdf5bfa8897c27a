/*
 * capture_touch.c
 *		Statements on an attached activity table.
 *
 * A row is a touch.  Its edit, where that changes what the touch is, takes the
 * old touch back and records the new one; its deletion takes it back: facts are
 * only ever appended.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "base/owner.h"
#include "capture/queue.h"
#include "capture/take_rows.h"
#include "capture/touches.h"

PG_FUNCTION_INFO_V1(revops_capture_touch);

static void
note(Capture *capture, const char *object, const char *key, char *message)
{
	FaultPlace	place = {capture->binding_id, 0, key};

	fault_note(&capture->settle.faults, &place, object, ERRCODE_REVOPS_UNKNOWN_OBJECT,
			   message, NULL);
}

/* The lead that a touch names; 0 when there is none, or it is waited for. */
static int64
lead_of(Capture *capture, Touches *touches, TupleTableSlot *roles, const char *key)
{
	char	   *lead_key;
	int64		lead_id;

	if (roles->tts_isnull[TOUCH_LEAD])
	{
		note(capture, "lead", key, "a touch names no lead");
		return 0;
	}
	lead_key = TextDatumGetCString(roles->tts_values[TOUCH_LEAD]);
	lead_id = touches_lead(touches, capture->binding->lead_binding_id, lead_key);
	if (lead_id == 0)
		queue_wait(capture, roles, key, lead_key);
	return lead_id;
}

static const Signal *
signal_of(Capture *capture, TupleTableSlot *roles, const char *key)
{
	Datum		code = roles->tts_values[TOUCH_SIGNAL];
	Signal	   *signal;

	if (roles->tts_isnull[TOUCH_SIGNAL])
	{
		note(capture, "signal", key, "a touch has no signal");
		return NULL;
	}
	code = PointerGetDatum(PG_DETOAST_DATUM_PACKED(code));
	signal = signal_by_code(capture->settle.def, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
	if (signal == NULL)
		note(capture, "signal", key, psprintf("signal \"%s\" is not defined",
											  TextDatumGetCString(code)));
	return signal;
}

/* When a row says that it happened; an infinite time is no time. */
static TimestampTz
moment_of(Capture *capture, TupleTableSlot *roles)
{
	TimestampTz at;

	if (roles->tts_isnull[TOUCH_OCCURRED_AT])
		return capture->settle.now;
	at = DatumGetTimestampTz(roles->tts_values[TOUCH_OCCURRED_AT]);
	return TIMESTAMP_NOT_FINITE(at) ? capture->settle.now : at;
}

static Datum
word_of(TupleTableSlot *roles, int role)
{
	return roles->tts_isnull[role] ? NO_TEXT : roles->tts_values[role];
}

/* Where a row says that it came from. */
static TouchOrigin
origin_of(TupleTableSlot *roles)
{
	return (TouchOrigin) {word_of(roles, TOUCH_SOURCE), word_of(roles, TOUCH_CAMPAIGN),
		word_of(roles, TOUCH_CONTENT)};
}

/*
 * A row that is there now.  What is planned has not happened: it waits in the
 * inbox until its time, and its row is read again then, as it is by then.
 */
static void
add_touch(Capture *capture, Touches *touches, TupleTableSlot *roles, const char *key)
{
	TimestampTz at = moment_of(capture, roles);
	int64		lead_id;

	if (at > capture->settle.now + TOUCH_SKEW && key != NULL)
	{
		inbox_put(capture->binding_id, list_make1(unconstify(char *, key)), at);
		return;
	}
	lead_id = lead_of(capture, touches, roles, key);
	if (lead_id != 0)
	{
		TouchOrigin origin = origin_of(roles);

		touches_add(touches, lead_id, signal_of(capture, roles, key), at, 1,
					capture->binding_id, key, &origin);
	}
}

/*
 * A row that is there no more, or no longer so: what it brought is taken back,
 * as it was recorded, whatever the row says of it now.  A row that brought
 * nothing (it is older than the binding, or named no lead) takes nothing back.
 */
static bool
remove_touch(Capture *capture, Touches *touches, TupleTableSlot *roles, const char *key)
{
	Settle	   *s = &capture->settle;
	RecordedTouch touch;
	int64		lead_id;

	if (roles->tts_isnull[TOUCH_LEAD] || key == NULL)
		return false;
	lead_id = touches_lead(touches, capture->binding->lead_binding_id,
						   TextDatumGetCString(roles->tts_values[TOUCH_LEAD]));
	if (lead_id == 0 ||
		!touch_recorded(&s->writers, s->def, lead_id, capture->binding_id, key, &touch))
	{
		queue_cancel(capture, roles, key);
		return false;
	}
	touches_add(touches, lead_id, touch.signal, touch.occurred_at, -1,
				capture->binding_id, key, &touch.origin);
	return true;
}

static void
take_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *touches)
{
	if (binding_accepts(run, row))
		add_touch(capture, touches, capture_project(capture, run, row), binding_key(run, row));
}

/* The lead of a row that waits for none; 0 when there is none, which is noted. */
static int64
known_lead_of(Capture *capture, Touches *touches, TupleTableSlot *roles, const char *key)
{
	int64		lead_id;

	if (roles->tts_isnull[TOUCH_LEAD])
	{
		note(capture, "lead", key, "a touch names no lead");
		return 0;
	}
	lead_id = touches_lead(touches, capture->binding->lead_binding_id,
						   TextDatumGetCString(roles->tts_values[TOUCH_LEAD]));
	if (lead_id == 0)
		note(capture, "lead", key, "a touch names a lead that is not known");
	return lead_id;
}

/* Take a touch of the past, unless it is recorded as it is; returns whether it was new. */
static bool
take_touch(Capture *capture, Touches *touches, int64 lead_id, TupleTableSlot *roles,
		   const char *key)
{
	Settle	   *s = &capture->settle;
	const Signal *signal = signal_of(capture, roles, key);
	TimestampTz at = moment_of(capture, roles);
	TouchOrigin origin = origin_of(roles);
	RecordedTouch before;

	if (touch_recorded(&s->writers, s->def, lead_id, capture->binding_id, key, &before))
	{
		if (before.signal == signal && same_origin(&before.origin, &origin) &&
			(before.occurred_at == at || roles->tts_isnull[TOUCH_OCCURRED_AT]))
			return false;
		touches_add(touches, lead_id, before.signal, before.occurred_at, -1,
					capture->binding_id, key, &before.origin);
	}
	touches_add(touches, lead_id, signal, at, 1, capture->binding_id, key, &origin);
	return true;
}

/* See take_rows.h. */
void
take_touch_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	Taking	   *taking = arg;
	char	   *key = NULL;
	TupleTableSlot *roles;
	int64		lead_id;
	bool		counts = binding_accepts(run, row) &&
		(key = binding_key(run, row)) != NULL;

	if (counts && taking_leaves(taking, key))
		return;
	roles = counts ? capture_project(capture, run, row) : NULL;
	lead_id = counts ? known_lead_of(capture, &taking->touches, roles, key) : 0;
	if (lead_id == 0)
	{
		taking->taken->passed_over++;
		return;
	}
	if (moment_of(capture, roles) > capture->settle.now + TOUCH_SKEW)
		add_touch(capture, &taking->touches, roles, key);
	else if (!take_touch(capture, &taking->touches, lead_id, roles, key))
	{
		taking->taken->known++;
		return;
	}
	taking->taken->taken++;
}

static void
take_inserts(Capture *capture, Touches *touches)
{
	/* new touches are looked up all at one moment; what is taken back reads what was written */
	engine_freeze(&capture->settle.writers);
	capture_each_row(capture, capture->trigger->tg_newtable, take_row, touches);
	engine_thaw(&capture->settle.writers);
}

static void
lose_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *touches)
{
	(void) remove_touch(capture, touches, capture_project(capture, run, row),
						binding_key(run, row));
}

/*
 * The old version of an updated row is taken back.  Where the lead's key was
 * renamed with it, the touch is found under the lead that the row names now.
 */
static void
take_back_old(Capture *capture, const RowPair *pair, void *touches)
{
	PairRead	read;

	if (capture_pair_changed(capture, pair, &read) &&
		!remove_touch(capture, touches, read.old_roles, read.old_key))
		(void) remove_touch(capture, touches, read.roles, read.old_key);
}

static void
take_new(Capture *capture, const RowPair *pair, void *touches)
{
	PairRead	read;

	if (capture_pair_changed(capture, pair, &read) && read.counts)
		add_touch(capture, touches, read.roles, read.key);
}

/*
 * Take back the touches of the binding that still count: those of one source
 * row, or (key NULL) all.
 */
static void
take_back(Capture *capture, Touches *touches, const char *key)
{
	Oid			types[2] = {INT4OID, TEXTOID};
	Datum		values[2] = {Int32GetDatum(capture->binding_id),
	key == NULL ? (Datum) 0 : CStringGetTextDatum(key)};
	char		nulls[2] = {' ', key == NULL ? 'n' : ' '};
	OwnerScope	scope;
	SPITupleTable *table;
	uint64		n;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT lead_id, occurred_at, coalesce(signal_id, 0), source_key, "
							  "source, campaign, content "
							  "FROM revops.touch WHERE binding_id = $1 "
							  "AND ($2 IS NULL OR source_key = $2) "
							  "GROUP BY lead_id, occurred_at, signal_id, source_key, source, campaign, content "
							  "HAVING sum(sign) > 0",
							  2, types, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading touches failed");
	table = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;
		HeapTuple	tuple = table->vals[i];
		TouchOrigin origin;

		origin.source = SPI_getbinval(tuple, table->tupdesc, 5, &isnull);
		origin.campaign = SPI_getbinval(tuple, table->tupdesc, 6, &isnull);
		origin.content = SPI_getbinval(tuple, table->tupdesc, 7, &isnull);
		touches_add(touches, DatumGetInt64(SPI_getbinval(tuple, table->tupdesc, 1, &isnull)),
					signal_by_id(capture->settle.def,
								 DatumGetInt32(SPI_getbinval(tuple, table->tupdesc, 3, &isnull))),
					DatumGetTimestampTz(SPI_getbinval(tuple, table->tupdesc, 2, &isnull)),
					-1, capture->binding_id, SPI_getvalue(tuple, table->tupdesc, 4), &origin);
	}
	owner_leave(&scope);
}

/*
 * What a row brought before it is read again.  An entry of reconcile() says which
 * lead has it; should that not be so any more, the row's own lead may.  Else the
 * touches are searched for it.
 */
static void
take_back_before(Capture *capture, Touches *touches, TupleTableSlot *roles, const char *key)
{
	const QueueEntry *entry = capture->entry;
	TupleTableSlot *told;

	if (entry == NULL || entry->roles == NULL)
	{
		take_back(capture, touches, key);
		return;
	}
	told = binding_role_slot(capture->binding);
	profile_to_slot(capture->binding, entry->roles, NULL, told);
	if (!remove_touch(capture, touches, told, key) && roles != NULL)
		(void) remove_touch(capture, touches, roles, key);
	ExecDropSingleTupleTableSlot(told);
}

void
capture_touch_again(Capture *capture, BindingRun *run, TupleTableSlot *row,
					const char *key)
{
	bool		counts = row != NULL && binding_accepts(run, row);
	TupleTableSlot *roles = counts ? capture_project(capture, run, row) : NULL;
	Touches		touches;

	touches_begin(&touches, &capture->settle, false);
	take_back_before(capture, &touches, roles, key);
	queue_cancel(capture, NULL, key);
	if (counts)
		add_touch(capture, &touches, roles, key);
	touches_settle(&touches);
}

static void
take_statement(Capture *capture)
{
	TriggerData *t = capture->trigger;
	Touches		touches;

	if (queue_wants(capture))
	{
		queue_begin(capture);
		queue_touches(capture);
		queue_end(capture);
		return;
	}
	settle_begin(&capture->settle, capture->binding->workspace_id, capture->careful);
	if (binding_runs_expressions(capture->binding))
		settle_as(&capture->settle, capture->binding);
	if (TRIGGER_FIRED_BY_TRUNCATE(t->tg_event) && capture_emptied_part(capture))
	{
		settle_end(&capture->settle);
		return;
	}
	if (!TRIGGER_FIRED_BY_TRUNCATE(t->tg_event) && capture_reread(capture, capture_touch_again))
	{
		settle_end(&capture->settle);
		return;
	}
	touches_begin(&touches, &capture->settle, capture->in_block);
	if (TRIGGER_FIRED_BY_INSERT(t->tg_event))
		take_inserts(capture, &touches);
	else if (TRIGGER_FIRED_BY_DELETE(t->tg_event))
		capture_each_row(capture, t->tg_oldtable, lose_row, &touches);
	else if (TRIGGER_FIRED_BY_UPDATE(t->tg_event))
	{
		capture_each_pair(capture, take_back_old, &touches);
		capture_each_pair(capture, take_new, &touches);
	}
	else						/* TRUNCATE tells no rows */
	{
		take_back(capture, &touches, NULL);
		queue_cancel(capture, NULL, NULL);
	}
	touches_settle(&touches);
	settle_end(&capture->settle);
}

/* An entry of the inbox: what the statement said, or what has waited. */
void
capture_touch_entry(Capture *capture, Touches *touches, const QueueEntry *entry,
					TupleTableSlot *roles)
{
	if (entry->what == QUEUE_REMOVED || entry->what == QUEUE_CANCELLED ||
		entry->what == QUEUE_TRUNCATED)
		touches_write(touches);
	if (entry->what == QUEUE_TRUNCATED)
		take_back(capture, touches, NULL);
	else if (entry->what == QUEUE_REMOVED || entry->what == QUEUE_CANCELLED)
		(void) remove_touch(capture, touches, roles, entry->key);
	else
	{
		/* without a time of its own it happened when it was told, not now */
		if (entry->told_at != NO_TIME &&
			(roles->tts_isnull[TOUCH_OCCURRED_AT] ||
			 TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(roles->tts_values[TOUCH_OCCURRED_AT]))))
		{
			roles->tts_values[TOUCH_OCCURRED_AT] = TimestampTzGetDatum(entry->told_at);
			roles->tts_isnull[TOUCH_OCCURRED_AT] = false;
		}
		add_touch(capture, touches, roles, entry->key);
	}
}

/* revops.capture_touch(binding_id): statement trigger on an activity table */
Datum
revops_capture_touch(PG_FUNCTION_ARGS)
{
	capture_run(fcinfo, "capture_touch", BINDING_TOUCH, take_statement);
	return PointerGetDatum(NULL);
}
