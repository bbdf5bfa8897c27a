/*
 * host_rows.c
 *		revops.host_rows: what a binding makes of the rows that its table holds
 *		now, read under the statement's snapshot.
 *
 * Rows are read as the binding's owner, restricted, as its expressions are.
 * They are fetched by the page and projected as those of a statement are; the
 * result spills to disk where it is large.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "capture/capture.h"
#include "define/binding_compile.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_host_rows);

/* rows that are fetched and projected together */
#define PAGE_ROWS	1000

typedef struct HostRows
{
	ReturnSetInfo *result;
	int			clock;			/* role that says when a row was written; -1: none */
	TimestampTz since;			/* rows written before are left out; NO_TIME: none */
} HostRows;

enum
{
	COLUMN_KEY,
	COLUMN_AT,
	COLUMN_ROLES,
	COLUMN_PERSONAL,
	COLUMNS
};

/* The role by which the host says when a row was written, or happened. */
static int
clock_of(const Binding *binding)
{
	switch (binding->kind)
	{
		case BINDING_LEAD:
			return LEAD_UPDATED_AT;
		case BINDING_TOUCH:
			return TOUCH_OCCURRED_AT;
		default:
			return -1;
	}
}

/* A row that counts and has a key; what it allocates goes with the row. */
static void
put_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg)
{
	HostRows   *rows = arg;
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS] = {false};
	TupleTableSlot *roles;
	Jsonb	   *personal;
	char	   *key;

	CHECK_FOR_INTERRUPTS();
	if (!binding_accepts(run, row) || (key = binding_key(run, row)) == NULL)
		return;
	roles = capture_project(capture, run, row);
	nulls[COLUMN_AT] = rows->clock < 0 || roles->tts_isnull[rows->clock];
	if (!nulls[COLUMN_AT])
		values[COLUMN_AT] = roles->tts_values[rows->clock];
	if (rows->since != NO_TIME &&
		(nulls[COLUMN_AT] || DatumGetTimestampTz(values[COLUMN_AT]) < rows->since))
		return;
	values[COLUMN_KEY] = CStringGetTextDatum(key);
	values[COLUMN_ROLES] = JsonbPGetDatum(profile_from_slot(capture->binding, roles, false));
	personal = profile_from_slot(capture->binding, roles, true);
	values[COLUMN_PERSONAL] = JsonbPGetDatum(personal);
	nulls[COLUMN_PERSONAL] = JsonContainerSize(&personal->root) == 0;
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc, values, nulls);
}

/*
 * What "since" asks of the column that the time is read from, so that an index
 * of the host's may serve; NULL where it is not read from one.  It only has to
 * let enough through: a time without zone may be a day off.
 */
static char *
column_condition(const Capture *capture, const HostRows *rows)
{
	const BindingPlan *plan = capture->binding->plan;

	if (rows->since == NO_TIME)
		return NULL;
	for (int i = 0; i < plan->nsteps; i++)
	{
		const RoleStep *step = &plan->steps[i];
		Form_pg_attribute column;

		if (step->role != rows->clock || step->attnum == 0)
			continue;
		column = TupleDescAttr(RelationGetDescr(capture->host), step->attnum - 1);
		if (step->atttype == TIMESTAMPTZOID)
			return psprintf("h.%s >= $1", quote_identifier(NameStr(column->attname)));
		if (step->atttype == TIMESTAMPOID)
			return psprintf("h.%s >= ($1 AT TIME ZONE 'UTC') - interval '1 day'",
							quote_identifier(NameStr(column->attname)));
	}
	return NULL;
}

/* A cursor over the rows of the host, each as one composite value. */
static Portal
open_cursor(const Capture *capture, const HostRows *rows)
{
	Relation	host = capture->host;
	Oid			type = TIMESTAMPTZOID;
	Datum		since = TimestampTzGetDatum(rows->since);
	char	   *condition = column_condition(capture, rows);
	char	   *query = psprintf("SELECT h FROM %s h%s%s",
								 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(host)),
															RelationGetRelationName(host)),
								 condition == NULL ? "" : " WHERE ", condition == NULL ? "" : condition);

	return SPI_cursor_open_with_args(NULL, query, condition == NULL ? 0 : 1, &type, &since, NULL,
									 true, CURSOR_OPT_NO_SCROLL);
}

/* Project what was fetched. */
static void
put_page(Capture *capture, HostRows *rows)
{
	Tuplestorestate *page = tuplestore_begin_heap(false, false, work_mem);

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		HeapTupleHeader row = DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[i],
																	SPI_tuptable->tupdesc,
																	1, &isnull));
		HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row),.t_data = row};

		ItemPointerSetInvalid(&tuple.t_self);
		tuplestore_puttuple(page, &tuple);
	}
	SPI_freetuptable(SPI_tuptable);
	capture_each_row(capture, page, put_row, rows);
	tuplestore_end(page);
}

static void
read_rows(Capture *capture, HostRows *rows)
{
	Portal		cursor;

	SPI_connect();
	cursor = open_cursor(capture, rows);
	for (;;)
	{
		SPI_cursor_fetch(cursor, true, PAGE_ROWS);
		if (SPI_processed == 0)
			break;
		put_page(capture, rows);
	}
	SPI_cursor_close(cursor);
	SPI_finish();
}

/*
 * revops.host_rows(binding_id int, since timestamptz): key, at, roles, personal
 * of each row that passes the filter and has a key
 */
Datum
revops_host_rows(PG_FUNCTION_ARGS)
{
	HostRows	rows = {.since = NO_TIME};
	Capture		capture = {0};
	OwnerScope	scope;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	capture.binding_id = PG_GETARG_INT32(0);
	capture.binding = binding_by_id(capture.binding_id);
	capture.careful = true;
	capture.context = CurrentMemoryContext;
	rows.result = (ReturnSetInfo *) fcinfo->resultinfo;
	rows.clock = clock_of(capture.binding);
	if (!PG_ARGISNULL(1))
		rows.since = PG_GETARG_TIMESTAMPTZ(1);

	capture.host = table_open(capture.binding->host, AccessShareLock);
	faults_init(&capture.settle.faults, CurrentMemoryContext);
	restricted_enter(&scope, capture.binding->owner);
	binding_pin_zone(capture.binding);
	read_rows(&capture, &rows);
	restricted_leave(&scope);
	faults_write(&capture.settle.faults, engine_clock());
	table_close(capture.host, AccessShareLock);
	PG_RETURN_NULL();
}
