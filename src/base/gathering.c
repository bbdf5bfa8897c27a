/*
 * gathering.c
 *		See gathering.h.
 */
#include "postgres.h"

#include "base/gathering.h"

void
gathering_init(Gathering *gathering)
{
	pg_atomic_init_u32(&gathering->any, 0);
	for (int i = 0; i < GATHERING_MOST; i++)
		pg_atomic_init_u64(&gathering->leads[i], 0);
}

/* The lead's place, or -1. */
static int
place_of(Gathering *gathering, int64 lead_id)
{
	for (int i = 0; i < GATHERING_MOST; i++)
		if (pg_atomic_read_u64(&gathering->leads[i]) == (uint64) lead_id)
			return i;
	return -1;
}

void
gathering_ask(Gathering *gathering, int64 lead_id)
{
	int			place;

	if (place_of(gathering, lead_id) >= 0)
		return;
	place = place_of(gathering, 0);
	/* full: one that nobody touches any more may have a place for ever */
	if (place < 0)
		place = lead_id % GATHERING_MOST;
	pg_atomic_write_u64(&gathering->leads[place], lead_id);
	pg_atomic_write_u32(&gathering->any, 1);
}

void
gathering_end(Gathering *gathering, int64 lead_id)
{
	int			place;

	if (pg_atomic_read_u32(&gathering->any) == 0 || (place = place_of(gathering, lead_id)) < 0)
		return;
	pg_atomic_write_u64(&gathering->leads[place], 0);
	for (int i = 0; i < GATHERING_MOST; i++)
		if (pg_atomic_read_u64(&gathering->leads[i]) != 0)
			return;
	pg_atomic_write_u32(&gathering->any, 0);
}

void
gathering_clear(Gathering *gathering)
{
	pg_atomic_write_u32(&gathering->any, 0);
	for (int i = 0; i < GATHERING_MOST; i++)
		pg_atomic_write_u64(&gathering->leads[i], 0);
}

bool
gathering_has(Gathering *gathering, int64 lead_id)
{
	return pg_atomic_read_u32(&gathering->any) != 0 && place_of(gathering, lead_id) >= 0;
}
