/*
 * written.c
 *		See written.h.
 */
#include "postgres.h"

#include "base/handover.h"
#include "settle/clocks.h"
#include "settle/settle.h"
#include "time/decay.h"

static int
intent_of(const Agreement *a, const LeadState *state, TimestampTz at, double *exact)
{
	*exact = decide_intent(a, state, at);
	return whole_points(*exact);
}

/* Which of three descending bounds a value reaches, from 0; 3: none. */
static int
reached(const int *bounds, int value)
{
	int			i = 0;

	while (i < 3 && value < bounds[i])
		i++;
	return i;
}

void
written_scores(const Agreement *a, const LeadState *state, TimestampTz at, Written *w)
{
	double		exact;
	int			intent = intent_of(a, state, at, &exact);

	w->score = whole_points(decide_score(a, state->fit, exact));
	w->grade[0] = "ABCD"[reached(a->grade_fit, state->fit)];
	w->grade[1] = "1234"[reached(a->grade_intent, intent)];
	w->grade[2] = '\0';
}

/* Beside its entry, which every lead has. */
static bool
has_moved(const Effects *e)
{
	return e != NULL && e->nmoves > (e->nmoves > 0 && e->moves[0].cause == CAUSE_ENTRY);
}

void
written_of(Settle *s, const LeadState *state, const Effects *e, TimestampTz at, Written *w)
{
	Rep		   *rep = state->rep_id == 0 ? NULL : rep_by_id(s->def, state->rep_id);

	w->lead_id = state->lead_id;
	written_scores(s->agreement, state, at, w);
	w->stage = state->stage == NO_STAGE ? NULL : s->agreement->stages[state->stage].code;
	w->owner = rep == NULL ? NULL : rep->code;
	w->due_at = s->binding->fills->columns[WRITTEN_SLA_DUE] == NULL ? NO_TIME : clocks_due(s, state, e);
	w->moved = has_moved(e);
	w->assigned = e != NULL && e->nassignments > 0;
}

/* Does the lead show anything else than before? */
static bool
shows_more(const Agreement *a, char *const *columns, const LeadRow *row,
		   const LeadState *before, const Effects *e)
{
	const LeadState *now = &row->state;
	Written		w;
	Written		was;

	if (columns[WRITTEN_STAGE] != NULL && now->stage != before->stage)
		return true;
	if (columns[WRITTEN_OWNER] != NULL && now->rep_id != before->rep_id)
		return true;
	if (columns[WRITTEN_SLA_DUE] != NULL && e != NULL &&
		(e->starts | e->stops) != 0)
		return true;
	written_scores(a, now, row->settled_at, &w);
	written_scores(a, before, row->settled_at, &was);
	return (columns[WRITTEN_SCORE] != NULL && w.score != was.score) ||
		(columns[WRITTEN_GRADE] != NULL && strcmp(w.grade, was.grade) != 0);
}

void
written_due(Settle *s, int32 binding_id, int64 lead_id, bool moved, bool assigned)
{
	Datum		v[WRITE_BACK_COLS];
	bool		nulls[WRITE_BACK_COLS] = {0};

	v[WRITE_BACK_DUE_ID] = Int64GetDatum(engine_next(SEQUENCE_WRITE_BACK_ID));
	v[WRITE_BACK_LEAD_ID] = Int64GetDatum(lead_id);
	v[WRITE_BACK_AT] = TimestampTzGetDatum(s->now);
	v[WRITE_BACK_BINDING_ID] = Int32GetDatum(binding_id);
	v[WRITE_BACK_TRIES] = Int32GetDatum(0);
	v[WRITE_BACK_MOVED] = BoolGetDatum(moved);
	v[WRITE_BACK_ASSIGNED] = BoolGetDatum(assigned);
	writer_add(&s->writers, TABLE_WRITE_BACK, v, nulls);
	handover_note(HANDOVER_WRITE_BACK);
}

void
written_note(Settle *s, Binding *binding, const LeadRow *row, const LeadState *before,
			 const Effects *e, bool told)
{
	Written		w;

	if (s->own_write || row->state.gone_at != NO_TIME)
		return;
	if (!told && !shows_more(s->agreement, binding->fills->columns, row, before, e))
		return;
	if (told && s->holds != NULL)
	{
		written_of(s, &row->state, e, row->settled_at, &w);
		if (s->holds(s->holds_arg, &w))
			return;
	}
	written_due(s, binding->binding_id, row->state.lead_id, has_moved(e),
				e != NULL && e->nassignments > 0);
}
