/*
 * injected_faults.c
 *		Raises an error where a function of the extension begins.
 *
 * Built into a copy of the tree by 062_injected_faults.pl, with
 * -finstrument-functions: then each function calls us when it begins and when
 * it ends, so that every step of a trigger can be made to fail without a mark
 * in the sources.  Functions are told by how far they lie behind revops_capture_lead.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define UNTOUCHED __attribute__((no_instrument_function))
#define MOST_FUNCTIONS	4096

extern Datum revops_capture_lead(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(injected_faults_arm);
PG_FUNCTION_INFO_V1(injected_faults_disarm);

typedef enum Injecting
{
	INJECT_NOTHING,
	INJECT_AT_CALL,				/* when that many functions have begun, once */
	INJECT_IN_FUNCTION			/* whenever that one begins */
} Injecting;

static Injecting injecting = INJECT_NOTHING;
static int64 wanted;
static int	sqlstate;
static int64 calls;
static int64 fired;
static int64 fired_in;			/* function */
static int	depth;				/* of functions from which on it is injected */

/* as offsets: where it is injected, and where never */
static int64 entries[16];
static int	nentries;
static int64 spared[256];
static int	nspared;
static int64 sheltered[64];		/* nor in what they call */
static int	nsheltered;
static int	shelter;
static int64 seen[MOST_FUNCTIONS];
static int	nseen;

static UNTOUCHED int64
offset_of(void *function)
{
	return (char *) function - (char *) revops_capture_lead;
}

static UNTOUCHED bool
among(const int64 *list, int n, int64 value)
{
	for (int i = 0; i < n; i++)
		if (list[i] == value)
			return true;
	return false;
}

static UNTOUCHED void
raise_fault(int64 function)
{
	if (injecting == INJECT_AT_CALL)
		injecting = INJECT_NOTHING;
	fired++;
	fired_in = function;
	ereport(ERROR,
			(errcode(sqlstate), errmsg("injected fault")));
}

/* hidden, for the C library has functions of these names that do nothing */
#define OURS	UNTOUCHED __attribute__((visibility("hidden")))
OURS void __cyg_profile_func_enter(void *function, void *caller);
OURS void __cyg_profile_func_exit(void *function, void *caller);

void
__cyg_profile_func_enter(void *function, void *caller)
{
	int64		offset;

	if (injecting == INJECT_NOTHING)
		return;
	offset = offset_of(function);
	if (among(sheltered, nsheltered, offset))
		shelter++;
	if (among(entries, nentries, offset))
		depth++;
	/* a transaction that is being ended can't fail any more */
	if (depth == 0 || shelter > 0 || CritSectionCount > 0 || !IsTransactionState() ||
		among(spared, nspared, offset))
		return;
	calls++;
	if (nseen < MOST_FUNCTIONS && !among(seen, nseen, offset))
		seen[nseen++] = offset;
	if (wanted == (injecting == INJECT_AT_CALL ? calls : offset))
		raise_fault(offset);
}

void
__cyg_profile_func_exit(void *function, void *caller)
{
	int64		offset = offset_of(function);

	if (depth > 0 && among(entries, nentries, offset))
		depth--;
	if (shelter > 0 && among(sheltered, nsheltered, offset))
		shelter--;
}

static UNTOUCHED int
take_list(Datum array, int64 *list, int room)
{
	Datum	   *values;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), INT8OID, 8, true, TYPALIGN_DOUBLE,
					  &values, NULL, &n);
	if (n > room)
		elog(ERROR, "too many functions");
	for (int i = 0; i < n; i++)
		list[i] = DatumGetInt64(values[i]);
	return n;
}

/* arm(in_function boolean, wanted bigint, sqlstate text, entries bigint[], spared bigint[], sheltered bigint[]) */
UNTOUCHED Datum
injected_faults_arm(PG_FUNCTION_ARGS)
{
	char	   *code = text_to_cstring(PG_GETARG_TEXT_PP(2));

	injecting = INJECT_NOTHING;
	wanted = PG_GETARG_INT64(1);
	sqlstate = MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4]);
	nentries = take_list(PG_GETARG_DATUM(3), entries, lengthof(entries));
	nspared = take_list(PG_GETARG_DATUM(4), spared, lengthof(spared));
	nsheltered = take_list(PG_GETARG_DATUM(5), sheltered, lengthof(sheltered));
	calls = fired = fired_in = 0;
	depth = shelter = nseen = 0;
	injecting = PG_GETARG_BOOL(0) ? INJECT_IN_FUNCTION : INJECT_AT_CALL;
	PG_RETURN_VOID();
}

/* disarm(): {calls, times fired, function of the last time, functions seen ...} */
UNTOUCHED Datum
injected_faults_disarm(PG_FUNCTION_ARGS)
{
	Datum	   *values = palloc(sizeof(Datum) * (nseen + 3));

	injecting = INJECT_NOTHING;
	values[0] = Int64GetDatum(calls);
	values[1] = Int64GetDatum(fired);
	values[2] = Int64GetDatum(fired_in);
	for (int i = 0; i < nseen; i++)
		values[3 + i] = Int64GetDatum(seen[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, nseen + 3, INT8OID, 8, true, TYPALIGN_DOUBLE));
}
