/*
 * simulate.c
 *		SQL functions that try a version of the agreement on the leads' history:
 *		the base of simulate() and simulate_leads().
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "base/compat.h"
#include "base/owner.h"
#include "settle/replay.h"
#include "settle/row_values.h"
#include "settle/stored_rules.h"

PG_FUNCTION_INFO_V1(revops_replayed_leads);
PG_FUNCTION_INFO_V1(revops_rules_matched_by);

/* ----- what the walk needs to know ---------------------------------------------------- */

static void
read_backfilled(ReplayTask *task, MemoryContext context)
{
	bool		isnull;

	if (SPI_execute("SELECT binding_id, coalesce(finished_at, 'infinity') FROM revops.backfill", true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading backfills failed");
	task->nbackfilled = (int) SPI_processed;
	task->backfilled = MemoryContextAlloc(context, sizeof(Backfilled) * Max(SPI_processed, 1));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		task->backfilled[i].binding_id =
			DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		task->backfilled[i].until =
			DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
	}
}

static StagePurpose
purpose_of(const char *word)
{
	return strcmp(word, "qualified") == 0 ? PURPOSE_QUALIFIED :
		strcmp(word, "accepted") == 0 ? PURPOSE_ACCEPTED : PURPOSE_WON;
}

static void
read_stages(ReplayTask *task, MemoryContext context)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(task->def->workspace_id);
	bool		isnull;

	if (SPI_execute_with_args("SELECT s.agreement_id, s.purpose, s.stage FROM revops.stage s JOIN revops.agreement a USING (agreement_id) "
							  "WHERE a.workspace_id = $1 AND s.purpose IN ('qualified', 'accepted', 'won')",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading stages failed");
	task->nstages = (int) SPI_processed;
	task->stages = MemoryContextAlloc(context, sizeof(VersionStage) * Max(SPI_processed, 1));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;

		task->stages[i].agreement_id = DatumGetInt32(SPI_getbinval(row, desc, 1, &isnull));
		task->stages[i].purpose = purpose_of(SPI_getvalue(row, desc, 2));
		task->stages[i].code = MemoryContextStrdup(context, SPI_getvalue(row, desc, 3));
	}
}

static int32
workspace_of(int32 agreement_id)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(agreement_id);
	bool		isnull;

	if (SPI_execute_with_args("SELECT workspace_id FROM revops.agreement WHERE agreement_id = $1",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the agreement failed");
	return SPI_processed == 0 ? 0 :
		DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* ----- the walk -------------------------------------------------------------------------- */

typedef struct Walk
{
	ReplayTask	task;
	MemoryContext context;		/* of what it tells */
	Replayed   *leads;
	int64		n;
	int64		room;
} Walk;

static void
keep(void *arg, const Replayed *lead)
{
	Walk	   *walk = arg;

	if (walk->n == walk->room)
	{
		walk->room *= 2;
		walk->leads = repalloc_huge(walk->leads, sizeof(Replayed) * walk->room);
	}
	walk->leads[walk->n++] = *lead;
}

static void
walk_step(void *arg)
{
	Walk	   *walk = arg;
	OwnerScope	scope;

	restricted_enter(&scope, get_role_oid("revops_reader", false));
	replay_leads(&walk->task);
	restricted_leave(&scope);
}

/* A rule that raises does not match: to catch it costs more, so it is done where one does. */
static void
walk_through(Walk *walk)
{
	ErrorData  *error;

	walk->room = 1024;
	walk->leads = palloc(sizeof(Replayed) * walk->room);
	error = attempt(walk_step, walk);
	if (error == NULL)
		return;
	FreeErrorData(error);
	walk->n = 0;
	walk->task.careful = true;
	walk_step(walk);
}

enum
{
	OUT_LEAD_ID, OUT_MQL_AT, OUT_WOULD_AT, OUT_ACCEPTED_AT, OUT_WON_AT, OUT_COLS
};

/*
 * revops.replayed_leads(agreement_id int, since timestamptz, until timestamptz):
 * see replay.h
 */
Datum
revops_replayed_leads(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int32		agreement_id = PG_GETARG_INT32(0);
	Walk		walk = {.context = CurrentMemoryContext};
	OwnerScope	scope;
	int32		workspace_id;

	InitMaterializedSRF(fcinfo, 0);
	owner_enter(&scope);
	workspace_id = workspace_of(agreement_id);
	walk.task.def = definitions_of_version(workspace_id, agreement_id);
	walk.task.since = PG_GETARG_TIMESTAMPTZ(1);
	walk.task.until = PG_GETARG_TIMESTAMPTZ(2);
	walk.task.tell = keep;
	walk.task.arg = &walk;
	read_backfilled(&walk.task, walk.context);
	read_stages(&walk.task, walk.context);
	owner_leave(&scope);

	walk_through(&walk);
	for (int64 i = 0; i < walk.n; i++)
	{
		const Replayed *lead = &walk.leads[i];
		Datum		v[OUT_COLS];
		bool		nulls[OUT_COLS] = {0};

		v[OUT_LEAD_ID] = Int64GetDatum(lead->lead_id);
		set_moment(v, nulls, OUT_MQL_AT, lead->mql_at);
		set_moment(v, nulls, OUT_WOULD_AT, lead->would_at);
		set_moment(v, nulls, OUT_ACCEPTED_AT, lead->accepted_at);
		set_moment(v, nulls, OUT_WON_AT, lead->won_at);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, v, nulls);
	}
	return (Datum) 0;
}

/*
 * revops.rules_matched_by(agreement_id int, binding_id int, profile jsonb,
 * personal jsonb): numbers of the rules of that version that match.
 */
Datum
revops_rules_matched_by(PG_FUNCTION_ARGS)
{
	Binding    *binding;
	Definitions *def;
	StoredRules rules;
	TupleTableSlot *slot;
	uint64	   *fired;
	Datum	   *ids;
	int			n = 0;
	OwnerScope	scope;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	binding = binding_by_id(PG_GETARG_INT32(1));
	def = definitions_of_version(binding->workspace_id, PG_GETARG_INT32(0));
	slot = binding_role_slot(binding);
	fired = palloc0(sizeof(uint64) * (def->agreement->nrules / 64 + 1));
	ids = palloc(sizeof(Datum) * Max(def->agreement->nrules, 1));

	restricted_enter(&scope, get_role_oid("revops_reader", false));
	stored_rules_use(&rules, program_for(def, binding), slot);
	stored_rules_match_careful(&rules, PG_GETARG_JSONB_P(2),
							   PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3), fired);
	restricted_leave(&scope);
	ExecDropSingleTupleTableSlot(slot);
	for (int i = 0; i < def->agreement->nrules; i++)
		if (fired[i / 64] >> (i % 64) & 1)
			ids[n++] = Int32GetDatum(def->agreement->rules[i].rule_id);
	PG_RETURN_ARRAYTYPE_P(construct_array(ids, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}
