/*
 * take_back_touch.c
 *		Part of correct_touch(): a touch that somebody recorded did not happen.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/verb.h"
#include "base/errors.h"
#include "capture/touches.h"
#include "settle/pending.h"

PG_FUNCTION_INFO_V1(revops_take_back_touch);

/* revops.take_back_touch(lead_id, signal, occurred_at, source, campaign, content), strict */
Datum
revops_take_back_touch(PG_FUNCTION_ARGS)
{
	Settle		s;
	Touches		touches;
	int64		lead_id = PG_GETARG_INT64(0);
	char	   *code = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Signal	   *signal;
	TouchOrigin origin = {PG_GETARG_DATUM(3), PG_GETARG_DATUM(4), PG_GETARG_DATUM(5)};

	settle_begin(&s, workspace_of(lead_id), true);
	signal = signal_by_code(s.def, code, strlen(code));
	if (signal == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("signal \"%s\" does not exist", echoed(code)),
				 errdetail("Workspace %d, which the lead belongs to, has no such signal.",
						   s.def->workspace_id),
				 errhint("Add it to revops.signal.")));
	touches_begin(&touches, &s, IsTransactionBlock() || IsolationUsesXactSnapshot());
	touches_add(&touches, lead_id, signal, PG_GETARG_TIMESTAMPTZ(2), -1, 0, NULL, &origin);
	touches_settle(&touches);
	settle_end(&s);
	pending_relieve();
	PG_RETURN_VOID();
}
