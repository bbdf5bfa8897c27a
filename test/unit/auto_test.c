/*
 * auto_test.c
 *		C2, C5: what an agreement moves by itself, case by case.
 */
#include "postgres.h"

#include "decide/auto.h"
#include "tap.h"
#include "time/decay.h"
#include "world.h"

static Stage stages[16];
static AutoMove autos[4];
static Agreement agreement;
static World world;
static LeadState state;
static LeadNews news;

static int
at(const char *code)
{
	return stage_by_code(&agreement, code, strlen(code));
}

/* A lead that has been in a stage for ten hours, under an agreement with nothing automatic yet. */
static void
begin(const char *stage)
{
	agreement = *default_agreement();
	memcpy(stages, agreement.stages, sizeof(Stage) * agreement.nstages);
	agreement.stages = stages;
	for (int i = 0; i < agreement.nstages; i++)
		stages[i].stay_to = NO_STAGE;
	agreement.automatic = true;
	agreement.autos = autos;
	world = (World) {.routes = true};
	state_init(&state, 1, NOW - 20 * HOUR);
	state.stage = at(stage);
	state.stage_since = NOW - 10 * HOUR;
	state.moves = 1;
	news_init(&news);
}

static AutoMove *
row(const char *from, const char *to, Cause cause)
{
	AutoMove   *move = &autos[agreement.nautos++];

	*move = (AutoMove) {.from = at(from),.to = at(to),.cause = cause,.name = "row"};
	return move;
}

static void
gives(const char *expected, const char *name)
{
	DecideEnv	env;
	Effects		effects;

	world_env(&world, &env);
	decide(&agreement, &state, &news, NOW, &env, &effects);
	same_text(effects_text(&agreement, &effects), expected, name);
}

static void
by_facts(void)
{
	begin("subscriber");
	row("subscriber", "lead", CAUSE_SCORE)->min_score = 30;
	state.intent_pos = decay_touch(58, NOW, 0);
	gives("", "a point less of score");
	state.intent_pos = decay_touch(60, NOW, 0);
	gives("subscriber > lead by score", "the score");
	state.gone_at = NOW;
	gives("", "not of a row that is gone");

	begin("mql");
	row("mql", "sql", CAUSE_GRADE)->min_fit = 75;
	state.fit = 75;
	gives("mql > sql by grade", "the grade");
	news.adopt = true;
	gives("", "not of the past");

	begin("mql");
	row("mql", "sql", CAUSE_CRITERIA)->has_condition = true;
	gives("", "criteria that do not hold");
	world.holds = 1;
	gives("mql > sql by criteria", "criteria that hold");
	stages[at("sql")].has_condition = agreement.guarded = true;
	world.criteria_fail = true;
	world.agreement = &agreement;
	gives("held for sql by criteria", "and what the stage asks for does not");

	begin("opportunity");
	row("opportunity", "nurture", CAUSE_LOST)->reason = "timing";
	gives("", "a deal that is not lost");
	news.lost = true;
	gives("opportunity > nurture by lost for timing", "a deal that is");

	begin("sql");
	row("sql", "nurture", CAUSE_ATTEMPTS)->attempts = 3;
	state.touches = 5;
	state.last_touch_at = NOW;
	world.tries = 2;
	gives("", "two attempts");
	world.tries = 3;
	gives("sql > nurture by attempts", "three");
	state.last_touch_at = NOW - 11 * HOUR;
	gives("", "none since it entered");

	begin("disqualified");
	row("disqualified", "lead", CAUSE_CRITERIA);
	state.disqualified = true;
	gives("", "who is out by a rule stays out");
	state.disqualified = false;
	gives("disqualified > lead by criteria", "and else comes back");
}

static void
in_order(void)
{
	begin("mql");
	row("mql", "sql", CAUSE_CRITERIA);
	row("mql", "nurture", CAUSE_CRITERIA);
	gives("mql > sql by criteria", "the first that applies");
	row("sql", "opportunity", CAUSE_GRADE);
	gives("mql > sql by criteria, sql > opportunity by grade", "and one after the other");
	row("opportunity", "mql", CAUSE_CRITERIA);
	gives("mql > sql by criteria, sql > opportunity by grade, stopped before mql", "but not in a circle");

	begin("subscriber");
	row("subscriber", "lead", CAUSE_CRITERIA);
	state.fit = 50;
	state.intent_pos = decay_touch(20, NOW, 0);
	gives("subscriber > mql by score, route to 7/100", "who is an MQL becomes one first");
	begin("disqualified");
	row("disqualified", "lead", CAUSE_CRITERIA);
	state.fit = 50;
	state.intent_pos = decay_touch(20, NOW, 0);
	gives("disqualified > lead by criteria, lead > mql by score, route to 7/100", "or next");
}

static void
by_time(void)
{
	begin("sql");
	stages[at("sql")].stay = 10 * HOUR;
	gives("", "no timer fires");
	news.due = DUE_STAY;
	gives("stay over", "a stay that is over is told");
	stages[at("sql")].stay_to = at("nurture");
	stages[at("sql")].stay_reason = "timing";
	gives("sql > nurture by stay for timing, stay over", "and the lead goes where it is to");
	stages[at("sql")].stay = 11 * HOUR;
	gives("stay_over at +1 h", "one that is not over yet goes on");
	stages[at("sql")].stay = 0;
	gives("", "one that is bounded no more");

	begin("lead");
	stages[at("nurture")].stay = 5 * HOUR;
	news.verb = (Verb) {.kind = VERB_ADVANCE,.to_stage = at("nurture")};
	gives("lead > nurture by advance, stay_over at +5 h", "who enters has a timer");
	world.timeless = true;
	gives("lead > nurture by advance", "unless nobody can tell");

	begin("nurture");
	stages[at("nurture")].stay = 5 * HOUR;
	news.retime = true;
	gives("stay_over at -5 h", "another version counts from when it entered");
}

static void
by_silence(void)
{
	begin("lead");
	agreement.silence_accepts = 8 * HOUR;
	state.fit = 50;
	state.intent_pos = decay_touch(20, NOW, 0);
	gives("lead > mql by score, route to 7/100, silent_accept at +8 h", "who is handed over has a timer");
	world.routes = false;
	gives("lead > mql by score, unrouted to 0/0", "unless nobody has the lead");

	begin("mql");
	agreement.silence_accepts = 8 * HOUR;
	news.verb = (Verb) {.kind = VERB_ASSIGN,.rep_id = 3,.team_id = 7};
	gives("assign to 7/3, silent_accept at +8 h", "until somebody has");

	begin("mql");
	agreement.silence_accepts = 8 * HOUR;
	news.due = DUE_SILENCE;
	gives("", "nobody is silent about what nobody has");
	state.rep_id = 3;
	state.assigned_at = state.stage_since;
	gives("mql > sql by silence", "silence is acceptance");
	state.assigned_at = NOW - HOUR;
	gives("silent_accept at +7 h", "who has it since then has the time, too");
	state.assigned_at = state.stage_since;
	news.verb = (Verb) {.kind = VERB_RECYCLE,.reason = "timing",.until = NO_TIME};
	gives("mql > nurture by recycle for timing", "who says something at that moment has said it");
	agreement.silence_accepts = 0;
	news.verb = (Verb) {.kind = VERB_NONE};
	gives("", "another version wants a word");
}

void
test_auto(void)
{
	by_facts();
	in_order();
	by_time();
	by_silence();
}
