/*
 * engine_time.c
 *		The injectable clock: see engine_time.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_engine_now);

static char *now_setting = NULL;
static TimestampTz fixed_now = 0;
static bool has_fixed_now = false;

/*
 * timestamptz_in errors on bad input; a GUC check hook may not.  The value is
 * parsed in a check hook with errors turned into a refusal by the GUC machinery
 * itself: an ERROR raised here reports the offending text.
 */
static bool
check_now(char **newval, void **extra, GucSource source)
{
	TimestampTz *moment;

	if (*newval == NULL || **newval == '\0')
		return true;
	if (!IsTransactionState())
	{
		GUC_check_errdetail("\"pg_revops.now\" can be set only inside a session.");
		return false;
	}
	moment = malloc(sizeof(TimestampTz));
	if (moment == NULL)
		return false;
	*moment = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
													  CStringGetDatum(*newval),
													  ObjectIdGetDatum(InvalidOid),
													  Int32GetDatum(-1)));
	*extra = moment;
	return true;
}

static void
assign_now(const char *newval, void *extra)
{
	has_fixed_now = (extra != NULL);
	fixed_now = has_fixed_now ? *(TimestampTz *) extra : 0;
}

void
engine_time_init(void)
{
	DefineCustomStringVariable("pg_revops.now",
							   "Fixes the engine's clock, for tests and replays of history.",
							   "A timestamp with time zone; empty means the real clock.",
							   &now_setting, "", PGC_SUSET, 0,
							   check_now, assign_now, NULL);
}

TimestampTz
engine_clock(void)
{
	return has_fixed_now ? fixed_now : GetCurrentTimestamp();
}

TimestampTz
engine_now(void)
{
	return has_fixed_now ? fixed_now : GetCurrentTransactionStartTimestamp();
}

/* revops.engine_now() returns timestamptz */
Datum
revops_engine_now(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(engine_now());
}
