/*
 * env.c
 *		See env.h.
 *
 * Conditions of routes and policies are evaluated only when a lead is handed
 * over, those of stages only when a lead is about to enter.  See
 * question.h for what raises.
 */
#include "postgres.h"

#include "settle/answers.h"
#include "settle/auto.h"
#include "settle/enrich.h"
#include "settle/env.h"
#include "settle/handoff.h"
#include "settle/known.h"
#include "settle/nurture.h"
#include "settle/question.h"
#include "settle/team.h"

TupleTableSlot *
env_roles(Settle *s)
{
	if (s->roles == NULL)
	{
		settle_flush(s);
		(void) profile_read(&s->writers, s->binding, s->lead_id, s->profile_id,
							NULL, s->stored);
		s->roles = s->stored;
	}
	return s->roles;
}

static bool
env_route(void *arg, RouteTarget *target)
{
	return team_route(arg, target);
}

static bool
env_known_owner(void *arg, KnownOwner *owner)
{
	return known_owner(arg, owner);
}

static bool
env_rep_active(void *arg, int32 rep_id)
{
	Settle	   *s = arg;
	Rep		   *rep = rep_by_id(s->def, rep_id);

	return rep != NULL && team_rep_is_there(s, rep);
}

static void
env_pick_rep(void *arg, Pick *pick)
{
	Pick		asked = *pick;

	team_pick(arg, pick);
	if (pick->rep_id != 0 || !pick->fresh || env_rep_active(arg, pick->not_rep_id))
		return;
	/* somebody must have it: even who had it before */
	*pick = asked;
	pick->fresh = false;
	team_pick(arg, pick);
}

/* The policy's calendar, or the rep's own in its place; wall time stays wall time. */
static int32
calendar_for(Settle *s, const Policy *policy, int32 rep_id)
{
	Rep		   *rep = rep_by_id(s->def, rep_id);

	if (policy->calendar_id != 0 && rep != NULL && rep->calendar_id != 0)
		return rep->calendar_id;
	return policy->calendar_id;
}

int64
env_promised_time(Settle *s, const Policy *p, int32 calendar_id, TimestampTz from, int32 *counts)
{
	*counts = calendar_id;
	if ((p->after_hours == p->target && !p->after_hours_wall) || calendar_id == 0 ||
		question_open(s, calendar_id, from, "SLA policy", p->name))
		return p->target;
	if (p->after_hours_wall)
		*counts = 0;
	return p->after_hours;
}

/* What a policy promises the lead at hand from a moment on. */
static bool
promise_made(Settle *s, const Policy *p, int pause_rule, int32 rep_id, ClockStart *start)
{
	if (p->from_creation)
		start->from = Min(start->from, start->created_at);
	start->target = env_promised_time(s, p, calendar_for(s, p, rep_id), start->from,
									  &start->calendar_id);
	start->paused = pause_rule >= 0 &&
		question_holds(s, s->program->promising, pause_rule, "pause of SLA policy", p->name);
	return question_due(s, start->target, start->calendar_id, start->from, NO_TIME, "SLA policy",
						p->name, &start->due_at);
}

/* A policy of the time in a stage is about that stage alone. */
static bool
env_promise(void *arg, PromiseKind kind, int stage, int32 rep_id, ClockStart *start)
{
	Settle	   *s = arg;

	for (int i = 0; i < s->def->npolicies; i++)
	{
		const Policy *p = &s->def->policies[i];

		if (p->promise != kind || (p->stage != NO_STAGE && p->stage != stage) ||
			!question_holds(s, s->program->promising, s->program->policy_rule[i], "SLA policy", p->name))
			continue;
		/* of criteria: a promise that is kept already is none */
		if (kind == PROMISE_CRITERIA &&
			question_holds(s, s->program->promising, s->program->policy_kept[i],
						   "keeping of SLA policy", p->name))
			continue;
		start->policy = i;
		return promise_made(s, p, s->program->policy_pause[i], rep_id, start);
	}
	return false;
}

/* ----- tracks ------------------------------------------------------------------------ */

static bool
env_comes_back(void *arg, int track)
{
	Settle	   *s = arg;
	int			rule = s->program->track_rule[track];

	return rule >= 0 && question_holds(s, s->program->returning, rule, "nurture track",
							  s->agreement->tracks[track].code);
}

static bool
env_step_at(void *arg, int track, int step, TimestampTz from, TimestampTz not_before,
			TimestampTz *at)
{
	Settle	   *s = arg;
	const TrackStep *next = &s->def->track_texts[track].steps[step];

	return question_due(s, next->after, next->calendar_id, from, not_before, "nurture track",
						s->agreement->tracks[track].code, at);
}

static bool
env_last_recycled(void *arg, int *track, int32 *rep_id)
{
	return nurture_last_recycled(arg, track, rep_id);
}

static const NurtureEnv nurture_env = {
	.comes_back = env_comes_back,
	.step_at = env_step_at,
	.last_recycled = env_last_recycled,
};

/* Do the entry criteria of a stage hold? */
static bool
env_may_enter(void *arg, int stage)
{
	Settle	   *s = arg;

	return question_holds(s, s->program->entering, s->program->stage_rule[stage], "entry criteria of stage",
				 s->agreement->stages[stage].code);
}

static uint64
env_empty_roles(void *arg, int stage)
{
	Settle	   *s = arg;
	TupleTableSlot *roles = env_roles(s);
	uint64		empty = 0;

	for (int i = 0; i < s->agreement->stages[stage].nneeds; i++)
	{
		int			role = s->program->stage_needs[stage][i];

		if (role < 0 || role_is_empty(roles, role))
			empty |= UINT64CONST(1) << i;
	}
	return empty;
}

static uint64
env_unanswered(void *arg, int from, int to)
{
	Settle	   *s = arg;
	const Transition *asks = s->agreement->asks[from * s->agreement->nstages + to];

	return answers_missing(s, asks->answers, asks->nanswers);
}

static void
env_attempts(void *arg, Attempts *attempts)
{
	Settle	   *s = arg;

	handoff_attempts(s, s->lead_id, attempts);
}

static int32
env_accepted_by(void *arg)
{
	Settle	   *s = arg;
	ToldMove	last;
	ToldMove	accepted;

	handoff_last_moves(s, s->lead_id, &last, &accepted);
	return accepted.rep_id;
}

/* ----- automatic moves ----------------------------------------------------------------- */

static bool
env_auto_holds(void *arg, int place)
{
	Settle	   *s = arg;

	return question_holds(s, s->program->moving, s->program->auto_rule[place], "automatic move",
				 s->agreement->autos[place].name);
}

static int
env_tries(void *arg, TimestampTz since)
{
	Settle	   *s = arg;

	return auto_tries(s, s->lead_id, since);
}

static bool
env_time_up(void *arg, int64 span, int32 calendar_id, TimestampTz from, TimestampTz *at)
{
	return question_due(arg, span, calendar_id, from, NO_TIME, "time in stage of calendar",
						psprintf("%d", calendar_id), at);
}

void
env_init(DecideEnv *env, Settle *s)
{
	env->arg = s;
	env->route = env_route;
	env->pick_rep = env_pick_rep;
	env->known_owner = s->def->matches ? env_known_owner : NULL;
	env->rep_active = env_rep_active;
	env->promise = env_promise;
	env->nurture = &nurture_env;
	env->may_enter = env_may_enter;
	env->empty_roles = env_empty_roles;
	env->unanswered = env_unanswered;
	env->attempts = env_attempts;
	env->accepted_by = env_accepted_by;
	env->auto_holds = env_auto_holds;
	env->tries = env_tries;
	env->time_up = env_time_up;
}

/* No step is foreseen: what a row shows does not depend on it. */
static bool
env_no_step_at(void *arg, int track, int step, TimestampTz from, TimestampTz not_before,
			   TimestampTz *at)
{
	return false;
}

static const NurtureEnv foreseeing_env = {
	.comes_back = env_comes_back,
	.step_at = env_no_step_at,
	.last_recycled = env_last_recycled,
};

void
env_foresee(DecideEnv *env, Settle *s)
{
	env_init(env, s);
	env->nurture = &foreseeing_env;
}
