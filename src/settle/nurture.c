/*
 * nurture.c
 *		See nurture.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "base/handover.h"
#include "decide/nurture.h"
#include "settle/effects.h"
#include "settle/nurture.h"
#include "time/decay.h"

/* ----- reading ---------------------------------------------------------------------- */

static bool
is_recycled(HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	char	   *cause = TextDatumGetCString(heap_getattr(tuple, ENROL_CAUSE + 1, desc, &isnull));

	return strcmp(cause, "recycled") == 0;
}

static TimestampTz
moment(const EnrolmentRow *row, int column)
{
	return row->nulls[column] ? NO_TIME : DatumGetTimestampTz(row->values[column]);
}

static void
take_tuple(Settle *s, HeapTuple tuple, TupleDesc desc, EnrolmentRow *row)
{
	Enrolment  *e = &row->enrolment;
	text	   *track;

	tuple = heap_copytuple(tuple);
	heap_deform_tuple(tuple, desc, row->values, row->nulls);
	row->tid = tuple->t_self;
	row->seq = DatumGetInt32(row->values[ENROL_SEQ]);
	row->changes = DatumGetInt32(row->values[ENROL_CHANGES]);
	track = DatumGetTextPP(row->values[ENROL_TRACK]);
	e->track = track_by_code(s->agreement, VARDATA_ANY(track), VARSIZE_ANY_EXHDR(track));
	e->open = row->nulls[ENROL_ENDED_AT];
	e->recycled = is_recycled(tuple, desc);
	e->stopped = !row->nulls[ENROL_STOPPED_AT];
	e->step = DatumGetInt32(row->values[ENROL_STEP]);
	e->done = DatumGetInt32(row->values[ENROL_DONE]);
	e->rep_id = row->nulls[ENROL_REP_ID] ? 0 : DatumGetInt32(row->values[ENROL_REP_ID]);
	e->enrolled_at = moment(row, ENROL_ENROLLED_AT);
	e->next_at = moment(row, ENROL_NEXT_AT);
}

/* The lead's newest enrolment, or the newest of those by recycling; row->seq 0: none. */
static void
read_newest(Settle *s, int64 lead_id, bool recycled_only, EnrolmentRow *row)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;

	memset(row, 0, sizeof(EnrolmentRow));
	ScanKeyInit(&key, ENROL_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lead_id));
	scan = engine_scan(&s->writers, TABLE_ENROLMENT, writer_pkey(&s->writers, TABLE_ENROLMENT),
					   1, &key);
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		TupleDesc	desc = RelationGetDescr(s->writers.tables[TABLE_ENROLMENT].rel);

		if (DatumGetInt32(heap_getattr(tuple, ENROL_SEQ + 1, desc, &isnull)) > row->seq &&
			(!recycled_only || is_recycled(tuple, desc)))
			take_tuple(s, tuple, desc, row);
	}
	engine_scan_end(scan);
}

bool
nurture_last_recycled(Settle *s, int *track, int32 *rep_id)
{
	EnrolmentRow row;

	read_newest(s, s->lead_id, true, &row);
	*track = row.enrolment.track;
	*rep_id = row.enrolment.rep_id;
	return row.seq > 0;
}

const TrackStep *
nurture_step_done(Settle *s, int64 lead_id)
{
	EnrolmentRow row;
	const Enrolment *e = &row.enrolment;

	read_newest(s, lead_id, false, &row);
	if (row.seq == 0 || e->track == NO_TRACK)
		return NULL;
	for (int i = 0; i < s->agreement->tracks[e->track].nsteps; i++)
		if (s->def->track_texts[e->track].steps[i].position == e->done)
			return &s->def->track_texts[e->track].steps[i];
	return NULL;
}

/* The lead's touches after a moment, in order of time; what was taken back is left out. */
TouchRow *
touches_after(Settle *s, int64 lead_id, TimestampTz since, int *n)
{
	SysScanDesc scan = touches_scan(&s->writers, lead_id, since + 1);
	HeapTuple	tuple;
	int			room = 16;
	int			first = 0;		/* of those of the same moment */
	TouchRow   *rows = palloc(sizeof(TouchRow) * room);

	*n = 0;
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		TouchRow   *row;

		if (*n == room)
		{
			room *= 2;
			rows = repalloc_huge(rows, sizeof(TouchRow) * room);
		}
		row = &rows[*n];
		touch_read(&s->writers, s->def, tuple, row);
		if (*n > 0 && rows[*n - 1].occurred_at != row->occurred_at)
			first = *n;
		/* a touch and its taking back have the same moment and signal, in either order */
		for (int i = first; i < *n; i++)
			if (rows[i].signal == row->signal && rows[i].sign == -row->sign)
			{
				memmove(&rows[i], &rows[i + 1], sizeof(TouchRow) * (*n - i - 1));
				(*n)--;
				row = NULL;
				break;
			}
		if (row != NULL)
			(*n)++;
	}
	engine_scan_end(scan);
	return rows;
}

/* What the lead has said since it was enrolled: the first signal that stops the steps, and points. */
static void
listen(Settle *s, const LeadRow *lead, const Enrolment *e, NurtureNews *news)
{
	TouchSums	sums;
	int			n;
	TouchRow   *rows;

	if (e->track == NO_TRACK)
		return;
	rows = touches_after(s, lead->state.lead_id, e->enrolled_at, &n);
	for (int i = 0; i < n && news->heard == NULL; i++)
		if (rows[i].signal != NULL && rows[i].sign > 0 &&
			s->def->track_texts[e->track].stops[rows[i].signal - s->def->signals])
			news->heard = rows[i].signal->code;
	touches_sum_rows(s->def, rows, n, &sums);
	news->renewed_pos = sums.pos;
	news->renewed_neg = sums.neg;
}

/* When the lead spoke, and last said anything, after a moment. */
static void
listen_since(Settle *s, const LeadRow *lead, TimestampTz since, NurtureNews *news)
{
	int			n;
	TouchRow   *rows = touches_after(s, lead->state.lead_id, since, &n);

	for (int i = 0; i < n; i++)
	{
		if (rows[i].signal == NULL || rows[i].sign < 0)
			continue;
		if (rows[i].signal->converses)
			news->spoke_at = rows[i].occurred_at;
		if (rows[i].signal->inbound)
			news->inbound_at = rows[i].occurred_at;
	}
}

/*
 * What it said longer ago than it may be silent is no news; but of one that is
 * silent it is asked whether there still is a conversation: it may have been
 * taken back.
 */
static void
listen_for_silence(Settle *s, const LeadRow *lead, NurtureNews *news)
{
	listen_since(s, lead, s->now - s->agreement->tracks[s->agreement->silence_track].silent_after,
				 news);
	if (!news->silence_due || news->inbound_at != NO_TIME)
		return;
	listen_since(s, lead, NO_TIME, news);
	news->inbound_at = NO_TIME;
}

bool
nurture_listens(const Settle *s, const LeadState *state, const TouchSums *sums)
{
	if (state->enrolled && (sums->stops || (s->agreement->renews && sums->pos != DECAY_NONE &&
											state->stage != NO_STAGE &&
											s->agreement->stages[state->stage].purpose == PURPOSE_NURTURE)))
		return true;
	return sums->converses && !state->awaited && s->agreement->silence_track != NO_TRACK;
}

void
nurture_news(Settle *s, const LeadRow *lead, const LeadChange *change, bool spoke,
			 LeadNews *news, EnrolmentRow *row)
{
	NurtureNews *nurture = &news->nurture;

	row->seq = 0;
	nurture->step_due = change->step_due;
	nurture->silence_due = change->silence_due && lead->state.awaited;
	nurture->forgotten = change->forget;
	if (lead->state.enrolled || change->verb.kind == VERB_DONE)
	{
		read_newest(s, lead->state.lead_id, false, row);
		if (row->seq > 0)
			nurture->enrolment = &row->enrolment;
		if (row->seq > 0 && row->enrolment.open && (news->touched || change->step_due))
			listen(s, lead, &row->enrolment, nurture);
	}
	if (s->agreement->silence_track != NO_TRACK &&
		(nurture->silence_due || (spoke && !lead->state.awaited)))
		listen_for_silence(s, lead, nurture);
}

/* ----- writing ---------------------------------------------------------------------- */

/* One change of an enrolment, as it is written down. */
typedef struct Change
{
	const char *change;
	const char *cause;
	const char *reason;			/* NULL: none */
	Datum		track;
	int32		enrolment;
	int32		step;
	TimestampTz next_at;
	TimestampTz not_before;
	int32		rep_id;
} Change;

static void
write_change(Settle *s, const LeadRow *lead, const Change *c, int32 seq)
{
	Datum		v[NURTURE_COLS];
	bool		nulls[NURTURE_COLS] = {0};

	v[NURTURE_LEAD_ID] = Int64GetDatum(lead->state.lead_id);
	v[NURTURE_SEQ] = Int32GetDatum(seq);
	v[NURTURE_ENROLMENT] = Int32GetDatum(c->enrolment);
	v[NURTURE_WORKSPACE_ID] = Int32GetDatum(lead->workspace_id);
	v[NURTURE_AGREEMENT_ID] = Int32GetDatum(s->agreement->agreement_id);
	v[NURTURE_AT] = TimestampTzGetDatum(s->now);
	v[NURTURE_STEP] = Int32GetDatum(c->step);
	v[NURTURE_CHANGE] = code_text(c->change);
	v[NURTURE_TRACK] = c->track;
	v[NURTURE_CAUSE] = code_text(c->cause);
	v[NURTURE_ACTOR] = code_text(settle_actor(s));
	set_text(v, nulls, NURTURE_REASON, code_text(c->reason));
	set_moment(v, nulls, NURTURE_NEXT_AT, c->next_at);
	set_moment(v, nulls, NURTURE_NOT_BEFORE, c->not_before);
	set_id32(v, nulls, NURTURE_REP_ID, c->rep_id);
	writer_add(&s->writers, TABLE_NURTURE_CHANGE, v, nulls);
	effects_event(s, lead->state.lead_id, psprintf("nurture_%s", c->change), seq);
}

static void
set_timer(Settle *s, const LeadRow *lead, const char *timer, int32 seq, TimestampTz due_at)
{
	Datum		v[TIMER_COLS];
	bool		nulls[TIMER_COLS] = {0};

	if (due_at == NO_TIME)
		return;
	v[TIMER_TIMER_ID] = Int64GetDatum(engine_next(SEQUENCE_TIMER_ID));
	v[TIMER_WORKSPACE_ID] = Int32GetDatum(lead->workspace_id);
	v[TIMER_LEAD_ID] = Int64GetDatum(lead->state.lead_id);
	v[TIMER_SEQ] = Int32GetDatum(seq);
	v[TIMER_DUE_AT] = TimestampTzGetDatum(due_at);
	v[TIMER_TIMER] = code_text(timer);
	writer_add(&s->writers, TABLE_TIMER, v, nulls);
	handover_due(due_at);
}

/* The enrolment that there was: a step fell due or was done, its steps stopped, it ended. */
static void
write_progress(Settle *s, const LeadRow *lead, const NurtureEffects *n, EnrolmentRow *row)
{
	Enrolment  *e = &row->enrolment;
	Change		c = {.track = row->values[ENROL_TRACK],.enrolment = row->seq,.step = e->step,
	.next_at = e->next_at,.not_before = NO_TIME};

	if (n->done > 0)
	{
		c.change = "step_done";
		c.cause = "done";
		c.step = e->done = n->done;
		write_change(s, lead, &c, ++row->changes);
	}
	if (n->due > 0)
	{
		c.change = "step_due";
		c.cause = "due";
		c.step = e->step = n->due;
		c.next_at = e->next_at = n->next_at;
		set_timer(s, lead, "nurture_step", row->seq, n->next_at);
		write_change(s, lead, &c, ++row->changes);
	}
	if (n->stops || n->ends)
	{
		c.change = n->ends ? "ended" : "stopped";
		c.cause = n->cause;
		c.reason = n->reason;
		c.step = e->step;
		c.next_at = e->next_at = NO_TIME;
		write_change(s, lead, &c, ++row->changes);
		set_moment(row->values, row->nulls, n->ends ? ENROL_ENDED_AT : ENROL_STOPPED_AT, s->now);
		set_text(row->values, row->nulls, ENROL_END_CAUSE, code_text(n->cause));
		set_text(row->values, row->nulls, ENROL_END_REASON, code_text(n->reason));
	}
	row->values[ENROL_STEP] = Int32GetDatum(e->step);
	row->values[ENROL_DONE] = Int32GetDatum(e->done);
	row->values[ENROL_CHANGES] = Int32GetDatum(row->changes);
	set_moment(row->values, row->nulls, ENROL_NEXT_AT, e->next_at);
	writer_update(&s->writers, TABLE_ENROLMENT, &row->tid, row->values, row->nulls);
	CommandCounterIncrement();
}

static void
write_enrolment(Settle *s, const LeadRow *lead, const NurtureEffects *n, int32 seq, int32 changes)
{
	Datum		v[ENROL_COLS];
	bool		nulls[ENROL_COLS] = {0};
	Change		c = {.change = "enrolled",.cause = n->entry_cause,.reason = n->entry_reason,
		.track = code_text(s->agreement->tracks[n->track].code),.enrolment = seq,
	.next_at = n->first_at,.not_before = n->not_before,.rep_id = lead->state.rep_id};

	write_change(s, lead, &c, changes);
	v[ENROL_LEAD_ID] = Int64GetDatum(lead->state.lead_id);
	v[ENROL_SEQ] = Int32GetDatum(seq);
	v[ENROL_WORKSPACE_ID] = Int32GetDatum(lead->workspace_id);
	v[ENROL_AGREEMENT_ID] = Int32GetDatum(s->agreement->agreement_id);
	v[ENROL_STEP] = v[ENROL_DONE] = Int32GetDatum(0);
	v[ENROL_CHANGES] = Int32GetDatum(changes);
	v[ENROL_ENROLLED_AT] = TimestampTzGetDatum(s->now);
	v[ENROL_TRACK] = c.track;
	v[ENROL_CAUSE] = code_text(n->entry_cause);
	set_text(v, nulls, ENROL_REASON, code_text(n->entry_reason));
	set_moment(v, nulls, ENROL_NOT_BEFORE, n->not_before);
	set_moment(v, nulls, ENROL_NEXT_AT, n->first_at);
	nulls[ENROL_STOPPED_AT] = nulls[ENROL_ENDED_AT] = true;
	nulls[ENROL_END_CAUSE] = nulls[ENROL_END_REASON] = true;
	set_id32(v, nulls, ENROL_REP_ID, c.rep_id);
	writer_add(&s->writers, TABLE_ENROLMENT, v, nulls);
	set_timer(s, lead, "nurture_step", seq, n->first_at);
	/* the lead may come again in this settle, and must be seen as enrolled */
	settle_flush(s);
}

void
nurture_write(Settle *s, const LeadRow *lead, const Effects *effects, const EnrolmentRow *row)
{
	const NurtureEffects *n = &effects->nurture;
	EnrolmentRow newest;

	if (n->due > 0 || n->done > 0 || n->stops || n->ends || n->track != NO_TRACK)
	{
		if (row->seq > 0)
			newest = *row;
		else
			read_newest(s, lead->state.lead_id, false, &newest);
		if (n->due > 0 || n->done > 0 || n->stops || n->ends)
			write_progress(s, lead, n, &newest);
		if (n->track != NO_TRACK)
			write_enrolment(s, lead, n, newest.seq + 1, newest.changes + 1);
	}
	set_timer(s, lead, "nurture_silence", lead->state.moves, n->silent_at);
}
