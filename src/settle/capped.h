/*
 * capped.h
 *		Touches whose points caps may limit: what they count depends on the
 *		lead's other touches.
 *
 * Caps take touches in order of time, whenever they are told.  One that is told
 * in order adds what is left of its caps.  One that is told late may take that
 * from later ones: then the lead's touches are summed anew.
 */
#ifndef REVOPS_CAPPED_H
#define REVOPS_CAPPED_H

#include "postgres.h"

#include "settle/fold.h"

/*
 * Add to the sums what their capped touches add to the lead's, and forget them;
 * or ask for a recount.  Their rows must be visible.  Reads the lead's touches
 * from the beginning of the caps' periods on, and no further than it must.
 *
 * Exact where the lead's state counts all of its other capped touches that can
 * be seen.  Those of a delta it does not count; such a delta asks for a recount.
 */
extern void capped_count(Writers *writers, const Definitions *def, int64 lead_id,
						 TouchSums *sums);

/* touches_sum_rows() where there are caps. */
extern void capped_sum(const Definitions *def, const TouchRow *rows, int n, TouchSums *sums);

#endif							/* REVOPS_CAPPED_H */
