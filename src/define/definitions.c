/*
 * definitions.c
 *		Loads and keeps the definitions of a workspace: see definitions.h.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "base/owner.h"
#include "define/auto_load.h"
#include "define/definitions.h"
#include "decide/fall.h"
#include "define/half_life.h"
#include "define/handoff_load.h"
#include "define/tracks.h"
#include "define/invalidate.h"
#include "define/load.h"
#include "define/policy_load.h"
#include "define/routing_load.h"
#include "time/period.h"

typedef struct CacheKey
{
	int32		workspace_id;
	int32		agreement_id;	/* 0: the one in force */
} CacheKey;

typedef struct CacheEntry
{
	CacheKey	key;
	Definitions *definitions;
} CacheEntry;

static HTAB *cache = NULL;
static uint64 serial = 0;

uint64
read_rows(const Definitions *def, const char *query)
{
	Oid			types[2] = {INT4OID, INT4OID};
	Datum		values[2] = {Int32GetDatum(def->workspace_id), Int32GetDatum(def->agreement_id)};
	int			rc = SPI_execute_with_args(query, 2, types, values, NULL, true, 0);

	if (rc != SPI_OK_SELECT)
		elog(ERROR, "reading definitions failed: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

Datum
field(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

int32
int_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

bool
bool_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

char *
text_field(Definitions *def, uint64 row, int column)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return value == NULL ? NULL : MemoryContextStrdup(def->context, value);
}

void *
zeroed(Definitions *def, Size size)
{
	return MemoryContextAllocZero(def->context, Max(size, 1));
}

static void
load_workspace(Definitions *def)
{
	if (read_rows(def, "SELECT currency, EXISTS (SELECT FROM revops.binding b WHERE b.workspace_id = $1 "
				  "AND b.write_back IS NOT NULL AND b.detached_at IS NULL), "
				  "EXISTS (SELECT FROM revops.event_consumer c WHERE c.workspace_id = $1 AND c.notify), "
				  "EXISTS (SELECT FROM revops.matching m WHERE m.workspace_id = $1 AND (m.accounts OR m.duplicates)) "
				  "FROM revops.workspace WHERE workspace_id = $1") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("workspace %d does not exist", def->workspace_id),
				 errhint("Make it with revops.create_workspace().")));
	def->currency = text_field(def, 0, 1);
	def->writes_back = bool_field(0, 2);
	def->notifies = bool_field(0, 3);
	def->matches = bool_field(0, 4);
}

/* The version in force, if there is one. */
static void
find_active(Definitions *def)
{
	if (read_rows(def, "SELECT agreement_id FROM revops.agreement WHERE workspace_id = $1 AND status = 'active'") > 0)
		def->agreement_id = int_field(0, 1);
}

static bool
load_model(Definitions *def)
{
	Agreement  *a;
	bool		isnull;

	if (read_rows(def, "SELECT agreement_id, half_life, fit_base, fit_share, mql_fit, mql_intent, mql_score, "
				  "(SELECT version FROM revops.agreement a WHERE a.agreement_id = m.agreement_id), "
				  "grade_fit[1], grade_fit[2], grade_fit[3], grade_intent[1], grade_intent[2], grade_intent[3] "
				  "FROM revops.score_model m WHERE agreement_id = $2") == 0)
		return false;
	a = def->agreement = zeroed(def, sizeof(Agreement));
	a->agreement_id = int_field(0, 1);
	a->half_life = half_life_usecs(DatumGetIntervalP(field(0, 2, &isnull)));
	a->fit_base = int_field(0, 3);
	a->fit_share = DatumGetFloat8(field(0, 4, &isnull));
	a->mql_fit = int_field(0, 5);
	a->mql_intent = int_field(0, 6);
	a->mql_score = int_field(0, 7);
	a->version = int_field(0, 8);
	for (int i = 0; i < 3; i++)
	{
		a->grade_fit[i] = int_field(0, 9 + i);
		a->grade_intent[i] = int_field(0, 12 + i);
	}
	borders_set(a);
	return true;
}

StagePurpose
purpose_by_name(const char *name)
{
	static const char *const names[N_PURPOSES] = {
		[PURPOSE_ENTRY] = "entry",
		[PURPOSE_QUALIFIED] = "qualified",
		[PURPOSE_ACCEPTED] = "accepted",
		[PURPOSE_OPPORTUNITY] = "opportunity",
		[PURPOSE_WON] = "won",
		[PURPOSE_NURTURE] = "nurture",
		[PURPOSE_DISQUALIFIED] = "disqualified",
	};

	for (int i = PURPOSE_ENTRY; name != NULL && i < N_PURPOSES; i++)
		if (strcmp(names[i], name) == 0)
			return (StagePurpose) i;
	return PURPOSE_NONE;
}

/* A text[] as strings; none: NULL, or no elements. */
static char **
texts_field(Definitions *def, uint64 row, int column, int *count)
{
	bool		isnull;
	Datum		array = field(row, column, &isnull);
	Datum	   *elements;
	char	  **texts;

	*count = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, count);
	texts = zeroed(def, sizeof(char *) * *count);
	for (int i = 0; i < *count; i++)
		texts[i] = MemoryContextStrdup(def->context, TextDatumGetCString(elements[i]));
	return texts;
}

/* The same of what a verdict names by bits: validation lets no more through. */
static char **
asked_field(Definitions *def, uint64 row, int column, int *count)
{
	char	  **texts = texts_field(def, row, column, count);

	*count = Min(*count, MAX_ASKED);
	def->agreement->guarded |= *count > 0;
	return texts;
}

static void
load_stages(Definitions *def)
{
	Agreement  *a = def->agreement;

	a->nstages = (int) read_rows(def, "SELECT stage, position, purpose, routes, condition, needs FROM revops.stage "
								 "WHERE agreement_id = $2 ORDER BY position");
	a->stages = zeroed(def, sizeof(Stage) * a->nstages);
	def->stage_texts = zeroed(def, sizeof(char *) * a->nstages);
	for (int p = 0; p < N_PURPOSES; p++)
		a->by_purpose[p] = NO_STAGE;
	for (int i = 0; i < a->nstages; i++)
	{
		a->stages[i].code = text_field(def, i, 1);
		a->stages[i].position = int_field(i, 2);
		a->stages[i].purpose = purpose_by_name(text_field(def, i, 3));
		a->stages[i].routes = bool_field(i, 4);
		def->stage_texts[i] = text_field(def, i, 5);
		a->stages[i].has_condition = def->stage_texts[i] != NULL;
		a->guarded |= a->stages[i].has_condition;
		a->stages[i].needs = asked_field(def, i, 6, &a->stages[i].nneeds);
		if (a->stages[i].purpose != PURPOSE_NONE)
			a->by_purpose[a->stages[i].purpose] = i;
	}
}

/* What a transition asks for: where it does not, there is nothing to read. */
static Transition *
load_asks(Definitions *def, uint64 row)
{
	Transition *asks = zeroed(def, sizeof(Transition));

	asks->reasons = texts_field(def, row, 4, &asks->nreasons);
	asks->lists_reasons = asks->reasons != NULL;
	asks->answers = asked_field(def, row, 5, &asks->nanswers);
	return asks;
}

static void
load_transitions(Definitions *def)
{
	Agreement  *a = def->agreement;
	uint64		n = read_rows(def, "SELECT from_stage, to_stage, needs_reason, reasons, needs_answers, "
							  "reasons IS NOT NULL OR needs_answers <> '{}' FROM revops.transition "
							  "WHERE agreement_id = $2");

	a->moves = zeroed(def, (Size) a->nstages * a->nstages);
	for (uint64 i = 0; i < n; i++)
	{
		char	   *from = text_field(def, i, 1);
		char	   *to = text_field(def, i, 2);
		int			f = stage_by_code(a, from, strlen(from));
		int			t = stage_by_code(a, to, strlen(to));

		if (f == NO_STAGE || t == NO_STAGE)
			continue;
		a->moves[f * a->nstages + t] = bool_field(i, 3) ? MOVE_NEEDS_REASON : MOVE_ALLOWED;
		if (!bool_field(i, 6))
			continue;
		if (a->asks == NULL)
			a->asks = zeroed(def, sizeof(Transition *) * a->nstages * a->nstages);
		a->asks[f * a->nstages + t] = load_asks(def, i);
	}
}

static void
load_rules(Definitions *def)
{
	Agreement  *a = def->agreement;

	a->nrules = (int) read_rows(def, "SELECT r.rule_id, r.rule, r.kind, r.points, r.condition, g.cap IS NOT NULL "
								"FROM revops.score_rule r LEFT JOIN revops.score_group g USING (agreement_id, score_group) "
								"WHERE r.kind <> 'intent' AND agreement_id = $2 ORDER BY r.rule_id");
	a->rules = zeroed(def, sizeof(ScoreRule) * a->nrules);
	def->rule_texts = zeroed(def, sizeof(char *) * a->nrules);
	for (int i = 0; i < a->nrules; i++)
	{
		char	   *kind = text_field(def, i, 3);

		a->rules[i].grouped = bool_field(i, 6);
		a->rules[i].rule_id = int_field(i, 1);
		a->rules[i].name = text_field(def, i, 2);
		a->rules[i].kind = strcmp(kind, "fit") == 0 ? RULE_FIT :
			strcmp(kind, "negative") == 0 ? RULE_NEGATIVE : RULE_DISQUALIFY;
		a->rules[i].points = int_field(i, 4);
		def->rule_texts[i] = text_field(def, i, 5);
	}
}

static int
rule_place(const Agreement *a, int32 rule_id)
{
	int			place = 0;

	while (a->rules[place].rule_id != rule_id)
		place++;
	return place;
}

/* Groups of fit that have a cap, with their rules. */
static void
load_fit_groups(Definitions *def)
{
	Agreement  *a = def->agreement;
	uint64		n = read_rows(def, "SELECT g.cap, r.rule_id, dense_rank() OVER (ORDER BY g.score_group)::int "
							  "FROM revops.score_group g JOIN revops.score_rule r USING (agreement_id, score_group) "
							  "WHERE r.kind <> 'intent' AND g.cap IS NOT NULL AND agreement_id = $2 ORDER BY 3, 2");

	a->groups = zeroed(def, sizeof(FitGroup) * n);
	for (uint64 i = 0; i < n; i++)
	{
		FitGroup   *group = &a->groups[int_field(i, 3) - 1];

		if (group->nrules == 0)
		{
			a->ngroups++;
			group->cap = int_field(i, 1);
			group->rules = zeroed(def, sizeof(int) * (n - i));
		}
		group->rules[group->nrules++] = rule_place(a, int_field(i, 2));
	}
}

static void
load_signals(Definitions *def)
{
	def->nsignals = (int) read_rows(def, "SELECT s.signal_id, s.signal, s.answers, r.points, s.direction = 'inbound', s.nature = 'buying' "
									"FROM revops.signal s "
									"LEFT JOIN revops.score_rule r ON r.signal = s.signal AND r.agreement_id = $2 "
									"WHERE s.workspace_id = $1 ORDER BY s.signal COLLATE \"C\"");
	def->signals = zeroed(def, sizeof(Signal) * def->nsignals);
	for (int i = 0; i < def->nsignals; i++)
	{
		def->signals[i].signal_id = int_field(i, 1);
		def->signals[i].code = text_field(def, i, 2);
		def->signals[i].answers = bool_field(i, 3);
		def->signals[i].points = int_field(i, 4);
		def->signals[i].inbound = bool_field(i, 5);
		def->signals[i].buying = bool_field(i, 6);
		def->signals[i].caps = (CapPlaces) {NO_CAP, NO_CAP};
	}
}

/* The next cap: its points and period are in two columns of the row. */
static int
add_cap(Definitions *def, uint64 row, int column)
{
	Cap		   *cap = &def->caps[def->ncaps];

	cap->points = int_field(row, column);
	cap->period = period_by_name(text_field(def, row, column + 1));
	return def->ncaps++;
}

/* The zone in which the periods of caps begin, if any has periods. */
static void
load_zone(Definitions *def)
{
	char	   *name;
	bool		periods = false;

	for (int i = 0; i < def->ncaps; i++)
		periods |= def->caps[i].period != PERIOD_EVER;
	if (!periods || read_rows(def, "SELECT zone FROM revops.score_model WHERE agreement_id = $2") == 0)
		return;
	name = text_field(def, 0, 1);
	def->zone = pg_tzset(name);
	if (def->zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
				 errmsg("time zone \"%s\" of the scoring model does not exist", name),
				 errdetail("Days, weeks and months in which points are capped begin in it."),
				 errhint("Names are listed in pg_timezone_names; activate a draft whose score_model.zone is one of them.")));
}

/* The caps of intent: in order of rules, as touches of one moment count. */
static void
load_caps(Definitions *def)
{
	uint64		n = read_rows(def, "SELECT s.signal_id, r.cap, r.cap_period, g.cap, g.cap_period, "
							  "dense_rank() OVER (ORDER BY r.score_group, r.points > 0)::int "
							  "FROM revops.score_rule r JOIN revops.signal s ON s.workspace_id = $1 AND s.signal = r.signal "
							  "LEFT JOIN revops.score_group g USING (agreement_id, score_group) "
							  "WHERE agreement_id = $2 AND (r.cap IS NOT NULL OR g.cap IS NOT NULL) ORDER BY r.rule_id");
	int		   *groups = palloc(sizeof(int) * (n + 1));

	for (uint64 i = 0; i <= n; i++)
		groups[i] = NO_CAP;
	def->caps = zeroed(def, sizeof(Cap) * 2 * n);
	def->capped = zeroed(def, sizeof(int) * n);
	for (uint64 i = 0; i < n; i++)
	{
		Signal	   *signal = signal_by_id(def, int_field(i, 1));
		/* a group caps what adds and what takes apart */
		int		   *group = &groups[int_field(i, 6)];

		if (int_field(i, 2) > 0)
			signal->caps.own = add_cap(def, i, 2);
		if (int_field(i, 4) > 0 && *group == NO_CAP)
			*group = add_cap(def, i, 4);
		signal->caps.group = *group;
		signal->capped = true;
		def->capped[def->ncapped++] = signal - def->signals;
	}
	pfree(groups);
	load_zone(def);
}

static void
load_reasons(Definitions *def)
{
	def->nreasons = (int) read_rows(def, "SELECT reason, 'reject' = ANY (applies_to), 'recycle' = ANY (applies_to), "
									"'advance' = ANY (applies_to) FROM revops.reason "
									"WHERE workspace_id = $1 ORDER BY reason COLLATE \"C\"");
	def->reasons = zeroed(def, sizeof(Reason) * def->nreasons);
	for (int i = 0; i < def->nreasons; i++)
	{
		def->reasons[i].code = text_field(def, i, 1);
		def->reasons[i].verbs = (bool_field(i, 2) ? REASON_REJECT : 0) |
			(bool_field(i, 3) ? REASON_RECYCLE : 0) | (bool_field(i, 4) ? REASON_ADVANCE : 0);
	}
}

static Definitions *
load(const CacheKey *key)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_revops definitions",
												  ALLOCSET_SMALL_SIZES);
	Definitions *def = MemoryContextAllocZero(context, sizeof(Definitions));
	OwnerScope	scope;

	/* a child of this transaction until it is complete: an error frees it */
	MemoryContextSetParent(context, CurTransactionContext);
	def->context = context;
	def->workspace_id = key->workspace_id;
	def->agreement_id = key->agreement_id;
	def->serial = ++serial;
	def->generation = definitions_generation();
	owner_enter(&scope);
	load_workspace(def);
	if (def->agreement_id == 0)
		find_active(def);
	if (load_model(def))
	{
		load_stages(def);
		load_transitions(def);
		load_rules(def);
		load_fit_groups(def);
		load_policies(def);
		load_auto(def);
	}
	load_signals(def);
	load_caps(def);
	if (def->agreement != NULL)
	{
		load_tracks(def);
		load_handoff(def);
	}
	load_reasons(def);
	load_routing(def);
	owner_leave(&scope);
	MemoryContextSetParent(context, CacheMemoryContext);
	return def;
}

static CacheEntry *
cache_entry(const CacheKey *key)
{
	bool		found;
	CacheEntry *entry;

	if (cache == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(CacheKey);
		ctl.entrysize = sizeof(CacheEntry);
		cache = hash_create("pg_revops definitions", 8, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	entry = hash_search(cache, key, HASH_ENTER, &found);
	if (!found)
		entry->definitions = NULL;
	return entry;
}

static Definitions *
cached(const CacheKey *key)
{
	CacheEntry *entry = cache_entry(key);

	if (entry->definitions != NULL &&
		entry->definitions->generation != definitions_generation())
	{
		/* an outer frame may still use it: it goes with the transaction */
		MemoryContextSetParent(entry->definitions->context, TopTransactionContext);
		entry->definitions = NULL;
	}
	if (entry->definitions == NULL)
	{
		Definitions *fresh = load(key);

		/* loading may have looked up other workspaces and moved entries */
		cache_entry(key)->definitions = fresh;
		return fresh;
	}
	return entry->definitions;
}

Definitions *
definitions_of(int32 workspace_id)
{
	CacheKey	key = {workspace_id, 0};

	return cached(&key);
}

Definitions *
definitions_of_version(int32 workspace_id, int32 agreement_id)
{
	CacheKey	key = {workspace_id, agreement_id};
	Definitions *def = cached(&key);

	if (def->agreement == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_UNKNOWN_OBJECT),
				 errmsg("agreement %d of workspace %d does not exist, or has no scoring model",
						agreement_id, workspace_id),
				 errhint("SELECT agreement_id, version, status FROM revops.agreement shows those that there are.")));
	return def;
}

static bool
same_code(const char *candidate, const char *code, int len)
{
	return strncmp(candidate, code, len) == 0 && candidate[len] == '\0';
}

Signal *
signal_by_code(Definitions *def, const char *code, int len)
{
	for (int i = 0; i < def->nsignals; i++)
		if (same_code(def->signals[i].code, code, len))
			return &def->signals[i];
	return NULL;
}

Signal *
signal_by_id(Definitions *def, int32 signal_id)
{
	for (int i = 0; i < def->nsignals; i++)
		if (def->signals[i].signal_id == signal_id)
			return &def->signals[i];
	return NULL;
}

Rep *
rep_by_code(Definitions *def, const char *code, int len)
{
	for (int i = 0; i < def->nreps; i++)
		if (same_code(def->reps[i].code, code, len))
			return &def->reps[i];
	return NULL;
}

Rep *
rep_by_id(Definitions *def, int32 rep_id)
{
	int			low = 0;
	int			high = def->nreps;

	while (low < high)
	{
		int			mid = (low + high) / 2;

		if (def->reps[mid].rep_id == rep_id)
			return &def->reps[mid];
		if (def->reps[mid].rep_id < rep_id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

Team *
team_by_code(Definitions *def, const char *code, int len)
{
	for (int i = 0; i < def->nteams; i++)
		if (same_code(def->teams[i].code, code, len))
			return &def->teams[i];
	return NULL;
}

Team *
team_by_id(Definitions *def, int32 team_id)
{
	for (int i = 0; i < def->nteams; i++)
		if (def->teams[i].team_id == team_id)
			return &def->teams[i];
	return NULL;
}

Reason *
reason_by_code(Definitions *def, const char *code, int len)
{
	for (int i = 0; i < def->nreasons; i++)
		if (same_code(def->reasons[i].code, code, len))
			return &def->reasons[i];
	return NULL;
}
