/*
 * rescore.h
 *		Leads computed anew, a page of them at a time.
 *
 * What a settle does for a lead that it has locked, this does for one that it
 * has not: row, deltas, touches and profile are read under one snapshot, and the
 * row is replaced only if it is still the version that was read.  Whoever brings
 * a touch meanwhile writes that row, or a delta, in the same transaction: the
 * row fails the comparison then, and the delta stays and counts.
 *
 * Only numbers are written here.  A lead that would move, for which something
 * waits, or that somebody holds, is left to settle_lead().
 */
#ifndef REVOPS_RESCORE_H
#define REVOPS_RESCORE_H

#include "postgres.h"

#include "settle/touch_store.h"

typedef struct RescoredPage
{
	int			n;				/* leads looked at */
	int64		last;			/* greatest of them */
	int			changed;		/* rows written */
	int			nleft;
	int64	   *left;			/* leads that are left to settle_lead(): palloc'd */
} RescoredPage;

/*
 * Computes up to batch leads of a workspace after this one anew, by the
 * agreement in force.  The store (NULL: none) is asked for touches that it knows.
 * Raises what settle_begin() raises, and what a rule raises.
 */
extern void rescore_page(RescoredPage *page, int32 workspace_id, int64 after, int batch,
						 TouchStore *store);

/* The touches of a workspace's leads after this one, for rescore_page(). */
extern TouchStore *rescore_touches(MemoryContext parent, int32 workspace_id, int64 after);

#endif							/* REVOPS_RESCORE_H */
