/*
 * handoff.c
 *		See handoff.h.
 */
#include "postgres.h"

#include <string.h>

#include "decide/handoff.h"

static StagePurpose
purpose_of(const Agreement *a, int stage)
{
	return stage == NO_STAGE ? PURPOSE_NONE : a->stages[stage].purpose;
}

bool
handoff_before_acceptance(const Agreement *a, int stage, bool qualified_too)
{
	int			qualified = a->by_purpose[PURPOSE_QUALIFIED];

	switch (purpose_of(a, stage))
	{
		case PURPOSE_ENTRY:
			return true;
		case PURPOSE_QUALIFIED:
			return qualified_too;
		case PURPOSE_NONE:
			return stage != NO_STAGE && qualified != NO_STAGE &&
				a->stages[stage].position < a->stages[qualified].position;
		default:
			return false;
	}
}

bool
handoff_was_dropped(const Agreement *a, int stage)
{
	StagePurpose purpose = purpose_of(a, stage);

	return purpose == PURPOSE_NURTURE || purpose == PURPOSE_DISQUALIFIED;
}

bool
handoff_with_sales(const Agreement *a, int stage)
{
	return !handoff_before_acceptance(a, stage, false) && !handoff_was_dropped(a, stage);
}

bool
handoff_is_accepted(const Agreement *a, int stage)
{
	switch (purpose_of(a, stage))
	{
		case PURPOSE_ACCEPTED:
		case PURPOSE_OPPORTUNITY:
		case PURPOSE_WON:
			return true;
		default:
			return false;
	}
}

void
handoff_guard(const Agreement *a, const DecideEnv *env, int from, int to, const char *reason,
			  bool names_survivor, Verdict *verdict)
{
	const HandoffTerms *terms = &a->handoff;
	Attempts   *attempts = &verdict->attempts;

	if (reason == NULL || terms->no_response == NULL || env->attempts == NULL ||
		!handoff_was_dropped(a, to) || !handoff_with_sales(a, from))
		return;
	if (terms->attempts > 0 && strcmp(reason, terms->no_response) == 0)
	{
		env->attempts(env->arg, attempts);
		if (attempts->made < terms->attempts || attempts->days < terms->attempts_days)
			verdict->unmet |= GUARD_ATTEMPTS;
	}
	if (!names_survivor && strcmp(reason, terms->duplicate) == 0)
		verdict->unmet |= GUARD_SURVIVOR;
}
