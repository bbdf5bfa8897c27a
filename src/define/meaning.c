/*
 * meaning.c
 *		See meaning.h.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "common/md5.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/regproc.h"
#include "utils/ruleutils.h"

#include "define/meaning.h"

/* Roles have no table that could name them in text: they become parameters. */
static Node *
roles_as_parameters(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		const Var  *var = (const Var *) node;
		Param	   *param = makeNode(Param);

		param->paramkind = PARAM_EXTERN;
		param->paramid = var->varattno;
		param->paramtype = var->vartype;
		param->paramtypmod = var->vartypmod;
		param->paramcollid = var->varcollid;
		param->location = -1;
		return (Node *) param;
	}
	return expression_tree_mutator(node, roles_as_parameters, context);
}

static bool
note_function(Oid function, void *context)
{
	List	  **functions = context;

	/* what comes with PostgreSQL changes with its major version only */
	if (function >= FirstNormalObjectId)
		*functions = list_append_unique_oid(*functions, function);
	return false;
}

static bool
functions_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	(void) check_functions_in_node(node, note_function, context);
	return expression_tree_walker(node, functions_walker, context);
}

/* How constants look depends on these. */
static void
pin_output(void)
{
	static const char *const settings[][2] = {
		{"DateStyle", "ISO, YMD"}, {"IntervalStyle", "iso_8601"}, {"TimeZone", "UTC"},
		{"extra_float_digits", "1"}, {"bytea_output", "hex"}, {"lc_monetary", "C"},
		{"quote_all_identifiers", "off"}, {"xmloption", "content"},
	};

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

static void
append_roles(StringInfo text, const Expr *expr, TupleDesc roles)
{
	Bitmapset  *read = NULL;
	int			number = -1;

	pull_varattnos((Node *) expr, 1, &read);
	while ((number = bms_next_member(read, number)) >= 0)
	{
		int			role = number + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute att = TupleDescAttr(roles, role - 1);

		appendStringInfo(text, "\n$%d is %s %s", role, quote_identifier(NameStr(att->attname)),
						 format_type_extended(att->atttypid, att->atttypmod,
											  FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_TYPEMOD_GIVEN));
	}
}

/* The digest that a definition of the function has; NULL where it has none. */
static char *
definition_digest(Oid function)
{
	static char digest[MD5_DIGEST_LENGTH * 2 + 1];
	const char *error = NULL;
	char	   *definition = TextDatumGetCString(DirectFunctionCall1(pg_get_functiondef,
																	 ObjectIdGetDatum(function)));

	if (!pg_md5_hash(definition, strlen(definition), digest, &error))
		elog(ERROR, "could not compute a digest: %s", error);
	return digest;
}

static int
by_name(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

static void
append_functions(StringInfo text, const Expr *expr)
{
	List	   *functions = NIL;
	List	   *lines = NIL;
	ListCell   *cell;

	(void) functions_walker((Node *) expr, &functions);
	foreach(cell, functions)
		lines = lappend(lines, psprintf("\n%s is %s",
										format_procedure_qualified(lfirst_oid(cell)),
										definition_digest(lfirst_oid(cell))));
	list_sort(lines, by_name);
	foreach(cell, lines)
		appendStringInfoString(text, lfirst(cell));
}

char *
expression_meaning(const Expr *expr, TupleDesc roles)
{
	int			level = NewGUCNestLevel();
	Node	   *shown = roles_as_parameters((Node *) expr, NULL);
	StringInfoData text;

	pin_output();
	initStringInfo(&text);
	appendStringInfoString(&text, deparse_expression(shown, NIL, false, false));
	append_roles(&text, expr, roles);
	append_functions(&text, expr);
	AtEOXact_GUC(false, level);
	return text.data;
}
