/*
 * profile.c
 *		See profile.h.
 *
 * The object is built with its keys in jsonb's own order, sorted once when the
 * binding was compiled, so that no row sorts or looks for duplicates.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "define/binding.h"
#include "define/binding_compile.h"
#include "define/profile.h"

/* ----- settings --------------------------------------------------------- */

/*
 * Types without a form of their own below (interval, ranges, arrays) are shown
 * under fixed settings, so that any session reads them back as they were.
 */
static int
fix_settings(void)
{
	int			nest = NewGUCNestLevel();

	set_config_option("datestyle", "ISO, YMD", PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SAVE, true, 0, false);
	set_config_option("intervalstyle", "postgres", PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SAVE, true, 0, false);
	set_config_option("timezone", "UTC", PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SAVE, true, 0, false);
	set_config_option("extra_float_digits", "1", PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SAVE, true, 0, false);
	return nest;
}

/* ----- to jsonb --------------------------------------------------------- */

static void
set_string(JsonbValue *json, char *text, int length)
{
	json->type = jbvString;
	json->val.string.val = text;
	json->val.string.len = length;
}

/* jsonb has no NaN and no infinity: they are text */
static void
set_numeric(JsonbValue *json, Numeric number)
{
	if (numeric_is_nan(number) || numeric_is_inf(number))
	{
		char	   *text = numeric_normalize(number);

		set_string(json, text, strlen(text));
		return;
	}
	json->type = jbvNumeric;
	json->val.numeric = number;
}

static void
set_float(JsonbValue *json, float8 number)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);
	int			length = double_to_shortest_decimal_buf(number, text);

	if (isnan(number) || isinf(number))
		set_string(json, text, length);
	else
		set_numeric(json, DatumGetNumeric(DirectFunctionCall3(numeric_in,
															  CStringGetDatum(text),
															  ObjectIdGetDatum(InvalidOid),
															  Int32GetDatum(-1))));
}

static void
set_other(JsonbValue *json, Datum value, Oid type)
{
	int			nest = fix_settings();
	Oid			output;
	bool		varlena;
	char	   *text;

	getTypeOutputInfo(type, &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	AtEOXact_GUC(false, nest);
	set_string(json, text, strlen(text));
}

static void
set_datetime(JsonbValue *json, Datum value, Oid type)
{
	int			utc = 0;
	char	   *text = JsonEncodeDateTime(NULL, value, type,
										  type == TIMESTAMPTZOID ? &utc : NULL);

	set_string(json, text, strlen(text));
}

static void
set_value(JsonbValue *json, Datum value, Oid type)
{
	switch (type)
	{
		case TEXTOID:
			{
				text	   *string = DatumGetTextPP(value);

				set_string(json, VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
				break;
			}
		case BOOLOID:
			json->type = jbvBool;
			json->val.boolean = DatumGetBool(value);
			break;
		case INT8OID:
			json->type = jbvNumeric;
			json->val.numeric = int64_to_numeric(DatumGetInt64(value));
			break;
		case NUMERICOID:
			set_numeric(json, DatumGetNumeric(value));
			break;
		case FLOAT8OID:
			set_float(json, DatumGetFloat8(value));
			break;
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			set_datetime(json, value, type);
			break;
		default:
			set_other(json, value, type);
			break;
	}
}

Jsonb *
profile_from_values(const ProfileValue *values, int n)
{
	JsonbPair  *pairs = palloc(Max(n, 1) * sizeof(JsonbPair));
	JsonbValue	object;

	for (int i = 0; i < n; i++)
	{
		set_string(&pairs[i].key, unconstify(char *, values[i].role), values[i].length);
		set_value(&pairs[i].value, values[i].value, values[i].type);
		pairs[i].order = i;
	}
	object.type = jbvObject;
	object.val.object.nPairs = n;
	object.val.object.pairs = pairs;
	return JsonbValueToJsonb(&object);
}

Jsonb *
profile_from_slot(Binding *binding, TupleTableSlot *roles, bool personal)
{
	TupleDesc	desc = binding->roles;
	ProfileValue *values = palloc(Max(desc->natts, 1) * sizeof(ProfileValue));
	int			n = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		int			role = binding->plan->json_order[i];
		Form_pg_attribute att = TupleDescAttr(desc, role);

		if (roles->tts_isnull[role] || binding->personal[role] != personal)
			continue;
		values[n++] = (ProfileValue) {NameStr(att->attname), strlen(NameStr(att->attname)),
		att->atttypid, roles->tts_values[role]};
	}
	return profile_from_values(values, n);
}

char *
profile_shown(Datum value, Oid type)
{
	JsonbValue	json;

	set_value(&json, value, type);
	Assert(json.type == jbvString);
	return pnstrdup(json.val.string.val, json.val.string.len);
}

/* ----- from jsonb ------------------------------------------------------- */

/* A scalar as text; NULL for what is none. */
static char *
scalar_text(const JsonbValue *json)
{
	switch (json->type)
	{
		case jbvString:
			return pnstrdup(json->val.string.val, json->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(json->val.numeric)));
		case jbvBool:
			return pstrdup(json->val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

static bool
get_text(const JsonbValue *json, Datum *value)
{
	char	   *shown;

	if (json->type == jbvString)
	{
		*value = PointerGetDatum(cstring_to_text_with_len(json->val.string.val,
														  json->val.string.len));
		return true;
	}
	shown = scalar_text(json);
	if (shown != NULL)
		*value = CStringGetTextDatum(shown);
	return shown != NULL;
}

static bool
get_int8(const JsonbValue *json, Datum *value)
{
	char	   *text = scalar_text(json);
	char	   *end;
	int64		number;

	if (text == NULL || *text == '\0')
		return false;
	errno = 0;
	number = strtoi64(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return false;
	*value = Int64GetDatum(number);
	return true;
}

static bool
get_float8(const JsonbValue *json, Datum *value)
{
	char	   *text = scalar_text(json);
	char	   *end;
	float8		number;

	if (text == NULL || *text == '\0')
		return false;
	errno = 0;
	number = strtod(text, &end);
	if ((errno != 0 && (number == 0 || isinf(number))) || *end != '\0')
		return false;
	*value = Float8GetDatum(number);
	return true;
}

static bool
get_bool(const JsonbValue *json, Datum *value)
{
	bool		truth;

	if (json->type == jbvBool)
		truth = json->val.boolean;
	else if (json->type != jbvString ||
			 !parse_bool_with_len(json->val.string.val, json->val.string.len, &truth))
		return false;
	*value = BoolGetDatum(truth);
	return true;
}

/* What date types can hold beside dates: 'infinity' and '-infinity'. */
static bool
get_infinity(int kind, Oid type, Datum *value)
{
	if (kind != DTK_LATE && kind != DTK_EARLY)
		return false;
	if (type == DATEOID)
		*value = DateADTGetDatum(kind == DTK_LATE ? DATEVAL_NOEND : DATEVAL_NOBEGIN);
	else
		*value = TimestampTzGetDatum(kind == DTK_LATE ? DT_NOEND : DT_NOBEGIN);
	return true;
}

/* date, timestamp and timestamptz as set_datetime wrote them; never raises */
static bool
get_datetime(const JsonbValue *json, Oid type, Datum *value)
{
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *fields[MAXDATEFIELDS];
	int			types[MAXDATEFIELDS];
	int			nfields;
	int			kind;
	int			zone = 0;
	struct pg_tm tm;
	fsec_t		fsec;
	Timestamp	moment;
	char	   *text = json->type == jbvString ? scalar_text(json) : NULL;

	if (text == NULL ||
		ParseDateTime(text, work, sizeof(work), fields, types, MAXDATEFIELDS, &nfields) != 0 ||
		DecodeDateTime(fields, types, nfields, &kind, &tm, &fsec, &zone) != 0)
		return false;
	if (kind != DTK_DATE)
		return get_infinity(kind, type, value);
	if (tm2timestamp(&tm, fsec, type == TIMESTAMPTZOID ? &zone : NULL, &moment) != 0)
		return false;
	if (type != DATEOID)
	{
		*value = TimestampGetDatum(moment);
		return true;
	}
	*value = DateADTGetDatum(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE);
	return true;
}

typedef struct Reading
{
	char	   *text;
	Oid			type;
	Datum		value;
} Reading;

static void
read_text(void *arg)
{
	Reading    *reading = arg;
	int			nest = fix_settings();
	Oid			input;
	Oid			parameter;

	getTypeInputInfo(reading->type, &input, &parameter);
	reading->value = OidInputFunctionCall(input, reading->text, parameter, -1);
	AtEOXact_GUC(false, nest);
}

/* Any other type by its input function, whose errors say "does not fit". */
static bool
get_other(const JsonbValue *json, Oid type, Datum *value)
{
	Reading		reading = {scalar_text(json), type, 0};
	ErrorData  *error;

	if (reading.text == NULL)
		return false;
	error = attempt(read_text, &reading);
	if (error == NULL)
		*value = reading.value;
	else
		FreeErrorData(error);
	return error == NULL;
}

static bool
get_value(const JsonbValue *json, Oid type, Datum *value)
{
	switch (type)
	{
		case TEXTOID:
			return get_text(json, value);
		case INT8OID:
			return get_int8(json, value);
		case FLOAT8OID:
			return get_float8(json, value);
		case BOOLOID:
			return get_bool(json, value);
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return get_datetime(json, type, value);
		case NUMERICOID:
			if (json->type == jbvNumeric)
			{
				*value = datumCopy(NumericGetDatum(json->val.numeric), false, -1);
				return true;
			}
			return get_other(json, type, value);
		default:
			return get_other(json, type, value);
	}
}

bool
profile_read_shown(Datum text, Oid type, Datum *value)
{
	JsonbValue	json;

	set_string(&json, VARDATA_ANY(DatumGetPointer(text)), VARSIZE_ANY_EXHDR(DatumGetPointer(text)));
	return get_value(&json, type, value);
}

/* A role's stored value: in its own store, or where it was before. */
static bool
find_value(Jsonb *first, Jsonb *second, const char *role, JsonbValue *json)
{
	int			length = strlen(role);

	return (first != NULL &&
			getKeyJsonValueFromContainer(&first->root, role, length, json) != NULL) ||
		(second != NULL &&
		 getKeyJsonValueFromContainer(&second->root, role, length, json) != NULL);
}

static void
role_to_slot(Binding *binding, Jsonb *profile, Jsonb *personal, int role, TupleTableSlot *slot)
{
	Form_pg_attribute att = TupleDescAttr(binding->roles, role);
	bool		own = binding->personal[role];
	JsonbValue	json;

	slot->tts_isnull[role] =
		!find_value(own ? personal : profile, own ? profile : personal,
					NameStr(att->attname), &json) ||
		!get_value(&json, att->atttypid, &slot->tts_values[role]);
}

void
profile_to_slot(Binding *binding, Jsonb *profile, Jsonb *personal, TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	for (int i = 0; i < binding->roles->natts; i++)
		role_to_slot(binding, profile, personal, i, slot);
	ExecStoreVirtualTuple(slot);
}

void
profile_roles_to_slot(Binding *binding, Jsonb *profile, Jsonb *personal,
					  const Bitmapset *roles, TupleTableSlot *slot)
{
	int			role = -1;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, sizeof(bool) * binding->roles->natts);
	while ((role = bms_next_member(roles, role)) >= 0)
		role_to_slot(binding, profile, personal, role, slot);
	ExecStoreVirtualTuple(slot);
}
