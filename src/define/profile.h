/*
 * profile.h
 *		A role slot's values as jsonb, and back.
 */
#ifndef REVOPS_PROFILE_H
#define REVOPS_PROFILE_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "utils/jsonb.h"

struct Binding;

/*
 * A role slot's non-NULL roles as one jsonb object, either the personal ones or
 * the others, palloc'd in the current context: numbers as numbers, booleans as
 * booleans, all else as text that no session setting changes.
 */
extern Jsonb *profile_from_slot(struct Binding *binding, TupleTableSlot *roles,
								bool personal);

/* A role's value; the name is not terminated. */
typedef struct ProfileValue
{
	const char *role;
	int			length;			/* of the name */
	Oid			type;
	Datum		value;
} ProfileValue;

/* The same of values that are given in the order of jsonb's keys, each role once. */
extern Jsonb *profile_from_values(const ProfileValue *values, int n);

/*
 * The text that a profile has of a value of a type that jsonb has not; and back,
 * false where the text does not fit the type.
 */
extern char *profile_shown(Datum value, Oid type);
extern bool profile_read_shown(Datum text, Oid type, Datum *value);

/*
 * And back: fills a virtual slot of binding->roles; either jsonb may be NULL.
 * Values are palloc'd in the current context.  A role that the stored profile
 * lacks is NULL; a stored role that the binding no longer has is ignored; a
 * value that no longer fits its role's type is NULL, never an error.
 */
extern void profile_to_slot(struct Binding *binding, Jsonb *profile, Jsonb *personal,
							TupleTableSlot *slot);

/* The same of these roles only, numbered from 0; all others are NULL. */
extern void profile_roles_to_slot(struct Binding *binding, Jsonb *profile, Jsonb *personal,
								  const Bitmapset *roles, TupleTableSlot *slot);

#endif							/* REVOPS_PROFILE_H */
