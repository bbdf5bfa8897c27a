/*
 * hot_rank.c
 *		See hot_rank.h.
 *
 * Who is among the hottest of a fit is not written down anywhere: the index
 * tells.  A few pages of it are read from its upper end, at most once a minute
 * for each fit that leads change their rank in.  What was read may be out of
 * date; ranks stay bounds all the same.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/itup.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "settle/hot_rank.h"
#include "time/decay.h"

/* how far ahead of the sums a rank is put, in steps: for most, and for the hottest */
#define FAR_AHEAD		(DECAY_STEPS * 3 / 2)
#define LITTLE_AHEAD	2
/* how far above the sums it may stay: what is taken back lowers them */
#define TOO_FAR			(DECAY_STEPS * 2)

/* how many of a fit are its hottest: one of so many leads of the table, and no more than ... */
#define HOTTEST_SHARE	10000
#define MAX_HOTTEST		1000
/* too few of them are not worth it: readers go through a small table quickly */
#define MIN_HOTTEST		16
/* leads that a page of the table has, about */
#define LEADS_A_PAGE	20

#define MAX_AGE			USECS_PER_MINUTE
#define N_FITS			101
/* versions whose floors are remembered: workspaces that one backend writes in turn */
#define N_VERSIONS		8

typedef struct Floor
{
	TimestampTz read_at;		/* 0: never */
	int32		rank;			/* the hottest of the fit have it, or a higher one */
} Floor;

static struct
{
	int32		agreement_id;
	Floor		floors[N_FITS];
}			known[N_VERSIONS];

/* Index entries of the hottest of a fit, by the size of the table. */
static int
hottest_of_fit(Writers *writers)
{
	double		leads;

	if (writers->lead_blocks == 0)
		writers->lead_blocks = RelationGetNumberOfBlocks(writer_rel(writers, TABLE_LEAD));
	leads = (double) writers->lead_blocks * LEADS_A_PAGE;
	return (int) Min(leads / HOTTEST_SHARE, MAX_HOTTEST);
}

/*
 * The rank of the n-th entry from the upper end; the highest there is where
 * there are not so many.  Entries of dead rows count: no row is looked at.
 */
static int32
read_floor(Writers *writers, int32 agreement_id, int16 fit, int n)
{
	Relation	index = index_open(engine_index(INDEX_LEAD_RANK), AccessShareLock);
	IndexScanDesc scan = index_beginscan(writer_rel(writers, TABLE_LEAD), index, SnapshotAny, 2, 0);
	int32		rank = PG_INT32_MAX;
	ScanKeyData keys[2];
	bool		isnull;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(agreement_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(fit));
	scan->xs_want_itup = true;
	index_rescan(scan, keys, 2, NULL, 0);
	while (n > 0 && index_getnext_tid(scan, BackwardScanDirection) != NULL)
		if (--n == 0)
			rank = DatumGetInt32(index_getattr(scan->xs_itup, 3, RelationGetDescr(index), &isnull));
	index_endscan(scan);
	/* the lock stays until the transaction ends, as those of the other indexes do */
	index_close(index, NoLock);
	return rank;
}

static Floor *
floor_of(int32 agreement_id, int16 fit)
{
	int			place = agreement_id % N_VERSIONS;

	if (known[place].agreement_id != agreement_id)
	{
		memset(&known[place], 0, sizeof(known[place]));
		known[place].agreement_id = agreement_id;
	}
	return &known[place].floors[fit];
}

/* The rank from which on leads of this fit are among its hottest. */
static int32
hot_from(Writers *writers, int32 agreement_id, int16 fit)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();
	int			n = hottest_of_fit(writers);
	Floor	   *floor;

	if (n < MIN_HOTTEST || fit < 0 || fit >= N_FITS || agreement_id < 0)
		return PG_INT32_MAX;
	floor = floor_of(agreement_id, fit);
	if (floor->read_at == 0 || now < floor->read_at || now > floor->read_at + MAX_AGE)
	{
		floor->rank = read_floor(writers, agreement_id, fit, n);
		floor->read_at = now;
	}
	return floor->rank;
}

int32
hot_rank(Writers *writers, const LeadRow *row)
{
	const LeadState *s = &row->state;
	int32		exact = decay_rank(s->intent_pos, s->intent_neg);
	int32		hot;

	if (s->gone_at != NO_TIME)
		return DECAY_GONE_RANK;
	if (exact == DECAY_NO_RANK || exact > PG_INT32_MAX - FAR_AHEAD)
		return exact;
	if (row->rank >= exact && row->rank - (int64) exact <= TOO_FAR)
		return row->rank;
	hot = hot_from(writers, row->agreement_id, s->fit);
	if (exact >= hot)
		return exact + LITTLE_AHEAD;
	/* one that is not among the hottest does not stand above them */
	return Max(exact + LITTLE_AHEAD, Min(exact + FAR_AHEAD, hot));
}
