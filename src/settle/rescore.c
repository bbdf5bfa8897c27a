/*
 * rescore.c
 *		See rescore.h.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/owner.h"
#include "settle/auto.h"
#include "settle/clock_anew.h"
#include "settle/falls.h"
#include "settle/lead_cursor.h"
#include "settle/pending.h"
#include "settle/rescore.h"
#include "settle/settle.h"
#include "settle/stored_rules.h"
#include "time/engine_time.h"

typedef struct Rescore
{
	Settle		settle;
	TouchStore *store;
	TimestampTz now;
	RescoredPage *page;
	LeadCursor	leads;
	LeadCursor	deltas;
	LeadCursor	profiles;
	LeadCursor	identities;
	bool		has_deltas;
	StoredRules rules;			/* of the binding at hand */
	TouchRow   *rows;			/* of the lead at hand */
	int			room;
} Rescore;

/* ----- what a lead has ---------------------------------------------------------- */

/* The lead's touches as the store has them, without its memory of who told them. */
static void
sum_stored(Rescore *r, int64 lead_id, TouchSums *sums)
{
	int			n;
	const StoredTouch *touches = touch_store_lead(r->store, lead_id, &n);

	if (n > r->room)
	{
		r->room = n * 2;
		r->rows = MemoryContextAllocHuge(r->settle.context, sizeof(TouchRow) * r->room);
	}
	for (int i = 0; i < n; i++)
	{
		r->rows[i].signal = touches[i].signal_id == 0 ? NULL :
			signal_by_id(r->settle.def, touches[i].signal_id);
		r->rows[i].occurred_at = touches[i].occurred_at;
		r->rows[i].sign = touches[i].sign;
	}
	touches_sum_rows(r->settle.def, r->rows, n, sums);
}

static void
sum_touches(Rescore *r, const LeadRow *row, TouchSums *sums)
{
	if (r->store != NULL && touch_store_knows(r->store, row->state.lead_id, row->xmin))
		sum_stored(r, row->state.lead_id, sums);
	else
		touches_sum(&r->settle.writers, r->settle.def, row->state.lead_id, sums);
}

/* The profile that the lead was settled under; NULL where it is lost. */
static Jsonb *
profile_of(Rescore *r, const LeadRow *row)
{
	LeadCursor *c = &r->profiles;

	if (!lead_cursor_seek(c, row->state.lead_id))
		return NULL;
	while (DatumGetInt64(lead_cursor_column(c, PROFILE_CHANGE_ID)) != row->profile_id)
		if (!lead_cursor_next(c) || c->lead_id != row->state.lead_id)
			return NULL;
	return DatumGetJsonbP(lead_cursor_column(c, PROFILE_PROFILE));
}

static Jsonb *
personal_of(Rescore *r, int64 lead_id)
{
	return lead_cursor_seek(&r->identities, lead_id) ?
		DatumGetJsonbP(lead_cursor_column(&r->identities, IDENTITY_PERSONAL)) : NULL;
}

/* Rules and conditions of the lead's binding, to be run as revops_reader. */
static void
use_binding(Rescore *r, int32 binding_id)
{
	Settle	   *s = &r->settle;
	MemoryContext old;

	if (s->binding != NULL && s->binding->binding_id == binding_id)
		return;
	settle_use(s, binding_by_id(binding_id));
	settle_rules_begin(s);
	old = MemoryContextSwitchTo(s->context);
	stored_rules_use(&r->rules, s->program, s->stored);
	MemoryContextSwitchTo(old);
}

/* ----- one lead --------------------------------------------------------------------- */

static void
leave(Rescore *r, int64 lead_id)
{
	r->page->left[r->page->nleft++] = lead_id;
}

/* What is computed anew, in place; false where that is not all there is to do. */
static bool
compute(Rescore *r, LeadRow *row)
{
	Settle	   *s = &r->settle;
	LeadState  *next = &row->state;
	TouchSums	sums;
	Jsonb	   *profile;

	if (next->stage == NO_STAGE || pending_for(next->lead_id) || auto_retimed(s, row) ||
		clocks_follow(s, row) ||
		(r->has_deltas && lead_cursor_seek(&r->deltas, next->lead_id)))
		return false;
	use_binding(r, row->binding_id);
	profile = profile_of(r, row);
	if (profile == NULL)
		return false;
	sum_touches(r, row, &sums);
	next->intent_pos = sums.pos;
	next->intent_neg = sums.neg;
	next->touches = sums.touches;
	next->last_touch_at = sums.last_touch_at;
	stored_rules_match(&r->rules, profile, personal_of(r, next->lead_id), s->fired);
	decide_take_fit(s->agreement, s->fired, next);
	row->agreement_id = s->agreement->agreement_id;
	row->settled_at = Max(r->now, row->settled_at);
	return !decide_score_moves(s->agreement, next, row->settled_at);
}

static bool
is_same(const LeadRow *a, const LeadRow *b)
{
	const LeadState *x = &a->state;
	const LeadState *y = &b->state;

	return a->agreement_id == b->agreement_id && x->fit == y->fit &&
		x->disqualified == y->disqualified && x->intent_pos == y->intent_pos &&
		x->intent_neg == y->intent_neg && x->touches == y->touches &&
		x->last_touch_at == y->last_touch_at;
}

static void
rescore_one(Rescore *r)
{
	Settle	   *s = &r->settle;
	LeadRow		before;
	LeadRow		row;

	lead_read(&s->writers, r->leads.tuple, s->agreement, &before);
	if (before.workspace_id != s->def->workspace_id)
		return;
	r->page->n++;
	r->page->last = before.state.lead_id;
	row = before;
	if (!compute(r, &row))
		leave(r, before.state.lead_id);
	else if (!is_same(&before, &row))
	{
		bool		falls = falls_earlier(s, &row);

		if (lead_try_update(&s->writers, &row) != TRY_DONE)
			leave(r, before.state.lead_id);
		else
		{
			if (falls)
				falls_set_timer(s, &row);
			if (s->binding->fills != NULL)
				written_note(s, s->binding, &row, &before.state, NULL, true);
			r->page->changed++;
		}
	}
}

/* ----- a page ----------------------------------------------------------------------- */

static void
open_cursor(Rescore *r, LeadCursor *cursor, EngineTable table, int64 after)
{
	Writers    *w = &r->settle.writers;

	lead_cursor_open(cursor, writer_rel(w, table), writer_pkey(w, table), engine_snapshot(w),
					 after + 1);
}

static void
open_cursors(Rescore *r, int64 after)
{
	open_cursor(r, &r->leads, TABLE_LEAD, after);
	open_cursor(r, &r->profiles, TABLE_PROFILE_CHANGE, after);
	open_cursor(r, &r->identities, TABLE_LEAD_IDENTITY, after);
	r->has_deltas = deltas_possible(&r->settle.writers);
	if (r->has_deltas)
		open_cursor(r, &r->deltas, TABLE_LEAD_DELTA, after);
}

static void
close_cursors(Rescore *r)
{
	if (r->has_deltas)
		lead_cursor_close(&r->deltas);
	lead_cursor_close(&r->identities);
	lead_cursor_close(&r->profiles);
	lead_cursor_close(&r->leads);
}

void
rescore_page(RescoredPage *page, int32 workspace_id, int64 after, int batch, TouchStore *store)
{
	Rescore		r = {.store = store,.page = page};
	MemoryContext old;

	memset(page, 0, sizeof(RescoredPage));
	page->last = after;
	page->left = palloc(sizeof(int64) * batch);
	settle_begin(&r.settle, workspace_id, false);
	r.now = engine_clock();
	r.settle.now = r.now;
	old = MemoryContextSwitchTo(r.settle.context);
	engine_freeze(&r.settle.writers);
	open_cursors(&r, after);
	MemoryContextSwitchTo(r.settle.lead_context);
	for (; page->n < batch && HeapTupleIsValid(r.leads.tuple); (void) lead_cursor_next(&r.leads))
	{
		rescore_one(&r);
		MemoryContextReset(r.settle.lead_context);
		if (writers_full(&r.settle.writers))
			settle_flush(&r.settle);
	}
	close_cursors(&r);
	engine_thaw(&r.settle.writers);
	MemoryContextSwitchTo(old);
	settle_end(&r.settle);
}

TouchStore *
rescore_touches(MemoryContext parent, int32 workspace_id, int64 after)
{
	Relation	lead = table_open(engine_table(TABLE_LEAD), AccessShareLock);
	Relation	touch = table_open(engine_table(TABLE_TOUCH), AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TouchStore *store;

	engine_check_shape(TABLE_TOUCH, RelationGetDescr(touch));
	store = touch_store_fill(parent, touch, snapshot, workspace_id, after + 1,
							 lead_last(lead, snapshot), true);
	UnregisterSnapshot(snapshot);
	table_close(touch, AccessShareLock);
	table_close(lead, AccessShareLock);
	return store;
}
