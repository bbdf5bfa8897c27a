/*
 * tables.c
 *		See tables.h.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "utils/inval.h"

#include "base/errors.h"
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
	[TABLE_INBOX] = "inbox",
	[TABLE_WRITE_BACK] = "write_back_due",
	[TABLE_INBOX_PACKET] = "inbox_packet",
	[TABLE_TIMER] = "timer",
	[TABLE_ENROLMENT] = "enrolment",
	[TABLE_NURTURE_CHANGE] = "nurture_change",
	[TABLE_HELD_LEAD] = "held_lead",
	[TABLE_ANSWER] = "answer",
	[TABLE_ENRICHMENT] = "enrichment",
	[TABLE_DUPLICATE_LINK] = "duplicate_link",
	[TABLE_TURN] = "turn",
	[TABLE_INTENT_FALL] = "intent_fall",
	[TABLE_PLACE] = "place",
	[TABLE_UNROLLED_LEAD] = "unrolled_lead",
	[TABLE_CLOCK_CHANGE] = "sla_clock_change",
};

/* The columns as the install script makes them; rows are written by place. */
static const Oid lead_types[LEAD_COLS] = {
	INT8OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, FLOAT8OID,
	FLOAT8OID, TIMESTAMPTZOID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID,
	INT4OID, INT4OID, INT2OID, INT2OID, INT2OID, BOOLOID, BOOLOID, BOOLOID, BOOLOID,
	BOOLOID, BOOLOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	INT4OID, INT4OID, TEXTOID,
	TEXTOID, TEXTOID, INT2OID, INT2OID, INT2OID
};

static const Oid lead_delta_types[DELTA_COLS] = {
	INT8OID, INT8OID, INT4OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, BOOLOID,
	INT8OID, FLOAT8OID, FLOAT8OID, INT4OID, BOOLOID, BOOLOID, TEXTOID,
	TIMESTAMPTZOID, TEXTOID, JSONBOID, BOOLOID
};

static const Oid lead_identity_types[IDENTITY_COLS] = {
	INT8OID, INT4OID, JSONBOID, JSONBOID
};

static const Oid profile_change_types[PROFILE_COLS] = {
	INT8OID, INT8OID, TIMESTAMPTZOID, INT4OID, INT4OID, JSONBOID
};

static const Oid touch_types[TOUCH_COLS] = {
	INT8OID, TIMESTAMPTZOID, INT8OID, TIMESTAMPTZOID, INT4OID, INT4OID, INT4OID,
	INT2OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
};

static const Oid stage_change_types[MOVE_COLS] = {
	INT8OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	TIMESTAMPTZOID, INTERVALOID, INT4OID, INT4OID, INT2OID, INT2OID, INT2OID,
	BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID
};

static const Oid assignment_types[ASSIGNMENT_COLS] = {
	INT8OID, INT4OID, INT4OID, TIMESTAMPTZOID, INT4OID, INT4OID, INT4OID, INT4OID,
	INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
};

static const Oid sla_clock_types[CLOCK_COLS] = {
	INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID,
	TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID,
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	INTERVALOID, INT4OID
};

static const Oid sla_clock_change_types[CHANGED_COLS] = {
	INT8OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	TEXTOID, INT4OID, INT4OID, INT4OID, INTERVALOID, TEXTOID, TEXTOID
};

static const Oid event_types[EVENT_COLS] = {
	XID8OID, INT8OID, INT4OID, INT8OID, TIMESTAMPTZOID, INT4OID, TEXTOID
};

static const Oid opportunity_types[DEAL_COLS] = {
	INT8OID, INT4OID, INT4OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID,
	NUMERICOID, TEXTOID, NUMERICOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
};

static const Oid opportunity_change_types[DEALCHANGE_COLS] = {
	INT8OID, INT8OID, INT4OID, INT8OID, TIMESTAMPTZOID, TEXTOID, NUMERICOID,
	TEXTOID, NUMERICOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
};

static const Oid inbox_types[INBOX_COLS] = {
	INT8OID, INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, XID8OID,
	INT8OID, INT4OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID
};

static const Oid write_back_types[WRITE_BACK_COLS] = {
	INT8OID, INT8OID, TIMESTAMPTZOID, INT4OID, INT4OID, BOOLOID, BOOLOID
};

static const Oid inbox_packet_types[PACKET_COLS] = {
	INT8OID, TIMESTAMPTZOID, XID8OID, INT8OID, INT4OID, INT4OID, TEXTOID, BYTEAOID
};

static const Oid timer_types[TIMER_COLS] = {
	INT8OID, INT4OID, INT8OID, INT4OID, TIMESTAMPTZOID, TEXTOID
};

static const Oid enrolment_types[ENROL_COLS] = {
	INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, TEXTOID,
	TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID,
	TEXTOID, INT4OID
};

static const Oid nurture_change_types[NURTURE_COLS] = {
	INT8OID, INT4OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, INT4OID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID
};

static const Oid held_lead_types[HELD_COLS] = {
	INT8OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, BOOLOID, TEXTOID, TEXTOID,
	TEXTOID, TEXTARRAYOID, TEXTARRAYOID
};

static const Oid answer_types[ANSWER_COLS] = {
	INT8OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, BOOLOID, TEXTOID, TEXTOID,
	TEXTOID
};

static const Oid enrichment_types[ENRICHMENT_COLS] = {
	INT8OID, INT4OID, INT4OID, TIMESTAMPTZOID, TEXTOID, JSONBOID, TEXTOID, TEXTOID
};

static const Oid duplicate_link_types[LINK_COLS] = {
	INT8OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, INT8OID, TEXTOID
};

static const Oid place_types[PLACE_COLS] = {
	INT8OID, INT4OID, INT4OID, BOOLOID, TEXTOID, INT8OID
};

static const Oid turn_types[TURN_COLS] = {
	INT4OID, INT8OID, INT8OID, INT4ARRAYOID, INT4ARRAYOID, FLOAT8ARRAYOID, INT4OID
};

static const Oid intent_fall_types[FALL_COLS] = {
	INT8OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT2OID, INT2OID,
	INT2OID, TEXTOID, TEXTOID, TEXTOID
};

static const Oid unrolled_lead_types[UNROLLED_COLS] = {
	INT8OID
};

static const struct
{
	int			ncolumns;
	const Oid  *types;
}			shapes[N_TABLES] = {
	[TABLE_LEAD] = {LEAD_COLS, lead_types},
	[TABLE_LEAD_DELTA] = {DELTA_COLS, lead_delta_types},
	[TABLE_LEAD_IDENTITY] = {IDENTITY_COLS, lead_identity_types},
	[TABLE_PROFILE_CHANGE] = {PROFILE_COLS, profile_change_types},
	[TABLE_TOUCH] = {TOUCH_COLS, touch_types},
	[TABLE_STAGE_CHANGE] = {MOVE_COLS, stage_change_types},
	[TABLE_ASSIGNMENT] = {ASSIGNMENT_COLS, assignment_types},
	[TABLE_SLA_CLOCK] = {CLOCK_COLS, sla_clock_types},
	[TABLE_EVENT] = {EVENT_COLS, event_types},
	[TABLE_OPPORTUNITY] = {DEAL_COLS, opportunity_types},
	[TABLE_OPPORTUNITY_CHANGE] = {DEALCHANGE_COLS, opportunity_change_types},
	[TABLE_INBOX] = {INBOX_COLS, inbox_types},
	[TABLE_WRITE_BACK] = {WRITE_BACK_COLS, write_back_types},
	[TABLE_INBOX_PACKET] = {PACKET_COLS, inbox_packet_types},
	[TABLE_TIMER] = {TIMER_COLS, timer_types},
	[TABLE_ENROLMENT] = {ENROL_COLS, enrolment_types},
	[TABLE_NURTURE_CHANGE] = {NURTURE_COLS, nurture_change_types},
	[TABLE_HELD_LEAD] = {HELD_COLS, held_lead_types},
	[TABLE_ANSWER] = {ANSWER_COLS, answer_types},
	[TABLE_ENRICHMENT] = {ENRICHMENT_COLS, enrichment_types},
	[TABLE_DUPLICATE_LINK] = {LINK_COLS, duplicate_link_types},
	[TABLE_TURN] = {TURN_COLS, turn_types},
	[TABLE_INTENT_FALL] = {FALL_COLS, intent_fall_types},
	[TABLE_PLACE] = {PLACE_COLS, place_types},
	[TABLE_UNROLLED_LEAD] = {UNROLLED_COLS, unrolled_lead_types},
	[TABLE_CLOCK_CHANGE] = {CHANGED_COLS, sla_clock_change_types},
};

static const char *const sequence_names[N_SEQUENCES] = {
	[SEQUENCE_LEAD_ID] = "lead_id",
	[SEQUENCE_DELTA_ID] = "delta_id",
	[SEQUENCE_CHANGE_ID] = "change_id",
	[SEQUENCE_TOUCH_ID] = "touch_id",
	[SEQUENCE_EVENT_ID] = "event_id",
	[SEQUENCE_OPPORTUNITY_ID] = "opportunity_id",
	[SEQUENCE_OPPORTUNITY_CHANGE_ID] = "opportunity_change_id",
	[SEQUENCE_INBOX_ID] = "inbox_inbox_id_seq",
	[SEQUENCE_WRITE_BACK_ID] = "write_back_due_due_id_seq",
	[SEQUENCE_TIMER_ID] = "timer_timer_id_seq",
	[SEQUENCE_TURN_SHARD] = "turn_shard",
	[SEQUENCE_PLACE_ID] = "place_id",
};

static const char *const index_names[N_INDEXES] = {
	[INDEX_LEAD_KEY] = "lead_key",
	[INDEX_LEAD_RANK] = "lead_rank",
	[INDEX_LEAD_DELTA_KEY] = "lead_delta_key",
	[INDEX_OPPORTUNITY_KEY] = "opportunity_key",
	[INDEX_INBOX_KEY] = "inbox_key",
	[INDEX_INBOX_LEAD] = "inbox_lead",
	[INDEX_PLACE_FREE] = "place_free",
	[INDEX_PLACE_LEAD] = "place_lead",
};

/* What was looked up; InvalidOid: not yet, or not since one of them changed. */
static struct
{
	Oid			tables[N_TABLES];
	Oid			sequences[N_SEQUENCES];
	Oid			indexes[N_INDEXES];
}			known;

/*
 * A relation of ours was altered, dropped or made anew, and may have another
 * OID from now on: all are looked up again.
 */
static void
on_relcache_flush(Datum arg, Oid relid)
{
	const Oid  *oids = (const Oid *) &known;

	for (size_t i = 0; i < sizeof(known) / sizeof(Oid); i++)
	{
		if (OidIsValid(oids[i]) && (relid == InvalidOid || relid == oids[i]))
		{
			memset(&known, 0, sizeof(known));
			return;
		}
	}
}

void
tables_init(void)
{
	CacheRegisterRelcacheCallback(on_relcache_flush, (Datum) 0);
}

static Oid
look_up(Oid *place, const char *name)
{
	if (!OidIsValid(*place))
		*place = revops_relation(name);
	return *place;
}

Oid
engine_table(EngineTable table)
{
	return look_up(&known.tables[table], table_names[table]);
}

Oid
engine_index(EngineIndex index)
{
	return look_up(&known.indexes[index], index_names[index]);
}

int64
engine_next(EngineSequence sequence)
{
	return nextval_internal(look_up(&known.sequences[sequence], sequence_names[sequence]), false);
}

void
engine_check_shape(EngineTable table, TupleDesc desc)
{
	bool		same = desc->natts == shapes[table].ncolumns;

	for (int i = 0; same && i < desc->natts; i++)
		same = !TupleDescAttr(desc, i)->attisdropped &&
			TupleDescAttr(desc, i)->atttypid == shapes[table].types[i];
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
				 errmsg("table \"revops.%s\" is not as pg_revops made it", table_names[table]),
				 errdetail("Its columns differ in number or type from those that the library writes."),
				 errhint("Undo the ALTER TABLE, or ALTER EXTENSION pg_revops UPDATE where the library is newer.")));
}
