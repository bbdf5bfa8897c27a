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
	int32		rank;
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

/* Replace a row that was peeked at; false when it is held, or not the last version. */
extern bool lead_try_update(Writers *writers, LeadRow *row);

#endif							/* REVOPS_LEAD_ROW_H */
