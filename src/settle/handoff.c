/*
 * handoff.c
 *		See handoff.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#include "decide/handoff.h"
#include "settle/effects.h"
#include "settle/engine_scan.h"
#include "settle/handoff.h"
#include "settle/nurture.h"
#include "settle/row_values.h"
#include "time/period.h"

/* links that are followed from one duplicate to the next: they are resolved when they are written */
#define MAX_LINKS	100

/* ----- moves ---------------------------------------------------------------------- */

static SysScanDesc
scan_by_lead(Settle *s, EngineTable table, int64 lead_id)
{
	ScanKeyData key;

	/* some rows may have been collected in this very settle */
	settle_flush(s);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lead_id));
	return engine_scan(&s->writers, table, writer_pkey(&s->writers, table), 1, &key);
}

static Datum
move_column(Settle *s, HeapTuple tuple, int column)
{
	return engine_column(&s->writers, TABLE_STAGE_CHANGE, tuple, column);
}

/* A stage that a fact names, in the version in force; NO_STAGE at entry and for one that it lacks. */
static int
stage_of(Settle *s, Datum code)
{
	return code == NO_TEXT ? NO_STAGE :
		stage_by_code(s->agreement, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
}

static char *
word(Datum value)
{
	return value == NO_TEXT ? NULL : TextDatumGetCString(value);
}

static void
take_move(Settle *s, HeapTuple tuple, ToldMove *move)
{
	move->seq = DatumGetInt32(move_column(s, tuple, MOVE_SEQ));
	move->at = DatumGetTimestampTz(move_column(s, tuple, MOVE_AT));
	move->rep_id = DatumGetInt32(move_column(s, tuple, MOVE_REP_ID));
	move->to_stage = word(move_column(s, tuple, MOVE_TO_STAGE));
	move->cause = word(move_column(s, tuple, MOVE_CAUSE));
	move->reason = word(move_column(s, tuple, MOVE_REASON));
	move->actor = word(move_column(s, tuple, MOVE_ACTOR));
}

void
handoff_last_moves(Settle *s, int64 lead_id, ToldMove *last, ToldMove *accepted)
{
	SysScanDesc scan = scan_by_lead(s, TABLE_STAGE_CHANGE, lead_id);
	HeapTuple	tuple;

	memset(last, 0, sizeof(ToldMove));
	memset(accepted, 0, sizeof(ToldMove));
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		int			from = stage_of(s, move_column(s, tuple, MOVE_FROM_STAGE));
		int			to = stage_of(s, move_column(s, tuple, MOVE_TO_STAGE));

		take_move(s, tuple, last);
		if (handoff_is_accepted(s->agreement, to) && !handoff_is_accepted(s->agreement, from))
			*accepted = *last;
	}
	engine_scan_end(scan);
	/* under another version its stages may have had other names */
	if (accepted->seq == 0)
		*accepted = *last;
}

/* ----- attempts ------------------------------------------------------------------- */

/* When the lead came to sales last. */
static TimestampTz
came_to_sales(Settle *s, int64 lead_id)
{
	SysScanDesc scan = scan_by_lead(s, TABLE_STAGE_CHANGE, lead_id);
	TimestampTz at = NO_TIME;
	bool		with_sales = false;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		bool		before = with_sales;

		with_sales = handoff_with_sales(s->agreement,
										stage_of(s, move_column(s, tuple, MOVE_TO_STAGE)));
		if (with_sales && !before)
			at = DatumGetTimestampTz(move_column(s, tuple, MOVE_AT));
	}
	engine_scan_end(scan);
	return at;
}

static int
compare_days(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return left < right ? -1 : left > right;
}

static int32
day_of(Settle *s, TimestampTz at)
{
	PeriodNumbers numbers;

	periods_of(s->def->attempts_zone, at, &numbers);
	return numbers.of[PERIOD_DAY];
}

void
handoff_attempts(Settle *s, int64 lead_id, Attempts *attempts)
{
	int32		today = day_of(s, s->now);
	int32	   *days;
	TouchRow   *rows;
	int			n;

	memset(attempts, 0, sizeof(Attempts));
	attempts->since = came_to_sales(s, lead_id);
	rows = touches_after(s, lead_id, attempts->since == NO_TIME ? NO_TIME : attempts->since - 1, &n);
	days = palloc(sizeof(int32) * Max(n, 1));
	for (int i = 0; i < n; i++)
		if (rows[i].signal != NULL && rows[i].signal->attempt && rows[i].sign > 0)
			days[attempts->made++] = day_of(s, rows[i].occurred_at);
	qsort(days, attempts->made, sizeof(int32), compare_days);
	for (int i = 0; i < attempts->made; i++)
	{
		attempts->days += i == 0 || days[i] != days[i - 1];
		attempts->today |= days[i] == today;
	}
	pfree(days);
}

/* ----- duplicates ----------------------------------------------------------------- */

/* What a lead's row says of it; false: there is none, it is gone, or another workspace's. */
static bool
is_there(Settle *s, int64 lead_id, int32 *moves)
{
	SysScanDesc scan = scan_by_lead(s, TABLE_LEAD, lead_id);
	HeapTuple	tuple = engine_scan_next(scan);
	bool		there = HeapTupleIsValid(tuple) &&
		engine_column(&s->writers, TABLE_LEAD, tuple, LEAD_COL_GONE_AT) == 0 &&
		DatumGetInt32(engine_column(&s->writers, TABLE_LEAD, tuple, LEAD_COL_WORKSPACE_ID)) ==
		s->def->workspace_id;

	if (there)
		*moves = DatumGetInt32(engine_column(&s->writers, TABLE_LEAD, tuple, LEAD_COL_MOVES));
	engine_scan_end(scan);
	return there;
}

/* The lead that this one is a duplicate of; 0: of none, or not since it moved on. */
static int64
link_of(Settle *s, int64 lead_id, int32 moves)
{
	SysScanDesc scan = scan_by_lead(s, TABLE_DUPLICATE_LINK, lead_id);
	HeapTuple	tuple;
	int64		of = 0;

	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
		if (DatumGetInt32(engine_column(&s->writers, TABLE_DUPLICATE_LINK, tuple, LINK_SEQ)) == moves)
			of = DatumGetInt64(engine_column(&s->writers, TABLE_DUPLICATE_LINK, tuple,
											 LINK_OF_LEAD_ID));
	engine_scan_end(scan);
	return of;
}

int64
handoff_survivor(Settle *s, int64 lead_id, int64 of)
{
	int32		moves;

	for (int i = 0; i < MAX_LINKS; i++)
	{
		int64		next;

		if (lead_id == 0 || lead_id == of || !is_there(s, lead_id, &moves))
			return 0;
		next = link_of(s, lead_id, moves);
		if (next == 0)
			return lead_id;
		lead_id = next;
	}
	/* two rows of the host named each other at the same moment: nobody survives */
	return 0;
}

void
handoff_link(Settle *s, const LeadRow *row, int64 survivor_id)
{
	Datum		v[LINK_COLS];
	bool		nulls[LINK_COLS] = {0};

	v[LINK_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[LINK_SEQ] = Int32GetDatum(row->state.moves);
	v[LINK_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[LINK_AGREEMENT_ID] = Int32GetDatum(s->agreement->agreement_id);
	v[LINK_AT] = TimestampTzGetDatum(s->now);
	v[LINK_OF_LEAD_ID] = Int64GetDatum(survivor_id);
	v[LINK_ACTOR] = code_text(settle_actor(s));
	writer_add(&s->writers, TABLE_DUPLICATE_LINK, v, nulls);
	effects_event(s, row->state.lead_id, "duplicate_named", row->state.moves);
}
