/*
 * form.h
 *		What somebody typed into a form: JSON, read against the columns that the
 *		roles of a binding of leads are.
 */
#ifndef REVOPS_FORM_H
#define REVOPS_FORM_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* A role that is a column which a form may fill. */
typedef struct RoleColumn
{
	char	   *role;
	char	   *column;
	AttrNumber	attnum;
	Oid			type;
	int32		typmod;
	Oid			collation;
} RoleColumn;

/* A value for a column. */
typedef struct FormField
{
	const RoleColumn *column;
	Datum		value;
} FormField;

typedef struct Form
{
	char	   *email;			/* the address as it was given, without a name and blanks around it */
	char	   *signal;			/* NULL: not given */
	bool		is_dated;		/* it says when it was submitted: */
	TimestampTz occurred_at;
	char	   *source;			/* where it came from, as these three say; NULL: not told */
	char	   *campaign;
	char	   *content;
	List	   *fields;			/* FormField: the e-mail first, and the others that are not empty */
	List	   *ignored;		/* keys that say nothing: char * */
} Form;

/*
 * Read a form whose keys are roles.  What is null or blank was not given.  A
 * key that is no role of `columns` is listed as ignored; utm_source, utm_campaign
 * and utm_content are source, campaign and content where none says so itself: the
 * touch has them, whatever columns there are.  A signal
 * in the form counts only where the caller names none.  The e-mail is required,
 * `"Name" <a@b.example>` accepted; its name is person_name where none is given.
 *
 * Raises 22023 for what is no object, an e-mail that is missing or not valid,
 * and a value that its column can't take.  All memory is the current context's.
 */
extern void form_read(Form *form, Jsonb *json, List *columns, bool signal_named);

/* The column of a role; NULL: none that a form may fill. */
extern const RoleColumn *role_column(List *columns, const char *role);

/* What messages repeat of something that was given: its first 200 characters. */
extern const char *form_echo(const char *given);

#endif							/* REVOPS_FORM_H */
