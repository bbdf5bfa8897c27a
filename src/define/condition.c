/*
 * condition.c
 *		See condition.h.
 *
 * Three passes refuse what does not belong here: over the raw tree (what must
 * not even reach the parser's analysis: a bare `*` there crashes the server),
 * by analysis itself as EXPR_KIND_CHECK_CONSTRAINT, and over the analysed tree.
 * Whatever the parser, an input function or a folded constant raises is turned,
 * in one place (blame_text), into our error.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "base/attempt.h"
#include "base/compat.h"
#include "base/errors.h"
#include "define/condition.h"
#include "define/pattern.h"

/* How much of a text a message shows. */
#define SHOWN_BYTES 300
/* How many bytes of role names a hint lists. */
#define LISTED_BYTES 600

/* One parse: what is asked, and what must be released should it fail. */
typedef struct Reading
{
	const char *text;
	const RuleLabel *label;
	TupleDesc	roles;			/* of a condition, else NULL */
	Relation	host;			/* of an expression, else NULL */
	Oid			want;			/* type of the result, or InvalidOid */
	bool		keep;			/* is a CachedExpression wanted? */
	bool		may_look_up;	/* sub-selects are welcome */
	bool		looks_up;		/* it has one */
	int			depth;			/* of the query that is walked: 0 the text itself */
	Bitmapset  *columns;		/* of the host that it reads */
	ParseState *state;
	CachedExpression *cached;
} Reading;

/*
 * Raises a refusal of ours; blame_text puts the rule's name and text to it.
 * `location` is a byte offset into the text, or -1.
 */
static void pg_attribute_noreturn()
refuse(Reading *reading, int location, const char *message, const char *hint)
{
	int			position = 0;

	if (location >= 0)
		position = pg_mbstrlen_with_len(reading->text, location) + 1;
	ereport(ERROR,
			(errcode(ERRCODE_REVOPS_INVALID_RULE),
			 errmsg_internal("%s", message),
			 errhint("%s", hint),
			 errposition(position)));
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\n\r\f\v")] == '\0';
}

/* ---------- first pass: the raw tree ---------- */

/* Is the last of these fields or indirections a star? */
static bool
ends_in_star(List *fields)
{
	return fields != NIL && IsA(llast(fields), A_Star);
}

static bool
refuse_raw(Node *node, Reading *reading)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_ColumnRef:
			if (ends_in_star(((ColumnRef *) node)->fields))
				refuse(reading, ((ColumnRef *) node)->location,
					   "\"*\" cannot be used",
					   "Name the roles or columns that are meant.");
			break;
		case T_A_Indirection:
			if (ends_in_star(((A_Indirection *) node)->indirection))
				refuse(reading, exprLocation(((A_Indirection *) node)->arg),
					   "\"*\" cannot be used",
					   "Name the field that is meant, as in (address).city.");
			break;
		case T_SubLink:
			if (!reading->may_look_up)
				refuse(reading, ((SubLink *) node)->location,
					   "sub-selects cannot be used",
					   "Map a role, or fill a column, with what the sub-select would find.");
			reading->looks_up = true;
			/* a query of its own: the parser knows what belongs into it */
			return refuse_raw(((SubLink *) node)->testexpr, reading);
		case T_ParamRef:
			refuse(reading, ((ParamRef *) node)->location,
				   psprintf("there is no parameter $%d",
							((ParamRef *) node)->number),
				   "Write the value itself; a text value stands in single quotes.");
			break;
		case T_FuncCall:
			if (((FuncCall *) node)->over != NULL)
				refuse(reading, ((FuncCall *) node)->location,
					   "window functions cannot be used",
					   "The text is evaluated for one lead at a time.");
			break;
		default:
			break;
	}
	return raw_expression_tree_walker(node, refuse_raw, reading);
}

/* Refuses every clause that the grammar's mode lets through. */
static void
refuse_clauses(Reading *reading, SelectStmt *select)
{
	struct
	{
		bool		present;
		const char *name;
	}			clauses[] = {
		{select->distinctClause != NIL, "DISTINCT"},
		{select->intoClause != NULL, "INTO"},
		{select->fromClause != NIL, "FROM"},
		{select->whereClause != NULL, "WHERE"},
		{select->groupClause != NIL, "GROUP BY"},
		{select->havingClause != NULL, "HAVING"},
		{select->windowClause != NIL, "WINDOW"},
		{select->valuesLists != NIL, "VALUES"},
		{select->sortClause != NIL, "ORDER BY"},
		{select->limitOffset != NULL, "OFFSET"},
		{select->limitCount != NULL, "LIMIT"},
		{select->lockingClause != NIL, "FOR UPDATE or FOR SHARE"},
		{select->withClause != NULL, "WITH"},
		{select->op != SETOP_NONE, "UNION, INTERSECT or EXCEPT"},
	};

	for (int i = 0; i < lengthof(clauses); i++)
		if (clauses[i].present)
			refuse(reading, -1,
				   psprintf("%s cannot be used", clauses[i].name),
				   "Write one expression and nothing around it.");
}

/* The one expression of the text, not analysed yet. */
static Node *
read_raw(Reading *reading)
{
	SelectStmt *select;
	ResTarget  *target;

	if (is_blank(reading->text))
		refuse(reading, -1, "it is empty",
			   "Write an expression; true means always.");

	select = (SelectStmt *) linitial_node(RawStmt,
										  raw_parser(reading->text,
													 RAW_PARSE_PLPGSQL_EXPR))->stmt;
	if (!IsA(select, SelectStmt))
		elog(ERROR, "unexpected parse of an expression: %d", (int) nodeTag(select));
	refuse_clauses(reading, select);
	if (list_length(select->targetList) != 1)
		refuse(reading, -1,
			   psprintf("it has %d expressions", list_length(select->targetList)),
			   "Write one expression; conditions are joined by AND and OR.");
	target = linitial_node(ResTarget, select->targetList);
	if (target->name != NULL || target->indirection != NIL)
		refuse(reading, target->location,
			   psprintf("a name, \"%s\", follows the expression",
						target->name ? target->name : "?"),
			   "Leave the name out; perhaps an operator, or quotes around a text value, are missing.");
	refuse_raw(target->val, reading);
	return target->val;
}

/* ---------- names of roles ---------- */

/* The attribute of this name, 1-based, or 0. */
static int
find_role(TupleDesc roles, const char *name)
{
	for (int i = 0; i < roles->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(roles, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return i + 1;
	}
	return 0;
}

/* The role that was probably meant, or NULL. */
static const char *
nearest_role(TupleDesc roles, const char *name)
{
	const char *best = NULL;
	int			length = strlen(name);
	int			least = Min(4, length / 2 + 1);

	for (int i = 0; i < roles->natts; i++)
	{
		const char *other = NameStr(TupleDescAttr(roles, i)->attname);
		int			distance;

		if (length >= NAMEDATALEN || TupleDescAttr(roles, i)->attisdropped)
			continue;
		distance = varstr_levenshtein(name, length, other, strlen(other),
									  1, 1, 1, true);
		if (distance < least)
		{
			least = distance;
			best = other;
		}
	}
	return best;
}

static const char *
unknown_role_hint(TupleDesc roles, const char *name, bool quoted)
{
	StringInfoData hint;
	const char *nearest = nearest_role(roles, name);
	const char *separator = "The roles are: ";

	initStringInfo(&hint);
	if (nearest != NULL)
		appendStringInfo(&hint, "Perhaps you meant \"%s\". ", nearest);
	if (quoted)
		appendStringInfoString(&hint, "A text value stands in single quotes. ");
	for (int i = 0; i < roles->natts; i++)
	{
		if (TupleDescAttr(roles, i)->attisdropped)
			continue;
		appendStringInfo(&hint, "%s%s", separator,
						 quote_identifier(NameStr(TupleDescAttr(roles, i)->attname)));
		separator = ", ";
		if (hint.len > LISTED_BYTES)
		{
			appendStringInfoString(&hint, " ...");
			break;
		}
	}
	if (separator[0] == ',')
		appendStringInfoChar(&hint, '.');
	else
		appendStringInfoString(&hint, "There are no roles here.");
	return hint.data;
}

/*
 * p_pre_columnref_hook: every name in a condition is a role, written `name` or
 * `lead.name`; there is nothing else that it could be.
 */
static Node *
resolve_role(ParseState *state, ColumnRef *ref)
{
	Reading    *reading = state->p_ref_hook_state;
	int			fields = list_length(ref->fields);
	const char *name = strVal(llast(ref->fields));
	Form_pg_attribute att;
	Var		   *role;
	int			number = 0;

	if (fields == 1 ||
		(fields == 2 && strcmp(strVal(linitial(ref->fields)), "lead") == 0))
		number = find_role(reading->roles, name);
	if (number == 0)
		refuse(reading, ref->location,
			   psprintf("role \"%s\" is unknown", NameListToString(ref->fields)),
			   unknown_role_hint(reading->roles, name,
								 ref->location >= 0 &&
								 reading->text[ref->location] == '"'));
	att = TupleDescAttr(reading->roles, number - 1);
	role = makeVar(1, number, att->atttypid, att->atttypmod,
				   att->attcollation, 0);
	role->location = ref->location;
	return (Node *) role;
}

/*
 * Sub-selects are run over rows that bear the host's name as an alias, so they
 * cannot call it by its schema.
 */
static Alias *
row_alias(Reading *reading)
{
	return reading->looks_up ?
		makeAlias(RelationGetRelationName(reading->host), NIL) : NULL;
}

static ParseState *
open_state(Reading *reading)
{
	ParseState *state = make_parsestate(NULL);

	state->p_sourcetext = reading->text;
	if (reading->roles != NULL)
	{
		state->p_pre_columnref_hook = resolve_role;
		state->p_ref_hook_state = reading;
	}
	else
		addNSItemToQuery(state,
						 addRangeTableEntryForRelation(state, reading->host,
													   AccessShareLock,
													   row_alias(reading),
													   false, true),
						 true, true, true);
	return state;
}

/* ---------- second and third pass: the analysed tree ---------- */

static bool
is_volatile(Oid function, void *found)
{
	if (func_volatile(function) != PROVOLATILE_VOLATILE)
		return false;
	*(Oid *) found = function;
	return true;
}

static void
refuse_volatile(Reading *reading, Node *node, Oid function)
{
	const char *name = get_func_name(function);

	refuse(reading, exprLocation(node),
		   psprintf("function \"%s\" is volatile", name ? name : "?"),
		   "Use functions whose result depends on their arguments only: a score must come out the same again.");
}

/* A column of the host, or of the roles; those of a sub-select's tables are its own. */
static void
take_column(Reading *reading, Var *var)
{
	if (var->varlevelsup != reading->depth)
		return;
	if (var->varattno <= 0)
		refuse(reading, var->location,
			   var->varattno == 0 ?
			   "the whole row cannot be used" : "system columns cannot be used",
			   "Name the columns that are meant.");
	reading->columns = bms_add_member(reading->columns, var->varattno);
}

/* A sub-select only reads, and what the current user may read. */
static void
check_sub_select(Reading *reading, Query *query)
{
	if (query->rowMarks != NIL)
		refuse(reading, -1, "FOR UPDATE or FOR SHARE cannot be used",
			   "Leave it out: a sub-select locks no rows.");
	RevopsCheckRights(query);
}

static bool refuse_analysed(Node *node, Reading *reading);

static bool
refuse_in_sub_select(Query *query, Reading *reading)
{
	bool		found;

	check_sub_select(reading, query);
	reading->depth++;
	found = query_tree_walker(query, refuse_analysed, reading, 0);
	reading->depth--;
	return found;
}

static bool
refuse_analysed(Node *node, Reading *reading)
{
	Oid			function = InvalidOid;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return refuse_in_sub_select((Query *) node, reading);
	if (IsA(node, Var))
		take_column(reading, (Var *) node);
	if (check_functions_in_node(node, is_volatile, &function))
		refuse_volatile(reading, node, function);
	return expression_tree_walker(node, refuse_analysed, reading);
}

/* Brings the result to the wanted type, by assignment. */
static Node *
coerce_result(Reading *reading, Node *node)
{
	Oid			type = exprType(node);
	Oid			want = reading->want;
	Node	   *coerced;

	if (!OidIsValid(want))
	{
		if (type != UNKNOWNOID && get_typtype(type) == TYPTYPE_PSEUDO)
			refuse(reading, exprLocation(node),
				   psprintf("its result is of pseudo-type %s",
							format_type_be(type)),
				   "Cast the result to the type that it should have.");
		if (type != UNKNOWNOID)
			return node;
		want = TEXTOID;
	}
	coerced = coerce_to_target_type(reading->state, node, type, want, -1,
									COERCION_ASSIGNMENT,
									COERCE_IMPLICIT_CAST, -1);
	if (coerced == NULL)
		refuse(reading, exprLocation(node),
			   psprintf("its result is %s, not %s", format_type_be(type),
						format_type_be(want)),
			   want == BOOLOID ?
			   "Compare the value with something, such as company_size > 50." :
			   "Cast the result, or compare it with a value.");
	return coerced;
}

/*
 * What a check constraint may hold is what we want, but for sub-selects.  Where
 * they are welcome it is analysed as what a query selects, and the rest that a
 * query may select is refused here.
 */
static Node *
transform(Reading *reading, Node *raw)
{
	ParseState *state = reading->state;
	Node	   *node;

	if (!reading->looks_up)
		return transformExpr(state, raw, EXPR_KIND_CHECK_CONSTRAINT);
	node = transformExpr(state, raw, EXPR_KIND_SELECT_TARGET);
	if (state->p_hasAggs)
		refuse(reading, -1, "aggregate functions cannot be used outside its sub-selects",
			   "Write the aggregate within the sub-select, over a column of a table there.");
	if (state->p_hasTargetSRFs)
		refuse(reading, -1, "set-returning functions cannot be used outside its sub-selects",
			   "Use a function that gives one value for one lead.");
	return node;
}

static Node *
analyse(Reading *reading)
{
	Node	   *raw = read_raw(reading);
	Node	   *node;

	reading->state = open_state(reading);
	node = transform(reading, raw);
	node = coerce_result(reading, node);
	assign_expr_collations(reading->state, node);
	refuse_analysed(node, reading);
	if (reading->host != NULL && !reading->looks_up)
		node = RevopsExpandGenerated(node, reading->host);
	return node;
}

/* What planning brings to light: default arguments, inlined bodies, folded patterns. */
static void
check_planned(Reading *reading, Node *planned)
{
	if (contain_volatile_functions(planned))
		refuse(reading, -1, "an argument's default or the body of a function in it is volatile",
			   "Use functions whose result depends on their arguments only.");
	pattern_check(planned, reading->state);
}

/* ---------- errors ---------- */

/* Did this C function of the parser raise it?  Messages are translated, so they can't tell. */
static bool
raised_by(const ErrorData *error, const char *function)
{
	return error->funcname != NULL && strcmp(error->funcname, function) == 0;
}

/* The parser says "in check constraints": say what we mean instead. */
static void
reword(ErrorData *error)
{
	if (raised_by(error, "check_srf_call_placement"))
	{
		error->message = "set-returning functions cannot be used";
		error->hint = "Use a function that gives one value for one lead.";
	}
	else if (error->sqlerrcode == ERRCODE_GROUPING_ERROR)
	{
		error->message = "aggregate functions cannot be used";
		error->hint = "The text is evaluated for one lead at a time: keep the sum in a column and map a role to it.";
	}
	else if (error->sqlerrcode == ERRCODE_WINDOWING_ERROR)
		error->message = "window functions cannot be used";
	else if (error->sqlerrcode == ERRCODE_INVALID_COLUMN_REFERENCE &&
			 error->hint == NULL)
	{
		error->message = "system columns cannot be used";
		error->hint = "Name the columns that are meant.";
	}
}

/* The way out, where the parser gave none. */
static const char *
usual_hint(const ErrorData *error)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_SYNTAX_ERROR:
			return "Write one SQL expression, such as: company_size >= 50 AND country IN ('US', 'CA').";
		case ERRCODE_UNDEFINED_COLUMN:
			return "Look at the table's columns with \\d; names with capitals stand in double quotes.";
		case ERRCODE_INVALID_REGULAR_EXPRESSION:
			return "Correct the pattern; a backslash before a special character takes it as it is.";
		case ERRCODE_INVALID_TEXT_REPRESENTATION:
		case ERRCODE_INVALID_DATETIME_FORMAT:
			return "Correct the value, or compare with a role of the value's type.";
		case ERRCODE_DATATYPE_MISMATCH:
			return "Cast one side to the type of the other.";
		case ERRCODE_INSUFFICIENT_PRIVILEGE:
			return "Grant the right to the role that owns the binding.";
		case ERRCODE_UNDEFINED_SCHEMA:
		case ERRCODE_UNDEFINED_OBJECT:
			return "Write types and collations of another schema with their schema, and look for a slip of the pen.";
		case ERRCODE_WRONG_OBJECT_TYPE:
			return "Use plain functions: the text is evaluated for one lead at a time.";
		case ERRCODE_DIVISION_BY_ZERO:
			return "Write NULLIF(x, 0) where a divisor may be zero.";
		default:
			return "Correct the expression.";
	}
}

/* A table that a sub-select names is not found without its schema. */
static const char *
undefined_table_hint(const Reading *reading)
{
	return psprintf("Write tables with their schema, as in public.crm_stage, and the row's own columns as %s.column.",
					quote_identifier(RelationGetRelationName(reading->host)));
}

/* Names outside pg_catalog need their schema: the parser's hint doesn't say so. */
static const char *
undefined_function_hint(const ErrorData *error)
{
	if (raised_by(error, "op_error"))
		return "Cast the operands to fitting types; write an operator of another schema as OPERATOR(schema.name).";
	return "Write a function of another schema with its schema, as in crm.tidy(company), and cast the arguments to its types.";
}

static char *
show_text(const char *text)
{
	int			length = strlen(text);

	if (length <= SHOWN_BYTES)
		return pstrdup(text);
	return psprintf("%.*s ...", pg_mbcliplen(text, length, SHOWN_BYTES), text);
}

/*
 * Error context callback: the position is one in our text.  Said at once, for
 * the callbacks of an SQL or PL/pgSQL function around us would take it for one
 * in theirs.
 */
static void
claim_position(void *arg)
{
	Reading    *reading = arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(reading->text);
	}
}

/* The position in our text, or 0: it may be one in an inlined function's body. */
static int
claimed_position(Reading *reading, ErrorData *error)
{
	if (error->internalquery == NULL ||
		strcmp(error->internalquery, reading->text) != 0)
		return 0;
	return error->internalpos;
}

/* Turns an error that the text causes into ours, and raises it. */
static void pg_attribute_noreturn()
blame_text(Reading *reading, ErrorData *error)
{
	const RuleLabel *label = reading->label;
	char	   *shown = show_text(reading->text);
	char	   *fact = error->detail;
	int			position = claimed_position(reading, error);

	reword(error);
	if (error->sqlerrcode == ERRCODE_UNDEFINED_FUNCTION)
		error->hint = (char *) undefined_function_hint(error);
	else if (reading->looks_up && error->sqlerrcode == ERRCODE_UNDEFINED_TABLE)
		error->hint = (char *) undefined_table_hint(reading);
	else if (error->hint == NULL)
		error->hint = (char *) usual_hint(error);

	error->message = psprintf("%s%s%s%s is not valid: %s", label->kind,
							  label->name ? " \"" : "",
							  label->name ? label->name : "",
							  label->name ? "\"" : "", error->message);
	if (position > 0)
		error->detail = psprintf("At character %d of: %s", position, shown);
	else if (is_blank(shown))
		error->detail = "The text has no characters but white space.";
	else
		error->detail = psprintf("The text is: %s", shown);
	if (fact != NULL)
		error->detail = psprintf("%s\n%s", error->detail, fact);

	/* the same text may be valid for another user: callers tell that apart */
	if (error->sqlerrcode != ERRCODE_INSUFFICIENT_PRIVILEGE)
		error->sqlerrcode = ERRCODE_REVOPS_INVALID_RULE;
	error->internalquery = pstrdup(reading->text);
	error->internalpos = position;
	error->cursorpos = 0;
	ReThrowError(error);
	pg_unreachable();
}

/* ---------- the whole way ---------- */

/* Parses, plans and checks under the pinned path. */
static Node *
read_planned(Reading *reading)
{
	Node	   *node;
	int			nest = NewGUCNestLevel();

	RestrictSearchPath();
	node = analyse(reading);
	if (reading->keep)
	{
		reading->cached = GetCachedExpression(node);
		node = reading->cached->expr;
	}
	else
		node = (Node *) expression_planner((Expr *) node);
	check_planned(reading, node);
	free_parsestate(reading->state);
	AtEOXact_GUC(false, nest);
	return node;
}

static Node *
read_text(Reading *reading)
{
	MemoryContext context = CurrentMemoryContext;
	ErrorContextCallback callback = {error_context_stack, claim_position, reading};
	Node	   *volatile planned = NULL;

	PG_TRY();
	{
		error_context_stack = &callback;
		planned = read_planned(reading);
		error_context_stack = callback.previous;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		if (reading->cached != NULL)
			FreeCachedExpression(reading->cached);
		error = CopyErrorData();
		if (!attempt_tolerates(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		blame_text(reading, error);
	}
	PG_END_TRY();
	return planned;
}

Expr *
condition_parse(const char *text, TupleDesc roles, Oid result_type,
				const RuleLabel *label)
{
	Reading		reading = {.text = text, .label = label, .roles = roles,
	.want = result_type};

	return (Expr *) read_text(&reading);
}

Expr *
expression_parse(const char *text, Relation host, Oid want_type, bool may_look_up,
				 const RuleLabel *label, Bitmapset **columns)
{
	Reading		reading = {.text = text, .label = label, .host = host,
	.want = want_type, .may_look_up = may_look_up};
	Expr	   *expr = (Expr *) read_text(&reading);

	*columns = reading.columns;
	return expr;
}

static bool
find_sub_select(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, SubLink) || raw_expression_tree_walker(node, find_sub_select, context);
}

bool
expression_looks_up(const char *text)
{
	List	   *statements = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);

	return find_sub_select((Node *) linitial_node(RawStmt, statements)->stmt, NULL);
}

CachedExpression *
condition_cached(const char *text, TupleDesc roles, Oid result_type,
				 const RuleLabel *label)
{
	Reading		reading = {.text = text, .label = label, .roles = roles,
	.want = result_type, .keep = true};

	(void) read_text(&reading);
	return reading.cached;
}

CachedExpression *
expression_cached(const char *text, Relation host, Oid want_type,
				  const RuleLabel *label)
{
	Reading		reading = {.text = text, .label = label, .host = host,
	.want = want_type, .keep = true};

	(void) read_text(&reading);
	return reading.cached;
}
