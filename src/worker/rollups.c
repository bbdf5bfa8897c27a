/*
 * rollups.c
 *		See rollups.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "base/attempt.h"
#include "base/owner.h"
#include "settle/faults.h"
#include "worker/rollups.h"

int
rollups_keep(int32 batch)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(batch);
	OwnerScope	scope;
	bool		isnull;
	int			done;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT revops.roll_up($1)", 1, &type, &value, NULL, false, 0) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "keeping the roll-ups failed");
	done = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	owner_leave(&scope);
	return done;
}

static void
keep_step(void *arg)
{
	(void) rollups_keep(*(int32 *) arg);
}

void
rollups_try(TimestampTz now, int32 batch)
{
	FaultPlace	place = {0, 0, NULL};
	Faults		faults;
	ErrorData  *error = attempt(keep_step, &batch);

	if (error == NULL)
		return;
	faults_init(&faults, CurrentMemoryContext);
	fault_note(&faults, &place, "roll-ups of the KPIs", error->sqlerrcode, error->message, error->detail);
	faults_write(&faults, now);
	FreeErrorData(error);
}
