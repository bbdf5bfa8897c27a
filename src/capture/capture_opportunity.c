/*
 * capture_opportunity.c
 *		Statements on an attached opportunity (deal) table.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "base/owner.h"
#include "capture/queue.h"
#include "capture/take_rows.h"

PG_FUNCTION_INFO_V1(revops_capture_opportunity);

/* Texts that the engine keeps as they are: roles and columns are in one order. */
#define DEAL_TOLD	(OPPORTUNITY_ROLES - OPPORTUNITY_OWNER)

StaticAssertDecl(DEAL_COLS - DEAL_OWNER == DEAL_TOLD &&
				 DEALCHANGE_COLS - DEALCHANGE_OWNER == DEAL_TOLD,
				 "one column of state and fact for each text");

/* An opportunity as the host's row tells it. */
typedef struct Deal
{
	const char *key;
	int64		lead_id;		/* 0: none known */
	const char *status;
	TimestampTz opened_at;
	TimestampTz closed_at;		/* NO_TIME: open */
	Datum		amount;			/* NO_TEXT: none */
	Datum		currency;
	Datum		base_amount;	/* NO_TEXT: no rate */
	Datum		told[DEAL_TOLD];	/* owner, product ...; NO_TEXT: not told */
} Deal;

static bool
is_true(TupleTableSlot *roles, int role)
{
	return !roles->tts_isnull[role] && DatumGetBool(roles->tts_values[role]);
}

static TimestampTz
moment_or(TupleTableSlot *roles, int role, TimestampTz otherwise)
{
	if (roles->tts_isnull[role] ||
		TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(roles->tts_values[role])))
		return otherwise;
	return DatumGetTimestampTz(roles->tts_values[role]);
}

/*
 * The amount in the workspace's currency, by the latest rate that was valid at
 * the moment; NO_TEXT where there is no rate, so that currencies never mix.
 */
static Datum
base_amount(Capture *capture, const Deal *deal, TimestampTz at)
{
	Oid			types[4] = {INT4OID, TEXTOID, TIMESTAMPTZOID, NUMERICOID};
	Datum		v[4] = {Int32GetDatum(capture->settle.def->workspace_id), deal->currency,
	TimestampTzGetDatum(at), deal->amount};
	MemoryContext context = CurrentMemoryContext;
	Datum		result = NO_TEXT;
	OwnerScope	scope;
	bool		isnull;

	if (deal->amount == NO_TEXT)
		return NO_TEXT;
	if (strcmp(TextDatumGetCString(deal->currency), capture->settle.def->currency) == 0)
		return deal->amount;
	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT $4 * r.rate FROM revops.exchange_rate r JOIN revops.workspace w USING (workspace_id) "
							  "WHERE workspace_id = $1 AND r.currency = $2 "
							  "AND r.valid_from <= ($3 AT TIME ZONE w.time_zone)::date "
							  "ORDER BY valid_from DESC LIMIT 1",
							  4, types, v, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading exchange rates failed");
	if (SPI_processed > 0)
	{
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		MemoryContext old = MemoryContextSwitchTo(context);

		result = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
	return result;
}

static int64
lead_of(Capture *capture, TupleTableSlot *roles, const char *key)
{
	char	   *lead_key = roles->tts_isnull[OPPORTUNITY_LEAD] ? NULL :
		TextDatumGetCString(roles->tts_values[OPPORTUNITY_LEAD]);
	int64		lead_id = lead_key == NULL ? 0 :
		lead_find(&capture->settle.writers, capture->binding->lead_binding_id, lead_key);

	if (lead_id == 0 && lead_key != NULL && !capture->taking)
		queue_wait_deal(capture, roles, key, lead_key);
	return lead_id;
}

/* The row of an opportunity that is known; false when it is new. */
static bool
find_deal(Capture *capture, const char *key, ItemPointer tid, Datum *v, bool *nulls)
{
	Writers    *writers = &capture->settle.writers;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	ScanKeyInit(&keys[0], DEAL_BINDING_ID + 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(capture->binding_id));
	ScanKeyInit(&keys[1], DEAL_KEY + 1, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(key));
	scan = engine_scan(writers, TABLE_OPPORTUNITY, engine_index(INDEX_OPPORTUNITY_KEY), 2, keys);
	tuple = engine_scan_next(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
	{
		tuple = heap_copytuple(tuple);
		heap_deform_tuple(tuple, RelationGetDescr(writers->tables[TABLE_OPPORTUNITY].rel),
						  v, nulls);
		*tid = tuple->t_self;
	}
	engine_scan_end(scan);
	return found;
}

/*
 * Times that the host does not tell: when the deal was first seen so.  What is
 * known of it already must not drift with every edit.
 */
static void
default_times(Capture *capture, const Deal *deal, TimestampTz *opened_at,
			  TimestampTz *closed_at)
{
	ItemPointerData tid;
	Datum		v[DEAL_COLS];
	bool		nulls[DEAL_COLS];

	*opened_at = *closed_at = capture->settle.now;
	if (!find_deal(capture, deal->key, &tid, v, nulls))
		return;
	*opened_at = DatumGetTimestampTz(v[DEAL_OPENED_AT]);
	if (!nulls[DEAL_CLOSED_AT] &&
		strcmp(TextDatumGetCString(v[DEAL_STATUS]), deal->status) == 0)
		*closed_at = DatumGetTimestampTz(v[DEAL_CLOSED_AT]);
}

static void
read_deal(Capture *capture, TupleTableSlot *roles, const char *key, Deal *deal)
{
	bool		won = is_true(roles, OPPORTUNITY_WON);
	bool		closed = won || is_true(roles, OPPORTUNITY_LOST);
	TimestampTz opened_at;
	TimestampTz closed_at;

	deal->key = key;
	deal->lead_id = lead_of(capture, roles, key);
	deal->status = won ? "won" : closed ? "lost" : "open";
	default_times(capture, deal, &opened_at, &closed_at);
	deal->opened_at = moment_or(roles, OPPORTUNITY_OPENED_AT, opened_at);
	deal->closed_at = closed ? moment_or(roles, OPPORTUNITY_CLOSED_AT, closed_at) : NO_TIME;
	deal->amount = roles->tts_isnull[OPPORTUNITY_AMOUNT] ? NO_TEXT :
		roles->tts_values[OPPORTUNITY_AMOUNT];
	deal->currency = roles->tts_isnull[OPPORTUNITY_CURRENCY] ?
		CStringGetTextDatum(capture->settle.def->currency) :
		roles->tts_values[OPPORTUNITY_CURRENCY];
	deal->base_amount = base_amount(capture, deal, closed ? deal->closed_at : deal->opened_at);
	for (int i = 0; i < DEAL_TOLD; i++)
		deal->told[i] = roles->tts_isnull[OPPORTUNITY_OWNER + i] ? NO_TEXT :
			roles->tts_values[OPPORTUNITY_OWNER + i];
}

static void
fill_deal(Capture *capture, const Deal *deal, Datum *v, bool *nulls)
{
	memset(nulls, 0, sizeof(bool) * DEAL_COLS);
	v[DEAL_WORKSPACE_ID] = Int32GetDatum(capture->settle.def->workspace_id);
	v[DEAL_BINDING_ID] = Int32GetDatum(capture->binding_id);
	set_id64(v, nulls, DEAL_LEAD_ID, deal->lead_id);
	v[DEAL_OPENED_AT] = TimestampTzGetDatum(deal->opened_at);
	set_moment(v, nulls, DEAL_CLOSED_AT, deal->closed_at);
	v[DEAL_STATUS] = CStringGetTextDatum(deal->status);
	set_text(v, nulls, DEAL_AMOUNT, deal->amount);
	set_text(v, nulls, DEAL_CURRENCY, deal->currency);
	set_text(v, nulls, DEAL_BASE_AMOUNT, deal->base_amount);
	v[DEAL_KEY] = CStringGetTextDatum(deal->key);
	for (int i = 0; i < DEAL_TOLD; i++)
		set_text(v, nulls, DEAL_OWNER + i, deal->told[i]);
}

/* Append the fact that the opportunity is now so. */
static void
write_change(Capture *capture, int64 opportunity_id, TimestampTz at, Datum *deal,
			 bool *deal_nulls)
{
	Datum		v[DEALCHANGE_COLS];
	bool		nulls[DEALCHANGE_COLS] = {0};
	static const int same[][2] = {
		{DEALCHANGE_LEAD_ID, DEAL_LEAD_ID},
		{DEALCHANGE_STATUS, DEAL_STATUS},
		{DEALCHANGE_AMOUNT, DEAL_AMOUNT},
		{DEALCHANGE_CURRENCY, DEAL_CURRENCY},
		{DEALCHANGE_BASE_AMOUNT, DEAL_BASE_AMOUNT},
	};

	v[DEALCHANGE_OPPORTUNITY_ID] = Int64GetDatum(opportunity_id);
	v[DEALCHANGE_CHANGE_ID] = Int64GetDatum(engine_next(SEQUENCE_OPPORTUNITY_CHANGE_ID));
	v[DEALCHANGE_WORKSPACE_ID] = deal[DEAL_WORKSPACE_ID];
	v[DEALCHANGE_AT] = TimestampTzGetDatum(at);
	for (int i = 0; i < lengthof(same); i++)
	{
		v[same[i][0]] = deal[same[i][1]];
		nulls[same[i][0]] = deal_nulls[same[i][1]];
	}
	for (int i = 0; i < DEAL_TOLD; i++)
	{
		v[DEALCHANGE_OWNER + i] = deal[DEAL_OWNER + i];
		nulls[DEALCHANGE_OWNER + i] = deal_nulls[DEAL_OWNER + i];
	}
	writer_add(&capture->settle.writers, TABLE_OPPORTUNITY_CHANGE, v, nulls);
}

/* Is the row as it was?  Then there is nothing to write down. */
static bool
same_deal(TupleDesc desc, Datum *a, bool *a_nulls, Datum *b, bool *b_nulls)
{
	for (int i = 0; i < DEAL_COLS; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (a_nulls[i] != b_nulls[i])
			return false;
		if (a_nulls[i])
			continue;
		if (att->attlen == -1 ?
			!same_varlena(PG_DETOAST_DATUM_PACKED(a[i]), PG_DETOAST_DATUM_PACKED(b[i])) :
			a[i] != b[i])
			return false;
	}
	return true;
}

/* The lead that had the deal before may lose it. */
static void
note_lead_before(Writers *writers, const Datum *old, const bool *old_nulls)
{
	writer_note_unrolled(writers, old_nulls[DEAL_LEAD_ID] ?
						 -DatumGetInt64(old[DEAL_OPPORTUNITY_ID]) :
						 DatumGetInt64(old[DEAL_LEAD_ID]));
}

/*
 * Write state and fact, if there is anything new.  Returns the status that the
 * deal had for this lead: NULL when it is new, or was another lead's.
 */
static char *
write_deal(Capture *capture, const Deal *deal, TimestampTz at, bool *written)
{
	Writers    *writers = &capture->settle.writers;
	Datum		v[DEAL_COLS];
	bool		nulls[DEAL_COLS];
	ItemPointerData tid;
	char	   *before = NULL;
	int64		opportunity_id;

	*written = true;
	if (find_deal(capture, deal->key, &tid, v, nulls))
	{
		Datum		old[DEAL_COLS];
		bool		old_nulls[DEAL_COLS];

		if (!nulls[DEAL_LEAD_ID] && DatumGetInt64(v[DEAL_LEAD_ID]) == deal->lead_id)
			before = TextDatumGetCString(v[DEAL_STATUS]);
		opportunity_id = DatumGetInt64(v[DEAL_OPPORTUNITY_ID]);
		memcpy(old, v, sizeof(old));
		memcpy(old_nulls, nulls, sizeof(old_nulls));
		fill_deal(capture, deal, v, nulls);
		if (same_deal(RelationGetDescr(writer_rel(writers, TABLE_OPPORTUNITY)),
					  old, old_nulls, v, nulls))
		{
			*written = false;
			return before;
		}
		note_lead_before(writers, old, old_nulls);
		writer_update(writers, TABLE_OPPORTUNITY, &tid, v, nulls);
	}
	else
	{
		opportunity_id = engine_next(SEQUENCE_OPPORTUNITY_ID);
		v[DEAL_OPPORTUNITY_ID] = Int64GetDatum(opportunity_id);
		fill_deal(capture, deal, v, nulls);
		writer_add(writers, TABLE_OPPORTUNITY, v, nulls);
	}
	write_change(capture, opportunity_id, at, v, nulls);
	settle_flush(&capture->settle);
	return before;
}

/*
 * Has the lead no deal but lost ones?  Asked where the agreement moves leads for
 * that alone.
 */
static bool
all_lost(Capture *capture, int64 lead_id, const char *status)
{
	const Agreement *a = capture->settle.agreement;
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(lead_id);
	OwnerScope	scope;
	bool		lost;

	if (a == NULL || !a->loses || strcmp(status, "lost") != 0)
		return false;
	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT FROM revops.opportunity WHERE lead_id = $1 AND status IN ('open', 'won')",
							  1, &type, &value, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "reading opportunities failed");
	lost = SPI_processed == 0;
	owner_leave(&scope);
	return lost;
}

/* What deals have to say to a lead. */
static void
tell_lead(Capture *capture, int64 lead_id, OpportunityNews news, bool lost, TimestampTz at)
{
	LeadChange	change;

	if (news == OPPORTUNITY_NONE && !lost)
		return;
	change_init(&change);
	change.opportunity = news;
	change.opportunity_at = at;
	change.lost = lost;
	(void) settle_lead(&capture->settle, lead_id, &change);
}

/* A deal opened, won or lost moves its lead; what it was before moves it no more. */
static void
move_lead(Capture *capture, const Deal *deal, const char *before)
{
	OpportunityNews news = OPPORTUNITY_NONE;

	if (deal->lead_id == 0 || (before != NULL && strcmp(before, deal->status) == 0))
		return;
	if (strcmp(deal->status, "won") == 0)
		news = OPPORTUNITY_IS_WON;
	else if (before == NULL)
		news = OPPORTUNITY_OPENED;
	tell_lead(capture, deal->lead_id, news, all_lost(capture, deal->lead_id, deal->status),
			  news == OPPORTUNITY_OPENED ? deal->opened_at : deal->closed_at);
}

/* ----- deals of the past -------------------------------------------------------- */

/* What happened in a deal, to be told to its lead in its turn. */
typedef struct DealStep
{
	int64		lead_id;
	TimestampTz at;
	int			turn;			/* of what happened at one moment */
	OpportunityNews news;
	bool		lost;
} DealStep;

static void
add_step(Capture *capture, List **adopted, DealStep step)
{
	MemoryContext old = MemoryContextSwitchTo(capture->context);
	DealStep   *kept = palloc(sizeof(DealStep));

	*kept = step;
	*adopted = lappend(*adopted, kept);
	MemoryContextSwitchTo(old);
}

/* A deal that is closed was open before, where it is told since when. */
static void
keep_adopted(Capture *capture, const Deal *deal, const char *before, List **adopted)
{
	bool		open = deal->closed_at == NO_TIME;

	if (deal->lead_id == 0 || (before != NULL && strcmp(before, deal->status) == 0))
		return;
	if (before == NULL && (open || deal->opened_at <= deal->closed_at ||
						   strcmp(deal->status, "lost") == 0))
		add_step(capture, adopted, (DealStep) {deal->lead_id, deal->opened_at, 0, OPPORTUNITY_OPENED, false});
	if (strcmp(deal->status, "won") == 0)
		add_step(capture, adopted, (DealStep) {deal->lead_id, deal->closed_at, 1, OPPORTUNITY_IS_WON, false});
	else if (strcmp(deal->status, "lost") == 0)
		add_step(capture, adopted, (DealStep) {deal->lead_id, deal->closed_at, 2, OPPORTUNITY_NONE, true});
}

static int
by_lead_and_time(const ListCell *a, const ListCell *b)
{
	const DealStep *left = lfirst(a);
	const DealStep *right = lfirst(b);

	if (left->lead_id != right->lead_id)
		return left->lead_id < right->lead_id ? -1 : 1;
	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return left->turn - right->turn;
}

/* See take_rows.h. */
void
settle_adopted(Capture *capture, Taking *taking)
{
	ListCell   *cell;
	int64		last = 0;

	list_sort(taking->deals, by_lead_and_time);
	foreach(cell, taking->deals)
	{
		const DealStep *step = lfirst(cell);

		/* what was settled before of the same lead must be found */
		if (step->lead_id == last)
			settle_flush(&capture->settle);
		last = step->lead_id;
		tell_lead(capture, last, step->news,
				  step->lost && all_lost(capture, last, "lost"), step->at);
	}
	taking->deals = NIL;
}

/* ----- rows ------------------------------------------------------------------------ */

/* A deal whose row is there no more, or counts no more. */
static void
drop_deal(Capture *capture, const char *key)
{
	ItemPointerData tid;
	Datum		v[DEAL_COLS];
	bool		nulls[DEAL_COLS];

	if (!find_deal(capture, key, &tid, v, nulls) ||
		strcmp(TextDatumGetCString(v[DEAL_STATUS]), "gone") == 0)
		return;
	v[DEAL_STATUS] = CStringGetTextDatum("gone");
	writer_update(&capture->settle.writers, TABLE_OPPORTUNITY, &tid, v, nulls);
	write_change(capture, DatumGetInt64(v[DEAL_OPPORTUNITY_ID]), capture->settle.now,
				 v, nulls);
	settle_flush(&capture->settle);
}

/*
 * Returns whether the row had anything new to say.  With adopted (a list to be
 * added to), what it says of its lead is kept for settle_adopted.
 */
static bool
take_deal(Capture *capture, TupleTableSlot *roles, const char *key, List **adopted)
{
	char	   *before;
	Deal		deal;
	bool		written;

	read_deal(capture, roles, key, &deal);
	before = write_deal(capture, &deal, deal.closed_at != NO_TIME ? deal.closed_at : deal.opened_at,
						&written);
	if (adopted != NULL)
		keep_adopted(capture, &deal, before, adopted);
	else
		move_lead(capture, &deal, before);
	return written;
}

void
capture_opportunity_again(Capture *capture, BindingRun *run, TupleTableSlot *row,
						  const char *key)
{
	bool		counts = row != NULL && binding_accepts(run, row);
	TupleTableSlot *roles = NULL;

	if (counts)
	{
		if (binding_runs_expressions(capture->binding))
			settle_as(&capture->settle, capture->binding);
		roles = capture_project(capture, run, row);
	}
	if (queue_wants(capture))
		queue_put(capture, counts ? QUEUE_WRITTEN : QUEUE_REMOVED, key, NULL, roles);
	else if (counts)
		(void) take_deal(capture, roles, key, NULL);
	else
		drop_deal(capture, key);
}

/* The key of a deal changed: it stays the same deal. */
static void
rename_deal(Capture *capture, const char *old_key, const char *key)
{
	ItemPointerData tid;
	Datum		v[DEAL_COLS];
	bool		nulls[DEAL_COLS];

	if (find_deal(capture, key, &tid, v, nulls))
	{
		drop_deal(capture, old_key);
		return;
	}
	if (!find_deal(capture, old_key, &tid, v, nulls))
		return;
	v[DEAL_KEY] = CStringGetTextDatum(key);
	writer_update(&capture->settle.writers, TABLE_OPPORTUNITY, &tid, v, nulls);
	CommandCounterIncrement();
}

/* Keys that an UPDATE changed. */
static void
take_renames(Capture *capture)
{
	TriggerData *t = capture->trigger;
	BindingRun *run = capture_binding_run(capture);
	Rows		rows;
	Rows		old_rows;
	TupleTableSlot *row;
	TupleTableSlot *old_row;

	/* both tables hold a row for each update, in the same order */
	capture_rows_begin(&rows, capture, t->tg_newtable);
	capture_rows_begin(&old_rows, capture, t->tg_oldtable);
	while ((row = rows_next(&rows)) != NULL && (old_row = rows_next(&old_rows)) != NULL)
	{
		char	   *key = binding_key(run, row);
		char	   *old_key = binding_key(run, old_row);

		if (old_key != NULL && (key == NULL || strcmp(key, old_key) != 0))
		{
			if (queue_wants(capture))
				queue_put(capture, key == NULL ? QUEUE_REMOVED : QUEUE_RENAMED,
						  key == NULL ? old_key : key, key == NULL ? NULL : old_key, NULL);
			else if (key == NULL)
				drop_deal(capture, old_key);
			else
				rename_deal(capture, old_key, key);
		}
	}
	rows_end(&rows);
	rows_end(&old_rows);
	binding_run_end(run);
}

static void
take_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	char	   *key = binding_key(run, row);

	if (key != NULL)
		capture_opportunity_again(capture, run, row, key);
}

/* See take_rows.h. */
void
take_opportunity_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	Taking	   *taking = arg;
	char	   *key = NULL;

	if (!binding_accepts(run, row) || (key = binding_key(run, row)) == NULL)
		taking->taken->passed_over++;
	else if (!taking_leaves(taking, key))
	{
		settle_as(&capture->settle, capture->binding);
		if (take_deal(capture, capture_project(capture, run, row), key,
					  taking->what->adopt ? &taking->deals : NULL))
			taking->taken->taken++;
		else
			taking->taken->known++;
	}
}

static void
lose_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	char	   *key = binding_key(run, row);

	if (key != NULL)
		capture_opportunity_again(capture, run, NULL, key);
}

/* TRUNCATE tells no rows: every opportunity of the binding is gone. */
static void
take_truncate(Capture *capture)
{
	Oid			types[2] = {INT4OID, TIMESTAMPTZOID};
	Datum		values[2] = {Int32GetDatum(capture->binding_id),
	TimestampTzGetDatum(capture->settle.now)};
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args("WITH gone AS (UPDATE revops.opportunity SET status = 'gone' "
							  "WHERE binding_id = $1 AND status <> 'gone' RETURNING *), "
							  "told AS (INSERT INTO revops.unrolled_lead "
							  "SELECT DISTINCT coalesce(lead_id, -opportunity_id) FROM gone) "
							  "INSERT INTO revops.opportunity_change SELECT opportunity_id, "
							  "nextval('revops.opportunity_change_id'), workspace_id, lead_id, "
							  "$2, status, amount, currency, base_amount FROM gone",
							  2, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "ending opportunities failed");
	owner_leave(&scope);
}

static void
take_statement(Capture *capture)
{
	TriggerData *t = capture->trigger;

	if (queue_wants(capture))
		queue_begin(capture);
	else
	{
		settle_begin(&capture->settle, capture->binding->workspace_id, capture->careful);
		settle_as(&capture->settle, capture->binding);
	}
	if (TRIGGER_FIRED_BY_TRUNCATE(t->tg_event) && capture_emptied_part(capture))
		;						/* some rows may be left */
	else if (TRIGGER_FIRED_BY_TRUNCATE(t->tg_event) && queue_wants(capture))
		queue_put(capture, QUEUE_TRUNCATED, NULL, NULL, NULL);
	else if (TRIGGER_FIRED_BY_TRUNCATE(t->tg_event))
		take_truncate(capture);
	else if (capture_reread(capture, capture_opportunity_again))
		;						/* all was done by key */
	else if (TRIGGER_FIRED_BY_DELETE(t->tg_event))
		capture_each_row(capture, t->tg_oldtable, lose_row, NULL);
	else
	{
		if (TRIGGER_FIRED_BY_UPDATE(t->tg_event))
			take_renames(capture);
		capture_each_row(capture, t->tg_newtable, take_row, NULL);
	}
	queue_end(capture);
}

/* Is the deal still without a lead?  Then the one that it waited for is its. */
static bool
lacks_lead(Capture *capture, const char *key)
{
	ItemPointerData tid;
	Datum		v[DEAL_COLS];
	bool		nulls[DEAL_COLS];

	return find_deal(capture, key, &tid, v, nulls) && nulls[DEAL_LEAD_ID] &&
		strcmp(TextDatumGetCString(v[DEAL_STATUS]), "gone") != 0;
}

void
capture_opportunity_entry(Capture *capture, const QueueEntry *entry, TupleTableSlot *roles)
{
	/* leads that are collected are not found yet */
	settle_flush(&capture->settle);
	switch (entry->what)
	{
		case QUEUE_REMOVED:
			drop_deal(capture, entry->key);
			break;
		case QUEUE_RENAMED:
			rename_deal(capture, entry->old_key, entry->key);
			break;
		case QUEUE_TRUNCATED:
			take_truncate(capture);
			break;
		default:
			if (!entry->waited || lacks_lead(capture, entry->key))
				(void) take_deal(capture, roles, entry->key, NULL);
			break;
	}
	/* what follows may concern the same lead */
	settle_flush(&capture->settle);
}

/* revops.capture_opportunity(binding_id): statement trigger on a deal table */
Datum
revops_capture_opportunity(PG_FUNCTION_ARGS)
{
	capture_run(fcinfo, "capture_opportunity", BINDING_OPPORTUNITY, take_statement);
	return PointerGetDatum(NULL);
}
