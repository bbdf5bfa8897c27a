/*
 * world.c
 *		See world.h.
 */
#include "postgres.h"

#include <stdarg.h>
#include <stdio.h>

#include "world.h"

#undef vsnprintf
#undef snprintf

static Stage stages[] = {
	{"subscriber", 10, PURPOSE_NONE, false},
	{"nurture", 15, PURPOSE_NURTURE, false},
	{"lead", 20, PURPOSE_ENTRY, false},
	{"mql", 30, PURPOSE_QUALIFIED, true},
	{"sql", 40, PURPOSE_ACCEPTED, false},
	{"opportunity", 50, PURPOSE_OPPORTUNITY, false},
	{"customer", 60, PURPOSE_WON, false},
	{"evangelist", 70, PURPOSE_NONE, false},
	{"disqualified", 90, PURPOSE_DISQUALIFIED, false},
};

static const struct
{
	const char *from;
	const char *to;
	MoveRule	rule;
}			moves[] = {
	{"subscriber", "lead", MOVE_ALLOWED},
	{"subscriber", "mql", MOVE_ALLOWED},
	{"lead", "mql", MOVE_ALLOWED},
	{"lead", "nurture", MOVE_ALLOWED},
	{"nurture", "lead", MOVE_ALLOWED},
	{"nurture", "mql", MOVE_ALLOWED},
	{"mql", "sql", MOVE_ALLOWED},
	{"mql", "nurture", MOVE_NEEDS_REASON},
	{"mql", "disqualified", MOVE_NEEDS_REASON},
	{"sql", "nurture", MOVE_NEEDS_REASON},
	{"sql", "disqualified", MOVE_NEEDS_REASON},
	{"sql", "opportunity", MOVE_ALLOWED},
	{"opportunity", "nurture", MOVE_NEEDS_REASON},
	{"opportunity", "customer", MOVE_ALLOWED},
	{"disqualified", "lead", MOVE_ALLOWED},
};

static ScoreRule rules[] = {
	{1, "sixty", RULE_FIT, 60},
	{2, "minus twenty", RULE_NEGATIVE, -20},
	{3, "out", RULE_DISQUALIFY, 0},
	{4, "fifty", RULE_FIT, 50},
};

const Agreement *
default_agreement(void)
{
	static uint8 table[lengthof(stages) * lengthof(stages)];
	static Agreement a = {
		.agreement_id = 1,.half_life = 0,.fit_base = 0,.fit_share = 0.5,
		.mql_fit = 50,.mql_intent = 20,.mql_score = 0,
		.nstages = lengthof(stages),.stages = stages,.moves = table,
		.nrules = lengthof(rules),.rules = rules,
		.promises = PROMISE_BIT(PROMISE_FIRST_RESPONSE),.silence_track = NO_TRACK,
		.handoff = {"no_response", "duplicate", 4, 3, PURPOSE_NURTURE},
	};

	for (int i = 0; i < N_PURPOSES; i++)
		a.by_purpose[i] = NO_STAGE;
	for (int i = 0; i < a.nstages; i++)
		if (stages[i].purpose != PURPOSE_NONE)
			a.by_purpose[stages[i].purpose] = i;
	for (int i = 0; i < lengthof(moves); i++)
	{
		int			from = stage_by_code(&a, moves[i].from, strlen(moves[i].from));
		int			to = stage_by_code(&a, moves[i].to, strlen(moves[i].to));

		table[from * a.nstages + to] = moves[i].rule;
	}
	return &a;
}

static bool
world_route(void *arg, RouteTarget *target)
{
	target->route_id = 9;
	target->team_id = 7;
	return ((World *) arg)->routes;
}

static void
world_pick_rep(void *arg, Pick *pick)
{
	pick->rep_id = 100 + ((World *) arg)->tickets++;
	if (pick->rep_id == pick->not_rep_id)
		pick->rep_id = 0;
}

static bool
world_rep_active(void *arg, int32 rep_id)
{
	return ((World *) arg)->inactive != rep_id;
}

static bool
world_promise(void *arg, PromiseKind kind, int stage, int32 rep_id, ClockStart *start)
{
	start->policy = 0;
	start->due_at = start->from + 2 * HOUR;
	start->calendar_id = 3;
	return ((World *) arg)->promises;
}

static uint64
first_bits(int n)
{
	return n == 0 ? 0 : ~UINT64CONST(0) >> (64 - n);
}

static bool
world_may_enter(void *arg, int stage)
{
	return !((World *) arg)->criteria_fail;
}

static uint64
world_empty_roles(void *arg, int stage)
{
	World	   *world = arg;

	return world->empty & first_bits(world->agreement->stages[stage].nneeds);
}

static uint64
world_unanswered(void *arg, int from, int to)
{
	World	   *world = arg;
	const Agreement *a = world->agreement;

	return world->open & first_bits(a->asks[from * a->nstages + to]->nanswers);
}

static void
world_attempts(void *arg, Attempts *attempts)
{
	*attempts = ((World *) arg)->attempts;
}

static int32
world_accepted_by(void *arg)
{
	return ((World *) arg)->accepted_by;
}

static bool
world_auto_holds(void *arg, int place)
{
	return ((World *) arg)->holds >> place & 1;
}

static int
world_tries(void *arg, TimestampTz since)
{
	return ((World *) arg)->tries;
}

static bool
world_time_up(void *arg, int64 span, int32 calendar_id, TimestampTz from, TimestampTz *at)
{
	*at = from + span;
	return !((World *) arg)->timeless;
}

void
world_env(World *world, DecideEnv *env)
{
	env->arg = world;
	env->route = world_route;
	env->pick_rep = world_pick_rep;
	env->rep_active = world_rep_active;
	env->promise = world_promise;
	env->nurture = NULL;
	env->may_enter = world_may_enter;
	env->empty_roles = world_empty_roles;
	env->unanswered = world_unanswered;
	env->attempts = world_attempts;
	env->accepted_by = world_accepted_by;
	env->auto_holds = world_auto_holds;
	env->tries = world_tries;
	env->time_up = world_time_up;
	env->known_owner = NULL;
}

static char words[4096];
static int	length;

static void
add(const char *format,...)
{
	va_list		args;

	if (length > 0)
		length += snprintf(words + length, sizeof(words) - length, ", ");
	va_start(args, format);
	length += vsnprintf(words + length, sizeof(words) - length, format, args);
	va_end(args);
}

static const char *
stage_word(const Agreement *a, int stage)
{
	return stage == NO_STAGE ? "-" : a->stages[stage].code;
}

static void
add_hours(const char *word, TimestampTz at)
{
	if (at == NOW)
		add("%s", word);
	else
		add("%s at %+g h", word, (double) (at - NOW) / HOUR);
}

/* The first response's clock is the clock; others say what they are of. */
static const char *
clock_word(PromiseKind kind, const char *word)
{
	static char of[60];

	snprintf(of, sizeof(of), "%s %s", promise_name(kind), word);
	return kind == PROMISE_FIRST_RESPONSE ? word : of;
}

const char *
effects_text(const Agreement *a, const Effects *e)
{
	static const char *const refusals[] = {"", "move", "no reason", "reason", "unmet",
	"no stage", "not handed over", "gone", "no step", "not enrolled", "accepted", "withdrawn",
	"moved on"};
	static const char *const outcomes[] = {"", "kept", "late", "void"};

	length = 0;
	words[0] = '\0';
	if (e->refusal != NOT_REFUSED)
	{
		add("refused: %s", refusals[e->refusal]);
		return words;
	}
	for (int i = 0; i < e->nmoves; i++)
	{
		const Move *m = &e->moves[i];

		add("%s > %s by %s%s%s%s", stage_word(a, m->from), stage_word(a, m->to),
			cause_name(m->cause), m->reason ? " for " : "", m->reason ? m->reason : "",
			m->violated.unmet ? " (violation)" : "");
		if (m->at != NOW)
			add_hours("it was", m->at);
	}
	for (int i = 0; i < e->nassignments; i++)
		add("%s to %d/%d", cause_name(e->assignments[i].cause),
			e->assignments[i].team_id, e->assignments[i].rep_id);
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		if (e->stops & PROMISE_BIT(kind))
			add_hours(clock_word(kind, outcomes[e->stop[kind].outcome]), e->stop[kind].at);
		if (e->starts & PROMISE_BIT(kind))
			add_hours(clock_word(kind, "clock"), e->start[kind].from);
	}
	for (int i = 0; i < e->ntimers; i++)
		add_hours(e->timers[i].kind == TIMER_RECYCLE ? "timer" : timer_name(e->timers[i].kind),
				  e->timers[i].due_at);
	if (e->hold.to != NO_STAGE)
		add("held for %s by %s", stage_word(a, e->hold.to), cause_name(e->hold.cause));
	if (e->stay_over)
		add("stay over");
	if (e->stopped)
		add("stopped before %s", stage_word(a, e->stopped_at_stage));
	return words;
}
