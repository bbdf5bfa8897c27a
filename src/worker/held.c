/*
 * held.c
 *		See held.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "worker/held.h"

/* lists that go into every query: some tens of kilobytes at most */
#define MOST_HELD	5000
#define FIRST_ROOM	64

static void
make_room(HeldLeads *held, MemoryContext context, int room)
{
	held->room = room;
	held->list.n = 0;
	held->list.leads = MemoryContextAlloc(context, sizeof(int64) * room);
}

void
held_init(Held *held, MemoryContext context)
{
	held->context = context;
	for (int i = 0; i < N_CHORES; i++)
		make_room(&held->busy[i], context, FIRST_ROOM);
	make_room(&held->failed, context, FIRST_ROOM);
}

static void
hold(HeldLeads *held, int64 lead_id)
{
	LeadList   *list = &held->list;

	if (list->n == MOST_HELD)
		return;
	if (list->n == held->room)
	{
		held->room = Min(held->room * 2, MOST_HELD);
		list->leads = repalloc(list->leads, sizeof(int64) * held->room);
	}
	list->leads[list->n++] = lead_id;
}

bool
held_take(Held *held, Chore chore, const Errands *page)
{
	bool		any_busy = false;

	for (int i = 0; i < page->n; i++)
	{
		bool		busy = page->items[i].outcome == ERRAND_BUSY;

		if (page->items[i].outcome == ERRAND_DONE || page->items[i].outcome == ERRAND_RESTS)
			continue;
		hold(busy ? &held->busy[chore] : &held->failed, page->items[i].lead_id);
		any_busy |= busy;
	}
	return any_busy;
}

void
held_except(const Held *held, Chore chore, LeadList *except)
{
	const LeadList *busy = &held->busy[chore].list;
	const LeadList *failed = &held->failed.list;

	except->n = busy->n + failed->n;
	except->leads = palloc(sizeof(int64) * Max(except->n, 1));
	memcpy(except->leads, busy->leads, sizeof(int64) * busy->n);
	memcpy(except->leads + busy->n, failed->leads, sizeof(int64) * failed->n);
}

void
held_free_busy(Held *held, Chore chore)
{
	held->busy[chore].list.n = 0;
}

void
held_free_all(Held *held)
{
	for (int i = 0; i < N_CHORES; i++)
		held_free_busy(held, (Chore) i);
	held->failed.list.n = 0;
}
