/*
 * xact_log.h
 *		What a transaction remembers in memory until it ends, undone with its
 *		savepoints.
 *
 * A log of entries of one size, in the order in which they came.  What an
 * aborted subtransaction appended is gone from it; what a committed one
 * appended belongs to its parent.  When the transaction ends the log is empty.
 */
#ifndef REVOPS_XACT_LOG_H
#define REVOPS_XACT_LOG_H

#include "postgres.h"

typedef struct XactLog
{
	const char *name;			/* of its memory context */
	Size		entry_size;
	int			n;
	bool		shrunk;			/* an abort took entries away; whoever asks may reset it */

	/* private */
	char	   *entries;
	int		   *levels;			/* nesting level that each entry belongs to */
	int			room;
	MemoryContext context;		/* below TopTransactionContext; NULL: no entry yet */
	struct XactLog *next;
} XactLog;

/* Room for one more entry, owned by the current subtransaction; zeroed. */
extern void *xact_log_append(XactLog *log);

/* The entry at a place, from 0. */
extern void *xact_log_at(XactLog *log, int place);

/* Memory that lives as long as the log's entries may. */
extern MemoryContext xact_log_context(XactLog *log);

/* How many entries, from the end, belong to the current subtransaction itself. */
extern int	xact_log_own(XactLog *log);

/* Forget the last n entries; they must be the current subtransaction's own. */
extern void xact_log_forget(XactLog *log, int n);

#endif							/* REVOPS_XACT_LOG_H */
