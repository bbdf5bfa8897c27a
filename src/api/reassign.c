/*
 * reassign.c
 *		Who has a lead, changed: reassign, return_to_pool, reassign_leads_of, and
 *		a turn given back for a lead that was none.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/verb.h"
#include "base/errors.h"
#include "base/owner.h"
#include "settle/pending.h"
#include "settle/settle.h"
#include "settle/turns.h"

PG_FUNCTION_INFO_V1(revops_reassign);
PG_FUNCTION_INFO_V1(revops_return_to_pool);
PG_FUNCTION_INFO_V1(revops_reassign_leads);
PG_FUNCTION_INFO_V1(revops_credit_turn);

static char *
text_arg(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/* The team in an argument; 0 for NULL.  Raises RV002 where there is none of that code. */
static int32
team_arg(Settle *s, FunctionCallInfo fcinfo, int arg)
{
	char	   *code = text_arg(fcinfo, arg);
	Team	   *team = code == NULL ? NULL : team_by_code(s->def, code, strlen(code));

	if (code != NULL && team == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("team \"%s\" does not exist", echoed(code)),
				 errdetail("Workspace %d has no such team.", s->def->workspace_id),
				 errhint("Add the team to revops.team.")));
	return team == NULL ? 0 : team->team_id;
}

/* revops.reassign(lead_id bigint, reason text, team text, cool_down interval) */
Datum
revops_reassign(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	int32		workspace_id;

	refuse_null(fcinfo, 0, "reassign", "lead_id");
	lead_id = PG_GETARG_INT64(0);
	workspace_id = workspace_of(lead_id);
	verb_init(&verb, VERB_REASSIGN, text_arg(fcinfo, 1));
	check_reason(workspace_id, "assign", verb.reason);
	settle_begin(&s, workspace_id, true);
	verb.team_id = team_arg(&s, fcinfo, 2);
	if (!PG_ARGISNULL(3))
	{
		Interval   *span = PG_GETARG_INTERVAL_P(3);

		verb.cool_down = span->time + (span->day + span->month * INT64CONST(30)) * USECS_PER_DAY;
	}
	act(&s, lead_id, &verb);
	PG_RETURN_VOID();
}

/* revops.return_to_pool(lead_id bigint, reason text, team text) */
Datum
revops_return_to_pool(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	int32		workspace_id;

	refuse_null(fcinfo, 0, "return_to_pool", "lead_id");
	lead_id = PG_GETARG_INT64(0);
	workspace_id = workspace_of(lead_id);
	verb_init(&verb, VERB_RETURN, text_arg(fcinfo, 1));
	check_reason(workspace_id, "assign", verb.reason);
	settle_begin(&s, workspace_id, true);
	verb.team_id = team_arg(&s, fcinfo, 2);
	act(&s, lead_id, &verb);
	PG_RETURN_VOID();
}

/* The open leads of a rep, in the order of their numbers. */
static int64 *
open_leads(int32 rep_id, int *n)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(rep_id);
	int64	   *leads;
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT o FROM revops.open_leads_of($1) AS o ORDER BY 1",
							  1, &type, &value, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the leads of a rep failed");
	*n = (int) SPI_processed;
	leads = MemoryContextAlloc(context, sizeof(int64) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		bool		isnull;

		leads[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
	}
	owner_leave(&scope);
	return leads;
}

/* revops.reassign_leads(workspace_id int, rep_id int, reason text, team text): how many were open */
Datum
revops_reassign_leads(PG_FUNCTION_ARGS)
{
	Settle		s;
	LeadChange	change;
	int			n;
	int64	   *leads = open_leads(PG_GETARG_INT32(1), &n);

	check_reason(PG_GETARG_INT32(0), "assign", text_arg(fcinfo, 2));
	for (int i = 0; i < n; i++)
		if (pending_for(leads[i]))
			pending_relieve();
	settle_begin(&s, PG_GETARG_INT32(0), true);
	change_init(&change);
	change.wait = true;
	verb_init(&change.verb, VERB_REASSIGN, text_arg(fcinfo, 2));
	change.verb.team_id = team_arg(&s, fcinfo, 3);
	for (int i = 0; i < n; i++)
		(void) settle_lead(&s, leads[i], &change);
	settle_end(&s);
	PG_RETURN_INT64(n);
}

/* revops.credit_turn(workspace_id int, team_id int, rep_id int): was the rep a member? */
Datum
revops_credit_turn(PG_FUNCTION_ARGS)
{
	Settle		s;
	Team	   *team;
	bool		found = false;

	settle_begin(&s, PG_GETARG_INT32(0), true);
	team = team_by_id(s.def, PG_GETARG_INT32(1));
	for (int i = 0; team != NULL && i < team->n; i++)
	{
		if (team->rep_ids[i] != PG_GETARG_INT32(2))
			continue;
		turns_credit(&s, team, i);
		found = true;
	}
	settle_end(&s);
	PG_RETURN_BOOL(found);
}
