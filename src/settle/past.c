/*
 * past.c
 *		See past.h.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/errors.h"
#include "settle/effects.h"
#include "settle/past.h"
#include "settle/settle.h"
#include "time/decay.h"

/* Could the lead have made this move by the transitions in force? */
static bool
is_legal(const Agreement *a, int from, int to)
{
	return a->moves[from * a->nstages + to] != MOVE_REFUSED;
}

/* The stage that a move went to; NO_STAGE, and a fault, where the agreement has none such. */
static int
stage_of(Settle *s, const PastMove *past)
{
	int			stage = stage_by_code(s->agreement, past->stage, strlen(past->stage));
	FaultPlace	place = {s->binding->binding_id, s->lead_id, NULL};

	if (stage == NO_STAGE)
		fault_note(&s->faults, &place, "stage", ERRCODE_REVOPS_UNKNOWN_OBJECT,
				   psprintf("stage \"%s\" is not defined", past->stage),
				   "A move of the past went there; it is left out.");
	return stage;
}

/* One move.  What the lead's score was then is not known: 0, but at entry, as for any lead. */
static void
write_one(Settle *s, LeadRow *row, int stage, const PastMove *past, Cause cause)
{
	const Agreement *a = s->agreement;
	Effects		effects = {.next = row->state,.nmoves = 1,
	.hold = {.to = NO_STAGE},.quiet = true};
	Move	   *m = &effects.moves[0];
	char	   *actor = s->actor;
	bool		disqualified;

	m->from = cause == CAUSE_ENTRY ? NO_STAGE : row->state.stage;
	m->to = stage;
	m->cause = cause;
	m->reason = past->reason;
	m->at = cause == CAUSE_ENTRY ? past->at : Max(past->at, row->state.stage_since);
	m->spent = cause == CAUSE_ENTRY ? 0 : m->at - row->state.stage_since;
	if (cause != CAUSE_ENTRY && !is_legal(a, m->from, m->to))
		m->violated.unmet = GUARD_TRANSITION;
	if (cause == CAUSE_ENTRY)
	{
		m->fit = decide_fit(a, s->fired, &disqualified);
		m->score = whole_points(decide_score(a, m->fit, 0));
	}
	effects.next.stage = m->to;
	effects.next.stage_since = m->at;
	effects.next.moves++;
	if (past->actor != NULL)
		s->actor = unconstify(char *, past->actor);
	effects_write(s, row, &effects);
	s->actor = actor;
}

/* When the host wrote the row last, if that may have been the move at hand. */
static TimestampTz
told_at(Settle *s)
{
	TimestampTz at;

	if (s->roles->tts_isnull[LEAD_UPDATED_AT])
		return s->now;
	at = DatumGetTimestampTz(s->roles->tts_values[LEAD_UPDATED_AT]);
	return TIMESTAMP_NOT_FINITE(at) ? s->now : Min(at, s->now);
}

void
past_write(Settle *s, LeadRow *row, const Past *past, const LeadNews *news)
{
	TimestampTz created_at = row->state.created_at;
	int			first = s->agreement->by_purpose[PURPOSE_ENTRY];
	PastMove	entry = {.at = created_at};
	PastMove	last = {.at = told_at(s)};
	bool		entered = false;
	int			next = 0;
	int			stage;

	if (past->n == 0)
		return;
	/* of several that are older the last counts; of those of that very moment the first, and the others follow */
	while (next < past->n && past->moves[next].at <= created_at &&
		   !(entered && past->moves[next].at == created_at))
	{
		stage = stage_of(s, &past->moves[next++]);
		if (stage == NO_STAGE)
			continue;
		first = stage;
		entered = true;
	}
	write_one(s, row, first, &entry, CAUSE_ENTRY);
	for (; next < past->n; next++)
	{
		stage = stage_of(s, &past->moves[next]);
		if (stage != NO_STAGE && stage != row->state.stage)
			write_one(s, row, stage, &past->moves[next], CAUSE_ADOPTED);
	}
	if (news->stage_told && news->host_stage != NO_STAGE && news->host_stage != row->state.stage)
		write_one(s, row, news->host_stage, &last, CAUSE_ADOPTED);
}
