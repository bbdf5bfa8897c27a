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
#include "settle/pending.h"

/* look-ups of a statement from which on found leads are remembered */
#define REMEMBER_FROM	4
/* touched leads up to which they are walked through */
#define FEW_LEADS		8
/* leads from which on others are likely to have let go of one when all were tried */
#define MANY_LEADS		32
/* leads up to which a copy of their rows is kept from look-up to settle */
#define KEPT_LEADS		10000
/* touches that are sorted and written together, and as many as most statements have */
#define ROWS_TOGETHER	65536
#define FEW_ROWS		4

/* What is put in order, by the place where it lies: rows and leads are too wide to be moved. */
typedef struct Ordered
{
	int64		first;
	int64		then;
	int			place;
} Ordered;

static inline int
compare_ordered(const Ordered *a, const Ordered *b)
{
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->then != b->then)
		return a->then < b->then ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

#define ST_SORT sort_ordered
#define ST_ELEMENT_TYPE Ordered
#define ST_COMPARE(a, b) compare_ordered(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

typedef struct LeadPlace
{
	int64		lead_id;		/* hash key */
	int			place;
} LeadPlace;

typedef struct KnownLead
{
	uint64		hash;			/* hash key: of binding and key */
	int32		binding_id;
	char	   *key;
	LeadGlance	glance;
} KnownLead;

void
touches_begin(Touches *touches, Settle *s, bool at_commit)
{
	memset(touches, 0, sizeof(Touches));
	touches->settle = s;
	touches->at_commit = at_commit;
	touches->room = FEW_LEADS;
	touches->leads = MemoryContextAlloc(s->context, sizeof(TouchedLead) * touches->room);
	touches->rows_room = FEW_ROWS;
	touches->rows = MemoryContextAlloc(s->context, sizeof(NewTouch) * touches->rows_room);
	touches->keys = AllocSetContextCreate(s->context, "pg_revops touch keys",
										  ALLOCSET_SMALL_SIZES);
	s->writers.keep = at_commit ? NULL : s->context;
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

/* Look a key up, and remember what was found. */
static void
find_and_remember(Touches *touches, uint64 hash, int32 binding_id, const char *key)
{
	KnownLead  *known;
	bool		found;

	if (lead_find_glance(&touches->settle->writers, binding_id, key, &touches->found) == 0)
		return;
	known = hash_search(touches->by_key, &hash, HASH_ENTER, &found);
	known->binding_id = binding_id;
	known->key = MemoryContextStrdup(touches->settle->context, key);
	known->glance = touches->found;
}

int64
touches_lead(Touches *touches, int32 binding_id, const char *key)
{
	uint64		hash;
	KnownLead  *known;

	if (++touches->lookups > KEPT_LEADS)
		touches->settle->writers.keep = NULL;
	if (touches->lookups < REMEMBER_FROM)
		return lead_find_glance(&touches->settle->writers, binding_id, key, &touches->found);
	if (touches->by_key == NULL)
		touches->by_key = make_by_key(touches->settle->context);
	hash = hash_bytes_extended((const unsigned char *) key, strlen(key), binding_id);
	known = hash_search(touches->by_key, &hash, HASH_FIND, NULL);
	if (known == NULL)
		find_and_remember(touches, hash, binding_id, key);
	else if (known->binding_id == binding_id && strcmp(known->key, key) == 0)
		touches->found = known->glance;
	else						/* two keys with one hash: the first stays */
		(void) lead_find_glance(&touches->settle->writers, binding_id, key, &touches->found);
	return touches->found.lead_id;
}

static void
write_touch(Settle *s, const NewTouch *row)
{
	Datum		v[TOUCH_COLS];
	bool		nulls[TOUCH_COLS] = {0};

	v[TOUCH_COL_LEAD_ID] = Int64GetDatum(row->lead_id);
	v[TOUCH_COL_OCCURRED_AT] = TimestampTzGetDatum(row->occurred_at);
	v[TOUCH_COL_TOUCH_ID] = Int64GetDatum(row->touch_id);
	v[TOUCH_COL_RECORDED_AT] = TimestampTzGetDatum(s->now);
	v[TOUCH_COL_WORKSPACE_ID] = Int32GetDatum(s->def->workspace_id);
	set_id32(v, nulls, TOUCH_COL_SIGNAL_ID, row->signal_id);
	set_id32(v, nulls, TOUCH_COL_BINDING_ID, row->binding_id);
	v[TOUCH_COL_SIGN] = Int16GetDatum(row->sign);
	set_text(v, nulls, TOUCH_COL_SOURCE_KEY, row->source_key);
	set_text_or_empty(v, nulls, TOUCH_COL_SOURCE, row->origin.source);
	set_text_or_empty(v, nulls, TOUCH_COL_CAMPAIGN, row->origin.campaign);
	set_text_or_empty(v, nulls, TOUCH_COL_CONTENT, row->origin.content);
	writer_add(&s->writers, TABLE_TOUCH, v, nulls);
	if (writers_full(&s->writers))
		settle_flush(s);
}

/* In the order of their index: a lead's lie together. */
void
touches_write(Touches *touches)
{
	Ordered    *order = MemoryContextAlloc(touches->keys, sizeof(Ordered) * touches->nrows);

	for (int i = 0; i < touches->nrows; i++)
		order[i] = (Ordered) {touches->rows[i].lead_id, touches->rows[i].occurred_at, i};
	sort_ordered(order, touches->nrows);
	for (int i = 0; i < touches->nrows; i++)
		write_touch(touches->settle, &touches->rows[order[i].place]);
	touches->nrows = 0;
	settle_flush(touches->settle);
	MemoryContextReset(touches->keys);
}

static NewTouch *
next_row(Touches *touches)
{
	if (touches->nrows == ROWS_TOGETHER)
		touches_write(touches);
	if (touches->nrows == touches->rows_room)
	{
		touches->rows_room = Min(touches->rows_room * 8, ROWS_TOGETHER);
		touches->rows = repalloc(touches->rows, sizeof(NewTouch) * touches->rows_room);
	}
	return &touches->rows[touches->nrows++];
}

static Datum
kept_word(Datum word)
{
	return word == NO_TEXT ? NO_TEXT : PointerGetDatum(PG_DETOAST_DATUM_COPY(word));
}

static TouchOrigin
kept_origin(const TouchOrigin *origin)
{
	if (origin == NULL)
		return (TouchOrigin) {NO_TEXT, NO_TEXT, NO_TEXT};
	return (TouchOrigin) {kept_word(origin->source), kept_word(origin->campaign),
		kept_word(origin->content)};
}

static void
collect_row(Touches *touches, int64 lead_id, const Signal *signal, TimestampTz occurred_at,
			int sign, int32 binding_id, const char *source_key, const TouchOrigin *origin)
{
	NewTouch   *row = next_row(touches);
	MemoryContext old = MemoryContextSwitchTo(touches->keys);

	row->lead_id = lead_id;
	row->occurred_at = occurred_at;
	row->touch_id = engine_next(SEQUENCE_TOUCH_ID);
	row->signal_id = signal == NULL ? 0 : signal->signal_id;
	row->binding_id = binding_id;
	row->sign = sign;
	row->source_key = code_text(source_key);
	row->origin = kept_origin(origin);
	MemoryContextSwitchTo(old);
}

/* Enter the lead at this place into the table of places. */
static void
enter_place(Touches *touches, int place)
{
	LeadPlace  *entry = hash_search(touches->by_lead, &touches->leads[place].lead_id,
									HASH_ENTER, NULL);

	entry->place = place;
}

static void
make_by_lead(Touches *touches)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(int64);
	ctl.entrysize = sizeof(LeadPlace);
	ctl.hcxt = touches->settle->context;
	touches->by_lead = hash_create("pg_revops touched leads", 256, &ctl,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < touches->n; i++)
		enter_place(touches, i);
}

/* Where the lead is among those that were touched; -1: nowhere. */
static int
find_touched(Touches *touches, int64 lead_id)
{
	LeadPlace  *entry;

	if (touches->by_lead == NULL)
	{
		for (int i = 0; i < touches->n; i++)
			if (touches->leads[i].lead_id == lead_id)
				return i;
		return -1;
	}
	entry = hash_search(touches->by_lead, &lead_id, HASH_FIND, NULL);
	return entry == NULL ? -1 : entry->place;
}

/* The lead among those that were touched, entered if it is the first time. */
static TouchedLead *
touched_lead(Touches *touches, int64 lead_id)
{
	int			place = find_touched(touches, lead_id);
	TouchedLead *touched;

	if (place >= 0)
		return &touches->leads[place];
	if (touches->n == touches->room)
	{
		touches->room *= 2;
		touches->leads = repalloc_huge(touches->leads, sizeof(TouchedLead) * touches->room);
		if (touches->by_lead == NULL)
			make_by_lead(touches);
	}
	touched = &touches->leads[touches->n++];
	touched->lead_id = lead_id;
	touched->glance = touches->found;
	if (touched->glance.lead_id != lead_id)
		touched->glance.lead_id = 0;
	sums_init(&touched->sums);
	if (touches->by_lead != NULL)
		enter_place(touches, touches->n - 1);
	return touched;
}

void
touches_add(Touches *touches, int64 lead_id, const Signal *signal,
			TimestampTz occurred_at, int sign, int32 binding_id, const char *source_key,
			const TouchOrigin *origin)
{
	sums_add(&touched_lead(touches, lead_id)->sums, touches->settle->def, signal,
			 occurred_at, sign);
	collect_row(touches, lead_id, signal, occurred_at, sign, binding_id, source_key, origin);
}

/*
 * Settle a lead's touches; false where it is held and was to be free.  A lead
 * whose row this transaction has written already is settled at its commit, once,
 * however many statements still touch it.
 */
static bool
settle_touched(Touches *touches, TouchedLead *touched, bool if_free)
{
	LeadChange	change;

	/* what happened long ago keeps no promise of today */
	if (touches->settle->adopt)
		touched->sums.answers = touched->sums.converses = touched->sums.stops = false;
	if (!touches->at_commit && touched->glance.lead_id == 0)
		(void) lead_glance(&touches->settle->writers, touched->lead_id, &touched->glance);
	if (touches->at_commit ||
		(!touches->at_once && touched->glance.lead_id != 0 && lead_is_own(&touched->glance)))
	{
		pending_add(touches->settle->def, touched->lead_id, &touched->sums,
					touches->settle->actor_id);
		return true;
	}
	change_init(&change);
	change.sums = &touched->sums;
	change.if_free = if_free;
	change.glance = touched->glance.lead_id == 0 ? NULL : &touched->glance;
	return settle_lead(touches->settle, touched->lead_id, &change) != SETTLE_HELD;
}

void
touches_settle(Touches *touches)
{
	Ordered    *order;
	int			held = 0;

	touches_write(touches);

	/*
	 * In order of number, as rows and index entries lie; but those that are
	 * touched most, which others want too, last: they are held the shortest.
	 */
	order = MemoryContextAllocHuge(touches->settle->context, sizeof(Ordered) * touches->n);
	for (int i = 0; i < touches->n; i++)
		order[i] = (Ordered) {touches->leads[i].sums.touches, touches->leads[i].lead_id, i};
	sort_ordered(order, touches->n);
	touches->settle->writers.keep = NULL;

	/* of many leads those that are held are tried again, when the others are done */
	for (int i = 0; i < touches->n; i++)
	{
		if (!settle_touched(touches, &touches->leads[order[i].place], touches->n >= MANY_LEADS))
			order[held++] = order[i];
	}
	for (int i = 0; i < held; i++)
		(void) settle_touched(touches, &touches->leads[order[i].place], false);
}
