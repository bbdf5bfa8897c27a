/*
 * enrich.h
 *		Values that people and providers give for roles that the host leaves empty.
 *
 * A value of the host's row counts before one that was filled in, whenever it
 * comes; where the row has none, the last one filled in counts.  So a profile is
 * the row with the filled values laid over what is empty there (NULL or blank),
 * and every settle of a lead that has any (lead.enriched) makes it so.
 */
#ifndef REVOPS_ENRICH_H
#define REVOPS_ENRICH_H

#include "utils/jsonb.h"

#include "settle/settle.h"

/* What is to be filled in. */
typedef struct Enrichment
{
	Jsonb	   *values;			/* an object: role to value */
	const char *source;
	List	   *filled;			/* out: roles that were empty, char * */
	MemoryContext context;		/* of filled */
} Enrichment;

/* Is a role's value NULL, or text of blanks? */
extern bool role_is_empty(const TupleTableSlot *roles, int role);

/*
 * What the row says, with the lead's filled values laid over: a slot of the
 * settle's, good until the next call.
 */
extern TupleTableSlot *enrich_overlay(Settle *s, int64 lead_id, TupleTableSlot *roles);

/*
 * Fill what is empty in `roles`, and write down where it came from; personal
 * values go to lead_identity.  Returns the roles with it: a slot of the
 * settle's; the caller writes the profile.  The lead must be locked.  A
 * value that is not of its role's type raises 22023.
 */
extern TupleTableSlot *enrich_fill(Settle *s, LeadRow *row, TupleTableSlot *roles,
								   Enrichment *enrichment);

#endif							/* REVOPS_ENRICH_H */
