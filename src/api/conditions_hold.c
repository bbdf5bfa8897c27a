/*
 * conditions_hold.c
 *		Which of some conditions hold of a stored profile: what the next step of
 *		a lead is chosen by, and what the audit asks of routes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/owner.h"
#include "define/definitions.h"

PG_FUNCTION_INFO_V1(revops_conditions_hold);

/* What raises does not hold; who asks is told of that elsewhere. */
static void
ignore_fault(void *arg, int rule, ErrorData *error)
{
}

/*
 * Compile the conditions and ask them.  The set is this call's; compiling costs
 * some 50 microseconds a condition.
 */
static void
ask(Binding *binding, const Datum *texts, const bool *absent, int n, TupleTableSlot *roles,
	Datum *hold)
{
	RuleSet    *set = binding_ruleset(CurrentMemoryContext, binding);
	int		   *rule = palloc(sizeof(int) * Max(n, 1));
	uint64	   *fired = palloc0(sizeof(uint64) * (n / 64 + 1));
	RuleLabel	label = {"condition", NULL};

	for (int i = 0; i < n; i++)
		rule[i] = absent[i] ? -1 : ruleset_add(set, &label, TextDatumGetCString(texts[i]));
	ruleset_prepare(set);
	ruleset_match_careful(set, roles, fired, ignore_fault, NULL);
	for (int i = 0; i < n; i++)
		hold[i] = BoolGetDatum(rule[i] < 0 || (fired[rule[i] / 64] >> (rule[i] % 64) & 1));
	ruleset_free(set);
}

/*
 * revops.conditions_hold(binding_id int, profile jsonb, personal jsonb,
 * conditions text[]): of each condition whether it holds.
 */
Datum
revops_conditions_hold(PG_FUNCTION_ARGS)
{
	Binding    *binding;
	TupleTableSlot *roles;
	OwnerScope	scope;
	Datum	   *texts;
	Datum	   *hold;
	bool	   *absent;
	int			n;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	binding = binding_by_id(PG_GETARG_INT32(0));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(3), TEXTOID, -1, false, TYPALIGN_INT, &texts, &absent, &n);
	hold = palloc(sizeof(Datum) * Max(n, 1));
	restricted_enter(&scope, get_role_oid("revops_reader", false));
	roles = binding_role_slot(binding);
	profile_to_slot(binding, PG_GETARG_JSONB_P(1),
					PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2), roles);
	ask(binding, texts, absent, n, roles, hold);
	ExecDropSingleTupleTableSlot(roles);
	restricted_leave(&scope);
	PG_RETURN_ARRAYTYPE_P(construct_array(hold, n, BOOLOID, 1, true, TYPALIGN_CHAR));
}
