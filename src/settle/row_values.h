/*
 * row_values.h
 *		Values of a row of ours, where "none" is NULL.
 */
#ifndef REVOPS_ROW_VALUES_H
#define REVOPS_ROW_VALUES_H

#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "decide/decide.h"

/* A by-reference value that may be absent is a Datum that may be 0. */
#define NO_TEXT ((Datum) 0)

/* a number whose 0 means none */
static inline void
set_id(Datum *values, bool *nulls, int column, int64 id, Datum value)
{
	values[column] = value;
	nulls[column] = (id == 0);
}

#define set_id32(values, nulls, column, id) \
	set_id(values, nulls, column, (id), Int32GetDatum(id))
#define set_id64(values, nulls, column, id) \
	set_id(values, nulls, column, (id), Int64GetDatum(id))

static inline void
set_moment(Datum *values, bool *nulls, int column, TimestampTz at)
{
	values[column] = TimestampTzGetDatum(at);
	nulls[column] = (at == NO_TIME);
}

static inline void
set_text(Datum *values, bool *nulls, int column, Datum text)
{
	values[column] = text;
	nulls[column] = (text == NO_TEXT);
}

/* A code as text, palloc'd; NO_TEXT for NULL. */
static inline Datum
code_text(const char *code)
{
	return code == NULL ? NO_TEXT : CStringGetTextDatum(code);
}

/* A column that is never NULL: no text is the empty one. */
static inline void
set_text_or_empty(Datum *values, bool *nulls, int column, Datum text)
{
	static union
	{
		varattrib_4b text;
		char		room[sizeof(varattrib_4b)];
	}			empty;			/* nothing but a header */

	SET_VARSIZE(&empty.text, VARHDRSZ);
	values[column] = text == NO_TEXT ? PointerGetDatum(&empty) : text;
	nulls[column] = false;
}

/* The same bytes?  One may have a short header, the other a long one. */
static inline bool
same_varlena(struct varlena *a, struct varlena *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

#endif							/* REVOPS_ROW_VALUES_H */
