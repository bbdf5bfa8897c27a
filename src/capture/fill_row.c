/*
 * fill_row.c
 *		Fills the row that an application's statement is about to write.
 *
 * Before the row is written the engine foresees what its lead will show, and puts
 * that into the row's columns: no second version is made, and RETURNING shows
 * it.  When the statement ends the lead is settled in earnest, and a row that
 * foresight got wrong is written once more (write_back.h): where a turn of a
 * round robin decided, where something waited for the lead, or another trigger
 * changed the row after this one.
 *
 * Nothing here fails or waits: what can't be foreseen is left to the end of the
 * statement, which tells of it.
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/attempt.h"
#include "capture/fill.h"
#include "capture/filled_words.h"
#include "capture/own_write.h"
#include "settle/host_words.h"
#include "settle/settle.h"

PG_FUNCTION_INFO_V1(revops_fill_row);

typedef struct Filling
{
	TriggerData *trigger;
	int32		binding_id;
	Binding    *binding;
	TupleDesc	desc;
	Settle		settle;
	BindingRun *run;
	BindingRun *old_run;
	TupleTableSlot *row;
	TupleTableSlot *old_row;
	MemoryContext context;		/* of what is returned */
	HeapTuple	filled;			/* out: the row with its columns; NULL: as it is */
} Filling;

static TupleTableSlot *
slot_of(Filling *f, HeapTuple tuple)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(f->desc, &TTSOpsHeapTuple);

	ExecStoreHeapTuple(tuple, slot, false);
	return slot;
}

/* The key before the statement, of a row that counted as a lead; NULL: it did not. */
static char *
key_before(Filling *f)
{
	char	   *key = NULL;

	if (!TRIGGER_FIRED_BY_UPDATE(f->trigger->tg_event))
		return NULL;
	f->old_row = slot_of(f, f->trigger->tg_trigtuple);
	f->old_run = binding_run_begin(f->binding, f->desc, NULL, NULL);
	if (binding_accepts(f->old_run, f->old_row))
		key = binding_key(f->old_run, f->old_row);
	return key;
}

static char *
text_or_null(TupleTableSlot *roles, int role)
{
	return roles->tts_isnull[role] ? NULL : TextDatumGetCString(roles->tts_values[role]);
}

/* The column is going to be filled: what the host said of the role that reads it. */
static void
keep_word(FillColumn *column, TupleTableSlot *roles, FilledWords *words)
{
	FilledWord *word = column->role == LEAD_STAGE ? &words->stage : &words->owner;

	word->filled = true;
	word->said = text_or_null(roles, column->role);
}

static void
keep_put(FilledWord *word, TupleTableSlot *roles, int role)
{
	if (word->filled)
		word->put = text_or_null(roles, role);
}

/*
 * The stage where new leads enter is what silence means: no difference.  All
 * else that was put is ours, and not the host's.
 */
static bool
must_keep(const FilledWords *words, const Written *w, bool is_new)
{
	return words->owner.filled ||
		(words->stage.filled && (!is_new || w->moved || words->stage.said != NULL));
}

/* Put what the lead will show into the row. */
static void
fill_columns(Filling *f, const Written *w, const char *key, TupleTableSlot *roles, bool is_new)
{
	Fill		fill;
	int			n = 0;
	int			attnums[N_WRITTEN];
	Datum		values[N_WRITTEN];
	bool		nulls[N_WRITTEN];
	FilledWords words = {0};
	MemoryContext old;

	fill_prepare(&fill, f->binding, f->settle.def, f->desc);
	for (int i = 0; i < fill.n; i++)
	{
		FillColumn *column = &fill.columns[i];

		if (f->settle.unforeseen &&
			(column->item == WRITTEN_OWNER || column->item == WRITTEN_SLA_DUE))
			continue;
		if (fill_try_value(&fill, column, w, &values[n], &nulls[n]) != NULL ||
			!fill_needed(column, &fill, w, values[n], nulls[n], f->row, roles))
			continue;
		if (column->role >= 0)
			keep_word(column, roles, &words);
		attnums[n++] = column->attnum;
	}
	if (n == 0)
		return;
	old = MemoryContextSwitchTo(f->context);
	f->filled = heap_modify_tuple_by_cols(ExecFetchSlotHeapTuple(f->row, false, NULL), f->desc,
										  n, attnums, values, nulls);
	MemoryContextSwitchTo(old);
	if (!must_keep(&words, w, is_new))
		return;
	ExecStoreHeapTuple(f->filled, f->row, false);
	roles = binding_project(f->run, f->row);
	keep_put(&words.stage, roles, LEAD_STAGE);
	keep_put(&words.owner, roles, LEAD_OWNER);
	filled_words_keep(f->binding_id, key, &words);
}

static void
foresee(Filling *f)
{
	Settle	   *s = &f->settle;
	TupleTableSlot *roles;
	LeadGlance	glance = {0};
	Written		written;
	char	   *key;
	char	   *old_key;

	if (!binding_accepts(f->run, f->row) || (key = binding_key(f->run, f->row)) == NULL)
		return;
	filled_words_keep(f->binding_id, key, NULL);
	roles = binding_project(f->run, f->row);
	old_key = key_before(f);
	(void) lead_find_glance(&s->writers, f->binding_id, old_key != NULL ? old_key : key, &glance);
	if (settle_foresee(s, glance.lead_id == 0 ? NULL : &glance, roles, &written))
		fill_columns(f, &written, key, roles, glance.lead_id == 0);
}

/* A partition whose columns stand elsewhere than the attached table's is left to the end. */
static bool
fits(Filling *f)
{
	Oid			host = f->binding->host;
	Relation	parent;
	AttrMap    *map;

	if (host == RelationGetRelid(f->trigger->tg_relation))
		return true;
	if (!ConditionalLockRelationOid(host, AccessShareLock))
		return false;
	parent = try_table_open(host, NoLock);
	if (parent == NULL)
		return false;
	map = build_attrmap_by_name_if_req(f->desc, RelationGetDescr(parent));
	table_close(parent, NoLock);
	return map == NULL;
}

static void
fill_step(void *arg)
{
	Filling    *f = arg;
	HeapTuple	tuple = TRIGGER_FIRED_BY_UPDATE(f->trigger->tg_event) ?
		f->trigger->tg_newtuple : f->trigger->tg_trigtuple;

	f->binding = binding_by_id(f->binding_id);
	if (f->binding->fills == NULL || own_write_of(f->binding) != NULL ||
		!fits(f))
		return;
	settle_begin_foreseeing(&f->settle, f->binding->workspace_id);
	settle_use(&f->settle, f->binding);
	f->run = binding_run_begin(f->binding, f->desc, NULL, NULL);
	f->row = slot_of(f, tuple);
	foresee(f);
	ExecDropSingleTupleTableSlot(f->row);
	binding_run_end(f->run);
	if (f->old_run != NULL)
	{
		ExecDropSingleTupleTableSlot(f->old_row);
		binding_run_end(f->old_run);
	}
	settle_abandon(&f->settle);
}

/* revops.fill_row(binding_id): BEFORE ROW trigger on an inline lead table */
Datum
revops_fill_row(PG_FUNCTION_ARGS)
{
	Filling		f = {0};
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	ErrorData  *error;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(trigger->tg_event) || trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"fill_row\" must be fired BEFORE INSERT OR UPDATE for each row with the binding's number")));
	f.trigger = trigger;
	f.binding_id = pg_strtoint32(trigger->tg_trigger->tgargs[0]);
	f.desc = RelationGetDescr(trigger->tg_relation);
	f.context = CurrentMemoryContext;
	/* a look at leads would leave a serializable transaction's predicate locks */
	if (!IsolationIsSerializable())
	{
		error = attempt(fill_step, &f);
		if (error != NULL)
		{
			FreeErrorData(error);
			f.filled = NULL;
		}
	}
	if (f.filled != NULL)
		return PointerGetDatum(f.filled);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
						   trigger->tg_newtuple : trigger->tg_trigtuple);
}
