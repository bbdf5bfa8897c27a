/*
 * nurture_test.c
 *		Tracks: who enters one, what a step, a signal, a move and silence do, and
 *		what brings a recycled lead back (G1-G3).
 */
#include "postgres.h"

#include <stdio.h>

#include "decide/nurture.h"
#include "tap.h"
#include "time/decay.h"
#include "world.h"

#undef snprintf

static char *budget[] = {"no_budget"};
static int	three[] = {1, 2, 5};

static Track tracks[] = {
	{.code = "use_case",.nreasons = 1,.reasons = budget,.back_intent = 30,.back_when = true,
	.back_stage = NO_STAGE,.back_to = BACK_TO_OTHER,.nsteps = 3,.positions = three},
	{.code = "recycled",.takes_rest = true,.back_after = -1,.back_stage = NO_STAGE,.nsteps = 1,.positions = three},
	{.code = "silence",.silent_after = 10 * HOUR,.back_stage = NO_STAGE,.nsteps = 1,.positions = three},
	{.code = "outreach",.sequence = true,.back_stage = NO_STAGE,.nsteps = 3,.positions = three},
};

/* What one case begins with, and is told. */
typedef struct Scene
{
	const char *name;
	const char *stage;
	int			track;			/* that it is in; NO_TRACK: none */
	bool		recycled;
	bool		stopped;
	int			step;
	int			done;
	int			next;			/* hours from now */
	bool		awaited;
	bool		step_due;
	bool		silence_due;
	const char *heard;
	int			renewed;		/* points */
	int			spoke;			/* hours ago; 0: not */
	int			inbound;		/* hours ago; 0: not */
	VerbKind	verb;
	const char *reason;
	int			until;			/* hours from now; 0: none */
	bool		condition;
	bool		gone;
	const char *expected;
} Scene;

#define OUT		.track = NO_TRACK

static const Scene scenes[] = {
	{"recycled: the track of the reason, no step before the date", "mql", OUT,.verb = VERB_RECYCLE,
		.reason = "no_budget",.until = 50,.expected = "nurture, enters use_case by recycled (no_budget) at +50, back at +50"},
	{"recycled: the track of the rest, and its date brings nobody back", "mql", OUT,.verb = VERB_RECYCLE,
		.reason = "timing",.until = 50,.expected = "nurture, enters recycled by recycled (timing) at +50"},
	{"recycled: a date that is sooner than the first step", "mql", OUT,.verb = VERB_RECYCLE,
		.reason = "no_budget",.until = 2,.expected = "nurture, enters use_case by recycled (no_budget) at +7, back at +2"},
	{"recycled out of a sequence", "mql", 3,.verb = VERB_RECYCLE,.reason = "no_budget",.until = 50,
		.expected = "nurture, ends by recycled, enters use_case by recycled (no_budget) at +50, back at +50"},
	{"a step is due", "nurture", 0,.recycled = true,.step_due = true,.next = 0,
		.expected = "nurture, step 1 due, next at +7"},
	{"a step is not due yet", "nurture", 0,.recycled = true,.step_due = true,.next = 1,.expected = "nurture"},
	{"after a downtime the next counts from now", "lead", 2,.step_due = true,.next = -100,.expected = "lead, step 1 due, ends by completed"},
	{"the same with steps to come", "lead", 0,.step_due = true,.next = -100,.expected = "lead, step 1 due, next at +7"},
	{"the last step of a recycled lead: it stays for the way back", "nurture", 0,.recycled = true,.step = 2,.step_due = true,
		.expected = "nurture, step 5 due, stops by completed"},
	{"the last step of a sequence", "sql", 3,.step = 2,.step_due = true,.expected = "sql, step 5 due, ends by completed"},
	{"a reply comes before the step", "sql", 3,.step_due = true,.heard = "email_reply",.expected = "sql, ends by signal (email_reply)"},
	{"a reply of a recycled lead", "nurture", 0,.recycled = true,.heard = "email_reply",.expected = "nurture, stops by signal (email_reply)"},
	{"another reply", "nurture", 0,.recycled = true,.stopped = true,.heard = "email_reply",.expected = "nurture"},
	{"renewed intent", "nurture", 0,.recycled = true,.renewed = 30,.expected = "lead, ends by came_back"},
	{"renewed intent after the steps stopped", "nurture", 0,.recycled = true,.stopped = true,.renewed = 30,.expected = "lead, ends by came_back"},
	{"not enough of it", "nurture", 0,.recycled = true,.renewed = 29,.expected = "nurture"},
	{"where the track does not listen", "nurture", 1,.recycled = true,.renewed = 99,.expected = "nurture"},
	{"the condition holds", "nurture", 0,.recycled = true,.condition = true,.expected = "lead, ends by came_back"},
	{"it was not recycled", "nurture", 0,.condition = true,.renewed = 99,.expected = "nurture"},
	{"the track is not in this version", "lead", 9,.expected = "lead, ends by track_gone"},
	{"accepted", "mql", 0,.verb = VERB_ACCEPT,.expected = "sql, ends by moved"},
	{"enrolled by hand", "sql", 0,.verb = VERB_ENROL,.expected = "sql, ends by replaced, enters outreach by asked at +7"},
	{"gone, and perhaps back at once", "sql", 3,.gone = true,.expected = "sql"},
	{"gone when a step falls due", "sql", 3,.gone = true,.step_due = true,.expected = "sql, ends by gone"},
	{"leaves", "sql", 3,.verb = VERB_LEAVE,.expected = "sql, ends by left"},
	{"cannot leave", "sql", OUT,.verb = VERB_LEAVE,.expected = "refused"},
	{"done", "sql", 3,.step = 2,.done = 1,.verb = VERB_DONE,.expected = "sql, step 2 done"},
	{"done already", "sql", 3,.step = 2,.done = 2,.verb = VERB_DONE,.expected = "refused"},
	{"never was due", "sql", OUT,.verb = VERB_DONE,.expected = "refused"},
	{"a conversation", "lead", OUT,.spoke = 1,.inbound = 1,.expected = "lead, awaited, silent at +9"},
	{"another: the timer is left alone", "lead", OUT,.awaited = true,.spoke = 1,.inbound = 1,.expected = "lead, awaited"},
	{"silent", "lead", OUT,.awaited = true,.silence_due = true,.spoke = 10,.expected = "lead, enters silence by silence at +7"},
	{"not silent after all", "lead", OUT,.awaited = true,.silence_due = true,.spoke = 1,.inbound = 4,.expected = "lead, awaited, silent at +6"},
	{"the conversation was taken back", "lead", OUT,.awaited = true,.silence_due = true,.expected = "lead"},
	{"silent, but in a track", "lead", 0,.awaited = true,.silence_due = true,.spoke = 10,.expected = "lead"},
	{"silent, but a customer", "customer", OUT,.awaited = true,.silence_due = true,.spoke = 10,.expected = "customer"},
};

static bool
scene_comes_back(void *arg, int track)
{
	return ((const Scene *) arg)->condition;
}

/* each step is seven hours after the one before */
static bool
scene_step_at(void *arg, int track, int step, TimestampTz from, TimestampTz not_before, TimestampTz *at)
{
	*at = Max(from + 7 * HOUR, not_before);
	return true;
}

static bool
scene_last_recycled(void *arg, int *track, int32 *rep_id)
{
	return false;
}

static const NurtureEnv scene_env = {scene_comes_back, scene_step_at, scene_last_recycled};

static char words[400];

static void
say(const char *format, const char *word, long number)
{
	size_t		length = strlen(words);

	snprintf(words + length, sizeof(words) - length, format, word, number);
}

static long
hours(TimestampTz at)
{
	return (long) ((at - NOW) / HOUR);
}

static const char *
decided(const Agreement *a, const Effects *e)
{
	const NurtureEffects *n = &e->nurture;

	words[0] = '\0';
	if (e->refusal != NOT_REFUSED)
		return "refused";
	say("%s", a->stages[e->next.stage].code, 0);
	if (n->done > 0)
		say(", step%s %ld done", "", n->done);
	if (n->due > 0)
		say(", step%s %ld due", "", n->due);
	if (n->due > 0 && n->next_at != NO_TIME)
		say(", next at%s %+ld", "", hours(n->next_at));
	if (n->stops || n->ends)
		say(n->ends ? ", ends by %s" : ", stops by %s", n->cause, 0);
	if (n->reason != NULL)
		say(" (%s)", n->reason, 0);
	if (n->track != NO_TRACK)
	{
		say(", enters %s", a->tracks[n->track].code, 0);
		say(" by %s", n->entry_cause, 0);
		if (n->entry_reason != NULL)
			say(" (%s)", n->entry_reason, 0);
		say(" at%s %+ld", "", hours(n->first_at));
	}
	if (e->next.awaited)
		say(", %s", "awaited", 0);
	if (n->silent_at != NO_TIME)
		say(", silent at%s %+ld", "", hours(n->silent_at));
	for (int i = 0; i < e->ntimers; i++)
		say(", back at%s %+ld", "", hours(e->timers[i].due_at));
	return words;
}

static TimestampTz
ago(int n)
{
	return n == 0 ? NO_TIME : NOW - n * HOUR;
}

static void
run_scene(const Agreement *a, Scene scene)
{
	World		world = {.routes = true,.promises = true};
	uint64		none = 0;
	DecideEnv	env;
	LeadState	state;
	LeadNews	news;
	Effects		effects;
	Enrolment	e = {.open = true,.recycled = scene.recycled,.stopped = scene.stopped,
		.track = scene.track < a->ntracks ? scene.track : NO_TRACK,.step = scene.step,.done = scene.done,
	.enrolled_at = NOW - 20 * HOUR,.next_at = scene.stopped ? NO_TIME : NOW + scene.next * HOUR};

	world_env(&world, &env);
	env.arg = &world;
	state_init(&state, 1, NOW - 30 * HOUR);
	news_init(&news);
	state.stage = stage_by_code(a, scene.stage, strlen(scene.stage));
	state.moves = 1;
	state.enrolled = scene.track != NO_TRACK;
	state.awaited = scene.awaited;
	news.fired = &none;
	if (state.enrolled)
		news.nurture.enrolment = &e;
	state.gone_at = scene.gone ? NOW - HOUR : NO_TIME;
	news.nurture.step_due = scene.step_due;
	news.nurture.silence_due = scene.silence_due;
	news.nurture.heard = scene.heard;
	news.nurture.spoke_at = ago(scene.spoke);
	news.nurture.inbound_at = ago(scene.inbound);
	if (scene.renewed > 0)
		news.nurture.renewed_pos = decay_touch(scene.renewed, NOW, a->half_life);
	news.verb.kind = scene.verb;
	news.verb.reason = scene.reason;
	news.verb.until = scene.until == 0 ? NO_TIME : NOW + scene.until * HOUR;
	news.verb.track = 3;
	/* routes are asked of the world, tracks of the scene: no scene needs both */
	env.nurture = &scene_env;
	env.arg = &scene;
	decide(a, &state, &news, NOW, &env, &effects);
	same_text(decided(a, &effects), scene.expected, scene.name);
	ok(effects.refusal != NOT_REFUSED ||
	   effects.next.enrolled == ((state.enrolled && !effects.nurture.ends) || effects.nurture.track != NO_TRACK),
	   "the flag says so: %s", scene.name);
}

void
test_nurture(void)
{
	Agreement	a = *default_agreement();

	a.ntracks = lengthof(tracks);
	a.tracks = tracks;
	a.silence_track = 2;
	a.spares = a.renews = true;
	for (int i = 0; i < lengthof(scenes); i++)
		run_scene(&a, scenes[i]);
}
