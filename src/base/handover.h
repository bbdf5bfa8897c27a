/*
 * handover.h
 *		What a transaction leaves for the database's worker, told when it ends.
 *
 * Whoever appends work notes it; when the transaction has ended, so that its
 * rows can be seen and its locks are gone, the worker is woken.  Nothing is
 * told twice in a transaction, and without a worker nothing is done at all.
 */
#ifndef REVOPS_HANDOVER_H
#define REVOPS_HANDOVER_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef enum HandoverWork
{
	HANDOVER_FOLD = 1,			/* an urgent delta: to be folded at once */
	HANDOVER_FOLD_LATER = 2,	/* a delta that may wait to be folded with others */
	HANDOVER_INBOX = 4,			/* an entry of the inbox that is due */
	HANDOVER_LEADS_FREED = 8,	/* leads were locked: the worker may have passed them over */
	HANDOVER_LOOK = 16,			/* anything may wait: look at all there is */
	HANDOVER_WRITE_BACK = 32,	/* a row of the host's that is to be written */
	HANDOVER_ROLL_UP = 64		/* a lead that KPIs count differently now; this may wait too */
} HandoverWork;

/* What the worker collects for a while before it does it. */
#define HANDOVER_MAY_WAIT	(HANDOVER_FOLD_LATER | HANDOVER_ROLL_UP)

/* Listens to the ends of transactions; called from _PG_init while preloaded. */
extern void handover_init(void);

/*
 * Note work of the current transaction.  A rolled back one leaves none, but
 * for HANDOVER_LEADS_FREED; that one also counts for whoever has a transaction
 * number, as leads may have been locked by other means than ours.  Work of a
 * subtransaction that is rolled back stays noted: the worker looks in vain.
 */
extern void handover_note(int work);

/* A timer, a clock or an entry of the inbox falls due then. */
extern void handover_due(TimestampTz at);

/* Is a worker at work for this database, that folds what is left to it? */
extern bool handover_served(void);

/* Are touches of the lead to gather as deltas, for the worker to fold (gathering.h)? */
extern bool handover_gathers(int64 lead_id);

/*
 * In the worker itself: what its own transactions noted since the last call.
 * They do not wake it, for it knows better when to try again.
 */
extern int	handover_own(void);

#endif							/* REVOPS_HANDOVER_H */
