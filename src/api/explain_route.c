/*
 * explain_route.c
 *		Where the routes lead a profile, and why: the base of explain_route().
 *
 * Nothing is taken and nothing is written: the decision's own questions are
 * asked, and each answer becomes a row.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "settle/team.h"

PG_FUNCTION_INFO_V1(revops_route_steps);

enum
{
	STEP_STEP, STEP_KIND, STEP_ROUTE, STEP_TEAM, STEP_REP, STEP_VERDICT, STEP_COLS
};

typedef struct Steps
{
	RouteTrace	trace;			/* first: what it is told of comes to us */
	ReturnSetInfo *result;
	int			n;
} Steps;

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
add_step(Steps *steps, const char *kind, const char *route, const char *team, const char *rep,
		 const char *verdict)
{
	Datum		v[STEP_COLS];
	bool		nulls[STEP_COLS] = {0};

	v[STEP_STEP] = Int32GetDatum(++steps->n);
	v[STEP_KIND] = CStringGetTextDatum(kind);
	v[STEP_ROUTE] = text_or_null(route, &nulls[STEP_ROUTE]);
	v[STEP_TEAM] = text_or_null(team, &nulls[STEP_TEAM]);
	v[STEP_REP] = text_or_null(rep, &nulls[STEP_REP]);
	v[STEP_VERDICT] = text_or_null(verdict, &nulls[STEP_VERDICT]);
	tuplestore_putvalues(steps->result->setResult, steps->result->setDesc, v, nulls);
}

static void
told_route(RouteTrace *trace, const Route *route, const char *verdict)
{
	add_step((Steps *) trace, "route", route->name, NULL, NULL, verdict);
}

static void
told_member(RouteTrace *trace, const Team *team, const Rep *rep, Obstacle obstacle, bool chosen)
{
	static const char *const words[] = {
		[NO_OBSTACLE] = "not its turn",
		[OBSTACLE_SWITCHED_OFF] = "switched off",
		[OBSTACLE_TIME_OFF] = "time off",
		[OBSTACLE_HOURS] = "outside of its hours",
		[OBSTACLE_SPARED] = "has or had it",
		[OBSTACLE_SKILL] = "lacks a skill",
		[OBSTACLE_FULL] = "no room: a cap is reached",
		[OBSTACLE_LOADED] = "more open leads than others",
	};

	add_step((Steps *) trace, "member", NULL, team->code, rep == NULL ? NULL : rep->code,
			 chosen ? "its turn" : words[obstacle]);
}

static void
told_nobody(RouteTrace *trace, const Team *team, TimestampTz retry_at)
{
	const char *verdict = team->when_away == AWAY_OTHER_TEAM ? "another team stands in" :
		retry_at == NO_TIME ? "nobody can: it waits in the team" :
		psprintf("nobody can: it is held until %s", timestamptz_to_str(retry_at));

	add_step((Steps *) trace, "nobody", NULL, team->code, NULL, verdict);
}

static const char *
team_code(Settle *s, int32 team_id)
{
	Team	   *team = team_by_id(s->def, team_id);

	return team == NULL ? NULL : team->code;
}

static const char *
rep_code(Settle *s, int32 rep_id)
{
	Rep		   *rep = rep_by_id(s->def, rep_id);

	return rep == NULL ? NULL : rep->code;
}

/* Where it ends. */
static void
explain(Settle *s, Steps *steps)
{
	RouteTarget target = {0};
	Pick		pick = {.retry_at = NO_TIME};

	if (!team_route(s, &target))
	{
		add_step(steps, "result", NULL, NULL, NULL, "unrouted: no route takes it");
		return;
	}
	pick.team_id = target.team_id;
	pick.rep_id = target.rep_id;
	if (!target.to_queue && target.rep_id == 0)
		team_pick(s, &pick);
	add_step(steps, "result", NULL, team_code(s, pick.team_id), rep_code(s, pick.rep_id),
			 target.to_queue ? "waits in the team's queue" :
			 pick.rep_id != 0 ? "gets it" : "waits in the team");
}

/* revops.route_steps(binding_id int, profile jsonb, personal jsonb) */
Datum
revops_route_steps(PG_FUNCTION_ARGS)
{
	Binding    *binding = binding_by_id(PG_GETARG_INT32(0));
	Steps		steps = {{told_route, told_member, told_nobody}};
	MemoryContext old;
	Settle		s;

	InitMaterializedSRF(fcinfo, 0);
	steps.result = (ReturnSetInfo *) fcinfo->resultinfo;
	settle_begin_foreseeing(&s, binding->workspace_id);
	s.careful = true;
	s.trace = &steps.trace;
	settle_use(&s, binding);
	old = MemoryContextSwitchTo(s.lead_context);
	profile_to_slot(s.binding, PG_GETARG_JSONB_P(1), PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2), s.stored);
	s.roles = s.stored;
	explain(&s, &steps);
	MemoryContextSwitchTo(old);
	settle_abandon(&s);
	return (Datum) 0;
}
