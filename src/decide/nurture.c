/*
 * nurture.c
 *		See nurture.h.
 */
#include "postgres.h"

#include <string.h>

#include "decide/nurture.h"
#include "time/decay.h"

void
nurture_news_init(NurtureNews *news)
{
	memset(news, 0, sizeof(NurtureNews));
	news->renewed_pos = news->renewed_neg = DECAY_NONE;
	news->spoke_at = news->inbound_at = NO_TIME;
}

void
nurture_effects_init(NurtureEffects *effects)
{
	memset(effects, 0, sizeof(NurtureEffects));
	effects->track = NO_TRACK;
	effects->next_at = effects->not_before = effects->first_at = effects->silent_at = NO_TIME;
}

static bool
names_reason(const Track *track, const char *reason)
{
	for (int i = 0; reason != NULL && i < track->nreasons; i++)
		if (strcmp(track->reasons[i], reason) == 0)
			return true;
	return false;
}

int
track_of_reason(const Agreement *agreement, const char *reason)
{
	int			rest = NO_TRACK;

	for (int i = 0; i < agreement->ntracks; i++)
	{
		if (names_reason(&agreement->tracks[i], reason))
			return i;
		if (agreement->tracks[i].takes_rest)
			rest = i;
	}
	return rest;
}

int
track_by_code(const Agreement *agreement, const char *code, int len)
{
	for (int i = 0; i < agreement->ntracks; i++)
	{
		const char *candidate = agreement->tracks[i].code;

		if (strncmp(candidate, code, len) == 0 && candidate[len] == '\0')
			return i;
	}
	return NO_TRACK;
}

TimestampTz
recycled_until(const Agreement *agreement, const char *reason, TimestampTz until)
{
	int			track = track_of_reason(agreement, reason);

	if (track == NO_TRACK || until == NO_TIME)
		return until;
	return agreement->tracks[track].back_after < 0 ? NO_TIME :
		until + agreement->tracks[track].back_after;
}

/* The track that a recycled lead waits in, or NULL. */
static const Track *
waits_in(const Agreement *agreement, const NurtureNews *news)
{
	const Enrolment *e = news->enrolment;

	return e == NULL || !e->open || !e->recycled || e->track == NO_TRACK ? NULL :
		&agreement->tracks[e->track];
}

int
way_back_stage(const Agreement *agreement, const NurtureNews *news)
{
	const Track *track = waits_in(agreement, news);

	return track == NULL || track->back_stage == NO_STAGE ?
		agreement->by_purpose[PURPOSE_ENTRY] : track->back_stage;
}

bool
way_back_opens(const Agreement *agreement, const LeadNews *news, TimestampTz now,
			   const DecideEnv *env, Cause *cause)
{
	const NurtureNews *nurture = &news->nurture;
	const Track *track = waits_in(agreement, nurture);

	if (track == NULL || env->nurture == NULL)
		return false;
	*cause = CAUSE_RENEWED;
	if (track->back_intent > 0 &&
		whole_points(decay_intent(nurture->renewed_pos, nurture->renewed_neg,
								  agreement->half_life, now)) >= track->back_intent)
		return true;
	*cause = CAUSE_CONDITION;
	return track->back_when && news->fired != NULL &&
		env->nurture->comes_back(env->arg, nurture->enrolment->track);
}

/* ----- the enrolment that there is ------------------------------------------------ */

static StagePurpose
purpose_now(const Agreement *agreement, const LeadState *state)
{
	return state->stage == NO_STAGE ? PURPOSE_NONE : agreement->stages[state->stage].purpose;
}

/* Has marketing the leads of this stage? */
static bool
is_marketing(const Agreement *a, const LeadState *state)
{
	int			qualified = a->by_purpose[PURPOSE_QUALIFIED];

	switch (purpose_now(a, state))
	{
		case PURPOSE_ENTRY:
		case PURPOSE_NURTURE:
			return true;
		case PURPOSE_NONE:
			return state->stage != NO_STAGE && qualified != NO_STAGE &&
				a->stages[state->stage].position < a->stages[qualified].position;
		default:
			return false;
	}
}

/* Does a move of this decision end the track, and why? */
static const char *
ended_by_move(const Agreement *a, const LeadState *before, const Enrolment *e, const Effects *effects)
{
	const LeadState *state = &effects->next;
	bool		was_recycled = purpose_now(a, before) == PURPOSE_NURTURE;
	bool		is_recycled = purpose_now(a, state) == PURPOSE_NURTURE;

	if (effects->nmoves == 0)
		return NULL;
	if (is_recycled)
		return "recycled";
	if (a->tracks[e->track].sequence || !is_marketing(a, state))
		return "moved";
	/* what sales' date brings back goes on being marketing's to nurture */
	if (was_recycled && effects->moves[effects->nmoves - 1].cause != CAUSE_DUE)
		return "came_back";
	return NULL;
}

static const char *
ended_by(const Agreement *a, const LeadState *before, const LeadNews *news, const Effects *effects)
{
	const Enrolment *e = news->nurture.enrolment;

	/* a row that is deleted to be written again leaves its track alone */
	if (effects->next.gone_at != NO_TIME && news->nurture.step_due)
		return "gone";
	if (news->nurture.forgotten)
		return "forgotten";
	if (e->track == NO_TRACK)
		return "track_gone";
	if (news->verb.kind == VERB_ENROL)
		return "replaced";
	if (news->verb.kind == VERB_LEAVE)
		return "left";
	return ended_by_move(a, before, e, effects);
}

/* Place of the first step after this position, or the number of steps. */
static int
step_after(const Track *track, int32 position)
{
	int			i = 0;

	while (i < track->nsteps && track->positions[i] <= position)
		i++;
	return i;
}

/* When a step is due; one whose calendar fails is not due: a fault says so. */
static TimestampTz
step_due_at(const Agreement *a, const DecideEnv *env, int track, int step, TimestampTz from,
			TimestampTz not_before)
{
	TimestampTz at;

	if (step >= a->tracks[track].nsteps ||
		!env->nurture->step_at(env->arg, track, step, from, not_before, &at))
		return NO_TIME;
	return at;
}

/*
 * The next step falls due.  After a downtime the one after it counts from now
 * on, so that steps never come in a heap.
 */
static void
take_step(const Agreement *a, const Enrolment *e, TimestampTz now, const DecideEnv *env,
		  NurtureEffects *n)
{
	const Track *track = &a->tracks[e->track];
	int			step = step_after(track, e->step);

	if (step >= track->nsteps)
		return;
	n->due = track->positions[step];
	n->next_at = step_due_at(a, env, e->track, step + 1, e->next_at, NO_TIME);
	if (n->next_at != NO_TIME && n->next_at <= now)
		n->next_at = step_due_at(a, env, e->track, step + 1, now, NO_TIME);
}

/* Without a step to come only the way back keeps a lead in its track. */
static void
finish(const Agreement *a, const Enrolment *e, const LeadState *state, NurtureEffects *n,
	   const char *cause, const char *reason)
{
	bool		waits = e->recycled && purpose_now(a, state) == PURPOSE_NURTURE;

	if (waits && e->stopped)
		return;
	n->cause = cause;
	n->reason = reason;
	n->stops = waits;
	n->ends = !waits;
}

static void
go_on(const Agreement *a, const LeadNews *news, TimestampTz now, const DecideEnv *env,
	  Effects *effects)
{
	const Enrolment *e = news->nurture.enrolment;
	NurtureEffects *n = &effects->nurture;

	if (news->nurture.heard != NULL && !e->stopped)
		finish(a, e, &effects->next, n, "signal", news->nurture.heard);
	else if (e->stopped)
	{
		/* it stayed for the way back alone, which its date has opened */
		if (purpose_now(a, &effects->next) != PURPOSE_NURTURE)
			finish(a, e, &effects->next, n, "came_back", NULL);
	}
	else if (news->nurture.step_due && e->next_at != NO_TIME && e->next_at <= now)
	{
		take_step(a, e, now, env, n);
		if (n->next_at == NO_TIME)
			finish(a, e, &effects->next, n, "completed", NULL);
	}
}

static void
mark_done(const LeadNews *news, Effects *effects)
{
	const Enrolment *e = news->nurture.enrolment;

	if (e == NULL || e->step <= e->done)
		effects->refusal = REFUSED_NO_STEP;
	else
		effects->nurture.done = e->step;
}

/* ----- another one ------------------------------------------------------------------ */

static void
enrol(const Agreement *a, int track, const char *cause, const char *reason,
	  TimestampTz not_before, TimestampTz now, const DecideEnv *env, Effects *effects)
{
	NurtureEffects *n = &effects->nurture;

	n->track = track;
	n->entry_cause = cause;
	n->entry_reason = reason;
	n->not_before = not_before;
	n->first_at = step_due_at(a, env, track, 0, now, not_before);
	effects->next.enrolled = true;
}

/* A lead that is recycled enters the track of its reason. */
static void
take_recycled(const Agreement *a, const LeadNews *news, TimestampTz now, const DecideEnv *env,
			  Effects *effects)
{
	const Move *last = effects->nmoves == 0 ? NULL : &effects->moves[effects->nmoves - 1];
	int			track;

	/* a lead that the host inserts there was not recycled */
	if (last == NULL || last->cause == CAUSE_ENTRY || purpose_now(a, &effects->next) != PURPOSE_NURTURE ||
		effects->next.gone_at != NO_TIME)
		return;
	track = track_of_reason(a, last->reason);
	if (track != NO_TRACK)
		enrol(a, track, "recycled", last->reason,
			  last->cause == CAUSE_RECYCLE || last->cause == CAUSE_NO_RESPONSE ? news->verb.until : NO_TIME,
			  now, env, effects);
}

/* May silence bring this lead into a track? */
static bool
may_be_silent(const Agreement *a, const LeadState *state)
{
	if (state->enrolled || state->gone_at != NO_TIME || state->disqualified)
		return false;
	switch (purpose_now(a, state))
	{
		case PURPOSE_OPPORTUNITY:
		case PURPOSE_WON:
		case PURPOSE_NURTURE:
		case PURPOSE_DISQUALIFIED:
			return false;
		default:
			return state->stage != NO_STAGE;
	}
}

/*
 * Silence is waited for from a conversation on, with one timer that is left
 * alone by what the lead says meanwhile: it fires too early, looks, and is set
 * anew.
 */
static void
take_silence(const Agreement *a, const LeadNews *news, TimestampTz now, const DecideEnv *env,
			 Effects *effects)
{
	const NurtureNews *nurture = &news->nurture;
	TimestampTz heard_at = nurture->silence_due ? nurture->inbound_at : nurture->spoke_at;
	LeadState  *state = &effects->next;

	if (nurture->silence_due)
		state->awaited = false;
	if (a->silence_track == NO_TRACK || state->awaited)
		return;
	if (heard_at != NO_TIME)
	{
		state->awaited = true;
		effects->nurture.silent_at = heard_at + a->tracks[a->silence_track].silent_after;
	}
	else if (nurture->silence_due && nurture->spoke_at != NO_TIME && may_be_silent(a, state))
		enrol(a, a->silence_track, "silence", NULL, NO_TIME, now, env, effects);
}

void
nurture_decide(const Agreement *agreement, const LeadState *before, const LeadNews *news,
			   TimestampTz now, const DecideEnv *env, Effects *effects)
{
	const Enrolment *e = news->nurture.enrolment;
	NurtureEffects *n = &effects->nurture;

	if (env->nurture == NULL)
		return;
	if (news->verb.kind == VERB_DONE)
		mark_done(news, effects);
	if (news->verb.kind == VERB_LEAVE && (e == NULL || !e->open))
		effects->refusal = REFUSED_NOT_ENROLLED;
	if (effects->refusal != NOT_REFUSED)
		return;
	if (e != NULL && e->open)
	{
		n->cause = ended_by(agreement, before, news, effects);
		n->ends = n->cause != NULL;
		if (!n->ends)
			go_on(agreement, news, now, env, effects);
		effects->next.enrolled = !n->ends;
	}
	else
		effects->next.enrolled = false;
	if (news->adopt)
		return;
	if (news->verb.kind == VERB_ENROL)
		enrol(agreement, news->verb.track, "asked", NULL, NO_TIME, now, env, effects);
	else
		take_recycled(agreement, news, now, env, effects);
	take_silence(agreement, news, now, env, effects);
}
