/*
 * program.c
 *		The rules of a workspace compiled against the roles of a binding.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "define/binding_compile.h"
#include "define/definitions.h"
#include "define/invalidate.h"

typedef struct ProgramKey
{
	int32		binding_id;
	int32		agreement_id;
} ProgramKey;

typedef struct ProgramEntry
{
	ProgramKey	key;
	uint64		definitions_serial;
	uint64		relations;
	MemoryContext context;
	Program    *program;
	SubTransactionId told_in;	/* handed out untold there; invalid: long ago */
} ProgramEntry;

static HTAB *programs = NULL;

/*
 * Whoever gets a program whose broken rules have not been told tells them at
 * once, as faults.  When that is rolled back they are to be told again.
 */
static bool being_told = false;

static void
on_transaction_end(XactEvent event, void *arg)
{
	HASH_SEQ_STATUS status;
	ProgramEntry *entry;

	if (!being_told || (event != XACT_EVENT_ABORT && event != XACT_EVENT_COMMIT &&
						event != XACT_EVENT_PREPARE))
		return;
	being_told = false;
	hash_seq_init(&status, programs);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (event == XACT_EVENT_ABORT && entry->program != NULL &&
			entry->told_in != InvalidSubTransactionId)
			entry->program->told = false;
		entry->told_in = InvalidSubTransactionId;
	}
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId mine,
					  SubTransactionId parent, void *arg)
{
	HASH_SEQ_STATUS status;
	ProgramEntry *entry;

	if (!being_told || (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB))
		return;
	hash_seq_init(&status, programs);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->told_in != mine)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB && entry->program != NULL)
			entry->program->told = false;
		entry->told_in = event == SUBXACT_EVENT_ABORT_SUB ? InvalidSubTransactionId : parent;
	}
}

uint64
program_fallen(const Program *program)
{
	return ruleset_fallen(program->scoring) + ruleset_fallen(program->routing) +
		ruleset_fallen(program->promising) + ruleset_fallen(program->returning) +
		ruleset_fallen(program->entering) + ruleset_fallen(program->moving);
}

static Program *
hand_out(ProgramEntry *entry)
{
	/* what has broken since it was told is to be told, too */
	entry->program->told &= entry->program->fallen == program_fallen(entry->program);
	if (!entry->program->told)
	{
		entry->told_in = GetCurrentSubTransactionId();
		being_told = true;
	}
	return entry->program;
}

/* Add a condition; an absent one always holds and needs no rule. */
static int
add_condition(RuleSet *set, const char *kind, const char *name, const char *condition)
{
	RuleLabel	label = {kind, name};

	return condition == NULL ? -1 : ruleset_add(set, &label, condition);
}

RuleSet *
binding_ruleset(MemoryContext context, const Binding *binding)
{
	RuleSet    *set = ruleset_create(context, binding->roles);

	for (int i = 0; i < binding->plan->nbroken; i++)
	{
		const BrokenRole *broken = &binding->plan->broken[i];

		ruleset_without(set, broken->role + 1, broken->error->message, broken->error->sqlerrcode);
	}
	return set;
}

/* Where the roles that a stage needs are in the binding's role slot. */
static int *
places_of_needs(MemoryContext context, const Binding *binding, const Stage *stage)
{
	int		   *places = MemoryContextAlloc(context, sizeof(int) * Max(stage->nneeds, 1));

	for (int i = 0; i < stage->nneeds; i++)
	{
		places[i] = -1;
		for (int role = 0; role < binding->roles->natts; role++)
			if (strcmp(NameStr(TupleDescAttr(binding->roles, role)->attname), stage->needs[i]) == 0)
				places[i] = role;
	}
	return places;
}

/* What stages ask of those who enter. */
static void
compile_stages(Program *p, MemoryContext context)
{
	const Definitions *def = p->definitions;
	int			n = def->agreement ? def->agreement->nstages : 0;

	p->entering = binding_ruleset(context, p->binding);
	p->stage_rule = MemoryContextAlloc(context, sizeof(int) * Max(n, 1));
	p->stage_needs = MemoryContextAlloc(context, sizeof(int *) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		const Stage *stage = &def->agreement->stages[i];

		p->stage_rule[i] = add_condition(p->entering, "entry criteria of stage", stage->code, def->stage_texts[i]);
		p->stage_needs[i] = places_of_needs(context, p->binding, stage);
	}
}

static void
compile_auto(Program *p, MemoryContext context)
{
	const Definitions *def = p->definitions;
	int			n = def->agreement ? def->agreement->nautos : 0;

	p->moving = binding_ruleset(context, p->binding);
	p->auto_rule = MemoryContextAlloc(context, sizeof(int) * Max(n, 1));
	for (int i = 0; i < n; i++)
		p->auto_rule[i] = add_condition(p->moving, "automatic move", def->agreement->autos[i].name,
										def->auto_texts[i]);
}

static void
compile_policy(Program *p, int i)
{
	const Policy *policy = &p->definitions->policies[i];

	p->policy_rule[i] = add_condition(p->promising, "SLA policy", policy->name, policy->condition);
	p->policy_pause[i] = add_condition(p->promising, "pause of SLA policy", policy->name, policy->pauses_when);
	p->policy_kept[i] = add_condition(p->promising, "keeping of SLA policy", policy->name, policy->kept_when);
}

static Program *
compile(Definitions *def, Binding *binding, MemoryContext context)
{
	Program    *p = MemoryContextAllocZero(context, sizeof(Program));
	int			nrules = def->agreement ? def->agreement->nrules : 0;
	int			ntracks = def->agreement ? def->agreement->ntracks : 0;

	p->definitions = def;
	p->binding = binding;
	p->scoring = binding_ruleset(context, binding);
	p->routing = binding_ruleset(context, binding);
	p->promising = binding_ruleset(context, binding);
	p->returning = binding_ruleset(context, binding);
	p->route_rule = MemoryContextAlloc(context, sizeof(int) * Max(def->nroutes, 1));
	p->policy_rule = MemoryContextAlloc(context, sizeof(int) * Max(def->npolicies, 1));
	p->policy_pause = MemoryContextAlloc(context, sizeof(int) * Max(def->npolicies, 1));
	p->policy_kept = MemoryContextAlloc(context, sizeof(int) * Max(def->npolicies, 1));
	p->track_rule = MemoryContextAlloc(context, sizeof(int) * Max(ntracks, 1));
	for (int i = 0; i < nrules; i++)
		(void) add_condition(p->scoring, "scoring rule", def->agreement->rules[i].name,
							 def->rule_texts[i]);
	for (int i = 0; i < def->nroutes; i++)
		p->route_rule[i] = add_condition(p->routing, "route", def->routes[i].name,
										 def->routes[i].condition);
	p->need_rule = MemoryContextAlloc(context, sizeof(int) * Max(def->nneeds, 1));
	for (int i = 0; i < def->nneeds; i++)
		p->need_rule[i] = add_condition(p->routing, "need of skill", def->needs[i].skill,
										def->needs[i].condition);
	for (int i = 0; i < def->npolicies; i++)
		compile_policy(p, i);
	for (int i = 0; i < ntracks; i++)
		p->track_rule[i] = add_condition(p->returning, "nurture track", def->agreement->tracks[i].code,
										 def->track_texts[i].back_when);
	compile_stages(p, context);
	compile_auto(p, context);
	return p;
}

static ProgramEntry *
program_entry(const Definitions *def, const Binding *binding)
{
	ProgramKey	key = {binding->binding_id, def->agreement_id};
	bool		found;
	ProgramEntry *entry;

	if (programs == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(ProgramKey);
		ctl.entrysize = sizeof(ProgramEntry);
		programs = hash_create("pg_revops programs", 8, &ctl, HASH_ELEM | HASH_BLOBS);
		RegisterXactCallback(on_transaction_end, NULL);
		RegisterSubXactCallback(on_subtransaction_end, NULL);
	}
	entry = hash_search(programs, &key, HASH_ENTER, &found);
	if (!found)
	{
		entry->program = NULL;
		entry->told_in = InvalidSubTransactionId;
	}
	return entry;
}

Program *
program_for(Definitions *def, Binding *binding)
{
	ProgramEntry *entry = program_entry(def, binding);
	uint64		relations = relations_generation();
	MemoryContext context;
	Program    *fresh;

	if (entry->program != NULL && entry->program->binding == binding &&
		entry->definitions_serial == def->serial && entry->relations == relations)
		return hand_out(entry);
	if (entry->program != NULL)
		MemoryContextSetParent(entry->context, TopTransactionContext);
	entry->program = NULL;

	context = AllocSetContextCreate(CurTransactionContext, "pg_revops program",
									ALLOCSET_SMALL_SIZES);
	fresh = compile(def, binding, context);
	MemoryContextSetParent(context, CacheMemoryContext);
	entry = program_entry(def, binding);
	entry->context = context;
	entry->program = fresh;
	entry->definitions_serial = def->serial;
	entry->relations = relations;
	return hand_out(entry);
}
