/*
 * replay.c
 *		See replay.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "settle/fold.h"
#include "settle/lead_cursor.h"
#include "settle/replay.h"
#include "settle/stored_rules.h"
#include "settle/touch_store.h"
#include "time/decay.h"

/* A touch, and since when it is known. */
typedef struct KnownTouch
{
	TimestampTz known;
	int			place;			/* among the lead's touches in order of time */
} KnownTouch;

/* A move that was made. */
typedef struct RealMove
{
	TimestampTz known;
	TimestampTz at;
	Cause		cause;
	int			to;				/* in the version at hand; NO_STAGE: it has none of that name */
	bool		has_reason;
	StagePurpose purpose;		/* of the stage in the version that was in force */
} RealMove;

typedef struct Replay
{
	const ReplayTask *task;
	const Agreement *agreement;
	MemoryContext context;
	MemoryContext lead_context; /* reset for each lead */
	TouchStore *store;
	LeadCursor	leads;
	LeadCursor	moves_read;
	LeadCursor	profiles;
	LeadCursor	identities;
	StoredRules rules;			/* of the binding at hand */
	int32		binding_id;
	TimestampTz backfilled;		/* until then: see Backfilled */
	TupleTableSlot *slot;
	uint64	   *fired;
	DecideEnv	env;
	Effects		effects;

	/* the lead at hand */
	LeadState	state;
	Replayed	result;
	TimestampTz gone_at;
	const StoredTouch *touches;
	int			ntouches;
	TouchRow   *rows;			/* the same, as sums see them */
	bool		anew;			/* some were taken back, or caps depend on others: no running sums */
	KnownTouch *known;			/* in order of being known */
	int			nmoves;
	RealMove   *moves;
	DecayRun	pos;
	DecayRun	neg;
} Replay;

/* ----- what decisions ask: nobody is routed and nothing promised ------------------- */

static bool
no_route(void *arg, RouteTarget *target)
{
	return false;
}

static void
no_rep(void *arg, Pick *pick)
{
}

static bool
not_active(void *arg, int32 rep_id)
{
	return false;
}

static int32
nobody(void *arg)
{
	return 0;
}

static bool
no_promise(void *arg, PromiseKind kind, int stage, int32 rep_id, ClockStart *start)
{
	return false;
}

/* ----- reading --------------------------------------------------------------------- */

static TimestampTz
backfilled_until(const ReplayTask *task, int32 binding_id)
{
	for (int i = 0; i < task->nbackfilled; i++)
		if (task->backfilled[i].binding_id == binding_id)
			return task->backfilled[i].until;
	return NO_TIME;
}

static bool
is_text(Datum text, const char *word)
{
	return VARSIZE_ANY_EXHDR(text) == strlen(word) &&
		memcmp(VARDATA_ANY(text), word, VARSIZE_ANY_EXHDR(text)) == 0;
}

static Cause
cause_of(Datum word)
{
	for (int cause = 0; cause < N_CAUSES; cause++)
		if (is_text(word, cause_name(cause)))
			return cause;
	return N_CAUSES;
}

static StagePurpose
purpose_in(const ReplayTask *task, int32 agreement_id, Datum stage)
{
	for (int i = 0; i < task->nstages; i++)
		if (task->stages[i].agreement_id == agreement_id && is_text(stage, task->stages[i].code))
			return task->stages[i].purpose;
	return PURPOSE_NONE;
}

static void
read_move(Replay *r, RealMove *move)
{
	Datum		v[MOVE_COLS];
	bool		nulls[MOVE_COLS];
	Datum		stage;
	TimestampTz recorded_at;

	heap_deform_tuple(r->moves_read.tuple, r->moves_read.desc, v, nulls);
	stage = PointerGetDatum(PG_DETOAST_DATUM_PACKED(v[MOVE_TO_STAGE]));
	recorded_at = DatumGetTimestampTz(v[MOVE_RECORDED_AT]);
	move->at = DatumGetTimestampTz(v[MOVE_AT]);
	move->cause = cause_of(PointerGetDatum(PG_DETOAST_DATUM_PACKED(v[MOVE_CAUSE])));
	move->known = recorded_at <= r->backfilled ? move->at : recorded_at;
	move->to = stage_by_code(r->agreement, VARDATA_ANY(stage), VARSIZE_ANY_EXHDR(stage));
	move->has_reason = !nulls[MOVE_REASON];
	move->purpose = purpose_in(r->task, DatumGetInt32(v[MOVE_AGREEMENT_ID]), stage);
}

/* The moves of the lead, and what they say of what was. */
static void
read_moves(Replay *r)
{
	const ReplayTask *task = r->task;
	Replayed   *was = &r->result;
	int			room = 8;

	r->nmoves = 0;
	r->moves = palloc(sizeof(RealMove) * room);
	if (!lead_cursor_seek(&r->moves_read, was->lead_id))
		return;
	do
	{
		RealMove   *move;

		if (r->nmoves == room)
			r->moves = repalloc(r->moves, sizeof(RealMove) * (room *= 2));
		move = &r->moves[r->nmoves++];
		read_move(r, move);
		if (move->purpose == PURPOSE_QUALIFIED && was->mql_at == NO_TIME &&
			move->at >= task->since && move->at < task->until)
			was->mql_at = move->at;
		if (move->purpose == PURPOSE_ACCEPTED && was->accepted_at == NO_TIME)
			was->accepted_at = move->at;
		if (move->purpose == PURPOSE_WON && was->won_at == NO_TIME)
			was->won_at = move->at;
	} while (lead_cursor_next(&r->moves_read) && r->moves_read.lead_id == was->lead_id);
}

/* ----- touches ---------------------------------------------------------------------- */

static void
read_touches(Replay *r)
{
	Definitions *def = r->task->def;

	r->touches = touch_store_lead(r->store, r->result.lead_id, &r->ntouches);
	r->rows = palloc(sizeof(TouchRow) * Max(r->ntouches, 1));
	r->anew = def->ncapped > 0;
	for (int i = 0; i < r->ntouches; i++)
	{
		const StoredTouch *touch = &r->touches[i];

		r->rows[i].signal = touch->signal_id == 0 ? NULL : signal_by_id(def, touch->signal_id);
		r->rows[i].occurred_at = touch->occurred_at;
		r->rows[i].sign = touch->sign;
		r->anew |= touch->sign < 0;
	}
}

/* The most intent that it could ever have had: without caps, and with what was taken back. */
static double
highest_intent(Replay *r)
{
	int64		half_life = r->agreement->half_life;
	double		highest = 0;
	DecayRun	run;

	decay_run_init(&run);
	for (int i = 0; i < r->ntouches; i++)
	{
		const TouchRow *row = &r->rows[i];

		if (row->signal == NULL || row->signal->points <= 0 || row->sign < 0)
			continue;
		decay_run_add(&run, row->signal->points, row->occurred_at, half_life);
		highest = Max(highest, run.points);
	}
	return highest;
}

static int
compare_known(const void *a, const void *b)
{
	const KnownTouch *x = a;
	const KnownTouch *y = b;

	if (x->known != y->known)
		return x->known < y->known ? -1 : 1;
	return x->place - y->place;
}

static void
order_by_known(Replay *r)
{
	bool		sorted = true;
	int32		binding_id = 0;
	TimestampTz backfilled = NO_TIME;

	r->known = palloc(sizeof(KnownTouch) * Max(r->ntouches, 1));
	for (int i = 0; i < r->ntouches; i++)
	{
		const StoredTouch *touch = &r->touches[i];

		if (touch->binding_id != binding_id)
			backfilled = backfilled_until(r->task, touch->binding_id);
		binding_id = touch->binding_id;
		r->known[i].place = i;
		r->known[i].known = touch->recorded_at <= backfilled ? touch->occurred_at :
			Max(touch->recorded_at, touch->occurred_at);
		sorted &= i == 0 || r->known[i - 1].known <= r->known[i].known;
	}
	if (!sorted)
		qsort(r->known, r->ntouches, sizeof(KnownTouch), compare_known);
}

/* Sum all touches that are known anew, in order of time. */
static void
sum_known(Replay *r, int nknown)
{
	bool	   *is_known = palloc0(sizeof(bool) * r->ntouches);
	TouchRow   *rows = palloc(sizeof(TouchRow) * Max(nknown, 1));
	TouchSums	sums;
	int			n = 0;

	for (int i = 0; i < nknown; i++)
		is_known[r->known[i].place] = true;
	for (int i = 0; i < r->ntouches; i++)
		if (is_known[i])
			rows[n++] = r->rows[i];
	touches_sum_rows(r->task->def, rows, n, &sums);
	r->state.intent_pos = sums.pos;
	r->state.intent_neg = sums.neg;
	pfree(is_known);
	pfree(rows);
}

static void
add_touch(Replay *r, const TouchRow *row)
{
	int64		half_life = r->agreement->half_life;

	if (row->signal == NULL || row->signal->points == 0)
		return;
	if (row->signal->points > 0)
		decay_run_add(&r->pos, row->signal->points, row->occurred_at, half_life);
	else
		decay_run_add(&r->neg, -row->signal->points, row->occurred_at, half_life);
}

/* Touches known from this moment on, after those that were known already. */
static int
take_touches(Replay *r, int nknown, TimestampTz now)
{
	int			first = nknown;

	for (; nknown < r->ntouches && r->known[nknown].known <= now; nknown++)
		if (!r->anew)
			add_touch(r, &r->rows[r->known[nknown].place]);
	if (nknown == first)
		return nknown;
	if (r->anew)
		sum_known(r, nknown);
	else
	{
		r->state.intent_pos = decay_run_sum(&r->pos, r->agreement->half_life);
		r->state.intent_neg = decay_run_sum(&r->neg, r->agreement->half_life);
	}
	return nknown;
}

/* ----- profiles ----------------------------------------------------------------------- */

/* Since when is the profile at hand known?  NO_TIME: there is none. */
static TimestampTz
profile_known(Replay *r, bool is_first)
{
	TimestampTz at;

	if (!HeapTupleIsValid(r->profiles.tuple) || r->profiles.lead_id != r->result.lead_id)
		return NO_TIME;
	at = DatumGetTimestampTz(lead_cursor_column(&r->profiles, PROFILE_AT));
	return is_first && at <= r->backfilled ? r->state.created_at : at;
}

static void
take_profile(Replay *r)
{
	Jsonb	   *profile = DatumGetJsonbP(lead_cursor_column(&r->profiles, PROFILE_PROFILE));
	Jsonb	   *personal = lead_cursor_seek(&r->identities, r->result.lead_id) ?
		DatumGetJsonbP(lead_cursor_column(&r->identities, IDENTITY_PERSONAL)) : NULL;

	if (r->task->careful)
		stored_rules_match_careful(&r->rules, profile, personal, r->fired);
	else
		stored_rules_match(&r->rules, profile, personal, r->fired);
	decide_take_fit(r->agreement, r->fired, &r->state);
	(void) lead_cursor_next(&r->profiles);
}

/* ----- a lead, moment by moment ---------------------------------------------------------- */

static void
step(Replay *r, const LeadNews *news, TimestampTz now)
{
	const ReplayTask *task = r->task;
	Effects    *e = &r->effects;

	decide(r->agreement, &r->state, news, now, &r->env, e);
	if (e->refusal != NOT_REFUSED)
		return;
	for (int i = 0; i < e->nmoves; i++)
		if (e->moves[i].to == r->agreement->by_purpose[PURPOSE_QUALIFIED] &&
			r->result.would_at == NO_TIME &&
			e->moves[i].at >= task->since && e->moves[i].at < task->until)
			r->result.would_at = e->moves[i].at;
	r->state = e->next;
}

/* It enters, where the host said if that is not where all enter. */
static void
enter(Replay *r, TimestampTz now)
{
	LeadNews	news;
	int			entry = r->agreement->by_purpose[PURPOSE_ENTRY];

	news_init(&news);
	news.is_new = true;
	if (r->nmoves > 0 && r->moves[0].cause == CAUSE_ENTRY && r->moves[0].to != entry)
	{
		news.stage_told = r->moves[0].to != NO_STAGE;
		news.host_stage = r->moves[0].to;
	}
	step(r, &news, now);
}

/* What somebody did is done again; false: the score did it, or nobody. */
static bool
news_of_move(const RealMove *move, LeadNews *news)
{
	news_init(news);
	news->verb.reason = move->has_reason ? "" : NULL;
	switch (move->cause)
	{
		case CAUSE_ACCEPT:
			news->verb.kind = VERB_ACCEPT;
			break;
		case CAUSE_REJECT:
		case CAUSE_DUPLICATE:
			news->verb.kind = VERB_REJECT;
			break;
		case CAUSE_RECYCLE:
			news->verb.kind = VERB_RECYCLE;
			break;
		case CAUSE_NO_RESPONSE:
		case CAUSE_ADVANCE:
			news->verb.kind = VERB_ADVANCE;
			news->verb.to_stage = move->to;
			break;
		case CAUSE_HOST:
		case CAUSE_ADOPTED:
		case CAUSE_OVERTURNED:
		case CAUSE_LOST:		/* what the agreement made of facts that no replay looks at */
		case CAUSE_CRITERIA:
		case CAUSE_ATTEMPTS:
		case CAUSE_STAY:
		case CAUSE_SILENCE:
			news->stage_told = true;
			news->host_stage = move->to;
			break;
		case CAUSE_OPPORTUNITY:
		case CAUSE_WON:
			news->opportunity = move->cause == CAUSE_WON ? OPPORTUNITY_IS_WON : OPPORTUNITY_OPENED;
			news->opportunity_at = move->at;
			break;
		case CAUSE_DUE:
		case CAUSE_RENEWED:		/* by its track, which no replay knows */
		case CAUSE_CONDITION:
			news->due |= DUE_RECYCLE;
			break;
		default:
			return false;
	}
	return true;
}

/* Moves known until now, after those that were made already. */
static int
take_moves(Replay *r, int nmade, TimestampTz now)
{
	LeadNews	news;

	for (; nmade < r->nmoves && r->moves[nmade].known <= now; nmade++)
		if (news_of_move(&r->moves[nmade], &news))
			step(r, &news, now);
	return nmade;
}

/* The host deleted the row: since when it is not there is known of the last time only. */
static void
take_presence(Replay *r, TimestampTz now)
{
	r->state.gone_at = r->gone_at != NO_TIME && r->gone_at <= now ? r->gone_at : NO_TIME;
}

/* The next moment at which something became known; DT_NOEND: there is none. */
static TimestampTz
next_moment(Replay *r, int nknown, int nmade)
{
	TimestampTz next = profile_known(r, false);

	if (next == NO_TIME)
		next = DT_NOEND;
	if (nknown < r->ntouches)
		next = Min(next, r->known[nknown].known);
	if (nmade < r->nmoves)
		next = Min(next, r->moves[nmade].known);
	return next;
}

static void
walk(Replay *r)
{
	LeadNews	nothing;
	TimestampTz now;
	int			nknown;
	int			nmade = 0;

	if (!lead_cursor_seek(&r->profiles, r->result.lead_id))
		return;
	order_by_known(r);
	decay_run_init(&r->pos);
	decay_run_init(&r->neg);
	news_init(&nothing);
	now = profile_known(r, true);
	if (now >= r->task->until)
		return;
	take_profile(r);
	nknown = take_touches(r, 0, now);
	take_presence(r, now);
	enter(r, now);
	while (r->result.would_at == NO_TIME)
	{
		nmade = take_moves(r, nmade, now);
		if (decide_score_moves(r->agreement, &r->state, now))
			step(r, &nothing, now);
		/* history is in order, but a clock may have been set back */
		now = Max(now, next_moment(r, nknown, nmade));
		if (now >= r->task->until)
			break;
		while (profile_known(r, false) != NO_TIME && profile_known(r, false) <= now)
			take_profile(r);
		nknown = take_touches(r, nknown, now);
		take_presence(r, now);
	}
}

/* May it have entered the stage of MQLs at all?  By its intent, or by somebody's word. */
static bool
may_qualify(Replay *r)
{
	int			qualified = r->agreement->by_purpose[PURPOSE_QUALIFIED];

	if (qualified == NO_STAGE)
		return false;
	for (int i = 0; i < r->nmoves; i++)
		if (r->moves[i].to == qualified && r->moves[i].cause != CAUSE_SCORE)
			return true;
	return whole_points(highest_intent(r)) >= r->agreement->mql_intent;
}

static bool
within(const ReplayTask *task, TimestampTz at)
{
	return at != NO_TIME && at >= task->since && at < task->until;
}

static void
use_binding(Replay *r, int32 binding_id)
{
	MemoryContext old;
	Binding    *binding;

	if (r->binding_id == binding_id)
		return;
	old = MemoryContextSwitchTo(r->context);
	if (r->slot != NULL)
		ExecDropSingleTupleTableSlot(r->slot);
	binding = binding_by_id(binding_id);
	r->slot = binding_role_slot(binding);
	stored_rules_use(&r->rules, program_for(r->task->def, binding), r->slot);
	r->binding_id = binding_id;
	r->backfilled = backfilled_until(r->task, binding_id);
	MemoryContextSwitchTo(old);
}

static void
replay_one(Replay *r)
{
	const ReplayTask *task = r->task;
	Replayed   *it = &r->result;
	Datum		v[LEAD_COLS];
	bool		nulls[LEAD_COLS];

	heap_deform_tuple(r->leads.tuple, r->leads.desc, v, nulls);
	if (DatumGetInt32(v[LEAD_COL_WORKSPACE_ID]) != task->def->workspace_id)
		return;
	it->lead_id = r->leads.lead_id;
	it->mql_at = it->would_at = it->accepted_at = it->won_at = NO_TIME;
	r->gone_at = nulls[LEAD_COL_GONE_AT] ? NO_TIME : DatumGetTimestampTz(v[LEAD_COL_GONE_AT]);
	state_init(&r->state, it->lead_id, DatumGetTimestampTz(v[LEAD_COL_CREATED_AT]));
	use_binding(r, DatumGetInt32(v[LEAD_COL_BINDING_ID]));
	read_moves(r);
	read_touches(r);
	if (may_qualify(r))
		walk(r);
	if (it->mql_at != NO_TIME || it->would_at != NO_TIME ||
		within(task, it->accepted_at) || within(task, it->won_at))
		task->tell(task->arg, it);
}

/* ----- all of them ----------------------------------------------------------------------- */

static Relation
open_table(EngineTable table)
{
	Relation	rel = table_open(engine_table(table), AccessShareLock);

	engine_check_shape(table, RelationGetDescr(rel));
	return rel;
}

static void
open_cursor(LeadCursor *cursor, Relation rel, Snapshot snapshot)
{
	Oid			pkey = RelationGetPrimaryKeyIndex(rel);

	if (!OidIsValid(pkey))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table \"revops.%s\" has lost its primary key",
						RelationGetRelationName(rel)),
				 errhint("Restore the extension's tables as CREATE EXTENSION makes them.")));
	lead_cursor_open(cursor, rel, pkey, snapshot, 0);
}

static void
replay_all(Replay *r)
{
	for (; HeapTupleIsValid(r->leads.tuple); (void) lead_cursor_next(&r->leads))
	{
		replay_one(r);
		MemoryContextReset(r->lead_context);
	}
}

void
replay_leads(const ReplayTask *task)
{
	Replay		r = {.task = task,.agreement = task->def->agreement};
	MemoryContext old = CurrentMemoryContext;
	Snapshot	snapshot = GetActiveSnapshot();
	Relation	lead = open_table(TABLE_LEAD);
	Relation	move = open_table(TABLE_STAGE_CHANGE);
	Relation	profile = open_table(TABLE_PROFILE_CHANGE);
	Relation	identity = open_table(TABLE_LEAD_IDENTITY);
	Relation	touch = open_table(TABLE_TOUCH);

	r.context = AllocSetContextCreate(old, "pg_revops replay", ALLOCSET_DEFAULT_SIZES);
	r.lead_context = AllocSetContextCreate(r.context, "pg_revops lead", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(r.context);
	r.env = (DecideEnv) {NULL, no_route, no_rep, not_active, no_promise, NULL, NULL, NULL, NULL, NULL, nobody, NULL, NULL, NULL, NULL};
	r.fired = palloc0(sizeof(uint64) * (r.agreement->nrules / 64 + 1));
	r.store = touch_store_fill(r.context, touch, snapshot, task->def->workspace_id, 1,
							   lead_last(lead, snapshot), false);
	open_cursor(&r.leads, lead, snapshot);
	open_cursor(&r.moves_read, move, snapshot);
	open_cursor(&r.profiles, profile, snapshot);
	open_cursor(&r.identities, identity, snapshot);
	MemoryContextSwitchTo(r.lead_context);
	replay_all(&r);
	lead_cursor_close(&r.identities);
	lead_cursor_close(&r.profiles);
	lead_cursor_close(&r.moves_read);
	lead_cursor_close(&r.leads);
	touch_store_free(r.store);
	if (r.slot != NULL)
		ExecDropSingleTupleTableSlot(r.slot);
	table_close(touch, AccessShareLock);
	table_close(identity, AccessShareLock);
	table_close(profile, AccessShareLock);
	table_close(move, AccessShareLock);
	table_close(lead, AccessShareLock);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(r.context);
}
