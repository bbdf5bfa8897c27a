/*
 * lead_row.h
 *		A row of revops.lead: found, locked, read, written.
 */
#ifndef REVOPS_LEAD_ROW_H
#define REVOPS_LEAD_ROW_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "decide/decide.h"
#include "settle/lead_find.h"
#include "settle/row_values.h"
#include "settle/writer.h"

typedef struct LeadRow
{
	LeadState	state;			/* what decisions read and change */
	ItemPointerData tid;
	int32		workspace_id;
	int32		binding_id;
	int32		agreement_id;
	int64		profile_id;
	TimestampTz settled_at;
	TimestampTz fall_at;		/* see falls.h */
	int32		rank;
	int16		unpruned;		/* see lead_is_hot */
	TransactionId xmin;			/* whose version it is */
	Datum		stage;
	Datum		key;
	Datum		source;
	Datum		campaign;
	Datum		segment;
} LeadRow;

typedef enum LockResult
{
	LEAD_LOCKED,
	LEAD_BUSY					/* somebody holds it, or it may not be waited for */
} LockResult;

/*
 * Each update leaves a version behind that can't be pruned while a snapshot is
 * older than it, and every look-up of the lead walks them all.  Has this row
 * got so many that it should not be updated without need?
 */
extern bool lead_is_hot(Writers *writers, const LeadRow *row);

/* Read a row of the table; its texts stay where they are, where they can. */
extern void lead_read(Writers *writers, HeapTuple tuple, const Agreement *agreement,
					  LeadRow *row);

/*
 * Read the version that was seen, or a copy that was kept, without locking it;
 * false when it can be seen no more.
 */
extern bool lead_peek(Writers *writers, LeadGlance *glance, const Agreement *agreement,
					  LeadRow *row);

/*
 * Lock the lead's row and read its last version, a copy of which is made in the
 * current context.  With wait = false nothing is waited for, and under
 * REPEATABLE READ and SERIALIZABLE every lead is busy, so that no 40001 comes
 * from us.  On return the newest snapshot that the caller takes sees all that
 * earlier holders of the lock did.
 */
extern LockResult lead_lock(Writers *writers, LeadGlance *glance, bool wait,
							const Agreement *agreement, LeadRow *row);

/* Write the row: a new one is collected, an old one replaced at once. */
extern void lead_insert(Writers *writers, const LeadRow *row);
extern void lead_update(Writers *writers, LeadRow *row);

/* Replace a row that was peeked at, if it can be done. */
extern TryResult lead_try_update(Writers *writers, LeadRow *row);

/* The greatest number of a lead that the snapshot sees; 0: there is none. */
extern int64 lead_last(Relation lead, Snapshot snapshot);

#endif							/* REVOPS_LEAD_ROW_H */
