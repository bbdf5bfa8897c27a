/*
 * attempt.h
 *		Runs a step that may fail because of what a user wrote.
 */
#ifndef REVOPS_ATTEMPT_H
#define REVOPS_ATTEMPT_H

#include "postgres.h"

typedef void (*AttemptStep) (void *arg);

/*
 * Is an error of this SQLSTATE for us to bear?  Not so what concerns the whole
 * statement: a cancelled query, a shutdown, a transaction that can't go on, a
 * trigger put where it does not belong.  All else is, for it may be our doing: no
 * memory for our rows, no room on their disk, damage in a table of ours, an
 * internal error of ours or of a user's function.
 */
extern bool attempt_tolerates(int sqlerrcode);

/* Is it for want of memory or the like, so that the next time may go well? */
extern bool attempt_lacks_resources(int sqlerrcode);

/*
 * Calls step(arg) in an internal subtransaction, in the caller's memory
 * context and with its resource owner.  Returns NULL when it succeeded; else
 * the subtransaction is rolled back and the error is returned, copied into the
 * caller's context (release it with FreeErrorData).  Errors that are not
 * tolerated are raised.
 *
 * While parallel workers run no subtransaction can start (this is true of all
 * code): there the step runs plainly and each error is raised.
 */
extern ErrorData *attempt(AttemptStep step, void *arg);

/*
 * The same without a subtransaction, for a step that does nothing but write rows
 * of ours: these have the transaction's own number then, where a subtransaction
 * would need another, a lock on it, and its own place in the log of commits.
 * After an error all that the step held is given back (pins, locks, references to
 * caches), but what it wrote is there: the caller undoes it.  The step pushes no
 * snapshot, and runs no SQL and nothing that a user wrote.
 */
extern ErrorData *attempt_undivided(AttemptStep step, void *arg);

/*
 * The same for a step that touches nothing but memory, without a subtransaction:
 * that would clean up nothing, and what the step keeps would be of another level
 * in it.  Every error is returned.
 */
extern ErrorData *attempt_in_memory(AttemptStep step, void *arg);

#endif							/* REVOPS_ATTEMPT_H */
