/*
 * fuzz_test.c
 *		Random agreements, states and news: what holds for every decision.
 */
#include "postgres.h"

#include <math.h>
#include <stdio.h>

#include "decide/decide.h"
#include "tap.h"
#include "time/decay.h"
#include "world.h"

#undef snprintf

#define ROUNDS		200000
#define MAX_STAGES	10
#define MAX_AUTOS	12

typedef struct Fuzz
{
	Agreement	agreement;
	Stage		stages[MAX_STAGES];
	uint8		moves[MAX_STAGES * MAX_STAGES];
	Transition	asks[MAX_STAGES * MAX_STAGES];
	Transition *asked[MAX_STAGES * MAX_STAGES];
	AutoMove	autos[MAX_AUTOS];
	ScoreRule	rules[100];
	uint64		fired[2];
	LeadState	state;
	LeadNews	news;
	World		world;
} Fuzz;

static const char *wrong;		/* what did not hold, NULL: all did */

static void
must(bool holds, const char *what)
{
	if (!holds && wrong == NULL)
		wrong = what;
}

/* What stages and transitions ask for; half of the agreements ask for nothing. */
static void
random_asks(Fuzz *f)
{
	static char *names[] = {"one", "two", "three"};
	static char *reasons[] = {"timing", "no_budget"};
	Agreement  *a = &f->agreement;

	if (one_in(2))
		return;
	a->guarded = true;
	a->asks = f->asked;
	for (int i = 0; i < a->nstages; i++)
	{
		f->stages[i].has_condition = one_in(4);
		f->stages[i].needs = names;
		f->stages[i].nneeds = one_in(3) ? random_below(4) : 0;
	}
	for (int i = 0; i < a->nstages * a->nstages; i++)
	{
		f->asks[i] = (Transition) {.lists_reasons = one_in(3),.reasons = reasons + random_below(2),.nreasons = 1,
		.answers = names,.nanswers = random_below(4)};
		f->asked[i] = one_in(2) ? &f->asks[i] : NULL;
	}
}

/* What moves by itself; half of the agreements move nothing. */
static void
random_autos(Fuzz *f)
{
	static const int causes[] = {CAUSE_SCORE, CAUSE_GRADE, CAUSE_CRITERIA, CAUSE_LOST, CAUSE_ATTEMPTS};
	Agreement  *a = &f->agreement;

	if (one_in(2))
		return;
	a->automatic = true;
	a->autos = f->autos;
	a->nautos = random_below(MAX_AUTOS + 1);
	a->silence_accepts = one_in(2) ? 0 : (1 + random_below(50)) * HOUR;
	for (int i = 0; i < a->nautos; i++)
	{
		int			from = random_below(a->nstages);
		int			cause = causes[random_below(lengthof(causes))];

		f->autos[i] = (AutoMove) {from, (from + 1 + random_below(a->nstages - 1)) % a->nstages, cause, "auto",
			one_in(2) ? NULL : "timing", random_below(50), random_below(30), random_below(30),
			cause == CAUSE_ATTEMPTS ? 1 + random_below(4) : 0, one_in(2)};
	}
	for (int i = 0; i < a->nstages; i++)
	{
		f->stages[i].stay = one_in(2) ? 0 : (1 + random_below(50)) * HOUR;
		f->stages[i].stay_to = one_in(3) ? NO_STAGE : (i + 1) % a->nstages;
	}
}

static void
random_agreement(Fuzz *f)
{
	static char *codes[MAX_STAGES] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	Agreement  *a = &f->agreement;

	memset(a, 0, sizeof(*a));
	a->half_life = one_in(3) ? 0 : (int64) (1 + random_below(1000)) * HOUR;
	a->fit_base = random_below(40) - 10;
	a->fit_share = random_below(11) / 10.0;
	a->mql_fit = random_below(60);
	a->mql_intent = random_below(60);
	a->mql_score = random_below(60);
	a->nstages = 2 + random_below(MAX_STAGES - 1);
	a->stages = f->stages;
	a->moves = f->moves;
	a->nrules = random_below(100);
	a->rules = f->rules;
	for (int i = 0; i < N_PURPOSES; i++)
		a->by_purpose[i] = NO_STAGE;
	for (int i = 0; i < a->nstages; i++)
	{
		int			purpose = i == 0 ? PURPOSE_ENTRY : random_below(N_PURPOSES);

		if (a->by_purpose[purpose] != NO_STAGE)
			purpose = PURPOSE_NONE;
		f->stages[i] = (Stage) {codes[i], random_below(100), purpose, one_in(4)};
		if (purpose != PURPOSE_NONE)
			a->by_purpose[purpose] = i;
	}
	for (int i = 0; i < a->nstages * a->nstages; i++)
		f->moves[i] = random_below(3);
	for (int i = 0; i < a->nrules; i++)
		f->rules[i] = (ScoreRule) {i, "rule", random_below(30) == 0 ? RULE_DISQUALIFY : RULE_FIT, random_below(60) - 20};
	random_asks(f);
	random_autos(f);
}

/* A state such as decisions leave behind. */
static void
random_state(Fuzz *f)
{
	LeadState  *s = &f->state;

	state_init(s, 1, NOW - random_below(1000) * HOUR);
	s->stage_since = s->created_at + random_below(100) * HOUR;
	s->stage = one_in(30) ? NO_STAGE : random_below(f->agreement.nstages);
	s->moves = 1 + random_below(5);
	if (one_in(2))
	{
		s->assigned_at = NOW - random_below(100) * HOUR;
		s->assignments = 1 + random_below(3);
		s->team_id = random_below(4);
		s->rep_id = random_below(4);
		s->handed_over = one_in(2);
		s->running = s->handed_over && one_in(2) ? random_below(PROMISE_BIT(N_PROMISES)) : 0;
		s->clocks = __builtin_popcount(s->running) + random_below(3);
	}
	if (one_in(8))
	{
		s->gone_at = NOW - HOUR;
		s->running = 0;
	}
	s->fit = random_below(101);
	s->disqualified = one_in(10);
	s->touches = random_below(5);
	if (one_in(2))
		s->intent_pos = decay_touch(1 + random_below(200), NOW - random_below(100) * HOUR, f->agreement.half_life);
	if (one_in(4))
		s->intent_neg = decay_touch(1 + random_below(50), NOW - random_below(100) * HOUR, f->agreement.half_life);
}

static void
random_touches(Fuzz *f, LeadNews *news)
{
	news->touched = true;
	news->touches = 1 + random_below(3);
	news->last_touch_at = NOW - random_below(50) * HOUR;
	if (!one_in(4))
		news->intent_pos = decay_touch(1 + random_below(100), news->last_touch_at, f->agreement.half_life);
	if (one_in(4))
		news->intent_neg = decay_touch(1 + random_below(100), news->last_touch_at, f->agreement.half_life);
	news->resummed = one_in(8);
}

static void
random_news(Fuzz *f)
{
	LeadNews   *n = &f->news;
	int			nstages = f->agreement.nstages;

	news_init(n);
	if (one_in(10))
	{
		n->is_new = true;
		state_init(&f->state, 1, NOW + HOUR - random_below(100) * HOUR);
	}
	if (n->is_new || one_in(3))
	{
		for (int i = 0; i < 2; i++)
			f->fired[i] = ((uint64) random_below(UINT32_MAX) << 32) | random_below(UINT32_MAX);
		if (one_in(2))
			f->fired[0] &= f->fired[1] = random_below(16);
		n->fired = f->fired;
	}
	n->stage_told = one_in(4);
	n->host_stage = one_in(10) ? NO_STAGE : random_below(nstages);
	n->host_reason = one_in(2) ? NULL : "timing";
	if (!n->is_new && one_in(4))
	{
		n->held.to = random_below(nstages);
		n->held.cause = one_in(2) ? CAUSE_WON : CAUSE_SCORE;
		n->held.at = NOW - HOUR;
		f->state.held = true;
	}
	n->owner_told = one_in(4);
	n->host_rep_id = random_below(4);
	n->team_told = one_in(4);
	n->host_team_id = random_below(4);
	n->is_gone = !n->is_new && one_in(10);
	n->is_back = !n->is_new && one_in(10);
	if (one_in(2))
		random_touches(f, n);
	if (f->state.running > 0 && one_in(3))
	{
		for (int kind = 0; kind < N_PROMISES; kind++)
		{
			n->clocks[kind].answered_at = n->clocks[kind].last_at = NOW - random_below(10) * HOUR;
			n->clocks[kind].due_at = NOW - random_below(10) * HOUR;
		}
	}
	n->opportunity = one_in(5) ? 1 + random_below(2) : 0;
	n->opportunity_at = NOW + 5 * HOUR - random_below(100) * HOUR;
	n->due = one_in(10) ? DUE_RECYCLE : one_in(5) ? (uint32) random_below(1 << N_TIMERS) : 0;
	n->lost = one_in(5);
	n->retime = one_in(8);
	n->strict = one_in(4);
	n->adopt = one_in(6);
	n->stage_is_hosts = one_in(2);
	if (!n->is_new && one_in(2))
	{
		n->verb.kind = random_below(VERB_ASSIGN + 1);
		n->verb.to_stage = one_in(20) ? NO_STAGE : random_below(nstages);
		n->verb.reason = one_in(2) ? NULL : "timing";
		n->verb.until = NOW + HOUR;
		n->verb.rep_id = 1 + random_below(4);
		n->verb.team_id = random_below(3);
	}
	f->agreement.promises = random_below(PROMISE_BIT(N_PROMISES));
	f->world = (World) {.routes = !one_in(4),.promises = !one_in(4),.inactive = random_below(4),
	.agreement = &f->agreement,.criteria_fail = one_in(3),.empty = one_in(2) ? 0 : random_below(8),
	.open = one_in(2) ? 0 : random_below(8),.holds = random_below(1 << MAX_AUTOS),.tries = random_below(6),
	.timeless = one_in(8)};
}

static void
check_moves(const Fuzz *f, const Effects *e)
{
	TimestampTz at = f->state.moves == 0 ? PG_INT64_MIN : f->state.stage_since;
	int			stage = f->news.is_new ? NO_STAGE : f->state.stage;

	must(e->nmoves >= 0 && e->nmoves < MAX_MOVES, "moves fit");
	must(e->next.moves == f->state.moves + e->nmoves, "moves are counted");
	for (int i = 0; i < e->nmoves; i++)
	{
		const Move *m = &e->moves[i];

		must(m->from == stage, "moves are a chain");
		must(m->to >= 0 && m->to < f->agreement.nstages, "moves lead to a stage");
		must(m->at >= at, "moves go on in time");
		must(m->spent >= 0, "time spent is not negative");
		must(m->fit >= 0 && m->fit <= 100 && m->intent >= 0 && m->intent <= 100 &&
			 m->score >= 0 && m->score <= 100, "points of moves are within 0 and 100");
		must(m->cause >= 0 && m->cause < N_CAUSES, "moves have a cause");
		at = m->at;
		stage = m->to;
	}
	must(e->next.stage == stage, "the last move is the stage");
	must(e->nmoves == 0 || e->next.stage_since == at, "the last move is since when");
	must((f->news.is_new && e->nmoves > 0) || !f->news.is_new, "new leads enter");
}

static void
check_assignments(const Fuzz *f, const Effects *e)
{
	int32		team = f->state.team_id;
	int32		rep = f->state.rep_id;
	TimestampTz at = f->news.adopt && f->news.is_new ? Min(f->state.created_at, NOW) : NOW;

	must(e->nassignments >= 0 && e->nassignments < MAX_ASSIGNMENTS, "assignments fit");
	must(e->next.assignments == f->state.assignments + e->nassignments, "assignments are counted");
	for (int i = 0; i < e->nassignments; i++)
	{
		const Assignment *a = &e->assignments[i];

		must(a->from_team_id == team && a->from_rep_id == rep, "assignments are a chain");
		must(a->at == at, "assignments are made now, of the past when the lead was created");
		team = a->team_id;
		rep = a->rep_id;
	}
	must(e->next.team_id == team && e->next.rep_id == rep, "the last assignment is who has it");
	must(e->nassignments == 0 || e->next.assigned_at == at, "the last assignment is since when");
}

static void
check_clocks(const Fuzz *f, const Effects *e)
{
	int			sold = e->next.running & PROMISES_OF_HANDOFF;

	must((e->stops & ~f->state.running) == 0, "only a clock that runs is stopped");
	must(e->next.running == ((f->state.running & ~e->stops) | e->starts), "clocks that run are known");
	must((f->state.running & ~e->stops & e->starts) == 0, "one clock of a kind runs at most");
	must(e->next.clocks == f->state.clocks + __builtin_popcount(e->starts), "clocks are counted");
	must(sold == 0 || e->next.handed_over, "clocks of the handoff run while sales has the lead");
	must(e->next.running == 0 || e->next.gone_at == NO_TIME, "no clock runs for who is gone");
	must(e->starts == 0 || f->world.promises, "clocks start by a promise");
	for (int kind = 0; kind < N_PROMISES; kind++)
	{
		const ClockStart *start = &e->start[kind];

		if (e->starts & PROMISE_BIT(kind))
			must((kind == PROMISE_STAGE_TIME ? start->from == e->next.stage_since : start->from <= NOW) &&
				 start->due_at == start->from + 2 * HOUR, "clocks are due");
	}
	must(e->ntimers <= N_TIMERS, "a kind of timer is set once");
	for (int i = 0; i < e->ntimers; i++)
		must(e->timers[i].kind != TIMER_RECYCLE || f->news.verb.kind == VERB_RECYCLE, "dates are set by recycling");
}

/* Does the agreement say so, of a lead that is so? */
static bool
is_agreed(const Fuzz *f, const Move *m)
{
	for (int i = 0; i < f->agreement.nautos; i++)
	{
		const AutoMove *row = &f->autos[i];

		if (row->from == m->from && row->to == m->to && row->cause == (int) m->cause && row->reason == m->reason &&
			m->fit >= row->min_fit && m->intent >= row->min_intent && m->score >= row->min_score &&
			(!row->has_condition || f->world.holds >> i & 1) && f->world.tries >= row->attempts)
			return true;
	}
	return false;
}

static bool
was_left_before(const Effects *e, int n, int stage)
{
	for (int i = 0; i < n; i++)
		if (e->moves[i].from == stage)
			return true;
	return false;
}

/* What moves by itself moves as agreed, and round no circle; what time brings, when it is over. */
static void
check_auto(const Fuzz *f, const Effects *e)
{
	const Agreement *a = &f->agreement;
	uint32		kinds = 0;

	for (int i = 0; i < e->nmoves; i++)
	{
		const Move *m = &e->moves[i];
		bool		is_auto = m->cause == CAUSE_GRADE || m->cause == CAUSE_CRITERIA || m->cause == CAUSE_LOST ||
			m->cause == CAUSE_ATTEMPTS || (m->cause == CAUSE_SCORE && m->to != a->by_purpose[PURPOSE_QUALIFIED]);

		must(!is_auto || is_agreed(f, m), "what moves by itself is agreed");
		must(!is_auto || !was_left_before(e, i, m->to), "no stage is entered again by itself");
		must(m->cause != CAUSE_LOST || f->news.lost, "a deal was lost");
		must(m->cause != CAUSE_STAY || (e->stay_over && m->to == f->stages[m->from].stay_to), "the stay is over");
		must(m->cause != CAUSE_SILENCE || (a->stages[m->from].purpose == PURPOSE_QUALIFIED && a->silence_accepts > 0 &&
										   (f->news.due & DUE_SILENCE)), "silence accepts who is handed over");
		must(a->automatic || m->cause < CAUSE_GRADE, "nothing moves by itself unless it is agreed");
		must(!f->news.adopt || m->cause < CAUSE_GRADE, "the past moves by nothing of itself");
	}
	must(!e->stay_over || ((f->news.due & DUE_STAY) && f->state.stage != NO_STAGE &&
						   f->state.stage_since + f->stages[f->state.stage].stay <= NOW), "a stay that is over began long ago");
	for (int i = 0; i < e->ntimers; i++)
	{
		must(!(kinds >> e->timers[i].kind & 1), "a kind of timer is set once");
		kinds |= 1u << e->timers[i].kind;
		must(e->timers[i].kind != TIMER_STAY || e->timers[i].due_at == e->next.stage_since + f->stages[e->next.stage].stay,
			 "the stay counts from when it began");
		must(e->timers[i].kind != TIMER_SILENCE || (e->next.stage == a->by_purpose[PURPOSE_QUALIFIED] &&
													(e->next.rep_id != 0 || e->next.team_id != 0)), "somebody is silent");
	}
	if (a->automatic && !f->news.adopt && !f->world.timeless && e->nmoves > 0 && e->next.gone_at == NO_TIME)
		must((kinds >> TIMER_STAY & 1) == (f->stages[e->next.stage].stay > 0), "who enters has a timer where a stay is bounded");
}

/* What a stage asks of who enters, said once more and otherwise. */
static int
asked_to_enter(const Fuzz *f, int from, int to)
{
	const Stage *stage = &f->stages[to];
	const Transition *asks = f->agreement.asks == NULL || from == NO_STAGE ? NULL :
		f->asked[from * f->agreement.nstages + to];
	int			unmet = 0;

	if (!f->agreement.guarded)
		return 0;
	if (stage->has_condition && f->world.criteria_fail)
		unmet |= GUARD_CONDITION;
	for (int i = 0; i < stage->nneeds; i++)
		if (f->world.empty >> i & 1)
			unmet |= GUARD_NEEDS;
	for (int i = 0; asks != NULL && i < asks->nanswers; i++)
		if (f->world.open >> i & 1)
			unmet |= GUARD_ANSWERS;
	return unmet;
}

/* What speaks against a move that somebody asked for. */
static int
asked_to_move(const Fuzz *f, int from, int to, const char *reason)
{
	int			rule = from == NO_STAGE ? MOVE_REFUSED : f->moves[from * f->agreement.nstages + to];
	int			unmet = asked_to_enter(f, from, to);
	const Transition *asks = f->agreement.asks == NULL || from == NO_STAGE ? NULL :
		f->asked[from * f->agreement.nstages + to];

	if (rule == MOVE_REFUSED)
		unmet |= GUARD_TRANSITION;
	else if (rule == MOVE_NEEDS_REASON && reason == NULL)
		unmet |= GUARD_REASON;
	else if (reason != NULL && asks != NULL && asks->lists_reasons && strcmp(asks->reasons[0], reason) != 0)
		unmet |= GUARD_REASON;
	return unmet;
}

/* No move passes but what the guard lets pass, or the host's, which say what they disregard. */
static void
check_guard(const Fuzz *f, const Effects *e)
{
	for (int i = 0; i < e->nmoves && !f->news.adopt; i++)
	{
		const Move *m = &e->moves[i];
		/* a lead that was in no stage of the agreement has none to come from */
		int			from = i == 0 ? (f->news.is_new ? NO_STAGE : f->state.stage) : e->moves[i - 1].to;

		switch (m->cause)
		{
			case CAUSE_ENTRY:
				must(m->violated.unmet == (m->to == 0 ? 0 : asked_to_enter(f, NO_STAGE, m->to)),
					 "an entry disregards what it is said to");
				break;
			case CAUSE_HOST:
				must(m->violated.unmet == asked_to_move(f, from, m->to, m->reason),
					 "the host disregards what it is said to");
				must(m->violated.unmet == 0 || !f->news.strict, "a strict host disregards nothing");
				break;
			case CAUSE_ACCEPT:
			case CAUSE_REJECT:
			case CAUSE_RECYCLE:
			case CAUSE_ADVANCE:
				must(asked_to_move(f, from, m->to, m->reason) == 0, "verbs pass the guard");
				break;
			default:
				must(asked_to_enter(f, from, m->to) == 0, "what moves by itself passes the guard");
				break;
		}
	}
	must(e->next.held == (e->hold.to != NO_STAGE), "who is held waits for something");
	must(f->news.adopt || e->hold.to == NO_STAGE ||
		 (e->hold.verdict.unmet != 0 && e->hold.verdict.unmet == asked_to_enter(f, e->hold.from, e->hold.to)),
		 "who is held lacks something");
}

/* Of the past nothing follows but what it says itself. */
static void
check_adopted(const Fuzz *f, const Effects *e)
{
	if (!f->news.adopt || e->refusal != NOT_REFUSED)
		return;
	must(e->quiet, "nobody is told of the past");
	must(e->starts == 0, "the past promises nothing");
	for (int kind = 0; kind < N_PROMISES; kind++)
		must(!(e->stops & PROMISE_BIT(kind)) || e->stop[kind].outcome == CLOCK_VOID, "the past keeps no promise");
	for (int i = 0; i < e->nassignments; i++)
		must(e->assignments[i].route_id == 0 && e->assignments[i].cause != CAUSE_KEPT, "the past routes nothing");
	for (int i = 0; i < e->nmoves; i++)
		must(e->moves[i].cause != CAUSE_SCORE && e->moves[i].cause != CAUSE_DISQUALIFIER, "no score moves the past");
}

static void
check_state(const Fuzz *f, const Effects *e)
{
	must(e->next.fit >= 0 && e->next.fit <= 100, "fit is within 0 and 100");
	must(e->next.lead_id == f->state.lead_id && e->next.created_at == f->state.created_at, "identity stays");
	must(!isnan(e->next.intent_pos) && !isnan(e->next.intent_neg), "sums are numbers");
	must(!f->news.is_gone || f->news.is_back || e->next.gone_at != NO_TIME, "who is gone is gone");
	must(!f->news.is_back || e->next.gone_at == NO_TIME, "who is back is back");
}

/* The same input gives the same effects. */
static void
check_repeats(Fuzz *f, const DecideEnv *env, const Effects *first)
{
	Effects		again;
	char		text[4096];

	snprintf(text, sizeof(text), "%s", effects_text(&f->agreement, first));
	f->world.tickets = 0;
	decide(&f->agreement, &f->state, &f->news, NOW, env, &again);
	must(strcmp(text, effects_text(&f->agreement, &again)) == 0, "decided again, decided the same");
	must(memcmp(&first->next, &again.next, sizeof(LeadState)) == 0, "and the state is the same");
}

/* Touches told at once or one after the other leave the same sums. */
static void
check_split(Fuzz *f, const DecideEnv *env)
{
	LeadNews	a;
	LeadNews	b;
	LeadNews	both;
	Effects		one;
	Effects		two;
	Effects		whole;

	news_init(&a);
	news_init(&b);
	random_touches(f, &a);
	random_touches(f, &b);
	a.resummed = b.resummed = false;
	both = a;
	both.intent_pos = decay_add(a.intent_pos, b.intent_pos);
	both.intent_neg = decay_add(a.intent_neg, b.intent_neg);
	both.touches += b.touches;
	both.last_touch_at = Max(a.last_touch_at, b.last_touch_at);
	decide(&f->agreement, &f->state, &b, NOW, env, &one);
	decide(&f->agreement, &one.next, &a, NOW, env, &two);
	decide(&f->agreement, &f->state, &both, NOW, env, &whole);
	must(two.next.touches == whole.next.touches &&
		 two.next.last_touch_at == whole.next.last_touch_at, "touches add up in any order");
	must(fabs(decay_value(two.next.intent_pos, f->agreement.half_life, NOW) -
			  decay_value(whole.next.intent_pos, f->agreement.half_life, NOW)) < 1e-6 &&
		 fabs(decay_value(two.next.intent_neg, f->agreement.half_life, NOW) -
			  decay_value(whole.next.intent_neg, f->agreement.half_life, NOW)) < 1e-6,
		 "points add up in any order");
}

void
test_fuzz(void)
{
	static Fuzz f;
	static int	refused;
	int			round;
	DecideEnv	env;
	Effects		e;

	world_env(&f.world, &env);
	for (round = 0; round < ROUNDS && wrong == NULL; round++)
	{
		if (round % 20 == 0)
			random_agreement(&f);
		random_state(&f);
		random_news(&f);
		decide(&f.agreement, &f.state, &f.news, NOW, &env, &e);
		if (e.refusal != NOT_REFUSED)
		{
			refused++;
			must(f.news.verb.kind != VERB_NONE || f.news.strict, "only verbs and strict hosts are refused");
			must(e.refusal != REFUSED_UNMET || e.refused_for.unmet ==
				 asked_to_enter(&f, f.news.is_new ? NO_STAGE : e.refused_from, e.refused_to),
				 "who is refused is told what is missing");
			continue;
		}
		check_moves(&f, &e);
		check_assignments(&f, &e);
		check_clocks(&f, &e);
		check_auto(&f, &e);
		check_adopted(&f, &e);
		check_guard(&f, &e);
		check_state(&f, &e);
		check_repeats(&f, &env, &e);
		if (!f.news.is_new)
			check_split(&f, &env);
	}
	ok(wrong == NULL, "%d random decisions%s%s", ROUNDS, wrong ? ": does not hold: " : "", wrong ? wrong : "");
	if (wrong != NULL)
		ok(false, "round %d: %s", round, effects_text(&f.agreement, &e));
	ok(refused > ROUNDS / 50 && refused < ROUNDS / 2, "some are refused, most are not");
}
