/*
 * chores.h
 *		The chores of a worker themselves, a page at a time.
 *
 * Each page is called in a transaction of its own, as the extension's owner.
 */
#ifndef REVOPS_CHORES_H
#define REVOPS_CHORES_H

#include "postgres.h"

#include "base/mailbox.h"
#include "worker/chore.h"
#include "worker/held.h"

/* What a worker knows of its database from one page to the next. */
typedef struct Desk
{
	Mailbox    *box;
	Held		held;
	uint64		definitions;	/* generation under which leads failed */
	int64		after[N_CHORES];	/* where the next page begins; 0: a new round */
	TimestampTz inbox_from;		/* entries that were due before were read, or failed */
	TimestampTz inbox_due;		/* when the next one is due */
	TimestampTz purge_at;		/* when to look for events to purge */
	TimestampTz write_back_due; /* when the next row is to be tried again */
} Desk;

typedef struct PageResult
{
	int			done;
	bool		passed;			/* somebody was busy */
	bool		ends;			/* the round is over */
} PageResult;

/* Begin a round. */
extern void chore_begin(Desk *desk, Chore chore);

/* Do a page. */
extern PageResult chore_page(Desk *desk, Chore chore);

#endif							/* REVOPS_CHORES_H */
