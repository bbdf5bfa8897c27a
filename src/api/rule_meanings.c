/*
 * rule_meanings.c
 *		revops.rule_meanings: what the rules of a version mean for a binding.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/owner.h"
#include "define/definitions.h"
#include "define/meaning.h"
#include "settle/row_values.h"

PG_FUNCTION_INFO_V1(revops_rule_meanings);

enum
{
	MEANING_RULE_ID,
	MEANING_MEANING,
	MEANING_PROBLEM,
	MEANING_COLS
};

static void
put_rule(ReturnSetInfo *result, const Definitions *def, const Binding *binding, RuleSet *scoring,
		 int rule)
{
	Datum		v[MEANING_COLS];
	bool		nulls[MEANING_COLS] = {0};
	const Expr *plan = ruleset_plan(scoring, rule);
	const char *problem = NULL;

	(void) ruleset_broken(scoring, rule, &problem, NULL);
	v[MEANING_RULE_ID] = Int32GetDatum(def->agreement->rules[rule].rule_id);
	set_text(v, nulls, MEANING_MEANING,
			 plan == NULL ? NO_TEXT : code_text(expression_meaning(plan, binding->roles)));
	set_text(v, nulls, MEANING_PROBLEM, code_text(problem));
	tuplestore_putvalues(result->setResult, result->setDesc, v, nulls);
}

/*
 * revops.rule_meanings(binding_id int, agreement_id int): fit, negative and
 * disqualifying rules of the version (NULL: of the one in force), compiled against
 * the binding's roles
 */
Datum
revops_rule_meanings(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Binding    *binding;
	Definitions *def;
	Program    *program;
	OwnerScope	scope;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	binding = binding_by_id(PG_GETARG_INT32(0));
	def = PG_ARGISNULL(1) ? definitions_of(binding->workspace_id) :
		definitions_of_version(binding->workspace_id, PG_GETARG_INT32(1));
	if (def->agreement == NULL)
		return (Datum) 0;
	restricted_enter(&scope, get_role_oid("revops_reader", false));
	program = program_for(def, binding);
	ruleset_prepare(program->scoring);
	for (int i = 0; i < def->agreement->nrules; i++)
		put_rule(result, def, binding, program->scoring, i);
	restricted_leave(&scope);
	return (Datum) 0;
}
