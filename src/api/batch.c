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

#include "base/owner.h"
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

/* Settle all; marks those that were busy by lead_id = 0.  Returns how many were not. */
static int
run_errands(Errands *errands, ErrandChange set_change)
{
	Settle		s;
	int32		workspace_id = 0;
	int			done = 0;

	for (int i = 0; i < errands->n; i++)
	{
		Errand	   *e = &errands->items[i];
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
		set_change(e, &change);
		if (settle_lead(&s, e->lead_id, &change) == SETTLE_LATER)
			e->lead_id = 0;
		else
			done++;
	}
	if (workspace_id != 0)
		settle_end(&s);
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

/* revops.fold_batch(after bigint, batch int): the last lead of the page, or NULL */
Datum
revops_fold_batch(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {INT8OID, INT4OID};
	Datum		v[2] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	Errands		errands;
	int64		last;

	read_errands(&errands, true,
				 "SELECT workspace_id::bigint, lead_id, 0::bigint, 0::bigint, 0::bigint "
				 "FROM (SELECT DISTINCT lead_id, workspace_id FROM revops.lead_delta "
				 "WHERE lead_id > $1 ORDER BY lead_id LIMIT $2) d ORDER BY 1, 2",
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
	Datum		v[3] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};
	Errands		errands;
	int64		last;

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
 * revops.run_due(batch int): fires timers and tells breaches that are due;
 * returns how many.  Two callers at once share the work: rows are claimed with
 * SKIP LOCKED, and a breach is told by whoever holds the lead.
 */
Datum
revops_run_due(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {TIMESTAMPTZOID, INT4OID};
	Datum		v[2] = {TimestampTzGetDatum(engine_clock()), PG_GETARG_DATUM(0)};
	Errands		timers;
	Errands		breaches;
	int			done;

	read_errands(&timers, false,
				 "WITH due AS MATERIALIZED (SELECT timer_id, workspace_id, lead_id, seq FROM revops.timer "
				 "WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) "
				 "SELECT d.workspace_id::bigint, d.lead_id, d.timer_id, coalesce(l.moves = d.seq, false)::int::bigint, 0::bigint "
				 "FROM due d LEFT JOIN revops.lead l USING (lead_id) ORDER BY 1, 2",
				 2, types, v);
	done = run_errands(&timers, due_change);
	delete_timers(&timers);
	read_errands(&breaches, true,
				 "SELECT workspace_id::bigint, lead_id, 0::bigint, 0::bigint, 1::bigint "
				 "FROM (SELECT workspace_id, lead_id FROM revops.sla_clock WHERE due_at <= $1 "
				 "AND stopped_at IS NULL AND breached_at IS NULL ORDER BY due_at LIMIT $2) c ORDER BY 1, 2",
				 2, types, v);
	done += run_errands(&breaches, due_change);
	PG_RETURN_INT32(done);
}
