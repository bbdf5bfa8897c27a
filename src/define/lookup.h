/*
 * lookup.h
 *		Roles that are looked up in other tables: expressions with sub-selects,
 *		such as (SELECT s.name FROM public.crm_stage s WHERE s.id = lead.stage_id).
 *
 * An expression that is evaluated row by row cannot hold a sub-select, and a
 * query for each row would cost a bulk load dearly.  So all lookup roles of a
 * binding are asked for by one query over the rows of a statement, which it
 * reads as a relation named revops_rows; the answers come in the order of the
 * rows.  The plan is kept: it holds no lock between transactions, and the plan
 * cache makes it anew when a table that it reads has changed.
 *
 * The query sees what the statement has written, and under REPEATABLE READ
 * what its transaction sees.  It never waits: where a table that it reads is
 * locked it raises 55P03 at once, also in the careful form, for then the rows
 * are to be read again, not taken to lack a role.
 */
#ifndef REVOPS_LOOKUP_H
#define REVOPS_LOOKUP_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/pg_list.h"
#include "utils/tuplestore.h"

#include "define/binding.h"

/* The lookup roles of a binding, in the memory context of the binding. */
typedef struct LookupPlan LookupPlan;

/* The answers for some rows. */
typedef struct Lookups Lookups;

/*
 * No roles yet.  `alias` is the name by which the roles' texts call the row;
 * all is allocated in the current memory context.
 */
extern LookupPlan *lookup_plan_create(Oid host, const char *alias);

/*
 * Add a role, which is then the next of lookup_plan_count(); `columns` are the
 * names by which the text knows the host's columns (of String, without dropped
 * ones), NIL where they are those that the host has.
 */
extern void lookup_plan_add(LookupPlan *plan, const char *role, const char *expression,
							Oid type, List *columns);
extern int	lookup_plan_count(const LookupPlan *plan);

/* Make the queries: after the last role was added. */
extern void lookup_plan_finish(LookupPlan *plan);

/* Release the plans that were kept, before the memory context goes. */
extern void lookup_plan_release(LookupPlan *plan);

/*
 * Ask for all roles of rows that have the host's descriptor, which is open and
 * locked, as the current user, who is the binding's owner, restricted.  The
 * answers are allocated in the current memory context, to be ended by
 * lookups_end or by deleting it.  What a role raises is raised; the careful form
 * catches it: a role that can't be asked for is NULL in all rows and told once,
 * one that fails for a row is NULL in that row and told for it.
 */
extern Lookups *lookups_begin(LookupPlan *plan, TupleDesc host, Tuplestorestate *rows,
							  bool careful, RoleFault fault, void *arg);

/* The same for one row. */
extern Lookups *lookups_of_row(LookupPlan *plan, TupleTableSlot *row, bool careful,
							   RoleFault fault, void *arg);

/* The values of the next row, one a role; they live until the next call. */
extern void lookups_next(Lookups *lookups, Datum *values, bool *nulls);
extern void lookups_end(Lookups *lookups);

#endif							/* REVOPS_LOOKUP_H */
