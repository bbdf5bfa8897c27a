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
#include "capture/own_write.h"
#include "capture/queue.h"
#include "settle/enrich.h"
#include "capture/take_rows.h"
#include "capture/write_back.h"

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
	capture->filling = NULL;
	/* what is appended is not decided upon: no rules */
	if (queue_wants(capture))
	{
		queue_begin(capture);
		return;
	}
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
		queue_arrived(capture, key);
		return;
	}
	change_init(&change);
	change.roles = roles;
	change.is_back = true;
	(void) settle_lead(s, lead_id, &change);
}

/* A row that was there before, perhaps under another key, or counted as no lead. */
static void
change_row(Capture *capture, int64 lead_id, const char *new_key, bool is_back,
		   TupleTableSlot *roles)
{
	Settle	   *s = &capture->settle;
	LeadChange	change;

	change_init(&change);
	change.roles = roles;
	change.is_back = is_back;
	change.new_key = new_key;
	if (new_key != NULL)
	{
		make_room(capture, new_key, lead_id);
		/* the lead may be busy: then its rename waits, and is to be looked for */
		s->writers.renames_known = false;
		queue_arrived(capture, new_key);
	}
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
keys_known(Capture *capture)
{
	BindingRun *run = binding_run_begin(capture->binding, RelationGetDescr(capture->host),
										NULL, NULL);
	Rows		rows;
	TupleTableSlot *row;
	bool		known = false;

	capture_rows_begin(&rows, capture, capture->trigger->tg_newtable);
	for (int i = 0; i < PROBES && !known && (row = rows_next(&rows)) != NULL; i++)
	{
		char	   *key = binding_key(run, row);

		known = key != NULL &&
			lead_find(&capture->settle.writers, capture->binding_id, key) != 0;
	}
	rows_end(&rows);
	binding_run_end(run);
	return known;
}

/* A row of the statement, as it is: to be settled. */
static void
take_written(Capture *capture, BindingRun *run, TupleTableSlot *row, const char *key, bool look)
{
	TupleTableSlot *roles = capture_project(capture, run, row);

	if (capture->binding->fills != NULL && capture->trigger != NULL)
		write_back_row(capture, row, key, roles, NULL);
	take_row(capture, key, roles, look);
}

void
capture_lead_again(Capture *capture, BindingRun *run, TupleTableSlot *row, const char *key)
{
	if (row != NULL && binding_accepts(run, row))
		take_written(capture, run, row, key, true);
	else
		drop_row(capture, key);
}

/* Is the lead there, and has nothing to learn from the row? */
static bool
lead_says_so(Capture *capture, LeadGlance *glance, TupleTableSlot *roles)
{
	Settle	   *s = &capture->settle;
	LeadRow		lead;

	if (!lead_peek(&s->writers, glance, s->agreement, &lead) || lead.state.gone_at != NO_TIME)
		return false;
	(void) profile_read(&s->writers, s->binding, glance->lead_id, 0, NULL, s->stored_before);
	if (lead.state.enriched)
		roles = enrich_overlay(s, glance->lead_id, roles);
	return binding_same_roles(s->binding, roles, s->stored_before);
}

/* Is the row older than the one that the lead was last seen as (lead_says_so has read it)? */
static bool
older_row(Settle *s, TupleTableSlot *roles)
{
	TupleTableSlot *stored = s->stored_before;

	return !stored->tts_isnull[LEAD_UPDATED_AT] &&
		(roles->tts_isnull[LEAD_UPDATED_AT] ||
		 DatumGetTimestampTz(roles->tts_values[LEAD_UPDATED_AT]) <
		 DatumGetTimestampTz(stored->tts_values[LEAD_UPDATED_AT]));
}

/*
 * A row that differs from what is known of its lead.  Where several rows may have
 * the key, which of them is the lead is asked of the table when all are read.
 */
static void
take_differing(Capture *capture, const char *key, TupleTableSlot *roles, TakenRows *taken)
{
	MemoryContext old;

	taken->taken++;
	if (!capture->binding->key_unique)
	{
		old = MemoryContextSwitchTo(capture->context);
		taken->held = lappend(taken->held, pstrdup(key));
		MemoryContextSwitchTo(old);
		if (older_row(&capture->settle, roles))
			return;
	}
	take_row(capture, key, roles, true);
}

/* See take_rows.h. */
void
take_lead_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	Taking	   *taking = arg;
	Settle	   *s = &capture->settle;
	char	   *key = NULL;
	LeadGlance	glance = {0};
	TupleTableSlot *roles;

	if (!binding_accepts(run, row) || (key = binding_key(run, row)) == NULL)
	{
		taking->taken->passed_over++;
		return;
	}
	if (taking_leaves(taking, key))
		return;
	roles = capture_project(capture, run, row);
	if (taking->look)
	{
		/* leads that are collected are not found yet */
		if (!capture->binding->key_unique)
			settle_flush(s);
		(void) lead_find_glance(&s->writers, capture->binding_id, key, &glance);
	}
	if (glance.lead_id == 0)
	{
		settle_old(s, roles, key, taking->what->past == NULL ? NULL :
				   taking->what->past(taking->what->arg, key));
		queue_arrived(capture, key);
		taking->taken->taken++;
	}
	else if (lead_says_so(capture, &glance, roles))
		taking->taken->known++;
	else
		take_differing(capture, key, roles, taking->taken);
}

static void
take_inserted(Capture *capture, BindingRun *run, TupleTableSlot *row, void *look)
{
	char	   *key;

	if (!binding_accepts(run, row) || (key = binding_key(run, row)) == NULL)
		return;
	if (queue_wants(capture))
		queue_put(capture, QUEUE_WRITTEN, key, NULL, capture_project(capture, run, row));
	else
		take_written(capture, run, row, key, *(bool *) look);
}

static void
take_inserts(Capture *capture)
{
	bool		look = !queue_wants(capture) && (capture->probe || keys_known(capture));

	capture_each_row(capture, capture->trigger->tg_newtable, take_inserted, &look);
}

/* A row that is gone, or counts no more: settled, or appended. */
static void
lose_row(Capture *capture, const char *key)
{
	if (queue_wants(capture))
		queue_put(capture, QUEUE_REMOVED, key, NULL, NULL);
	else
		drop_row(capture, key);
}

/* Did the host change what its own stage, owner or team columns say? */
static bool
host_moved(TupleTableSlot *roles, TupleTableSlot *old_roles)
{
	static const int words[] = {LEAD_STAGE, LEAD_OWNER, LEAD_TEAM};

	for (int i = 0; i < lengthof(words); i++)
	{
		int			w = words[i];

		if (roles->tts_isnull[w] != old_roles->tts_isnull[w])
			return true;
		if (!roles->tts_isnull[w] &&
			!same_varlena(PG_DETOAST_DATUM_PACKED(roles->tts_values[w]),
						  PG_DETOAST_DATUM_PACKED(old_roles->tts_values[w])))
			return true;
	}
	return false;
}

/*
 * An updated row of a queued binding.  An update that changed no role is news
 * only where the row is older than the binding.
 */
static void
queue_update(Capture *capture, const char *key, const char *old_key,
			 TupleTableSlot *roles, TupleTableSlot *old_roles)
{
	bool		same = old_roles != NULL && old_key == NULL &&
		binding_same_roles(capture->binding, roles, old_roles);

	if (!same)
		queue_put(capture, own_write_of(capture->binding) != NULL ? QUEUE_OURS :
				  old_roles == NULL ? QUEUE_WRITTEN :
				  host_moved(roles, old_roles) ? QUEUE_MOVED : QUEUE_CHANGED,
				  key, old_key, roles);
	else if (lead_find(&capture->settle.writers, capture->binding_id, key) == 0)
		queue_put(capture, QUEUE_SEEN, key, NULL, roles);
}

/*
 * What an updated row said before; NULL where its old version does not tell.
 * Where the row names another row than before, or none, and that makes no
 * difference, the one that it named may have changed or gone in the same
 * statement, as by ON DELETE SET NULL: what it said is looked up too late.
 */
static TupleTableSlot *
roles_before(Capture *capture, const RowPair *pair, TupleTableSlot *roles)
{
	TupleTableSlot *old_roles = capture_project(capture, pair->old_run, pair->old_row);

	if (binding_looks_up_otherwise(capture->binding, pair->row, pair->old_row) &&
		binding_same_roles(capture->binding, roles, old_roles))
		return NULL;
	return old_roles;
}

/* One updated row: both of its versions, either of which may not be a lead's. */
static void
take_updated(Capture *capture, const RowPair *pair, void *arg)
{
	BindingRun *run = pair->run;
	BindingRun *old_run = pair->old_run;
	TupleTableSlot *row = pair->row;
	TupleTableSlot *old_row = pair->old_row;
	Settle	   *s = &capture->settle;
	char	   *key = binding_key(run, row);
	char	   *old_key = binding_key(old_run, old_row);
	bool		is_lead = key != NULL && binding_accepts(run, row);
	bool		was_lead = old_key != NULL && binding_accepts(old_run, old_row);
	TupleTableSlot *roles;
	TupleTableSlot *old_roles;
	int64		lead_id;
	bool		renamed;

	if (!is_lead)
	{
		if (was_lead)
			lose_row(capture, old_key);
		return;
	}
	roles = capture_project(capture, run, row);
	old_roles = was_lead ? roles_before(capture, pair, roles) : NULL;
	renamed = was_lead && strcmp(key, old_key) != 0;
	if (queue_wants(capture))
	{
		queue_update(capture, key, renamed ? old_key : NULL, roles, old_roles);
		return;
	}
	lead_id = renamed ? lead_before(capture, old_key) :
		lead_find(&s->writers, capture->binding_id, key);
	/* a row that was there before the table was attached is taken in all the same */
	if (lead_id != 0 && old_roles != NULL && !renamed &&
		binding_same_roles(capture->binding, roles, old_roles))
		return;
	if (capture->binding->fills != NULL)
		write_back_row(capture, row, key, roles, old_roles);
	if (lead_id == 0)
		take_row(capture, key, roles, true);
	else
		change_row(capture, lead_id, renamed ? key : NULL, !was_lead, roles);
}

static void
take_deleted(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	char	   *key = binding_key(run, row);

	if (key != NULL && binding_accepts(run, row))
		lose_row(capture, key);
}

/* TRUNCATE tells no rows: every lead of the binding is gone. */
static void
drop_all(Capture *capture)
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

	change_init(&change);
	change.is_gone = true;
	for (uint64 i = 0; i < n; i++)
		(void) settle_lead(&capture->settle, ids[i], &change);
}

static void
take_truncate(Capture *capture)
{
	begin(capture);
	if (capture_emptied_part(capture))
		;						/* some rows may be left */
	else if (queue_wants(capture))
		queue_put(capture, QUEUE_TRUNCATED, NULL, NULL, NULL);
	else
		drop_all(capture);
	queue_end(capture);
}

/* An update of a row, or its return, as an entry of the inbox tells it. */
static void
take_entry(Capture *capture, const QueueEntry *entry, TupleTableSlot *roles)
{
	bool		renamed = entry->old_key != NULL;
	int64		lead_id = renamed ? lead_before(capture, entry->old_key) :
		lead_find(&capture->settle.writers, capture->binding_id, entry->key);

	if (lead_id == 0)
		take_row(capture, entry->key, roles, renamed);
	else if (entry->what != QUEUE_SEEN)
	{
		capture->settle.unspoken = entry->what == QUEUE_OURS;
		change_row(capture, lead_id, renamed ? entry->key : NULL,
				   entry->what == QUEUE_WRITTEN, roles);
		capture->settle.unspoken = false;
	}
}

void
capture_lead_entry(Capture *capture, const QueueEntry *entry, TupleTableSlot *roles)
{
	settle_use(&capture->settle, capture->binding);
	/* leads that are collected are not found yet */
	if (entry->repeated)
		settle_flush(&capture->settle);
	switch (entry->what)
	{
		case QUEUE_REMOVED:
			drop_row(capture, entry->key);
			break;
		case QUEUE_TRUNCATED:
			drop_all(capture);
			break;
		default:
			take_entry(capture, entry, roles);
			break;
	}
}

/* A row of a queued binding that was read again. */
static void
queue_again(Capture *capture, BindingRun *run, TupleTableSlot *row, const char *key)
{
	if (row != NULL && binding_accepts(run, row))
		queue_put(capture, QUEUE_WRITTEN, key, NULL, capture_project(capture, run, row));
	else
		queue_put(capture, QUEUE_REMOVED, key, NULL, NULL);
}

/*
 * Where two rows may have one key, what a statement says of one does not tell
 * which of them is the lead: the reader looks.
 */
static void
queue_keys(Capture *capture)
{
	ListCell   *cell;

	capture_keys(capture);
	foreach(cell, capture->keys)
		queue_put(capture, QUEUE_REREAD, lfirst(cell), NULL, NULL);
}

static void
take_statement(Capture *capture)
{
	TriggerData *t = capture->trigger;

	if (TRIGGER_FIRED_BY_TRUNCATE(t->tg_event))
	{
		take_truncate(capture);
		return;
	}
	begin(capture);
	if (queue_wants(capture) && !capture->binding->key_unique)
		queue_keys(capture);
	else if (capture_reread(capture, queue_wants(capture) ? queue_again : capture_lead_again))
		;						/* all was done by key */
	else if (TRIGGER_FIRED_BY_INSERT(t->tg_event))
		take_inserts(capture);
	else if (TRIGGER_FIRED_BY_UPDATE(t->tg_event))
		capture_each_pair(capture, take_updated, NULL);
	else
		capture_each_row(capture, t->tg_oldtable, take_deleted, NULL);
	queue_end(capture);
	write_back_rest(capture);
}

/* revops.capture_lead(binding_id): statement trigger on a lead table */
Datum
revops_capture_lead(PG_FUNCTION_ARGS)
{
	capture_run(fcinfo, "capture_lead", BINDING_LEAD, take_statement);
	return PointerGetDatum(NULL);
}
