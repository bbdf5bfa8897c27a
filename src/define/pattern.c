/*
 * pattern.c
 *		See pattern.h.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/execExpr.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "regex/regex.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "define/literal.h"
#include "define/pattern.h"

typedef enum OperationKind
{
	REGEX,
	LIKE,
	EQUAL
} OperationKind;

/* What one of the stock operators' functions does. */
typedef struct Operation
{
	Oid			function;
	OperationKind kind;
	bool		ignore_case;
	bool		negate;
} Operation;

static const Operation operations[] = {
	{F_TEXTREGEXEQ, REGEX, false, false},
	{F_TEXTREGEXNE, REGEX, false, true},
	{F_TEXTICREGEXEQ, REGEX, true, false},
	{F_TEXTICREGEXNE, REGEX, true, true},
	{F_TEXTLIKE, LIKE, false, false},
	{F_TEXTNLIKE, LIKE, false, true},
	{F_TEXTICLIKE, LIKE, true, false},
	{F_TEXTICNLIKE, LIKE, true, true},
	{F_TEXTEQ, EQUAL, false, false},
	{F_TEXTNE, EQUAL, false, true},
};

/* A comparison of a text with a constant pattern. */
typedef struct Pattern
{
	const Operation *operation;
	Oid			collation;
	text	   *pattern;
	Expr	   *subject;
	AttrNumber	column;			/* of the scan slot, or 0: evaluate subject */
	LiteralSet *literals;		/* NULL: always the exact way */
	bool		ascii_only;		/* scan subjects of ASCII only */
	MemoryContext context;		/* of the compiled regex */
	regex_t    *regex;			/* compiled, or NULL */
	MemoryContextCallback release;
} Pattern;

/* What one ExprState needs to evaluate a pattern. */
typedef struct Call
{
	Pattern    *pattern;
	ExprState  *subject;		/* NULL when it is a plain column */
} Call;

/* While an expression is rewritten. */
typedef struct Rewriting
{
	List	   *patterns;
} Rewriting;

static Node *rewrite_node(Node *node, Rewriting *rewriting);

/* ---------- the exact way ---------- */

/* Compiles a regex as the stock operators do; returns an error text, or NULL. */
static const char *
compile_regex(text *pattern, bool ignore_case, Oid collation, regex_t *regex)
{
	int			length = VARSIZE_ANY_EXHDR(pattern);
	int			flags = REG_ADVANCED | REG_NOSUB | (ignore_case ? REG_ICASE : 0);
	pg_wchar   *wide = palloc((length + 1) * sizeof(pg_wchar));
	int			result;

	length = pg_mb2wchar_with_len(VARDATA_ANY(pattern), wide, length);
	result = pg_regcomp(regex, wide, length, flags, collation);
	pfree(wide);
	if (result != REG_OKAY)
	{
		char	   *message = palloc(100);

		/* a cancel shows as a failure to compile */
		CHECK_FOR_INTERRUPTS();
		pg_regerror(result, regex, message, 100);
		return message;
	}
	return NULL;
}

static void pg_attribute_noreturn()
bad_regex(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
			 errmsg("invalid regular expression: %s", message)));
}

/* Until 15 a compiled regex is malloc'ed: nothing else would release it. */
static void
release_regex(void *arg)
{
	Pattern    *pattern = arg;

	if (pattern->regex != NULL)
		pg_regfree(pattern->regex);
	pattern->regex = NULL;
}

/* Compiles the pattern's own regex, once for the life of the definition. */
static void
own_regex(Pattern *pattern)
{
	MemoryContext old = MemoryContextSwitchTo(pattern->context);
	regex_t    *regex = palloc(sizeof(regex_t));
	const char *message = compile_regex(pattern->pattern,
										pattern->operation->ignore_case,
										pattern->collation, regex);

	if (message != NULL)
		bad_regex(message);
	pattern->regex = regex;
	MemoryContextSwitchTo(old);
}

static bool
match_regex(Pattern *pattern, const char *bytes, int length)
{
	pg_wchar   *wide = palloc((length + 1) * sizeof(pg_wchar));
	int			result;

	if (pattern->regex == NULL)
		own_regex(pattern);
	length = pg_mb2wchar_with_len(bytes, wide, length);
	result = pg_regexec(pattern->regex, wide, length, 0, NULL, 0, NULL, 0);
	pfree(wide);
	if (result != REG_OKAY && result != REG_NOMATCH)
	{
		char		message[100];

		CHECK_FOR_INTERRUPTS();
		pg_regerror(result, pattern->regex, message, sizeof(message));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("regular expression failed: %s", message)));
	}
	return result == REG_OKAY;
}

static bool
match_like(Pattern *pattern, text *subject)
{
	PGFunction	function = pattern->operation->ignore_case ? texticlike : textlike;

	return DatumGetBool(DirectFunctionCall2Coll(function, pattern->collation,
												PointerGetDatum(subject),
												PointerGetDatum(pattern->pattern)));
}

/* ---------- evaluation ---------- */

static inline bool
match(Pattern *pattern, text *subject)
{
	const char *bytes = VARDATA_ANY(subject);
	int			length = VARSIZE_ANY_EXHDR(subject);

	if (pattern->literals != NULL &&
		(!pattern->ascii_only || literal_is_ascii(bytes, length)))
		return literal_match(pattern->literals, bytes, length);
	if (pattern->operation->kind == REGEX)
		return match_regex(pattern, bytes, length);
	return match_like(pattern, subject);
}

/* The step of an ExprState that stands for a pattern. */
static void
eval_pattern(ExprState *state, ExprEvalStep *op, ExprContext *econtext)
{
	Call	   *call = op->d.cparam.paramarg;
	Pattern    *pattern = call->pattern;
	Datum		subject;

	if (pattern->column > 0)
		subject = slot_getattr(econtext->ecxt_scantuple, pattern->column,
							   op->resnull);
	else
		subject = ExecEvalExpr(call->subject, econtext, op->resnull);
	if (*op->resnull)
		*op->resvalue = (Datum) 0;
	else
		*op->resvalue = BoolGetDatum(match(pattern, DatumGetTextPP(subject)) !=
									 pattern->operation->negate);
}

/* ParamCompileHook: emits the step for one of our Params. */
static void
compile_param(ParamListInfo params, Param *param, ExprState *state,
			  Datum *resv, bool *resnull)
{
	Pattern   **patterns = params->paramCompileArg;
	ExprEvalStep step = {0};
	Call	   *call = palloc0(sizeof(Call));

	call->pattern = patterns[param->paramid - 1];
	if (call->pattern->column == 0)
		call->subject = ExecInitExprWithParams(call->pattern->subject, params);

	step.opcode = EEOP_PARAM_CALLBACK;
	step.resvalue = resv;
	step.resnull = resnull;
	step.d.cparam.paramfunc = eval_pattern;
	step.d.cparam.paramarg = call;
	step.d.cparam.paramid = param->paramid;
	step.d.cparam.paramtype = param->paramtype;
	ExprEvalPushStep(state, &step);
}

/* ---------- rewriting ---------- */

/* Does the collation fold ASCII letters to ASCII letters, as C does? */
static bool
folds_plainly(Oid collation)
{
	char		all[127];
	char	   *lower;
	char	   *upper;

	for (int i = 0; i < 127; i++)
		all[i] = i + 1;
	lower = str_tolower(all, 127, collation);
	upper = str_toupper(all, 127, collation);
	if (strlen(lower) != 127 || strlen(upper) != 127)
		return false;
	for (int i = 0; i < 127; i++)
		if ((unsigned char) lower[i] != pg_ascii_tolower(all[i]) ||
			(unsigned char) upper[i] != pg_ascii_toupper(all[i]))
			return false;
	return true;
}

static const Operation *
find_operation(Oid function)
{
	for (int i = 0; i < lengthof(operations); i++)
		if (operations[i].function == function)
			return &operations[i];
	return NULL;
}

/*
 * The operation of a comparison that can be replaced, else NULL: the stock
 * operators themselves complain about a collation that they can't use.
 */
static const Operation *
replaceable(Oid function, Oid collation)
{
	const Operation *operation = find_operation(function);

	if (operation == NULL || !OidIsValid(collation) ||
		!get_collation_isdeterministic(collation))
		return NULL;
	return operation;
}

static LiteralSet *
read_literals(const Operation *operation, Oid collation, text *pattern)
{
	const char *bytes = VARDATA_ANY(pattern);
	int			length = VARSIZE_ANY_EXHDR(pattern);

	if (operation->ignore_case && !folds_plainly(collation))
		return NULL;
	if (operation->kind == REGEX)
		return literal_from_regex(bytes, length, operation->ignore_case);
	return literal_from_like(bytes, length, operation->ignore_case);
}

/* The plain column that an expression is, or 0. */
static AttrNumber
plain_column(Expr *subject)
{
	while (IsA(subject, RelabelType))
		subject = ((RelabelType *) subject)->arg;
	if (IsA(subject, Var) && ((Var *) subject)->varattno > 0)
		return ((Var *) subject)->varattno;
	return 0;
}

static Pattern *
make_pattern(const Operation *operation, Expr *subject)
{
	Pattern    *pattern = palloc0(sizeof(Pattern));

	pattern->operation = operation;
	pattern->subject = subject;
	pattern->column = plain_column(subject);
	return pattern;
}

/* Reads and, where it must be, compiles what the subject is compared with. */
static Pattern *
read_pattern(const Operation *operation, Oid collation, Expr *subject,
			 Datum constant)
{
	Pattern    *pattern = make_pattern(operation, subject);

	pattern->collation = collation;
	pattern->context = CurrentMemoryContext;
	pattern->pattern = DatumGetTextPCopy(constant);
	pattern->literals = read_literals(operation, collation, pattern->pattern);
	if (pattern->literals != NULL)
		pattern->ascii_only = literal_needs_ascii(pattern->literals) ||
			(pg_database_encoding_max_length() > 1 &&
			 GetDatabaseEncoding() != PG_UTF8);
	if (operation->kind == REGEX)
	{
		pattern->release.func = release_regex;
		pattern->release.arg = pattern;
		MemoryContextRegisterResetCallback(CurrentMemoryContext,
										   &pattern->release);
		if (pattern->literals == NULL)
			own_regex(pattern);
	}
	return pattern;
}

/* Registers a pattern; returns the Param that stands for it. */
static Node *
pattern_param(Rewriting *rewriting, Pattern *pattern)
{
	Param	   *param = makeNode(Param);

	rewriting->patterns = lappend(rewriting->patterns, pattern);
	param->paramkind = PARAM_EXTERN;
	param->paramid = list_length(rewriting->patterns);
	param->paramtype = BOOLOID;
	param->paramtypmod = -1;
	param->paramcollid = InvalidOid;
	param->location = -1;
	return (Node *) param;
}

/* Equality with any of these texts: collations that we touch compare bytes. */
static Node *
equality_param(Rewriting *rewriting, const Operation *operation, Expr *subject,
			   const Datum *texts, int count)
{
	Pattern    *pattern;
	LiteralSet *literals = literal_from_texts(texts, count);

	if (literals == NULL)
		return NULL;
	pattern = make_pattern(operation, subject);
	pattern->literals = literals;
	return pattern_param(rewriting, pattern);
}

static Node *
rewrite_operator(OpExpr *op, Rewriting *rewriting)
{
	const Operation *operation = replaceable(op->opfuncid, op->inputcollid);
	Const	   *constant;
	Expr	   *subject;

	if (operation == NULL || !IsA(lsecond(op->args), Const))
		return NULL;
	constant = lsecond_node(Const, op->args);
	if (constant->constisnull)
		return NULL;
	subject = (Expr *) rewrite_node(linitial(op->args), rewriting);
	if (operation->kind == EQUAL)
		return equality_param(rewriting, operation, subject,
							  &constant->constvalue, 1);
	return pattern_param(rewriting,
						 read_pattern(operation, op->inputcollid, subject,
									  constant->constvalue));
}

static int
count_nulls(const bool *nulls, int count)
{
	int			found = 0;

	for (int i = 0; i < count; i++)
		found += nulls[i];
	return found;
}

/*
 * `column ~ ANY ('{a,b}')` is `column ~ 'a' OR column ~ 'b'`, and with ALL it is
 * AND: NULL elements, too, mean the same.  Not so for an empty array, and the
 * subject is evaluated for each element: so only plain columns.
 */
static Node *
rewrite_array_operator(ScalarArrayOpExpr *op, Rewriting *rewriting)
{
	const Operation *operation = replaceable(op->opfuncid, op->inputcollid);
	Const	   *constant = lsecond(op->args);
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	List	   *parts = NIL;

	if (operation == NULL || !IsA(constant, Const) || constant->constisnull ||
		plain_column(linitial(op->args)) == 0)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(constant->constvalue), TEXTOID, -1,
					  false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count == 0)
		return NULL;
	if (operation->kind == EQUAL)
	{
		/* IN and NOT IN; the two other forms are rare, and so are nulls */
		if (op->useOr == operation->negate || count_nulls(nulls, count) > 0)
			return NULL;
		return equality_param(rewriting, operation,
							  copyObject(linitial(op->args)), elements, count);
	}
	for (int i = 0; i < count; i++)
	{
		Node	   *part;

		if (nulls[i])
			part = makeBoolConst(false, true);
		else
			part = pattern_param(rewriting,
								 read_pattern(operation, op->inputcollid,
											  copyObject(linitial(op->args)),
											  elements[i]));
		parts = lappend(parts, part);
	}
	if (count == 1)
		return linitial(parts);
	return (Node *) makeBoolExpr(op->useOr ? OR_EXPR : AND_EXPR, parts, -1);
}

static Node *
rewrite_node(Node *node, Rewriting *rewriting)
{
	Node	   *replaced = NULL;

	if (node == NULL)
		return NULL;
	if (IsA(node, OpExpr))
		replaced = rewrite_operator((OpExpr *) node, rewriting);
	else if (IsA(node, ScalarArrayOpExpr))
		replaced = rewrite_array_operator((ScalarArrayOpExpr *) node, rewriting);
	if (replaced != NULL)
		return replaced;
	return expression_tree_mutator(node, rewrite_node, rewriting);
}

Expr *
pattern_rewrite(Expr *expr, ParamListInfo *params)
{
	Rewriting	rewriting = {NIL};
	Expr	   *rewritten = (Expr *) rewrite_node((Node *) expr, &rewriting);
	int			count = list_length(rewriting.patterns);
	Pattern   **patterns;
	ListCell   *cell;

	*params = NULL;
	if (count == 0)
		return rewritten;

	patterns = palloc(sizeof(Pattern *) * count);
	foreach(cell, rewriting.patterns)
		patterns[foreach_current_index(cell)] = lfirst(cell);
	*params = makeParamList(0);
	(*params)->numParams = count;
	(*params)->paramCompile = compile_param;
	(*params)->paramCompileArg = patterns;
	return rewritten;
}

/* ---------- checking ---------- */

/* Compiles a constant regex and throws the result away. */
static void
check_regex(Datum constant, const Operation *operation, Oid collation,
			ParseState *state, int location)
{
	ParseCallbackState where;
	text	   *pattern = DatumGetTextPP(constant);
	regex_t		regex;
	const char *message;

	setup_parser_errposition_callback(&where, state, location);
	if (literal_from_regex(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern),
						   false) == NULL)
	{
		message = compile_regex(pattern, operation->ignore_case, collation, &regex);
		if (message != NULL)
			bad_regex(message);
		pg_regfree(&regex);
	}
	cancel_parser_errposition_callback(&where);
}

static void
check_regexes(ScalarArrayOpExpr *op, const Operation *operation,
			  Const *constant, ParseState *state)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(constant->constvalue), TEXTOID, -1,
					  false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			check_regex(elements[i], operation, op->inputcollid, state,
						constant->location);
}

static bool
check_node(Node *node, ParseState *state)
{
	const Operation *operation = NULL;
	Const	   *constant = NULL;

	if (node == NULL)
		return false;
	if (IsA(node, OpExpr))
	{
		OpExpr	   *op = (OpExpr *) node;

		operation = replaceable(op->opfuncid, op->inputcollid);
		if (operation != NULL && operation->kind == REGEX)
			constant = lsecond(op->args);
		if (constant != NULL && IsA(constant, Const) && !constant->constisnull)
			check_regex(constant->constvalue, operation, op->inputcollid,
						state, constant->location);
	}
	else if (IsA(node, ScalarArrayOpExpr))
	{
		ScalarArrayOpExpr *op = (ScalarArrayOpExpr *) node;

		operation = replaceable(op->opfuncid, op->inputcollid);
		if (operation != NULL && operation->kind == REGEX)
			constant = lsecond(op->args);
		if (constant != NULL && IsA(constant, Const) && !constant->constisnull)
			check_regexes(op, operation, constant, state);
	}
	return expression_tree_walker(node, check_node, state);
}

void
pattern_check(Node *expr, ParseState *state)
{
	(void) check_node(expr, state);
}
