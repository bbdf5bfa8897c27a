/*
 * form.c
 *		See form.h.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "capture/form.h"

/* lengths of RFC 5321, in bytes */
#define MAX_ADDRESS		254
#define MAX_LOCAL_PART	64
#define MAX_LABEL		63

typedef struct FormEntry
{
	char	   *key;
	enum jbvType kind;
	char	   *text;			/* a string as it is, all else as JSON; NULL: null or blank */
} FormEntry;

const char *
form_echo(const char *given)
{
	int			length = strlen(given);
	int			shown = pg_mbcharcliplen(given, length, 200);

	return shown == length ? given : psprintf("%.*s...", shown, given);
}

const RoleColumn *
role_column(List *columns, const char *role)
{
	ListCell   *cell;

	foreach(cell, columns)
	{
		const RoleColumn *column = lfirst(cell);

		if (strcmp(column->role, role) == 0)
			return column;
	}
	return NULL;
}

/* ----- the JSON ------------------------------------------------------------------- */

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n\f\v")] == '\0';
}

static char *
text_of(JsonbValue *value)
{
	char	   *text;

	switch (value->type)
	{
		case jbvNull:
			return NULL;
		case jbvString:
			text = pnstrdup(value->val.string.val, value->val.string.len);
			return is_blank(text) ? NULL : text;
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			return JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
	}
}

static List *
read_entries(Jsonb *json)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	List	   *entries = NIL;
	FormEntry  *entry = NULL;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("capture: the form is not a JSON object"),
				 errdetail("It is %s.", form_echo(JsonbToCString(NULL, &json->root, VARSIZE(json)))),
				 errhint("Give keys and values: '{\"email\": \"mia@acme.example\", \"company\": \"Acme\"}'.")));
	it = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			entry = palloc0(sizeof(FormEntry));
			entry->key = pnstrdup(value.val.string.val, value.val.string.len);
			entries = lappend(entries, entry);
		}
		else if (token == WJB_VALUE && entry != NULL)
		{
			entry->kind = value.type;
			entry->text = text_of(&value);
		}
	}
	return entries;
}

static FormEntry *
find_entry(List *entries, const char *key)
{
	ListCell   *cell;

	foreach(cell, entries)
	{
		FormEntry  *entry = lfirst(cell);

		if (strcmp(entry->key, key) == 0)
			return entry;
	}
	return NULL;
}

/* ----- the e-mail ------------------------------------------------------------------ */

static char *
trimmed(const char *text, int length)
{
	while (length > 0 && isspace((unsigned char) *text))
		text++, length--;
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		length--;
	return pnstrdup(text, length);
}

/* Why a domain is none; NULL: it may be one. */
static const char *
domain_trouble(const char *domain)
{
	int			labels = 0;

	for (const char *label = domain;; label++)
	{
		int			length = strcspn(label, ".");

		if (length == 0)
			return "A part of its domain is empty.";
		if (length > MAX_LABEL)
			return "A part of its domain is too long.";
		if (label[0] == '-' || label[length - 1] == '-')
			return "A part of its domain begins or ends with a hyphen.";
		labels++;
		label += length;
		if (*label == '\0')
			break;
	}
	return labels < 2 ? "Its domain has no dot." : NULL;
}

/* Why an address is none; NULL: it may be one. */
static const char *
address_trouble(const char *address)
{
	const char *at = strchr(address, '@');

	if (at == NULL)
		return "It has no @.";
	if (strchr(at + 1, '@') != NULL)
		return "It has more than one @.";
	for (const char *c = address; *c != '\0'; c++)
		if ((unsigned char) *c <= ' ' || *c == 0x7f || strchr("<>()[]\\,;:\"", *c) != NULL)
			return "It has a character that no address has.";
	if (at == address)
		return "Nothing is before its @.";
	if (at - address > MAX_LOCAL_PART || strlen(address) > MAX_ADDRESS)
		return "It is too long.";
	return domain_trouble(at + 1);
}

/* The address, and the name beside it, if there is one. */
static char *
read_address(const char *given, char **name)
{
	char	   *text = trimmed(given, strlen(given));
	char	   *open = strrchr(text, '<');
	int			length = strlen(text);
	char	   *address = text;
	const char *trouble;

	*name = NULL;
	if (open != NULL && text[length - 1] == '>')
	{
		char	   *beside = trimmed(text, open - text);
		int			end = strlen(beside);

		if (end >= 2 && beside[0] == '"' && beside[end - 1] == '"')
			beside = trimmed(beside + 1, end - 2);
		*name = beside[0] == '\0' ? NULL : beside;
		address = trimmed(open + 1, text + length - 1 - (open + 1));
	}
	trouble = address_trouble(address);
	if (trouble != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("capture: \"email\" is not an e-mail address: \"%s\"", form_echo(given)),
				 errdetail_internal("%s", trouble),
				 errhint("Give one address, such as mia@acme.example or \"Mia\" <mia@acme.example>.")));
	return address;
}

/* ----- values ----------------------------------------------------------------------- */

static void
refuse_value(const FormEntry *entry, Oid type, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("capture: \"%s\" is not valid as %s: \"%s\"", form_echo(entry->key),
					format_type_be(type), form_echo(entry->text)),
			 errdetail_internal("%s", detail),
			 errhint("Leave the key out, or give a value that its column can hold.")));
}

/*
 * The text as a value of the type.  What the type refuses is said again in
 * words that name the key; nothing is swallowed, so no subtransaction is needed.
 */
static Datum
to_value(const FormEntry *entry, const char *text, Oid type, int32 typmod)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			input;
	Oid			parameter;
	Datum		value = 0;

	getTypeInputInfo(type, &input, &parameter);
	PG_TRY();
	{
		value = OidInputFunctionCall(input, pstrdup(text), parameter, typmod);
	}
	PG_CATCH();
	{
		ErrorData  *error;
		int			class;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		class = ERRCODE_TO_CATEGORY(error->sqlerrcode);
		if (class != ERRCODE_DATA_EXCEPTION && class != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		refuse_value(entry, type, error->message);
	}
	PG_END_TRY();
	return value;
}

static void
add_field(Form *form, const RoleColumn *column, const FormEntry *entry)
{
	FormField  *field = palloc(sizeof(FormField));
	Oid			type = getBaseType(column->type);
	const char *text = entry->text;

	if (type == JSONOID || type == JSONBOID)
	{
		if (entry->kind == jbvString)
		{
			StringInfoData quoted;

			initStringInfo(&quoted);
			escape_json(&quoted, text);
			text = quoted.data;
		}
	}
	else if (entry->kind == jbvBinary)
		refuse_value(entry, column->type, "It is a list or an object.");
	field->column = column;
	field->value = to_value(entry, text, column->type, column->typmod);
	form->fields = lappend(form->fields, field);
}

/* ----- the form ----------------------------------------------------------------------- */

/* Does the form say the word itself, which counts before utm_...? */
static bool
says_itself(List *entries, const char *word)
{
	const FormEntry *entry = find_entry(entries, word);

	return entry != NULL && entry->text != NULL;
}

/* The column that a key fills; NULL: none. */
static const RoleColumn *
column_of(const FormEntry *entry, List *entries, List *columns)
{
	const RoleColumn *column = role_column(columns, entry->key);
	const char *role;

	if (column != NULL)
		return column;
	if (strcmp(entry->key, "utm_source") == 0)
		role = "source";
	else if (strcmp(entry->key, "utm_campaign") == 0)
		role = "campaign";
	else
		return NULL;
	return says_itself(entries, role) ? NULL : role_column(columns, role);
}

static void
read_email(Form *form, List *entries, List *columns)
{
	FormEntry  *entry = find_entry(entries, "email");
	FormEntry  *name = find_entry(entries, "person_name");
	const RoleColumn *name_column = role_column(columns, "person_name");
	char	   *beside;
	FormEntry	part = {.kind = jbvString};

	if (entry == NULL || entry->text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("capture: the form has no \"email\""),
				 errdetail("It has %s.", entry != NULL ? "an empty one" :
						   entries == NIL ? "no keys" : "other keys only"),
				 errhint("By its e-mail a lead is found again: make the field required.")));
	form->email = read_address(entry->text, &beside);
	part.key = entry->key;
	part.text = form->email;
	add_field(form, role_column(columns, "email"), &part);
	if (beside != NULL && name_column != NULL && (name == NULL || name->text == NULL))
	{
		part.text = beside;
		add_field(form, name_column, &part);
	}
}

/* What a key says of where the form came from; false: nothing. */
static bool
read_origin(Form *form, const FormEntry *entry, List *entries)
{
	bool		is_utm = strncmp(entry->key, "utm_", 4) == 0;
	const char *word = is_utm ? entry->key + 4 : entry->key;
	char	  **part = strcmp(word, "source") == 0 ? &form->source :
		strcmp(word, "campaign") == 0 ? &form->campaign :
		strcmp(word, "content") == 0 ? &form->content : NULL;

	if (part == NULL || (is_utm && says_itself(entries, word)))
		return false;
	*part = entry->text;
	return true;
}

void
form_read(Form *form, Jsonb *json, List *columns, bool signal_named)
{
	List	   *entries = read_entries(json);
	ListCell   *cell;

	memset(form, 0, sizeof(Form));
	read_email(form, entries, columns);
	foreach(cell, entries)
	{
		FormEntry  *entry = lfirst(cell);
		const RoleColumn *column;
		bool		is_origin;

		if (entry->text == NULL || strcmp(entry->key, "email") == 0)
			continue;
		is_origin = read_origin(form, entry, entries);
		if (strcmp(entry->key, "signal") == 0 && !signal_named)
			form->signal = entry->text;
		else if (strcmp(entry->key, "occurred_at") == 0)
		{
			form->is_dated = true;
			form->occurred_at = DatumGetTimestampTz(to_value(entry, entry->text, TIMESTAMPTZOID, -1));
		}
		else if ((column = column_of(entry, entries, columns)) != NULL)
			add_field(form, column, entry);
		else if (!is_origin)
			form->ignored = lappend(form->ignored, entry->key);
	}
}
