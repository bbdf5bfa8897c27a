/*
 * decide.c
 *		The lifecycle: see decide.h.
 *
 * The order of a decision is fixed, so that one settle of many facts gives
 * the same as many settles of one fact each, excursions apart: entry, profile,
 * touches, the host's own words (stage, team, owner), opportunities, the verb
 * or timer, what held the lead, disqualification, advance by score, clocks.
 * Every move passes the guard (guard.h) on its way to move_to().
 */
#include "postgres.h"

#include <string.h>

#include "decide/auto.h"
#include "decide/clock.h"
#include "decide/decide.h"
#include "decide/guard.h"
#include "decide/handoff.h"
#include "decide/nurture.h"
#include "time/decay.h"

/* what one decision carries through its steps */
typedef struct Decision
{
	const Agreement *agreement;
	const LeadNews *news;
	const DecideEnv *env;
	TimestampTz now;
	Effects    *effects;
	LeadState  *state;			/* effects->next */
	int			began_in;		/* stage that the lead was in before */
} Decision;

void
news_init(LeadNews *news)
{
	memset(news, 0, sizeof(LeadNews));
	news->host_stage = NO_STAGE;
	news->held.to = NO_STAGE;
	news->intent_pos = news->intent_neg = DECAY_NONE;
	news->last_touch_at = NO_TIME;
	for (int kind = 0; kind < N_PROMISES; kind++)
		news->clocks[kind].due_at = news->clocks[kind].answered_at = news->clocks[kind].last_at = NO_TIME;
	news->opportunity_at = NO_TIME;
	news->verb.to_stage = NO_STAGE;
	news->verb.until = NO_TIME;
	news->verb.track = NO_TRACK;
	nurture_news_init(&news->nurture);
}

void
state_init(LeadState *state, int64 lead_id, TimestampTz created_at)
{
	memset(state, 0, sizeof(LeadState));
	state->lead_id = lead_id;
	state->stage = NO_STAGE;
	state->created_at = state->stage_since = created_at;
	state->assigned_at = state->gone_at = state->last_touch_at = NO_TIME;
	state->intent_pos = state->intent_neg = DECAY_NONE;
	state->set.fit = state->set.intent = state->set.disqualified = NOT_SET;
}

int
stage_by_code(const Agreement *agreement, const char *code, int len)
{
	for (int i = 0; i < agreement->nstages; i++)
	{
		const char *candidate = agreement->stages[i].code;

		if (strncmp(candidate, code, len) == 0 && candidate[len] == '\0')
			return i;
	}
	return NO_STAGE;
}

static StagePurpose
purpose_of(const Agreement *agreement, int stage)
{
	return stage == NO_STAGE ? PURPOSE_NONE : agreement->stages[stage].purpose;
}

static MoveRule
move_rule(const Agreement *agreement, int from, int to)
{
	if (from == NO_STAGE || to == NO_STAGE)
		return MOVE_REFUSED;
	return agreement->moves[from * agreement->nstages + to];
}

static void
start_promise(Decision *d, TimestampTz from)
{
	clock_start(d->agreement, d->news, d->env, from, d->effects);
}

/* Give the lead to a team and rep; the first assignment of a handoff starts the promise. */
static void
assign_to(Decision *d, int32 team_id, int32 rep_id, int32 route_id,
		  Cause cause, const char *reason)
{
	Effects    *e = d->effects;
	Assignment *a;
	TimestampTz at = d->now;

	/* nobody knows since when: for all that is known, from the beginning */
	if (d->news->adopt && d->news->is_new)
		at = Min(at, d->state->created_at);
	if (e->nassignments >= MAX_ASSIGNMENTS)
		return;
	a = &e->assignments[e->nassignments++];
	a->team_id = team_id;
	a->rep_id = rep_id;
	a->from_team_id = d->state->team_id;
	a->from_rep_id = d->state->rep_id;
	a->route_id = route_id;
	a->cause = cause;
	a->reason = reason;
	a->at = at;
	d->state->team_id = team_id;
	d->state->rep_id = rep_id;
	d->state->assigned_at = at;
	d->state->assignments++;
	start_promise(d, d->now);
}

/*
 * Does a track keep the lead from the rep who had it when it was recycled?
 * spared: even where the routes' turn is that rep's.
 */
static bool
kept_from(Decision *d, int32 rep_id, int32 *spared)
{
	const NurtureEnv *env = d->env->nurture;
	int			track;
	int32		had_it;

	*spared = 0;
	if (!d->agreement->spares || d->news->is_new || env == NULL ||
		!env->last_recycled(d->env->arg, &track, &had_it) || track == NO_TRACK || had_it == 0)
		return false;
	if (d->agreement->tracks[track].back_to == BACK_TO_OTHER)
		*spared = had_it;
	return d->agreement->tracks[track].back_to != BACK_TO_OWNER && had_it == rep_id;
}

/* Give the lead to whose turn in a team it is, not this rep's; where nobody is there it may wait. */
static void
assign_in_team(Decision *d, int32 team_id, int32 not_rep_id, int32 route_id, Cause cause,
			   const char *reason)
{
	Pick		pick = {.team_id = team_id,.not_rep_id = not_rep_id,.retry_at = NO_TIME};

	d->env->pick_rep(d->env->arg, &pick);
	assign_to(d, pick.team_id, pick.rep_id, route_id, cause, reason);
	effects_set_timer(d->effects, TIMER_WAITING, pick.retry_at);
}

/* To where the first matching route leads. */
static void
assign_by_route(Decision *d, int32 not_rep_id, Cause cause, const char *reason)
{
	RouteTarget target = {0};

	if (!d->env->route(d->env->arg, &target))
		assign_to(d, 0, 0, 0, CAUSE_UNROUTED, NULL);
	else if (target.to_queue || (target.rep_id != 0 && target.rep_id != not_rep_id))
		assign_to(d, target.team_id, target.rep_id, target.route_id, cause, reason);
	else
		assign_in_team(d, target.team_id, not_rep_id, target.route_id, cause, reason);
}

/*
 * The handoff: the owner that the host names, else the next rep of the team that
 * it names, else the owner that the lead has, unless a track keeps it from that
 * one, else who has its account or its survivor, else the first matching route's
 * next rep.
 */
static void
hand_off(Decision *d)
{
	const LeadNews *news = d->news;
	int32		rep_id = d->state->rep_id;
	int32		spared;
	bool		kept = kept_from(d, rep_id, &spared);
	KnownOwner	owner;

	if (news->owner_told && news->host_rep_id != 0)
		assign_to(d, news->team_told ? news->host_team_id : d->state->team_id,
				  news->host_rep_id, 0, CAUSE_HOST, NULL);
	else if (news->team_told && news->host_team_id != 0)
		assign_in_team(d, news->host_team_id, spared, 0, CAUSE_HOST, NULL);
	else if (rep_id != 0 && !kept && d->env->rep_active(d->env->arg, rep_id))
		assign_to(d, d->state->team_id, rep_id, 0, CAUSE_KEPT, NULL);
	else if (d->env->known_owner != NULL && d->env->known_owner(d->env->arg, &owner) &&
			 (owner.rep_id == 0 || owner.rep_id != spared))
		assign_to(d, owner.team_id, owner.rep_id, 0, owner.cause, NULL);
	else
		assign_by_route(d, spared, CAUSE_ROUTE, NULL);
}

/* Record one move; routing and the end of promises follow from the new stage. */
static void
move_to(Decision *d, int to, Cause cause, const char *reason, TimestampTz at,
		const Verdict *violated)
{
	Effects    *e = d->effects;
	double		intent = decide_intent(d->agreement, d->state, d->now);
	StagePurpose purpose = purpose_of(d->agreement, to);
	Move	   *m;

	if (e->nmoves >= MAX_MOVES)
		return;
	if (d->state->moves > 0)
		at = Max(at, d->state->stage_since);
	m = &e->moves[e->nmoves++];
	m->from = d->state->moves == 0 ? NO_STAGE : d->state->stage;
	m->to = to;
	m->cause = cause;
	m->reason = reason;
	m->at = at;
	m->spent = at - d->state->stage_since;
	m->violated = *violated;
	m->fit = d->state->fit;
	m->intent = whole_points(intent);
	m->score = whole_points(decide_score(d->agreement, d->state->fit, intent));
	d->state->stage = to;
	d->state->stage_since = at;
	d->state->moves++;

	clock_stage(d->agreement, d->news, d->env, at, e);
	if (purpose == PURPOSE_ENTRY || purpose == PURPOSE_NURTURE ||
		purpose == PURPOSE_DISQUALIFIED)
		clock_void(PROMISES_OF_HANDOFF, at, e);
	if (d->agreement->stages[to].routes && !d->news->adopt)
		hand_off(d);
	else if (purpose == PURPOSE_QUALIFIED && d->state->assigned_at != NO_TIME)
		start_promise(d, d->now);
	m->team_id = d->state->team_id;
	m->rep_id = d->state->rep_id;
}

static void
refuse(Decision *d, Refusal refusal, int to)
{
	d->effects->refusal = refusal;
	d->effects->refused_from = d->state->stage;
	d->effects->refused_to = to;
}

/* The verb, or a strict host, asks for more than the guard allows. */
static void
refuse_move(Decision *d, int to, const char *reason, const Verdict *verdict)
{
	if (verdict->unmet & GUARD_TRANSITION)
		refuse(d, REFUSED_MOVE, to);
	else if (verdict->unmet & GUARD_REASON)
		refuse(d, reason == NULL ? REFUSED_NO_REASON : REFUSED_REASON, to);
	else
		refuse(d, REFUSED_UNMET, to);
	d->effects->refused_for = *verdict;
}

/* A move that somebody asks for; refused when the guard has something against it. */
static void
guarded_move(Decision *d, int to, Cause cause, const char *reason)
{
	Verdict		verdict;

	if (to == NO_STAGE)
	{
		refuse(d, REFUSED_NO_STAGE, to);
		return;
	}
	verdict = guard_move(d->agreement, d->env, d->state->stage, to, reason,
						 d->news->verb.survivor_id != 0);
	if (verdict.unmet != 0)
		refuse_move(d, to, reason, &verdict);
	else
		move_to(d, to, cause, reason, d->now, &verdict);
}

/* Does what asks for the move ask anew in each decision, so that nobody need remember it? */
static bool
asks_anew(Cause cause)
{
	return cause == CAUSE_SCORE || cause == CAUSE_DISQUALIFIER || cause == CAUSE_GRADE ||
		cause == CAUSE_CRITERIA || cause == CAUSE_ATTEMPTS;
}

/*
 * A move that nobody asks for: what the guard has against it holds the lead
 * where it is, until that is mended.  A move that is asked for but once, as by a
 * deal, is not forgotten over one that is asked for time and again.
 */
static bool
move_by_itself(Decision *d, int to, Cause cause, const char *reason, TimestampTz at)
{
	Hold	   *hold = &d->effects->hold;
	Verdict		verdict = guard_entry(d->agreement, d->env, d->state->stage, to);

	if (verdict.unmet == 0)
		move_to(d, to, cause, reason, at, &verdict);
	else if (hold->to == NO_STAGE || asks_anew(hold->cause) || !asks_anew(cause))
		*hold = (Hold) {to, cause, reason, at, d->state->stage, verdict};
	return verdict.unmet == 0;
}

/* 1. A new lead enters where the host says, else at the entry stage. */
static void
take_entry(Decision *d)
{
	int			entry = d->agreement->by_purpose[PURPOSE_ENTRY];
	int			stage = entry;
	Verdict		verdict = {0};

	/* one whose history is known has entered already */
	if (!d->news->is_new || d->state->moves > 0)
		return;
	if (d->news->stage_told && d->news->host_stage != NO_STAGE)
		stage = d->news->host_stage;
	if (stage != entry && !d->news->adopt)
		verdict = guard_entry(d->agreement, d->env, NO_STAGE, stage);
	if (verdict.unmet != 0 && d->news->strict)
	{
		refuse_move(d, stage, NULL, &verdict);
		return;
	}
	d->state->stage_since = d->state->created_at;
	move_to(d, stage, CAUSE_ENTRY, NULL, d->state->created_at, &verdict);
	d->effects->moves[0].spent = 0;
}

/* 2. Fit follows from the profile, unless people have set it. */
static void
take_profile(Decision *d)
{
	if (d->news->set_told)
		d->state->set = d->news->set;
	if (d->news->fired != NULL)
		decide_take_fit(d->agreement, d->news->fired, d->state);
}

/* 3. Touches add to the sums, or are all of them anew. */
static void
take_touches(Decision *d)
{
	const LeadNews *news = d->news;

	if (!news->touched)
		return;
	if (news->resummed)
	{
		d->state->intent_pos = news->intent_pos;
		d->state->intent_neg = news->intent_neg;
		d->state->touches = news->touches;
		d->state->last_touch_at = news->last_touch_at;
		return;
	}
	decide_add_touches(d->state, news->intent_pos, news->intent_neg, news->touches,
					   news->last_touch_at);
}

static bool
before_acceptance(const Agreement *a, const LeadState *state, bool qualified_too)
{
	return handoff_before_acceptance(a, state->stage, qualified_too);
}

/*
 * 5. The host deleted the row, or it is back.  A promise that ran ends with the
 * row, and counts on with it from where it began: a table that is emptied and
 * loaded anew, or a row that is deleted to be written again, gives nobody more
 * time, nor less.
 */
static void
take_presence(Decision *d)
{
	if (d->news->is_gone && d->state->gone_at == NO_TIME)
	{
		d->state->gone_at = d->now;
		if (d->state->running > 0)
			clock_void(PROMISE_BIT(N_PROMISES) - 1, d->now, d->effects);
	}
	if (!d->news->is_back || d->state->gone_at == NO_TIME)
		return;
	d->state->gone_at = NO_TIME;
	if (d->state->assigned_at != NO_TIME)
		start_promise(d, d->state->assigned_at);
	clock_stage(d->agreement, d->news, d->env, d->state->stage_since, d->effects);
}

/* 6. Stage, team and owner as the host's own columns say. */
static void
take_host_stage(Decision *d)
{
	const LeadNews *news = d->news;
	int			from = d->state->stage;
	int			to = news->host_stage;
	const char *reason = news->host_reason;
	Verdict		verdict = {0};

	if (news->is_new || !news->stage_told || to == NO_STAGE || to == from)
		return;
	/* a reason that the row still has from another move is none of this one */
	if (move_rule(d->agreement, from, to) == MOVE_ALLOWED)
		reason = NULL;
	/* of a move of the past it is not known what was there then */
	if (!news->adopt)
		verdict = guard_move(d->agreement, d->env, from, to, reason, news->host_survivor_id != 0);
	else if (move_rule(d->agreement, from, to) == MOVE_REFUSED)
		verdict.unmet = GUARD_TRANSITION;
	if (verdict.unmet != 0 && news->strict)
		refuse_move(d, to, reason, &verdict);
	else
		move_to(d, to, CAUSE_HOST, reason, d->now, &verdict);
	d->effects->survivor_id = news->host_survivor_id;
}

static void
take_host_owner(Decision *d)
{
	const LeadNews *news = d->news;
	int32		team_id = news->team_told ? news->host_team_id : d->state->team_id;
	int32		rep_id = news->owner_told ? news->host_rep_id : d->state->rep_id;

	if (team_id == d->state->team_id && rep_id == d->state->rep_id)
		return;
	assign_to(d, team_id, rep_id, 0, CAUSE_HOST, NULL);
	/* one row of the host's says both: who it names has the lead after that move */
	for (int i = 0; i < d->effects->nmoves; i++)
	{
		d->effects->moves[i].team_id = d->state->team_id;
		d->effects->moves[i].rep_id = d->state->rep_id;
	}
}

/* Does a deal carry the lead to this stage?  Forward only, or back from where it was dropped. */
static bool
deal_carries(const Decision *d, int to)
{
	StagePurpose here = purpose_of(d->agreement, d->state->stage);

	return here == PURPOSE_NURTURE || here == PURPOSE_DISQUALIFIED ||
		d->state->stage == NO_STAGE ||
		d->agreement->stages[d->state->stage].position < d->agreement->stages[to].position;
}

/* 7. A deal opened or won carries its lead along. */
static void
take_opportunity(Decision *d)
{
	static const Verdict nothing = {0};
	bool		won = d->news->opportunity == OPPORTUNITY_IS_WON;
	int			to = d->agreement->by_purpose[won ? PURPOSE_WON : PURPOSE_OPPORTUNITY];
	Cause		cause = won ? CAUSE_WON : CAUSE_OPPORTUNITY;
	TimestampTz at = Min(d->news->opportunity_at, d->now);

	if (d->news->opportunity == OPPORTUNITY_NONE || to == NO_STAGE ||
		(d->news->adopt && d->news->stage_is_hosts) || !deal_carries(d, to))
		return;
	if (d->news->adopt)
		move_to(d, to, cause, NULL, at, &nothing);
	else
		move_by_itself(d, to, cause, NULL, at);
}

/* Of two who accept a lead at once the second is told of the first. */
static void
accept(Decision *d, const Verb *verb)
{
	int			to = d->agreement->by_purpose[PURPOSE_ACCEPTED];

	if (handoff_is_accepted(d->agreement, d->state->stage) &&
		move_rule(d->agreement, d->state->stage, to) == MOVE_REFUSED)
	{
		if (verb->rep_id == 0 || verb->rep_id != d->env->accepted_by(d->env->arg))
			refuse(d, REFUSED_ACCEPTED, to);
		return;
	}
	if (verb->rep_id != 0 && verb->rep_id != d->state->rep_id)
		assign_to(d, verb->team_id, verb->rep_id, 0, CAUSE_ACCEPT, NULL);
	guarded_move(d, to, CAUSE_ACCEPT, verb->reason);
	if (d->effects->refusal == REFUSED_MOVE && handoff_was_dropped(d->agreement, d->state->stage))
		d->effects->refusal = REFUSED_WITHDRAWN;
}

/* A rejection that does not hold: the lead is handed over again, whatever transitions say. */
static void
overturn(Decision *d, const Verb *verb)
{
	int			to = d->agreement->by_purpose[PURPOSE_QUALIFIED];
	Verdict		verdict;

	if (purpose_of(d->agreement, d->state->stage) != PURPOSE_DISQUALIFIED ||
		d->state->moves != verb->seq)
		refuse(d, REFUSED_MOVED_ON, to);
	else if (to == NO_STAGE)
		refuse(d, REFUSED_NO_STAGE, to);
	else
	{
		verdict = guard_entry(d->agreement, d->env, d->state->stage, to);
		if (verdict.unmet != 0)
			refuse_move(d, to, NULL, &verdict);
		else
			move_to(d, to, CAUSE_OVERTURNED, NULL, d->now, &verdict);
	}
}

/*
 * Another rep is to have the lead: of this team, else of its own, else by the
 * routes.  Where nobody else can it stays with who has it, unless that one is
 * not there any more: then it waits in the team.
 */
static bool
reassign(Decision *d, const Verb *verb, Cause cause)
{
	Pick		pick = {.team_id = verb->team_id != 0 ? verb->team_id : d->state->team_id,
	.not_rep_id = d->state->rep_id,.fresh = true,.retry_at = NO_TIME};
	RouteTarget target = {0};
	bool		there = d->state->rep_id != 0 && d->env->rep_active(d->env->arg, d->state->rep_id);

	if (there && verb->cool_down > 0 && d->now < d->state->assigned_at + verb->cool_down)
		return false;
	if (pick.team_id == 0 && d->env->route(d->env->arg, &target))
		pick.team_id = target.team_id;
	if (target.rep_id != d->state->rep_id)
		pick.rep_id = target.rep_id;
	if (pick.rep_id == 0)
		d->env->pick_rep(d->env->arg, &pick);
	if (pick.rep_id == 0 && there)
		return false;
	assign_to(d, pick.team_id, pick.rep_id, 0, cause, verb->reason);
	effects_set_timer(d->effects, TIMER_WAITING, pick.retry_at);
	return true;
}

/* 8. What a person asks for. */
static void
take_verb(Decision *d)
{
	const Verb *verb = &d->news->verb;
	const Agreement *a = d->agreement;

	if (verb->kind != VERB_NONE && d->state->gone_at != NO_TIME)
	{
		refuse(d, REFUSED_GONE, NO_STAGE);
		return;
	}
	if ((verb->kind == VERB_REJECT || verb->kind == VERB_RECYCLE || verb->kind == VERB_NO_RESPONSE) &&
		!handoff_with_sales(a, d->state->stage))
	{
		refuse(d, REFUSED_NOT_HANDED_OVER, NO_STAGE);
		return;
	}
	switch (verb->kind)
	{
		case VERB_NONE:
			break;
		case VERB_ACCEPT:
			accept(d, verb);
			break;
		case VERB_REJECT:
			guarded_move(d, a->by_purpose[PURPOSE_DISQUALIFIED], CAUSE_REJECT, verb->reason);
			break;
		case VERB_RECYCLE:
			guarded_move(d, a->by_purpose[PURPOSE_NURTURE], CAUSE_RECYCLE, verb->reason);
			effects_set_timer(d->effects, TIMER_RECYCLE, recycled_until(a, verb->reason, verb->until));
			break;
		case VERB_ADVANCE:
			guarded_move(d, verb->to_stage, CAUSE_ADVANCE, verb->reason);
			break;
		case VERB_ASSIGN:
			assign_to(d, verb->team_id, verb->rep_id, 0, CAUSE_ASSIGN, verb->reason);
			break;
		case VERB_REASSIGN:
			(void) reassign(d, verb, CAUSE_REASSIGNED);
			break;
		case VERB_RETURN:
			assign_to(d, verb->team_id != 0 ? verb->team_id : d->state->team_id, 0, 0, CAUSE_RETURNED,
					  verb->reason);
			break;
		case VERB_NO_RESPONSE:
			guarded_move(d, a->by_purpose[a->handoff.no_response_to], CAUSE_NO_RESPONSE, verb->reason);
			effects_set_timer(d->effects, TIMER_RECYCLE, recycled_until(a, verb->reason, verb->until));
			break;
		case VERB_DUPLICATE:
			guarded_move(d, a->by_purpose[PURPOSE_DISQUALIFIED], CAUSE_DUPLICATE, verb->reason);
			d->effects->survivor_id = verb->survivor_id;
			break;
		case VERB_OVERTURN:
			overturn(d, verb);
			break;
		case VERB_ENROL:
		case VERB_DONE:
		case VERB_LEAVE:
			break;				/* see nurture_decide() */
	}
}

/*
 * A recycled lead comes back: to where leads enter, or where its track says.
 * Marketing's again, it is nobody's whom the track keeps it from; where it is
 * handed over at once, the handoff sees to that.
 */
static void
come_back(Decision *d, Cause cause)
{
	const Enrolment *e = d->news->nurture.enrolment;
	int			to = way_back_stage(d->agreement, &d->news->nurture);

	if (to == NO_STAGE)
		return;
	if (!move_by_itself(d, to, cause, NULL, d->now))
		return;
	if (e == NULL || e->track == NO_TRACK || e->rep_id == 0 || d->state->rep_id != e->rep_id ||
		!before_acceptance(d->agreement, d->state, false) ||
		d->agreement->by_purpose[PURPOSE_QUALIFIED] == NO_STAGE ||
		d->agreement->tracks[e->track].back_to == BACK_TO_OWNER)
		return;
	assign_to(d, d->state->team_id, 0, 0, CAUSE_RELEASED, NULL);
	d->effects->moves[d->effects->nmoves - 1].rep_id = 0;
}

/* 9. The date of a recycled lead has come, or its track opens the way back before. */
static void
take_way_back(Decision *d)
{
	Cause		cause = CAUSE_DUE;

	if (purpose_of(d->agreement, d->state->stage) != PURPOSE_NURTURE ||
		d->news->adopt || d->effects->nmoves > 0)
		return;
	if ((d->news->due & DUE_RECYCLE) || way_back_opens(d->agreement, d->news, d->now, d->env, &cause))
		come_back(d, cause);
}

/* 9a. It has waited for somebody of its team to be there. */
static void
take_waiting(Decision *d)
{
	Pick		pick = {.team_id = d->state->team_id,.retry_at = NO_TIME};

	if (d->state->rep_id != 0 || d->state->team_id == 0 || d->state->gone_at != NO_TIME ||
		!d->state->handed_over || d->effects->nassignments > 0)
		return;
	d->env->pick_rep(d->env->arg, &pick);
	if (pick.rep_id != 0)
		assign_to(d, pick.team_id, pick.rep_id, 0, CAUSE_WAITED, NULL);
	effects_set_timer(d->effects, TIMER_WAITING, pick.retry_at);
}

/* 9b. A timer of its stage fires. */
static void
take_due(Decision *d)
{
	AutoStep	step;

	if (auto_due(d->agreement, d->state, d->news, d->now, d->env, d->effects, &step))
		move_by_itself(d, step.to, step.cause, step.reason, d->now);
}

/* The lead is given to somebody else, who is promised the time anew. */
static bool
give_on(Decision *d, const DueStep *step)
{
	Verb		verb = {.kind = VERB_REASSIGN,.team_id = step->team_id,.reason = step->reason};
	int32		team_id = step->team_id != 0 ? step->team_id : d->state->team_id;

	if (step->action == SLA_REASSIGN)
	{
		if (!reassign(d, &verb, CAUSE_SLA))
			return false;
	}
	else if (team_id == 0 || (team_id == d->state->team_id && d->state->rep_id == 0))
		return false;
	else
		assign_to(d, team_id, 0, 0, CAUSE_SLA, step->reason);
	clock_renew(step->kind, d->env, d->now, d->effects);
	return true;
}

/*
 * 9c. A promise was not kept in time, or is about not to be.  What this very
 * decision found kept needs no step; what it renews needs none of the old clock
 * but to be told.
 */
static void
take_steps(Decision *d)
{
	int			running = d->state->running & ~d->effects->starts;

	for (int i = 0; i < d->news->nsteps; i++)
	{
		const DueStep *step = &d->news->steps[i];
		bool		taken = true;

		if (!(running & PROMISE_BIT(step->kind)) || d->state->gone_at != NO_TIME)
			continue;
		if (step->action == SLA_MOVE)
			taken = step->to_stage != NO_STAGE && step->to_stage != d->state->stage &&
				move_by_itself(d, step->to_stage, CAUSE_SLA, step->reason, d->now);
		else if (step->action == SLA_REASSIGN || step->action == SLA_QUEUE)
			taken = give_on(d, step);
		if (taken)
			d->effects->steps_taken |= (uint32) 1 << i;
	}
}

/* Does what held the lead still want to move it? */
static bool
still_wants(const Decision *d, const Hold *hold)
{
	if (asks_anew(hold->cause))
		return false;
	switch (hold->cause)
	{
		case CAUSE_OPPORTUNITY:
		case CAUSE_WON:
			return deal_carries(d, hold->to);
		default:
			return d->state->stage == d->began_in;
	}
}

/* 10. What held the lead may be there by now. */
static void
take_held(Decision *d)
{
	const Hold *held = &d->news->held;

	if (held->to == NO_STAGE || d->effects->hold.to != NO_STAGE || !still_wants(d, held))
		return;
	/* who waits in nurture for the way back comes by it */
	if (purpose_of(d->agreement, d->state->stage) == PURPOSE_NURTURE &&
		held->cause != CAUSE_OPPORTUNITY && held->cause != CAUSE_WON)
		come_back(d, held->cause);
	else
		move_by_itself(d, held->to, held->cause, held->reason, held->at);
}

/* Does a disqualifying rule take the lead out?  Not where sales has accepted it. */
static bool
is_taken_out(const Agreement *a, const LeadState *state)
{
	return state->disqualified && state->gone_at == NO_TIME &&
		a->by_purpose[PURPOSE_DISQUALIFIED] != NO_STAGE &&
		(before_acceptance(a, state, true) ||
		 purpose_of(a, state->stage) == PURPOSE_NURTURE);
}

/* 11. A disqualifying rule takes out a lead that sales has not accepted. */
static void
take_disqualifier(Decision *d)
{
	if (is_taken_out(d->agreement, d->state))
		move_by_itself(d, d->agreement->by_purpose[PURPOSE_DISQUALIFIED], CAUSE_DISQUALIFIER,
					   NULL, d->now);
}

/* Does the lead become an MQL as soon as its intent allows? */
static bool
may_qualify(const Agreement *agreement, const LeadState *state)
{
	int			qualified = agreement->by_purpose[PURPOSE_QUALIFIED];

	return qualified != NO_STAGE && !state->disqualified && state->gone_at == NO_TIME &&
		before_acceptance(agreement, state, false) &&
		move_rule(agreement, state->stage, qualified) == MOVE_ALLOWED &&
		state->fit >= agreement->mql_fit;
}

bool
decide_intent_matters(const Agreement *agreement, const LeadState *state)
{
	return (state->set.intent == NOT_SET && may_qualify(agreement, state)) ||
		(agreement->automatic && auto_listens(agreement, state));
}

static bool
qualifies(const Agreement *agreement, const LeadState *state, TimestampTz now)
{
	double		intent;

	if (!may_qualify(agreement, state))
		return false;
	intent = decide_intent(agreement, state, now);
	return whole_points(intent) >= agreement->mql_intent &&
		whole_points(decide_score(agreement, state->fit, intent)) >= agreement->mql_score;
}

bool
decide_intent_qualifies(const Agreement *agreement, const LeadState *state, TimestampTz now)
{
	return qualifies(agreement, state, now) ||
		(agreement->automatic && auto_reaches(agreement, state, now));
}

bool
decide_score_moves(const Agreement *agreement, const LeadState *state, TimestampTz now)
{
	return is_taken_out(agreement, state) || decide_intent_qualifies(agreement, state, now);
}

/* 12. A lead that reaches all three floors becomes an MQL. */
static void
take_score(Decision *d)
{
	if (qualifies(d->agreement, d->state, d->now))
		move_by_itself(d, d->agreement->by_purpose[PURPOSE_QUALIFIED], CAUSE_SCORE, NULL, d->now);
}

/* 13. Further moves that the agreement makes by itself; after each the score may make one. */
static void
take_auto(Decision *d)
{
	AutoStep	step;

	while (auto_next(d->agreement, d->state, d->news, d->now, d->env, d->effects, &step) &&
		   move_by_itself(d, step.to, step.cause, step.reason, d->now))
		take_score(d);
}

/* A lead that has moved on meanwhile waits for nothing. */
static void
finish_hold(Decision *d)
{
	Hold	   *hold = &d->effects->hold;

	if (hold->to != NO_STAGE && !asks_anew(hold->cause) && !still_wants(d, hold))
		hold->to = NO_STAGE;
	d->state->held = hold->to != NO_STAGE;
}

void
decide(const Agreement *agreement, const LeadState *state, const LeadNews *news,
	   TimestampTz now, const DecideEnv *env, Effects *effects)
{
	Decision	d = {agreement, news, env, now, effects, &effects->next, state->stage};

	effects_init(effects, state, news);
	take_profile(&d);
	take_touches(&d);
	take_entry(&d);
	clock_answer(news, env, effects);	/* 4. */
	take_presence(&d);
	clock_conditions(agreement, news, env, now, effects);
	take_host_stage(&d);
	take_host_owner(&d);
	take_opportunity(&d);
	take_verb(&d);
	if (effects->refusal == NOT_REFUSED)
		take_way_back(&d);
	if (effects->refusal == NOT_REFUSED && news->adopt)
	{
		effects->hold = news->held;
		effects->next.held = news->held.to != NO_STAGE;
	}
	else if (effects->refusal == NOT_REFUSED)
	{
		if (agreement->automatic && news->due != 0)
			take_due(&d);
		if (news->due & DUE_WAITING)
			take_waiting(&d);
		if (news->nsteps > 0)
			take_steps(&d);
		take_held(&d);
		take_disqualifier(&d);
		take_score(&d);
		if (agreement->automatic)
			take_auto(&d);
		finish_hold(&d);
		if (agreement->automatic)
			auto_timers(agreement, state, news, now, env, effects);
	}
	if (effects->refusal == NOT_REFUSED)
		nurture_decide(agreement, state, news, now, env, effects);
}
