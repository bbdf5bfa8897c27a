/*
 * descent.h
 *		Partitions and inheritance children of a host.
 *
 * A statement that names one of them fires its triggers, and not the host's;
 * one that names the host fires the host's only, whose transition tables hold
 * the rows of all of them in the host's shape.  So both have the triggers of
 * the binding, and no row is seen twice.
 */
#ifndef REVOPS_DESCENT_H
#define REVOPS_DESCENT_H

#include "postgres.h"

#include "utils/rel.h"

/* Is the relation the ancestor itself, or a partition or child of it at any level? */
extern bool descends(Oid relid, Oid ancestor);

/*
 * The host of a statement on a relation that descends from it; closed by
 * descent_close, or with the subtransaction.  Never waits: somebody who
 * changes the host may hold its lock, and wait for the relation.  Its
 * description is then the one before that change.
 */
extern Relation descent_open(Relation relation, Oid host);
extern void descent_close(Relation relation, Relation host);

#endif							/* REVOPS_DESCENT_H */
