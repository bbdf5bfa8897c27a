/*
 * tables.c
 *		See tables.h.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/sequence.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/owner.h"
#include "settle/tables.h"

static const char *const table_names[N_TABLES] = {
	[TABLE_LEAD] = "lead",
	[TABLE_LEAD_DELTA] = "lead_delta",
	[TABLE_LEAD_IDENTITY] = "lead_identity",
	[TABLE_PROFILE_CHANGE] = "profile_change",
	[TABLE_TOUCH] = "touch",
	[TABLE_STAGE_CHANGE] = "stage_change",
	[TABLE_ASSIGNMENT] = "assignment",
	[TABLE_SLA_CLOCK] = "sla_clock",
	[TABLE_EVENT] = "event",
	[TABLE_OPPORTUNITY] = "opportunity",
	[TABLE_OPPORTUNITY_CHANGE] = "opportunity_change",
};

static const char *const sequence_names[N_SEQUENCES] = {
	[SEQUENCE_LEAD_ID] = "lead_id",
	[SEQUENCE_DELTA_ID] = "delta_id",
	[SEQUENCE_CHANGE_ID] = "change_id",
	[SEQUENCE_TOUCH_ID] = "touch_id",
	[SEQUENCE_EVENT_ID] = "event_id",
	[SEQUENCE_OPPORTUNITY_ID] = "opportunity_id",
	[SEQUENCE_OPPORTUNITY_CHANGE_ID] = "opportunity_change_id",
};

static Oid	tables[N_TABLES];
static Oid	sequences[N_SEQUENCES];

/*
 * The extension may have been dropped and made anew since the last look.  Its
 * schema outlives it, so that one of its tables is the witness.
 */
static void
check_tables(void)
{
	Oid			witness = tables[TABLE_LEAD];

	if (OidIsValid(witness) && SearchSysCacheExists1(RELOID, ObjectIdGetDatum(witness)))
		return;
	memset(tables, 0, sizeof(tables));
	memset(sequences, 0, sizeof(sequences));
	tables[TABLE_LEAD] = revops_relation(table_names[TABLE_LEAD]);
}

Oid
engine_table(EngineTable table)
{
	check_tables();
	if (!OidIsValid(tables[table]))
		tables[table] = revops_relation(table_names[table]);
	return tables[table];
}

Oid
engine_index(const char *name)
{
	return revops_relation(name);
}

int64
engine_next(EngineSequence sequence)
{
	check_tables();
	if (!OidIsValid(sequences[sequence]))
		sequences[sequence] = revops_relation(sequence_names[sequence]);
	return nextval_internal(sequences[sequence], false);
}
