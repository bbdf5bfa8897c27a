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

/* Where a row that was read stands, and who wrote it there. */
typedef struct RowPlace
{
	ItemPointerData tid;
	TransactionId xmin;
} RowPlace;

typedef struct HostPages
{
	Relation	host;			/* while it is read */
	Relation	leaf;
	Oid			leaf_id;
	int64		from;			/* pages; of what has none, rows */
	int64		next;			/* where to go on */
	bool		at_end;			/* nothing is left of the leaf */
	int64		nrows;
	Tuplestorestate *rows;		/* with the host's descriptor */
	bool		paged;			/* the leaf has pages */
	Oid			file;			/* that they are in */
	RowPlace   *places;			/* of the rows, in their order */
	int64		room;
	MemoryContext context;		/* of rows and places: it outlives the transaction */
} HostPages;

/*
 * Read pages from `from` on, before `end`, until they have given `rows` rows.
 * The relations are the transaction's; rows and places are there until
 * host_pages_forget, so that it can be asked after the commit what has become of
 * the rows.
 */
extern void host_pages_read(HostPages *pages, Binding *binding, Relation host, Oid leaf,
							int64 from, int64 end, int32 rows);
extern void host_pages_forget(HostPages *pages);

/*
 * Of the rows that were read: the keys (char *, in the current context) of those
 * that somebody has changed or deleted since, or is about to; and the
 * transactions that are about to, added to *xids.  Asked when the leads of the
 * rows have been committed it misses nobody who might have missed them: whoever
 * writes a row marks it first and looks for its lead then.
 */
extern List *host_pages_moving(HostPages *pages, Binding *binding, Relation host, List **xids);

#endif							/* REVOPS_HOST_PAGES_H */
