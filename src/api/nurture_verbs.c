/*
 * nurture_verbs.c
 *		What people do about tracks: enrol, done_step, leave_track.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "api/verb.h"
#include "base/errors.h"
#include "capture/touches.h"
#include "decide/nurture.h"
#include "settle/nurture.h"
#include "settle/pending.h"

PG_FUNCTION_INFO_V1(revops_enrol);
PG_FUNCTION_INFO_V1(revops_done_step);
PG_FUNCTION_INFO_V1(revops_leave_track);

/* revops.enrol(lead_id bigint, track text) */
Datum
revops_enrol(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;
	char	   *track;

	refuse_null(fcinfo, 0, "enrol", "lead_id");
	refuse_null(fcinfo, 1, "enrol", "track");
	lead_id = PG_GETARG_INT64(0);
	track = text_to_cstring(PG_GETARG_TEXT_PP(1));
	verb_init(&verb, VERB_ENROL, NULL);
	settle_begin(&s, workspace_of(lead_id), true);
	verb.track = track_by_code(s.agreement, track, strlen(track));
	if (verb.track == NO_TRACK)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("track \"%s\" does not exist", echoed(track)),
				 errdetail("Version %d of the agreement, which is in force, has no such track.",
						   s.agreement->version),
				 errhint("See revops.nurture_track for its tracks.")));
	act(&s, lead_id, &verb);
	PG_RETURN_VOID();
}

/* revops.done_step(lead_id bigint): the step, and its touch where it is an attempt */
Datum
revops_done_step(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	Touches		touches;
	int64		lead_id;
	int32		workspace_id;
	const TrackStep *step;
	text	   *name;

	refuse_null(fcinfo, 0, "done_step", "lead_id");
	lead_id = PG_GETARG_INT64(0);
	workspace_id = workspace_of(lead_id);
	verb_init(&verb, VERB_DONE, NULL);
	settle_begin(&s, workspace_id, true);
	act(&s, lead_id, &verb);
	settle_begin(&s, workspace_id, true);
	step = nurture_step_done(&s, lead_id);
	name = step == NULL ? NULL : cstring_to_text(step->name);
	if (step != NULL && step->attempt != NULL)
	{
		touches_begin(&touches, &s, IsTransactionBlock() || IsolationUsesXactSnapshot());
		touches_add(&touches, lead_id, step->attempt, s.now, 1, 0, NULL, NULL);
		touches_settle(&touches);
	}
	settle_end(&s);
	pending_relieve();
	if (name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(name);
}

/* revops.leave_track(lead_id bigint) */
Datum
revops_leave_track(PG_FUNCTION_ARGS)
{
	Settle		s;
	Verb		verb;
	int64		lead_id;

	refuse_null(fcinfo, 0, "leave_track", "lead_id");
	lead_id = PG_GETARG_INT64(0);
	verb_init(&verb, VERB_LEAVE, NULL);
	settle_begin(&s, workspace_of(lead_id), true);
	act(&s, lead_id, &verb);
	PG_RETURN_VOID();
}
