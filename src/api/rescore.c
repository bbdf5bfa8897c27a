/*
 * rescore.c
 *		SQL functions by which all leads of a workspace are computed anew, a
 *		batch a call: revops.rescore() calls them.
 *
 * One session at a time works on a workspace: it holds an advisory lock, which
 * goes with its end, or with the transaction that fails; so does its store of
 * touches.  What it has come to is in revops.rescore_run and revops.rescore_left,
 * updated in each batch's own transaction.
 *
 * Leads are tried, never waited for: one that is busy is noted and tried again
 * when all others are done.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "base/attempt.h"
#include "base/batch_size.h"
#include "base/errors.h"
#include "base/owner.h"
#include "settle/rescore.h"
#include "settle/settle.h"
#include "time/engine_time.h"
#include "worker/errands.h"

PG_FUNCTION_INFO_V1(revops_rescore_open);
PG_FUNCTION_INFO_V1(revops_rescore_step);
PG_FUNCTION_INFO_V1(revops_rescore_close);
PG_FUNCTION_INFO_V1(revops_rescore_batch);

/* leads that stay busy are left to the next call after so many rounds ... */
#define BUSY_ROUNDS		10
/* ... with a pause between them */
#define BUSY_PAUSE_MS	100

/* ----- one session at a time ------------------------------------------------------ */

/* the workspace that this session works on; 0: none */
static int32 held_workspace = 0;
static LOCKTAG held_tag;

/* touches of leads that are still to come; NULL: they are read lead by lead */
static TouchStore *held_store = NULL;
static int	rounds = 0;

static void
let_go(void)
{
	TouchStore *store = held_store;

	held_store = NULL;
	if (store != NULL)
		touch_store_free(store);
	if (held_workspace == 0)
		return;
	held_workspace = 0;
	(void) LockRelease(&held_tag, ExclusiveLock, true);
}

/* A lock of the session outlives an error; this one must not. */
static void
at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		let_go();
}

static void
take_hold(int32 workspace_id)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(at_end, NULL);
	registered = true;
	let_go();
	SET_LOCKTAG_ADVISORY(held_tag, MyDatabaseId, revops_relation("rescore_run"), workspace_id, 2);
	if (LockAcquire(&held_tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("workspace %d is being rescored already", workspace_id),
				 errdetail("Another session has called revops.rescore() and has not come to its end."),
				 errhint("SELECT * FROM revops.rescore_progress shows how far it is; where its session is ended, call again: it goes on from there.")));
	held_workspace = workspace_id;
	rounds = 0;
}

/* revops.rescore_open(workspace_id int): this session rescores it from now on */
Datum
revops_rescore_open(PG_FUNCTION_ARGS)
{
	/* a transaction block could not commit: the lock would outlive its error */
	if (IsTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("revops.rescore() cannot run inside a transaction block"),
				 errdetail("It commits after each batch."),
				 errhint("CALL it by itself, with autocommit on.")));
	take_hold(PG_GETARG_INT32(0));
	PG_RETURN_VOID();
}

/* revops.rescore_close(): this session has done its work */
Datum
revops_rescore_close(PG_FUNCTION_ARGS)
{
	let_go();
	PG_RETURN_VOID();
}

/* ----- a page of leads ---------------------------------------------------------------- */

typedef struct PageOfLeads
{
	int32		workspace_id;
	int64		after;
	int			batch;
	TouchStore *store;
	RescoredPage result;
	int64		failed;
	LeadList	busy;
} PageOfLeads;

static void
page_step(void *arg)
{
	PageOfLeads *page = arg;

	rescore_page(&page->result, page->workspace_id, page->after, page->batch, page->store);
}

/* All leads of the page are to be looked at one by one: some rule raises. */
static void
leave_all(PageOfLeads *page)
{
	Oid			types[3] = {INT4OID, INT8OID, INT4OID};
	Datum		v[3] = {Int32GetDatum(page->workspace_id), Int64GetDatum(page->after),
	Int32GetDatum(page->batch)};
	RescoredPage *result = &page->result;
	OwnerScope	scope;

	memset(result, 0, sizeof(RescoredPage));
	result->last = page->after;
	result->left = palloc(sizeof(int64) * page->batch);
	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT lead_id FROM revops.lead WHERE workspace_id = $1 AND lead_id > $2 "
							  "ORDER BY lead_id LIMIT $3", 3, types, v, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading leads failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;

		result->last = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
												   1, &isnull));
		result->left[result->nleft++] = result->last;
	}
	result->n = result->nleft;
	owner_leave(&scope);
}

/* Leads that are to be locked and decided about; who is busy stays in the list. */
static void
rescore_left(PageOfLeads *page)
{
	LeadList	left = {page->result.nleft, page->result.left};
	Errands		errands;

	page->busy.n = 0;
	page->busy.leads = palloc(sizeof(int64) * Max(left.n, 1));
	if (left.n == 0)
		return;
	errands_rescore(&errands, page->workspace_id, &left);
	page->result.changed += errands.done;
	for (int i = 0; i < errands.n; i++)
	{
		if (errands.items[i].outcome == ERRAND_FAILED)
			page->failed++;
		else if (errands.items[i].outcome != ERRAND_DONE)
			page->busy.leads[page->busy.n++] = errands.items[i].lead_id;
	}
}

static void
rescore_next_page(PageOfLeads *page)
{
	ErrorData  *error = NULL;

	/* who may not see others' rows change finds every lead busy */
	if (IsolationUsesXactSnapshot() || (error = attempt(page_step, page)) != NULL)
		leave_all(page);
	if (error != NULL)
		FreeErrorData(error);
	rescore_left(page);
}

/*
 * revops.rescore_batch(workspace_id int, after bigint, batch int): the last lead
 * of the page, or NULL
 */
Datum
revops_rescore_batch(PG_FUNCTION_ARGS)
{
	PageOfLeads page = {.batch = batch_size(fcinfo, 2)};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	page.workspace_id = PG_GETARG_INT32(0);
	page.after = PG_GETARG_INT64(1);
	rescore_next_page(&page);
	if (page.result.n == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(page.result.last);
}

/* ----- how far it is -------------------------------------------------------------------- */

typedef struct Run
{
	int32		agreement_id;
	int64		last_lead;
	int32		batch;
	bool		all_seen;
} Run;

static void
read_run(Run *run, int32 workspace_id)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(workspace_id);
	OwnerScope	scope;
	bool		isnull;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT agreement_id, last_lead, batch, all_seen FROM revops.rescore_run WHERE workspace_id = $1",
							  1, &type, &value, NULL, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "there is no run of rescore() for workspace %d", workspace_id);
	run->agreement_id = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	run->last_lead = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	run->batch = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull));
	run->all_seen = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &isnull));
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

/* Run a statement of ours about the workspace, $1. */
static uint64
note(const char *query, int nargs, Oid *types, Datum *values)
{
	OwnerScope	scope;
	int			rc;
	uint64		n;

	owner_enter(&scope);
	rc = SPI_execute_with_args(query, nargs, types, values, NULL, false, 0);
	if (rc < 0)
		elog(ERROR, "noting the progress of rescore() failed: %s", SPI_result_code_string(rc));
	n = SPI_processed;
	owner_leave(&scope);
	return n;
}

/* A version that is newer than the run: all leads again. */
static void
start_over(Run *run, int32 workspace_id, int32 agreement_id)
{
	Oid			types[2] = {INT4OID, INT4OID};
	Datum		v[2] = {Int32GetDatum(workspace_id), Int32GetDatum(agreement_id)};

	(void) note("DELETE FROM revops.rescore_left WHERE workspace_id = $1", 1, types, v);
	(void) note("UPDATE revops.rescore_run SET agreement_id = $2, started_at = pg_catalog.clock_timestamp(), "
				"last_lead = 0, all_seen = false, leads_seen = 0, leads_changed = 0, leads_failed = 0 "
				"WHERE workspace_id = $1", 2, types, v);
	run->agreement_id = agreement_id;
	run->last_lead = 0;
	run->all_seen = false;
	rounds = 0;
	if (held_store != NULL)
		touch_store_free(held_store);
	held_store = NULL;
}

/* The next leads in order; at the end all are seen. */
static void
go_on(Run *run, int32 workspace_id)
{
	PageOfLeads page = {workspace_id, run->last_lead, run->batch};
	Oid			types[7] = {INT4OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8ARRAYOID, BOOLOID};
	Datum		v[7];

	if (held_store == NULL)
		held_store = rescore_touches(TopMemoryContext, workspace_id, run->last_lead);
	page.store = held_store;
	rescore_next_page(&page);
	v[0] = Int32GetDatum(workspace_id);
	v[1] = Int64GetDatum(page.result.last);
	v[2] = Int64GetDatum(page.result.n);
	v[3] = Int64GetDatum(page.result.changed);
	v[4] = Int64GetDatum(page.failed);
	v[5] = lead_array(&page.busy);
	v[6] = BoolGetDatum(page.result.n == 0);
	(void) note("WITH busy AS (INSERT INTO revops.rescore_left (workspace_id, lead_id) "
				"SELECT $1, l FROM pg_catalog.unnest($6) AS l ON CONFLICT DO NOTHING) "
				"UPDATE revops.rescore_run SET last_lead = $2, leads_seen = leads_seen + $3, leads_changed = leads_changed + $4, "
				"leads_failed = leads_failed + $5, all_seen = $7, updated_at = pg_catalog.clock_timestamp() WHERE workspace_id = $1",
				7, types, v);
}

/* Leads that were busy, again; true when there is no more to be done about them. */
static bool
try_left(const Run *run, int32 workspace_id)
{
	PageOfLeads page = {.workspace_id = workspace_id};
	Oid			types[4] = {INT4OID, INT8OID, INT8OID, INT8ARRAYOID};
	Datum		v[4] = {Int32GetDatum(workspace_id)};
	OwnerScope	scope;
	bool		isnull;
	MemoryContext context = CurrentMemoryContext;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT lead_id FROM revops.rescore_left WHERE workspace_id = $1 ORDER BY lead_id",
							  1, types, v, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading leads failed");
	page.result.left = MemoryContextAllocHuge(context, sizeof(int64) * Max(SPI_processed, 1));
	for (uint64 i = 0; i < SPI_processed; i++)
		page.result.left[page.result.nleft++] =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	owner_leave(&scope);
	if (page.result.nleft == 0)
		return true;
	if (rounds > 0)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 BUSY_PAUSE_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	rounds++;
	rescore_left(&page);
	v[1] = Int64GetDatum(page.result.changed);
	v[2] = Int64GetDatum(page.failed);
	v[3] = lead_array(&page.busy);
	(void) note("WITH done AS (DELETE FROM revops.rescore_left WHERE workspace_id = $1 AND lead_id <> ALL ($4)) "
				"UPDATE revops.rescore_run SET leads_changed = leads_changed + $2, leads_failed = leads_failed + $3, "
				"updated_at = pg_catalog.clock_timestamp() WHERE workspace_id = $1", 4, types, v);
	return page.busy.n == 0 || rounds >= BUSY_ROUNDS;
}

/*
 * revops.rescore_step(workspace_id int): does a batch; true when there is no
 * more to do, or only leads that stay busy.
 */
Datum
revops_rescore_step(PG_FUNCTION_ARGS)
{
	int32		workspace_id = PG_GETARG_INT32(0);
	Agreement  *agreement = definitions_of(workspace_id)->agreement;
	Run			run;

	if (held_workspace != workspace_id)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this session does not rescore workspace %d", workspace_id),
				 errhint("CALL revops.rescore(%d).", workspace_id)));
	read_run(&run, workspace_id);
	/* without one settle_begin says what is wrong */
	if (agreement != NULL && agreement->agreement_id != run.agreement_id)
		start_over(&run, workspace_id, agreement->agreement_id);
	if (!run.all_seen)
	{
		go_on(&run, workspace_id);
		PG_RETURN_BOOL(false);
	}
	PG_RETURN_BOOL(try_left(&run, workspace_id));
}
