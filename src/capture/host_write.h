/*
 * host_write.h
 *		One row of the host's, locked, compared and written.
 */
#ifndef REVOPS_HOST_WRITE_H
#define REVOPS_HOST_WRITE_H

#include "capture/capture.h"
#include "capture/fill.h"

/* A host that rows are written of; made by host_write_open in the current context. */
typedef struct HostWrite
{
	Capture		capture;		/* its binding and host */
	Fill		fill;
	BindingRun *run;
	TupleTableSlot *row;
} HostWrite;

typedef struct RowToWrite
{
	int64		lead_id;
	char	   *key;
	bool		moved;			/* see Written */
	bool		assigned;
	bool		written;		/* out: it was; false: nothing was to be done */
	ErrorData  *refused;		/* out: why a column's type takes not its value; the others were written */
	const char *overruled;		/* out: column that the host's rules gave another value */
} RowToWrite;

/*
 * Open the host of a binding.  NULL, or why its rows can't be written: RV005
 * where the host lacks a column or is a target of logical replication, 55P03 where
 * somebody has locked its table.  Where the table or the binding's columns are gone
 * there is nothing to be done: capture.host is NULL.
 */
extern ErrorData *host_write_open(HostWrite *write, int32 binding_id);
extern void host_write_close(HostWrite *write);

/*
 * Write one row, in the caller's subtransaction.  Raises 55P03 when somebody holds
 * the row or the lead, and all that the host's rules raise; a deadlock and 40001
 * come as 55P03.  With own = true the transaction is ours alone: deferred
 * constraints are checked at once.
 */
extern void host_write_row(HostWrite *write, RowToWrite *row, bool own);

#endif							/* REVOPS_HOST_WRITE_H */
