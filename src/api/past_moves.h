/*
 * past_moves.h
 *		The moves of the past that adopt_history() has loaded, for leads that are
 *		about to be taken in.
 */
#ifndef REVOPS_PAST_MOVES_H
#define REVOPS_PAST_MOVES_H

#include "postgres.h"

#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "define/binding.h"
#include "settle/past.h"

typedef struct PastMoves PastMoves;

/*
 * Read the moves of the leads whose rows these are (with the host's descriptor),
 * into the current memory context; NULL when there are none, or the binding is
 * not one of leads.
 */
extern PastMoves *past_moves_read(Binding *binding, Relation host, Tuplestorestate *rows);

/* Those of one lead, in order of time; NULL: none. */
extern const Past *past_moves_of(const PastMoves *moves, const char *key);

#endif							/* REVOPS_PAST_MOVES_H */
