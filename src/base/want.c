/*
 * want.c
 *		See want.h.
 */
#include "postgres.h"

#include "base/want.h"

enum
{
	WANTS_NONE,
	WANTS_SURE,					/* it was told that leads may have been freed */
	WANTS_ANY
};

void
want_init(Want *want)
{
	pg_atomic_init_u32(want, WANTS_NONE);
}

void
want_any(Want *want)
{
	/* a full barrier: what it reads of leads comes after it */
	pg_atomic_exchange_u32(want, WANTS_ANY);
}

void
want_none(Want *want)
{
	pg_atomic_write_u32(want, WANTS_NONE);
}

bool
want_take(Want *want, bool surely)
{
	uint32		wants;

	/* either the worker finds the lead free, or its flag is seen here */
	pg_memory_barrier();
	wants = pg_atomic_read_u32(want);
	if (surely)
	{
		if (wants != WANTS_NONE)
			pg_atomic_write_u32(want, WANTS_NONE);
		return wants != WANTS_NONE;
	}
	/* not more than that, if somebody tells it for sure at the same time */
	return wants == WANTS_ANY &&
		pg_atomic_compare_exchange_u32(want, &wants, WANTS_SURE);
}
