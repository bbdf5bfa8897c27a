/*
 * touches.c
 *		See touches.h.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "capture/touches.h"

/* look-ups of a statement from which on found leads are remembered */
#define REMEMBER_FROM	4

typedef struct TouchedLead
{
	int64		lead_id;		/* hash key */
	TouchSums	sums;
} TouchedLead;

typedef struct KnownLead
{
	uint64		hash;			/* hash key: of binding and key */
	int32		binding_id;
	char	   *key;
	int64		lead_id;
} KnownLead;

void
touches_begin(Touches *touches, Settle *s)
{
	HASHCTL		ctl = {0};

	touches->settle = s;
	touches->lookups = 0;
	touches->by_key = NULL;
	ctl.keysize = sizeof(int64);
	ctl.entrysize = sizeof(TouchedLead);
	ctl.hcxt = s->context;
	touches->by_lead = hash_create("pg_revops touched leads", 64, &ctl,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static HTAB *
make_by_key(MemoryContext context)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(uint64);
	ctl.entrysize = sizeof(KnownLead);
	ctl.hcxt = context;
	return hash_create("pg_revops leads by key", 256, &ctl,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

int64
touches_lead(Touches *touches, int32 binding_id, const char *key)
{
	Writers    *writers = &touches->settle->writers;
	uint64		hash;
	KnownLead  *known;
	bool		found;

	if (++touches->lookups < REMEMBER_FROM)
		return lead_find(writers, binding_id, key);
	if (touches->by_key == NULL)
		touches->by_key = make_by_key(touches->settle->context);
	hash = hash_bytes_extended((const unsigned char *) key, strlen(key), binding_id);
	known = hash_search(touches->by_key, &hash, HASH_FIND, NULL);
	if (known == NULL)
	{
		int64		lead_id = lead_find(writers, binding_id, key);

		if (lead_id == 0)
			return 0;
		known = hash_search(touches->by_key, &hash, HASH_ENTER, &found);
		known->binding_id = binding_id;
		known->key = MemoryContextStrdup(touches->settle->context, key);
		known->lead_id = lead_id;
	}
	/* two keys with one hash: the first stays */
	if (known->binding_id != binding_id || strcmp(known->key, key) != 0)
		return lead_find(writers, binding_id, key);
	return known->lead_id;
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
	set_id32(v, nulls, TOUCH_COL_SIGNAL_ID, signal == NULL ? 0 : signal->signal_id);
	set_id32(v, nulls, TOUCH_COL_BINDING_ID, binding_id);
	v[TOUCH_COL_SIGN] = Int16GetDatum(sign);
	set_text(v, nulls, TOUCH_COL_SOURCE_KEY, code_text(source_key));
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

static int
by_lead_id(const ListCell *a, const ListCell *b)
{
	int64		left = ((TouchedLead *) lfirst(a))->lead_id;
	int64		right = ((TouchedLead *) lfirst(b))->lead_id;

	return left < right ? -1 : left > right;
}

void
touches_settle(Touches *touches)
{
	HASH_SEQ_STATUS status;
	TouchedLead *touched;
	List	   *leads = NIL;
	ListCell   *cell;

	settle_flush(touches->settle);
	hash_seq_init(&status, touches->by_lead);
	while ((touched = hash_seq_search(&status)) != NULL)
		leads = lappend(leads, touched);
	/* in order of number, as rows and index entries lie */
	list_sort(leads, by_lead_id);
	foreach(cell, leads)
	{
		LeadChange	change;

		touched = lfirst(cell);
		change_init(&change);
		change.sums = &touched->sums;
		(void) settle_lead(touches->settle, touched->lead_id, &change);
	}
	list_free(leads);
	hash_destroy(touches->by_lead);
}
