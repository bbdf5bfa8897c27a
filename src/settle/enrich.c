/*
 * enrich.c
 *		See enrich.h.
 */
#include "postgres.h"

#include <ctype.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "settle/engine_scan.h"
#include "settle/enrich.h"
#include "settle/row_values.h"

bool
role_is_empty(const TupleTableSlot *roles, int role)
{
	text	   *value;

	if (roles->tts_isnull[role])
		return true;
	if (TupleDescAttr(roles->tts_tupleDescriptor, role)->atttypid != TEXTOID)
		return false;
	value = DatumGetTextPP(roles->tts_values[role]);
	for (Size i = 0; i < VARSIZE_ANY_EXHDR(value); i++)
		if (!isspace((unsigned char) VARDATA_ANY(value)[i]))
			return false;
	return true;
}

/* The settle's slot for merged roles, holding what `roles` says. */
static TupleTableSlot *
copy_of(Settle *s, TupleTableSlot *roles)
{
	TupleTableSlot *slot = s->merged;
	int			n = s->binding->roles->natts;

	if (slot == roles)
		return slot;
	ExecClearTuple(slot);
	memcpy(slot->tts_values, roles->tts_values, sizeof(Datum) * n);
	memcpy(slot->tts_isnull, roles->tts_isnull, sizeof(bool) * n);
	return ExecStoreVirtualTuple(slot);
}

/*
 * The lead's filled values that are not personal, the last of each role, as an
 * object; *seq is the number of the last one.
 */
static Jsonb *
filled_values(Settle *s, int64 lead_id, int32 *seq)
{
	TupleDesc	desc = RelationGetDescr(writer_rel(&s->writers, TABLE_ENRICHMENT));
	JsonbParseState *state = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	*seq = 0;
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	ScanKeyInit(&key, ENRICHMENT_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(lead_id));
	scan = engine_scan(&s->writers, TABLE_ENRICHMENT,
					   writer_pkey(&s->writers, TABLE_ENRICHMENT), 1, &key);
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		Datum		v[ENRICHMENT_COLS];
		bool		nulls[ENRICHMENT_COLS];
		JsonbValue	role = {.type = jbvString};
		JsonbValue	value;

		heap_deform_tuple(tuple, desc, v, nulls);
		*seq = Max(*seq, DatumGetInt32(v[ENRICHMENT_SEQ]));
		if (nulls[ENRICHMENT_VALUE] ||
			!JsonbExtractScalar(&((Jsonb *) PG_DETOAST_DATUM_COPY(v[ENRICHMENT_VALUE]))->root, &value))
			continue;
		role.val.string.val = TextDatumGetCString(v[ENRICHMENT_ROLE]);
		role.val.string.len = strlen(role.val.string.val);
		/* of a role that is there twice, the last counts */
		(void) pushJsonbValue(&state, WJB_KEY, &role);
		(void) pushJsonbValue(&state, WJB_VALUE, &value);
	}
	engine_scan_end(scan);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Lay what `over` has over what is empty in `roles`; both are the settle's own. */
static void
lay_over(Settle *s, TupleTableSlot *roles, TupleTableSlot *over)
{
	for (int role = 0; role < s->binding->roles->natts; role++)
	{
		if (over->tts_isnull[role] || !role_is_empty(roles, role))
			continue;
		roles->tts_values[role] = over->tts_values[role];
		roles->tts_isnull[role] = false;
	}
}

TupleTableSlot *
enrich_overlay(Settle *s, int64 lead_id, TupleTableSlot *roles)
{
	TupleTableSlot *over = binding_role_slot(s->binding);
	int32		seq;

	/* values may have been collected in this very settle */
	settle_flush(s);
	roles = copy_of(s, roles);
	profile_to_slot(s->binding, filled_values(s, lead_id, &seq),
					identity_enriched(&s->writers, lead_id), over);
	lay_over(s, roles, over);
	return roles;
}

static void
write_fact(Settle *s, const LeadRow *row, int32 seq, int role, TupleTableSlot *over,
		   const Enrichment *enrichment)
{
	const char *name = NameStr(TupleDescAttr(s->binding->roles, role)->attname);
	Datum		v[ENRICHMENT_COLS];
	bool		nulls[ENRICHMENT_COLS] = {0};
	JsonbValue	value;

	v[ENRICHMENT_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[ENRICHMENT_SEQ] = Int32GetDatum(seq);
	v[ENRICHMENT_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[ENRICHMENT_AT] = TimestampTzGetDatum(s->now);
	v[ENRICHMENT_ROLE] = CStringGetTextDatum(name);
	nulls[ENRICHMENT_VALUE] = s->binding->personal[role];
	if (!nulls[ENRICHMENT_VALUE])
	{
		(void) getKeyJsonValueFromContainer(&enrichment->values->root, name, strlen(name), &value);
		v[ENRICHMENT_VALUE] = JsonbPGetDatum(JsonbValueToJsonb(&value));
	}
	v[ENRICHMENT_SOURCE] = CStringGetTextDatum(enrichment->source);
	v[ENRICHMENT_ACTOR] = CStringGetTextDatum(settle_actor(s));
	writer_add(&s->writers, TABLE_ENRICHMENT, v, nulls);
}

/* What was filled of personal roles before, and what is filled now. */
static Jsonb *
personal_filled(Settle *s, int64 lead_id, TupleTableSlot *over)
{
	TupleTableSlot *all = binding_role_slot(s->binding);

	profile_to_slot(s->binding, NULL, identity_enriched(&s->writers, lead_id), all);
	for (int role = 0; role < s->binding->roles->natts; role++)
	{
		if (over->tts_isnull[role] || !s->binding->personal[role])
			continue;
		all->tts_values[role] = over->tts_values[role];
		all->tts_isnull[role] = false;
	}
	return profile_from_slot(s->binding, all, true);
}

/* A value that is there, and is not of its role's type. */
static void
refuse_misfits(Settle *s, TupleTableSlot *over, const Enrichment *enrichment)
{
	for (int role = 0; role < s->binding->roles->natts; role++)
	{
		Form_pg_attribute att = TupleDescAttr(s->binding->roles, role);
		const char *name = NameStr(att->attname);
		JsonbValue	value;

		if (over->tts_isnull[role] &&
			getKeyJsonValueFromContainer(&enrichment->values->root, name, strlen(name), &value) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the value of role \"%s\" is not of its type", name),
					 errdetail("The role is of type %s.", format_type_be(att->atttypid)),
					 errhint("\"values\" is an object such as {\"country\": \"DE\", \"company_size\": 120}.")));
	}
}

static void
note_filled(Enrichment *enrichment, const char *role)
{
	MemoryContext old = MemoryContextSwitchTo(enrichment->context);

	enrichment->filled = lappend(enrichment->filled, pstrdup(role));
	MemoryContextSwitchTo(old);
}

TupleTableSlot *
enrich_fill(Settle *s, LeadRow *row, TupleTableSlot *roles, Enrichment *enrichment)
{
	TupleTableSlot *over = binding_role_slot(s->binding);
	int64		lead_id = row->state.lead_id;
	int32		seq;

	settle_flush(s);
	roles = copy_of(s, roles);
	profile_to_slot(s->binding, enrichment->values, enrichment->values, over);
	refuse_misfits(s, over, enrichment);
	(void) filled_values(s, lead_id, &seq);
	for (int role = 0; role < s->binding->roles->natts; role++)
	{
		if (over->tts_isnull[role])
			continue;
		if (!role_is_empty(roles, role) || role_is_empty(over, role))
		{
			over->tts_isnull[role] = true;
			continue;
		}
		write_fact(s, row, ++seq, role, over, enrichment);
		note_filled(enrichment, NameStr(TupleDescAttr(s->binding->roles, role)->attname));
	}
	if (enrichment->filled == NIL)
		return roles;
	row->state.enriched = true;
	lay_over(s, roles, over);
	identity_enrich(&s->writers, s->binding, lead_id, profile_from_slot(s->binding, roles, true),
					personal_filled(s, lead_id, over));
	return roles;
}
