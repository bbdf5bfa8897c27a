/*
 * lead_cursor.h
 *		Rows of a table whose primary key begins with lead_id, beside leads that
 *		come in order: one range scan in place of a look-up for each lead.
 */
#ifndef REVOPS_LEAD_CURSOR_H
#define REVOPS_LEAD_CURSOR_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

typedef struct LeadCursor
{
	struct SysScanDescData *scan;
	MemoryContext context;		/* of the scan: what it needs later must live as long */
	TupleDesc	desc;
	HeapTuple	tuple;			/* at hand; NULL: no more */
	int64		lead_id;		/* its lead */
} LeadCursor;

/*
 * Opens the cursor at the first row of this lead, or of one behind it, under a
 * snapshot that stays registered until it is closed.
 */
extern void lead_cursor_open(LeadCursor *cursor, Relation rel, Oid pkey, Snapshot snapshot,
							 int64 first_lead);
extern void lead_cursor_close(LeadCursor *cursor);

/* The next row, good until the one after; false at the end. */
extern bool lead_cursor_next(LeadCursor *cursor);

/* Goes on to the first row of this lead that was not passed yet; false: there is none. */
extern bool lead_cursor_seek(LeadCursor *cursor, int64 lead_id);

/* A column of the row at hand; 0 when it is NULL. */
extern Datum lead_cursor_column(const LeadCursor *cursor, int column);

#endif							/* REVOPS_LEAD_CURSOR_H */
