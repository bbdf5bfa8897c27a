/*
 * batch.c
 *		SQL functions that settle leads outside of anybody's statement, a batch a
 *		call: folding deltas, firing what is due.  Rescoring is in rescore.c.
 *
 * Leads are tried, never waited for: one that is busy is left for the next
 * call.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "base/batch_size.h"
#include "base/handover.h"
#include "capture/capture.h"
#include "capture/write_back.h"
#include "time/engine_time.h"
#include "worker/errands.h"
#include "worker/meanings.h"
#include "worker/merges.h"
#include "worker/outbox.h"
#include "worker/rollups.h"
#include "worker/versions.h"

PG_FUNCTION_INFO_V1(revops_fold_batch);
PG_FUNCTION_INFO_V1(revops_run_due);

static const LeadList nobody = {0, NULL};

/* The last lead of a page; NULL when the page is empty: the end. */
static Datum
page_end(FunctionCallInfo fcinfo, const Errands *page)
{
	if (page->n == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(page->last);
}

/* revops.fold_batch(after bigint, batch int, only_urgent bool): the last lead of the page, or NULL */
Datum
revops_fold_batch(PG_FUNCTION_ARGS)
{
	int32		batch = batch_size(fcinfo, 1);
	bool		only_urgent = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	Errands		page;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	errands_fold(&page, PG_GETARG_INT64(0), batch, only_urgent ? FOLD_URGENT : FOLD_ALL, &nobody);
	return page_end(fcinfo, &page);
}

/*
 * revops.run_due(batch int): puts versions of the agreement into force, fires
 * timers, tells breaches that are due, takes activities whose time has come;
 * returns how many.  Two callers at once share
 * the work: rows are claimed with SKIP LOCKED, and a breach is told by whoever
 * holds the lead.
 */
Datum
revops_run_due(PG_FUNCTION_ARGS)
{
	int32		batch = batch_size(fcinfo, 0);
	TimestampTz now = engine_clock();
	Errands		timers;
	Errands		breaches;
	int64		last;
	int			inbox;
	int			versions;
	bool		passed;

	versions = versions_activate(now, &passed);
	errands_timers(&timers, now, batch, &nobody);
	errands_breaches(&breaches, now, batch, &nobody);
	/* the worker may find the inbox busy meanwhile */
	handover_note(HANDOVER_INBOX);
	inbox = inbox_settle(0, batch, &last);
	/* rows of the host's are locked until the transaction ends: in one that goes on, not */
	if (!IsTransactionBlock())
		(void) write_back_page(0, batch, true, &last);
	/* not of what was to be done: it is the engine's own look */
	(void) meanings_note();
	merges_follow(now);
	(void) outbox_purge(now, batch);
	rollups_try(now, batch);
	PG_RETURN_INT32(versions + timers.done + breaches.done + (inbox == INBOX_BUSY ? 0 : inbox));
}
