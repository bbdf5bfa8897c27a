/*
 * batch_size.c
 *		See batch_size.h.
 */
#include "postgres.h"

#include "base/batch_size.h"

int32
batch_size(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg) || PG_GETARG_INT32(arg) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch must be at least 1"),
				 PG_ARGISNULL(arg) ? errdetail("It was given as NULL.") :
				 errdetail("It was given as %d.", PG_GETARG_INT32(arg)),
				 errhint("It says how much is done at once, before a commit: some hundreds serve well.")));
	return PG_GETARG_INT32(arg);
}
