/*
 * mailbox.c
 *		See mailbox.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/proc.h"

#include "base/compat.h"
#include "base/handover.h"
#include "base/mailbox.h"
#include "base/shared_area.h"

typedef struct Mailboxes
{
	int			count;
	pg_atomic_uint32 given;		/* how often one was given: who remembers must look again */
	Mailbox		boxes[FLEXIBLE_ARRAY_MEMBER];
} Mailboxes;

static Mailboxes *mailboxes = NULL;

/* this process's own look-up, good for one value of given */
static Mailbox *mine = NULL;
static uint32 mine_given = 0;
static bool read_by_me = false;

/* No more workers can run than this. */
static Size
area_size(void)
{
	return offsetof(Mailboxes, boxes) + sizeof(Mailbox) * max_worker_processes;
}

static void
area_init(void *memory)
{
	Mailboxes  *fresh = memory;

	fresh->count = max_worker_processes;
	/* 0 is what a process has that never looked */
	pg_atomic_init_u32(&fresh->given, 1);
	for (int i = 0; i < fresh->count; i++)
	{
		pg_atomic_init_u32(&fresh->boxes[i].database, InvalidOid);
		pg_atomic_init_u32(&fresh->boxes[i].work, 0);
		want_init(&fresh->boxes[i].want);
		gathering_init(&fresh->boxes[i].gathering);
		pg_atomic_init_u32(&fresh->boxes[i].reader, 0);
		pg_atomic_init_u64(&fresh->boxes[i].due, DT_NOEND);
	}
}

void
mailboxes_announce(void)
{
	static SharedArea area = {"pg_revops mailboxes", area_size, area_init,
	(void **) &mailboxes};

	shared_area_announce(&area);
}

int
mailboxes_count(void)
{
	return mailboxes == NULL ? 0 : mailboxes->count;
}

Mailbox *
mailbox_at(int place)
{
	Assert(place >= 0 && place < mailboxes_count());
	return &mailboxes->boxes[place];
}

Mailbox *
mailbox_mine(void)
{
	uint32		given;

	if (mailboxes == NULL || !OidIsValid(MyDatabaseId))
		return NULL;
	given = pg_atomic_read_u32(&mailboxes->given);
	if (given == mine_given)
		return mine;
	mine = NULL;
	for (int i = 0; i < mailboxes->count; i++)
		if (pg_atomic_read_u32(&mailboxes->boxes[i].database) == MyDatabaseId)
			mine = &mailboxes->boxes[i];
	mine_given = given;
	return mine;
}

void
mailbox_give(Mailbox *box, Oid database)
{
	pg_atomic_write_u32(&box->work, 0);
	want_none(&box->want);
	gathering_clear(&box->gathering);
	pg_atomic_write_u64(&box->due, DT_NOEND);
	pg_atomic_write_u32(&box->database, database);
	(void) pg_atomic_fetch_add_u32(&mailboxes->given, 1);
}

void
wake_process(int number)
{
	/* a PGPROC that belongs to another process by now: it wakes in vain, once */
	SetLatch(&GetPGProcByNumber(number)->procLatch);
}

static void
wake_reader(Mailbox *box)
{
	uint32		reader = pg_atomic_read_u32(&box->reader);

	if (reader != 0)
		wake_process(reader - 1);
}

void
mailbox_leave(Mailbox *box, uint32 work)
{
	uint32		before = pg_atomic_fetch_or_u32(&box->work, work);

	/* the first that may wait is told of, so that the worker sets a time */
	if ((work & ~(uint32) HANDOVER_MAY_WAIT) != 0 || (work & ~before) != 0)
		wake_reader(box);
}

bool
mailbox_lower_due(Mailbox *box, TimestampTz at)
{
	uint64		known = pg_atomic_read_u64(&box->due);

	while (at < (TimestampTz) known)
		if (pg_atomic_compare_exchange_u64(&box->due, &known, (uint64) at))
			return true;
	return false;
}

void
mailbox_due(Mailbox *box, TimestampTz at)
{
	if (mailbox_lower_due(box, at))
		wake_reader(box);
}

uint32
mailbox_take(Mailbox *box, uint32 kinds)
{
	return pg_atomic_fetch_and_u32(&box->work, ~kinds) & kinds;
}

void
mailbox_read_by_me(Mailbox *box)
{
	read_by_me = true;
	/* one that was killed may have left some */
	gathering_clear(&box->gathering);
	pg_atomic_write_u32(&box->reader, RevopsMyProcNumber() + 1);
	pg_memory_barrier();
}

void
mailbox_read_by_none(Mailbox *box)
{
	gathering_clear(&box->gathering);
	pg_atomic_write_u32(&box->reader, 0);
}

bool
mailbox_has_reader(Mailbox *box)
{
	return pg_atomic_read_u32(&box->reader) != 0;
}

bool
mailbox_is_read_by_me(void)
{
	return read_by_me;
}
