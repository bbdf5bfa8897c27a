/*
 * pending.h
 *		Touches of a transaction block, kept in memory until it commits.
 *
 * A touch is a fact as soon as its statement ends; its lead is settled when the
 * transaction commits, so that lead rows are held for the commit only and many
 * touches of one lead are one update.  Savepoints undo what they should.  A
 * transaction that is prepared leaves deltas and holds no lead (but for those
 * of one that touched more than 65,536, which were settled before).
 *
 * Whoever settles a lead in the same transaction earlier takes what is pending
 * for it along: settle_lead() asks.
 */
#ifndef REVOPS_PENDING_H
#define REVOPS_PENDING_H

#include "postgres.h"

#include "settle/fold.h"

/* Registers the callback that settles at commit; called once, at module start. */
extern void pending_init(void);

/* Keep the sums for the lead until the transaction commits; the user brought them. */
extern void pending_add(const Definitions *def, int64 lead_id, const TouchSums *sums,
						Oid user);

/* Is anything pending for the lead? */
extern bool pending_for(int64 lead_id);

/*
 * What is pending for the lead, added to *sums; it is pending no more, unless
 * the current subtransaction aborts.  Sums that another agreement weighed ask
 * for a recount.  Returns whether there was anything.
 */
extern bool pending_take(int64 lead_id, int32 agreement_id, TouchSums *sums);

/*
 * When more is pending than memory should hold: settle it now.  To be called
 * at a statement's end, outside of any subtransaction of ours.
 */
extern void pending_relieve(void);

#endif							/* REVOPS_PENDING_H */
