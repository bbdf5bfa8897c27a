/*
 * ruleset.c
 *		See ruleset.h.
 *
 * A Run is the transaction's part of a set: ExprStates in an EState under
 * TopTransactionContext.  It is thrown away when a rule raised in it, and left
 * alone while an evaluation is under way further out (`busy`).
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/attempt.h"
#include "base/compat.h"
#include "define/pattern.h"
#include "define/ruleset.h"

typedef enum RuleHealth
{
	RULE_SOUND,
	RULE_BROKEN,				/* does not compile */
	RULE_BARRED					/* not runnable in this run */
} RuleHealth;

typedef struct Rule
{
	RuleLabel	label;
	char	   *text;
	RuleHealth	health;
	char	   *message;		/* of a rule that is not sound */
	int			sqlstate;
	CachedExpression *cached;	/* NULL when it does not compile */
	MemoryContext context;		/* of the two below */
	Expr	   *expr;			/* cached->expr with patterns replaced */
	ParamListInfo params;
} Rule;

typedef struct Run
{
	RuleSet    *set;
	Oid			user;
	int			count;
	bool		busy;			/* an evaluation is under way */
	bool		spoiled;		/* an evaluation raised */
	EState	   *estate;
	ExprContext *econtext;
	ExprState **states;			/* NULL: the rule doesn't count */
	MemoryContext *renewed;		/* of states made anew after an error */
	int			current;		/* the rule under way, for the error context */
} Run;

/* A role whose rules don't count. */
typedef struct UnreadableRole
{
	int			role;			/* from 1 */
	char	   *message;
	int			sqlstate;
} UnreadableRole;

struct RuleSet
{
	MemoryContext context;
	MemoryContextCallback release;
	TupleDesc	roles;
	int			count;
	int			room;
	Rule	   *rules;
	uint64		catalog_seen;	/* when broken rules were last tried */
	uint64		fallen;			/* how often a sound rule ceased to be one */
	List	   *unreadable;		/* roles that say nothing */
	MemoryContext retired;		/* recompiled rules' old contexts, while busy */
	int			depth;			/* evaluations under way */
	bool		doomed;			/* to be freed when the outermost one is done */
	LocalTransactionId lxid;	/* run is valid only in this transaction */
	Run		   *run;
};

/* Grows when something changed that could heal a broken rule. */
static uint64 catalog_generation = 1;

static void
on_catalog_change(Datum arg, int cacheid, uint32 hashvalue)
{
	catalog_generation++;
}

static void
watch_catalog(void)
{
	static bool watching = false;
	static const int caches[] = {PROCOID, TYPEOID, OPEROID, NAMESPACEOID};

	if (watching)
		return;
	for (int i = 0; i < lengthof(caches); i++)
		CacheRegisterSyscacheCallback(caches[i], on_catalog_change, (Datum) 0);
	watching = true;
}

uint64
ruleset_generation(void)
{
	watch_catalog();
	return catalog_generation;
}

/* ---------- the set ---------- */

/* CachedExpressions are kept by the plan cache: give them back. */
static void
on_set_release(void *arg)
{
	RuleSet    *set = arg;

	for (int i = 0; i < set->count; i++)
		if (set->rules[i].cached != NULL)
			FreeCachedExpression(set->rules[i].cached);
	set->count = 0;
}

RuleSet *
ruleset_create(MemoryContext parent, TupleDesc roles)
{
	MemoryContext context = AllocSetContextCreate(parent, "pg_revops rule set",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	RuleSet    *set = palloc0(sizeof(RuleSet));

	watch_catalog();
	set->context = context;
	set->roles = CreateTupleDescCopy(roles);
	set->room = 32;
	set->rules = palloc0(sizeof(Rule) * set->room);
	set->catalog_seen = catalog_generation;
	set->release.func = on_set_release;
	set->release.arg = set;
	MemoryContextRegisterResetCallback(context, &set->release);
	MemoryContextSwitchTo(old);
	return set;
}

int
ruleset_count(const RuleSet *set)
{
	return set->count;
}

bool
ruleset_broken(RuleSet *set, int rule, const char **message, int *sqlstate)
{
	Rule	   *it = &set->rules[rule];

	if (it->health == RULE_SOUND)
		return false;
	if (message != NULL)
		*message = it->message;
	if (sqlstate != NULL)
		*sqlstate = it->sqlstate;
	return true;
}

uint64
ruleset_fallen(const RuleSet *set)
{
	return set->fallen;
}

const Expr *
ruleset_plan(const RuleSet *set, int rule)
{
	return set->rules[rule].health == RULE_BROKEN ? NULL :
		(const Expr *) set->rules[rule].cached->expr;
}

Bitmapset *
ruleset_roles(RuleSet *set)
{
	Bitmapset  *offset = NULL;
	Bitmapset  *roles = NULL;
	int			number = -1;

	for (int i = 0; i < set->count; i++)
		if (set->rules[i].health != RULE_BROKEN)
			pull_varattnos(set->rules[i].cached->expr, 1, &offset);
	while ((number = bms_next_member(offset, number)) >= 0)
		roles = bms_add_member(roles,
							   number + FirstLowInvalidHeapAttributeNumber);
	return roles;
}

void
ruleset_without(RuleSet *set, int role, const char *message, int sqlstate)
{
	MemoryContext old = MemoryContextSwitchTo(set->context);
	UnreadableRole *unreadable = palloc(sizeof(UnreadableRole));

	unreadable->role = role;
	unreadable->message = pstrdup(message);
	unreadable->sqlstate = sqlstate;
	set->unreadable = lappend(set->unreadable, unreadable);
	MemoryContextSwitchTo(old);
}

/* The first role that the expression reads and that says nothing; NULL: none. */
static const UnreadableRole *
unreadable_in(const RuleSet *set, Node *expr)
{
	Bitmapset  *read = NULL;
	ListCell   *cell;

	if (set->unreadable == NIL)
		return NULL;
	pull_varattnos(expr, 1, &read);
	foreach(cell, set->unreadable)
	{
		const UnreadableRole *it = lfirst(cell);

		if (bms_is_member(it->role - FirstLowInvalidHeapAttributeNumber, read))
			return it;
	}
	return NULL;
}

/* ---------- compiling ---------- */

/* One compilation, for attempt(). */
typedef struct Compilation
{
	RuleSet    *set;
	Rule	   *rule;
	MemoryContext context;		/* becomes the rule's */
	CachedExpression *cached;
	Expr	   *expr;
	ParamListInfo params;
} Compilation;

static void
compile_step(void *arg)
{
	Compilation *it = arg;
	MemoryContext garbage = AllocSetContextCreate(it->context, "rule parse",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(garbage);

	it->cached = condition_cached(it->rule->text, it->set->roles, BOOLOID,
								  &it->rule->label);
	MemoryContextSwitchTo(it->context);
	it->expr = pattern_rewrite((Expr *) it->cached->expr, &it->params);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(garbage);
}

static void
mark_rule(RuleSet *set, Rule *rule, RuleHealth health, const char *message, int sqlstate)
{
	if (rule->health == RULE_SOUND && health != RULE_SOUND)
		set->fallen++;
	rule->health = health;
	if (rule->message != NULL)
		pfree(rule->message);
	rule->message = message == NULL ? NULL : MemoryContextStrdup(set->context, message);
	rule->sqlstate = sqlstate;
}

static void
mark_failed(RuleSet *set, Rule *rule, RuleHealth health, ErrorData *error)
{
	mark_rule(set, rule, health, error->message, error->sqlerrcode);
	FreeErrorData(error);
}

/* Lets go of what a rule was compiled to; ExprStates on the stack may use it. */
static void
retire_rule(RuleSet *set, Rule *rule)
{
	if (rule->cached != NULL)
		FreeCachedExpression(rule->cached);
	rule->cached = NULL;
	if (rule->context == NULL)
		return;
	if (set->retired != NULL)
		MemoryContextSetParent(rule->context, set->retired);
	else
		MemoryContextDelete(rule->context);
	rule->context = NULL;
	rule->expr = NULL;
	rule->params = NULL;
}

static void
compile_rule(RuleSet *set, Rule *rule)
{
	Compilation it = {.set = set,.rule = rule};
	bool		was_sound = rule->cached != NULL && rule->health == RULE_SOUND;
	const UnreadableRole *unreadable;
	ErrorData  *error;

	retire_rule(set, rule);
	rule->health = RULE_BROKEN;
	it.context = AllocSetContextCreate(set->context, "pg_revops rule",
									   ALLOCSET_SMALL_SIZES);
	error = attempt(compile_step, &it);
	if (error != NULL)
	{
		if (it.cached != NULL)
			FreeCachedExpression(it.cached);
		MemoryContextDelete(it.context);
		set->fallen += was_sound;
		mark_failed(set, rule, RULE_BROKEN, error);
		return;
	}
	rule->cached = it.cached;
	rule->context = it.context;
	rule->expr = it.expr;
	rule->params = it.params;
	unreadable = unreadable_in(set, rule->cached->expr);
	if (unreadable == NULL)
		mark_rule(set, rule, RULE_SOUND, NULL, 0);
	else
		mark_rule(set, rule, RULE_BROKEN,
				  psprintf("%s \"%s\" cannot be asked: %s", rule->label.kind, rule->label.name,
						   unreadable->message), unreadable->sqlstate);
}

int
ruleset_add(RuleSet *set, const RuleLabel *label, const char *text)
{
	MemoryContext old = MemoryContextSwitchTo(set->context);
	Rule	   *rule;

	if (set->count == set->room)
	{
		set->rules = repalloc(set->rules, sizeof(Rule) * set->room * 2);
		memset(set->rules + set->room, 0, sizeof(Rule) * set->room);
		set->room *= 2;
	}
	rule = &set->rules[set->count];
	rule->label.kind = pstrdup(label->kind);
	rule->label.name = label->name ? pstrdup(label->name) : NULL;
	rule->text = pstrdup(text);
	rule->health = RULE_BROKEN;
	set->count++;
	MemoryContextSwitchTo(old);

	compile_rule(set, rule);
	return set->count - 1;
}

/* Compiles anew what has gone stale or may have healed; was there any? */
static bool
refresh_rules(RuleSet *set)
{
	bool		retry = (set->catalog_seen != catalog_generation);
	bool		changed = false;

	for (int i = 0; i < set->count; i++)
	{
		Rule	   *rule = &set->rules[i];

		if (rule->health == RULE_BROKEN ? retry : !rule->cached->is_valid)
		{
			compile_rule(set, rule);
			changed = true;
		}
	}
	if (retry)
		set->catalog_seen = catalog_generation;
	return changed;
}

/* ---------- runs ---------- */

static bool
run_is_live(RuleSet *set)
{
	return set->run != NULL && set->lxid == RevopsLocalTransactionId();
}

static void
free_run(Run *run)
{
	/* what was registered in an evaluation that failed must not be called */
	if (run->spoiled)
		FreeExprContext(run->econtext, false);
	FreeExecutorState(run->estate);
}

/* One making of ExprStates, for attempt(). */
typedef struct Making
{
	RuleSet    *set;
	Run		   *run;
	int			rule;
} Making;

static void
make_states(void *arg)
{
	Making	   *it = arg;

	for (; it->rule < it->set->count; it->rule++)
	{
		Rule	   *rule = &it->set->rules[it->rule];

		if (rule->health == RULE_BROKEN)
			continue;
		it->run->states[it->rule] = ExecInitExprWithParams(rule->expr,
														   rule->params);
		if (rule->health == RULE_BARRED)
			mark_rule(it->set, rule, RULE_SOUND, NULL, 0);
	}
}

/* A new Run, unlinked.  A rule that the user may not run is barred from it. */
static Run *
make_run(RuleSet *set)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	EState	   *estate = CreateExecutorState();
	Making		making = {.set = set};
	Run		   *run;
	ErrorData  *error;

	MemoryContextSwitchTo(estate->es_query_cxt);
	run = palloc0(sizeof(Run));
	run->set = set;
	run->estate = estate;
	run->econtext = CreateExprContext(estate);
	run->user = GetUserId();
	run->count = set->count;
	run->states = palloc0(sizeof(ExprState *) * Max(set->count, 1));
	run->renewed = palloc0(sizeof(MemoryContext) * Max(set->count, 1));
	making.run = run;
	while ((error = attempt(make_states, &making)) != NULL)
	{
		/* it was no rule's doing */
		if (making.rule >= set->count || attempt_lacks_resources(error->sqlerrcode))
			ReThrowError(error);
		mark_failed(set, &set->rules[making.rule], RULE_BARRED, error);
		making.rule++;
	}
	MemoryContextSwitchTo(old);
	return run;
}

void
ruleset_prepare(RuleSet *set)
{
	bool		live = run_is_live(set);
	bool		busy = live && set->run->busy;
	bool		stale;

	if (set->depth > 0 && set->retired == NULL)
		set->retired = AllocSetContextCreate(set->context, "retired rules",
											 ALLOCSET_SMALL_SIZES);
	stale = refresh_rules(set);
	if (live && !busy && !stale && !set->run->spoiled &&
		set->run->count == set->count && set->run->user == GetUserId())
		return;
	if (live && !busy)
		free_run(set->run);
	/* should making the new one fail, none is left */
	if (!busy)
		set->run = NULL;
	set->run = make_run(set);
	set->lxid = RevopsLocalTransactionId();
}

/* Begins an evaluation; prepares where the caller has not. */
static inline Run *
enter_run(RuleSet *set, TupleTableSlot *roles)
{
	Run		   *run;

	if (unlikely(!run_is_live(set) || set->run->busy || set->run->spoiled))
		ruleset_prepare(set);
	run = set->run;
	run->busy = true;
	run->current = 0;
	run->econtext->ecxt_scantuple = roles;
	set->depth++;
	return run;
}

/* After the outermost evaluation: what had to wait for its end. */
static void
pay_debts(RuleSet *set)
{
	if (set->doomed)
	{
		ruleset_free(set);
		return;
	}
	if (set->retired != NULL)
		MemoryContextDelete(set->retired);
	set->retired = NULL;
}

/*
 * Ends an evaluation, also one that failed.  A run made further in, while ours
 * was busy, has nobody left who uses it.
 */
static inline void
leave_run(RuleSet *set, Run *run, bool failed)
{
	run->busy = false;
	run->spoiled |= failed;
	set->depth--;
	if (unlikely(set->run != run))
	{
		free_run(set->run);
		set->run = run;
		/* rules may have been compiled anew meanwhile */
		run->spoiled = true;
	}
	if (unlikely(set->depth == 0 && (set->doomed || set->retired != NULL)))
		pay_debts(set);
}

/* ---------- evaluation ---------- */

/* For error_context_stack: which rule raised. */
static void
rule_context(void *arg)
{
	Run		   *run = arg;
	RuleLabel  *label = &run->set->rules[run->current].label;

	errcontext("%s \"%s\"", label->kind, label->name ? label->name : "");
}

static inline bool
eval_rule(Run *run, int rule)
{
	bool		isnull;
	Datum		value;

	if (run->states[rule] == NULL)
		return false;
	run->current = rule;
	value = ExecEvalExpr(run->states[rule], run->econtext, &isnull);
	return !isnull && DatumGetBool(value);
}

/* All rules from run->current on. */
static void
eval_rules(Run *run, uint64 *fired)
{
	ErrorContextCallback context = {error_context_stack, rule_context, run};
	MemoryContext old = MemoryContextSwitchTo(run->econtext->ecxt_per_tuple_memory);

	error_context_stack = &context;
	for (int i = run->current; i < run->count; i++)
		if (eval_rule(run, i))
			fired[i / 64] |= UINT64CONST(1) << (i % 64);
	error_context_stack = context.previous;
	MemoryContextSwitchTo(old);
	ResetExprContext(run->econtext);
}

static inline void
clear_bits(RuleSet *set, uint64 *fired)
{
	memset(fired, 0, sizeof(uint64) * ((set->count + 63) / 64));
}

void
ruleset_match(RuleSet *set, TupleTableSlot *roles, uint64 *fired)
{
	Run		   *run = enter_run(set, roles);

	clear_bits(set, fired);
	PG_TRY();
	{
		eval_rules(run, fired);
	}
	PG_CATCH();
	{
		leave_run(set, run, true);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave_run(set, run, false);
}

bool
ruleset_match_one(RuleSet *set, int rule, TupleTableSlot *roles)
{
	Run		   *run = enter_run(set, roles);
	volatile bool matched = false;

	PG_TRY();
	{
		ErrorContextCallback context = {error_context_stack, rule_context, run};
		MemoryContext old = MemoryContextSwitchTo(run->econtext->ecxt_per_tuple_memory);

		error_context_stack = &context;
		matched = eval_rule(run, rule);
		error_context_stack = context.previous;
		MemoryContextSwitchTo(old);
		ResetExprContext(run->econtext);
	}
	PG_CATCH();
	{
		leave_run(set, run, true);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave_run(set, run, false);
	return matched;
}

/* ---------- careful evaluation ---------- */

/* One evaluation of the rules from run->current on, for attempt(). */
typedef struct Care
{
	RuleSet    *set;
	Run		   *run;
	uint64	   *fired;
} Care;

static void
careful_step(void *arg)
{
	Care	   *it = arg;

	eval_rules(it->run, it->fired);
}

static void
renew_step(void *arg)
{
	Care	   *it = arg;
	Rule	   *rule = &it->set->rules[it->run->current];

	it->run->states[it->run->current] = ExecInitExprWithParams(rule->expr,
															   rule->params);
}

/* The state of a rule that raised may be half done: makes it anew, in memory of its own. */
static void
renew_state(Care *it)
{
	MemoryContext *memory = &it->run->renewed[it->run->current];
	MemoryContext old;
	ErrorData  *error;

	if (*memory == NULL)
		*memory = AllocSetContextCreate(it->run->estate->es_query_cxt,
										"rule that raised", ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(*memory);
	it->run->states[it->run->current] = NULL;
	old = MemoryContextSwitchTo(*memory);
	error = attempt(renew_step, it);
	MemoryContextSwitchTo(old);
	if (error != NULL)
		mark_failed(it->set, &it->set->rules[it->run->current], RULE_BARRED, error);
}

static void
evaluate_carefully(Care *it, RuleFault fault, void *arg)
{
	ErrorData  *error;

	while ((error = attempt(careful_step, it)) != NULL)
	{
		/* it was no rule's doing */
		if (it->run->current >= it->run->count)
			ReThrowError(error);
		ResetExprContext(it->run->econtext);
		renew_state(it);
		fault(arg, it->run->current, error);
		FreeErrorData(error);
		it->run->current++;
	}
}

void
ruleset_match_careful(RuleSet *set, TupleTableSlot *roles, uint64 *fired,
					  RuleFault fault, void *arg)
{
	Run		   *run = enter_run(set, roles);
	Care		it = {set, run, fired};

	clear_bits(set, fired);
	PG_TRY();
	{
		evaluate_carefully(&it, fault, arg);
	}
	PG_CATCH();
	{
		leave_run(set, run, true);
		PG_RE_THROW();
	}
	PG_END_TRY();
	leave_run(set, run, false);
}

void
ruleset_free(RuleSet *set)
{
	if (set->depth > 0)
	{
		set->doomed = true;
		return;
	}
	if (run_is_live(set))
		free_run(set->run);
	set->run = NULL;
	MemoryContextDelete(set->context);
}
