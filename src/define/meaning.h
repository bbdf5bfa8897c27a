/*
 * meaning.h
 *		What a planned expression means, as text that stays the same while the
 *		meaning does: the base of fingerprints.
 */
#ifndef REVOPS_MEANING_H
#define REVOPS_MEANING_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "nodes/primnodes.h"

/*
 * The planned expression with roles as $1, $2 ..., then each role that it reads
 * with name and type, then each function of its own that is not PostgreSQL's, with
 * a digest of its definition.  What such a function calls in its turn is not
 * followed.  Object numbers are nowhere in it, so dump and restore keep it; other
 * major versions of PostgreSQL may plan otherwise.  The caller has pinned the
 * search path; output settings are pinned here.  The text is palloc'd.
 */
extern char *expression_meaning(const Expr *expr, TupleDesc roles);

#endif							/* REVOPS_MEANING_H */
