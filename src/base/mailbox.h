/*
 * mailbox.h
 *		Where sessions leave word for their database's worker.
 *
 * Shared memory, present when the library was preloaded: one mailbox for each
 * worker that could run, given to a database by the launcher.  Everything in it
 * is atomic, so that the end of a transaction never waits.
 */
#ifndef REVOPS_MAILBOX_H
#define REVOPS_MAILBOX_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "port/atomics.h"

#include "base/gathering.h"
#include "base/want.h"

typedef struct Mailbox
{
	pg_atomic_uint32 database;	/* Oid; InvalidOid: given to none */
	pg_atomic_uint32 work;		/* HandoverWork, and the two below */
	Want		want;			/* the worker passed busy leads over */
	pg_atomic_uint32 reader;	/* number of the worker's PGPROC + 1; 0: none */
	Gathering	gathering;		/* leads that it could not fold, see gathering.h */
	pg_atomic_uint64 due;		/* earliest TimestampTz that something is due */
} Mailbox;

/* further bits of work, which are not of HandoverWork's transactions */
#define MAILBOX_MAYBE_FREED	(1 << 16)	/* a transaction ended that may have held leads */
#define MAILBOX_STOP		(1 << 17)	/* the worker is to end */

/* Announces the shared memory; called from _PG_init while preloaded. */
extern void mailboxes_announce(void);

/* How many there are; 0 when the library was not preloaded. */
extern int	mailboxes_count(void);

/* The mailbox at a place, from 0. */
extern Mailbox *mailbox_at(int place);

/* The mailbox of this session's database; NULL when it has none. */
extern Mailbox *mailbox_mine(void);

/* Give a mailbox to a database (or to none), empty; only the launcher does. */
extern void mailbox_give(Mailbox *box, Oid database);

/* Leave word, and wake the worker unless it is only to know some time. */
extern void mailbox_leave(Mailbox *box, uint32 work);

/* Something is due then; wakes the worker when it knew of nothing so early. */
extern void mailbox_due(Mailbox *box, TimestampTz at);

/* The same, without waking anybody. */
extern bool mailbox_lower_due(Mailbox *box, TimestampTz at);

/* Take what was left of these kinds; what is left afterwards wakes again. */
extern uint32 mailbox_take(Mailbox *box, uint32 kinds);

/* This process reads the mailbox from now on; or nobody does. */
extern void mailbox_read_by_me(Mailbox *box);
extern void mailbox_read_by_none(Mailbox *box);

/* Does anybody read it? */
extern bool mailbox_has_reader(Mailbox *box);

/* Is this process the one that reads its database's mailbox? */
extern bool mailbox_is_read_by_me(void);

/* Wake a process by the number of its PGPROC. */
extern void wake_process(int number);

#endif							/* REVOPS_MAILBOX_H */
