/*
 * condition.h
 *		From the text that people write to a planned expression.
 *
 * A rule, a route, a policy's condition is SQL over the roles of a lead; a
 * role's expression and a filter are SQL over the columns of a host table.
 * Text is what we store, and it is parsed anew whenever something that it uses
 * has changed.
 *
 * What is refused, each with one clear error of SQLSTATE RV001 whose message
 * names the rule, whose DETAIL shows the text, whose HINT says the way out, and
 * whose internal query and position make psql point into the rule's text, not
 * into the outer statement: anything that is not exactly one expression (a
 * clause such as FROM or ORDER BY, a name, several expressions, no text), `*`,
 * sub-selects (but in roles of bindings, see expression_parse), aggregates, window functions, set-returning functions,
 * parameters, volatile functions, system columns, the whole row, unknown names,
 * regular expressions that do not compile, and a result that cannot be assigned
 * to the wanted type.  What the current user has no right to is refused in the
 * same words with SQLSTATE 42501: another user's rights may do.
 *
 * Names are resolved with search_path = pg_catalog, pg_temp, whatever the
 * session says: functions and operators of other schemas are written with it.
 *
 * The caller's user needs EXECUTE and USAGE on what the text names only when it
 * is run, but immutable functions over constants run while the text is parsed,
 * as the current user: switch to the user that owns the text first.  Rights on
 * the host's columns are not checked here.
 */
#ifndef REVOPS_CONDITION_H
#define REVOPS_CONDITION_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "nodes/bitmapset.h"
#include "nodes/primnodes.h"
#include "utils/plancache.h"
#include "utils/relcache.h"

/* What a text is, for messages: `scoring rule "smb" is not valid: ...` */
typedef struct RuleLabel
{
	const char *kind;			/* "scoring rule", "route", "SLA policy" ... */
	const char *name;			/* may be NULL */
} RuleLabel;

/*
 * Parses and plans a text over roles: attribute i of `roles` is Var(1, i), and
 * may be written `name` or `lead.name`.  The result, and garbage of some
 * kilobytes, are in the current memory context.
 */
extern PGDLLEXPORT Expr *condition_parse(const char *text, TupleDesc roles,
										 Oid result_type,
										 const RuleLabel *label);

/*
 * The same over the columns of a host table, which the caller has open and
 * locked.  The result is coerced by assignment to want_type; with InvalidOid
 * the text keeps its own type.  A filter is such an expression of BOOLOID.
 * *columns are the numbers of the columns that the text names.
 *
 * With may_look_up it may contain sub-selects, which name tables with their
 * schema and the host's columns as "table.column".  They must be readable by
 * the current user, neither lock rows nor call volatile functions; outside them
 * there may be neither aggregates nor set-returning functions.  Such a text
 * can't be evaluated as an expression: see lookup.h.
 */
extern PGDLLEXPORT Expr *expression_parse(const char *text, Relation host,
										  Oid want_type, bool may_look_up,
										  const RuleLabel *label,
										  Bitmapset **columns);

/* Has the text a sub-select?  Raises a syntax error. */
extern bool expression_looks_up(const char *text);

/*
 * The same two, without sub-selects, as a CachedExpression that lives until FreeCachedExpression
 * and whose is_valid turns false when a function, type or operator that it uses
 * changes.  It does not follow changes of the host table: watch_relation does.
 */
extern PGDLLEXPORT CachedExpression *condition_cached(const char *text,
													  TupleDesc roles,
													  Oid result_type,
													  const RuleLabel *label);
extern PGDLLEXPORT CachedExpression *expression_cached(const char *text,
													   Relation host,
													   Oid want_type,
													   const RuleLabel *label);

#endif							/* REVOPS_CONDITION_H */
