/*
 * explain.c
 *		Which rules of a version of the agreement match a stored profile: the
 *		base of explain_score() and verify().
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

PG_FUNCTION_INFO_V1(revops_rules_matched);

static void
ignore_fault(void *arg, int rule, ErrorData *error)
{
}

/* As an array of rule_id, in order of evaluation. */
static ArrayType *
matched_ids(const Agreement *a, const uint64 *fired)
{
	Datum	   *ids = palloc(sizeof(Datum) * Max(a->nrules, 1));
	int			n = 0;

	for (int i = 0; i < a->nrules; i++)
		if (fired[i / 64] >> (i % 64) & 1)
			ids[n++] = Int32GetDatum(a->rules[i].rule_id);
	return construct_array(ids, n, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

/*
 * revops.rules_matched(binding_id int, profile jsonb, personal jsonb,
 * agreement_id int): numbers of the fit, negative and disqualifying rules that
 * match.  Without a version it is the one in force; NULL where none is.  A rule
 * that raises does not match.
 */
Datum
revops_rules_matched(PG_FUNCTION_ARGS)
{
	Binding    *binding;
	Definitions *def;
	Program    *program;
	TupleTableSlot *roles;
	uint64	   *fired;
	OwnerScope	scope;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	binding = binding_by_id(PG_GETARG_INT32(0));
	def = PG_ARGISNULL(3) ? definitions_of(binding->workspace_id) :
		definitions_of_version(binding->workspace_id, PG_GETARG_INT32(3));
	if (def->agreement == NULL)
		PG_RETURN_NULL();

	restricted_enter(&scope, get_role_oid("revops_reader", false));
	program = program_for(def, binding);
	ruleset_prepare(program->scoring);
	roles = binding_role_slot(binding);
	profile_to_slot(binding, PG_GETARG_JSONB_P(1),
					PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2), roles);
	fired = palloc0(sizeof(uint64) * (def->agreement->nrules / 64 + 1));
	ruleset_match_careful(program->scoring, roles, fired, ignore_fault, NULL);
	ExecDropSingleTupleTableSlot(roles);
	restricted_leave(&scope);
	PG_RETURN_ARRAYTYPE_P(matched_ids(def->agreement, fired));
}
