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
	bool		shrunk;			/* entries went away; whoever asks may reset it */

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

/* Which subtransaction an entry belongs to: 1 is the transaction itself. */
extern int	xact_log_level(XactLog *log, int place);

/*
 * For whoever merges entries of one level: put an entry, with its level, in the
 * place of another, and forget those from a place on.
 */
extern void xact_log_move(XactLog *log, int from, int to);
extern void xact_log_cut(XactLog *log, int n);

#endif							/* REVOPS_XACT_LOG_H */
