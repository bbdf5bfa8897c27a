/*
 * outbox.c
 *		See outbox.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "base/owner.h"
#include "settle/faults.h"
#include "worker/outbox.h"

/* events are facts: no one else may delete one */
static bool purging = false;

/* One look, for attempt(). */
typedef struct Look
{
	TimestampTz now;
	int32		batch;
	bool		more;
} Look;

bool
outbox_is_purging(void)
{
	return purging;
}

static void
look_step(void *arg)
{
	Look	   *look = arg;
	Oid			types[2] = {TIMESTAMPTZOID, INT4OID};
	Datum		v[2] = {TimestampTzGetDatum(look->now), Int32GetDatum(look->batch)};
	OwnerScope	scope;
	bool		isnull;

	owner_enter(&scope);
	purging = true;
	PG_TRY();
	{
		if (SPI_execute_with_args("SELECT revops.purge_events($1, $2)", 2, types, v, NULL, false, 0) != SPI_OK_SELECT ||
			SPI_processed != 1)
			elog(ERROR, "purging events failed");
	}
	PG_FINALLY();
	{
		purging = false;
	}
	PG_END_TRY();
	look->more = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	owner_leave(&scope);
}

bool
outbox_purge(TimestampTz now, int32 batch)
{
	Look		look = {now, batch, false};
	FaultPlace	place = {0, 0, NULL};
	Faults		faults;
	ErrorData  *error;

	error = attempt(look_step, &look);
	if (error == NULL)
		return look.more;
	faults_init(&faults, CurrentMemoryContext);
	fault_note(&faults, &place, "event", error->sqlerrcode, error->message, error->detail);
	faults_write(&faults, now);
	FreeErrorData(error);
	return false;
}
