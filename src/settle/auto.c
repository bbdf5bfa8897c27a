/*
 * auto.c
 *		See auto.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/errors.h"
#include "base/owner.h"
#include "settle/auto.h"
#include "settle/effects.h"
#include "settle/nurture.h"

/* What bounds the time of leads in a stage: nothing, where there is no such stage. */
typedef struct Bounds
{
	int64		stay;
	int32		stay_calendar;
	int64		silence;
	int32		silence_calendar;
} Bounds;

static void
bounds_of(const Agreement *a, int stage, Bounds *bounds)
{
	memset(bounds, 0, sizeof(Bounds));
	if (stage == NO_STAGE)
		return;
	bounds->stay = a->stages[stage].stay;
	bounds->stay_calendar = a->stages[stage].stay_calendar;
	if (a->stages[stage].purpose != PURPOSE_QUALIFIED)
		return;
	bounds->silence = a->silence_accepts;
	bounds->silence_calendar = a->silence_calendar;
}

bool
auto_retimed(Settle *s, const LeadRow *row)
{
	const Agreement *a = s->agreement;
	const Agreement *old;
	const char *code;
	Bounds		now;
	Bounds		before;

	/* of a version that bounds nothing timers that are left bring about nothing */
	if (!a->automatic || row->agreement_id == a->agreement_id || row->state.stage == NO_STAGE)
		return false;
	bounds_of(a, row->state.stage, &now);
	old = definitions_of_version(s->def->workspace_id, row->agreement_id)->agreement;
	code = a->stages[row->state.stage].code;
	bounds_of(old, stage_by_code(old, code, strlen(code)), &before);
	return now.stay != before.stay || now.stay_calendar != before.stay_calendar ||
		now.silence != before.silence || now.silence_calendar != before.silence_calendar;
}

/* Whoever fires one of them holds the lead, and so can't be at it now. */
static void
delete_timers(int64 lead_id)
{
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(lead_id);
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args("DELETE FROM revops.timer WHERE timer_id IN "
							  "(SELECT t.timer_id FROM revops.timer t WHERE t.lead_id = $1 "
							  "AND t.timer IN ('stay_over', 'silent_accept') FOR UPDATE SKIP LOCKED)",
							  1, &type, &value, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "deleting timers failed");
	owner_leave(&scope);
}

void
auto_news(Settle *s, const LeadRow *row, const LeadChange *change,
		  const PendingDeltas *pending, LeadNews *news)
{
	/* of two timers that fire at once the first may have moved the lead */
	news->due = change->due_seq == row->state.moves ? change->due : change->due & ~DUE_VOID_BY_MOVE;
	news->lost = change->lost || pending->lost;
	news->retime = row->agreement_id != s->agreement->agreement_id ? auto_retimed(s, row) :
		news->is_back && s->agreement->automatic;
	if (!news->retime)
		return;
	settle_flush(s);
	delete_timers(row->state.lead_id);
}

int
auto_tries(Settle *s, int64 lead_id, TimestampTz since)
{
	int			n;
	int			tries = 0;
	TouchRow   *rows = touches_after(s, lead_id, since - 1, &n);

	for (int i = 0; i < n; i++)
		tries += rows[i].signal != NULL && !rows[i].signal->inbound && rows[i].sign > 0;
	pfree(rows);
	return tries;
}

/* Nobody is to look for a move that was not made: it is told twice. */
static void
tell_stopped(Settle *s, const LeadRow *row, const Effects *e)
{
	FaultPlace	place = {s->binding->binding_id, row->state.lead_id, NULL};
	const Agreement *a = s->agreement;

	effects_event(s, row->state.lead_id, "moves_stopped", e->next.moves);
	fault_note(&s->faults, &place, "automatic moves", ERRCODE_REVOPS_INVALID_DEFINITION,
			   psprintf("lead is not moved on to stage \"%s\" at once", a->stages[e->stopped_at_stage].code),
			   psprintf("%d moves were made in one decision, the last to \"%s\"; a stage that was left in it is not entered again. What is left is looked at when the lead is settled next.",
						e->nmoves, a->stages[e->next.stage].code));
}

void
auto_tell(Settle *s, const LeadRow *row, const Effects *effects)
{
	if (effects->stay_over)
		effects_event(s, row->state.lead_id, "stay_over", row->state.moves);
	if (effects->stopped)
		tell_stopped(s, row, effects);
}
