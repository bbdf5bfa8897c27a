/*
 * versions.c
 *		See versions.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "worker/versions.h"

int
versions_activate(TimestampTz now, bool *passed)
{
	Oid			type = TIMESTAMPTZOID;
	Datum		value = TimestampTzGetDatum(now);
	HeapTuple	row;
	OwnerScope	scope;
	bool		isnull;
	int			done;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT done, passed FROM revops.activate_due($1)",
							  1, &type, &value, NULL, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "putting versions of the agreement into force failed");
	row = SPI_tuptable->vals[0];
	done = DatumGetInt32(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull));
	*passed = DatumGetBool(SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &isnull));
	owner_leave(&scope);
	return done;
}
