/*
 * lead_cursor.c
 *		See lead_cursor.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"

#include "settle/lead_cursor.h"

/* lead_id is the first column of all these tables, and of their keys */
#define LEAD_ATTRIBUTE	1

void
lead_cursor_open(LeadCursor *cursor, Relation rel, Oid pkey, Snapshot snapshot, int64 first_lead)
{
	ScanKeyData key;

	ScanKeyInit(&key, LEAD_ATTRIBUTE, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(first_lead));
	cursor->scan = systable_beginscan(rel, pkey, true, snapshot, 1, &key);
	cursor->context = CurrentMemoryContext;
	cursor->desc = RelationGetDescr(rel);
	(void) lead_cursor_next(cursor);
}

void
lead_cursor_close(LeadCursor *cursor)
{
	systable_endscan(cursor->scan);
}

bool
lead_cursor_next(LeadCursor *cursor)
{
	MemoryContext old = MemoryContextSwitchTo(cursor->context);

	CHECK_FOR_INTERRUPTS();
	cursor->tuple = systable_getnext(cursor->scan);
	MemoryContextSwitchTo(old);
	if (HeapTupleIsValid(cursor->tuple))
		cursor->lead_id = DatumGetInt64(lead_cursor_column(cursor, LEAD_ATTRIBUTE - 1));
	return HeapTupleIsValid(cursor->tuple);
}

bool
lead_cursor_seek(LeadCursor *cursor, int64 lead_id)
{
	while (HeapTupleIsValid(cursor->tuple) && cursor->lead_id < lead_id)
		(void) lead_cursor_next(cursor);
	return HeapTupleIsValid(cursor->tuple) && cursor->lead_id == lead_id;
}

Datum
lead_cursor_column(const LeadCursor *cursor, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(cursor->tuple, column + 1, cursor->desc, &isnull);

	return isnull ? (Datum) 0 : value;
}
