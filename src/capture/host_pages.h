/*
 * host_pages.h
 *		Reading a host table by itself, a number of pages at a time.
 *
 * No index is needed, and where one stopped is a number of a page.  A row that
 * is written while this goes on may be met or not, or twice: the triggers tell
 * of it.  A partitioned table, and one with children, is read leaf by leaf.
 *
 * Of what is no heap of this database (views, foreign tables) all rows are
 * read at once, kept in this session, and given out by number.
 */
#ifndef REVOPS_HOST_PAGES_H
#define REVOPS_HOST_PAGES_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/rel.h"
#include "utils/snapshot.h"
#include "utils/tuplestore.h"

#include "define/binding.h"

/*
 * May the binding's owner read all rows of the table?  Raises RV005 where row
 * level security would hide some of them, 42501 where it lacks SELECT.
 */
extern void host_check_readable(Binding *binding, Relation host);

/*
 * The relations that hold the table's rows, in order of their numbers, so that
 * one that is added later comes last: an OID list.  Each is locked.
 */
extern List *host_leaves(Relation host);

/* How many pages a leaf has; of what has none, 1. */
extern int64 host_leaf_pages(Oid leaf);

/* The file that a leaf is in: another one when it was written anew.  0: it is in none. */
extern Oid	host_leaf_file(Oid leaf);

typedef struct HostPages
{
	Relation	host;
	Relation	leaf;
	int64		from;			/* pages; of what has none, rows */
	int64		next;			/* where to go on */
	bool		at_end;			/* nothing is left of the leaf */
	int64		nrows;
	Tuplestorestate *rows;		/* with the host's descriptor */
	Snapshot	snapshot;		/* NULL: the leaf has no pages */
} HostPages;

/*
 * Read pages from `from` on, before `end`, until they have given `rows` rows.
 * All that is opened is owned by the current memory context and resource owner
 * until host_pages_end.
 */
extern void host_pages_read(HostPages *pages, Binding *binding, Relation host, Oid leaf,
							int64 from, int64 end, int32 rows);
extern void host_pages_end(HostPages *pages);

/*
 * Of the rows that were read: the keys (char *) of those that somebody has
 * changed or deleted since, or is about to; and the transactions that are about
 * to (an XID list, added to *xids).  Whoever of the two comes later sees the
 * other: those sets the row's xmax and looks for the lead then, we make the lead
 * and look at the xmax then.
 */
extern List *host_pages_moving(HostPages *pages, Binding *binding, List **xids);

#endif							/* REVOPS_HOST_PAGES_H */
