/*
 * xact_log.c
 *		See xact_log.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "base/xact_log.h"

#define FIRST_ROOM	16

/* logs that were ever used in this backend */
static XactLog *logs = NULL;
static bool listening = false;

/* The transaction's memory goes with it: only forget that it was there. */
static void
clear(XactLog *log)
{
	log->n = 0;
	log->shrunk = false;
	log->room = 0;
	log->entries = NULL;
	log->levels = NULL;
	log->context = NULL;
}

static void
end_of_xact(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			for (XactLog *log = logs; log != NULL; log = log->next)
				clear(log);
			break;
		default:
			break;
	}
}

/* Levels never fall along a log, so what a subtransaction owns is at its end. */
static void
end_of_subxact(SubXactEvent event, SubTransactionId mySubid,
			   SubTransactionId parentSubid, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	for (XactLog *log = logs; log != NULL; log = log->next)
	{
		if (event == SUBXACT_EVENT_ABORT_SUB)
			while (log->n > 0 && log->levels[log->n - 1] >= level)
			{
				log->n--;
				log->shrunk = true;
			}
		else
			for (int i = log->n - 1; i >= 0 && log->levels[i] >= level; i--)
				log->levels[i] = level - 1;
	}
}

static void
listen_once(void)
{
	if (listening)
		return;
	RegisterXactCallback(end_of_xact, NULL);
	RegisterSubXactCallback(end_of_subxact, NULL);
	listening = true;
}

static void
begin_log(XactLog *log)
{
	XactLog    *known = logs;

	listen_once();
	while (known != NULL && known != log)
		known = known->next;
	if (known == NULL)
	{
		log->next = logs;
		logs = log;
	}
	log->context = AllocSetContextCreate(TopTransactionContext, "pg_revops transaction log",
										 ALLOCSET_SMALL_SIZES);
	MemoryContextSetIdentifier(log->context, log->name);
}

static void
make_room(XactLog *log)
{
	int			room = Max(FIRST_ROOM, log->room * 2);

	if (log->n < log->room)
		return;
	if (log->room == 0)
	{
		log->entries = MemoryContextAlloc(log->context, log->entry_size * room);
		log->levels = MemoryContextAlloc(log->context, sizeof(int) * room);
	}
	else
	{
		log->entries = repalloc_huge(log->entries, log->entry_size * room);
		log->levels = repalloc_huge(log->levels, sizeof(int) * room);
	}
	log->room = room;
}

void *
xact_log_append(XactLog *log)
{
	void	   *entry;

	if (log->context == NULL)
		begin_log(log);
	make_room(log);
	log->levels[log->n] = GetCurrentTransactionNestLevel();
	entry = xact_log_at(log, log->n++);
	memset(entry, 0, log->entry_size);
	return entry;
}

void *
xact_log_at(XactLog *log, int place)
{
	Assert(place >= 0 && place < log->n);
	return log->entries + log->entry_size * place;
}

MemoryContext
xact_log_context(XactLog *log)
{
	if (log->context == NULL)
		begin_log(log);
	return log->context;
}

int
xact_log_level(XactLog *log, int place)
{
	Assert(place >= 0 && place < log->n);
	return log->levels[place];
}

void
xact_log_move(XactLog *log, int from, int to)
{
	if (from == to)
		return;
	memcpy(xact_log_at(log, to), xact_log_at(log, from), log->entry_size);
	log->levels[to] = log->levels[from];
}

void
xact_log_cut(XactLog *log, int n)
{
	Assert(n <= log->n);
	log->shrunk |= n < log->n;
	log->n = n;
}
