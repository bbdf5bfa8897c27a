/*
 * refusal.c
 *		See refusal.h.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "settle/handoff.h"
#include "settle/refusal.h"
#include "settle/verdict.h"

static const char *
stage_name(const Agreement *a, int stage)
{
	return stage == NO_STAGE ? "(unknown)" : a->stages[stage].code;
}

static char *
reasons_taken(const Agreement *a, const Effects *e)
{
	const Transition *asks = a->asks[e->refused_from * a->nstages + e->refused_to];
	List	   *reasons = NIL;

	for (int i = 0; i < asks->nreasons; i++)
		reasons = lappend(reasons, asks->reasons[i]);
	return verdict_words(reasons);
}

/* Who had the lead when it was accepted, in words. */
static const char *
by_rep(Settle *s, const ToldMove *move)
{
	Rep		   *rep = rep_by_id(s->def, move->rep_id);

	return rep == NULL ? "" : psprintf(" by rep \"%s\"", rep->code);
}

void
refusal_raise(Settle *s, const LeadRow *row, const Effects *e)
{
	char	   *key = TextDatumGetCString(row->key);
	const char *from = row->state.stage != NO_STAGE ? stage_name(s->agreement, e->refused_from) :
		row->stage == (Datum) 0 ? "" : TextDatumGetCString(row->stage);
	ToldMove	last;
	ToldMove	accepted;

	switch (e->refusal)
	{
		case NOT_REFUSED:
			break;
		case REFUSED_MOVE:
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("lead \"%s\" may not move from stage \"%s\" to \"%s\"",
							key, from, stage_name(s->agreement, e->refused_to)),
					 errdetail("Version %d of the agreement has no such transition.",
							   s->agreement->version),
					 errhint("See revops.transition for the moves that are allowed.")));
			break;
		case REFUSED_NO_REASON:
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("lead \"%s\" needs a reason to move from stage \"%s\" to \"%s\"",
							key, from, stage_name(s->agreement, e->refused_to)),
					 errdetail("The agreement declares the transition with needs_reason."),
					 errhint("Give one of the codes in revops.reason: by revops.reject(), recycle() or advance(), or in the column that attach_lead() maps to the role reason.")));
			break;
		case REFUSED_REASON:
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("lead \"%s\" may not move from stage \"%s\" to \"%s\" for this reason",
							key, from, stage_name(s->agreement, e->refused_to)),
					 errdetail("Reasons that the transition takes: %s.", reasons_taken(s->agreement, e)),
					 errhint("Give one of these.")));
			break;
		case REFUSED_UNMET:
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("lead \"%s\" may not enter stage \"%s\" yet",
							key, stage_name(s->agreement, e->refused_to)),
					 errdetail("%s", verdict_detail(s, e->refused_from, e->refused_to, &e->refused_for)),
					 errhint("%s", verdict_hint(&e->refused_for))));
			break;
		case REFUSED_NO_STAGE:
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("the agreement has no stage for this move of lead \"%s\"", key),
					 errdetail("No stage has the purpose that the call needs."),
					 errhint("Set stage.purpose in a draft of the agreement.")));
			break;
		case REFUSED_NOT_HANDED_OVER:
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("lead \"%s\" is not with sales", key),
					 errdetail("It is in stage \"%s\".", from),
					 errhint("Only a lead that was handed over can be rejected or recycled; revops.advance() makes other moves.")));
			break;
		case REFUSED_GONE:
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("lead \"%s\" is gone", key),
					 errdetail("Its row was deleted from the attached table."),
					 errhint("Insert the row again to bring the lead back.")));
			break;
		case REFUSED_NO_STEP:
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("no step of lead \"%s\" waits to be done", key),
					 errdetail("The step that fell due last was done already, or none has fallen due."),
					 errhint("revops.nurture_due lists the steps that wait.")));
			break;
		case REFUSED_NOT_ENROLLED:
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("lead \"%s\" is in no track", key),
					 errdetail("It never was in one, or has left it."),
					 errhint("See revops.enrolment; revops.enrol() puts it into a track.")));
			break;
		case REFUSED_ACCEPTED:
			handoff_last_moves(s, row->state.lead_id, &last, &accepted);
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ACCEPTED),
					 errmsg("lead \"%s\" has been accepted already%s", key, by_rep(s, &accepted)),
					 cause_by_name(accepted.cause) == CAUSE_SILENCE ?
					 errdetail("Sales had said nothing by %s, which is acceptance as agreed; it is in stage \"%s\".",
							   timestamptz_to_str(accepted.at), from) :
					 errdetail("Role \"%s\" accepted it at %s; it is in stage \"%s\".",
							   accepted.actor, timestamptz_to_str(accepted.at), from),
					 errhint("revops.assign() gives it to another rep.")));
			break;
		case REFUSED_WITHDRAWN:
			handoff_last_moves(s, row->state.lead_id, &last, &accepted);
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("lead \"%s\" cannot be accepted any more", key),
					 errdetail("Role \"%s\" moved it to stage \"%s\" at %s by %s%s.", last.actor,
							   last.to_stage, timestamptz_to_str(last.at), last.cause,
							   last.reason == NULL ? "" : psprintf(", reason %s", last.reason)),
					 errhint("It can be once it is handed over again.")));
			break;
		case REFUSED_MOVED_ON:
			handoff_last_moves(s, row->state.lead_id, &last, &accepted);
			ereport(ERROR,
					(errcode(ERRCODE_REVOPS_ILLEGAL_MOVE),
					 errmsg("lead \"%s\" has moved on since the rejection in dispute", key),
					 errdetail("It is in stage \"%s\" since %s.", from, timestamptz_to_str(last.at)),
					 errhint("There is nothing to overturn: uphold the rejection, and move the lead with revops.advance() if need be.")));
			break;
	}
}
