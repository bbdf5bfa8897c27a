/*
 * capacity.c
 *		See capacity.h.
 *
 * As in turns.c rows are read under SnapshotSelf, and what was written is made
 * visible at once, for one decision may give a lead to one rep after the other.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "settle/capacity.h"
#include "settle/engine_scan.h"
#include "settle/row_values.h"

#define FREE		PG_INT32_MIN

static const char *const period_words[N_CAP_PERIODS] = {
	[CAP_OPEN] = "open",
	[CAP_DAY] = "day",
	[CAP_WEEK] = "week",
	[CAP_MONTH] = "month",
};

/* The number that a place taken now has; those with a lower one are free. */
static int32
period_now(Settle *s, CapPeriod period)
{
	static const Period kinds[N_CAP_PERIODS] = {PERIOD_EVER, PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH};
	PeriodNumbers numbers;

	if (period == CAP_OPEN)
		return 0;
	periods_of(s->def->reporting_zone, s->now, &numbers);
	return numbers.of[kinds[period]];
}

/* ----- rows --------------------------------------------------------------------------- */

static SysScanDesc
scan_rep(Settle *s, int32 rep_id, CapPeriod period, bool extra, StrategyNumber strategy,
		 RegProcedure procedure, int32 limit)
{
	ScanKeyData keys[4];

	ScanKeyInit(&keys[0], PLACE_REP_ID + 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(rep_id));
	ScanKeyInit(&keys[1], PLACE_PERIOD + 1, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(period_words[period]));
	ScanKeyInit(&keys[2], PLACE_EXTRA + 1, BTEqualStrategyNumber, F_BOOLEQ, BoolGetDatum(extra));
	ScanKeyInit(&keys[3], PLACE_PERIOD_NO + 1, strategy, procedure, Int32GetDatum(limit));
	return systable_beginscan(writer_rel(&s->writers, TABLE_PLACE), engine_index(INDEX_PLACE_FREE),
							  true, SnapshotSelf, 4, keys);
}

/* A row that is locked, to be written anew. */
typedef struct Place
{
	ItemPointerData tid;
	Datum		values[PLACE_COLS];
	bool		nulls[PLACE_COLS];
} Place;

/* Lock without waiting; false when somebody else has it. */
static bool
lock_place(Settle *s, HeapTuple tuple, Place *place)
{
	TupleTableSlot *slot = writer_lock_slot(&s->writers, TABLE_PLACE);
	TM_FailureData failure;
	bool		locked;

	place->tid = tuple->t_self;
	locked = table_tuple_lock(writer_rel(&s->writers, TABLE_PLACE), &place->tid, SnapshotSelf,
							  slot, GetCurrentCommandId(true), LockTupleNoKeyExclusive,
							  LockWaitSkip, 0, &failure) == TM_Ok;
	if (locked)
	{
		HeapTuple	row = ExecCopySlotHeapTuple(slot);

		heap_deform_tuple(row, RelationGetDescr(writer_rel(&s->writers, TABLE_PLACE)),
						  place->values, place->nulls);
	}
	ExecClearTuple(slot);
	return locked;
}

static void
write_place(Settle *s, Place *place, int32 period_no, int64 lead_id)
{
	place->values[PLACE_PERIOD_NO] = Int32GetDatum(period_no);
	place->values[PLACE_LEAD_ID] = Int64GetDatum(lead_id);
	place->nulls[PLACE_LEAD_ID] = lead_id == 0;
	writer_update(&s->writers, TABLE_PLACE, &place->tid, place->values, place->nulls);
}

/* A free place of the rep, locked. */
static bool
free_place(Settle *s, const Rep *rep, CapPeriod period, Place *place)
{
	int32		now = period_now(s, period);
	SysScanDesc scan = scan_rep(s, rep->rep_id, period, false, BTLessStrategyNumber, F_INT4LT, now);
	HeapTuple	tuple;
	bool		found = false;

	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = lock_place(s, tuple, place);
	systable_endscan(scan);
	return found;
}

/* ----- taking ------------------------------------------------------------------------- */

bool
capacity_take(Settle *s, Rep *rep)
{
	Place		places[N_CAP_PERIODS];

	if (bms_is_member(rep - s->def->reps, s->full))
		return false;
	for (int i = 0; i < rep->ncaps; i++)
	{
		if (free_place(s, rep, rep->caps[i], &places[i]))
			continue;
		/* for this statement, or until it gives one back */
		MemoryContext old = MemoryContextSwitchTo(s->context);

		s->full = bms_add_member(s->full, rep - s->def->reps);
		MemoryContextSwitchTo(old);
		return false;
	}
	for (int i = 0; i < rep->ncaps; i++)
		write_place(s, &places[i], period_now(s, rep->caps[i]), s->lead_id);
	if (rep->ncaps > 0)
		CommandCounterIncrement();
	return true;
}

bool
capacity_has(Settle *s, Rep *rep)
{
	for (int i = 0; i < rep->ncaps; i++)
	{
		SysScanDesc scan = scan_rep(s, rep->rep_id, rep->caps[i], false, BTLessStrategyNumber, F_INT4LT,
									period_now(s, rep->caps[i]));
		bool		any = HeapTupleIsValid(systable_getnext(scan));

		systable_endscan(scan);
		if (!any)
			return false;
	}
	return true;
}

static int
count_taken(Settle *s, const Rep *rep, bool extra)
{
	SysScanDesc scan = scan_rep(s, rep->rep_id, CAP_OPEN, extra, BTGreaterStrategyNumber, F_INT4GT, FREE);
	int			n = 0;

	while (HeapTupleIsValid(systable_getnext(scan)))
		n++;
	systable_endscan(scan);
	return n;
}

int
capacity_load(Settle *s, Rep *rep)
{
	int			place = rep - s->def->reps;

	if (s->loads == NULL)
	{
		s->loads = MemoryContextAlloc(s->context, sizeof(int) * s->def->nreps);
		for (int i = 0; i < s->def->nreps; i++)
			s->loads[i] = -1;
	}
	if (s->loads[place] < 0)
	{
		settle_flush(s);
		s->loads[place] = count_taken(s, rep, false) + count_taken(s, rep, true);
	}
	return s->loads[place];
}

static void
change_load(Settle *s, int32 rep_id, int by)
{
	Rep		   *rep = rep_by_id(s->def, rep_id);

	if (rep != NULL && s->loads != NULL && s->loads[rep - s->def->reps] >= 0)
		s->loads[rep - s->def->reps] += by;
	if (rep != NULL && by < 0)
		s->full = bms_del_member(s->full, rep - s->def->reps);
}

/* ----- what was decided --------------------------------------------------------------- */

/* Is it a lead that its rep has still to do something about? */
static bool
is_open(Settle *s, const LeadState *state)
{
	const Stage *stage = state->stage == NO_STAGE ? NULL : &s->agreement->stages[state->stage];

	if (state->rep_id == 0 || state->gone_at != NO_TIME)
		return false;
	if (stage == NULL)
		return state->handed_over;
	return (state->handed_over || stage->routes) && stage->purpose != PURPOSE_WON &&
		stage->purpose != PURPOSE_NURTURE && stage->purpose != PURPOSE_DISQUALIFIED;
}

static SysScanDesc
scan_lead(Settle *s, int64 lead_id)
{
	ScanKeyData key;

	settle_flush(s);
	ScanKeyInit(&key, PLACE_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lead_id));
	return systable_beginscan(writer_rel(&s->writers, TABLE_PLACE), engine_index(INDEX_PLACE_LEAD),
							  true, SnapshotSelf, 1, &key);
}

/* A lead beyond the cap takes the place that another gives back. */
static bool
pass_on(Settle *s, Place *given)
{
	SysScanDesc scan = scan_rep(s, DatumGetInt32(given->values[PLACE_REP_ID]), CAP_OPEN, true,
								BTGreaterStrategyNumber, F_INT4GT, FREE);
	HeapTuple	tuple;
	Place		extra;
	bool		found = false;

	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = lock_place(s, tuple, &extra);
	systable_endscan(scan);
	if (!found)
		return false;
	extra.values[PLACE_EXTRA] = BoolGetDatum(false);
	writer_update(&s->writers, TABLE_PLACE, &extra.tid, extra.values, extra.nulls);
	return true;
}

static void
give_back(Settle *s, Place *place)
{
	if (DatumGetBool(place->values[PLACE_EXTRA]) || pass_on(s, place))
		writer_delete(&s->writers, TABLE_PLACE, &place->tid);
	else
		write_place(s, place, FREE, 0);
	change_load(s, DatumGetInt32(place->values[PLACE_REP_ID]), -1);
}

/* Is the lead's row a place of an open lead? */
static bool
is_of_open(Settle *s, HeapTuple tuple)
{
	char	   *word = TextDatumGetCString(engine_column(&s->writers, TABLE_PLACE, tuple, PLACE_PERIOD));

	return strcmp(word, period_words[CAP_OPEN]) == 0;
}

/* Give back the open places that the lead does not need any more; does the one that it needs stay? */
static bool
keep_places(Settle *s, int64 lead_id, int32 rep_id)
{
	SysScanDesc scan = scan_lead(s, lead_id);
	HeapTuple	tuple;
	Place		gone[MAX_ASSIGNMENTS];
	int			ngone = 0;
	bool		kept = false;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (!is_of_open(s, tuple))
			continue;
		if (!kept && rep_id != 0 &&
			DatumGetInt32(engine_column(&s->writers, TABLE_PLACE, tuple, PLACE_REP_ID)) == rep_id)
			kept = true;
		else if (ngone < MAX_ASSIGNMENTS && lock_place(s, tuple, &gone[ngone]))
			ngone++;
	}
	systable_endscan(scan);
	for (int i = 0; i < ngone; i++)
		give_back(s, &gone[i]);
	if (ngone > 0)
		CommandCounterIncrement();
	return kept;
}

static void
add_extra(Settle *s, const Rep *rep, int64 lead_id)
{
	Datum		v[PLACE_COLS];
	bool		nulls[PLACE_COLS] = {0};

	v[PLACE_PLACE_ID] = Int64GetDatum(engine_next(SEQUENCE_PLACE_ID));
	v[PLACE_REP_ID] = Int32GetDatum(rep->rep_id);
	v[PLACE_PERIOD_NO] = Int32GetDatum(0);
	v[PLACE_EXTRA] = BoolGetDatum(true);
	v[PLACE_PERIOD] = CStringGetTextDatum(period_words[CAP_OPEN]);
	v[PLACE_LEAD_ID] = Int64GetDatum(lead_id);
	writer_add(&s->writers, TABLE_PLACE, v, nulls);
}

/* Not by a turn: a place within the cap where there is one. */
static void
take_anyhow(Settle *s, const Rep *rep, int64 lead_id)
{
	Place		place;

	for (int i = 0; i < rep->ncaps; i++)
	{
		if (rep->caps[i] != CAP_OPEN || !free_place(s, rep, CAP_OPEN, &place))
			continue;
		write_place(s, &place, 0, lead_id);
		CommandCounterIncrement();
		return;
	}
	add_extra(s, rep, lead_id);
}

static bool
is_counted(Settle *s, int32 rep_id)
{
	Rep		   *rep = rep_id == 0 ? NULL : rep_by_id(s->def, rep_id);

	return rep != NULL && rep->counted;
}

void
capacity_settle(Settle *s, const LeadRow *row, const Effects *effects)
{
	int32		rep_id = effects->next.rep_id;
	bool		open = is_open(s, &effects->next);
	bool		was_open = row->state.assignments > 0 && is_open(s, &row->state);
	bool		concerns = is_counted(s, rep_id) || is_counted(s, row->state.rep_id);

	for (int i = 0; i < effects->nassignments; i++)
		concerns |= is_counted(s, effects->assignments[i].rep_id);
	if (!concerns || (open == was_open && rep_id == row->state.rep_id && effects->nassignments == 0))
		return;
	if (keep_places(s, row->state.lead_id, open ? rep_id : 0))
	{
		if (!was_open || rep_id != row->state.rep_id)
			change_load(s, rep_id, 1);
	}
	else if (open && is_counted(s, rep_id))
	{
		take_anyhow(s, rep_by_id(s->def, rep_id), row->state.lead_id);
		change_load(s, rep_id, 1);
	}
}
