/*
 * inbox_packets.h
 *		The packets of the inbox, as its one reader sees them.
 *
 * All of it is for who holds inbox_lock, and raises what reading and writing
 * our tables raises, RV004 for a row that is no packet.
 */
#ifndef REVOPS_INBOX_PACKETS_H
#define REVOPS_INBOX_PACKETS_H

#include "postgres.h"

#include "capture/queue.h"

/*
 * Entries of packets numbered after `after`, packet by packet until there are
 * `batch` of them, in order, in the current memory context.  *below is the
 * number that follows them where there were so many, else untouched.  Called
 * in an owner's scope, whose snapshot it reads under.
 */
extern List *packets_read(int64 after, int32 batch, int64 *below);

/* Those of one statement. */
extern List *packets_of_statement(int64 after, int64 statement);

/*
 * Entries that are to be read again from the host, and whose rows a later packet
 * tells whole, are marked superseded.
 */
extern void packets_supersede(QueueEntry **entries, int n);

/*
 * A packet that was read is deleted; an entry that is to stay becomes a row of
 * table inbox before, with the number that it has.
 */
extern void packets_put_back(const QueueEntry *entry);
extern void packets_delete(const List *entries);

/* Erase the personal roles of a lead's entries, by whatever keys it went. */
extern void packets_forget(int64 lead_id);

#endif							/* REVOPS_INBOX_PACKETS_H */
