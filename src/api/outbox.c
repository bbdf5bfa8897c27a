/*
 * outbox.c
 *		What the SQL functions of the outbox ask of the server.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "utils/xid8.h"

#include "worker/outbox.h"

PG_FUNCTION_INFO_V1(revops_system_identifier);
PG_FUNCTION_INFO_V1(revops_next_xid);
PG_FUNCTION_INFO_V1(revops_purging_events);

/* revops.system_identifier() */
Datum
revops_system_identifier(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) GetSystemIdentifier());
}

/* revops.next_xid() */
Datum
revops_next_xid(PG_FUNCTION_ARGS)
{
	PG_RETURN_FULLTRANSACTIONID(ReadNextFullTransactionId());
}

/* revops.purging_events() */
Datum
revops_purging_events(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(outbox_is_purging());
}
