/*
 * qualify.c
 *		What people find out about a lead: answer_question, enrich.
 *
 * As the other verbs they may wait for the lead, and every argument is checked
 * before anything is written.  A lead that was held back for what is given here
 * moves at once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/errors.h"
#include "base/owner.h"
#include "settle/answers.h"
#include "settle/enrich.h"
#include "settle/pending.h"
#include "settle/settle.h"

PG_FUNCTION_INFO_V1(revops_answer_question);
PG_FUNCTION_INFO_V1(revops_enrich);

static void
refuse_null(FunctionCallInfo fcinfo, int arg, const char *function, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s: argument \"%s\" must not be NULL", function, name),
				 errhint("\\df revops.%s shows its arguments.", function)));
}

/* The one row of a query of ours, by column; it lives in the caller's context. */
static void
ask(const char *query, int nargs, Oid *types, Datum *args, const char *nulls,
	int ncolumns, Datum *values, bool *isnull)
{
	MemoryContext caller = CurrentMemoryContext;
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args(query, nargs, types, args, nulls, false, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "checking arguments failed");
	for (int i = 0; i < ncolumns; i++)
	{
		Form_pg_attribute att = TupleDescAttr(SPI_tuptable->tupdesc, i);
		MemoryContext old;

		values[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull[i]);
		old = MemoryContextSwitchTo(caller);
		if (!isnull[i] && !att->attbyval)
			values[i] = PointerGetDatum(PG_DETOAST_DATUM_COPY(values[i]));
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
}

/* Settle the lead with what is new, and end the settle. */
static void
settle_one(int32 workspace_id, int64 lead_id, LeadChange *change)
{
	Settle		s;
	LeadChange	before;

	settle_begin(&s, workspace_id, true);
	change_init(&before);
	before.wait = change->wait = true;
	/* a touch of the same transaction came first */
	if (pending_for(lead_id))
		(void) settle_lead(&s, lead_id, &before);
	if (settle_lead(&s, lead_id, change) != SETTLED)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("lead %lld does not exist", (long long) lead_id),
				 errdetail("No lead has this number; it is not the key of a row of yours."),
				 errhint("revops.lead_id(binding, key) finds a lead's number.")));
	settle_end(&s);
}

/* revops.answer_question(lead_id bigint, question text, answer text) */
Datum
revops_answer_question(PG_FUNCTION_ARGS)
{
	Oid			types[3] = {INT8OID, TEXTOID, TEXTOID};
	Datum		args[3];
	char		nulls[4] = "   ";
	Datum		checked[3];
	bool		isnull[3];
	Datum		stage[1];
	Answer		answer;
	LeadChange	change;

	refuse_null(fcinfo, 0, "answer_question", "lead_id");
	refuse_null(fcinfo, 1, "answer_question", "question");
	for (int i = 0; i < 3; i++)
	{
		args[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	ask("SELECT workspace_id, answer, personal FROM revops.accepted_answer($1, $2, $3)",
		3, types, args, nulls, 3, checked, isnull);
	answer.question = TextDatumGetCString(args[1]);
	answer.answer = isnull[1] ? NULL : TextDatumGetCString(checked[1]);
	answer.personal = DatumGetBool(checked[2]);
	change_init(&change);
	change.answer = &answer;
	settle_one(DatumGetInt32(checked[0]), PG_GETARG_INT64(0), &change);
	ask("SELECT stage FROM revops.lead WHERE lead_id = $1", 1, types, args, NULL, 1, stage, isnull);
	return stage[0];
}

/* revops.enrich(lead_id bigint, "values" jsonb, source text) */
Datum
revops_enrich(PG_FUNCTION_ARGS)
{
	Oid			types[3] = {INT8OID, JSONBOID, TEXTOID};
	Datum		args[3];
	Datum		workspace[1];
	bool		isnull[1];
	Enrichment	enrichment = {NULL};
	LeadChange	change;
	Datum	   *filled;
	ListCell   *lc;
	int			n = 0;

	refuse_null(fcinfo, 0, "enrich", "lead_id");
	refuse_null(fcinfo, 1, "enrich", "values");
	refuse_null(fcinfo, 2, "enrich", "source");
	for (int i = 0; i < 3; i++)
		args[i] = PG_GETARG_DATUM(i);
	ask("SELECT revops.accepted_enrichment($1, $2, $3)", 3, types, args, NULL, 1, workspace, isnull);
	enrichment.values = PG_GETARG_JSONB_P(1);
	enrichment.source = TextDatumGetCString(args[2]);
	enrichment.context = CurrentMemoryContext;
	change_init(&change);
	change.enrichment = &enrichment;
	settle_one(DatumGetInt32(workspace[0]), PG_GETARG_INT64(0), &change);
	filled = palloc(sizeof(Datum) * Max(list_length(enrichment.filled), 1));
	foreach(lc, enrichment.filled)
		filled[n++] = CStringGetTextDatum((char *) lfirst(lc));
	return PointerGetDatum(construct_array(filled, n, TEXTOID, -1, false, TYPALIGN_INT));
}
