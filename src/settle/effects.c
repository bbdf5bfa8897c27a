/*
 * effects.c
 *		See effects.h.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "commands/async.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/handover.h"
#include "settle/auto.h"
#include "settle/capacity.h"
#include "settle/clocks.h"
#include "settle/effects.h"
#include "settle/handoff.h"
#include "settle/hold.h"
#include "settle/row_values.h"
#include "settle/verdict.h"

void
effects_dimensions(Datum *v, bool *nulls, int source_column, const LeadRow *row)
{
	set_text(v, nulls, source_column, row->source);
	set_text(v, nulls, source_column + 1, row->campaign);
	set_text(v, nulls, source_column + 2, row->segment);
}

Datum
exact_interval(int64 usecs)
{
	Interval   *span = palloc0(sizeof(Interval));

	span->time = usecs;
	return IntervalPGetDatum(span);
}

void
effects_event(Settle *s, int64 lead_id, const char *event, int32 seq)
{
	Datum		v[EVENT_COLS];
	bool		nulls[EVENT_COLS] = {0};

	v[EVENT_TXID] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	v[EVENT_EVENT_ID] = Int64GetDatum(engine_next(SEQUENCE_EVENT_ID));
	v[EVENT_WORKSPACE_ID] = Int32GetDatum(s->def->workspace_id);
	v[EVENT_LEAD_ID] = Int64GetDatum(lead_id);
	v[EVENT_AT] = TimestampTzGetDatum(s->now);
	v[EVENT_SEQ] = Int32GetDatum(seq);
	v[EVENT_EVENT] = CStringGetTextDatum(event);
	writer_add(&s->writers, TABLE_EVENT, v, nulls);
	/* the same again is one notification at commit */
	if (s->def->notifies)
		Async_Notify("revops_events", psprintf("%d", s->def->workspace_id));
}

/* The code of the stage left: by number, or of a stage that this version lacks. */
static Datum
stage_left(const Agreement *a, const Move *m, const LeadRow *row)
{
	if (m->cause == CAUSE_ENTRY)
		return NO_TEXT;
	return m->from == NO_STAGE ? row->stage : code_text(a->stages[m->from].code);
}

/* Does a recycled lead leave nurture for anything but being dropped? */
static bool
comes_back(const Agreement *a, const Move *m)
{
	return m->from != NO_STAGE && a->stages[m->from].purpose == PURPOSE_NURTURE &&
		a->stages[m->to].purpose != PURPOSE_NURTURE &&
		a->stages[m->to].purpose != PURPOSE_DISQUALIFIED;
}

static void
write_move(Settle *s, const LeadRow *row, const Move *m, int32 seq, const char *actor,
		   bool quiet)
{
	Datum		v[MOVE_COLS];
	bool		nulls[MOVE_COLS] = {0};

	v[MOVE_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[MOVE_SEQ] = Int32GetDatum(seq);
	v[MOVE_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[MOVE_AGREEMENT_ID] = Int32GetDatum(s->agreement->agreement_id);
	v[MOVE_AT] = TimestampTzGetDatum(m->at);
	v[MOVE_RECORDED_AT] = TimestampTzGetDatum(s->now);
	v[MOVE_LEAD_CREATED_AT] = TimestampTzGetDatum(row->state.created_at);
	v[MOVE_SPENT] = exact_interval(m->spent);
	nulls[MOVE_SPENT] = (m->cause == CAUSE_ENTRY);
	set_id32(v, nulls, MOVE_TEAM_ID, m->team_id);
	set_id32(v, nulls, MOVE_REP_ID, m->rep_id);
	v[MOVE_FIT] = Int16GetDatum(m->fit);
	v[MOVE_INTENT] = Int16GetDatum(m->intent);
	v[MOVE_SCORE] = Int16GetDatum(m->score);
	v[MOVE_VIOLATION] = BoolGetDatum(m->violated.unmet != 0);
	set_text(v, nulls, MOVE_VIOLATED,
			 code_text(verdict_text(s->agreement, m->from, m->to, &m->violated)));
	set_text(v, nulls, MOVE_FROM_STAGE, stage_left(s->agreement, m, row));
	v[MOVE_TO_STAGE] = code_text(s->agreement->stages[m->to].code);
	v[MOVE_CAUSE] = code_text(cause_name(m->cause));
	set_text(v, nulls, MOVE_REASON, code_text(m->reason));
	v[MOVE_ACTOR] = code_text(actor);
	effects_dimensions(v, nulls, MOVE_SOURCE, row);
	writer_add(&s->writers, TABLE_STAGE_CHANGE, v, nulls);
	if (m->cause == CAUSE_ENTRY || quiet)
		return;
	effects_event(s, row->state.lead_id, "stage_changed", seq);
	if (comes_back(s->agreement, m))
		effects_event(s, row->state.lead_id, "came_back", seq);
}

static void
write_assignment(Settle *s, const LeadRow *row, const Assignment *a, int32 seq, bool quiet)
{
	Datum		v[ASSIGNMENT_COLS];
	bool		nulls[ASSIGNMENT_COLS] = {0};

	v[ASSIGNMENT_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[ASSIGNMENT_SEQ] = Int32GetDatum(seq);
	v[ASSIGNMENT_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[ASSIGNMENT_AT] = TimestampTzGetDatum(a->at);
	set_id32(v, nulls, ASSIGNMENT_TEAM_ID, a->team_id);
	set_id32(v, nulls, ASSIGNMENT_REP_ID, a->rep_id);
	set_id32(v, nulls, ASSIGNMENT_FROM_TEAM_ID, a->from_team_id);
	set_id32(v, nulls, ASSIGNMENT_FROM_REP_ID, a->from_rep_id);
	set_id32(v, nulls, ASSIGNMENT_ROUTE_ID, a->route_id);
	v[ASSIGNMENT_CAUSE] = code_text(cause_name(a->cause));
	set_text(v, nulls, ASSIGNMENT_REASON, code_text(a->reason));
	v[ASSIGNMENT_ACTOR] = code_text(settle_actor(s));
	effects_dimensions(v, nulls, ASSIGNMENT_SOURCE, row);
	writer_add(&s->writers, TABLE_ASSIGNMENT, v, nulls);
	if (!quiet)
		effects_event(s, row->state.lead_id, "assigned", seq);
}

void
effects_timer(Settle *s, const LeadRow *row, const char *timer, TimestampTz due_at)
{
	Datum		v[TIMER_COLS];
	bool		nulls[TIMER_COLS] = {0};

	v[TIMER_TIMER_ID] = Int64GetDatum(engine_next(SEQUENCE_TIMER_ID));
	v[TIMER_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[TIMER_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[TIMER_SEQ] = Int32GetDatum(row->state.moves);
	v[TIMER_DUE_AT] = TimestampTzGetDatum(due_at);
	v[TIMER_TIMER] = CStringGetTextDatum(timer);
	writer_add(&s->writers, TABLE_TIMER, v, nulls);
	handover_due(due_at);
}

void
effects_write(Settle *s, LeadRow *row, const Effects *e)
{
	if (s->def->counted)
		capacity_settle(s, row, e);
	for (int i = 0; i < e->nmoves; i++)
		write_move(s, row, &e->moves[i], row->state.moves + i + 1, settle_actor(s),
				   e->quiet);
	for (int i = 0; i < e->nassignments; i++)
		write_assignment(s, row, &e->assignments[i], row->state.assignments + i + 1, e->quiet);
	if ((e->stops | e->starts | e->pauses | e->resumes) != 0)
		clocks_write(s, row, e);
	if (row->state.held || e->next.held)
		hold_write(s, row, e);
	if (e->stay_over || e->stopped)
		auto_tell(s, row, e);
	row->state = e->next;
	for (int i = 0; i < e->ntimers; i++)
		effects_timer(s, row, timer_name(e->timers[i].kind), e->timers[i].due_at);
	if (e->nmoves > 0)
		row->stage = code_text(s->agreement->stages[e->next.stage].code);
	if (e->survivor_id != 0)
		handoff_link(s, row, e->survivor_id);
}
