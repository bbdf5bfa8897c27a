/*
 * packet_row.h
 *		The one packet of a statement, written when the statement was read.
 *
 * What reads a statement may fail, so it runs in a subtransaction.  What a short
 * one tells is one packet: this row is written after the subtransaction, under
 * the transaction's own number.  So an application that writes single rows uses
 * up no more transaction numbers than without us, and pays for one commit.
 */
#ifndef REVOPS_PACKET_ROW_H
#define REVOPS_PACKET_ROW_H

#include "postgres.h"

#include "storage/itemptr.h"
#include "utils/elog.h"

#include "settle/tables.h"

typedef struct PacketRow
{
	Datum		values[PACKET_COLS];	/* none is NULL */
	bool		plain;			/* the table was found plain: see writer_is_plain */
	ItemPointerData tid;		/* where it is; invalid: nowhere */
} PacketRow;

/*
 * A row of these values, which are copied, in the given memory context; it is
 * not written yet.
 */
extern PacketRow *packet_row_make(const Datum *values, MemoryContext context);

/*
 * Write it.  Returns NULL, or the error for which it is not written: see attempt;
 * raises those that are not ours to bear.
 */
extern ErrorData *packet_row_write(PacketRow *row);

#endif							/* REVOPS_PACKET_ROW_H */
