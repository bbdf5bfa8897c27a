/*
 * turns.c
 *		See turns.h.
 *
 * Rows are read under SnapshotSelf: the newest committed version, or our own,
 * whatever the transaction's snapshot is; the row's lock keeps it the newest.
 * A settle within a settle (a trigger on a host's table that we write to) must
 * not take the row that the outer one has in memory: rows in use are known to
 * the transaction.
 *
 * A row's number comes from a sequence, so that two who make one at the same
 * time do not meet in the index.  One in 16 turns looks at another row: where it
 * is free, what it says is added to the row at hand as far as that stays within the
 * bound of one, and a row of which nothing is left is gone.  So there are never more
 * rows than there were transactions at once, none of them is out of bounds, what
 * all of them say never is by more than one for each, and whoever goes on alone
 * works off what the others left.  (Were rows added up whatever they say, those that
 * are made anew would begin with nothing, and what had added up would grow again
 * and again.)
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "base/xact_log.h"
#include "define/schedule.h"
#include "settle/engine_scan.h"
#include "settle/turns.h"

/* one in so many turns looks for a row to add to its own */
#define TURNS_MERGE		16

typedef struct Turns
{
	Team	   *team;
	int64		shard;
	int64		taken;			/* in this epoch, by this row */
	int			first;			/* place of who is the first among equals */
	double	   *accounts;		/* by place in the team */
	double	   *before;			/* the last turn */
	ItemPointerData tid;
	bool		made;			/* the row is not in the table yet */
	int			use;			/* place in the log of rows in use */
	struct Turns *next;
} Turns;

/* A row that a settle of this transaction has in memory. */
typedef struct TurnsUse
{
	int32		team_id;
	int64		shard;
	bool		over;
} TurnsUse;

static XactLog uses = {.name = "pg_revops turns",.entry_size = sizeof(TurnsUse)};

static bool
in_use(int32 team_id, int64 shard)
{
	for (int i = 0; i < uses.n; i++)
	{
		const TurnsUse *use = xact_log_at(&uses, i);

		if (use->team_id == team_id && use->shard == shard && !use->over)
			return true;
	}
	return false;
}

static void
note_use(Turns *t)
{
	TurnsUse   *use = xact_log_append(&uses);

	use->team_id = t->team->team_id;
	use->shard = t->shard;
	t->use = uses.n - 1;
}

/* ----- the row ----------------------------------------------------------------------- */

/* A column that is an array of so many, without NULLs; NULL: it is not. */
static void *
array_of(TupleTableSlot *slot, int column, int n)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column + 1, &isnull);
	ArrayType  *array;

	if (isnull)
		return NULL;
	array = DatumGetArrayTypeP(value);
	if (ARR_NDIM(array) != 1 || ARR_HASNULL(array) || (n >= 0 && ARR_DIMS(array)[0] != n))
		return NULL;
	return ARR_DATA_PTR(array);
}

static int
members_of(TupleTableSlot *slot)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, TURN_MEMBERS + 1, &isnull);
	ArrayType  *array = isnull ? NULL : DatumGetArrayTypeP(value);

	return array == NULL || ARR_NDIM(array) != 1 ? 0 : ARR_DIMS(array)[0];
}

static int
place_of(const Team *team, int32 rep_id)
{
	for (int i = 0; i < team->n; i++)
		if (team->rep_ids[i] == rep_id)
			return i;
	return -1;
}

/*
 * What the row says of the team as it is: added to the accounts when it is of
 * the same members and weights, else, where carry, as what a new epoch begins
 * with.  True for the same.
 */
static bool
take_accounts(Turns *t, TupleTableSlot *slot, bool carry)
{
	const Team *team = t->team;
	int			n = members_of(slot);
	const int32 *members = array_of(slot, TURN_MEMBERS, n);
	const int32 *weights = array_of(slot, TURN_WEIGHTS, n);
	const double *accounts = array_of(slot, TURN_ACCOUNTS, n);
	bool		same;

	if (members == NULL || weights == NULL || accounts == NULL)
		return false;
	same = n == team->n && memcmp(members, team->rep_ids, sizeof(int32) * n) == 0 &&
		memcmp(weights, team->weights, sizeof(int32) * n) == 0;
	for (int i = 0; i < n; i++)
	{
		int			place = same ? i : place_of(team, members[i]);

		if (same)
			t->accounts[place] += accounts[i];
		else if (carry && place >= 0)
			t->accounts[place] = schedule_carry(accounts[i]);
	}
	return same;
}

/* Lock the row at hand without waiting; the slot has it then. */
static bool
lock_row(Settle *s, ItemPointer tid, TupleTableSlot *slot)
{
	TM_FailureData failure;

	return table_tuple_lock(writer_rel(&s->writers, TABLE_TURN), tid, SnapshotSelf, slot,
							GetCurrentCommandId(true), LockTupleNoKeyExclusive, LockWaitSkip,
							0, &failure) == TM_Ok;
}

/*
 * The lowest free row of a team after this one, locked in the writer's slot.
 * *held is the number of rows that others hold before it.
 */
static bool
next_free(Settle *s, int32 team_id, int64 after, int64 *shard, ItemPointer tid, int *held)
{
	Relation	rel = writer_rel(&s->writers, TABLE_TURN);
	Oid			index = writer_pkey(&s->writers, TABLE_TURN);
	TupleTableSlot *slot = writer_lock_slot(&s->writers, TABLE_TURN);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	*held = 0;
	ScanKeyInit(&keys[0], TURN_TEAM_ID + 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(team_id));
	ScanKeyInit(&keys[1], TURN_SHARD + 1, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(after));
	scan = systable_beginscan(rel, index, true, SnapshotSelf, 2, keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		*shard = DatumGetInt64(engine_column(&s->writers, TABLE_TURN, tuple, TURN_SHARD));
		*tid = tuple->t_self;
		found = !in_use(team_id, *shard) && lock_row(s, tid, slot);
		*held += !found;
	}
	systable_endscan(scan);
	if (!found)
		ExecClearTuple(slot);
	return found;
}

/* A column of a row that is a number, which is never NULL. */
static int64
number_of(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column + 1, &isnull);

	return column == TURN_FIRST_MEMBER ? DatumGetInt32(value) : DatumGetInt64(value);
}

/*
 * Choose another row of the team, not the same one each time; false: it has none
 * but the one at hand.
 */
static bool
choose_another(Settle *s, const Turns *t, ItemPointer tid, int64 *shard)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	int64		wanted = t->taken / TURNS_MERGE;
	ItemPointerData *tids = NULL;
	int64	   *shards = NULL;
	int			room = 0;
	int			n = 0;

	ScanKeyInit(&key, TURN_TEAM_ID + 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(t->team->team_id));
	scan = systable_beginscan(writer_rel(&s->writers, TABLE_TURN), writer_pkey(&s->writers, TABLE_TURN),
							  true, SnapshotSelf, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		int64		other = DatumGetInt64(engine_column(&s->writers, TABLE_TURN, tuple, TURN_SHARD));

		if (other == t->shard || in_use(t->team->team_id, other))
			continue;
		if (n == room)
		{
			room = Max(16, room * 2);
			tids = tids == NULL ? palloc(sizeof(*tids) * room) : repalloc(tids, sizeof(*tids) * room);
			shards = shards == NULL ? palloc(sizeof(*shards) * room) : repalloc(shards, sizeof(*shards) * room);
		}
		tids[n] = tuple->t_self;
		shards[n++] = other;
	}
	systable_endscan(scan);
	if (n == 0)
		return false;
	*tid = tids[wanted % n];
	*shard = shards[wanted % n];
	return true;
}

static Datum
int_array(const int32 *values, int n)
{
	Datum	   *elements = palloc(sizeof(Datum) * n);

	for (int i = 0; i < n; i++)
		elements[i] = Int32GetDatum(values[i]);
	return PointerGetDatum(construct_array(elements, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

static Datum
double_array(const double *values, int n)
{
	Datum	   *elements = palloc(sizeof(Datum) * n);

	for (int i = 0; i < n; i++)
		elements[i] = Float8GetDatum(values[i]);
	return PointerGetDatum(construct_array(elements, n, FLOAT8OID, sizeof(float8),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* A row of the table as it is to be written. */
static void
fill_row(const Turns *t, Datum *v)
{
	const Team *team = t->team;

	v[TURN_TEAM_ID] = Int32GetDatum(team->team_id);
	v[TURN_SHARD] = Int64GetDatum(t->shard);
	v[TURN_TURNS] = Int64GetDatum(t->taken);
	v[TURN_MEMBERS] = int_array(team->rep_ids, team->n);
	v[TURN_WEIGHTS] = int_array(team->weights, team->n);
	v[TURN_ACCOUNTS] = double_array(t->accounts, team->n);
	v[TURN_FIRST_MEMBER] = Int32GetDatum(t->first);
}

static void
add_row(Settle *s, const Turns *t)
{
	Datum		v[TURN_COLS];
	bool		nulls[TURN_COLS] = {0};

	fill_row(t, v);
	writer_add(&s->writers, TABLE_TURN, v, nulls);
}

static void
update_row(Settle *s, Turns *t)
{
	Datum		v[TURN_COLS];
	bool		nulls[TURN_COLS] = {0};

	fill_row(t, v);
	writer_update(&s->writers, TABLE_TURN, &t->tid, v, nulls);
}

/*
 * Another row, where it is free, is added to this one as far as may be: see above.
 * One of another epoch says nothing any more.
 */
static void
settle_with_another(Settle *s, Turns *t)
{
	TupleTableSlot *slot = writer_lock_slot(&s->writers, TABLE_TURN);
	Turns		other = {.team = t->team,.accounts = palloc0(sizeof(double) * t->team->n)};

	if (!choose_another(s, t, &other.tid, &other.shard) || !lock_row(s, &other.tid, slot))
		return;
	if (!take_accounts(&other, slot, false) ||
		schedule_join(t->team->n, t->accounts, other.accounts))
		writer_delete(&s->writers, TABLE_TURN, &other.tid);
	else
	{
		other.taken = number_of(slot, TURN_TURNS);
		other.first = number_of(slot, TURN_FIRST_MEMBER);
		update_row(s, &other);
	}
	ExecClearTuple(slot);
}

/* A further row for a team all of whose rows are held; not the same member first in each. */
static void
make_row(Turns *t, int held)
{
	t->made = true;
	t->shard = engine_next(SEQUENCE_TURN_SHARD);
	t->first = held % t->team->n;
}

static Turns *
load(Settle *s, Team *team)
{
	TupleTableSlot *slot = writer_lock_slot(&s->writers, TABLE_TURN);
	Turns	   *t = MemoryContextAllocZero(s->context, sizeof(Turns));
	MemoryContext old = MemoryContextSwitchTo(s->lead_context);
	int			held;

	t->team = team;
	t->accounts = MemoryContextAllocZero(s->context, sizeof(double) * team->n);
	t->before = MemoryContextAllocZero(s->context, sizeof(double) * team->n);
	if (next_free(s, team->team_id, PG_INT64_MIN, &t->shard, &t->tid, &held))
	{
		if (take_accounts(t, slot, true))
			t->taken = number_of(slot, TURN_TURNS);
		t->first = number_of(slot, TURN_FIRST_MEMBER) % team->n;
		ExecClearTuple(slot);
		if (t->taken % TURNS_MERGE == 0)
			settle_with_another(s, t);
	}
	else
		make_row(t, held);
	note_use(t);
	t->next = s->turns;
	s->turns = t;
	MemoryContextSwitchTo(old);
	return t;
}

static Turns *
turns_of(Settle *s, Team *team)
{
	for (Turns *t = s->turns; t != NULL; t = t->next)
		if (t->team == team)
			return t;
	return load(s, team);
}

/* ----- turns ------------------------------------------------------------------------- */

/* The only one who is there, or -1: none, or several. */
static int
lone_member(const Team *team, const bool *away, int *there)
{
	int			lone = -1;

	*there = 0;
	for (int i = 0; i < team->n; i++)
	{
		if (away != NULL && away[i])
			continue;
		(*there)++;
		lone = i;
	}
	return *there == 1 ? lone : -1;
}

int
turns_next(Settle *s, Team *team, const bool *away)
{
	int			there;
	int			place = lone_member(team, away, &there);
	Turns	   *t;

	/* whoever is alone gets a turn for a turn: nothing is owed */
	if (there <= 1)
		return place;
	t = turns_of(s, team);
	t->taken++;
	memcpy(t->before, t->accounts, sizeof(double) * team->n);
	return schedule_next(team->n, team->weights, t->accounts, away, t->first);
}

void
turns_undo(Settle *s, Team *team)
{
	for (Turns *t = s->turns; t != NULL; t = t->next)
	{
		if (t->team != team)
			continue;
		memcpy(t->accounts, t->before, sizeof(double) * team->n);
		t->taken--;
	}
}

int
turns_peek(Settle *s, Team *team, const bool *away)
{
	Turns		t = {.team = team,.accounts = palloc0(sizeof(double) * Max(team->n, 1))};
	TupleTableSlot *slot;
	ScanKeyData key;
	SysScanDesc scan;

	if (team->n == 0)
		return -1;
	slot = MakeSingleTupleTableSlot(RelationGetDescr(writer_rel(&s->writers, TABLE_TURN)),
									&TTSOpsHeapTuple);
	ScanKeyInit(&key, TURN_TEAM_ID + 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(team->team_id));
	scan = systable_beginscan(writer_rel(&s->writers, TABLE_TURN),
							  writer_pkey(&s->writers, TABLE_TURN), true, SnapshotSelf, 1, &key);
	for (HeapTuple tuple; HeapTupleIsValid(tuple = systable_getnext(scan));)
	{
		ExecStoreHeapTuple(tuple, slot, false);
		t.first = number_of(slot, TURN_FIRST_MEMBER) % team->n;
		if (take_accounts(&t, slot, true))
			break;
	}
	systable_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return schedule_next(team->n, team->weights, t.accounts, away, t.first);
}

void
turns_credit(Settle *s, Team *team, int place)
{
	if (team->n > 1)
		schedule_credit(team->n, team->weights, turns_of(s, team)->accounts, place);
}

void
turns_write(Settle *s)
{
	for (Turns *t = s->turns; t != NULL; t = t->next)
	{
		if (t->made)
			add_row(s, t);
		else
			update_row(s, t);
		((TurnsUse *) xact_log_at(&uses, t->use))->over = true;
	}
	s->turns = NULL;
}
