/*
 * batch.c
 *		What is done lead by lead outside of anybody's statement: folding
 *		deltas, firing what is due, rescoring.
 *
 * Leads are tried, never waited for: one that is busy is left for the next
 * call.  Pages go by lead, so that locked leads starve nobody.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "base/batch_size.h"
#include "base/owner.h"
#include "capture/capture.h"
#include "settle/settle.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_fold_batch);
PG_FUNCTION_INFO_V1(revops_run_due);
PG_FUNCTION_INFO_V1(revops_rescore_batch);

/* One lead to be settled, and why. */
typedef struct Errand
{
	int32		workspace_id;
	int64		lead_id;
	int64		timer_id;		/* 0: none */
	bool		timer_holds;	/* the lead has not moved since it was set */
	bool		breach;
} Errand;

typedef struct Errands
{
	int			n;
	Errand	   *items;
} Errands;

static int64
int_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
									  column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/*
 * Read errands: workspace_id, lead_id, timer_id, timer_holds (0 or 1), breach
 * (0 or 1), all bigint, in order of workspace and lead.
 */
static void
read_errands(Errands *errands, bool read_only, const char *query, int nargs,
			 Oid *types, Datum *values)
{
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args(query, nargs, types, values, NULL, read_only, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading what is to be settled failed");
	errands->n = (int) SPI_processed;
	errands->items = MemoryContextAllocZero(context, sizeof(Errand) * Max(errands->n, 1));
	for (int i = 0; i < errands->n; i++)
	{
		errands->items[i].workspace_id = (int32) int_field(i, 1);
		errands->items[i].lead_id = int_field(i, 2);
		errands->items[i].timer_id = int_field(i, 3);
		errands->items[i].timer_holds = int_field(i, 4) != 0;
		errands->items[i].breach = int_field(i, 5) != 0;
	}
	owner_leave(&scope);
}

typedef void (*ErrandChange) (const Errand *errand, LeadChange *change);

/* Errands that are tried together, in one settle a workspace. */
typedef struct Trip
{
	Errand	   *items;
	int			n;
	ErrandChange set_change;
} Trip;

/* Settle all; a busy lead's errand is marked by lead_id = 0. */
static void
run_trip(void *arg)
{
	Trip	   *trip = arg;
	Settle		s;
	int32		workspace_id = 0;

	for (int i = 0; i < trip->n; i++)
	{
		Errand	   *e = &trip->items[i];
		LeadChange	change;

		if (e->workspace_id != workspace_id)
		{
			if (workspace_id != 0)
				settle_end(&s);
			settle_begin(&s, e->workspace_id, true);
			workspace_id = e->workspace_id;
		}
		change_init(&change);
		change.fold_only = true;
		trip->set_change(e, &change);
		if (settle_lead(&s, e->lead_id, &change) == SETTLE_LATER)
			e->lead_id = 0;
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
	errand->lead_id = 0;
}

/*
 * Settle all, together; when one of them raises, each by itself.  Marks those
 * that were busy or failed by lead_id = 0, and returns how many were not.
 */
static int
run_errands(Errands *errands, ErrandChange set_change)
{
	Errand	   *copy = palloc(sizeof(Errand) * Max(errands->n, 1));
	Trip		trip = {errands->items, errands->n, set_change};
	int			done = 0;

	memcpy(copy, errands->items, sizeof(Errand) * errands->n);
	if (attempt(run_trip, &trip) != NULL)
	{
		memcpy(errands->items, copy, sizeof(Errand) * errands->n);
		for (int i = 0; i < errands->n; i++)
			run_alone(&errands->items[i], set_change);
	}
	for (int i = 0; i < errands->n; i++)
		done += (errands->items[i].lead_id != 0);
	return done;
}

static void
fold_change(const Errand *errand, LeadChange *change)
{
}

static void
rescore_change(const Errand *errand, LeadChange *change)
{
	change->rescore = true;
}

static void
due_change(const Errand *errand, LeadChange *change)
{
	change->recycle_due = errand->timer_holds;
	change->breach_seen = errand->breach;
}

/* The last lead of a page; NULL when the page is empty: the end. */
static Datum
page_end(FunctionCallInfo fcinfo, const Errands *errands, int64 last)
{
	if (errands->n == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(last);
}

static int64
last_lead(const Errands *errands)
{
	int64		last = 0;

	for (int i = 0; i < errands->n; i++)
		last = Max(last, errands->items[i].lead_id);
	return last;
}

/* revops.fold_batch(after bigint, batch int, only_urgent bool): the last lead of the page, or NULL */
Datum
revops_fold_batch(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {INT8OID, INT4OID};
	Datum		v[2] = {PG_GETARG_DATUM(0), Int32GetDatum(batch_size(fcinfo, 1))};
	bool		only_urgent = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	Errands		errands;
	int64		last;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	read_errands(&errands, true,
				 psprintf("SELECT workspace_id::bigint, lead_id, 0::bigint, 0::bigint, 0::bigint "
						  "FROM (SELECT DISTINCT lead_id, workspace_id FROM revops.lead_delta "
						  "WHERE lead_id > $1%s ORDER BY lead_id LIMIT $2) d ORDER BY 1, 2",
						  only_urgent ? " AND urgent" : ""),
				 2, types, v);
	last = last_lead(&errands);
	(void) run_errands(&errands, fold_change);
	return page_end(fcinfo, &errands, last);
}

/* revops.rescore_batch(workspace_id int, after bigint, batch int) */
Datum
revops_rescore_batch(PG_FUNCTION_ARGS)
{
	Oid			types[3] = {INT4OID, INT8OID, INT4OID};
	Datum		v[3] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1),
	Int32GetDatum(batch_size(fcinfo, 2))};
	Errands		errands;
	int64		last;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	read_errands(&errands, true,
				 "SELECT workspace_id::bigint, lead_id, 0::bigint, 0::bigint, 0::bigint "
				 "FROM revops.lead WHERE workspace_id = $1 AND lead_id > $2 "
				 "ORDER BY lead_id LIMIT $3",
				 3, types, v);
	last = last_lead(&errands);
	(void) run_errands(&errands, rescore_change);
	return page_end(fcinfo, &errands, last);
}

/* A timer fires once: it goes in the transaction that did its work. */
static void
delete_timers(const Errands *errands)
{
	Oid			type = INT8OID;
	OwnerScope	scope;

	owner_enter(&scope);
	for (int i = 0; i < errands->n; i++)
	{
		Datum		value = Int64GetDatum(errands->items[i].timer_id);

		if (errands->items[i].timer_id == 0 || errands->items[i].lead_id == 0)
			continue;
		if (SPI_execute_with_args("DELETE FROM revops.timer WHERE timer_id = $1",
								  1, &type, &value, NULL, false, 0) != SPI_OK_DELETE)
			elog(ERROR, "deleting a timer failed");
	}
	owner_leave(&scope);
}

/*
 * revops.run_due(batch int): fires timers, tells breaches that are due, takes
 * activities whose time has come; returns how many.  Two callers at once share the work: rows are claimed with
 * SKIP LOCKED, and a breach is told by whoever holds the lead.
 */
Datum
revops_run_due(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {TIMESTAMPTZOID, INT4OID};
	Datum		v[2] = {TimestampTzGetDatum(engine_clock()), Int32GetDatum(batch_size(fcinfo, 0))};
	Errands		timers;
	Errands		breaches;
	int64		last;
	int			done;

	/* leads that are busy are passed over, not waited for: they starve nobody */
	read_errands(&timers, false,
				 "WITH due AS MATERIALIZED (SELECT t.timer_id, l.workspace_id, l.lead_id, l.moves = t.seq AS holds "
				 "FROM revops.timer t JOIN revops.lead l USING (lead_id) WHERE t.due_at <= $1 "
				 "ORDER BY t.due_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED) "
				 "SELECT workspace_id::bigint, lead_id, timer_id, holds::int::bigint, 0::bigint "
				 "FROM due ORDER BY 1, 2",
				 2, types, v);
	done = run_errands(&timers, due_change);
	delete_timers(&timers);
	read_errands(&breaches, false,
				 "WITH due AS MATERIALIZED (SELECT l.workspace_id, l.lead_id "
				 "FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) WHERE c.due_at <= $1 "
				 "AND c.stopped_at IS NULL AND c.breached_at IS NULL "
				 "ORDER BY c.due_at LIMIT $2 FOR NO KEY UPDATE OF l SKIP LOCKED) "
				 "SELECT workspace_id::bigint, lead_id, 0::bigint, 0::bigint, 1::bigint "
				 "FROM due ORDER BY 1, 2",
				 2, types, v);
	done += run_errands(&breaches, due_change);
	done += inbox_settle(0, PG_GETARG_INT32(0), &last);
	PG_RETURN_INT32(done);
}
