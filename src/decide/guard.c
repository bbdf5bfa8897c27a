/*
 * guard.c
 *		See guard.h.
 */
#include "postgres.h"

#include <string.h>

#include "decide/guard.h"
#include "decide/handoff.h"

static const Transition *
asks_of(const Agreement *a, int from, int to)
{
	return a->asks == NULL || from == NO_STAGE ? NULL : a->asks[from * a->nstages + to];
}

static bool
takes_reason(const Transition *asks, const char *reason)
{
	if (asks == NULL || !asks->lists_reasons)
		return true;
	for (int i = 0; i < asks->nreasons; i++)
		if (strcmp(asks->reasons[i], reason) == 0)
			return true;
	return false;
}

Verdict
guard_entry(const Agreement *agreement, const DecideEnv *env, int from, int to)
{
	Verdict		verdict = {0};
	const Stage *stage = &agreement->stages[to];
	const Transition *asks;

	if (!agreement->guarded || env->may_enter == NULL)
		return verdict;
	asks = asks_of(agreement, from, to);
	if (stage->nneeds > 0)
		verdict.roles = env->empty_roles(env->arg, to);
	if (asks != NULL && asks->nanswers > 0)
		verdict.answers = env->unanswered(env->arg, from, to);
	if (verdict.roles != 0)
		verdict.unmet |= GUARD_NEEDS;
	if (verdict.answers != 0)
		verdict.unmet |= GUARD_ANSWERS;
	if (stage->has_condition && !env->may_enter(env->arg, to))
		verdict.unmet |= GUARD_CONDITION;
	return verdict;
}

Verdict
guard_move(const Agreement *agreement, const DecideEnv *env, int from, int to,
		   const char *reason, bool names_survivor)
{
	Verdict		verdict = guard_entry(agreement, env, from, to);
	MoveRule	rule = from == NO_STAGE ? MOVE_REFUSED :
		(MoveRule) agreement->moves[from * agreement->nstages + to];

	if (rule == MOVE_REFUSED)
		verdict.unmet |= GUARD_TRANSITION;
	else if (reason == NULL ? rule == MOVE_NEEDS_REASON :
			 env->may_enter != NULL && !takes_reason(asks_of(agreement, from, to), reason))
		verdict.unmet |= GUARD_REASON;
	handoff_guard(agreement, env, from, to, reason, names_survivor, &verdict);
	return verdict;
}
