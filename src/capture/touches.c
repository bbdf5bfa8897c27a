/*
 * touches.c
 *		See touches.h.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "capture/touches.h"

typedef struct TouchedLead
{
	int64		lead_id;		/* hash key */
	TouchSums	sums;
} TouchedLead;

void
touches_begin(Touches *touches, Settle *s)
{
	HASHCTL		ctl = {0};

	touches->settle = s;
	ctl.keysize = sizeof(int64);
	ctl.entrysize = sizeof(TouchedLead);
	ctl.hcxt = s->context;
	touches->by_lead = hash_create("pg_revops touched leads", 64, &ctl,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
write_touch(Settle *s, int64 lead_id, const Signal *signal, TimestampTz occurred_at,
			int sign, int32 binding_id, const char *source_key)
{
	Datum		v[TOUCH_COLS];
	bool		nulls[TOUCH_COLS] = {0};

	v[TOUCH_COL_LEAD_ID] = Int64GetDatum(lead_id);
	v[TOUCH_COL_OCCURRED_AT] = TimestampTzGetDatum(occurred_at);
	v[TOUCH_COL_TOUCH_ID] = Int64GetDatum(engine_next(SEQUENCE_TOUCH_ID));
	v[TOUCH_COL_RECORDED_AT] = TimestampTzGetDatum(s->now);
	v[TOUCH_COL_WORKSPACE_ID] = Int32GetDatum(s->def->workspace_id);
	v[TOUCH_COL_SIGNAL_ID] = Int32GetDatum(signal == NULL ? 0 : signal->signal_id);
	nulls[TOUCH_COL_SIGNAL_ID] = (signal == NULL);
	v[TOUCH_COL_BINDING_ID] = Int32GetDatum(binding_id);
	nulls[TOUCH_COL_BINDING_ID] = (binding_id == 0);
	v[TOUCH_COL_SIGN] = Int16GetDatum(sign);
	v[TOUCH_COL_SOURCE_KEY] = source_key == NULL ? NO_TEXT : CStringGetTextDatum(source_key);
	nulls[TOUCH_COL_SOURCE_KEY] = (source_key == NULL);
	writer_add(&s->writers, TABLE_TOUCH, v, nulls);
	if (writers_full(&s->writers))
		settle_flush(s);
}

void
touches_add(Touches *touches, int64 lead_id, const Signal *signal,
			TimestampTz occurred_at, int sign, int32 binding_id, const char *source_key)
{
	bool		found;
	TouchedLead *touched = hash_search(touches->by_lead, &lead_id, HASH_ENTER, &found);

	if (!found)
		sums_init(&touched->sums);
	sums_add(&touched->sums, touches->settle->def, signal, occurred_at, sign);
	write_touch(touches->settle, lead_id, signal, occurred_at, sign, binding_id, source_key);
}

void
touches_settle(Touches *touches)
{
	HASH_SEQ_STATUS status;
	TouchedLead *touched;

	settle_flush(touches->settle);
	hash_seq_init(&status, touches->by_lead);
	while ((touched = hash_seq_search(&status)) != NULL)
	{
		LeadChange	change;

		change_init(&change);
		change.sums = &touched->sums;
		(void) settle_lead(touches->settle, touched->lead_id, &change);
	}
	hash_destroy(touches->by_lead);
}
