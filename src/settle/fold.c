/*
 * fold.c
 *		See fold.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/handover.h"
#include "settle/capped.h"
#include "settle/fold.h"
#include "time/decay.h"

void
fold_begin(Writers *writers)
{
#ifndef REVOPS_TEST_WRONG_FOLD
	Assert(writers->snapshot == NULL);
#endif
#ifndef REVOPS_TEST_TORN_FOLD	/* a test build that reads each table under a snapshot of its own */
	engine_freeze(writers);
#endif
}

#ifdef REVOPS_TEST_WRONG_FOLD
/* The window is microseconds by nature: it is widened, so that a load hits it surely. */
void
fold_begin_early(Writers *writers)
{
	writers->snapshot = RegisterSnapshot(GetLatestSnapshot());
	pg_usleep(500);
}
#endif

void
fold_end(Writers *writers)
{
	engine_thaw(writers);
}

void
sums_init(TouchSums *sums)
{
	memset(sums, 0, sizeof(TouchSums));
	sums->pos = sums->neg = DECAY_NONE;
	sums->last_touch_at = NO_TIME;
	sums->answer_at = DT_NOEND;
}

void
sums_add_touch(TouchSums *sums, const Signal *signal, TimestampTz occurred_at)
{
	sums->touches++;
	sums->last_touch_at = Max(sums->last_touch_at, occurred_at);
	if (signal != NULL)
	{
		if (signal->answers)
		{
			sums->answers = true;
			sums->answer_at = Min(sums->answer_at, occurred_at);
		}
		sums->converses |= signal->converses;
		sums->stops |= signal->stops;
	}
}

void
sums_add_points(TouchSums *sums, const Definitions *def, double points, TimestampTz occurred_at)
{
	int64		half_life = def->agreement->half_life;

	if (points > 0)
		sums->pos = decay_add(sums->pos, decay_touch(points, occurred_at, half_life));
	else if (points < 0)
		sums->neg = decay_add(sums->neg, decay_touch(-points, occurred_at, half_life));
}

/* Many at once are counted by counting all of the lead's touches. */
static void
remember_capped(TouchSums *sums, int32 signal_id, TimestampTz occurred_at)
{
	if (sums->ncapped == MAX_CAPPED)
	{
		sums->recount = true;
		return;
	}
	sums->capped_signal[sums->ncapped] = signal_id;
	sums->capped_at[sums->ncapped++] = occurred_at;
}

void
sums_add(TouchSums *sums, const Definitions *def, const Signal *signal,
		 TimestampTz occurred_at, int sign)
{
	if (sign < 0)
	{
		/* what is taken back can't be subtracted exactly */
		sums->recount = true;
		sums->touches--;
		return;
	}
	sums_add_touch(sums, signal, occurred_at);
	if (signal == NULL)
		return;
	if (signal->capped)
		remember_capped(sums, signal->signal_id, occurred_at);
	else
		sums_add_points(sums, def, signal->points, occurred_at);
}

void
sums_merge(TouchSums *into, const TouchSums *other)
{
	into->pos = decay_add(into->pos, other->pos);
	into->neg = decay_add(into->neg, other->neg);
	into->touches += other->touches;
	into->last_touch_at = Max(into->last_touch_at, other->last_touch_at);
	into->answers |= other->answers;
	into->answer_at = Min(into->answer_at, other->answer_at);
	into->converses |= other->converses;
	into->stops |= other->stops;
	into->recount |= other->recount;
	for (int i = 0; i < other->ncapped; i++)
		remember_capped(into, other->capped_signal[i], other->capped_at[i]);
}

/* Of several deals that waited the one that goes furthest counts, and that one is lost. */
static void
news_of_deal(PendingDeltas *pending, const char *opportunity, TimestampTz at)
{
	OpportunityNews news = strcmp(opportunity, "won") == 0 ? OPPORTUNITY_IS_WON :
		strcmp(opportunity, "lost") == 0 ? OPPORTUNITY_NONE : OPPORTUNITY_OPENED;

	pending->lost |= strstr(opportunity, "lost") != NULL;

	if (news <= pending->opportunity)
		return;
	pending->opportunity = news;
	pending->opportunity_at = at;
}

/* One delta row: its sums, a profile, a word on presence. */
static void
take_one(HeapTuple tuple, TupleDesc desc, int32 agreement_id, PendingDeltas *pending)
{
	Datum		v[DELTA_COLS];
	bool		nulls[DELTA_COLS];
	TouchSums	sums;

	heap_deform_tuple(tuple, desc, v, nulls);
	sums_init(&sums);
	sums.pos = DatumGetFloat8(v[DELTA_INTENT_POS]);
	sums.neg = DatumGetFloat8(v[DELTA_INTENT_NEG]);
	sums.touches = DatumGetInt32(v[DELTA_TOUCHES]);
	if (!nulls[DELTA_LAST_TOUCH_AT])
		sums.last_touch_at = DatumGetTimestampTz(v[DELTA_LAST_TOUCH_AT]);
	/* a delta says only that something is to be looked for */
	sums.answers = sums.converses = DatumGetBool(v[DELTA_ANSWERS]);
	if (sums.answers)
		sums.answer_at = DT_NOBEGIN;
	/* points of another version can't be added to this one's */
	sums.recount = DatumGetBool(v[DELTA_RECOUNT]) ||
		DatumGetInt32(v[DELTA_AGREEMENT_ID]) != agreement_id;
	sums_merge(&pending->sums, &sums);
	pending->profile |= !nulls[DELTA_PROFILE_ID];
	if (!nulls[DELTA_GONE])
	{
		pending->is_gone = DatumGetBool(v[DELTA_GONE]);
		pending->is_back = !pending->is_gone;
	}
	if (!nulls[DELTA_OPPORTUNITY])
		news_of_deal(pending, TextDatumGetCString(v[DELTA_OPPORTUNITY]),
					 DatumGetTimestampTz(v[DELTA_OPPORTUNITY_AT]));
	if (!nulls[DELTA_PERSONAL])
		pending->personal = (Jsonb *) PG_DETOAST_DATUM_COPY(v[DELTA_PERSONAL]);
	if (!nulls[DELTA_NEW_KEY])
		pending->new_key = TextDatumGetCString(v[DELTA_NEW_KEY]);
	pending->n++;
}

void
deltas_take(Writers *writers, int64 lead_id, int32 agreement_id, PendingDeltas *pending)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	memset(pending, 0, sizeof(PendingDeltas));
	sums_init(&pending->sums);
	ScanKeyInit(&key, DELTA_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(lead_id));
	scan = engine_scan(writers, TABLE_LEAD_DELTA,
					   writer_pkey(writers, TABLE_LEAD_DELTA), 1, &key);
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		take_one(tuple, RelationGetDescr(writers->tables[TABLE_LEAD_DELTA].rel),
				 agreement_id, pending);
		writer_delete(writers, TABLE_LEAD_DELTA, &tuple->t_self);
	}
	engine_scan_end(scan);
}

void
delta_append(Writers *writers, const Definitions *def, const DeltaNews *news,
			 TimestampTz now)
{
	Datum		v[DELTA_COLS];
	bool		nulls[DELTA_COLS] = {0};
	TouchSums	none;
	const TouchSums *sums = news->sums;

	if (sums == NULL)
	{
		sums_init(&none);
		sums = &none;
	}
	v[DELTA_LEAD_ID] = Int64GetDatum(news->lead_id);
	v[DELTA_DELTA_ID] = Int64GetDatum(engine_next(SEQUENCE_DELTA_ID));
	v[DELTA_WORKSPACE_ID] = Int32GetDatum(def->workspace_id);
	v[DELTA_AGREEMENT_ID] = Int32GetDatum(def->agreement->agreement_id);
	v[DELTA_AT] = TimestampTzGetDatum(now);
	set_moment(v, nulls, DELTA_LAST_TOUCH_AT, sums->last_touch_at);
	v[DELTA_ANSWERS] = BoolGetDatum(sums->answers || sums->converses);
	set_id64(v, nulls, DELTA_PROFILE_ID, news->profile_id);
	v[DELTA_INTENT_POS] = Float8GetDatum(sums->pos);
	v[DELTA_INTENT_NEG] = Float8GetDatum(sums->neg);
	v[DELTA_TOUCHES] = Int32GetDatum(sums->touches);
	v[DELTA_RECOUNT] = BoolGetDatum(sums->recount || sums->ncapped > 0);
	v[DELTA_GONE] = BoolGetDatum(news->is_gone);
	nulls[DELTA_GONE] = !(news->is_gone || news->is_back);
	nulls[DELTA_OPPORTUNITY] = nulls[DELTA_OPPORTUNITY_AT] =
		(news->opportunity == OPPORTUNITY_NONE && !news->lost);
	v[DELTA_OPPORTUNITY] = CStringGetTextDatum(news->opportunity == OPPORTUNITY_IS_WON ? "won" :
											   !news->lost ? "open" :
											   news->opportunity == OPPORTUNITY_NONE ? "lost" : "open,lost");
	v[DELTA_OPPORTUNITY_AT] = TimestampTzGetDatum(news->opportunity_at);
	set_text(v, nulls, DELTA_PERSONAL, PointerGetDatum(news->personal));
	set_text(v, nulls, DELTA_NEW_KEY, code_text(news->new_key));
	v[DELTA_URGENT] = BoolGetDatum(!news->lazy);
	handover_note(news->lazy ? HANDOVER_FOLD_LATER : HANDOVER_FOLD);
	writer_add(writers, TABLE_LEAD_DELTA, v, nulls);
}

/* The lead's touches, from a moment on, in order of time. */
SysScanDesc
touches_scan(Writers *writers, int64 lead_id, TimestampTz since)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], TOUCH_COL_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(lead_id));
	ScanKeyInit(&keys[1], TOUCH_COL_OCCURRED_AT + 1, BTGreaterEqualStrategyNumber,
				F_TIMESTAMPTZ_GE, TimestampTzGetDatum(since));
	return engine_scan(writers, TABLE_TOUCH, writer_pkey(writers, TABLE_TOUCH), 2, keys);
}

void
touch_read(Writers *writers, const Definitions *def, HeapTuple tuple, TouchRow *row)
{
	Datum		v[TOUCH_COLS];
	bool		nulls[TOUCH_COLS];

	heap_deform_tuple(tuple, RelationGetDescr(writers->tables[TABLE_TOUCH].rel), v, nulls);
	row->signal = nulls[TOUCH_COL_SIGNAL_ID] ? NULL :
		signal_by_id(unconstify(Definitions *, def), DatumGetInt32(v[TOUCH_COL_SIGNAL_ID]));
	row->occurred_at = DatumGetTimestampTz(v[TOUCH_COL_OCCURRED_AT]);
	row->sign = DatumGetInt16(v[TOUCH_COL_SIGN]);
}

/* A sum of touches as it grows. */
typedef struct Summing
{
	const Definitions *def;
	TouchSums  *sums;
	DecayRun	pos;
	DecayRun	neg;
} Summing;

static void
sum_touch(Summing *it, const Signal *signal, TimestampTz occurred_at)
{
	int64		half_life = it->def->agreement->half_life;

	it->sums->touches++;
	it->sums->last_touch_at = occurred_at;
	if (signal == NULL)
		return;
	it->sums->answers |= signal->answers;
	if (signal->points > 0)
		decay_run_add(&it->pos, signal->points, occurred_at, half_life);
	else if (signal->points < 0)
		decay_run_add(&it->neg, -signal->points, occurred_at, half_life);
}

/*
 * Touches of one moment.  Those that were taken back stand beside their
 * retraction, with the same moment and signal: count each signal by its net sign.
 */
static void
sum_moment(Summing *it, const TouchRow *rows, int n)
{
	int			nsignals = it->def->nsignals;
	int		   *net;

	if (n == 1)
	{
		if (rows->sign > 0)
			sum_touch(it, rows->signal, rows->occurred_at);
		return;
	}
	net = palloc0(sizeof(int) * (nsignals + 1));
	for (int i = 0; i < n; i++)
		net[rows[i].signal == NULL ? nsignals : rows[i].signal - it->def->signals] += rows[i].sign;
	for (int i = 0; i <= nsignals; i++)
		for (; net[i] > 0; net[i]--)
			sum_touch(it, i == nsignals ? NULL : &it->def->signals[i], rows->occurred_at);
	pfree(net);
}

void
touches_sum_rows(const Definitions *def, const TouchRow *rows, int n, TouchSums *sums)
{
	Summing		it = {.def = def,.sums = sums};

	sums_init(sums);
	if (def->ncapped > 0)
	{
		capped_sum(def, rows, n, sums);
		return;
	}
	decay_run_init(&it.pos);
	decay_run_init(&it.neg);
	for (int first = 0, next; first < n; first = next)
	{
		for (next = first + 1; next < n && rows[next].occurred_at == rows[first].occurred_at;)
			next++;
		sum_moment(&it, &rows[first], next - first);
	}
	sums->pos = decay_run_sum(&it.pos, def->agreement->half_life);
	sums->neg = decay_run_sum(&it.neg, def->agreement->half_life);
}

void
touches_sum(Writers *writers, const Definitions *def, int64 lead_id, TouchSums *sums)
{
	SysScanDesc scan = touches_scan(writers, lead_id, DT_NOBEGIN);
	HeapTuple	tuple;
	int			room = 16;
	int			n = 0;
	TouchRow   *rows = palloc(sizeof(TouchRow) * room);

	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		if (n == room)
		{
			room *= 2;
			rows = repalloc_huge(rows, sizeof(TouchRow) * room);
		}
		touch_read(writers, def, tuple, &rows[n++]);
	}
	engine_scan_end(scan);
	touches_sum_rows(def, rows, n, sums);
	pfree(rows);
}

/* Does the touch come from this row of the host? */
static bool
comes_from(HeapTuple tuple, TupleDesc desc, int32 binding_id, const char *source_key)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, TOUCH_COL_BINDING_ID + 1, desc, &isnull);

	if (isnull || DatumGetInt32(value) != binding_id)
		return false;
	value = heap_getattr(tuple, TOUCH_COL_SOURCE_KEY + 1, desc, &isnull);
	return !isnull && strcmp(TextDatumGetCString(value), source_key) == 0;
}

static bool
same_word(Datum a, Datum b)
{
	Size		a_length = a == NO_TEXT ? 0 : VARSIZE_ANY_EXHDR(DatumGetPointer(a));
	Size		b_length = b == NO_TEXT ? 0 : VARSIZE_ANY_EXHDR(DatumGetPointer(b));

	return a_length == b_length &&
		(a_length == 0 ||
		 memcmp(VARDATA_ANY(DatumGetPointer(a)), VARDATA_ANY(DatumGetPointer(b)), a_length) == 0);
}

bool
same_origin(const TouchOrigin *a, const TouchOrigin *b)
{
	return same_word(a->source, b->source) && same_word(a->campaign, b->campaign) &&
		same_word(a->content, b->content);
}

/* A touch of one host row, and how often it counts. */
typedef struct CountedTouch
{
	RecordedTouch touch;
	int			sign;
} CountedTouch;

/* Texts of ours are never compressed or put elsewhere unless long ones: detoasted, and copied. */
static Datum
origin_part(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column + 1, desc, &isnull);

	return isnull ? NO_TEXT : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

/* Count a touch, or its taking back, among those of one host row. */
static List *
count_touch(List *touches, const TouchRow *row, HeapTuple tuple, TupleDesc desc)
{
	CountedTouch *counted = palloc(sizeof(CountedTouch));
	ListCell   *cell;

	counted->touch.signal = row->signal;
	counted->touch.occurred_at = row->occurred_at;
	counted->touch.origin.source = origin_part(tuple, desc, TOUCH_COL_SOURCE);
	counted->touch.origin.campaign = origin_part(tuple, desc, TOUCH_COL_CAMPAIGN);
	counted->touch.origin.content = origin_part(tuple, desc, TOUCH_COL_CONTENT);
	counted->sign = row->sign;
	foreach(cell, touches)
	{
		CountedTouch *same = lfirst(cell);

		if (same->touch.occurred_at != row->occurred_at || same->touch.signal != row->signal ||
			!same_origin(&same->touch.origin, &counted->touch.origin))
			continue;
		same->sign += row->sign;
		pfree(counted);
		return touches;
	}
	return lappend(touches, counted);
}

bool
touch_recorded(Writers *writers, const Definitions *def, int64 lead_id,
			   int32 binding_id, const char *source_key, RecordedTouch *touch)
{
	SysScanDesc scan = touches_scan(writers, lead_id, DT_NOBEGIN);
	TupleDesc	desc = RelationGetDescr(writers->tables[TABLE_TOUCH].rel);
	List	   *touches = NIL;
	HeapTuple	tuple;
	ListCell   *cell;
	bool		found = false;

	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		TouchRow	row;

		if (!comes_from(tuple, desc, binding_id, source_key))
			continue;
		touch_read(writers, def, tuple, &row);
		touches = count_touch(touches, &row, tuple, desc);
	}
	engine_scan_end(scan);
	foreach(cell, touches)
	{
		CountedTouch *counted = lfirst(cell);

		if (counted->sign <= 0)
			continue;
		found = true;
		*touch = counted->touch;
	}
	list_free_deep(touches);
	return found;
}

bool
policy_counts(const Policy *policy, const Signal *signal)
{
	if (policy == NULL || policy->nsignals == 0)
		return true;
	for (int i = 0; i < policy->nsignals; i++)
		if (policy->signals[i] == signal->signal_id)
			return true;
	return false;
}

TimestampTz
first_answer(Writers *writers, const Definitions *def, int64 lead_id, const Policy *policy,
			 TimestampTz since)
{
	SysScanDesc scan = touches_scan(writers, lead_id, since);
	HeapTuple	tuple;
	TimestampTz moment = NO_TIME;
	int			net = 0;

	/* a touch that was taken back at the same moment answers nothing */
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		TouchRow	row;

		touch_read(writers, def, tuple, &row);
		if (row.signal == NULL || !row.signal->answers || !policy_counts(policy, row.signal))
			continue;
		if (row.occurred_at != moment && net > 0)
			break;
		if (row.occurred_at != moment)
			net = 0;
		moment = row.occurred_at;
		net += row.sign;
	}
	engine_scan_end(scan);
	return net > 0 ? moment : NO_TIME;
}

/* Copy a jsonb column out of a tuple; NULL when it is NULL. */
static Jsonb *
jsonb_column(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column + 1, desc, &isnull);

	return isnull ? NULL : (Jsonb *) PG_DETOAST_DATUM_COPY(value);
}

/* The lead's identity row: its personal roles, those that were filled, and where it stands. */
static Jsonb *
identity_read(Writers *writers, int64 lead_id, ItemPointer tid, Jsonb **enriched)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Jsonb	   *personal = NULL;

	*enriched = NULL;
	ScanKeyInit(&key, IDENTITY_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(lead_id));
	scan = engine_scan(writers, TABLE_LEAD_IDENTITY,
					   writer_pkey(writers, TABLE_LEAD_IDENTITY), 1, &key);
	tuple = engine_scan_next(scan);
	if (HeapTupleIsValid(tuple))
	{
		TupleDesc	desc = RelationGetDescr(writers->tables[TABLE_LEAD_IDENTITY].rel);

		personal = jsonb_column(tuple, desc, IDENTITY_PERSONAL);
		*enriched = jsonb_column(tuple, desc, IDENTITY_ENRICHED);
		*tid = tuple->t_self;
	}
	engine_scan_end(scan);
	return personal;
}

static Jsonb *
profile_row(Writers *writers, int64 lead_id, int64 *change_id)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Jsonb	   *profile = NULL;
	TupleDesc	desc = RelationGetDescr(writer_rel(writers, TABLE_PROFILE_CHANGE));
	bool		isnull;

	ScanKeyInit(&keys[0], PROFILE_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(lead_id));
	ScanKeyInit(&keys[1], PROFILE_CHANGE_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(*change_id));
	scan = engine_scan(writers, TABLE_PROFILE_CHANGE,
					   writer_pkey(writers, TABLE_PROFILE_CHANGE),
					   *change_id == 0 ? 1 : 2, keys);
	/* in index order: the last is the newest */
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		profile = jsonb_column(tuple, desc, PROFILE_PROFILE);
		*change_id = DatumGetInt64(heap_getattr(tuple, PROFILE_CHANGE_ID + 1, desc, &isnull));
	}
	engine_scan_end(scan);
	return profile;
}

int64
profile_read(Writers *writers, Binding *binding, int64 lead_id, int64 change_id,
			 Jsonb *personal, TupleTableSlot *roles)
{
	ItemPointerData tid;
	Jsonb	   *enriched;
	Jsonb	   *profile = profile_row(writers, lead_id, &change_id);

	if (profile == NULL)
	{
		ExecStoreAllNullTuple(roles);
		return 0;
	}
	if (personal == NULL)
		personal = identity_read(writers, lead_id, &tid, &enriched);
	profile_to_slot(binding, profile, personal, roles);
	return change_id;
}

static void
write_identity(Writers *writers, Binding *binding, int64 lead_id, Jsonb *personal,
			   Jsonb *enriched, ItemPointer tid)
{
	Datum		v[IDENTITY_COLS];
	bool		nulls[IDENTITY_COLS] = {0};

	v[IDENTITY_LEAD_ID] = Int64GetDatum(lead_id);
	v[IDENTITY_WORKSPACE_ID] = Int32GetDatum(binding->workspace_id);
	v[IDENTITY_PERSONAL] = JsonbPGetDatum(personal);
	v[IDENTITY_ENRICHED] = JsonbPGetDatum(enriched);
	nulls[IDENTITY_ENRICHED] = enriched == NULL;
	if (tid != NULL)
		writer_update(writers, TABLE_LEAD_IDENTITY, tid, v, nulls);
	else if (JsonContainerSize(&personal->root) > 0)
		writer_add(writers, TABLE_LEAD_IDENTITY, v, nulls);
}

void
identity_write(Writers *writers, Binding *binding, int64 lead_id, Jsonb *personal,
			   bool is_new)
{
	ItemPointerData tid;
	Jsonb	   *enriched = NULL;
	bool		there = !is_new && identity_read(writers, lead_id, &tid, &enriched) != NULL;

	write_identity(writers, binding, lead_id, personal, enriched, there ? &tid : NULL);
}

void
identity_enrich(Writers *writers, Binding *binding, int64 lead_id, Jsonb *personal,
				Jsonb *enriched)
{
	ItemPointerData tid;
	Jsonb	   *before;
	bool		there = identity_read(writers, lead_id, &tid, &before) != NULL;

	write_identity(writers, binding, lead_id, personal, enriched, there ? &tid : NULL);
}

Jsonb *
identity_enriched(Writers *writers, int64 lead_id)
{
	ItemPointerData tid;
	Jsonb	   *enriched;

	(void) identity_read(writers, lead_id, &tid, &enriched);
	return enriched;
}

void
identity_erase(Writers *writers, int64 lead_id)
{
	ItemPointerData tid;
	Jsonb	   *enriched;

	if (identity_read(writers, lead_id, &tid, &enriched) == NULL)
		return;
	writer_delete(writers, TABLE_LEAD_IDENTITY, &tid);
	CommandCounterIncrement();
}

int64
profile_write(Writers *writers, Binding *binding, int64 lead_id, TupleTableSlot *roles,
			  TimestampTz now)
{
	Datum		v[PROFILE_COLS];
	bool		nulls[PROFILE_COLS] = {0};
	int64		change_id = engine_next(SEQUENCE_CHANGE_ID);

	v[PROFILE_LEAD_ID] = Int64GetDatum(lead_id);
	v[PROFILE_CHANGE_ID] = Int64GetDatum(change_id);
	v[PROFILE_AT] = TimestampTzGetDatum(now);
	v[PROFILE_WORKSPACE_ID] = Int32GetDatum(binding->workspace_id);
	v[PROFILE_BINDING_ID] = Int32GetDatum(binding->binding_id);
	v[PROFILE_PROFILE] = JsonbPGetDatum(profile_from_slot(binding, roles, false));
	writer_add(writers, TABLE_PROFILE_CHANGE, v, nulls);
	return change_id;
}

bool
clock_read(Writers *writers, int64 lead_id, int32 clocks, RunningClock *clock)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	TupleDesc	desc;
	bool		found;

	ScanKeyInit(&keys[0], CLOCK_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(lead_id));
	ScanKeyInit(&keys[1], CLOCK_SEQ + 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(clocks));
	scan = engine_scan(writers, TABLE_SLA_CLOCK, writer_pkey(writers, TABLE_SLA_CLOCK),
					   2, keys);
	tuple = engine_scan_next(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
	{
		desc = RelationGetDescr(writers->tables[TABLE_SLA_CLOCK].rel);
		tuple = heap_copytuple(tuple);
		heap_deform_tuple(tuple, desc, clock->values, clock->nulls);
		clock->tid = tuple->t_self;
		clock->seq = clocks;
		clock->started_at = DatumGetTimestampTz(clock->values[CLOCK_STARTED_AT]);
		clock->due_at = DatumGetTimestampTz(clock->values[CLOCK_DUE_AT]);
	}
	engine_scan_end(scan);
	return found;
}
