/*
 * check_condition.c
 *		revops.check_condition: is this text a valid condition?
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/errors.h"
#include "define/condition.h"

PG_FUNCTION_INFO_V1(revops_check_condition);

/* The elements of a one-dimensional array without NULLs. */
static Datum *
elements_of(ArrayType *array, Oid type, int *count)
{
	int16		length;
	bool		by_value;
	char		align;
	Datum	   *elements;

	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("roles are given as arrays of one dimension without nulls"),
				 ARR_NDIM(array) > 1 ?
				 errdetail("The array has %d dimensions.", ARR_NDIM(array)) :
				 errdetail("The array contains a null."),
				 errhint("Give the roles' names and, in the same order, their types.")));
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align,
					  &elements, NULL, count);
	return elements;
}

static void
add_role(TupleDesc roles, int number, const char *name, Oid type)
{
	if (strlen(name) >= NAMEDATALEN || name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" cannot be the name of a role", name),
				 errdetail("A name has 1 to %d bytes; this one has %d.",
						   NAMEDATALEN - 1, (int) strlen(name)),
				 errhint("Choose another name.")));
	if (!OidIsValid(type) || get_typtype(type) == TYPTYPE_PSEUDO)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("role \"%s\" cannot be of type %s", name,
						format_type_be(type)),
				 errdetail("A role holds one value of an ordinary type."),
				 errhint("Give the type of the value, such as text.")));
	for (int i = 0; i < number - 1; i++)
		if (strcmp(NameStr(TupleDescAttr(roles, i)->attname), name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("role \"%s\" is given twice", name),
					 errdetail("It is role number %d and number %d.", i + 1, number),
					 errhint("Give each role once.")));
	TupleDescInitEntry(roles, number, name, type, -1, 0);
}

static TupleDesc
make_roles(ArrayType *names, ArrayType *types)
{
	int			name_count;
	int			type_count;
	Datum	   *name = elements_of(names, TEXTOID, &name_count);
	Datum	   *type = elements_of(types, REGTYPEOID, &type_count);
	TupleDesc	roles;

	if (name_count != type_count || name_count > MaxTupleAttributeNumber)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d role names do not fit %d role types",
						name_count, type_count),
				 errdetail("Each role has one name and one type, and there are at most %d roles.",
						   MaxTupleAttributeNumber),
				 errhint("Give the roles' names and, in the same order, their types.")));
	roles = CreateTemplateTupleDesc(name_count);
	for (int i = 0; i < name_count; i++)
		add_role(roles, i + 1, TextDatumGetCString(name[i]),
				 DatumGetObjectId(type[i]));
	return roles;
}

/*
 * revops.check_condition(kind text, name text, condition text,
 *						  role_names text[], role_types regtype[]) returns void
 */
Datum
revops_check_condition(PG_FUNCTION_ARGS)
{
	RuleLabel	label = {"condition", NULL};
	Oid			user;
	int			security;

	if (PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a condition and its roles cannot be null"),
				 errdetail("Argument %d is null.",
						   PG_ARGISNULL(2) ? 3 : PG_ARGISNULL(3) ? 4 : 5),
				 errhint("The condition true means always.")));
	if (!PG_ARGISNULL(0))
		label.kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1))
		label.name = text_to_cstring(PG_GETARG_TEXT_PP(1));

	/*
	 * Immutable functions over constants run now.  They must leave nothing
	 * behind, such as a deferred trigger, that would run with more rights.
	 */
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(user, security | SECURITY_RESTRICTED_OPERATION);
	(void) condition_parse(text_to_cstring(PG_GETARG_TEXT_PP(2)),
						   make_roles(PG_GETARG_ARRAYTYPE_P(3),
									  PG_GETARG_ARRAYTYPE_P(4)),
						   BOOLOID, &label);
	SetUserIdAndSecContext(user, security);
	PG_RETURN_VOID();
}
