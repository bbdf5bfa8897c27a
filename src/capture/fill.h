/*
 * fill.h
 *		The columns of a host's row that the engine fills, as its types take them.
 */
#ifndef REVOPS_FILL_H
#define REVOPS_FILL_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "fmgr.h"

#include "settle/settle.h"

typedef struct FillColumn
{
	WrittenItem item;
	AttrNumber	attnum;
	Oid			type;
	int32		typmod;
	Oid			collation;
	int16		length;
	bool		byval;
	Oid			base;			/* its type, domains aside */
	FmgrInfo	input;
	Oid			input_param;
	FmgrInfo	equal;			/* fn_oid 0: the type has no equality */
	bool		safe;			/* the type takes every value of the item */
	char	   *last_text;		/* the last value that was made, which most rows share */
	Datum		last;
	int			role;			/* LEAD_STAGE, LEAD_OWNER that reads the column; -1: none */
} FillColumn;

typedef struct Fill
{
	Binding    *binding;
	Definitions *def;			/* with an agreement in force */
	MemoryContext context;
	int			n;
	FillColumn	columns[N_WRITTEN];
} Fill;

/*
 * The columns that a binding fills in rows of this descriptor (the host's).
 * Raises RV005 when one is missing or generated.  Memory is the current context's.
 */
extern void fill_prepare(Fill *fill, Binding *binding, Definitions *def,
						 TupleDesc host);

/*
 * What a column is to hold, as an assignment would make it.  NULL, or why its
 * type refuses it, in the current memory context.
 */
extern ErrorData *fill_try_value(Fill *fill, FillColumn *column, const Written *written,
								 Datum *value, bool *isnull);

/*
 * Is the column to be written, for this value?  Of stage and owner, where the
 * binding reads them from the column, the meaning counts and not the word: a
 * synonym of the lead's stage stays, and so does a word that says nothing here,
 * or a rep that is not known, until the engine itself moves the lead.  `roles`
 * is the row's.
 */
extern bool fill_needed(FillColumn *column, const Fill *fill, const Written *written,
						Datum value, bool isnull, TupleTableSlot *row,
						TupleTableSlot *roles);

/* Are two values of the column the same, by its type? */
extern bool fill_same(FillColumn *column, Datum a, bool a_null, Datum b, bool b_null);

/* Does the role that reads the column mean what is written?  For columns with a role. */
extern bool fill_means(const FillColumn *column, const Fill *fill,
					   const Written *written, TupleTableSlot *roles);

#endif							/* REVOPS_FILL_H */
