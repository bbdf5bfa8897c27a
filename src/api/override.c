/*
 * override.c
 *		What people set in place of what the rules say of a lead, and take back.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/verb.h"
#include "base/errors.h"
#include "settle/overrides.h"
#include "settle/pending.h"

PG_FUNCTION_INFO_V1(revops_override_score);
PG_FUNCTION_INFO_V1(revops_withdraw_override);

/* The highest value of a part; raises 22023 for what is none. */
static int
highest_of(const char *part)
{
	if (strcmp(part, "fit") == 0 || strcmp(part, "intent") == 0)
		return 100;
	if (strcmp(part, "disqualified") == 0)
		return 1;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a score has no part \"%s\" that can be set", echoed(part)),
			 errhint("Parts are fit, intent and disqualified.")));
}

static void
check_value(const char *part, int value)
{
	int			highest = highest_of(part);

	if (value < 0 || value > highest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s can't be set to %d", part, value),
				 errdetail("It has values from 0 to %d.", highest),
				 errhint("revops.withdraw_override() lets the rules count again.")));
}

static void
check_until(TimestampTz until, TimestampTz now)
{
	if (until > now)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("override_score: \"until\" must be in the future"),
			 errdetail("It is %s; now is %s.", pstrdup(timestamptz_to_str(until)),
					   pstrdup(timestamptz_to_str(now))),
			 errhint("Give the date up to which it is to hold, or leave it out.")));
}

/* Settle the lead by what is said of it now, and end the settle. */
static void
settle_by_overrides(Settle *s, int64 lead_id)
{
	LeadChange	change;

	CommandCounterIncrement();
	change_init(&change);
	change.wait = true;
	/* touches of the same transaction came first */
	if (pending_for(lead_id))
		(void) settle_lead(s, lead_id, &change);
	change.overrides = true;
	change.rescore = true;
	if (settle_lead(s, lead_id, &change) != SETTLED)
		unknown_lead(lead_id);
	settle_end(s);
}

/* revops.override_score(lead_id bigint, part text, value int, reason text, until timestamptz) */
Datum
revops_override_score(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"lead_id", "part", "value", "reason", "until"};
	Settle		s;
	int64		lead_id;
	int32		workspace_id;
	char	   *part;
	char	   *reason;

	for (int i = 0; i < lengthof(names); i++)
		refuse_null(fcinfo, i, "override_score", names[i]);
	lead_id = PG_GETARG_INT64(0);
	part = text_to_cstring(PG_GETARG_TEXT_PP(1));
	reason = text_to_cstring(PG_GETARG_TEXT_PP(3));
	check_value(part, PG_GETARG_INT32(2));
	workspace_id = workspace_of(lead_id);
	check_reason(workspace_id, "override", reason);
	settle_begin(&s, workspace_id, true);
	check_until(PG_GETARG_TIMESTAMPTZ(4), s.now);
	overrides_append(&s, lead_id, part, PG_GETARG_INT32(2), reason, PG_GETARG_TIMESTAMPTZ(4));
	settle_by_overrides(&s, lead_id);
	PG_RETURN_VOID();
}

/* revops.withdraw_override(lead_id bigint, part text, reason text) */
Datum
revops_withdraw_override(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"lead_id", "part", "reason"};
	Settle		s;
	int64		lead_id;
	int32		workspace_id;
	char	   *part;
	char	   *reason;

	for (int i = 0; i < lengthof(names); i++)
		refuse_null(fcinfo, i, "withdraw_override", names[i]);
	lead_id = PG_GETARG_INT64(0);
	part = text_to_cstring(PG_GETARG_TEXT_PP(1));
	reason = text_to_cstring(PG_GETARG_TEXT_PP(2));
	(void) highest_of(part);
	workspace_id = workspace_of(lead_id);
	check_reason(workspace_id, "override", reason);
	settle_begin(&s, workspace_id, true);
	if (!overrides_any(&s, lead_id, part))
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("nobody has set %s of lead %lld", part, (long long) lead_id),
				 errdetail("There is nothing to take back: the rules count."),
				 errhint("revops.explain_score() shows what is set of a lead's score.")));
	overrides_append(&s, lead_id, part, NOT_SET, reason, DT_NOEND);
	settle_by_overrides(&s, lead_id);
	PG_RETURN_VOID();
}
