/*
 * team.c
 *		See team.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "settle/capacity.h"
#include "settle/engine_scan.h"
#include "settle/question.h"
#include "settle/team.h"
#include "settle/turns.h"

/* teams that stand in for one another, one after the other */
#define TEAMS_IN_A_ROW	8

/* when nobody can tell how long it will last */
#define RETRY_AFTER		(15 * USECS_PER_MINUTE)

/* steps in which somebody who is away comes back: absences and closed hours in turn */
#define STEPS_BACK		100

/* ----- who is there ------------------------------------------------------------------ */

/* The absence at a moment, or NULL. */
static const Absence *
absence_at(const Rep *rep, TimestampTz at)
{
	for (int i = 0; i < rep->nabsences && rep->absences[i].from <= at; i++)
		if (at < rep->absences[i].until)
			return &rep->absences[i];
	return NULL;
}

bool
team_rep_is_there(Settle *s, const Rep *rep)
{
	return rep->active && absence_at(rep, s->now) == NULL;
}

static bool
keeps_hours(const Team *team, const Rep *rep)
{
	return team->only_in_hours && rep->calendar_id != 0;
}

/* What keeps the rep from any lead of the team at this moment. */
static Obstacle
away_by_time(Settle *s, const Team *team, const Rep *rep)
{
	if (rep == NULL || !rep->active)
		return OBSTACLE_SWITCHED_OFF;
	if (absence_at(rep, s->now) != NULL)
		return OBSTACLE_TIME_OFF;
	if (keeps_hours(team, rep) &&
		!question_open(s, rep->calendar_id, s->now, "hours of rep", rep->code))
		return OBSTACLE_HOURS;
	return NO_OBSTACLE;
}

/* Skills that the lead at hand needs in a team, as bits; NULL: none. */
static uint64 *
needed_skills(Settle *s, const Team *team)
{
	uint64	   *needed = NULL;

	for (int i = 0; i < s->def->nneeds; i++)
	{
		const SkillNeed *need = &s->def->needs[i];

		if ((need->team_id != 0 && need->team_id != team->team_id) ||
			!question_holds(s, s->program->routing, s->program->need_rule[i], "need of skill", need->skill))
			continue;
		if (needed == NULL)
			needed = palloc0(sizeof(uint64) * (s->def->nneeds / 64 + 1));
		needed[i / 64] |= UINT64CONST(1) << (i % 64);
	}
	return needed;
}

static bool
has_skills(Settle *s, const Rep *rep, const uint64 *needed)
{
	for (int i = 0; needed != NULL && i <= s->def->nneeds / 64; i++)
		if ((needed[i] & ~rep->skills[i]) != 0)
			return false;
	return true;
}

/* ----- who gets it ------------------------------------------------------------------- */

/* Members of a team, and what keeps each from the lead at hand. */
typedef struct Field
{
	Team	   *team;
	Rep		  **reps;
	Obstacle   *obstacles;
	bool	   *away;
	int			there;			/* how many nothing keeps */
} Field;

static void
keep_away(Field *field, int place, Obstacle obstacle)
{
	field->obstacles[place] = obstacle;
	field->away[place] = true;
	field->there--;
}

/* Those from whom the lead at hand was taken, by their number. */
static Bitmapset *
had_it(Settle *s)
{
	Bitmapset  *reps = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	settle_flush(s);
	ScanKeyInit(&key, ASSIGNMENT_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(s->lead_id));
	scan = engine_scan(&s->writers, TABLE_ASSIGNMENT, writer_pkey(&s->writers, TABLE_ASSIGNMENT), 1, &key);
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		Datum		cause = engine_column(&s->writers, TABLE_ASSIGNMENT, tuple, ASSIGNMENT_CAUSE);
		int32		rep_id = DatumGetInt32(engine_column(&s->writers, TABLE_ASSIGNMENT, tuple, ASSIGNMENT_FROM_REP_ID));

		if (rep_id != 0 && strcmp(TextDatumGetCString(cause), cause_name(CAUSE_REASSIGNED)) == 0)
			reps = bms_add_member(reps, rep_id);
	}
	engine_scan_end(scan);
	return reps;
}

static void
survey(Settle *s, Team *team, const Pick *pick, Field *field)
{
	const uint64 *needed = needed_skills(s, team);
	Bitmapset  *spared = pick->fresh ? had_it(s) : NULL;

	field->team = team;
	field->reps = palloc(sizeof(Rep *) * Max(team->n, 1));
	field->obstacles = palloc0(sizeof(Obstacle) * Max(team->n, 1));
	field->away = palloc0(sizeof(bool) * Max(team->n, 1));
	field->there = team->n;
	for (int i = 0; i < team->n; i++)
	{
		Rep		   *rep = rep_by_id(s->def, team->rep_ids[i]);
		Obstacle	obstacle = away_by_time(s, team, rep);

		field->reps[i] = rep;
		if (obstacle == NO_OBSTACLE && (team->rep_ids[i] == pick->not_rep_id ||
										bms_is_member(team->rep_ids[i], spared)))
			obstacle = OBSTACLE_SPARED;
		if (obstacle == NO_OBSTACLE && !has_skills(s, rep, needed))
			obstacle = OBSTACLE_SKILL;
		if (obstacle != NO_OBSTACLE)
			keep_away(field, i, obstacle);
	}
}

/* The first who is there, or -1. */
static int
first_there(const Field *field)
{
	for (int i = 0; i < field->team->n; i++)
		if (!field->away[i])
			return i;
	return -1;
}

/* Keep those away who have more open leads for their weight than another. */
static void
only_least_loaded(Settle *s, Field *field)
{
	const Team *team = field->team;
	int64		least = 0;
	int64		weight = 0;		/* 0: nobody was seen yet */

	for (int i = 0; i < team->n; i++)
	{
		int64		load = field->away[i] ? 0 : capacity_load(s, field->reps[i]) + 1;

		if (field->away[i] || (weight != 0 && load * weight >= least * team->weights[i]))
			continue;
		least = load;
		weight = team->weights[i];
	}
	for (int i = 0; i < team->n; i++)
		if (!field->away[i] &&
			(capacity_load(s, field->reps[i]) + 1) * weight > least * team->weights[i])
			keep_away(field, i, OBSTACLE_LOADED);
}

/* Those who were kept away by it are not any more. */
static void
forget_loads(Field *field)
{
	for (int i = 0; i < field->team->n; i++)
	{
		if (field->obstacles[i] != OBSTACLE_LOADED)
			continue;
		field->obstacles[i] = NO_OBSTACLE;
		field->away[i] = false;
		field->there++;
	}
}

/* Whose turn it is; where nothing is to be taken, whose it would be. */
static int
whose_turn(Settle *s, Field *field)
{
	if (s->trace != NULL)
		return turns_peek(s, field->team, field->away);
	if (s->foresees)
	{
		s->unforeseen |= field->there > 1;
		return first_there(field);
	}
	return turns_next(s, field->team, field->there == field->team->n ? NULL : field->away);
}

/* Take a turn, and a place of whose turn it is; who has none left is passed over. */
static int
take_turn(Settle *s, Field *field)
{
	Team	   *team = field->team;

	for (;;)
	{
		int			place;
		bool		alone;

		if (team->least_loaded && !s->foresees)
			only_least_loaded(s, field);
		alone = field->there == 1;
		place = whose_turn(s, field);
		if (place < 0 || !team->capped || (s->foresees && s->trace == NULL))
			return place;
		if (s->trace == NULL ? capacity_take(s, field->reps[place]) : capacity_has(s, field->reps[place]))
			return place;
		if (!alone && s->trace == NULL)
			turns_undo(s, team);
		keep_away(field, place, OBSTACLE_FULL);
		forget_loads(field);
	}
}

/* When a rep who is away by time is there again; NO_TIME: never. */
static TimestampTz
there_again(Settle *s, const Team *team, const Rep *rep)
{
	TimestampTz at = s->now;

	if (rep == NULL || !rep->active)
		return NO_TIME;
	for (int i = 0; i < STEPS_BACK; i++)
	{
		const Absence *absence = absence_at(rep, at);
		TimestampTz open = at;

		if (absence != NULL)
		{
			at = absence->until;
			continue;
		}
		if (!keeps_hours(team, rep) ||
			question_open(s, rep->calendar_id, at, "hours of rep", rep->code))
			return at;
		if (!question_due(s, 0, rep->calendar_id, at, NO_TIME, "hours of rep", rep->code, &open) ||
			open <= at)
			return NO_TIME;
		at = open;
	}
	return NO_TIME;
}

/* When somebody of the team may have it; NO_TIME: nobody ever will. */
static TimestampTz
retry_at(Settle *s, const Field *field)
{
	TimestampTz soonest = NO_TIME;

	for (int i = 0; i < field->team->n; i++)
	{
		TimestampTz at = NO_TIME;

		switch (field->obstacles[i])
		{
			case OBSTACLE_TIME_OFF:
			case OBSTACLE_HOURS:
				at = there_again(s, field->team, field->reps[i]);
				break;
			case OBSTACLE_FULL:
				at = s->now + RETRY_AFTER;
				break;
			default:
				break;
		}
		if (at != NO_TIME && (soonest == NO_TIME || at < soonest))
			soonest = at;
	}
	return soonest;
}

static void
tell_members(Settle *s, const Field *field, int chosen)
{
	if (s->trace == NULL)
		return;
	for (int i = 0; i < field->team->n; i++)
		s->trace->member(s->trace, field->team, field->reps[i], field->obstacles[i], i == chosen);
}

/* Nobody can: the team that stands in, or NULL where the lead stays. */
static Team *
stand_in(Settle *s, const Field *field, Pick *pick)
{
	const Team *team = field->team;

	if (team->when_away == AWAY_HOLD)
		pick->retry_at = retry_at(s, field);
	if (s->trace != NULL)
		s->trace->nobody(s->trace, team, pick->retry_at);
	return team->when_away == AWAY_OTHER_TEAM ? team_by_id(s->def, team->other_team_id) : NULL;
}

void
team_pick(Settle *s, Pick *pick)
{
	Team	   *team = team_by_id(s->def, pick->team_id);

	pick->rep_id = 0;
	pick->retry_at = NO_TIME;
	for (int i = 0; i < TEAMS_IN_A_ROW && team != NULL; i++)
	{
		Field		field;
		int			place;

		pick->team_id = team->team_id;
		survey(s, team, pick, &field);
		place = take_turn(s, &field);
		tell_members(s, &field, place);
		if (place >= 0)
		{
			pick->rep_id = team->rep_ids[place];
			return;
		}
		team = stand_in(s, &field, pick);
	}
}

/* ----- routes ------------------------------------------------------------------------ */

/* What is against a route, but for its condition; NULL: nothing. */
static const char *
is_closed(Settle *s, const Route *route)
{
	if (s->now < route->valid_from)
		return "not valid yet";
	if (s->now >= route->valid_until)
		return "valid no more";
	if (route->calendar_id != 0 &&
		question_open(s, route->calendar_id, s->now, "hours of route", route->name) != route->in_hours)
		return route->in_hours ? "outside of its hours" : "inside of the hours";
	return NULL;
}

/* Where the route leads: to its rep if that one can, else to its team, if it has one. */
static bool
leads_to(Settle *s, const Route *route, RouteTarget *target)
{
	Rep		   *rep = route->rep_id == 0 ? NULL : rep_by_id(s->def, route->rep_id);

	target->route_id = route->route_id;
	target->team_id = route->team_id;
	target->to_queue = route->to_queue;
	target->rep_id = 0;
	if (rep != NULL && team_rep_is_there(s, rep) &&
		(s->trace != NULL || s->foresees ? capacity_has(s, rep) : capacity_take(s, rep)))
		target->rep_id = rep->rep_id;
	return target->rep_id != 0 || target->team_id != 0;
}

static const char *
verdict_on(Settle *s, int place, RouteTarget *target)
{
	const Route *route = &s->def->routes[place];
	const char *closed = is_closed(s, route);

	if (closed != NULL)
		return closed;
	if (!question_holds(s, s->program->routing, s->program->route_rule[place], "route", route->name))
		return "condition does not hold";
	return leads_to(s, route, target) ? NULL : "its rep is away or has no room";
}

bool
team_route(Settle *s, RouteTarget *target)
{
	for (int i = 0; i < s->def->nroutes; i++)
	{
		const char *against = verdict_on(s, i, target);

		if (s->trace != NULL)
			s->trace->route(s->trace, &s->def->routes[i], against == NULL ? "taken" : against);
		if (against == NULL)
			return true;
	}
	return false;
}
