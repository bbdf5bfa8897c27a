/*
 * lead_find.h
 *		A lead by its key, or by its number, without a lock.
 *
 * It is looked for where it, or another that hashes so, was found last (see
 * places.h); the row there says whether it is the lead's, and where it is not,
 * the index is asked.
 */
#ifndef REVOPS_LEAD_FIND_H
#define REVOPS_LEAD_FIND_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "settle/engine_scan.h"

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
	struct HeapTupleData *row;	/* a copy of it, where Writers.keep asks for it, else NULL */
} LeadGlance;

/* Let go of what look-ups keep open; writers_end calls it. */
extern void lead_search_end(Writers *writers);

/* Look a lead up by its number; false when there is none. */
extern bool lead_glance(Writers *writers, int64 lead_id, LeadGlance *glance);

/* The lead whose row has this key, renames that wait aside; 0: none. */
extern int64 lead_find_row(Writers *writers, int32 binding_id, const char *key,
						   LeadGlance *glance);

/* The key of a lead that had to give up its own. */
extern char *displaced_key(const char *key, int64 lead_id);

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

#endif							/* REVOPS_LEAD_FIND_H */
