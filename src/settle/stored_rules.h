/*
 * stored_rules.h
 *		Scoring rules run over stored profiles, many of them: only the roles
 *		that the rules read are taken out of each.
 */
#ifndef REVOPS_STORED_RULES_H
#define REVOPS_STORED_RULES_H

#include "postgres.h"

#include "nodes/bitmapset.h"

#include "define/definitions.h"

typedef struct StoredRules
{
	Program    *program;
	TupleTableSlot *slot;
	Bitmapset  *roles;			/* those that rules read, from 0 */
} StoredRules;

/*
 * From now on rules of this program, into a role slot of its binding.  The
 * caller is revops_reader, restricted, here and whenever they are matched.
 */
extern void stored_rules_use(StoredRules *rules, Program *program, TupleTableSlot *slot);

/* Sets in fired the bit of each rule that matches; what a rule raises goes through. */
extern void stored_rules_match(StoredRules *rules, Jsonb *profile, Jsonb *personal,
							   uint64 *fired);

/* The same; a rule that raises does not match. */
extern void stored_rules_match_careful(StoredRules *rules, Jsonb *profile, Jsonb *personal,
									   uint64 *fired);

#endif							/* REVOPS_STORED_RULES_H */
