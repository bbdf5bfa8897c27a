/*
 * touch_store.h
 *		The touches of very many leads, read in one pass over revops.touch and
 *		handed out lead by lead.
 *
 * By its index each touch costs a visit of a page that holds little else of its
 * lead; a pass over the table reads every page once.  Touches are put aside by
 * ranges of leads, in memory up to maintenance_work_mem and beyond it in
 * temporary files, and a range is put in order when its first lead is asked for.
 */
#ifndef REVOPS_TOUCH_STORE_H
#define REVOPS_TOUCH_STORE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

typedef struct StoredTouch
{
	uint32		lead;			/* counted from the first of its range */
	int32		signal_id;		/* 0: none */
	int32		binding_id;		/* 0: none */
	int16		sign;
	int64		touch_id;
	TimestampTz occurred_at;
	TimestampTz recorded_at;
} StoredTouch;

typedef struct TouchStore TouchStore;

/*
 * Reads the touches of a workspace's leads in a range of numbers, as the
 * snapshot sees them.  All memory is below the parent; with outlives, files
 * stay until the store is freed, else until the transaction ends.
 */
extern TouchStore *touch_store_fill(MemoryContext parent, Relation touch, Snapshot snapshot,
									int32 workspace_id, int64 first_lead, int64 last_lead,
									bool outlives);

/*
 * Touches of a lead in order of (occurred_at, touch_id), *n of them; valid until
 * the next call.  Leads must be asked for in growing order.
 */
extern const StoredTouch *touch_store_lead(TouchStore *store, int64 lead_id, int *n);

/*
 * Has the store seen all touches of a lead whose row was last written by this
 * transaction?  Whoever brings a touch writes the lead's row or a delta in the
 * same transaction: with no delta there, a row that is older than the pass has
 * no touch that is younger.
 */
extern bool touch_store_knows(const TouchStore *store, int64 lead_id, TransactionId written_by);

extern void touch_store_free(TouchStore *store);

#endif							/* REVOPS_TOUCH_STORE_H */
