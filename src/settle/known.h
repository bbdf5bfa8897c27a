/*
 * known.h
 *		Leads of accounts, and leads that seem to be there already.
 *
 * Both are SQL (sql/56_match_lead.sql), run as the extension's owner, and only
 * in workspaces that ask for it.  What raises is noted as a fault in a careful
 * settle: then the lead is matched to nothing, and routed as any other.
 */
#ifndef REVOPS_KNOWN_H
#define REVOPS_KNOWN_H

#include "decide/decide.h"
#include "settle/settle.h"

/*
 * The lead at hand has these roles now, and had those before (NULL: it is new):
 * match it, where what it is matched by has changed.
 */
extern void known_take(Settle *s, TupleTableSlot *now, TupleTableSlot *before);

/* Who should get the lead at hand before routes are tried; false: nobody, they are to be tried. */
extern bool known_owner(Settle *s, KnownOwner *owner);

#endif							/* REVOPS_KNOWN_H */
