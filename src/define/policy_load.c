/*
 * policy_load.c
 *		See policy_load.h.
 */
#include "postgres.h"

#include <string.h>

#include "utils/timestamp.h"

#include "define/load.h"
#include "define/policy_load.h"

/* Exact time in a column: validation refuses months; NULL is 0. */
static int64
span_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);
	Interval   *span = isnull ? NULL : DatumGetIntervalP(value);

	return span == NULL ? 0 : span->time + span->day * USECS_PER_DAY;
}

static TimestampTz
moment_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? NO_TIME : DatumGetTimestampTz(value);
}

static void
load_policy_rows(Definitions *def)
{
	Agreement  *a = def->agreement;

	def->npolicies = (int) read_rows(def, "SELECT policy_id, policy, promise, condition, calendar_id, target, stage, attempts, "
									 "counts_from = 'creation', pauses_when, kept_when, coalesce(after_hours_target, target), after_hours_wall, "
									 "on_change = 'recompute', CASE WHEN on_trial THEN trial_until END "
									 "FROM revops.sla_policy WHERE agreement_id = $2 ORDER BY position");
	def->policies = zeroed(def, sizeof(Policy) * def->npolicies);
	for (int i = 0; i < def->npolicies; i++)
	{
		Policy	   *p = &def->policies[i];
		char	   *stage = text_field(def, i, 7);

		p->policy_id = int_field(i, 1);
		p->name = text_field(def, i, 2);
		p->condition = text_field(def, i, 4);
		p->calendar_id = int_field(i, 5);
		p->target = span_field(i, 6);
		p->stage = stage == NULL ? NO_STAGE : stage_by_code(a, stage, strlen(stage));
		p->attempts = int_field(i, 8);
		p->from_creation = bool_field(i, 9);
		p->pauses_when = text_field(def, i, 10);
		p->kept_when = text_field(def, i, 11);
		p->after_hours = span_field(i, 12);
		p->after_hours_wall = bool_field(i, 13);
		p->recomputes = bool_field(i, 14);
		p->trial_until = moment_field(i, 15);
		p->promise = promise_by_name(text_field(def, i, 3));
		if (p->promise < N_PROMISES)
			a->promises |= PROMISE_BIT(p->promise);
	}
}

static Policy *
policy_at(Definitions *def, int32 policy_id)
{
	int			i = 0;

	while (def->policies[i].policy_id != policy_id)
		i++;
	return &def->policies[i];
}

/* The signals that alone count for a policy. */
static void
load_policy_signals(Definitions *def)
{
	uint64		n = read_rows(def, "SELECT p.policy_id, s.signal_id FROM revops.sla_policy p "
							  "JOIN revops.signal s ON s.workspace_id = $1 AND s.signal = ANY (p.answered_by) "
							  "WHERE p.agreement_id = $2 ORDER BY p.position");
	int32	   *signals = zeroed(def, sizeof(int32) * n);

	for (uint64 i = 0; i < n; i++)
	{
		Policy	   *p = policy_at(def, int_field(i, 1));

		signals[i] = int_field(i, 2);
		if (p->nsignals++ == 0)
			p->signals = &signals[i];
	}
}

static void
load_policy_steps(Definitions *def)
{
	static const char *const actions[] = {
		[SLA_TELL] = "tell",
		[SLA_ESCALATE] = "escalate",
		[SLA_REASSIGN] = "reassign",
		[SLA_QUEUE] = "queue",
		[SLA_MOVE] = "move",
	};
	uint64		n = read_rows(def, "SELECT p.policy_id, t.position, t.step, t.after, t.action, t.rep_id, t.team_id, t.to_stage, t.reason, coalesce(t.at_most, 3) "
							  "FROM revops.sla_step t JOIN revops.sla_policy p USING (agreement_id, policy) "
							  "WHERE p.agreement_id = $2 ORDER BY p.position, t.after, t.position");
	PolicyStep *steps = zeroed(def, sizeof(PolicyStep) * n);

	for (uint64 i = 0; i < n; i++)
	{
		Policy	   *p = policy_at(def, int_field(i, 1));
		PolicyStep *step = &steps[i];
		char	   *action = text_field(def, i, 5);
		char	   *stage = text_field(def, i, 8);

		step->position = int_field(i, 2);
		step->name = text_field(def, i, 3);
		step->after = span_field(i, 4);
		while (strcmp(actions[step->action], action) != 0)
			step->action++;
		step->rep_id = int_field(i, 6);
		step->team_id = int_field(i, 7);
		step->to_stage = stage == NULL ? NO_STAGE : stage_by_code(def->agreement, stage, strlen(stage));
		step->reason = text_field(def, i, 9);
		step->at_most = int_field(i, 10);
		if (p->nsteps++ == 0)
			p->steps = step;
	}
}

/* Do clocks of any version that was in force depend on what the lead's row says? */
static void
load_watches(Definitions *def)
{
	(void) read_rows(def, "SELECT EXISTS (SELECT FROM revops.sla_policy p JOIN revops.agreement a USING (agreement_id) "
					 "WHERE a.workspace_id = $1 AND (p.agreement_id = $2 OR a.status <> 'draft') "
					 "AND (p.pauses_when IS NOT NULL OR p.kept_when IS NOT NULL))");
	def->watches = bool_field(0, 1);
}

void
load_policies(Definitions *def)
{
	load_policy_rows(def);
	load_policy_signals(def);
	load_policy_steps(def);
	load_watches(def);
}
