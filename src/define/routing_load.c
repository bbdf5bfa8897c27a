/*
 * routing_load.c
 *		See routing_load.h.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "define/load.h"
#include "define/routing_load.h"

static TimestampTz
time_field(uint64 row, int column, TimestampTz none)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? none : DatumGetTimestampTz(value);
}

static void
load_reps(Definitions *def)
{
	def->nreps = (int) read_rows(def, "SELECT rep_id, rep, calendar_id, active FROM revops.rep "
								 "WHERE workspace_id = $1 ORDER BY rep_id");
	def->reps = zeroed(def, sizeof(Rep) * def->nreps);
	for (int i = 0; i < def->nreps; i++)
	{
		def->reps[i].rep_id = int_field(i, 1);
		def->reps[i].code = text_field(def, i, 2);
		def->reps[i].calendar_id = int_field(i, 3);
		def->reps[i].active = bool_field(i, 4);
	}
}

static void
load_absences(Definitions *def)
{
	uint64		n = read_rows(def, "SELECT t.rep_id, t.starts_at, t.ends_at FROM revops.time_off t JOIN revops.rep USING (rep_id) "
							  "WHERE workspace_id = $1 ORDER BY 1, 2, 3");
	Absence    *absences = zeroed(def, sizeof(Absence) * n);

	for (uint64 i = 0; i < n; i++)
	{
		Rep		   *rep = rep_by_id(def, int_field(i, 1));

		if (rep->nabsences++ == 0)
			rep->absences = &absences[i];
		absences[i].from = time_field(i, 2, 0);
		absences[i].until = time_field(i, 3, 0);
	}
}

/* A word of rep_cap.period. */
static CapPeriod
cap_period(const char *word)
{
	return strcmp(word, "open") == 0 ? CAP_OPEN : strcmp(word, "day") == 0 ? CAP_DAY :
		strcmp(word, "week") == 0 ? CAP_WEEK : CAP_MONTH;
}

static void
load_caps_of_reps(Definitions *def)
{
	uint64		n = read_rows(def, "SELECT c.rep_id, c.period, w.time_zone FROM revops.rep_cap c JOIN revops.rep USING (rep_id) "
							  "JOIN revops.workspace w USING (workspace_id) WHERE workspace_id = $1 ORDER BY 1, 2");

	for (uint64 i = 0; i < n; i++)
	{
		Rep		   *rep = rep_by_id(def, int_field(i, 1));
		CapPeriod	period = cap_period(text_field(def, i, 2));

		rep->caps[rep->ncaps++] = period;
		rep->counted |= period == CAP_OPEN;
		def->counted |= rep->counted;
	}
	if (n > 0)
		def->reporting_zone = pg_tzset(text_field(def, 0, 3));
	if (n > 0 && def->reporting_zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
				 errmsg("time zone \"%s\" of workspace %d does not exist", text_field(def, 0, 3), def->workspace_id),
				 errdetail("The caps of reps by day, week or month are of that zone."),
				 errhint("Set workspace.time_zone.")));
}

static void
load_needs(Definitions *def)
{
	uint64		n;

	def->nneeds = (int) read_rows(def, "SELECT skill, condition, team_id FROM revops.skill_need "
								  "WHERE workspace_id = $1 ORDER BY skill_need_id");
	if (def->nneeds == 0)
		return;
	def->needs = zeroed(def, sizeof(SkillNeed) * def->nneeds);
	for (int i = 0; i < def->nneeds; i++)
	{
		def->needs[i].skill = text_field(def, i, 1);
		def->needs[i].condition = text_field(def, i, 2);
		def->needs[i].team_id = int_field(i, 3);
	}
	for (int i = 0; i < def->nreps; i++)
		def->reps[i].skills = zeroed(def, sizeof(uint64) * (def->nneeds / 64 + 1));
	n = read_rows(def, "SELECT s.rep_id, s.skill FROM revops.rep_skill s JOIN revops.rep USING (rep_id) WHERE workspace_id = $1");
	for (uint64 row = 0; row < n; row++)
	{
		Rep		   *rep = rep_by_id(def, int_field(row, 1));
		char	   *skill = text_field(def, row, 2);

		for (int i = 0; i < def->nneeds; i++)
			if (strcmp(def->needs[i].skill, skill) == 0)
				rep->skills[i / 64] |= UINT64CONST(1) << (i % 64);
	}
}

static WhenAway
when_away(const char *word)
{
	return strcmp(word, "hold") == 0 ? AWAY_HOLD :
		strcmp(word, "team") == 0 ? AWAY_OTHER_TEAM : AWAY_QUEUE;
}

static void
load_teams(Definitions *def)
{
	def->nteams = (int) read_rows(def, "SELECT team_id, team, only_in_hours, when_away, other_team_id, mode = 'least_loaded' FROM revops.team "
								  "WHERE workspace_id = $1 ORDER BY team_id");
	def->teams = zeroed(def, sizeof(Team) * def->nteams);
	for (int i = 0; i < def->nteams; i++)
	{
		def->teams[i].team_id = int_field(i, 1);
		def->teams[i].code = text_field(def, i, 2);
		def->teams[i].only_in_hours = bool_field(i, 3);
		def->teams[i].when_away = when_away(text_field(def, i, 4));
		def->teams[i].other_team_id = int_field(i, 5);
		def->teams[i].least_loaded = bool_field(i, 6);
	}
}

static void
take_member(Definitions *def, Team *team, Rep *rep)
{
	if (rep == NULL)
		return;
	rep->counted |= team->least_loaded;
	def->counted |= rep->counted;
	team->capped |= rep->ncaps > 0;
}

static void
load_members(Definitions *def)
{
	uint64		n = read_rows(def, "SELECT m.team_id, m.rep_id, m.weight FROM revops.team_member m "
							  "JOIN revops.team t USING (team_id) WHERE t.workspace_id = $1 ORDER BY 1, 2");
	uint64		row = 0;

	for (int i = 0; i < def->nteams; i++)
	{
		Team	   *team = &def->teams[i];
		uint64		first = row;

		while (row < n && int_field(row, 1) == team->team_id)
			row++;
		team->n = (int) (row - first);
		team->rep_ids = zeroed(def, sizeof(int32) * team->n);
		team->weights = zeroed(def, sizeof(int32) * team->n);
		for (int m = 0; m < team->n; m++)
		{
			team->rep_ids[m] = int_field(first + m, 2);
			team->weights[m] = int_field(first + m, 3);
			take_member(def, team, rep_by_id(def, team->rep_ids[m]));
		}
	}
}

static void
load_routes(Definitions *def)
{
	def->nroutes = (int) read_rows(def, "SELECT route_id, team_id, rep_id, to_queue, valid_from, valid_until, calendar_id, in_hours, "
								   "route, condition FROM revops.route WHERE workspace_id = $1 AND active ORDER BY position");
	def->routes = zeroed(def, sizeof(Route) * def->nroutes);
	for (int i = 0; i < def->nroutes; i++)
	{
		Route	   *route = &def->routes[i];

		route->route_id = int_field(i, 1);
		route->team_id = int_field(i, 2);
		route->rep_id = int_field(i, 3);
		route->to_queue = bool_field(i, 4);
		route->valid_from = time_field(i, 5, DT_NOBEGIN);
		route->valid_until = time_field(i, 6, DT_NOEND);
		route->calendar_id = int_field(i, 7);
		route->in_hours = bool_field(i, 8);
		route->name = text_field(def, i, 9);
		route->condition = text_field(def, i, 10);
	}
}

void
load_routing(Definitions *def)
{
	load_reps(def);
	load_absences(def);
	load_caps_of_reps(def);
	load_needs(def);
	load_teams(def);
	load_members(def);
	load_routes(def);
}
