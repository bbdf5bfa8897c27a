/*
 * env.c
 *		See env.h.
 *
 * Conditions of routes and policies are evaluated only when a lead is handed
 * over, those of stages only when a lead is about to enter.  In a careful settle each question runs in its own subtransaction: one
 * that raises has the answer "no", and is noted as a fault.
 */
#include "postgres.h"

#include "base/attempt.h"
#include "define/calendar_load.h"
#include "settle/answers.h"
#include "settle/auto.h"
#include "settle/enrich.h"
#include "settle/env.h"
#include "settle/handoff.h"
#include "settle/nurture.h"
#include "settle/turns.h"
#include "time/calendar.h"

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

/* A question whose answer may raise. */
typedef struct Question
{
	Settle	   *s;
	RuleSet    *set;
	int			rule;
	TupleTableSlot *roles;
	int64		span;			/* microseconds */
	int32		calendar_id;	/* whose business time counts; 0: wall time */
	TimestampTz from;
	TimestampTz not_before;		/* NO_TIME: at any time */
	bool		holds;
	TimestampTz due_at;
} Question;

/* Ask; in a careful settle an error is noted and the answer is no. */
static bool
ask(Question *q, AttemptStep step, const char *kind, const char *name)
{
	ErrorData  *error;
	FaultPlace	place = {q->s->binding->binding_id, q->s->lead_id, NULL};

	if (!q->s->careful)
	{
		step(q);
		return true;
	}
	error = attempt(step, q);
	if (error == NULL)
		return true;
	fault_note(&q->s->faults, &place, psprintf("%s \"%s\"", kind, name),
			   error->sqlerrcode, error->message, error->detail);
	FreeErrorData(error);
	return false;
}

static void
match_step(void *arg)
{
	Question   *q = arg;

	settle_rules_begin(q->s);
	ruleset_prepare(q->set);
	q->holds = ruleset_match_one(q->set, q->rule, q->roles);
	settle_rules_end(q->s);
}

/* Does a condition hold for the lead at hand?  Rule -1 always does. */
static bool
holds(Settle *s, RuleSet *set, int rule, const char *kind, const char *name)
{
	Question	q = {.s = s,.set = set,.rule = rule};

	if (rule < 0)
		return true;
	/* what it opens must not belong to the question's subtransaction */
	q.roles = env_roles(s);
	return ask(&q, match_step, kind, name) && q.holds;
}

static bool
env_route(void *arg, int32 *route_id, int32 *team_id)
{
	Settle	   *s = arg;

	for (int i = 0; i < s->def->nroutes; i++)
	{
		Route	   *route = &s->def->routes[i];

		if (!holds(s, s->program->routing, s->program->route_rule[i], "route", route->name))
			continue;
		*route_id = route->route_id;
		*team_id = route->team_id;
		return true;
	}
	return false;
}

static bool
rep_is_there(Settle *s, int32 rep_id)
{
	Rep		   *rep = rep_by_id(s->def, rep_id);

	return rep != NULL && rep->active;
}

/* Who of a team is away, not_rep_id as well; NULL: nobody. */
static bool *
team_absent(Settle *s, const Team *team, int32 not_rep_id)
{
	bool	   *away = NULL;

	for (int i = 0; i < team->n; i++)
	{
		if (team->rep_ids[i] != not_rep_id && rep_is_there(s, team->rep_ids[i]))
			continue;
		if (away == NULL)
			away = palloc0(sizeof(bool) * team->n);
		away[i] = true;
	}
	return away;
}

/* The next turn that is not this rep's (0: anybody's). */
static int32
env_other_rep(void *arg, int32 team_id, int32 not_rep_id)
{
	Settle	   *s = arg;
	Team	   *team = team_by_id(s->def, team_id);
	int			place = team == NULL ? -1 : turns_next(s, team, team_absent(s, team, not_rep_id));

	return place < 0 ? 0 : team->rep_ids[place];
}

static int32
env_next_rep(void *arg, int32 team_id)
{
	return env_other_rep(arg, team_id, 0);
}

static bool
env_rep_active(void *arg, int32 rep_id)
{
	return rep_is_there(arg, rep_id);
}

static void
due_step(void *arg)
{
	Question   *q = arg;

	if (q->calendar_id == 0)
		q->due_at = Max(q->from + q->span, q->not_before);
	else
	{
		Calendar   *calendar = calendar_by_id(q->calendar_id);

		q->due_at = calendar_add(calendar, q->from, q->span);
		if (q->due_at < q->not_before)
			q->due_at = calendar_next_open(calendar, q->not_before);
	}
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

static bool
env_promise(void *arg, int32 rep_id, TimestampTz from, int *policy,
			TimestampTz *due_at, int32 *calendar_id)
{
	Settle	   *s = arg;

	for (int i = 0; i < s->def->npolicies; i++)
	{
		const Policy *p = &s->def->policies[i];
		Question	q = {.s = s,.span = p->target,.from = from,.not_before = NO_TIME};

		if (!holds(s, s->program->promising, s->program->policy_rule[i], "SLA policy", p->name))
			continue;
		q.calendar_id = calendar_for(s, p, rep_id);
		if (!ask(&q, due_step, "SLA policy", p->name))
			return false;
		*policy = i;
		*due_at = q.due_at;
		*calendar_id = q.calendar_id;
		return true;
	}
	return false;
}

/* ----- tracks ------------------------------------------------------------------------ */

static bool
env_comes_back(void *arg, int track)
{
	Settle	   *s = arg;
	int			rule = s->program->track_rule[track];

	return rule >= 0 && holds(s, s->program->returning, rule, "nurture track",
							  s->agreement->tracks[track].code);
}

static bool
env_step_at(void *arg, int track, int step, TimestampTz from, TimestampTz not_before,
			TimestampTz *at)
{
	Settle	   *s = arg;
	const TrackStep *next = &s->def->track_texts[track].steps[step];
	Question	q = {.s = s,.span = next->after,.calendar_id = next->calendar_id,.from = from,
	.not_before = not_before};

	if (!ask(&q, due_step, "nurture track", s->agreement->tracks[track].code))
		return false;
	*at = q.due_at;
	return true;
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
	.other_rep = env_other_rep,
};

/* Do the entry criteria of a stage hold? */
static bool
env_may_enter(void *arg, int stage)
{
	Settle	   *s = arg;

	return holds(s, s->program->entering, s->program->stage_rule[stage], "entry criteria of stage",
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

	return holds(s, s->program->moving, s->program->auto_rule[place], "automatic move",
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
	Question	q = {.s = arg,.span = span,.calendar_id = calendar_id,.from = from,
	.not_before = NO_TIME};

	if (!ask(&q, due_step, "time in stage of calendar", psprintf("%d", calendar_id)))
		return false;
	*at = q.due_at;
	return true;
}

void
env_init(DecideEnv *env, Settle *s)
{
	env->arg = s;
	env->route = env_route;
	env->next_rep = env_next_rep;
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

/* Who would be next is known where there is one alone. */
static int32
env_some_rep(void *arg, int32 team_id)
{
	Settle	   *s = arg;
	Team	   *team = team_by_id(s->def, team_id);
	int32		rep_id = 0;

	for (int i = 0; team != NULL && i < team->n; i++)
	{
		if (!rep_is_there(s, team->rep_ids[i]))
			continue;
		s->unforeseen |= rep_id != 0;
		rep_id = team->rep_ids[i];
	}
	return rep_id;
}

/* No step is foreseen: what a row shows does not depend on it. */
static bool
env_no_step_at(void *arg, int track, int step, TimestampTz from, TimestampTz not_before,
			   TimestampTz *at)
{
	return false;
}

static int32
env_some_other_rep(void *arg, int32 team_id, int32 not_rep_id)
{
	((Settle *) arg)->unforeseen = true;
	return 0;
}

static const NurtureEnv foreseeing_env = {
	.comes_back = env_comes_back,
	.step_at = env_no_step_at,
	.last_recycled = env_last_recycled,
	.other_rep = env_some_other_rep,
};

void
env_foresee(DecideEnv *env, Settle *s)
{
	env_init(env, s);
	env->next_rep = env_some_rep;
	env->nurture = &foreseeing_env;
}
