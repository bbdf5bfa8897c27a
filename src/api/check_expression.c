/*
 * check_expression.c
 *		revops.check_expression: is this text a valid expression over a table,
 *		and of what type will rules see it?
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/errors.h"
#include "define/binding_compile.h"
#include "define/condition.h"

PG_FUNCTION_INFO_V1(revops_check_expression);

/*
 * Rules see wide base types: a column that grows from integer to bigint, or a
 * type of the host's own that is dropped, must not concern them.
 */
static Oid
widened(Oid type)
{
	type = getBaseType(type);
	switch (type)
	{
		case INT2OID:
		case INT4OID:
			return INT8OID;
		case FLOAT4OID:
			return FLOAT8OID;
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case CHAROID:
		case UNKNOWNOID:
			return TEXTOID;
		default:
			return type_is_enum(type) ? TEXTOID : type;
	}
}

/* Number of the column that the text is the name of; 0 when it is no such. */
static AttrNumber
column_number(Relation host, const char *text)
{
	char	   *name = binding_plain_column(text);

	return name == NULL ? 0 : get_attnum(RelationGetRelid(host), name);
}

static void
refuse_pseudo_type(const RuleLabel *label, Oid type)
{
	if (get_typtype(type) == TYPTYPE_PSEUDO)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_RULE),
				 errmsg("%s \"%s\" is not valid: it is of type %s",
						label->kind, label->name, format_type_be(type)),
				 errdetail("Rules need one value of an ordinary type."),
				 errhint("Cast it, such as to text.")));
}

/* {"column": number, ...} */
static Jsonb *
columns_read(Relation host, Bitmapset *columns)
{
	JsonbParseState *state = NULL;
	int			attnum = -1;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while ((attnum = bms_next_member(columns, attnum)) >= 0)
	{
		JsonbValue	json;

		json.type = jbvString;
		json.val.string.val = NameStr(TupleDescAttr(RelationGetDescr(host), attnum - 1)->attname);
		json.val.string.len = strlen(json.val.string.val);
		(void) pushJsonbValue(&state, WJB_KEY, &json);
		json.type = jbvNumeric;
		json.val.numeric = int64_to_numeric(attnum);
		(void) pushJsonbValue(&state, WJB_VALUE, &json);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* A table, an expression, and a type that exists where one is wanted. */
static void
refuse_bad_arguments(FunctionCallInfo fcinfo, Oid type)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s to check must not be NULL",
						PG_ARGISNULL(0) ? "the table of an expression" : "an expression"),
				 errhint("Give a table and the text of an expression over its columns.")));
	if (OidIsValid(type) && !SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(type)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type %u does not exist", type),
				 errhint("Give the type by its name, such as 'text'.")));
}

/*
 * revops.check_expression(host regclass, kind text, name text, expression text,
 *						   want regtype, OUT expression_type regtype,
 *						   OUT attnum smallint, OUT columns jsonb)
 */
Datum
revops_check_expression(PG_FUNCTION_ARGS)
{
	RuleLabel	label = {"expression", NULL};
	Relation	host;
	char	   *expression;
	Oid			type = PG_ARGISNULL(4) ? InvalidOid : PG_GETARG_OID(4);
	Expr	   *expr;
	AttrNumber	attnum;
	Bitmapset  *read;
	TupleDesc	desc;
	Jsonb	   *columns;
	Datum		values[3];
	bool		nulls[3] = {false};

	refuse_bad_arguments(fcinfo, type);
	if (!PG_ARGISNULL(1))
		label.kind = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (!PG_ARGISNULL(2))
		label.name = text_to_cstring(PG_GETARG_TEXT_PP(2));
	expression = text_to_cstring(PG_GETARG_TEXT_PP(3));
	host = table_open(PG_GETARG_OID(0), AccessShareLock);
	expr = expression_parse(expression, host, type, strcmp(label.kind, "role") == 0,
							&label, &read);
	attnum = column_number(host, expression);
	columns = columns_read(host, read);
	nulls[1] = (attnum == 0);
	if (!OidIsValid(type))
		type = widened(exprType((Node *) expr));
	refuse_pseudo_type(&label, type);
	table_close(host, AccessShareLock);

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "revops.check_expression must return a row");
	values[0] = ObjectIdGetDatum(type);
	values[1] = Int16GetDatum(attnum);
	values[2] = JsonbPGetDatum(columns);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
