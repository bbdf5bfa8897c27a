/*
 * falls_due.c
 *		revops.falls_due(at): SQL tells the worker when something falls due.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "base/handover.h"

PG_FUNCTION_INFO_V1(revops_falls_due);

Datum
revops_falls_due(PG_FUNCTION_ARGS)
{
	handover_due(PG_GETARG_TIMESTAMPTZ(0));
	PG_RETURN_VOID();
}
