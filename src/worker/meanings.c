/*
 * meanings.c
 *		See meanings.h.
 */
#include "postgres.h"

#include "executor/spi.h"

#include "base/attempt.h"
#include "base/owner.h"
#include "define/invalidate.h"
#include "define/ruleset.h"
#include "settle/faults.h"
#include "time/engine_time.h"
#include "worker/meanings.h"

/* What a rule's meaning may depend on, as counted by this backend. */
typedef struct Generations
{
	uint64		definitions;
	uint64		relations;
	uint64		catalog;
} Generations;

static Generations seen = {0};

/* One look, for attempt(). */
typedef struct Look
{
	int			told;
	bool		complete;		/* nobody else was at it */
} Look;

static void
look_step(void *arg)
{
	Look	   *look = arg;
	OwnerScope	scope;
	bool		isnull;

	owner_enter(&scope);
	if (SPI_execute("SELECT sum(n)::int, bool_and(n IS NOT NULL) FROM (SELECT revops.note_meanings(w.workspace_id) AS n "
					"FROM revops.workspace w ORDER BY w.workspace_id) AS noted", false, 0) != SPI_OK_SELECT)
		elog(ERROR, "noting what rules mean failed");
	look->told = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	look->complete = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	owner_leave(&scope);
}

static void
note_fault(const ErrorData *error)
{
	FaultPlace	place = {0, 0, NULL};
	Faults		faults;

	faults_init(&faults, CurrentMemoryContext);
	fault_note(&faults, &place, "meaning", error->sqlerrcode, error->message, error->detail);
	faults_write(&faults, engine_clock());
}

int
meanings_note(void)
{
	Generations now = {definitions_generation(), relations_generation(), ruleset_generation()};
	Look		look = {0};
	ErrorData  *error;

	if (memcmp(&now, &seen, sizeof(Generations)) == 0)
		return 0;
	error = attempt(look_step, &look);
	if (error != NULL)
	{
		note_fault(error);
		FreeErrorData(error);
	}
	if (error != NULL || look.complete)
		seen = now;
	return error == NULL ? look.told : 0;
}
