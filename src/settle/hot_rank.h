/*
 * hot_rank.h
 *		The rank of a lead in the index that answers who is hottest.
 *
 * lead.rank is a bound: no lead has more intent than its rank says (see
 * decay_rank).  Readers walk the index from the highest rank down and look at
 * the sums themselves, so all that depends on how near the bound is is how many
 * leads they look at.  A rank that changes costs the update an entry in each
 * index of the table, so it is put up ahead of the sums: far ahead for most
 * leads, and little for the few hottest of their fit, which readers meet.
 */
#ifndef REVOPS_HOT_RANK_H
#define REVOPS_HOT_RANK_H

#include "postgres.h"

#include "settle/lead_row.h"

/*
 * The rank that is to be written with the row: the one it has, while it bounds
 * the intent and is not too far above it.
 */
extern int32 hot_rank(Writers *writers, const LeadRow *row);

#endif							/* REVOPS_HOT_RANK_H */
