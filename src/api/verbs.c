/*
 * verbs.c
 *		What people do to a lead: accept, reject, recycle, advance, assign,
 *		record_touch, forget.  Other verbs have files of their own.
 *
 * A verb may wait for the lead; it locks first and reads afterwards.  Leads
 * are numbered; every argument is checked before anything is written.  Their
 * settles are careful: a rule that raises is no reason to refuse a person.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "api/notes.h"
#include "api/verb.h"
#include "base/errors.h"
#include "base/owner.h"
#include "capture/queue.h"
#include "capture/touches.h"
#include "settle/pending.h"
#include "settle/settle.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_accept);
PG_FUNCTION_INFO_V1(revops_reject);
PG_FUNCTION_INFO_V1(revops_recycle);
PG_FUNCTION_INFO_V1(revops_advance);
PG_FUNCTION_INFO_V1(revops_assign);
PG_FUNCTION_INFO_V1(revops_record_touch);
PG_FUNCTION_INFO_V1(revops_forget);

void
unknown_lead(int64 lead_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
			 errmsg("lead %lld does not exist", (long long) lead_id),
			 errdetail("No lead has this number; it is not the key of a row of yours."),
			 errhint("revops.lead_id(binding, key) finds a lead's number.")));
}

void
refuse_null(FunctionCallInfo fcinfo, int arg, const char *function, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s: argument \"%s\" must not be NULL", function, name),
				 errhint("\\df revops.%s shows its arguments.", function)));
}

const char *
echoed(const char *code)
{
	int			length = strlen(code);
	int			shown = pg_mbcharcliplen(code, length, 200);

	return shown == length ? code : psprintf("%.*s...", shown, code);
}

/* A text argument, or NULL. */
static char *
text_arg(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/*
 * The workspace, stage and team of a lead as they are now; raises RV002 for an unknown
 * one.  Not by SQL: in a SERIALIZABLE transaction that would leave predicate
 * locks on pages that other leads share.
 */
static int32
read_lead(int64 lead_id, Datum *stage, int32 *team_id)
{
	Writers		writers;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	int32		workspace_id = 0;

	writers_begin(&writers);
	ScanKeyInit(&key, LEAD_COL_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(lead_id));
	scan = engine_scan(&writers, TABLE_LEAD, writer_pkey(&writers, TABLE_LEAD), 1, &key);
	tuple = engine_scan_next(scan);
	if (HeapTupleIsValid(tuple))
	{
		TupleDesc	desc = RelationGetDescr(writers.tables[TABLE_LEAD].rel);
		bool		isnull;

		workspace_id = DatumGetInt32(heap_getattr(tuple, LEAD_COL_WORKSPACE_ID + 1, desc, &isnull));
		*team_id = DatumGetInt32(engine_column(&writers, TABLE_LEAD, tuple, LEAD_COL_TEAM_ID));
		*stage = PointerGetDatum(PG_DETOAST_DATUM_COPY(heap_getattr(tuple, LEAD_COL_STAGE + 1,
																	desc, &isnull)));
	}
	engine_scan_end(scan);
	writers_end(&writers);
	if (workspace_id == 0)
		unknown_lead(lead_id);
	return workspace_id;
}

int32
workspace_of(int64 lead_id)
{
	Datum		stage;
	int32		team_id;

	return read_lead(lead_id, &stage, &team_id);
}

/* The reason must be one that the workspace gives for this verb. */
void
check_reason(int32 workspace_id, const char *verb, const char *reason)
{
	Oid			types[2] = {INT4OID, TEXTOID};
	Datum		v[2] = {Int32GetDatum(workspace_id), CStringGetTextDatum(verb)};
	OwnerScope	scope;
	StringInfoData known;
	bool		found = false;

	if (reason == NULL)
		return;
	initStringInfo(&known);
	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT reason FROM revops.reason WHERE workspace_id = $1 "
							  "AND $2 = ANY (applies_to) ORDER BY reason",
							  2, types, v, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading reasons failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *code = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);

		found |= strcmp(code, reason) == 0;
		appendStringInfo(&known, "%s%s", i == 0 ? "" : ", ", code);
	}
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("reason \"%s\" is not defined for %s", echoed(reason), verb),
				 errdetail("Reasons for %s: %s.", verb, known.len > 0 ? known.data : "none"),
				 errhint("Add it to revops.reason, or use one of those.")));
	owner_leave(&scope);
}

void
act(Settle *s, int64 lead_id, const Verb *verb)
{
	LeadChange	change;

	change_init(&change);
	change.wait = true;
	/* a touch of the same transaction came first: the verb speaks to where it left the lead */
	if (pending_for(lead_id))
		(void) settle_lead(s, lead_id, &change);
	change.verb = *verb;
	if (settle_lead(s, lead_id, &change) != SETTLED)
		unknown_lead(lead_id);
	settle_end(s);
}

Datum
stage_now(int64 lead_id)
{
	Datum		stage;
	int32		team_id;

	(void) read_lead(lead_id, &stage, &team_id);
	return stage;
}

void
verb_init(Verb *verb, VerbKind kind, const char *reason)
{
	memset(verb, 0, sizeof(Verb));
	verb->kind = kind;
	verb->to_stage = NO_STAGE;
	verb->until = NO_TIME;
	verb->track = NO_TRACK;
	verb->reason = reason;
}

/* A team in which the rep takes turns, this one if it may be; 0 when there is none. */
static int32
team_of_rep(Definitions *def, int32 rep_id, int32 rather)
{
	Rep		   *rep = rep_by_id(def, rep_id);
	int32		team_id = 0;

	if (rep == NULL || !rep->active)
		return 0;
	for (int t = 0; t < def->nteams; t++)
		for (int i = 0; i < def->teams[t].n; i++)
			if (def->teams[t].rep_ids[i] == rep_id &&
				(team_id == 0 || def->teams[t].team_id == rather))
				team_id = def->teams[t].team_id;
	return team_id;
}

/*
 * The verb gives the lead to the rep with this code, in this team if the rep is
 * of it; raises RV002 where there is no such rep.
 */
static void
give_to(Settle *s, const char *code, int32 rather, Verb *verb)
{
	Rep		   *rep = rep_by_code(s->def, code, strlen(code));

	if (rep == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("rep \"%s\" does not exist", echoed(code)),
				 errdetail("Workspace %d, which the lead belongs to, has no such rep.",
						   s->def->workspace_id),
				 errhint("Add the rep to revops.rep.")));
	verb->rep_id = rep->rep_id;
	verb->team_id = team_of_rep(s->def, rep->rep_id, rather);
}

/* revops.accept(lead_id bigint, rep text) */
Datum
revops_accept(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	Datum		stage;
	int32		team_id;

	refuse_null(fcinfo, 0, "accept", "lead_id");
	lead_id = PG_GETARG_INT64(0);
	verb_init(&verb, VERB_ACCEPT, NULL);
	settle_begin(&s, read_lead(lead_id, &stage, &team_id), true);
	if (!PG_ARGISNULL(1))
		give_to(&s, text_arg(fcinfo, 1), team_id, &verb);
	act(&s, lead_id, &verb);
	return stage_now(lead_id);
}

/* revops.reject(lead_id bigint, reason text) */
Datum
revops_reject(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	int32		workspace_id;

	refuse_null(fcinfo, 0, "reject", "lead_id");
	refuse_null(fcinfo, 1, "reject", "reason");
	lead_id = PG_GETARG_INT64(0);
	workspace_id = workspace_of(lead_id);
	verb_init(&verb, VERB_REJECT, text_arg(fcinfo, 1));
	check_reason(workspace_id, "reject", verb.reason);
	settle_begin(&s, workspace_id, true);
	act(&s, lead_id, &verb);
	return stage_now(lead_id);
}

/* revops.recycle(lead_id bigint, reason text, until timestamptz) */
Datum
revops_recycle(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	int32		workspace_id;

	refuse_null(fcinfo, 0, "recycle", "lead_id");
	refuse_null(fcinfo, 1, "recycle", "reason");
	refuse_null(fcinfo, 2, "recycle", "until");
	lead_id = PG_GETARG_INT64(0);
	workspace_id = workspace_of(lead_id);
	verb_init(&verb, VERB_RECYCLE, text_arg(fcinfo, 1));
	verb.until = PG_GETARG_TIMESTAMPTZ(2);
	check_reason(workspace_id, "recycle", verb.reason);
	settle_begin(&s, workspace_id, true);
	if (verb.until <= s.now || TIMESTAMP_NOT_FINITE(verb.until))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("recycle: \"until\" must be in the future"),
				 errdetail("It is %s; now is %s.", pstrdup(timestamptz_to_str(verb.until)),
						   pstrdup(timestamptz_to_str(s.now))),
				 errhint("Give the date on which the lead may come back.")));
	act(&s, lead_id, &verb);
	return stage_now(lead_id);
}

/* revops.advance(lead_id bigint, to_stage text, reason text) */
Datum
revops_advance(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	int32		workspace_id;
	char	   *stage;

	refuse_null(fcinfo, 0, "advance", "lead_id");
	refuse_null(fcinfo, 1, "advance", "to_stage");
	lead_id = PG_GETARG_INT64(0);
	stage = text_arg(fcinfo, 1);
	workspace_id = workspace_of(lead_id);
	verb_init(&verb, VERB_ADVANCE, text_arg(fcinfo, 2));
	check_reason(workspace_id, "advance", verb.reason);
	settle_begin(&s, workspace_id, true);
	verb.to_stage = stage_by_code(s.agreement, stage, strlen(stage));
	if (verb.to_stage == NO_STAGE)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("stage \"%s\" does not exist", echoed(stage)),
				 errdetail("Agreement %d, which is in force, has no such stage.",
						   s.agreement->agreement_id),
				 errhint("See revops.stage for its stages.")));
	act(&s, lead_id, &verb);
	return stage_now(lead_id);
}

/* revops.assign(lead_id bigint, rep text, reason text) */
Datum
revops_assign(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	int32		workspace_id;
	char	   *code;

	refuse_null(fcinfo, 0, "assign", "lead_id");
	refuse_null(fcinfo, 1, "assign", "rep");
	lead_id = PG_GETARG_INT64(0);
	code = text_arg(fcinfo, 1);
	workspace_id = workspace_of(lead_id);
	verb_init(&verb, VERB_ASSIGN, text_arg(fcinfo, 2));
	check_reason(workspace_id, "assign", verb.reason);
	settle_begin(&s, workspace_id, true);
	give_to(&s, code, 0, &verb);
	act(&s, lead_id, &verb);
	return PointerGetDatum(cstring_to_text(code));
}

/* revops.record_touch(lead_id, signal, occurred_at, source, campaign, content) */
Datum
revops_record_touch(PG_FUNCTION_ARGS)
{
	Settle		s;
	Touches		touches;
	int64		lead_id;
	char	   *code;
	Signal	   *signal;
	TimestampTz at;
	TouchOrigin origin;

	refuse_null(fcinfo, 0, "record_touch", "lead_id");
	refuse_null(fcinfo, 1, "record_touch", "signal");
	lead_id = PG_GETARG_INT64(0);
	code = text_arg(fcinfo, 1);
	settle_begin(&s, workspace_of(lead_id), true);
	signal = signal_by_code(s.def, code, strlen(code));
	if (signal == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("signal \"%s\" does not exist", echoed(code)),
				 errdetail("Workspace %d, which the lead belongs to, has no such signal.",
						   s.def->workspace_id),
				 errhint("Add it to revops.signal.")));
	at = PG_ARGISNULL(2) ? s.now : PG_GETARG_TIMESTAMPTZ(2);
	if (TIMESTAMP_NOT_FINITE(at) || at > s.now + TOUCH_SKEW)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("record_touch: \"occurred_at\" must not be in the future"),
				 errdetail("It is %s; now is %s.", pstrdup(timestamptz_to_str(at)),
						   pstrdup(timestamptz_to_str(s.now))),
				 errhint("Record a touch when it has happened.")));
	origin.source = PG_ARGISNULL(3) ? NO_TEXT : PG_GETARG_DATUM(3);
	origin.campaign = PG_ARGISNULL(4) ? NO_TEXT : PG_GETARG_DATUM(4);
	origin.content = PG_ARGISNULL(5) ? NO_TEXT : PG_GETARG_DATUM(5);
	touches_begin(&touches, &s, IsTransactionBlock() || IsolationUsesXactSnapshot());
	touches_add(&touches, lead_id, signal, at, 1, 0, NULL, &origin);
	touches_settle(&touches);
	settle_end(&s);
	pending_relieve();
	PG_RETURN_VOID();
}

/* revops.forget(lead_id bigint) */
Datum
revops_forget(PG_FUNCTION_ARGS)
{
	Settle		s;
	LeadChange	change;
	int64		lead_id;

	refuse_null(fcinfo, 0, "forget", "lead_id");
	lead_id = PG_GETARG_INT64(0);
	inbox_forget(lead_id);
	settle_begin(&s, workspace_of(lead_id), true);
	change_init(&change);
	change.wait = true;
	change.forget = true;
	change.rescore = true;
	if (settle_lead(&s, lead_id, &change) != SETTLED)
		unknown_lead(lead_id);
	settle_end(&s);
	notes_erase(lead_id);
	PG_RETURN_VOID();
}
