/*
 * cause.c
 *		The words for causes, as facts carry them: see decide.h.
 */
#include "postgres.h"

#include <string.h>

#include "decide/decide.h"

static const char *const cause_names[N_CAUSES] = {
	[CAUSE_ENTRY] = "entry",
	[CAUSE_SCORE] = "score",
	[CAUSE_DISQUALIFIER] = "disqualifier",
	[CAUSE_ACCEPT] = "accept",
	[CAUSE_REJECT] = "reject",
	[CAUSE_RECYCLE] = "recycle",
	[CAUSE_ADVANCE] = "advance",
	[CAUSE_HOST] = "host",
	[CAUSE_OPPORTUNITY] = "opportunity",
	[CAUSE_WON] = "won",
	[CAUSE_DUE] = "due",
	[CAUSE_ROUTE] = "route",
	[CAUSE_KEPT] = "kept",
	[CAUSE_ASSIGN] = "assign",
	[CAUSE_UNROUTED] = "unrouted",
	[CAUSE_ADOPTED] = "adopted",
	[CAUSE_RENEWED] = "renewed",
	[CAUSE_CONDITION] = "condition",
	[CAUSE_RELEASED] = "released",
	[CAUSE_NO_RESPONSE] = "no_response",
	[CAUSE_DUPLICATE] = "duplicate",
	[CAUSE_OVERTURNED] = "overturned",
	[CAUSE_GRADE] = "grade",
	[CAUSE_CRITERIA] = "criteria",
	[CAUSE_LOST] = "lost",
	[CAUSE_ATTEMPTS] = "attempts",
	[CAUSE_STAY] = "stay",
	[CAUSE_SILENCE] = "silence",
	[CAUSE_WAITED] = "waited",
	[CAUSE_REASSIGNED] = "reassigned",
	[CAUSE_RETURNED] = "returned",
	[CAUSE_ACCOUNT] = "account",
	[CAUSE_SURVIVOR] = "survivor",
	[CAUSE_SLA] = "sla",
};

const char *
cause_name(Cause cause)
{
	return cause_names[cause];
}

Cause
cause_by_name(const char *name)
{
	int			cause = 0;

	while (cause < N_CAUSES && strcmp(cause_names[cause], name) != 0)
		cause++;
	return (Cause) cause;
}
