/*
 * binding_compile.c
 *		From the text of a binding to steps that fill a role slot.
 *
 * Plain columns are resolved here, by name and, where the name is gone, by the
 * recorded number (so a rename is followed); they and the built-in casts over
 * them become steps without ExprState.  Texts with sub-selects go to lookup.h,
 * all else through condition.h.
 * What does not compile breaks its own role only.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/plancache.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "base/attempt.h"
#include "base/errors.h"
#include "define/binding.h"
#include "define/binding_compile.h"
#include "define/condition.h"
#include "define/invalidate.h"

typedef struct StandardRole
{
	const char *name;
	Oid			type;
	bool		personal;		/* where nothing maps it: what enrich() fills is */
} StandardRole;

static const StandardRole lead_roles[] = {
	{"created_at", TIMESTAMPTZOID}, {"stage", TEXTOID}, {"owner", TEXTOID},
	{"team", TEXTOID}, {"source", TEXTOID}, {"campaign", TEXTOID},
	{"segment", TEXTOID}, {"email", TEXTOID, true}, {"phone", TEXTOID, true},
	{"person_name", TEXTOID, true}, {"company", TEXTOID}, {"title", TEXTOID},
	{"country", TEXTOID}, {"region", TEXTOID}, {"city", TEXTOID},
	{"industry", TEXTOID}, {"company_size", INT8OID}, {"language", TEXTOID},
	{"amount", NUMERICOID}, {"currency", TEXTOID},
	{"updated_at", TIMESTAMPTZOID}, {"reason", TEXTOID}
};

static const StandardRole touch_roles[] = {
	{"lead", TEXTOID}, {"signal", TEXTOID}, {"occurred_at", TIMESTAMPTZOID},
	{"source", TEXTOID}, {"campaign", TEXTOID}, {"content", TEXTOID}
};

static const StandardRole opportunity_roles[] = {
	{"lead", TEXTOID}, {"won", BOOLOID}, {"lost", BOOLOID},
	{"amount", NUMERICOID}, {"currency", TEXTOID},
	{"opened_at", TIMESTAMPTZOID}, {"closed_at", TIMESTAMPTZOID},
	{"owner", TEXTOID}, {"product", TEXTOID}, {"nature", TEXTOID},
	{"reason", TEXTOID}, {"competitor", TEXTOID}
};

static const StandardRole lookup_roles[] = {{"lead", TEXTOID}};

StaticAssertDecl(lengthof(lead_roles) == LEAD_ROLES, "one entry for each LeadRole");
StaticAssertDecl(lengthof(touch_roles) == TOUCH_ROLES, "one entry for each TouchRole");
StaticAssertDecl(lengthof(opportunity_roles) == OPPORTUNITY_ROLES,
				 "one entry for each OpportunityRole");
StaticAssertDecl(lengthof(lookup_roles) == LOOKUP_ROLES, "one entry for each LookupRole");

static const StandardRole *
standard_roles(BindingKind kind, int *n)
{
	switch (kind)
	{
		case BINDING_LEAD:
			*n = LEAD_ROLES;
			return lead_roles;
		case BINDING_TOUCH:
			*n = TOUCH_ROLES;
			return touch_roles;
		case BINDING_LOOKUP:
			*n = LOOKUP_ROLES;
			return lookup_roles;
		case BINDING_OPPORTUNITY:
			break;
	}
	*n = OPPORTUNITY_ROLES;
	return opportunity_roles;
}

/* ----- what is broken --------------------------------------------------- */

/* An error to be told, or thrown, later; strings must live as long. */
static ErrorData *
make_error(char *message, char *detail, char *hint)
{
	ErrorData  *error = palloc0(sizeof(ErrorData));

	error->elevel = ERROR;
	error->sqlerrcode = ERRCODE_REVOPS_INVALID_BINDING;
	error->message = message;
	error->detail = detail;
	error->hint = hint;
	error->assoc_context = CurrentMemoryContext;
	return error;
}

static void
break_role(Binding *binding, int role, ErrorData *error)
{
	BindingPlan *plan = binding->plan;
	BrokenRole *broken = &plan->broken[plan->nbroken++];

	broken->role = role;
	broken->error = error;
}

static ErrorData *
host_gone(Binding *binding, const BindingSource *source)
{
	return make_error(psprintf("table %s of binding \"%s\" does not exist any more",
							   source->host_name, binding->name),
					  psprintf("It had OID %u when it was attached.", binding->host),
					  psprintf("Detach \"%s\", then attach the table that took its place under the same name.",
							   binding->name));
}

static ErrorData *
column_gone(Binding *binding, const char *what, const char *column, Relation host)
{
	return make_error(psprintf("%s of binding \"%s\" reads column \"%s\" of table \"%s\", which does not exist any more",
							   what, binding->name, column, RelationGetRelationName(host)),
					  pstrdup("The column was dropped, or renamed before its number was known."),
					  psprintf("Correct it in revops.%s.",
							   strcmp(what, "the key") == 0 ? "binding" : "binding_role"));
}

/* ----- columns ---------------------------------------------------------- */

/* A column by its name, else by its recorded number, else 0. */
static AttrNumber
find_column(Relation host, const char *name, AttrNumber recorded)
{
	TupleDesc	desc = RelationGetDescr(host);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && namestrcmp(&att->attname, name) == 0)
			return att->attnum;
	}
	if (recorded > 0 && recorded <= desc->natts &&
		!TupleDescAttr(desc, recorded - 1)->attisdropped)
		return recorded;
	return 0;
}

static Name
attname_of(Relation relation, AttrNumber attnum)
{
	return &TupleDescAttr(RelationGetDescr(relation), attnum - 1)->attname;
}

/*
 * The next of the columns that a text names: its name there, and its number now,
 * 0 where it is gone.  Returns false when there are no more.
 */
static bool
next_column(JsonbIterator **iterator, Relation host, char **name, AttrNumber *attnum)
{
	JsonbIteratorToken token;
	JsonbValue	json;

	while ((token = JsonbIteratorNext(iterator, &json, true)) != WJB_DONE)
	{
		AttrNumber	recorded;

		if (token == WJB_KEY)
			*name = pnstrdup(json.val.string.val, json.val.string.len);
		if (token != WJB_VALUE || json.type != jbvNumeric)
			continue;
		recorded = DatumGetInt32(DirectFunctionCall1(numeric_int4,
													 NumericGetDatum(json.val.numeric)));
		*attnum = find_column(host, *name, recorded);
		return true;
	}
	return false;
}

/*
 * The host as an expression's text knows it: a column that was renamed since
 * bears its old name.  The parser takes names from the descriptor, so a copy of
 * the relcache entry with another descriptor is enough; it is good for parsing
 * only.  Without such columns it is the host itself.
 */
static Relation
with_old_names(Relation host, Jsonb *columns)
{
	JsonbIterator *iterator;
	char	   *name = NULL;
	AttrNumber	attnum;
	RelationData *known = NULL;

	if (columns == NULL)
		return host;
	iterator = JsonbIteratorInit(&columns->root);
	while (next_column(&iterator, host, &name, &attnum))
	{
		if (attnum == 0 || namestrcmp(attname_of(host, attnum), name) == 0)
			continue;
		if (known == NULL)
		{
			known = palloc(sizeof(RelationData));
			*known = *host;
			known->rd_att = CreateTupleDescCopy(RelationGetDescr(host));
		}
		namestrcpy(attname_of(known, attnum), name);
	}
	return known == NULL ? host : known;
}

/* ----- expressions ------------------------------------------------------ */

typedef struct Parsing
{
	Binding    *binding;
	const char *text;
	Relation	host;
	Oid			type;
	RuleLabel	label;
	bool		is_role;		/* may look up */
	bool		looks_up;		/* result: no expression, but for lookup.h */
	Expr	   *expr;			/* result; belongs to binding->plan->tracked */
} Parsing;

static void
parse_text(void *arg)
{
	Parsing    *parsing = arg;
	BindingPlan *plan = parsing->binding->plan;
	CachedExpression *cached;
	MemoryContext old;

	parsing->looks_up = parsing->is_role && expression_looks_up(parsing->text);
	if (parsing->looks_up)
		return;
	cached = expression_cached(parsing->text, parsing->host, parsing->type,
							   &parsing->label);
	old = MemoryContextSwitchTo(plan->context);
	plan->tracked = lappend(plan->tracked, cached);
	MemoryContextSwitchTo(old);
	parsing->expr = (Expr *) cached->expr;
}

/* What no expression can tell without a zone that exists. */
static ErrorData *
zone_gone(Binding *binding, const char *what)
{
	return make_error(psprintf("%s of binding \"%s\" needs time zone \"%s\", which does not exist",
							   what, binding->name, binding->zone),
					  pstrdup("Timestamps without time zone are read in it."),
					  pstrdup("Names are listed in pg_timezone_names: correct it in revops.binding."));
}

/*
 * Does a function in it depend on more than its arguments?  Then the session's
 * TimeZone may matter to it, and must be the binding's.
 */
static bool
note_zone(Binding *binding, Expr *expr)
{
	if (!contain_mutable_functions((Node *) expr))
		return true;
	binding->plan->sees_zone = true;
	return binding->plan->zone != NULL;
}

/* A filter, planned; NULL and the error where it does not parse. */
static Expr *
filter_expression(Binding *binding, const BindingSource *source, Relation host,
				  ErrorData **error)
{
	Parsing		parsing = {.binding = binding,.text = source->filter,
		.host = with_old_names(host, source->filter_columns),.type = BOOLOID,
	.label = {"filter of binding", binding->name}};

	*error = attempt(parse_text, &parsing);
	if (*error == NULL && !note_zone(binding, parsing.expr))
		*error = zone_gone(binding, "the filter");
	return *error == NULL ? copyObject(parsing.expr) : NULL;
}

/* The text's one identifier, when it is no more than a column's name. */
char *
binding_plain_column(const char *text)
{
	List	   *statements = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select;
	Node	   *value;

	if (list_length(statements) != 1)
		return NULL;
	select = (SelectStmt *) linitial_node(RawStmt, statements)->stmt;
	if (!IsA(select, SelectStmt) || list_length(select->targetList) != 1)
		return NULL;
	value = linitial_node(ResTarget, select->targetList)->val;
	if (value == NULL || !IsA(value, ColumnRef) ||
		list_length(((ColumnRef *) value)->fields) != 1 ||
		!IsA(linitial(((ColumnRef *) value)->fields), String))
		return NULL;
	return strVal(linitial(((ColumnRef *) value)->fields));
}

/* A column as a planned expression of the wanted type; NULL: it has no such cast. */
static Expr *
column_expression(Relation host, AttrNumber attnum, Oid type)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(host), attnum - 1);
	Var		   *var = makeVar(1, attnum, att->atttypid, att->atttypmod, att->attcollation, 0);
	Node	   *node;

	node = coerce_to_target_type(NULL, (Node *) var, att->atttypid, type, -1,
								 COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
	return node == NULL ? NULL : expression_planner((Expr *) node);
}

/* ----- steps ------------------------------------------------------------ */

static Var *
plain_var(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node != NULL && IsA(node, Var) && ((Var *) node)->varattno > 0 ? (Var *) node : NULL;
}

/* Built-in casts of a column: called directly, without ExprState. */
static Var *
cast_step(FuncExpr *func, RoleStep *step)
{
	Var		   *var;

	if (func->funcid >= FirstNormalObjectId || func->funcretset ||
		list_length(func->args) != 1 || (var = plain_var(linitial(func->args))) == NULL)
		return NULL;
	if (func->funcid == F_TIMESTAMPTZ_TIMESTAMP || func->funcid == F_TIMESTAMPTZ_DATE)
	{
		step->kind = func->funcid == F_TIMESTAMPTZ_DATE ? STEP_DATE : STEP_TIMESTAMP;
		step->can_raise = true;
	}
	else if (func->funcid == F_INT8_INT4)
		step->kind = STEP_INT4;
	else if (func->funcid == F_INT8_INT2)
		step->kind = STEP_INT2;
	else if (func->funcid == F_FLOAT8_FLOAT4)
		step->kind = STEP_FLOAT4;
	else
	{
		step->kind = STEP_CALL;
		fmgr_info_cxt(func->funcid, &step->function, CurrentMemoryContext);
		if (!step->function.fn_strict)
			return NULL;
		step->collation = func->inputcollid;
		step->can_raise = func->funcid != F_TEXT_BPCHAR && func->funcid != F_TEXT_NAME &&
			func->funcid != F_TEXT_BOOL;
	}
	return var;
}

/* A column shown as text by a built-in output function (uuid, enum ...). */
static Var *
output_step(CoerceViaIO *coerce, RoleStep *step)
{
	Var		   *var = plain_var((Node *) coerce->arg);
	Oid			output;
	bool		varlena;

	if (var == NULL || coerce->resulttype != TEXTOID)
		return NULL;
	getTypeOutputInfo(var->vartype, &output, &varlena);
	if (output >= FirstNormalObjectId)
		return NULL;
	step->kind = STEP_OUTPUT;
	step->can_raise = true;
	fmgr_info_cxt(output, &step->function, CurrentMemoryContext);
	return var;
}

/* Does the expression read a timestamp or date as a moment, and no more? */
static bool
reads_in_zone(const RoleStep *step)
{
	return step->kind == STEP_TIMESTAMP || step->kind == STEP_DATE;
}

/* False: it can't be told without the binding's zone, which does not exist. */
static bool
add_step(Binding *binding, int role, Expr *expr)
{
	BindingPlan *plan = binding->plan;
	RoleStep   *step = &plan->steps[plan->nsteps];
	Var		   *var = plain_var((Node *) expr);

	step->role = role;
	step->kind = STEP_COLUMN;
	if (var == NULL && IsA(expr, FuncExpr))
		var = cast_step((FuncExpr *) expr, step);
	else if (var == NULL && IsA(expr, CoerceViaIO))
		var = output_step((CoerceViaIO *) expr, step);
	if ((var != NULL && reads_in_zone(step)) ? plan->zone == NULL : !note_zone(binding, expr))
	{
		memset(step, 0, sizeof(RoleStep));
		return false;
	}
	plan->nsteps++;
	if (OidIsValid(exprCollation((Node *) expr)))
		TupleDescInitEntryCollation(binding->roles, role + 1, exprCollation((Node *) expr));
	if (var == NULL)
	{
		step->kind = STEP_EXPRESSION;
		step->can_raise = true;
		step->expr = copyObject(expr);
		plan->nexpressions++;
	}
	else
	{
		step->attnum = var->varattno;
		step->atttype = var->vartype;
		plan->last_attnum = Max(plan->last_attnum, var->varattno);
	}
	plan->can_raise |= step->can_raise;
	plan->allocates |= step->kind == STEP_CALL || step->kind == STEP_OUTPUT ||
		step->kind == STEP_EXPRESSION;
	return true;
}

/* ----- roles ------------------------------------------------------------ */

static ErrorData *
cannot_cast(Binding *binding, const RoleSource *source, Oid want, Relation host, AttrNumber attnum)
{
	return make_error(psprintf("role \"%s\" of binding \"%s\" cannot be read from column \"%s\"",
							   source->role, binding->name, source->expression),
					  psprintf("The column is of type %s, the role of type %s.",
							   format_type_be(TupleDescAttr(RelationGetDescr(host), attnum - 1)->atttypid),
							   format_type_be(want)),
					  pstrdup("Write an expression with a cast in revops.binding_role."));
}

/* A plain column as the role's expression, or NULL and why not. */
static Expr *
role_of_column(Binding *binding, const RoleSource *source, const char *column, Oid type,
			   Relation host, ErrorData **error)
{
	AttrNumber	attnum = find_column(host, column, source->attnum);
	Expr	   *expr;

	if (attnum == 0)
	{
		*error = column_gone(binding, psprintf("role \"%s\"", source->role), column, host);
		return NULL;
	}
	expr = column_expression(host, attnum, type);
	if (expr == NULL)
		*error = cannot_cast(binding, source, type, host, attnum);
	return expr;
}

/* The names of the columns that are there, as the role's text knows them. */
static List *
known_columns(Relation known)
{
	TupleDesc	desc = RelationGetDescr(known);
	List	   *names = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped)
			names = lappend(names, makeString(pstrdup(NameStr(TupleDescAttr(desc, i)->attname))));
	}
	return names;
}

/* Note the host's columns that a lookup role names: all, where that is not known. */
static void
note_lookup_columns(BindingPlan *plan, Relation host, Jsonb *columns)
{
	MemoryContext old = MemoryContextSwitchTo(plan->context);
	char	   *name = NULL;
	AttrNumber	attnum;
	JsonbIterator *iterator;

	if (columns == NULL)
		plan->lookup_columns = bms_add_range(plan->lookup_columns, 1, RelationGetNumberOfAttributes(host));
	else
	{
		iterator = JsonbIteratorInit(&columns->root);
		while (next_column(&iterator, host, &name, &attnum))
		{
			if (attnum > 0)
				plan->lookup_columns = bms_add_member(plan->lookup_columns, attnum);
		}
	}
	MemoryContextSwitchTo(old);
}

static void
add_lookup_step(Binding *binding, int role, const RoleSource *source, Oid type,
				const char *host_name, Relation host, Relation known)
{
	BindingPlan *plan = binding->plan;
	RoleStep   *step = &plan->steps[plan->nsteps++];

	/* a table that is renamed keeps the name by which the texts call it */
	if (plan->lookups == NULL)
		plan->lookups = lookup_plan_create(binding->host,
										   strVal(llast(textToQualifiedNameList(cstring_to_text(host_name)))));
	step->role = role;
	step->kind = STEP_LOOKUP;
	step->lookup = lookup_plan_count(plan->lookups);
	lookup_plan_add(plan->lookups, source->role, source->expression, type,
					known == host ? NIL : known_columns(known));
	note_lookup_columns(plan, host, source->columns);
	plan->sees_zone = true;
}

/* Make the role's step; returns why there is none. */
static ErrorData *
compile_source(Binding *binding, int role, const RoleSource *source, Oid type,
			   const char *host_name, Relation host)
{
	char	   *column = source->attnum > 0 ? binding_plain_column(source->expression) : NULL;
	Parsing		parsing = {.binding = binding,.text = source->expression,.host = host,
	.type = type,.label = {"role", source->role},.is_role = true};
	ErrorData  *error = NULL;
	char	   *what = psprintf("role \"%s\"", source->role);

	if (column != NULL)
		parsing.expr = role_of_column(binding, source, column, type, host, &error);
	else
	{
		parsing.host = with_old_names(host, source->columns);
		error = attempt(parse_text, &parsing);
	}
	if (error != NULL)
		return error;
	if (parsing.looks_up)
	{
		if (binding->plan->zone == NULL)
			return zone_gone(binding, what);
		add_lookup_step(binding, role, source, type, host_name, host, parsing.host);
		return NULL;
	}
	return add_step(binding, role, parsing.expr) ? NULL : zone_gone(binding, what);
}

/* Fill one position of the role slot's descriptor and its step. */
static void
compile_role(Binding *binding, int role, const char *name, Oid type,
			 const RoleSource *source, const char *host_name, Relation host,
			 ErrorData *no_host)
{
	ErrorData  *error = no_host;
	bool		known = SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(type));

	TupleDescInitEntry(binding->roles, role + 1, name, known ? type : TEXTOID, -1, 0);
	if (source == NULL)
		return;
	binding->mapped[role] = true;
	binding->personal[role] = source->personal;
	if (!known)
		error = make_error(psprintf("the type of role \"%s\" of binding \"%s\" does not exist any more",
									name, binding->name),
						   psprintf("It had OID %u.", type),
						   pstrdup("Correct it in revops.binding_role."));
	else if (host != NULL)
		error = compile_source(binding, role, source, type, host_name, host);
	if (error != NULL)
		break_role(binding, role, error);
}

static const RoleSource *
find_role(const BindingSource *source, const char *name)
{
	for (int i = 0; i < source->nroles; i++)
	{
		if (strcmp(source->roles[i].role, name) == 0)
			return &source->roles[i];
	}
	return NULL;
}

static bool
is_standard(const StandardRole *standard, int nstandard, const char *name)
{
	for (int i = 0; i < nstandard; i++)
	{
		if (strcmp(standard[i].name, name) == 0)
			return true;
	}
	return false;
}

static void
compile_roles(Binding *binding, const BindingSource *source, Relation host, ErrorData *no_host)
{
	BindingPlan *plan = binding->plan;
	int			nstandard;
	const StandardRole *standard = standard_roles(binding->kind, &nstandard);
	int			n = nstandard;

	for (int i = 0; i < source->nroles; i++)
		n += !is_standard(standard, nstandard, source->roles[i].role);
	binding->roles = CreateTemplateTupleDesc(n);
	binding->mapped = palloc0(n * sizeof(bool));
	binding->personal = palloc0(n * sizeof(bool));
	plan->steps = palloc0(n * sizeof(RoleStep));
	plan->broken = palloc0(n * sizeof(BrokenRole));

	for (int i = 0; i < nstandard; i++)
	{
		const RoleSource *role = find_role(source, standard[i].name);

		/* a row that is looked up may name one lead, or an array of them */
		compile_role(binding, i, standard[i].name,
					 binding->kind == BINDING_LOOKUP && role != NULL ? role->type : standard[i].type,
					 role, source->host_name, host, no_host);
		if (role == NULL)
			binding->personal[i] = standard[i].personal;
	}
	n = nstandard;
	for (int i = 0; i < source->nroles; i++)
	{
		const RoleSource *role = &source->roles[i];

		if (!is_standard(standard, nstandard, role->role))
			compile_role(binding, n++, role->role, role->type, role, source->host_name,
						 host, no_host);
	}
	if (plan->lookups != NULL)
		lookup_plan_finish(plan->lookups);
}

/* ----- key -------------------------------------------------------------- */

static KeyKind
key_kind(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return KEY_INT2;
		case INT4OID:
			return KEY_INT4;
		case INT8OID:
			return KEY_INT8;
		case TEXTOID:
		case VARCHAROID:
			return KEY_TEXT;
		case BPCHAROID:
			return KEY_BPCHAR;
		case NUMERICOID:
			return KEY_NUMERIC;
		case FLOAT4OID:
			return KEY_FLOAT4;
		case FLOAT8OID:
			return KEY_FLOAT8;
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return KEY_DATETIME;
		case BOOLOID:
		case OIDOID:
		case NAMEOID:
		case UUIDOID:
		case INETOID:
		case CIDROID:
		case MACADDROID:
			return KEY_OTHER;
		default:
			return get_typtype(type) == TYPTYPE_ENUM ? KEY_OTHER : KEY_PINNED;
	}
}

static void
compile_key(Binding *binding, const BindingSource *source, Relation host)
{
	BindingPlan *plan = binding->plan;

	plan->keys = palloc0(source->nkeys * sizeof(KeyPart));
	for (int i = 0; i < source->nkeys; i++)
	{
		KeyPart    *part = &plan->keys[i];
		Oid			output;
		bool		varlena;

		part->attnum = find_column(host, source->key_columns[i], source->key_attnums[i]);
		if (part->attnum == 0)
		{
			plan->key_error = column_gone(binding, "the key", source->key_columns[i], host);
			return;
		}
		part->atttype = TupleDescAttr(RelationGetDescr(host), part->attnum - 1)->atttypid;
		part->basetype = getBaseType(part->atttype);
		part->kind = key_kind(part->basetype);
		getTypeOutputInfo(part->basetype, &output, &varlena);
		fmgr_info_cxt(output, &part->output, CurrentMemoryContext);
		plan->last_attnum = Max(plan->last_attnum, part->attnum);
	}
	plan->nkeys = source->nkeys;
}

/* ----- all of it -------------------------------------------------------- */

/* jsonb orders an object's keys by length, then by bytes */
static int
compare_json_keys(const void *a, const void *b, void *arg)
{
	TupleDesc	roles = arg;
	const char *left = NameStr(TupleDescAttr(roles, *(const int *) a)->attname);
	const char *right = NameStr(TupleDescAttr(roles, *(const int *) b)->attname);
	size_t		left_length = strlen(left);
	size_t		right_length = strlen(right);

	if (left_length != right_length)
		return left_length < right_length ? -1 : 1;
	return memcmp(left, right, left_length);
}

static void
sort_json_keys(Binding *binding)
{
	int			n = binding->roles->natts;
	int		   *order = palloc(n * sizeof(int));

	for (int i = 0; i < n; i++)
		order[i] = i;
	qsort_arg(order, n, sizeof(int), compare_json_keys, binding->roles);
	binding->plan->json_order = order;
}

void
binding_compile(Binding *binding, const BindingSource *source)
{
	BindingPlan *plan = binding->plan;
	Relation	host;
	ErrorData  *no_host;

	plan->zone = pg_tzset(binding->zone);
	watch_relation(binding->host);
	host = try_table_open(binding->host, AccessShareLock);
	no_host = host == NULL ? host_gone(binding, source) : NULL;
	compile_roles(binding, source, host, no_host);
	if (host == NULL)
		plan->filter_error = plan->key_error = no_host;
	else
	{
		compile_key(binding, source, host);
		if (source->filter != NULL)
			plan->filter = filter_expression(binding, source, host, &plan->filter_error);
		/* the host's DDL must not wait for us: an invalidation tells us of it */
		table_close(host, AccessShareLock);
	}
	sort_json_keys(binding);
}
