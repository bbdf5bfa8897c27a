/*
 * errands.c
 *		See errands.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "base/owner.h"
#include "settle/settle.h"
#include "time/engine_time.h"
#include "worker/errands.h"

/* how long deltas of a hot lead gather before they are folded gently */
#define FOLD_REST	(5 * USECS_PER_SEC)

static int64
int_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
									  column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

static void
take_row(Errands *page, int i)
{
	Errand	   *errand = &page->items[i];

	errand->workspace_id = (int32) int_field(i, 1);
	errand->lead_id = int_field(i, 2);
	errand->timer_id = int_field(i, 3);
	errand->timer_holds = int_field(i, 4) != 0;
	errand->breach = int_field(i, 5) != 0;
	errand->falls = int_field(i, 6) == 1;
	errand->step = int_field(i, 6) == 2;
	errand->silence = int_field(i, 6) == 3;
	errand->override = int_field(i, 6) == 4;
	errand->recount = int_field(i, 6) == 5;
	errand->fresh = int_field(i, 7) != 0;
	errand->due = (uint32) int_field(i, 8);
	errand->seq = (int32) int_field(i, 9);
	page->last = Max(page->last, errand->lead_id);
}

/*
 * Read errands: workspace_id, lead_id, timer_id, timer_holds (0 or 1), breach
 * (0 or 1), kind of the timer (1 falls, 2 step, 3 silence, 4 override, 5 recount, 0 else),
 * fresh (0 or 1), due (DUE_...), seq of the timer, all bigint, in order of
 * workspace and of the moment at which it was due, else of lead.
 */
static void
read_errands(Errands *page, bool read_only, const char *query, int nargs,
			 Oid *types, Datum *values)
{
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args(query, nargs, types, values, NULL, read_only, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading what is to be settled failed");
	memset(page, 0, sizeof(Errands));
	page->n = (int) SPI_processed;
	page->items = MemoryContextAllocZero(context, sizeof(Errand) * Max(page->n, 1));
	for (int i = 0; i < page->n; i++)
		take_row(page, i);
	owner_leave(&scope);
}

static Datum
lead_array(const LeadList *list)
{
	Datum	   *leads = palloc(sizeof(Datum) * Max(list->n, 1));

	for (int i = 0; i < list->n; i++)
		leads[i] = Int64GetDatum(list->leads[i]);
	return PointerGetDatum(construct_array(leads, list->n, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

typedef void (*ErrandChange) (const Errand *errand, LeadChange *change);

/* Errands that are tried together, in one settle a workspace. */
typedef struct Trip
{
	Errand	   *items;
	int			n;
	ErrandChange set_change;
} Trip;

static ErrandOutcome
run_errand(Settle *s, const Errand *errand, ErrandChange set_change)
{
	LeadChange	change;

	/* a timer that is void only has to go */
	if (errand->timer_id != 0 && !errand->timer_holds)
		return ERRAND_DONE;
	change_init(&change);
	change.fold_only = true;
	set_change(errand, &change);
	switch (settle_lead(s, errand->lead_id, &change))
	{
		case SETTLED:
			return ERRAND_DONE;
		case SETTLE_LATER:
		case SETTLE_HELD:
			return ERRAND_BUSY;
		case SETTLE_RESTS:
			return ERRAND_RESTS;
		case SETTLE_UNKNOWN:
			break;
	}
	return ERRAND_FAILED;
}

static void
run_trip(void *arg)
{
	Trip	   *trip = arg;
	Settle		s;
	int32		workspace_id = 0;

	for (int i = 0; i < trip->n; i++)
	{
		Errand	   *errand = &trip->items[i];

		if (errand->workspace_id != workspace_id)
		{
			if (workspace_id != 0)
				settle_end(&s);
			settle_begin(&s, errand->workspace_id, true);
			workspace_id = errand->workspace_id;
		}
		errand->outcome = run_errand(&s, errand, trip->set_change);
	}
	if (workspace_id != 0)
		settle_end(&s);
}

/* A lead that can't be settled is a fault of its own, and nobody else's. */
static void
run_alone(Errand *errand, ErrandChange set_change)
{
	Trip		trip = {errand, 1, set_change};
	ErrorData  *error = attempt(run_trip, &trip);
	FaultPlace	place = {0, errand->lead_id, NULL};
	Faults		faults;

	if (error == NULL)
		return;
	faults_init(&faults, CurrentMemoryContext);
	fault_note(&faults, &place, "lead", error->sqlerrcode, error->message, error->detail);
	faults_write(&faults, engine_clock());
	errand->outcome = ERRAND_FAILED;
}

/* Settle all, together; when one of them raises, each by itself. */
static void
run_errands(Errands *page, ErrandChange set_change)
{
	Trip		trip = {page->items, page->n, set_change};

	if (page->n == 0)
		return;
	if (attempt(run_trip, &trip) != NULL)
		for (int i = 0; i < page->n; i++)
			run_alone(&page->items[i], set_change);
	for (int i = 0; i < page->n; i++)
		page->done += (page->items[i].outcome == ERRAND_DONE);
}

static void
fold_change(const Errand *errand, LeadChange *change)
{
}

static void
gentle_fold_change(const Errand *errand, LeadChange *change)
{
	change->gently = errand->fresh;
}

static void
rescore_change(const Errand *errand, LeadChange *change)
{
	change->rescore = true;
}

static void
due_change(const Errand *errand, LeadChange *change)
{
	change->due = errand->due;
	change->due_seq = errand->seq;
	change->falls = errand->falls;
	change->step_due = errand->step;
	change->silence_due = errand->silence;
	change->overrides = change->rescore = errand->override;
	change->breach_seen = errand->breach;
	change->recount = errand->recount;
}

void
errands_fold(Errands *page, int64 after, int32 batch, FoldManner manner, const LeadList *except)
{
	TimestampTz now = engine_clock();
	Oid			types[5] = {INT8OID, INT4OID, INT8ARRAYOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		v[5] = {Int64GetDatum(after), Int32GetDatum(batch), lead_array(except),
	TimestampTzGetDatum(now - FOLD_REST), TimestampTzGetDatum(now)};

	/* of the deltas of a lead the first is the oldest: it was not folded for so long */
	read_errands(page, true,
				 psprintf("SELECT workspace_id::bigint, lead_id, 0::bigint, 0::bigint, 0::bigint, 0::bigint, (at > $4 AND at <= $5)::int::bigint, 0::bigint, 0::bigint "
						  "FROM (SELECT DISTINCT ON (lead_id) lead_id, workspace_id, at FROM revops.lead_delta "
						  "WHERE lead_id > $1 AND lead_id <> ALL ($3)%s "
						  "ORDER BY lead_id, delta_id LIMIT $2) d ORDER BY 1, 2",
						  manner == FOLD_URGENT ? " AND urgent" : ""),
				 5, types, v);
	run_errands(page, manner == FOLD_GENTLY ? gentle_fold_change : fold_change);
}

void
errands_rescore(Errands *page, int32 workspace_id, const LeadList *leads)
{
	memset(page, 0, sizeof(Errands));
	page->n = leads->n;
	page->items = palloc0(sizeof(Errand) * Max(leads->n, 1));
	for (int i = 0; i < leads->n; i++)
	{
		page->items[i].workspace_id = workspace_id;
		page->items[i].lead_id = leads->leads[i];
		page->last = Max(page->last, leads->leads[i]);
	}
	run_errands(page, rescore_change);
}

/* Timers fire once: they go in the transaction that did their work. */
static void
delete_timers(const Errands *page)
{
	Datum	   *fired = palloc(sizeof(Datum) * Max(page->done, 1));
	Oid			type = INT8ARRAYOID;
	Datum		value;
	OwnerScope	scope;
	int			n = 0;

	for (int i = 0; i < page->n; i++)
		if (page->items[i].outcome == ERRAND_DONE)
			fired[n++] = Int64GetDatum(page->items[i].timer_id);
	if (n == 0)
		return;
	value = PointerGetDatum(construct_array(fired, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
											TYPALIGN_DOUBLE));
	owner_enter(&scope);
	if (SPI_execute_with_args("DELETE FROM revops.timer WHERE timer_id = ANY ($1)",
							  1, &type, &value, NULL, false, 0) != SPI_OK_DELETE || SPI_processed != n)
		elog(ERROR, "deleting timers that have fired failed");
	owner_leave(&scope);
}

/* The kinds of timers that decide() sets, in the order of their bits. */
static Datum
timer_array(void)
{
	Datum		names[N_TIMERS];

	for (int i = 0; i < N_TIMERS; i++)
		names[i] = CStringGetTextDatum(timer_name(i));
	return PointerGetDatum(construct_array(names, N_TIMERS, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Where a promise was due before the timer, its breach is told with it: after
 * downtime a lead must not be moved out of what it has broken unnoticed.
 */
void
errands_timers(Errands *page, TimestampTz now, int32 batch, const LeadList *except)
{
	Oid			types[4] = {TIMESTAMPTZOID, INT4OID, INT8ARRAYOID, TEXTARRAYOID};
	Datum		v[4] = {TimestampTzGetDatum(now), Int32GetDatum(batch), lead_array(except), timer_array()};

	read_errands(page, false,
				 "WITH due AS MATERIALIZED (SELECT t.timer_id, l.workspace_id, l.lead_id, t.due_at, t.seq, "
				 "CASE t.timer WHEN 'intent_falls' THEN 1 WHEN 'nurture_step' THEN 2 WHEN 'nurture_silence' THEN 3 WHEN 'override_ends' THEN 4 WHEN 'sla_recount' THEN 5 ELSE 0 END AS kind, "
				 "coalesce(1 << (array_position($4, t.timer) - 1), 0) AS bit, "
				 "CASE t.timer WHEN 'intent_falls' THEN l.fall_at = t.due_at WHEN 'nurture_step' THEN l.enrolled "
				 "WHEN 'nurture_silence' THEN l.awaited WHEN 'override_ends' THEN true WHEN 'sla_recount' THEN true ELSE l.moves = t.seq END AS holds "
				 "FROM revops.timer t JOIN revops.lead l USING (lead_id) "
				 "WHERE t.due_at <= $1 AND l.lead_id <> ALL ($3) "
				 "ORDER BY t.due_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED) "
				 "SELECT workspace_id::bigint, lead_id, timer_id, holds::int::bigint, "
				 "EXISTS (SELECT FROM revops.sla_clock c WHERE c.lead_id = due.lead_id AND c.fires_at <= due.due_at)::int::bigint, kind::bigint, 0::bigint, bit::bigint, seq::bigint "
				 "FROM due ORDER BY 1, due_at, 3",
				 4, types, v);
	run_errands(page, due_change);
	delete_timers(page);
}

void
errands_breaches(Errands *page, TimestampTz now, int32 batch, const LeadList *except)
{
	Oid			types[3] = {TIMESTAMPTZOID, INT4OID, INT8ARRAYOID};
	Datum		v[3] = {TimestampTzGetDatum(now), Int32GetDatum(batch), lead_array(except)};

	read_errands(page, false,
				 "WITH due AS MATERIALIZED (SELECT l.workspace_id, l.lead_id, c.fires_at "
				 "FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) "
				 "WHERE c.fires_at <= $1 AND l.lead_id <> ALL ($3) "
				 "ORDER BY c.fires_at LIMIT $2 FOR NO KEY UPDATE OF l SKIP LOCKED) "
				 "SELECT workspace_id::bigint, lead_id, 0::bigint, 0::bigint, 1::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint "
				 "FROM due ORDER BY 1, fires_at, 2",
				 3, types, v);
	run_errands(page, due_change);
}
