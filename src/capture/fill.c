/*
 * fill.c
 *		See fill.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/attempt.h"
#include "base/errors.h"
#include "capture/fill.h"
#include "define/stage_map.h"
#include "settle/host_words.h"

static void
lost_column(const Binding *binding, WrittenItem item, const char *detail)
{
	const char *column = binding->fills->columns[item];

	ereport(ERROR,
			(errcode(ERRCODE_REVOPS_INVALID_BINDING),
			 errmsg("column \"%s\", which binding \"%s\" fills with the %s, %s", column,
					binding->name, written_names[item], detail),
			 errhint("Detach the table, and attach it with the columns that it has now.")));
}

static Form_pg_attribute
column_by_name(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return att;
	}
	return NULL;
}

/* The role that the host may write the item into, where it is this column. */
static int
role_of(const Binding *binding, WrittenItem item, AttrNumber attnum)
{
	int			role = item == WRITTEN_STAGE ? LEAD_STAGE : item == WRITTEN_OWNER ? LEAD_OWNER : -1;

	if (role < 0 || !binding->mapped[role] || !binding_role_reads(binding, role, attnum))
		return -1;
	return role;
}

/* Can the type's input function refuse no value of the item? */
static bool
takes_all(WrittenItem item, Oid type, int32 typmod)
{
	if (typmod >= 0)
		return false;
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
			return true;
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return item == WRITTEN_SCORE;
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
			return item == WRITTEN_SLA_DUE;
		default:
			return false;
	}
}

static void
prepare_column(FillColumn *column, const Binding *binding, WrittenItem item, TupleDesc host)
{
	Form_pg_attribute att = column_by_name(host, binding->fills->columns[item]);
	TypeCacheEntry *type;
	Oid			input;

	if (att == NULL)
		lost_column(binding, item, "does not exist");
	Assert(att != NULL);
	if (att->attgenerated != '\0')
		lost_column(binding, item, "is generated");
	column->item = item;
	column->attnum = att->attnum;
	column->type = att->atttypid;
	column->typmod = att->atttypmod;
	column->collation = att->attcollation;
	column->length = att->attlen;
	column->byval = att->attbyval;
	column->base = getBaseType(att->atttypid);
	getTypeInputInfo(att->atttypid, &input, &column->input_param);
	fmgr_info(input, &column->input);
	type = lookup_type_cache(column->base, TYPECACHE_EQ_OPR_FINFO);
	column->equal = type->eq_opr_finfo;
	column->safe = takes_all(item, att->atttypid, att->atttypmod);
	column->last_text = NULL;
	column->role = role_of(binding, item, att->attnum);
}

void
fill_prepare(Fill *fill, Binding *binding, Definitions *def, TupleDesc host)
{
	fill->binding = binding;
	fill->def = def;
	fill->context = CurrentMemoryContext;
	fill->n = 0;
	for (int i = 0; i < N_WRITTEN; i++)
		if (binding->fills->columns[i] != NULL)
			prepare_column(&fill->columns[fill->n++], binding, (WrittenItem) i, host);
}

/* The host's word for a stage: the one it prefers, where several mean it. */
static const char *
word_for(const Binding *binding, const char *stage)
{
	Datum		code = CStringGetTextDatum(stage);
	Datum		word = stage_map_code(binding->fills->words, code);

	if (word != code && word != NO_TEXT)
		return TextDatumGetCString(word);
	return stage_map_word(binding->stages, stage);
}

/* A moment as the column's type reads it; one without zone has the binding's. */
static char *
moment_text(const FillColumn *column, const Binding *binding, TimestampTz at)
{
	Datum		local;
	int			zone = 0;

	if (column->base != TIMESTAMPOID && column->base != DATEOID)
		return JsonEncodeDateTime(NULL, TimestampTzGetDatum(at), TIMESTAMPTZOID, &zone);
	local = DirectFunctionCall2(timestamptz_zone, CStringGetTextDatum(binding->zone),
								TimestampTzGetDatum(at));
	return JsonEncodeDateTime(NULL, local, TIMESTAMPOID, NULL);
}

/* As text; NULL: none. */
static const char *
item_text(const FillColumn *column, const Binding *binding, const Written *w)
{
	switch (column->item)
	{
		case WRITTEN_SCORE:
			return psprintf("%d", w->score);
		case WRITTEN_GRADE:
			return w->grade;
		case WRITTEN_STAGE:
			return w->stage == NULL ? NULL : word_for(binding, w->stage);
		case WRITTEN_OWNER:
			return w->owner;
		case WRITTEN_SLA_DUE:
			return w->due_at == NO_TIME ? NULL : moment_text(column, binding, w->due_at);
		case N_WRITTEN:
			break;
	}
	return NULL;
}

static Datum
value_of(FillColumn *column, const char *text)
{
	if (text == NULL && column->input.fn_strict)
		return (Datum) 0;
	/* a domain may refuse NULL */
	return InputFunctionCall(&column->input, unconstify(char *, text), column->input_param,
							 column->typmod);
}

typedef struct Conversion
{
	FillColumn *column;
	const char *text;
	Datum		value;
} Conversion;

static void
convert_step(void *arg)
{
	Conversion *c = arg;

	c->value = value_of(c->column, c->text);
}

static void
keep_last(Fill *fill, FillColumn *column, const char *text, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(fill->context);

	if (column->last_text != NULL)
	{
		pfree(column->last_text);
		if (!column->byval)
			pfree(DatumGetPointer(column->last));
	}
	column->last_text = NULL;
	column->last = datumCopy(value, column->byval, column->length);
	column->last_text = pstrdup(text);
	MemoryContextSwitchTo(old);
}

ErrorData *
fill_try_value(Fill *fill, FillColumn *column, const Written *w, Datum *value, bool *isnull)
{
	const char *text = item_text(column, fill->binding, w);
	Conversion	c = {column, text, (Datum) 0};
	ErrorData  *error = NULL;

	*isnull = (text == NULL);
	if (text != NULL && column->last_text != NULL && strcmp(text, column->last_text) == 0)
	{
		*value = column->last;
		return NULL;
	}
	if (column->safe)
		convert_step(&c);
	else
		error = attempt(convert_step, &c);
	if (error != NULL)
		return error;
	if (text != NULL)
		keep_last(fill, column, text, c.value);
	*value = c.value;
	return NULL;
}

bool
fill_same(FillColumn *column, Datum a, bool a_null, Datum b, bool b_null)
{
	if (a_null || b_null)
		return a_null && b_null;
	if (OidIsValid(column->equal.fn_oid))
		return DatumGetBool(FunctionCall2Coll(&column->equal, column->collation, a, b));
	return datum_image_eq(a, b, column->byval, column->length);
}

static bool
same_column(FillColumn *column, Datum value, bool isnull, TupleTableSlot *row)
{
	bool		now_null;
	Datum		now = slot_getattr(row, column->attnum, &now_null);

	return fill_same(column, now, now_null, value, isnull);
}

/* What a row's word for stage or owner is to us. */
typedef enum Meaning
{
	MEANS_NOTHING,				/* there is none */
	MEANS_UNKNOWN,				/* nothing that we know */
	MEANS_THIS,					/* what the lead has */
	MEANS_OTHER
} Meaning;

static Meaning
meaning_of_stage(const Fill *fill, const Written *w, Datum word)
{
	const Agreement *a = fill->def->agreement;
	Datum		code = stage_map_code(fill->binding->stages, word);
	int			stage;

	if (is_empty(code))
		return is_empty(word) ? MEANS_NOTHING : MEANS_UNKNOWN;
	Assert(code != NO_TEXT);
	stage = stage_by_code(a, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
	if (stage == NO_STAGE)
		return MEANS_UNKNOWN;
	return w->stage != NULL && strcmp(a->stages[stage].code, w->stage) == 0 ?
		MEANS_THIS : MEANS_OTHER;
}

static Meaning
meaning_of_owner(const Fill *fill, const Written *w, Datum code)
{
	Rep		   *rep = rep_by_code(fill->def, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));

	if (rep == NULL)
		return MEANS_UNKNOWN;
	return w->owner != NULL && strcmp(rep->code, w->owner) == 0 ? MEANS_THIS : MEANS_OTHER;
}

static Meaning
meaning_of(const FillColumn *column, const Fill *fill, const Written *w, TupleTableSlot *roles)
{
	Datum		said = role_text(roles, column->role);

	/* an owner that is empty is none, however the host writes it */
	if (is_empty(said) && column->role == LEAD_OWNER)
		return w->owner == NULL ? MEANS_THIS : MEANS_NOTHING;
	if (said == NO_TEXT)
		return MEANS_NOTHING;
	said = PointerGetDatum(PG_DETOAST_DATUM_PACKED(said));
	return column->role == LEAD_STAGE ? meaning_of_stage(fill, w, said) :
		meaning_of_owner(fill, w, said);
}

bool
fill_means(const FillColumn *column, const Fill *fill, const Written *w, TupleTableSlot *roles)
{
	return meaning_of(column, fill, w, roles) == MEANS_THIS;
}

bool
fill_needed(FillColumn *column, const Fill *fill, const Written *w, Datum value,
			bool isnull, TupleTableSlot *row, TupleTableSlot *roles)
{
	/* a stage that the agreement in force lacks has no word either */
	if (column->item == WRITTEN_STAGE && w->stage == NULL)
		return false;
	if (column->role >= 0)
	{
		switch (meaning_of(column, fill, w, roles))
		{
			case MEANS_THIS:
				return false;
			case MEANS_OTHER:
				return true;
			case MEANS_UNKNOWN:
				return column->role == LEAD_STAGE ? w->moved : w->assigned;
			case MEANS_NOTHING:
				break;
		}
	}
	return !same_column(column, value, isnull, row);
}
