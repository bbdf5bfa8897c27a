/*
 * cases_test.c
 *		Decisions case by case.
 *
 * A case is a stage and words: the state before, what is new, what must come
 * of it.  Words of state: owner handed running gone disq none late-stage; of
 * news: see take_word().
 */
#include "postgres.h"

#include <stdio.h>

#include "decide/decide.h"
#include "tap.h"
#include "time/decay.h"
#include "world.h"

#undef sscanf
#undef snprintf

typedef struct Case
{
	const char *name;
	const char *stage;
	const char *before;
	const char *news;
	const char *expected;
} Case;

static const Case cases[] = {
	{"a new lead enters", "-", "", "new", "- > lead by entry, it was at -5 h"},
	{"where the host says", "-", "", "new host=customer", "- > customer by entry, it was at -5 h"},
	{"an unknown stage is the entry", "-", "", "new host=?", "- > lead by entry, it was at -5 h"},
	{"a new lead that has it all", "-", "", "new sixty touch=20", "- > lead by entry, it was at -5 h, lead > mql by score, route to 7/100, clock"},
	{"a new lead that is out", "-", "", "new out", "- > lead by entry, it was at -5 h, lead > disqualified by disqualifier"},
	{"a new lead at a stage that routes", "-", "", "new host=mql", "- > mql by entry, it was at -5 h, route to 7/100, clock"},
	{"with an owner", "-", "", "new host=mql owner=3", "- > mql by entry, it was at -5 h, host to 0/3, clock"},
	{"with a team", "-", "", "new host=mql team=4", "- > mql by entry, it was at -5 h, host to 4/100, clock"},
	{"with both", "-", "", "new host=mql team=4 owner=3", "- > mql by entry, it was at -5 h, host to 4/3, clock"},
	{"no route", "-", "noroute", "new host=mql", "- > mql by entry, it was at -5 h, unrouted to 0/0, clock"},
	{"no promise", "-", "nopromise", "new host=mql", "- > mql by entry, it was at -5 h, route to 7/100"},

	{"fit alone", "lead", "", "sixty", ""},
	{"intent alone", "lead", "", "touch=1000", ""},
	{"both", "lead", "fit=50", "touch=20", "lead > mql by score, route to 7/100, clock"},
	{"a point less of intent", "lead", "fit=50", "touch=19", ""},
	{"a point less of fit", "lead", "fit=49", "touch=20", ""},
	{"intent was there", "lead", "intent=20", "fifty", "lead > mql by score, route to 7/100, clock"},
	{"negative touches", "lead", "fit=50 intent=40", "neg=21", ""},
	{"a negative rule", "lead", "intent=40", "sixty minus", ""},
	{"and one that is outweighed", "lead", "intent=40", "sixty fifty minus", "lead > mql by score, route to 7/100, clock"},
	{"a recount", "lead", "fit=50 intent=19", "resum=20", "lead > mql by score, route to 7/100, clock"},
	{"from a stage before it", "subscriber", "fit=50", "touch=20", "subscriber > mql by score, route to 7/100, clock"},
	{"from nurture: not by score", "nurture", "fit=50", "touch=20", ""},
	{"not twice", "mql", "fit=50 owner handed", "touch=20", ""},
	{"not from sql", "sql", "fit=50 owner handed", "touch=20", ""},
	{"not from customer", "customer", "fit=50", "touch=20", ""},
	{"not when disqualified", "lead", "fit=50 disq", "touch=20", "lead > disqualified by disqualifier"},
	{"not when gone", "lead", "fit=50 gone", "touch=20", ""},
	{"no stage of this version", "-", "fit=50 moved", "touch=20", ""},

	{"disqualified as mql", "mql", "owner handed running", "out", "mql > disqualified by disqualifier, void"},
	{"disqualified in nurture", "nurture", "", "out", "nurture > disqualified by disqualifier"},
	{"sales has accepted", "sql", "owner handed running", "out", ""},
	{"disqualified once", "disqualified", "disq", "out", ""},
	{"disqualified and gone", "lead", "gone", "out", ""},

	{"the owner is kept", "nurture", "owner", "advance=mql", "nurture > mql by advance, kept to 7/5, clock"},
	{"unless away", "nurture", "owner away", "advance=mql", "nurture > mql by advance, route to 7/100, clock"},
	{"the host's owner comes first", "lead", "owner", "host=mql owner=6", "lead > mql by host, host to 7/6, clock"},

	{"accept", "mql", "owner handed running", "accept", "mql > sql by accept"},
	{"accept too early", "lead", "", "accept", "refused: move"},
	{"accept for a rep who does not have it", "mql", "owner handed running", "accept@8", "mql > sql by accept, accept to 7/8"},
	{"accept for the rep who has it", "mql", "owner handed running", "accept@5", "mql > sql by accept"},
	{"accept twice", "sql", "owner handed accepted=5", "accept", "refused: accepted"},
	{"accept after another", "sql", "owner handed accepted=5", "accept@8", "refused: accepted"},
	{"accept again", "sql", "owner handed accepted=5", "accept@5", ""},
	{"accept a customer of somebody else's", "customer", "owner handed accepted=5", "accept@8", "refused: accepted"},
	{"accept what was recycled", "nurture", "owner", "accept@5", "refused: withdrawn"},
	{"no response", "mql", "owner handed running tried=4/3", "no_response=no_response", "mql > nurture by no_response for no_response, void, timer at +100 h"},
	{"no response: too few", "mql", "owner handed running tried=3/3", "no_response=no_response", "refused: unmet"},
	{"no response: too few days", "mql", "owner handed running tried=9/2", "no_response=no_response", "refused: unmet"},
	{"no response by another verb", "sql", "owner handed running tried=3/3", "reject=no_response", "refused: unmet"},
	{"no response by another verb, often enough", "sql", "owner handed tried=4/3", "reject=no_response", "sql > disqualified by reject for no_response"},
	{"no response: not with sales", "lead", "tried=9/9", "no_response=no_response", "refused: not handed over"},
	{"duplicate", "mql", "owner handed running", "duplicate=duplicate", "mql > disqualified by duplicate for duplicate, void"},
	{"duplicate of nobody", "mql", "owner handed running", "reject=duplicate", "refused: unmet"},
	{"overturned", "disqualified", "owner moved", "overturn", "disqualified > mql by overturned, kept to 7/5, clock"},
	{"overturned, and the rep is away", "disqualified", "owner moved away", "overturn", "disqualified > mql by overturned, route to 7/100, clock"},
	{"overturned too late", "lead", "owner moved", "overturn", "refused: moved on"},
	{"accept what is gone", "mql", "owner gone", "accept", "refused: gone"},
	{"reject", "mql", "owner handed running", "reject=budget", "mql > disqualified by reject for budget, void"},
	{"reject an sql", "sql", "owner handed", "reject=budget", "sql > disqualified by reject for budget"},
	{"reject without a reason", "mql", "owner handed running", "reject", "refused: no reason"},
	{"reject what sales never had", "lead", "", "reject=budget", "refused: not handed over"},
	{"reject a subscriber", "subscriber", "", "reject=budget", "refused: not handed over"},
	{"reject twice", "disqualified", "", "reject=budget", "refused: not handed over"},
	{"reject a customer", "customer", "", "reject=budget", "refused: move"},
	{"recycle", "mql", "owner handed running", "recycle=timing", "mql > nurture by recycle for timing, void, timer at +100 h"},
	{"recycle twice", "nurture", "owner", "recycle=timing", "refused: not handed over"},
	{"recycle without a reason", "sql", "owner", "recycle", "refused: no reason"},
	{"advance", "sql", "owner handed running", "advance=opportunity", "sql > opportunity by advance"},
	{"advance with no such transition", "lead", "", "advance=customer", "refused: move"},
	{"advance to where it is", "lead", "", "advance=lead", "refused: move"},
	{"advance without the reason", "mql", "owner", "advance=nurture", "refused: no reason"},
	{"advance with it", "mql", "owner handed running", "advance=nurture for=timing", "mql > nurture by advance for timing, void"},
	{"advance from no stage of this version", "-", "moved", "advance=mql", "refused: move"},
	{"assign", "mql", "owner handed running", "assign=8 for=better", "assign to 7/8"},
	{"assign for the first time", "mql", "", "assign=8", "assign to 7/8, clock"},
	{"assign before the handoff", "lead", "", "assign=8", "assign to 7/8"},
	{"an owner from before the handoff", "lead", "owner fit=50 intent=20", "touch=1", "lead > mql by score, kept to 7/5, clock"},
	{"assign what is gone", "mql", "gone", "assign=8", "refused: gone"},
	{"touches that come with a refusal", "lead", "fit=50", "touch=20 accept", "refused: move"},

	{"the date of a recycled lead", "nurture", "owner", "due", "nurture > lead by due"},
	{"who is an mql again at once", "nurture", "owner fit=50 intent=20", "due", "nurture > lead by due, lead > mql by score, kept to 7/5, clock"},
	{"a date of another stage", "mql", "owner handed running", "due", ""},

	{"the host's legal move", "mql", "owner handed running", "host=sql", "mql > sql by host"},
	{"an illegal one", "lead", "", "host=customer", "lead > customer by host (violation)"},
	{"which strict refuses", "lead", "", "host=customer strict", "refused: move"},
	{"strict lets legal ones be", "mql", "owner handed running", "host=sql strict", "mql > sql by host"},
	{"strict, and the same stage", "customer", "", "host=customer strict", ""},
	{"an unknown stage", "lead", "", "host=? strict", ""},
	{"out by the host, in by score", "mql", "owner handed running fit=50 intent=20", "host=lead", "mql > lead by host (violation), lead > mql by score, kept to 7/5, void, clock"},
	{"the host's owner", "mql", "owner handed running", "owner=6", "host to 7/6"},
	{"the same one", "mql", "owner handed running", "owner=5", ""},
	{"none", "mql", "owner handed running", "owner=0", "host to 7/0"},
	{"the host's team", "mql", "owner handed running", "team=4", "host to 4/5"},

	{"adopted: where the host says", "-", "", "adopt new host=customer", "- > customer by entry, it was at -5 h"},
	{"adopted: no move by score", "-", "", "adopt new sixty touch=20", "- > lead by entry, it was at -5 h"},
	{"adopted: nor by a disqualifying rule", "-", "", "adopt new out", "- > lead by entry, it was at -5 h"},
	{"adopted: no route", "-", "", "adopt new host=mql", "- > mql by entry, it was at -5 h"},
	{"adopted: its owner, no clock", "-", "", "adopt new host=mql owner=3", "- > mql by entry, it was at -5 h, host to 0/3"},
	{"adopted: its history is known", "mql", "", "adopt new host=mql", ""},
	{"adopted touches", "lead", "fit=50", "adopt touch=20", ""},
	{"adopted touches answer nothing", "mql", "owner handed running", "adopt answer=-1", ""},
	{"an adopted deal", "lead", "", "adopt won", "lead > customer by won, it was at -1 h"},
	{"where the host names the stage", "lead", "", "adopt hosts won", ""},
	{"an adopted change of stage", "lead", "", "adopt host=mql", "lead > mql by host"},
	{"and back in nurture: its promise ends", "mql", "owner handed running", "adopt host=nurture", "mql > nurture by host, void"},
	{"adopted: back without a clock", "mql", "owner gone", "adopt back", ""},
	{"an adopted mql that gets an owner", "mql", "", "owner=3", "host to 0/3, clock"},
	{"one that had an owner gets another", "mql", "owner handed", "owner=3", "host to 7/3"},

	{"a deal", "lead", "", "opened", "lead > opportunity by opportunity, it was at -1 h"},
	{"a deal that was won", "lead", "", "won", "lead > customer by won, it was at -1 h"},
	{"a deal of an sql", "sql", "owner handed running", "opened", "sql > opportunity by opportunity, it was at -1 h"},
	{"a second deal", "opportunity", "owner", "opened", ""},
	{"a customer's new deal", "customer", "", "opened", ""},
	{"a customer's second", "customer", "", "won", ""},
	{"an evangelist's", "evangelist", "", "won", ""},
	{"a recycled lead's", "nurture", "owner", "opened", "nurture > opportunity by opportunity, it was at -1 h"},
	{"a disqualified lead's", "disqualified", "", "won", "disqualified > customer by won, it was at -1 h"},
	{"a deal from before the stage", "lead", "since=0", "opened", "lead > opportunity by opportunity"},

	{"answered in time", "mql", "owner handed running", "answer=-1", "kept at -1 h"},
	{"at the last moment", "mql", "owner handed running", "answer=0", "kept"},
	{"late", "mql", "owner handed running", "answer=1", "late at +1 h"},
	{"no clock runs", "mql", "owner handed", "answer=1", ""},
	{"answered, then rejected", "mql", "owner handed running", "answer=-1 reject=budget", "mql > disqualified by reject for budget, kept at -1 h"},

	{"gone", "mql", "owner handed running", "gone", "void"},
	{"gone after an answer", "mql", "owner handed", "gone", ""},
	{"gone twice", "mql", "owner gone", "gone", ""},
	{"gone with a new owner", "mql", "owner handed running", "gone owner=6", "host to 7/6, void"},
	{"a gone lead's new owner", "mql", "owner gone", "owner=6", "host to 7/6"},
	{"back: the promise counts on", "mql", "owner gone", "back", "clock at -3 h"},
	{"back: it had been kept", "mql", "owner handed gone", "back", ""},
	{"back in nurture", "nurture", "owner gone", "back", ""},
	{"back without an owner", "lead", "gone", "back", ""},
	{"back and never gone", "mql", "owner handed running", "back", ""},
	{"gone and back at once", "mql", "owner handed running", "gone back", "void, clock at -3 h"},
	{"back, qualified", "lead", "gone fit=50", "back touch=20", "lead > mql by score, route to 7/100, clock"},
};

static int
stage_of(const Agreement *a, const char *code)
{
	return stage_by_code(a, code, strlen(code));
}

static void
take_state(const char *word, LeadState *state, World *world)
{
	int			n;

	if (strcmp(word, "owner") == 0)
	{
		state->team_id = 7;
		state->rep_id = 5;
		state->assigned_at = NOW - 3 * HOUR;
		state->assignments = 1;
	}
	else if (strcmp(word, "handed") == 0)
		state->handed_over = true;
	else if (strcmp(word, "running") == 0)
		state->running = state->clocks = 1;
	else if (sscanf(word, "running=%d", &n) == 1)
	{
		state->running = n;
		state->clocks = __builtin_popcount(n);
	}
	else if (strcmp(word, "gone") == 0)
		state->gone_at = NOW - HOUR;
	else if (strcmp(word, "disq") == 0)
		state->disqualified = true;
	else if (strcmp(word, "moved") == 0)
		state->moves = 1;
	else if (strcmp(word, "noroute") == 0)
		world->routes = false;
	else if (strcmp(word, "nopromise") == 0)
		world->promises = false;
	else if (strcmp(word, "away") == 0)
		world->inactive = 5;
	else if (sscanf(word, "accepted=%d", &n) == 1)
		world->accepted_by = n;
	else if (sscanf(word, "tried=%d/%d", &world->attempts.made, &world->attempts.days) == 2)
		return;
	else if (sscanf(word, "fit=%d", &n) == 1)
		state->fit = n;
	else if (sscanf(word, "intent=%d", &n) == 1)
		state->intent_pos = decay_touch(n, NOW, 0);
	else if (sscanf(word, "since=%d", &n) == 1)
		state->stage_since = NOW + n * HOUR;
	else
		ok(false, "the word \"%s\" is known", word);
}

static void
fire(LeadNews *news, int rule)
{
	static uint64 fired;

	if (news->fired == NULL)
		fired = 0;
	fired |= UINT64CONST(1) << rule;
	news->fired = &fired;
}

static bool
take_verb_word(const Agreement *a, const char *word, Verb *verb)
{
	static const struct
	{
		const char *word;
		VerbKind	kind;
	}			verbs[] = {{"accept", VERB_ACCEPT}, {"reject", VERB_REJECT},
	{"recycle", VERB_RECYCLE}, {"advance", VERB_ADVANCE}, {"assign", VERB_ASSIGN},
	{"no_response", VERB_NO_RESPONSE}, {"duplicate", VERB_DUPLICATE}, {"overturn", VERB_OVERTURN}};
	const char *value = strchr(word, '=');
	size_t		n = value == NULL ? strlen(word) : value - word;

	value = value == NULL ? NULL : value + 1;
	if (sscanf(word, "accept@%d", &verb->rep_id) == 1)
	{
		verb->kind = VERB_ACCEPT;
		verb->team_id = 7;
		return true;
	}
	for (int i = 0; i < lengthof(verbs); i++)
	{
		if (strlen(verbs[i].word) != n || strncmp(verbs[i].word, word, n) != 0)
			continue;
		verb->kind = verbs[i].kind;
		verb->until = NOW + 100 * HOUR;
		verb->survivor_id = verb->kind == VERB_DUPLICATE ? 2 : 0;
		verb->seq = 1;
		if (verb->kind == VERB_ADVANCE)
			verb->to_stage = stage_of(a, value);
		else if (verb->kind == VERB_ASSIGN)
		{
			verb->rep_id = atoi(value);
			verb->team_id = 7;
		}
		else
			verb->reason = value;
		return true;
	}
	return false;
}

static void
take_word(const Agreement *a, const char *word, LeadNews *news)
{
	int			n;

	if (strcmp(word, "new") == 0)
		news->is_new = true;
	else if (strcmp(word, "sixty") == 0)
		fire(news, 0);
	else if (strcmp(word, "minus") == 0)
		fire(news, 1);
	else if (strcmp(word, "out") == 0)
		fire(news, 2);
	else if (strcmp(word, "fifty") == 0)
		fire(news, 3);
	else if (strcmp(word, "gone") == 0)
		news->is_gone = true;
	else if (strcmp(word, "back") == 0)
		news->is_back = true;
	else if (strcmp(word, "strict") == 0)
		news->strict = true;
	else if (strcmp(word, "adopt") == 0)
		news->adopt = true;
	else if (strcmp(word, "hosts") == 0)
		news->stage_is_hosts = true;
	else if (strcmp(word, "due") == 0)
		news->due |= DUE_RECYCLE;
	else if (strcmp(word, "opened") == 0 || strcmp(word, "won") == 0)
	{
		news->opportunity = word[0] == 'w' ? OPPORTUNITY_IS_WON : OPPORTUNITY_OPENED;
		news->opportunity_at = NOW - HOUR;
	}
	else if (strncmp(word, "host=", 5) == 0)
	{
		news->stage_told = true;
		news->host_stage = stage_of(a, word + 5);
	}
	else if (sscanf(word, "owner=%d", &n) == 1)
	{
		news->owner_told = true;
		news->host_rep_id = n;
	}
	else if (sscanf(word, "team=%d", &n) == 1)
	{
		news->team_told = true;
		news->host_team_id = n;
	}
	else if (sscanf(word, "touch=%d", &n) == 1 || sscanf(word, "resum=%d", &n) == 1)
	{
		news->touched = true;
		news->resummed = word[0] == 'r';
		news->intent_pos = decay_touch(n, NOW, 0);
		news->touches = 1;
		news->last_touch_at = NOW;
	}
	else if (sscanf(word, "neg=%d", &n) == 1)
	{
		news->touched = true;
		news->intent_neg = decay_touch(n, NOW, 0);
		news->touches = 1;
	}
	else if (sscanf(word, "answer=%d", &n) == 1)
	{
		for (int kind = 0; kind < N_PROMISES; kind++)
			news->clocks[kind].due_at = NOW;
		news->clocks[PROMISE_FIRST_RESPONSE].answered_at = NOW + n * HOUR;
	}
	else if (strncmp(word, "for=", 4) == 0)
		news->verb.reason = word + 4;
	else if (!take_verb_word(a, word, &news->verb))
		ok(false, "the word \"%s\" is known", word);
}

static void
run_case(const Agreement *a, const Case *c)
{
	World		world = {.routes = true,.promises = true};
	DecideEnv	env;
	LeadState	state;
	LeadNews	news;
	Effects		effects;
	char		before[100];
	char		words[100];
	char	   *rest;

	snprintf(before, sizeof(before), "%s", c->before);
	snprintf(words, sizeof(words), "%s", c->news);
	state_init(&state, 1, NOW - 5 * HOUR);
	news_init(&news);
	if (strcmp(c->stage, "-") != 0)
	{
		state.stage = stage_of(a, c->stage);
		state.moves = 1;
	}
	for (char *w = strtok_r(before, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
		take_state(w, &state, &world);
	for (char *w = strtok_r(words, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
		take_word(a, w, &news);
	world_env(&world, &env);
	decide(a, &state, &news, NOW, &env, &effects);
	same_text(effects_text(a, &effects), c->expected, c->name);
}

void
test_cases(void)
{
	const Agreement *a = default_agreement();

	ok(stage_by_code(a, "mql", 3) == 3 && stage_by_code(a, "mqlx", 3) == 3 &&
	   stage_by_code(a, "mq", 2) == NO_STAGE && stage_by_code(a, "mqlx", 4) == NO_STAGE &&
	   stage_by_code(a, "", 0) == NO_STAGE, "stages are found by their whole code");
	for (int i = 0; i < N_CAUSES; i++)
		ok(cause_name(i) != NULL && cause_name(i)[0] != '\0', "cause %d has a word", i);
	for (int i = 0; i < lengthof(cases); i++)
		run_case(a, &cases[i]);
}
