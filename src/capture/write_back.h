/*
 * write_back.h
 *		Writes into the host's rows what the engine says of their leads.
 *
 * A row is written by an UPDATE of its own, as the binding's owner, restricted,
 * in the transaction of whoever reads revops.write_back_due: the background
 * worker, settle(), run_due().  It waits for nobody: a row that the application
 * holds is tried again later.  The host's triggers, constraints and policies
 * count, and what its own rules set at each write (binding.bump) is set with it.
 * What they refuse is a fault, and is tried again at growing intervals, a dozen
 * times; then the row is left alone until its lead changes.
 *
 * Rows of a statement on an inline binding have been filled before they were
 * written (fill_row.c).  What could not be known then is put right at the
 * statement's end, in the same way.
 */
#ifndef REVOPS_WRITE_BACK_HOST_H
#define REVOPS_WRITE_BACK_HOST_H

#include "capture/capture.h"

/*
 * A row of the statement at hand, on a lead table whose binding fills columns, is
 * going to be settled: tells the settle what in it is the host's word and what is
 * ours, and lets it compare the row.  old_roles may be NULL.
 */
extern void write_back_row(Capture *capture, TupleTableSlot *row, const char *key,
						   TupleTableSlot *roles, TupleTableSlot *old_roles);

/* The statement was settled: write the rows of it that do not hold. */
extern void write_back_rest(Capture *capture);

/*
 * Write up to batch rows that are due (or, with only_due false, wait for another
 * try), of those numbered after `after`; returns how many were written.  *last is
 * the last one tried, 0 for none.  Does nothing where it must not: during
 * recovery, in a session with session_replication_role = replica, under REPEATABLE
 * READ and SERIALIZABLE.
 */
extern int	write_back_page(int64 after, int32 batch, bool only_due, int64 *last);

/* When the next row is to be tried again; DT_NOEND: never. */
extern TimestampTz write_back_next(TimestampTz after);

#endif							/* REVOPS_WRITE_BACK_HOST_H */
