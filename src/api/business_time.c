/*
 * business_time.c
 *		SQL-callable business time: calendars by number or by name.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "define/calendar_load.h"
#include "define/invalidate.h"
#include "time/calendar.h"

PG_FUNCTION_INFO_V1(revops_business_add);
PG_FUNCTION_INFO_V1(revops_business_add_named);
PG_FUNCTION_INFO_V1(revops_business_between);
PG_FUNCTION_INFO_V1(revops_business_between_named);
PG_FUNCTION_INFO_V1(revops_is_open);
PG_FUNCTION_INFO_V1(revops_is_open_named);
PG_FUNCTION_INFO_V1(revops_next_open);
PG_FUNCTION_INFO_V1(revops_next_open_named);
PG_FUNCTION_INFO_V1(revops_next_close);
PG_FUNCTION_INFO_V1(revops_next_close_named);
PG_FUNCTION_INFO_V1(revops_business_left);
PG_FUNCTION_INFO_V1(revops_calendar_problem);
PG_FUNCTION_INFO_V1(revops_check_calendar);
PG_FUNCTION_INFO_V1(revops_check_calendar_named);

/* The name that a call site looked up last: queries in bulk repeat it. */
typedef struct NameMemo
{
	uint64		generation;
	int32		workspace_id;
	int32		calendar_id;
	int			length;
	char		name[NAMEDATALEN];
} NameMemo;

static int32
look_up_name(FunctionCallInfo fcinfo, text *name, int32 workspace_id)
{
	NameMemo   *memo = fcinfo->flinfo->fn_extra;
	uint64		generation = definitions_generation();
	int			length = VARSIZE_ANY_EXHDR(name);
	int32		calendar_id;

	if (memo != NULL && memo->generation == generation &&
		memo->workspace_id == workspace_id && memo->length == length &&
		memcmp(memo->name, VARDATA_ANY(name), length) == 0)
		return memo->calendar_id;

	calendar_id = calendar_id_by_name(text_to_cstring(name), workspace_id);
	if (length > NAMEDATALEN)
		return calendar_id;
	if (memo == NULL)
		fcinfo->flinfo->fn_extra = memo =
			MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(NameMemo));
	memo->generation = generation;
	memo->workspace_id = workspace_id;
	memo->calendar_id = calendar_id;
	memo->length = length;
	memcpy(memo->name, VARDATA_ANY(name), length);
	return calendar_id;
}

/* Argument 0 is the calendar's name, the last one the workspace's number. */
static Calendar *
named_calendar(FunctionCallInfo fcinfo)
{
	return calendar_by_id(look_up_name(fcinfo, PG_GETARG_TEXT_PP(0),
									   PG_GETARG_INT32(PG_NARGS() - 1)));
}

static Calendar *
numbered_calendar(FunctionCallInfo fcinfo)
{
	return calendar_by_id(PG_GETARG_INT32(0));
}

/* An interval as a length of business time: it has no business days. */
static int64
exact_length(const Interval *length)
{
	if (length->month != 0 || length->day != 0)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
				 errmsg("interval \"%s\" is not a length of business time",
						DatumGetCString(DirectFunctionCall1(interval_out,
															PointerGetDatum(length)))),
				 errdetail("Days, weeks, months and years have no fixed length in business time."),
				 errhint("Give hours, minutes or seconds, such as '8 hours' for a working day.")));
	return length->time;
}

static Datum
add(FunctionCallInfo fcinfo, Calendar *cal)
{
	return TimestampTzGetDatum(calendar_add(cal, PG_GETARG_TIMESTAMPTZ(1),
											exact_length(PG_GETARG_INTERVAL_P(2))));
}

static Datum
between(FunctionCallInfo fcinfo, Calendar *cal)
{
	Interval   *length = palloc0(sizeof(Interval));

	length->time = calendar_between(cal, PG_GETARG_TIMESTAMPTZ(1),
									PG_GETARG_TIMESTAMPTZ(2));
	return PointerGetDatum(length);
}

/* revops.business_add(calendar_id int, since timestamptz, length interval) */
Datum
revops_business_add(PG_FUNCTION_ARGS)
{
	return add(fcinfo, numbered_calendar(fcinfo));
}

Datum
revops_business_add_named(PG_FUNCTION_ARGS)
{
	return add(fcinfo, named_calendar(fcinfo));
}

/* revops.business_between(calendar_id int, since timestamptz, until timestamptz) */
Datum
revops_business_between(PG_FUNCTION_ARGS)
{
	return between(fcinfo, numbered_calendar(fcinfo));
}

Datum
revops_business_between_named(PG_FUNCTION_ARGS)
{
	return between(fcinfo, named_calendar(fcinfo));
}

/* revops.is_open(calendar_id int, at timestamptz) */
Datum
revops_is_open(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(calendar_is_open(numbered_calendar(fcinfo), PG_GETARG_TIMESTAMPTZ(1)));
}

Datum
revops_is_open_named(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(calendar_is_open(named_calendar(fcinfo), PG_GETARG_TIMESTAMPTZ(1)));
}

/* revops.next_open(calendar_id int, at timestamptz) */
Datum
revops_next_open(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(calendar_next_open(numbered_calendar(fcinfo), PG_GETARG_TIMESTAMPTZ(1)));
}

Datum
revops_next_open_named(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(calendar_next_open(named_calendar(fcinfo), PG_GETARG_TIMESTAMPTZ(1)));
}

/* revops.next_close(calendar_id int, at timestamptz) */
Datum
revops_next_close(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(calendar_next_close(numbered_calendar(fcinfo), PG_GETARG_TIMESTAMPTZ(1)));
}

Datum
revops_next_close_named(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(calendar_next_close(named_calendar(fcinfo), PG_GETARG_TIMESTAMPTZ(1)));
}

/* revops.check_calendar(calendar_id int): compiling it raises what is wrong */
Datum
revops_check_calendar(PG_FUNCTION_ARGS)
{
	(void) numbered_calendar(fcinfo);
	PG_RETURN_VOID();
}

Datum
revops_check_calendar_named(PG_FUNCTION_ARGS)
{
	(void) named_calendar(fcinfo);
	PG_RETURN_VOID();
}

/*
 * revops.business_left(calendar_id int, since timestamptz, until timestamptz):
 * for views, which one calendar's problem or one clock's odd time must not
 * take from everybody.
 */
Datum
revops_business_left(PG_FUNCTION_ARGS)
{
	const char *problem;
	Calendar   *cal = calendar_if_sound(PG_GETARG_INT32(0), &problem);

	if (cal == NULL || !calendar_answers_for(PG_GETARG_TIMESTAMPTZ(1)) ||
		!calendar_answers_for(PG_GETARG_TIMESTAMPTZ(2)))
		PG_RETURN_NULL();
	return between(fcinfo, cal);
}

/* revops.calendar_problem(calendar_id int) */
Datum
revops_calendar_problem(PG_FUNCTION_ARGS)
{
	const char *problem;

	(void) calendar_if_sound(PG_GETARG_INT32(0), &problem);
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}
