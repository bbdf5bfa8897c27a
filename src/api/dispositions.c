/*
 * dispositions.c
 *		What sales says of a lead that it was given, beside accept, reject and
 *		recycle: no_response, duplicate; and disputes about a rejection.
 *
 * As the other verbs they wait for the lead, lock it first and read afterwards.
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
#include "settle/effects.h"
#include "settle/handoff.h"

PG_FUNCTION_INFO_V1(revops_no_response);
PG_FUNCTION_INFO_V1(revops_duplicate);
PG_FUNCTION_INFO_V1(revops_dispute_rejection);
PG_FUNCTION_INFO_V1(revops_resolve_dispute);

/* One value of a query of ours, copied into the caller's context; 0 for NULL or no row. */
static Datum
ask_one(const char *query, int nargs, Oid *types, Datum *args)
{
	MemoryContext caller = CurrentMemoryContext;
	OwnerScope	scope;
	Datum		value = 0;
	bool		isnull = true;

	owner_enter(&scope);
	if (SPI_execute_with_args(query, nargs, types, args, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "asking our own tables failed");
	if (SPI_processed > 0)
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull && !TupleDescAttr(SPI_tuptable->tupdesc, 0)->attbyval)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);

		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
	return isnull ? 0 : value;
}

/* Lock the lead, and settle what waits for it. */
static void
lock_lead(Settle *s, int64 lead_id)
{
	LeadChange	change;

	change_init(&change);
	change.wait = true;
	if (settle_lead(s, lead_id, &change) != SETTLED)
		unknown_lead(lead_id);
}

/* What the version in force says of leads that sales has; raises RV006 where it says nothing. */
static const HandoffTerms *
terms_of(const Settle *s)
{
	if (s->agreement->handoff.no_response == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_AGREEMENT_STATE),
				 errmsg("version %d of the agreement has no handoff rule", s->agreement->version),
				 errdetail("It does not say what becomes of a lead that does not respond or is a duplicate."),
				 errhint("Insert a row into revops.handoff_rule for a draft, and activate it.")));
	return &s->agreement->handoff;
}

/* ----- no response ---------------------------------------------------------------- */

/* So long the agreement lets a lead rest, counted in its zone: days are days there. */
static TimestampTz
rests_until(const Settle *s)
{
	Oid			types[2] = {INT4OID, TIMESTAMPTZOID};
	Datum		args[2] = {Int32GetDatum(s->agreement->agreement_id), TimestampTzGetDatum(s->now)};

	return DatumGetTimestampTz(ask_one("SELECT ($2 AT TIME ZONE m.zone + h.no_response_for) AT TIME ZONE m.zone "
									   "FROM revops.handoff_rule h JOIN revops.score_model m USING (agreement_id) "
									   "WHERE agreement_id = $1", 2, types, args));
}

/* revops.no_response(lead_id bigint, until timestamptz) */
Datum
revops_no_response(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	int32		workspace_id;

	refuse_null(fcinfo, 0, "no_response", "lead_id");
	lead_id = PG_GETARG_INT64(0);
	workspace_id = workspace_of(lead_id);
	settle_begin(&s, workspace_id, true);
	verb_init(&verb, VERB_NO_RESPONSE, terms_of(&s)->no_response);
	check_reason(workspace_id, terms_of(&s)->no_response_to == PURPOSE_NURTURE ? "recycle" : "reject",
				 verb.reason);
	if (!PG_ARGISNULL(1))
		verb.until = PG_GETARG_TIMESTAMPTZ(1);
	else if (terms_of(&s)->no_response_to == PURPOSE_NURTURE)
		verb.until = rests_until(&s);
	if (verb.until != NO_TIME && (verb.until <= s.now || TIMESTAMP_NOT_FINITE(verb.until)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no_response: \"until\" must be in the future"),
				 errdetail("It is %s; now is %s.", pstrdup(timestamptz_to_str(verb.until)),
						   pstrdup(timestamptz_to_str(s.now))),
				 errhint("Give the date on which the lead may come back, or leave it to the agreement.")));
	act(&s, lead_id, &verb);
	return stage_now(lead_id);
}

/* ----- duplicates ----------------------------------------------------------------- */

static void
refuse_survivor(int64 lead_id, int64 of, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("lead %lld cannot be a duplicate of lead %lld", (long long) lead_id, (long long) of),
			 errdetail("%s", why),
			 errhint("Name the lead that is to survive.")));
}

/* revops.duplicate(lead_id bigint, of_lead_id bigint) */
Datum
revops_duplicate(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	int64		of;
	int32		workspace_id;

	refuse_null(fcinfo, 0, "duplicate", "lead_id");
	refuse_null(fcinfo, 1, "duplicate", "of_lead_id");
	lead_id = PG_GETARG_INT64(0);
	of = PG_GETARG_INT64(1);
	workspace_id = workspace_of(lead_id);
	if (workspace_of(of) != workspace_id)
		refuse_survivor(lead_id, of, "They belong to different workspaces.");
	if (of == lead_id)
		refuse_survivor(lead_id, of, "It is the lead itself.");
	settle_begin(&s, workspace_id, true);
	verb_init(&verb, VERB_DUPLICATE, terms_of(&s)->duplicate);
	check_reason(workspace_id, "reject", verb.reason);
	/* in one order, so that two who name each other's lead meet but do not deadlock */
	lock_lead(&s, Min(lead_id, of));
	lock_lead(&s, Max(lead_id, of));
	verb.survivor_id = handoff_survivor(&s, of, lead_id);
	if (verb.survivor_id == 0)
		refuse_survivor(lead_id, of, "The other lead is gone, or is itself a duplicate of this one.");
	act(&s, lead_id, &verb);
	return stage_now(lead_id);
}

/* ----- disputes ------------------------------------------------------------------- */

/* revops.dispute_rejection(lead_id bigint, note text, side text) */
Datum
revops_dispute_rejection(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"lead_id", "note", "side"};
	Oid			types[5] = {INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID};
	Datum		args[5];
	Settle		s;
	int64		lead_id;
	int64		dispute_id;

	for (int i = 0; i < lengthof(names); i++)
	{
		refuse_null(fcinfo, i, "dispute_rejection", names[i]);
		args[i] = PG_GETARG_DATUM(i);
	}
	lead_id = PG_GETARG_INT64(0);
	settle_begin(&s, workspace_of(lead_id), true);
	lock_lead(&s, lead_id);
	args[3] = TimestampTzGetDatum(s.now);
	args[4] = CStringGetTextDatum(settle_actor(&s));
	dispute_id = DatumGetInt64(ask_one("SELECT revops.open_dispute($1, $2, $3, $4, $5)", 5, types, args));
	effects_event(&s, lead_id, "dispute_opened", (int32) dispute_id);
	settle_end(&s);
	PG_RETURN_INT64(dispute_id);
}

/* The lead and the move that a dispute is about, and its workspace; raises RV002 where there is none. */
static int64
lead_of_dispute(int64 dispute_id, int32 *seq)
{
	Oid			types[1] = {INT8OID};
	Datum		args[1] = {Int64GetDatum(dispute_id)};
	int64		lead_id = DatumGetInt64(ask_one("SELECT lead_id FROM revops.dispute WHERE dispute_id = $1",
												1, types, args));

	if (lead_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("dispute %lld does not exist", (long long) dispute_id),
				 errdetail("Nobody has opened a dispute of this number."),
				 errhint("revops.disputes lists those that there are.")));
	*seq = DatumGetInt32(ask_one("SELECT seq FROM revops.dispute WHERE dispute_id = $1", 1, types, args));
	return lead_id;
}

/* revops.resolve_dispute(dispute_id bigint, outcome text, note text) */
Datum
revops_resolve_dispute(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"dispute_id", "outcome", "note"};
	Oid			types[5] = {INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID};
	Datum		args[5];
	Settle		s;
	Verb		verb;
	int64		lead_id;

	for (int i = 0; i < lengthof(names); i++)
	{
		refuse_null(fcinfo, i, "resolve_dispute", names[i]);
		args[i] = PG_GETARG_DATUM(i);
	}
	verb_init(&verb, VERB_OVERTURN, NULL);
	lead_id = lead_of_dispute(PG_GETARG_INT64(0), &verb.seq);
	settle_begin(&s, workspace_of(lead_id), true);
	lock_lead(&s, lead_id);
	args[3] = TimestampTzGetDatum(s.now);
	args[4] = CStringGetTextDatum(settle_actor(&s));
	(void) ask_one("SELECT revops.close_dispute($1, $2, $3, $4, $5)", 5, types, args);
	effects_event(&s, lead_id, "dispute_resolved", (int32) PG_GETARG_INT64(0));
	if (strcmp(TextDatumGetCString(args[1]), "overturned") == 0)
		act(&s, lead_id, &verb);
	else
		settle_end(&s);
	return stage_now(lead_id);
}
