/*
 * packet.h
 *		Entries of the inbox that one statement told, packed into one value.
 *
 * A packet is a bytea of at most about a page.  It begins with the roles that
 * its entries tell of: name, kind of value, personal or not.  So it is read by
 * names whatever becomes of the binding, and as it holds no number that another
 * database would give otherwise, it survives dump and restore.  Values are kept
 * in their own binary form where that is the same everywhere; those of other
 * types as the text that a profile has of them.
 *
 *	header	order of bytes, number of roles (2), and of each role: kind (and
 *			whether it is personal), length of its name, name
 *	entry	length (2), what, what it has, key, old key, which roles are not
 *			NULL, their values
 */
#ifndef REVOPS_PACKET_H
#define REVOPS_PACKET_H

#include "postgres.h"

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "utils/jsonb.h"

#include "capture/queue.h"

/* Such a row of revops.inbox_packet fills a page; its other columns need less than 160. */
#define PACKET_SIZE		(MaxHeapTupleSize - 160)

/*
 * How many entries a packet may have: as far apart are the numbers that the
 * inbox's sequence gives, so that each entry has one of its own.
 */
#define PACKET_ENTRIES	512

/* A packet that is being filled. */
typedef struct Packet
{
	const struct PacketForm *form;
	int64		first;			/* number of its first entry */
	int			entries;
	int			used;			/* bytes, header included */
	int			room;			/* bytes that there are; it grows up to PACKET_SIZE */
	char	   *data;			/* VARHDRSZ bytes before it are free too */
} Packet;

/*
 * A packet for what is told of rows of the binding, in the current memory
 * context; it is empty.  The binding must outlive it.
 */
extern Packet *packet_make(Binding *binding);

/* Empty it; the numbers of its entries begin with this one. */
extern void packet_begin(Packet *packet, int64 first);

/*
 * Add an entry; key, old_key and roles may be NULL.  False where there is no
 * room for it.  Allocates in the current memory context.
 */
extern bool packet_add(Packet *packet, QueueWhat what, const char *key,
					   const char *old_key, TupleTableSlot *roles);

/* An entry that was read: it points into the packet. */
typedef struct PacketEntry
{
	QueueWhat	what;
	char	   *key;			/* NULL: none */
	char	   *old_key;
	char	   *roles;			/* NULL: none were told */
	char	   *begin;			/* all of it */
	char	   *end;
} PacketEntry;

/* A packet that is being read. */
typedef struct PacketReader
{
	char	   *data;
	char	   *end;
	char	   *at;				/* the next entry */
	int			header;			/* its length */
	bool		foreign;		/* of a machine with another order of bytes: values can't be read */
	int			nroles;
	struct PacketRole *roles;
} PacketReader;

/*
 * Read a packet, which must live as long as its entries are used; the reader is
 * palloc'd.  This and packet_next raise RV004 for what is no packet.
 */
extern PacketReader *packet_open(bytea *body);

/* The next entry; false at the end. */
extern bool packet_next(PacketReader *reader, PacketEntry *entry);

/*
 * The entry's personal roles, or the others, as the inbox's columns have them;
 * NULL where none were told (personal: where there are none).
 */
extern Jsonb *packet_entry_profile(PacketReader *reader, const PacketEntry *entry,
								   bool personal);

/*
 * Fill a virtual slot of binding->roles, by name where the binding's roles have
 * changed since; all are NULL where none were told.  Values point into the
 * packet or are palloc'd.
 */
extern void packet_entry_to_slot(PacketReader *reader, const PacketEntry *entry,
								 Binding *binding, TupleTableSlot *slot);

/* A copy of the packet in which entries with one of these keys have no personal roles. */
extern bytea *packet_without_personal(bytea *body, const List *keys);

#endif							/* REVOPS_PACKET_H */
