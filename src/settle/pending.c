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
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "base/xact_log.h"
#include "settle/pending.h"
#include "settle/settle.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_own_touches);

/* entries up to which a look-up walks through the log */
#define SHORT_LOG	16
/* entries from which on those of one lead are merged */
#define LONG_LOG	1024
/* leads, of about 100 bytes each, that one transaction keeps in memory */
#define MAX_PENDING	65536
/* how often what a commit's settles set off is settled, and then left as deltas */
#define MAX_ROUNDS	8

typedef struct PendingTouches
{
	int64		lead_id;
	int32		workspace_id;
	int32		agreement_id;	/* that weighed them */
	Oid			user;			/* who brought them */
	int			before;			/* the lead's entry before this, NOWHERE: none; see last_of */
	bool		taken;			/* all before is settled */
	TouchSums	sums;			/* what came after that */
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

/* the table that the leads are of: the extension may be dropped before the commit */
static Oid	lead_table = InvalidOid;

static int	merge_from = 0;		/* length at which entries are merged next */
static int	left_by_relief = 0; /* entries that the last relief had to leave */

static PendingTouches *
entry_at(int place)
{
	return xact_log_at(&pending, place);
}

static bool
has_sums(const PendingTouches *p)
{
	return p->sums.touches != 0 || p->sums.recount;
}

/* ----- merging -------------------------------------------------------------- */

typedef struct Merged
{
	int64		lead_id;		/* hash key */
	int			place;
	int			level;
} Merged;

/* Add a later entry of the lead, and of the same subtransaction. */
static void
merge_entry(PendingTouches *into, const PendingTouches *later)
{
	if (later->taken)
	{
		into->sums = later->sums;
		into->agreement_id = later->agreement_id;
	}
	else
	{
		sums_merge(&into->sums, &later->sums);
		/* points of two versions can't be added */
		into->sums.recount |= into->agreement_id != later->agreement_id;
	}
	into->taken |= later->taken;
	into->user = later->user;
}

/*
 * Entries of one lead and one subtransaction live and die together: they become
 * one.  What is settled in the outermost has nothing before it to void.
 */
static void
merge_entries(void)
{
	HASHCTL		ctl = {0};
	HTAB	   *merged;
	int			n = 0;
	int			outermost = xact_log_level(&pending, 0);

	ctl.keysize = sizeof(int64);
	ctl.entrysize = sizeof(Merged);
	ctl.hcxt = CurrentMemoryContext;
	merged = hash_create("pg_revops merged touches", 1024, &ctl,
						 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < pending.n; i++)
	{
		PendingTouches *p = entry_at(i);
		int			level = xact_log_level(&pending, i);
		bool		found;
		Merged	   *m = hash_search(merged, &p->lead_id, HASH_ENTER, &found);

		if (found && m->level == level)
		{
			merge_entry(entry_at(m->place), p);
			continue;
		}
		m->level = level;
		m->place = n;
		xact_log_move(&pending, i, n++);
	}
	hash_destroy(merged);
	xact_log_cut(&pending, n);
	n = 0;
	for (int i = 0; i < pending.n; i++)
		if (xact_log_level(&pending, i) > outermost || has_sums(entry_at(i)))
			xact_log_move(&pending, i, n++);
	xact_log_cut(&pending, n);
	merge_from = Max(LONG_LOG, pending.n * 2);
}

/* What an earlier transaction made has gone with its memory. */
static void
begin_pending(void)
{
	last_entries = NULL;
	lead_table = engine_table(TABLE_LEAD);
	merge_from = LONG_LOG;
	left_by_relief = 0;
}

static PendingTouches *
append(int32 workspace_id, int32 agreement_id, int64 lead_id)
{
	PendingTouches *p;

	if (pending.context == NULL)
		begin_pending();
	if (pending.n >= merge_from)
		merge_entries();
	p = xact_log_append(&pending);
	p->lead_id = lead_id;
	p->workspace_id = workspace_id;
	p->agreement_id = agreement_id;
	p->user = GetUserId();
	sums_init(&p->sums);
	return p;
}

void
pending_add(const Definitions *def, int64 lead_id, const TouchSums *sums, Oid user)
{
	PendingTouches *p = append(def->workspace_id, def->agreement->agreement_id, lead_id);

	p->sums = *sums;
	p->user = user;
}

/* ----- one lead -------------------------------------------------------------- */

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

/* Add up what came for the lead after it was settled last; returns its newest entry. */
static PendingTouches *
sum_of(int64 lead_id, int32 agreement_id, TouchSums *sums)
{
	int			last = last_of(lead_id);
	bool		any = false;

	for (int i = last; i != NOWHERE; i = before(i))
	{
		PendingTouches *p = entry_at(i);

		if (has_sums(p))
		{
			any = true;
			sums_merge(sums, &p->sums);
			/* points of another version can't be added to this one's */
			sums->recount |= (p->agreement_id != agreement_id);
		}
		if (p->taken)
			break;
	}
	return any ? entry_at(last) : NULL;
}

bool
pending_for(int64 lead_id)
{
	TouchSums	sums;

	sums_init(&sums);
	return pending.n > 0 && sum_of(lead_id, 0, &sums) != NULL;
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

/* Every lead in the log that has something to settle, in the order in which rows lie. */
static PendingLead *
pending_leads(int *n)
{
	PendingLead *leads = palloc_extended(sizeof(PendingLead) * Max(pending.n, 1), MCXT_ALLOC_HUGE);
	int			all = pending.n;
	TouchSums	sums;

	for (int i = 0; i < all; i++)
		leads[i] = (PendingLead) {entry_at(i)->workspace_id, entry_at(i)->lead_id};
	qsort(leads, all, sizeof(PendingLead), by_workspace_and_lead);
	*n = 0;
	for (int i = 0; i < all; i++)
	{
		if (i > 0 && by_workspace_and_lead(&leads[i - 1], &leads[i]) == 0)
			continue;
		sums_init(&sums);
		if (sum_of(leads[i].lead_id, 0, &sums) != NULL)
			leads[(*n)++] = leads[i];
	}
	return leads;
}

/* Leads, and how what is pending for them is got rid of. */
typedef struct Riddance
{
	const PendingLead *leads;
	int			n;
	bool		careful;
	bool		append_only;	/* no lead may be locked */
} Riddance;

static void
rid_one(Settle *s, int64 lead_id, const Riddance *how)
{
	TouchSums	sums;
	LeadChange	change;
	int			last = last_of(lead_id);

	sums_init(&sums);
	if (last == NOWHERE)
		return;
	settle_act_for(s, entry_at(last)->user);
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

	for (int i = 0; i < how->n;)
	{
		int32		workspace_id = how->leads[i].workspace_id;

		settle_begin(&s, workspace_id, how->careful);
		for (; i < how->n && how->leads[i].workspace_id == workspace_id; i++)
			rid_one(&s, how->leads[i].lead_id, how);
		settle_end(&s);
	}
}

typedef struct Unsettled
{
	int64		lead_id;
	const ErrorData *error;
} Unsettled;

static void
record_step(void *arg)
{
	const Unsettled *u = arg;
	FaultPlace	place = {0, u->lead_id, NULL};
	Faults		faults;

	faults_init(&faults, CurrentMemoryContext);
	fault_note(&faults, &place, "commit", u->error->sqlerrcode, u->error->message,
			   "The touches of a transaction were not settled at its commit; the lead was left a delta.");
	faults_write(&faults, engine_clock());
}

/*
 * A lead that can't be settled gets a delta, and is a fault of its own, and
 * nobody else's; where even that fails, a warning is all that is left.
 */
static void
rid_alone(const PendingLead *lead, bool append_only)
{
	Riddance	how = {lead, 1, true, append_only};
	ErrorData  *error = attempt(rid_step, &how);
	ErrorData  *failure;
	Unsettled	unsettled = {lead->lead_id, error};

	if (error == NULL)
		return;
	how.append_only = true;
	failure = attempt(rid_step, &how);
	if (failure == NULL)
		failure = attempt(record_step, &unsettled);
	if (failure != NULL)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("pg_revops could not settle touches of lead %lld: %s",
						(long long) lead->lead_id, error->message),
				 errdetail("The fault could not be recorded either: %s", failure->message),
				 errhint("CALL revops.rescore() once the cause is gone: the touches are recorded.")));
}

/* Leads that something is pending for. */
typedef struct Listing
{
	PendingLead *leads;
	int			n;
} Listing;

static void
list_step(void *arg)
{
	Listing    *listing = arg;

	listing->leads = pending_leads(&listing->n);
}

static void
merge_step(void *arg)
{
	merge_entries();
}

/* With another try, for want of memory may pass; then nothing is listed, with a warning. */
static Listing
list_pending_leads(void)
{
	Listing		listing = {NULL, 0};
	ErrorData  *error = attempt_in_memory(list_step, &listing);

	if (error != NULL)
		error = attempt_in_memory(list_step, &listing);
	if (error != NULL)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("pg_revops could not settle the touches of a transaction: %s", error->message),
				 errhint("CALL revops.rescore() once the cause is gone: the touches are recorded.")));
	return listing;
}

/* Settle all, together; when one of them raises, each by itself. */
static int
settle_pending(bool append_only)
{
	Listing		listing = list_pending_leads();
	Riddance	how = {listing.leads, listing.n, false, append_only};

	if (listing.leads == NULL)
		return 0;
	if (listing.n > 0 && attempt(rid_step, &how) != NULL)
		for (int i = 0; i < listing.n; i++)
			rid_alone(&listing.leads[i], append_only);
	pfree(listing.leads);
	return listing.n;
}

/* What can't be merged now will be after the next statement, or is settled at the end. */
void
pending_relieve(void)
{
	ErrorData  *error;

	if (pending.n - left_by_relief < MAX_PENDING)
		return;
	error = attempt_in_memory(merge_step, NULL);
	if (error == NULL && pending.n - left_by_relief >= MAX_PENDING)
	{
		(void) settle_pending(false);
		error = attempt_in_memory(merge_step, NULL);
	}
	if (error != NULL)
		FreeErrorData(error);
	left_by_relief = pending.n;
}

/*
 * Settles may set off more: a trigger that somebody put on a table of ours, or
 * a deferred one, may touch leads.
 */
static void
settle_all(bool append_only)
{
	for (int round = 0; settle_pending(append_only || round >= MAX_ROUNDS) > 0; round++)
	{
		AfterTriggerFireDeferred();
		if (round < 2 * MAX_ROUNDS)
			continue;
		ereport(WARNING,
				(errmsg("pg_revops gives up settling what a commit sets off"),
				 errdetail("After %d rounds there are still touches to settle.", round),
				 errhint("A trigger on a table of pg_revops seems to touch a lead each time a lead is settled.")));
		break;
	}
}

/*
 * The transaction is about to end.  No statement runs any more, so that a
 * snapshot of our own has to keep the versions of rows that we look at.  What
 * the transaction wrote before it was made read only is to be settled all the
 * same.
 */
static void
end_pending(XactEvent event, void *arg)
{
	MemoryContext context;
	MemoryContext old;
	bool		read_only = XactReadOnly;

	if ((event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) || pending.n == 0 ||
		!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(lead_table)))
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "pg_revops commit",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	PushActiveSnapshot(GetTransactionSnapshot());
	XactReadOnly = false;
	PG_TRY();
	{
		settle_all(event == XACT_EVENT_PRE_PREPARE);
	}
	PG_FINALLY();
	{
		XactReadOnly = read_only;
	}
	PG_END_TRY();
	PopActiveSnapshot();
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
	v[OWN_RECOUNT] = BoolGetDatum(sums.recount || sums.ncapped > 0);
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
