/*
 * notes.c
 *		See notes.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"

#include "api/notes.h"
#include "base/owner.h"

PG_FUNCTION_INFO_V1(revops_erasing_notes);

/* the triggers that keep facts as they are ask for it */
static bool erasing = false;

/* revops.erasing_notes() */
Datum
revops_erasing_notes(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(erasing);
}

void
notes_erase(int64 lead_id)
{
	Oid			types[1] = {INT8OID};
	Datum		v[1] = {Int64GetDatum(lead_id)};
	OwnerScope	scope;

	owner_enter(&scope);
	erasing = true;
	PG_TRY();
	{
		if (SPI_execute_with_args("SELECT revops.erase_notes($1)", 1, types, v, NULL, false, 0) != SPI_OK_SELECT)
			elog(ERROR, "erasing notes failed");
	}
	PG_FINALLY();
	{
		erasing = false;
	}
	PG_END_TRY();
	owner_leave(&scope);
}
