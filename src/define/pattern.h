/*
 * pattern.h
 *		Text patterns that are compiled once a definition, not once a row.
 *
 * PostgreSQL keeps 32 compiled regular expressions a backend; a rule set with
 * 33 of them compiles each one for each row.  And most patterns that people
 * write (`\.edu$`, `(vp|director)`, `%bank%`) are literals, for which a scan is
 * 25 times faster than the regex machine.  So, after planning, a comparison of
 * a text with a constant pattern is replaced by a call into here; and so is one
 * with a constant text or a short list of them, which is half of the rest of a
 * usual rule set and twice as fast without the function call.
 *
 * How the compiled pattern is named in the expression.  A function in pg_proc
 * that takes a handle could be called by any SQL user with a forged one, and
 * one that takes an address (type internal) through an aggregate made for it.
 * So there is no such function: the comparison becomes a Param, whose
 * number means something only in the ParamListInfo that this file makes, and
 * that list's compile hook emits the call (as PL/pgSQL does for its variables).
 * Such an expression is for ExecInitExprWithParams only: it can't be deparsed
 * or planned again.
 *
 * The answers are exactly those of the stock operators.  The scan answers only
 * where bytes decide: a case-insensitive one for subjects of ASCII alone, in
 * collations that fold ASCII letters plainly.  Everything else but equality goes to a private
 * compiled regex or to the stock LIKE function; nondeterministic collations are
 * not touched at all.
 */
#ifndef REVOPS_PATTERN_H
#define REVOPS_PATTERN_H

#include "postgres.h"

#include "nodes/params.h"
#include "nodes/primnodes.h"
#include "parser/parse_node.h"

/*
 * Returns a copy of a planned expression, in the current memory context, in
 * which ~ ~* !~ !~* ~~ ~~* !~~ !~~* = <> of a text and a constant (or, with ANY
 * and ALL, a constant array) are Params of *params, which is in the same
 * context; NULL when there is nothing to replace.  The compiled patterns belong
 * to that context: deleting or resetting it releases them, and every ExprState
 * made of the expression must be gone by then.
 *
 * Raises "invalid regular expression" for a pattern that does not compile.
 */
extern PGDLLEXPORT Expr *pattern_rewrite(Expr *expr, ParamListInfo *params);

/*
 * Raises "invalid regular expression", at the pattern's place in the text of
 * `state`, when a constant pattern in a planned expression does not compile.
 */
extern void pattern_check(Node *expr, ParseState *state);

#endif							/* REVOPS_PATTERN_H */
