/*
 * lead_row.h
 *		A row of revops.lead: found, locked, read, written.
 */
#ifndef REVOPS_LEAD_ROW_H
#define REVOPS_LEAD_ROW_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "decide/decide.h"
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
	Datum		stage;
	Datum		key;
	Datum		source;
	Datum		campaign;
	Datum		segment;
} LeadRow;

/*
 * What a look-up has seen of a lead's row, nothing being locked.  It is of use
 * while the snapshot that is active now, or one below it, stays: the place may
 * be another row's after that.
 */
typedef struct LeadGlance
{
	int64		lead_id;		/* 0: there is no such lead */
	int32		binding_id;
	ItemPointerData tid;
	TransactionId xmin;			/* whose version it is */
} LeadGlance;

/* Look a lead up by its number; false when there is none. */
extern bool lead_glance(Writers *writers, int64 lead_id, LeadGlance *glance);

/* The lead whose row has this key, renames that wait aside; 0: none. */
extern int64 lead_find_row(Writers *writers, int32 binding_id, const char *key,
						   LeadGlance *glance);

/* The key of a lead that had to give up its own. */
extern char *displaced_key(const char *key, int64 lead_id);

typedef enum LockResult
{
	LEAD_LOCKED,
	LEAD_BUSY					/* somebody holds it, or it may not be waited for */
} LockResult;

/*
 * The lead's number by its key, 0 when there is none.  A rename that waits for a
 * busy lead counts.  Reads under the newest snapshot.
 */
extern int64 lead_find(Writers *writers, int32 binding_id, const char *key);

/* The same, and what was seen of it. */
extern int64 lead_find_glance(Writers *writers, int32 binding_id, const char *key,
							  LeadGlance *glance);

/* Did this transaction write the version that was seen? */
extern bool lead_is_own(const LeadGlance *glance);

/*
 * Is the version so young that the one before it can't be pruned yet?  Then
 * each further update makes every look-up of the lead slower.
 */
extern bool lead_is_hot(Writers *writers, const LeadGlance *glance);

/* Read the version that was seen, without locking it; false when it is the last no more. */
extern bool lead_peek(Writers *writers, LeadGlance *glance, const Agreement *agreement,
					  LeadRow *row);

/*
 * Lock the lead's row and read its last version; texts are copied into the
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

/*
 * Is anything waiting for any lead?  Cheap: looks at the table's size only.  A
 * "no" holds for a lead that was locked before it was asked.
 */
extern bool deltas_possible(Writers *writers);

/*
 * Index scans over our tables read under the newest snapshot; between
 * fold_begin and fold_end all under one.  In a SERIALIZABLE transaction they
 * leave no predicate locks, which pages of index and table would share between
 * leads: two transactions with nothing in common would fail each other.  What
 * is read here is kept right by the lead's lock.
 */
extern struct SysScanDescData *engine_scan(Writers *writers, EngineTable table,
										   Oid index, int nkeys,
										   struct ScanKeyData *keys);
/* The next row, NULL at the end; good until the next call. */
extern struct HeapTupleData *engine_scan_next(struct SysScanDescData *scan);
extern void engine_scan_end(struct SysScanDescData *scan);

#endif							/* REVOPS_LEAD_ROW_H */
