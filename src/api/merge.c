/*
 * merge.c
 *		Leads that are one person: what of merge_leads() (sql/63_merge.sql) is C.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "api/verb.h"
#include "settle/settle.h"

PG_FUNCTION_INFO_V1(revops_recount_lead);

/* revops.recount_lead(lead_id bigint): the caller holds the lead */
Datum
revops_recount_lead(PG_FUNCTION_ARGS)
{
	Settle		s;
	LeadChange	change;
	int64		lead_id;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("recount_lead: argument \"lead_id\" must not be NULL"),
				 errhint("\\df revops.recount_lead shows its arguments.")));
	lead_id = PG_GETARG_INT64(0);
	settle_begin(&s, workspace_of(lead_id), true);
	/* who called merge_leads(), which runs as our owner */
	settle_act_for(&s, GetSessionUserId());
	change_init(&change);
	change.wait = true;
	change.rescore = true;
	if (settle_lead(&s, lead_id, &change) != SETTLED)
		unknown_lead(lead_id);
	settle_end(&s);
	PG_RETURN_VOID();
}
