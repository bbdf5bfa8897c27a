/*
 * question.c
 *		See question.h.
 */
#include "postgres.h"

#include "base/attempt.h"
#include "define/calendar_load.h"
#include "settle/env.h"
#include "settle/question.h"
#include "time/calendar.h"

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

bool
question_holds(Settle *s, RuleSet *set, int rule, const char *kind, const char *name)
{
	Question	q = {.s = s,.set = set,.rule = rule};

	if (rule < 0)
		return true;
	/* what it opens must not belong to the question's subtransaction */
	q.roles = env_roles(s);
	return ask(&q, match_step, kind, name) && q.holds;
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

bool
question_due(Settle *s, int64 span, int32 calendar_id, TimestampTz from,
			 TimestampTz not_before, const char *kind, const char *name, TimestampTz *due_at)
{
	Question	q = {.s = s,.span = span,.calendar_id = calendar_id,.from = from,
	.not_before = not_before};

	if (!ask(&q, due_step, kind, name))
		return false;
	*due_at = q.due_at;
	return true;
}

static void
left_step(void *arg)
{
	Question   *q = arg;

	q->span = q->calendar_id == 0 ? q->not_before - q->from :
		calendar_between(calendar_by_id(q->calendar_id), q->from, q->not_before);
}

bool
question_left(Settle *s, int32 calendar_id, TimestampTz from, TimestampTz until,
			  const char *kind, const char *name, int64 *left)
{
	Question	q = {.s = s,.calendar_id = calendar_id,.from = from,.not_before = until};

	if (!ask(&q, left_step, kind, name))
		return false;
	*left = q.span;
	return true;
}

static void
open_step(void *arg)
{
	Question   *q = arg;

	q->holds = calendar_is_open(calendar_by_id(q->calendar_id), q->from);
}

bool
question_open(Settle *s, int32 calendar_id, TimestampTz at, const char *kind, const char *name)
{
	Question	q = {.s = s,.calendar_id = calendar_id,.from = at};

	return !ask(&q, open_step, kind, name) || q.holds;
}
