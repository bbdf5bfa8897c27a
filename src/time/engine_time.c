/*
 * engine_time.c
 *		The injectable clock: see engine_time.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_engine_now);

static char *now_setting = NULL;
static TimestampTz fixed_now = 0;
static bool has_fixed_now = false;
static TimestampTz looked_at = DT_NOEND;

#define OUR_ERA		((date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)

/*
 * The moment as a text that means the same under every TimeZone and DateStyle,
 * without a letter: a parallel worker that restores its settings crashes when
 * it reads one, as its table of time zone abbreviations is not there yet.
 */
static char *
canonical(TimestampTz moment)
{
	char		buf[MAXDATELEN + 1];
	int			zone = 0;

	(void) JsonEncodeDateTime(buf, TimestampTzGetDatum(moment), TIMESTAMPTZOID, &zone);
	*strchr(buf, 'T') = ' ';
	return guc_strdup(LOG, buf);
}

/*
 * A text that is no moment raises here, which reports it as well as a refusal
 * would.  The value is kept in UTC: parallel workers are given the text, and
 * may read it before they are given the session's TimeZone.
 */
static bool
check_now(char **newval, void **extra, GucSource source)
{
	TimestampTz moment;
	char	   *text;

	if (*newval == NULL || **newval == '\0')
		return true;
	if (!IsTransactionState())
	{
		GUC_check_errdetail("\"pg_revops.now\" can be set only inside a session.");
		return false;
	}
	moment = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
													 CStringGetDatum(*newval),
													 ObjectIdGetDatum(InvalidOid),
													 Int32GetDatum(-1)));
	if (TIMESTAMP_NOT_FINITE(moment) || moment < OUR_ERA)
	{
		GUC_check_errdetail("\"pg_revops.now\" must be a finite moment, of the year 1 or later.");
		return false;
	}
	text = canonical(moment);
	if (text == NULL)
		return false;
	*extra = guc_malloc(LOG, sizeof(TimestampTz));
	if (*extra == NULL)
	{
		guc_free(text);
		return false;
	}
	guc_free(*newval);
	*newval = text;
	*(TimestampTz *) *extra = moment;
	return true;
}

static void
assign_now(const char *newval, void *extra)
{
	has_fixed_now = (extra != NULL);
	fixed_now = has_fixed_now ? *(TimestampTz *) extra : 0;
}

/*
 * Allowed in parallel operations: where a function that a parallel query calls
 * is the first to need this library, a value that was set before is given to
 * the setting only then, and would else be refused, and the real clock be read.
 */
void
engine_time_init(void)
{
	DefineCustomStringVariable("pg_revops.now",
							   "Fixes the engine's clock, for tests and replays of history.",
							   "A timestamp with time zone, shown in UTC; empty means the real clock.",
							   &now_setting, "", PGC_SUSET, GUC_ALLOW_IN_PARALLEL,
							   check_now, assign_now, NULL);
}

TimestampTz
engine_clock(void)
{
	return has_fixed_now ? fixed_now : GetCurrentTimestamp();
}

void
engine_look_at(TimestampTz at)
{
	looked_at = at;
}

TimestampTz
engine_now(void)
{
	if (looked_at != DT_NOEND)
		return looked_at;
	return has_fixed_now ? fixed_now : GetCurrentTransactionStartTimestamp();
}

/* revops.engine_now() returns timestamptz */
Datum
revops_engine_now(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(engine_now());
}
