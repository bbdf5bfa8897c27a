/*
 * calendar_load.c
 *		See calendar_load.h.
 *
 * One hash of calendars a backend, thrown away as a whole when definitions
 * have changed.  Its size is bounded: a calendar's rules are small, and the
 * intervals of all of them are given back when they pass INTERVALS_LIMIT.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/errors.h"
#include "base/owner.h"
#include "define/calendar_load.h"
#include "define/invalidate.h"

PG_FUNCTION_INFO_V1(revops_validate_calendar);

#define INTERVALS_LIMIT		((Size) 64 * 1024 * 1024)
/* growths of calendars between two looks at their total size */
#define GROWTHS_UNSEEN		64

typedef struct CacheEntry
{
	int32		calendar_id;
	Calendar   *calendar;
} CacheEntry;

static MemoryContext cache_cxt = NULL;
static HTAB *cache = NULL;
static uint64 cache_generation = 0;
static uint64 growths_seen = 0;

/* filled under the snapshot of a parallel query, which may be an old one */
static bool cache_is_passing = false;

/* ------------------------------------------------- reading the tables */

/*
 * Between owner_enter and owner_leave our queries run under the newest
 * snapshot: what is cached must not be older than the invalidation that emptied
 * the cache.  A parallel query may take no other snapshot than its own, so what
 * it loads serves for it alone.
 */
static void
read_rows(const char *query, int nargs, Oid *types, Datum *values)
{
	int			rc = SPI_execute_with_args(query, nargs, types, values, NULL,
										   true, 0);

	if (rc != SPI_OK_SELECT)
		elog(ERROR, "reading calendars failed: %s", SPI_result_code_string(rc));
}

static void
read_rows_of(const char *query, int32 calendar_id)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(calendar_id);

	read_rows(query, 1, &type, &value);
}

static Datum
column(uint64 row, int attno, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 attno, isnull);
}

/*
 * Days on which weekly hours come into force or end, finite, distinct and
 * ascending: the seasons' first days, but for the season without beginning.
 */
#define SEASONS \
	"SELECT since AS day FROM revops.calendar_hours" \
	" WHERE calendar_id OPERATOR(pg_catalog.=) $1 AND pg_catalog.isfinite(since)" \
	" UNION SELECT until FROM revops.calendar_hours" \
	" WHERE calendar_id OPERATOR(pg_catalog.=) $1 AND pg_catalog.isfinite(until)"

static void
add_weekly_hours(Calendar *cal, int32 calendar_id)
{
	DateADT		season = DATEVAL_NOBEGIN;
	uint64		row;
	bool		isnull;

	/* rows of a season without hours have nothing but its day */
	read_rows_of("SELECT s.day, h.isodow, h.opens, h.closes"
				 " FROM (SELECT date '-infinity' AS day UNION ALL (" SEASONS ")) s"
				 " LEFT JOIN revops.calendar_hours h"
				 " ON h.calendar_id OPERATOR(pg_catalog.=) $1"
				 " AND h.since OPERATOR(pg_catalog.<=) s.day"
				 " AND h.until OPERATOR(pg_catalog.>) s.day"
				 " ORDER BY s.day, h.isodow, h.opens", calendar_id);
	for (row = 0; row < SPI_processed; row++)
	{
		DateADT		day = DatumGetDateADT(column(row, 1, &isnull));
		int16		isodow = DatumGetInt16(column(row, 2, &isnull));

		if (day != season)
			calendar_begin_season(cal, day);
		season = day;
		if (!isnull)
			calendar_add_weekly(cal, isodow,
								DatumGetTimeADT(column(row, 3, &isnull)),
								DatumGetTimeADT(column(row, 4, &isnull)));
	}
}

static void
add_exceptions(Calendar *cal, int32 calendar_id)
{
	uint64		row;

	read_rows_of("SELECT day, opens, closes FROM revops.calendar_exception"
				 " WHERE calendar_id OPERATOR(pg_catalog.=) $1"
				 " ORDER BY day, opens NULLS FIRST", calendar_id);
	for (row = 0; row < SPI_processed; row++)
	{
		bool		isnull,
					no_opens,
					no_closes;
		DateADT		day = DatumGetDateADT(column(row, 1, &isnull));
		Datum		opens = column(row, 2, &no_opens);
		Datum		closes = column(row, 3, &no_closes);

		if (no_opens != no_closes)
			calendar_note_half_span(cal, day, no_opens);
		else if (no_opens)
			calendar_close_day(cal, day);
		else
			calendar_add_exception(cal, day, DatumGetTimeADT(opens),
								   DatumGetTimeADT(closes));
	}
}

/*
 * Compiles a calendar into the current memory context; NULL if there is none
 * of that number.  It may be one that has a problem or is never open.
 */
static Calendar *
read_calendar(int32 calendar_id)
{
	MemoryContext parent = CurrentMemoryContext;
	Calendar   *cal = NULL;
	OwnerScope	scope;

	owner_enter(&scope);
	read_rows_of("SELECT calendar, time_zone FROM revops.calendar"
				 " WHERE calendar_id OPERATOR(pg_catalog.=) $1", calendar_id);
	if (SPI_processed == 1)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, 1);
		char	   *zone = SPI_getvalue(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, 2);

		cal = calendar_create(parent, calendar_id, name, zone);
		add_weekly_hours(cal, calendar_id);
		add_exceptions(cal, calendar_id);
	}
	owner_leave(&scope);
	return cal;
}

/* ------------------------------------------------------------ the cache */

static void
start_cache(uint64 generation)
{
	HASHCTL		ctl = {0};

	if (cache_cxt != NULL)
		MemoryContextDelete(cache_cxt);
	cache = NULL;
	cache_cxt = NULL;
	cache_cxt = AllocSetContextCreate(CacheMemoryContext, "pg_revops calendars",
									  ALLOCSET_SMALL_SIZES);
	ctl.keysize = sizeof(int32);
	ctl.entrysize = sizeof(CacheEntry);
	ctl.hcxt = cache_cxt;
	cache = hash_create("pg_revops calendars", 16, &ctl,
						HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	cache_generation = generation;
	cache_is_passing = false;
}

/* Gives all intervals back when there are too many; rules stay. */
static void
bound_memory(void)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	growths_seen = calendar_growths();
	if (MemoryContextMemAllocated(cache_cxt, true) < INTERVALS_LIMIT)
		return;
	hash_seq_init(&status, cache);
	while ((entry = hash_seq_search(&status)) != NULL)
		calendar_forget_intervals(entry->calendar);
}

/*
 * Reads a calendar and keeps it.  It is built below the caller's context and
 * moved under the cache when it is whole, so that an error leaves nothing.
 */
static Calendar *
load_calendar(int32 calendar_id)
{
	MemoryContext building = AllocSetContextCreate(CurrentMemoryContext,
												   "pg_revops calendar being read",
												   ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(building);
	Calendar   *cal = read_calendar(calendar_id);
	CacheEntry *entry;

	MemoryContextSwitchTo(caller);
	if (cal == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("calendar %d does not exist", calendar_id),
				 errdetail("No calendar has this number."),
				 errhint("revops.calendar lists the calendars.")));
	calendar_note_never_open(cal);

	MemoryContextSetParent(building, cache_cxt);
	entry = hash_search(cache, &calendar_id, HASH_ENTER, NULL);
	entry->calendar = cal;
	cache_is_passing |= IsInParallelMode();
	return cal;
}

/* The calendar, from the cache if it is there; it may have a problem. */
static Calendar *
cached_calendar(int32 calendar_id)
{
	uint64		generation = definitions_generation();
	CacheEntry *entry;

	if (unlikely(cache == NULL || generation != cache_generation ||
				 (cache_is_passing && !IsInParallelMode())))
		start_cache(generation);
	else if (unlikely(calendar_growths() - growths_seen > GROWTHS_UNSEEN))
		bound_memory();

	entry = hash_search(cache, &calendar_id, HASH_FIND, NULL);
	return likely(entry != NULL) ? entry->calendar : load_calendar(calendar_id);
}

Calendar *
calendar_by_id(int32 calendar_id)
{
	Calendar   *cal = cached_calendar(calendar_id);

	calendar_check_rules(cal);
	return cal;
}

Calendar *
calendar_if_sound(int32 calendar_id, const char **problem)
{
	Calendar   *cal = cached_calendar(calendar_id);

	*problem = calendar_problem(cal);
	return *problem == NULL ? cal : NULL;
}

int32
calendar_id_by_name(const char *name, int32 workspace_id)
{
	Oid			types[2] = {TEXTOID, INT4OID};
	Datum		values[2] = {CStringGetTextDatum(name), Int32GetDatum(workspace_id)};
	bool		isnull;
	int32		calendar_id;
	OwnerScope	scope;

	owner_enter(&scope);
	read_rows("SELECT calendar_id FROM revops.calendar"
			  " WHERE calendar OPERATOR(pg_catalog.=) $1"
			  " AND workspace_id OPERATOR(pg_catalog.=) $2", 2, types, values);
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("calendar \"%s\" does not exist in workspace %d",
						name, workspace_id),
				 errdetail("Calendars are found by name within their workspace only."),
				 errhint("revops.calendar lists the calendars.")));
	calendar_id = DatumGetInt32(column(0, 1, &isnull));
	owner_leave(&scope);
	return calendar_id;
}

/* ----------------------------------------------------------- validation */

/* Compiles one calendar for its errors only. */
static void
validate_calendar(int32 calendar_id)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "pg_revops calendar being checked",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	Calendar   *cal;

	cal = read_calendar(calendar_id);
	if (cal != NULL)
		calendar_check_rules(cal);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

/*
 * revops.validate_calendar(): AFTER INSERT or UPDATE statement trigger of the
 * calendar tables, with the new rows as the transition table "changed".  The
 * same code that compiles a calendar for use checks it here; only "never open"
 * isn't checked, so that a calendar can be inserted before its hours.
 *
 * pg_restore sets check_function_bodies off and loads rows before those that
 * they fit to: then the check happens at first use.
 */
Datum
revops_validate_calendar(PG_FUNCTION_ARGS)
{
	uint64		row,
				count;
	int32	   *calendar_ids;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"validate_calendar\" was not called by trigger manager")));
	if (!check_function_bodies)
		return PointerGetDatum(NULL);

	if (SPI_connect() != SPI_OK_CONNECT ||
		SPI_register_trigger_data((TriggerData *) fcinfo->context) != SPI_OK_TD_REGISTER)
		elog(ERROR, "SPI_connect failed");
	/* not read-only: the statement's own rows must be visible from here on */
	if (SPI_execute("SELECT DISTINCT calendar_id FROM changed", false, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the changed calendars failed");

	count = SPI_processed;
	calendar_ids = palloc(sizeof(int32) * Max(count, 1));
	for (row = 0; row < count; row++)
	{
		bool		isnull;

		calendar_ids[row] = DatumGetInt32(column(row, 1, &isnull));
	}
	for (row = 0; row < count; row++)
		validate_calendar(calendar_ids[row]);
	SPI_finish();
	return PointerGetDatum(NULL);
}
