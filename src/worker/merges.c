/*
 * merges.c
 *		See merges.h.
 */
#include "postgres.h"

#include "executor/spi.h"

#include "base/attempt.h"
#include "base/owner.h"
#include "settle/faults.h"
#include "worker/merges.h"

static void
follow_step(void *arg)
{
	OwnerScope	scope;

	owner_enter(&scope);
	/* who has merged nothing pays for a look at an empty table */
	if (SPI_execute("SELECT revops.follow_merges() WHERE EXISTS (SELECT FROM revops.lead_merge)",
					false, 0) != SPI_OK_SELECT)
		elog(ERROR, "following merged leads failed");
	owner_leave(&scope);
}

void
merges_follow(TimestampTz now)
{
	FaultPlace	place = {0, 0, NULL};
	Faults		faults;
	ErrorData  *error = attempt(follow_step, NULL);

	if (error == NULL)
		return;
	faults_init(&faults, CurrentMemoryContext);
	fault_note(&faults, &place, "merged leads", error->sqlerrcode, error->message, error->detail);
	faults_write(&faults, now);
	FreeErrorData(error);
}
