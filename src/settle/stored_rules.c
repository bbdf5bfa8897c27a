/*
 * stored_rules.c
 *		See stored_rules.h.
 */
#include "postgres.h"

#include "settle/stored_rules.h"

void
stored_rules_use(StoredRules *rules, Program *program, TupleTableSlot *slot)
{
	Bitmapset  *numbers;
	int			number = -1;

	ruleset_prepare(program->scoring);
	rules->program = program;
	rules->slot = slot;
	rules->roles = NULL;
	numbers = ruleset_roles(program->scoring);
	while ((number = bms_next_member(numbers, number)) >= 0)
		rules->roles = bms_add_member(rules->roles, number - 1);
	bms_free(numbers);
}

void
stored_rules_match(StoredRules *rules, Jsonb *profile, Jsonb *personal, uint64 *fired)
{
	profile_roles_to_slot(rules->program->binding, profile, personal, rules->roles, rules->slot);
	ruleset_match(rules->program->scoring, rules->slot, fired);
}

static void
ignore_fault(void *arg, int rule, ErrorData *error)
{
}

void
stored_rules_match_careful(StoredRules *rules, Jsonb *profile, Jsonb *personal, uint64 *fired)
{
	profile_roles_to_slot(rules->program->binding, profile, personal, rules->roles, rules->slot);
	ruleset_match_careful(rules->program->scoring, rules->slot, fired, ignore_fault, NULL);
}
