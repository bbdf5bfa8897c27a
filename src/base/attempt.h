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
 * statement or server: a cancelled query, a shutdown, no memory or disk, a
 * transaction that can't go on, corrupt data, a trigger put where it does not
 * belong.  An internal error, of ours or of a user's function, is.
 */
extern bool attempt_tolerates(int sqlerrcode);

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

#endif							/* REVOPS_ATTEMPT_H */
