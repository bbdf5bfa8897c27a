/*
 * held.c
 *		See held.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "worker/held.h"

/* a list that goes into every query: some tens of kilobytes at most */
#define MOST_HELD	5000
#define FIRST_ROOM	64

void
held_init(Held *held, MemoryContext context)
{
	memset(held, 0, sizeof(Held));
	held->context = context;
	held->room = FIRST_ROOM;
	held->all.leads = MemoryContextAlloc(context, sizeof(int64) * held->room);
	held->busy = MemoryContextAlloc(context, sizeof(bool) * held->room);
}

static void
hold(Held *held, int64 lead_id, bool busy)
{
	if (held->all.n == MOST_HELD)
		return;
	if (held->all.n == held->room)
	{
		held->room = Min(held->room * 2, MOST_HELD);
		held->all.leads = repalloc(held->all.leads, sizeof(int64) * held->room);
		held->busy = repalloc(held->busy, sizeof(bool) * held->room);
	}
	held->all.leads[held->all.n] = lead_id;
	held->busy[held->all.n++] = busy;
}

bool
held_take(Held *held, const Errands *page)
{
	bool		any_busy = false;

	for (int i = 0; i < page->n; i++)
	{
		bool		busy = page->items[i].outcome == ERRAND_BUSY;

		if (page->items[i].outcome == ERRAND_DONE || page->items[i].outcome == ERRAND_RESTS)
			continue;
		hold(held, page->items[i].lead_id, busy);
		any_busy |= busy;
	}
	return any_busy;
}

void
held_free_busy(Held *held)
{
	int			n = 0;

	for (int i = 0; i < held->all.n; i++)
	{
		if (held->busy[i])
			continue;
		held->all.leads[n] = held->all.leads[i];
		held->busy[n++] = false;
	}
	held->all.n = n;
}

void
held_free_all(Held *held)
{
	held->all.n = 0;
}
