/*
 * invalidate.h
 *		One relcache callback tells every cache of ours that definitions, or
 *		a host table, changed.
 */
#ifndef REVOPS_INVALIDATE_H
#define REVOPS_INVALIDATE_H

#include "postgres.h"

/* Called once from _PG_init; registers the callback and transaction hooks. */
extern void invalidate_init(void);

/*
 * A number that grows whenever a definition may have changed.  A cache keeps
 * the number that it was built under and rebuilds itself, at its next use and
 * never inside the callback, when the number has moved on.
 */
extern uint64 definitions_generation(void);

/*
 * A table's relcache entry was flushed (any of: DDL on a bound table, a
 * trigger switched off).  Grows with every such event on a watched table.
 */
extern void watch_relation(Oid relid);
extern uint64 relations_generation(void);

#endif							/* REVOPS_INVALIDATE_H */
