/*
 * intent_rank.c
 *		The rank of a lead's intent, for SQL: what revops.lead.rank must be.
 */
#include "postgres.h"

#include "fmgr.h"

#include "time/decay.h"

PG_FUNCTION_INFO_V1(revops_intent_rank);

/* revops.intent_rank(intent_pos float8, intent_neg float8) */
Datum
revops_intent_rank(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(decay_rank(PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1)));
}
