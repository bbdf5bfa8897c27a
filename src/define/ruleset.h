/*
 * ruleset.h
 *		A compiled set of conditions over the roles of a lead.
 *
 * One ExprState a rule, so that "which rules fired" comes for free.  A rule that
 * does not compile is marked broken with its error kept; the others go on.
 *
 * Lifetimes.  The set (texts, planned expressions, compiled patterns) lives in
 * its own context under the parent given at creation, until ruleset_free or the
 * end of the parent.  ExprStates live for one transaction and one user: rights
 * are checked when they are made, and an error may leave one half done.
 *
 * The caller, around ruleset_add, ruleset_prepare and ruleset_match*, switches
 * to the user that owns the texts, with SECURITY_RESTRICTED_OPERATION, and pins
 * the search path (NewGUCNestLevel, RestrictSearchPath), for functions inside
 * the rules resolve names of their own.  Nothing here does that a row: it costs
 * more than the rules.
 *
 * The role slot is a TTSOpsVirtual slot of the set's descriptor.  Roles that no
 * rule reads (see ruleset_roles) need not be filled but must not be garbage:
 * NULL will do.
 */
#ifndef REVOPS_RULESET_H
#define REVOPS_RULESET_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"

#include "define/condition.h"

typedef struct RuleSet RuleSet;

/* Grows when a function, type, operator or schema has changed that a rule may use. */
extern PGDLLEXPORT uint64 ruleset_generation(void);

/* An empty set; copies the descriptor. */
extern PGDLLEXPORT RuleSet *ruleset_create(MemoryContext parent,
										   TupleDesc roles);

/*
 * Rules that read this role (counted from 1) are broken, for this reason: what
 * the role would say is not known.  To be said before rules are added.
 */
extern PGDLLEXPORT void ruleset_without(RuleSet *set, int role,
										const char *message, int sqlstate);

/*
 * Adds a condition (text and label are copied) and compiles it in an internal
 * subtransaction; returns its index, counted from 0.  Raises no error of the
 * text: see ruleset_broken.  In a parallel worker, where no subtransaction can
 * start, such an error is raised.
 */
extern PGDLLEXPORT int ruleset_add(RuleSet *set, const RuleLabel *label,
								   const char *text);

extern PGDLLEXPORT int ruleset_count(const RuleSet *set);

/*
 * Does the rule not count because it doesn't compile, or because the current
 * user may not run it?  Then *message and *sqlstate (either may be NULL) say
 * why; the message is the set's.  A broken rule is tried again when a function,
 * type, operator or schema has changed, and in each transaction when only the
 * right to run it was missing.
 */
extern PGDLLEXPORT bool ruleset_broken(RuleSet *set, int rule,
									   const char **message, int *sqlstate);

/*
 * How often a rule of the set has ceased to be sound since it was added: a
 * function that it calls was dropped, or may not be run any more.
 */
extern PGDLLEXPORT uint64 ruleset_fallen(const RuleSet *set);

/* The planned expression of a sound rule, NULL of a broken one; it is the set's. */
extern PGDLLEXPORT const Expr *ruleset_plan(const RuleSet *set, int rule);

/* The roles, by 1-based number, that the sound rules read; palloc'ed. */
extern PGDLLEXPORT Bitmapset *ruleset_roles(RuleSet *set);

/*
 * Makes the set ready for this transaction and user: recompiles rules whose
 * functions changed and builds ExprStates (some microseconds).  Call it once a
 * statement; when all is ready it only looks (tens of nanoseconds).  May be
 * called inside an evaluation of the same set (a function in a rule writes a
 * lead): the inner use gets ExprStates of its own.
 */
extern PGDLLEXPORT void ruleset_prepare(RuleSet *set);

/*
 * Sets in fired, (n + 63) / 64 words that need not be cleared, the bit of each
 * rule that is true; NULL is not.  The first rule that raises ends it: the error
 * goes through, with the context `scoring rule "x"`.
 */
extern PGDLLEXPORT void ruleset_match(RuleSet *set, TupleTableSlot *roles,
									  uint64 *fired);

/* One rule only; for an ordered list of which the first match counts. */
extern PGDLLEXPORT bool ruleset_match_one(RuleSet *set, int rule,
										  TupleTableSlot *roles);

/*
 * As ruleset_match, but a rule that raises counts as not matched and is told to
 * fault(arg, rule, error), outside the subtransaction that it failed in; the
 * error is released afterwards.  Costs one internal subtransaction a call, and
 * one more for each rule that raises.  What is no fault of a rule (a cancelled
 * query, no memory) goes through.
 */
typedef void (*RuleFault) (void *arg, int rule, ErrorData *error);
extern PGDLLEXPORT void ruleset_match_careful(RuleSet *set,
											  TupleTableSlot *roles,
											  uint64 *fired,
											  RuleFault fault, void *arg);

/*
 * Releases the set; when an evaluation of it is under way further out, as soon
 * as that is done.
 */
extern PGDLLEXPORT void ruleset_free(RuleSet *set);

#endif							/* REVOPS_RULESET_H */
