/*
 * pending.c
 *		See pending.h.
 *
 * A log of sums by lead, in the order in which they came, which savepoints
 * undo (base/xact_log).  Taking a lead's sums appends to the log as well: an
 * entry that says so, so that an abort undoes that too.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "base/xact_log.h"
#include "settle/pending.h"
#include "settle/settle.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_own_touches);

/* entries up to which a look-up walks through the log */
#define SHORT_LOG	16
/* entries, of about 100 bytes, that one transaction keeps in memory */
#define MAX_PENDING	65536

typedef struct PendingTouches
{
	int64		lead_id;
	int32		workspace_id;
	int32		agreement_id;	/* that weighed them */
	int			before;			/* the lead's entry before this, NOWHERE: none; see last_of */
	bool		taken;			/* no sums: all before is settled */
	TouchSums	sums;
} PendingTouches;

#define NOWHERE		(-1)

static XactLog pending = {.name = "touches",.entry_size = sizeof(PendingTouches)};

/* Where a lead's last entry is; in the log's memory, made when the log is long. */
typedef struct LastEntry
{
	int64		lead_id;		/* hash key */
	int			place;
} LastEntry;

static HTAB *last_entries = NULL;
static int	linked = 0;			/* entries that last_entries knows of */

/* own entries that the last relief had to leave */
static int	left_by_relief = 0;

static PendingTouches *
entry_at(int place)
{
	return xact_log_at(&pending, place);
}

static PendingTouches *
append(int32 workspace_id, int32 agreement_id, int64 lead_id)
{
	PendingTouches *p;

	/* what an earlier transaction made has gone with its memory */
	if (pending.context == NULL)
	{
		last_entries = NULL;
		left_by_relief = 0;
	}
	p = xact_log_append(&pending);
	p->lead_id = lead_id;
	p->workspace_id = workspace_id;
	p->agreement_id = agreement_id;
	return p;
}

void
pending_add(const Definitions *def, int64 lead_id, const TouchSums *sums)
{
	append(def->workspace_id, def->agreement->agreement_id, lead_id)->sums = *sums;
}

static void
make_last_entries(void)
{
	HASHCTL		ctl = {0};

	if (last_entries != NULL)
		hash_destroy(last_entries);
	ctl.keysize = sizeof(int64);
	ctl.entrysize = sizeof(LastEntry);
	ctl.hcxt = xact_log_context(&pending);
	last_entries = hash_create("pg_revops pending leads", 1024, &ctl,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	linked = 0;
	pending.shrunk = false;
}

/* Link what was appended since; after an abort all anew. */
static void
link_entries(void)
{
	if (last_entries == NULL || pending.shrunk)
		make_last_entries();
	for (; linked < pending.n; linked++)
	{
		PendingTouches *p = entry_at(linked);
		bool		found;
		LastEntry  *last = hash_search(last_entries, &p->lead_id, HASH_ENTER, &found);

		p->before = found ? last->place : NOWHERE;
		last->place = linked;
	}
}

/* The lead's last entry at or before a place of a short log, by walking. */
static int
walk_back(int64 lead_id, int place)
{
	while (place >= 0 && entry_at(place)->lead_id != lead_id)
		place--;
	return place;
}

static int
last_of(int64 lead_id)
{
	LastEntry  *last;

	if (pending.n <= SHORT_LOG)
		return walk_back(lead_id, pending.n - 1);
	link_entries();
	last = hash_search(last_entries, &lead_id, HASH_FIND, NULL);
	return last == NULL ? NOWHERE : last->place;
}

static int
before(int place)
{
	return pending.n <= SHORT_LOG ? walk_back(entry_at(place)->lead_id, place - 1) :
		entry_at(place)->before;
}

/* Add up the lead's entries after the last that took; returns the newest one. */
static PendingTouches *
sum_of(int64 lead_id, int32 agreement_id, TouchSums *sums)
{
	int			last = last_of(lead_id);

	for (int i = last; i != NOWHERE && !entry_at(i)->taken; i = before(i))
	{
		sums_merge(sums, &entry_at(i)->sums);
		/* points of another version can't be added to this one's */
		sums->recount |= (entry_at(i)->agreement_id != agreement_id);
	}
	return last == NOWHERE || entry_at(last)->taken ? NULL : entry_at(last);
}

bool
pending_take(int64 lead_id, int32 agreement_id, TouchSums *sums)
{
	PendingTouches *newest = pending.n == 0 ? NULL : sum_of(lead_id, agreement_id, sums);

	if (newest == NULL)
		return false;
	append(newest->workspace_id, agreement_id, lead_id)->taken = true;
	return true;
}

/* ----- all of them: at commit, or when there are too many ------------------ */

typedef struct PendingLead
{
	int32		workspace_id;
	int64		lead_id;
} PendingLead;

static int
by_workspace_and_lead(const void *a, const void *b)
{
	const PendingLead *left = a;
	const PendingLead *right = b;

	if (left->workspace_id != right->workspace_id)
		return left->workspace_id < right->workspace_id ? -1 : 1;
	return left->lead_id < right->lead_id ? -1 : left->lead_id > right->lead_id;
}

/* Every lead in the log once, in the order in which rows lie. */
static PendingLead *
pending_leads(int *n)
{
	PendingLead *leads = palloc_extended(sizeof(PendingLead) * Max(pending.n, 1), MCXT_ALLOC_HUGE);

	for (int i = 0; i < pending.n; i++)
		leads[i] = (PendingLead) {entry_at(i)->workspace_id, entry_at(i)->lead_id};
	qsort(leads, pending.n, sizeof(PendingLead), by_workspace_and_lead);
	*n = 0;
	for (int i = 0; i < pending.n; i++)
		if (*n == 0 || by_workspace_and_lead(&leads[*n - 1], &leads[i]) != 0)
			leads[(*n)++] = leads[i];
	return leads;
}

/* How what is pending is got rid of. */
typedef struct Riddance
{
	bool		careful;
	bool		append_only;	/* no lead may be locked */
} Riddance;

static void
rid_one(Settle *s, int64 lead_id, const Riddance *how)
{
	TouchSums	sums;
	LeadChange	change;

	sums_init(&sums);
	if (!pending_take(lead_id, s->agreement->agreement_id, &sums))
		return;
	change_init(&change);
	change.sums = &sums;
	change.append_only = how->append_only;
	(void) settle_lead(s, lead_id, &change);
}

static void
rid_step(void *arg)
{
	Riddance   *how = arg;
	Settle		s;
	int			n;
	PendingLead *leads = pending_leads(&n);

	for (int i = 0; i < n;)
	{
		int32		workspace_id = leads[i].workspace_id;

		settle_begin(&s, workspace_id, how->careful);
		for (; i < n && leads[i].workspace_id == workspace_id; i++)
			rid_one(&s, leads[i].lead_id, how);
		settle_end(&s);
	}
	pfree(leads);
}

static void
record_step(void *arg)
{
	const ErrorData *error = arg;
	FaultPlace	place = {0};
	Faults		faults;

	faults_init(&faults, CurrentMemoryContext);
	fault_note(&faults, &place, "commit", error->sqlerrcode, error->message,
			   "The touches of a transaction were not settled at its commit; their leads were left deltas.");
	faults_write(&faults, engine_clock());
}

/*
 * The host's commit must not fail because of us: what can't be settled is left
 * as deltas, and the fault is recorded; where even that fails, a warning is all
 * that is left.
 */
static void
settle_pending(bool append_only)
{
	Riddance	how = {.append_only = append_only};
	ErrorData  *error = attempt(rid_step, &how);
	ErrorData  *failure;

	if (error == NULL)
		return;
	how.careful = true;
	if (attempt(rid_step, &how) == NULL)
		return;
	how.append_only = true;
	failure = attempt(rid_step, &how);
	if (failure == NULL)
		failure = attempt(record_step, error);
	if (failure != NULL)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("pg_revops could not settle a transaction's touches: %s", error->message),
				 errdetail("The fault could not be recorded either: %s", failure->message),
				 errhint("CALL revops.rescore() once the cause is gone: the touches are recorded.")));
}

/* Leads of enclosing transactions are settled too, unless we are rolled back. */
static void
take_all(void)
{
	int			n;
	PendingLead *leads = pending_leads(&n);

	for (int i = 0; i < n; i++)
		append(leads[i].workspace_id, 0, leads[i].lead_id)->taken = true;
	pfree(leads);
}

void
pending_relieve(void)
{
	if (pending.n < MAX_PENDING || xact_log_own(&pending) - left_by_relief < MAX_PENDING)
		return;
	settle_pending(false);
	xact_log_forget(&pending, xact_log_own(&pending));
	take_all();
	left_by_relief = xact_log_own(&pending);
}

/*
 * The transaction is about to end.  No statement runs any more, so that a
 * snapshot of our own has to keep the versions of rows that we look at.
 */
static void
end_pending(XactEvent event, void *arg)
{
	MemoryContext context;
	MemoryContext old;

	if ((event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) || pending.n == 0)
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "pg_revops commit",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	PushActiveSnapshot(GetTransactionSnapshot());
	settle_pending(event == XACT_EVENT_PRE_PREPARE);
	PopActiveSnapshot();
	/* somebody may have put a deferred trigger on a table of ours */
	AfterTriggerFireDeferred();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

void
pending_init(void)
{
	RegisterXactCallback(end_pending, NULL);
}

/* ----- reading one's own --------------------------------------------------- */

enum
{
	OWN_LEAD_ID, OWN_AGREEMENT_ID, OWN_INTENT_POS, OWN_INTENT_NEG, OWN_TOUCHES,
	OWN_LAST_TOUCH_AT, OWN_ANSWERS, OWN_RECOUNT, OWN_COLS
};

static void
put_own(ReturnSetInfo *rsinfo, int64 lead_id)
{
	Datum		v[OWN_COLS];
	bool		nulls[OWN_COLS] = {0};
	TouchSums	sums;
	int32		agreement_id = entry_at(last_of(lead_id))->agreement_id;

	sums_init(&sums);
	if (sum_of(lead_id, agreement_id, &sums) == NULL)
		return;
	v[OWN_LEAD_ID] = Int64GetDatum(lead_id);
	v[OWN_AGREEMENT_ID] = Int32GetDatum(agreement_id);
	v[OWN_INTENT_POS] = Float8GetDatum(sums.pos);
	v[OWN_INTENT_NEG] = Float8GetDatum(sums.neg);
	v[OWN_TOUCHES] = Int32GetDatum(sums.touches);
	set_moment(v, nulls, OWN_LAST_TOUCH_AT, sums.last_touch_at);
	v[OWN_ANSWERS] = BoolGetDatum(sums.answers);
	v[OWN_RECOUNT] = BoolGetDatum(sums.recount);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, v, nulls);
}

/* revops.own_touches(): what this transaction will settle at its commit, by lead */
Datum
revops_own_touches(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PendingLead *leads;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	leads = pending_leads(&n);
	for (int i = 0; i < n; i++)
		put_own(rsinfo, leads[i].lead_id);
	return (Datum) 0;
}
