/*
 * take_rows.c
 *		See take_rows.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/attempt.h"
#include "capture/queue.h"
#include "capture/take_rows.h"
#include "time/engine_time.h"

/* inserted keys that are looked up before the rest is believed to be new too */
#define PROBES	4

static int
compare_keys(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

bool
taking_leaves(const Taking *taking, const char *key)
{
	int			low = 0;
	int			high = list_length(taking->left_out);

	if (key == NULL)
		return false;
	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = strcmp(key, list_nth(taking->left_out, middle));

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* Begin a settle for the rows. */
static void
begin(Capture *capture, Taking *taking)
{
	Settle	   *s = &capture->settle;

	settle_begin(s, capture->binding->workspace_id, capture->careful);
	if (taking->what->adopt)
		settle_adopt(s);
	if (capture->binding->kind == BINDING_LEAD)
		settle_use(s, capture->binding);
	else
		settle_as(s, capture->binding);
	if (capture->binding->kind == BINDING_TOUCH)
	{
		touches_begin(&taking->touches, s, false);
		taking->touches.at_once = true;
	}
	taking->deals = NIL;
}

static void
end(Capture *capture, Taking *taking)
{
	if (capture->binding->kind == BINDING_TOUCH)
		touches_settle(&taking->touches);
	settle_adopted(capture, taking);
	settle_end(&capture->settle);
}

static CaptureRow
taker(const Capture *capture)
{
	switch (capture->binding->kind)
	{
		case BINDING_TOUCH:
			return take_touch_row;
		case BINDING_OPPORTUNITY:
			return take_opportunity_row;
		default:
			return take_lead_row;
	}
}

/* Is any of the first keys known?  Then all of them are looked up. */
static bool
keys_known(Capture *capture, Taking *taking)
{
	TupleDesc	desc = RelationGetDescr(capture->host);
	BindingRun *run = binding_run_begin(capture->binding, desc, NULL, NULL);
	Rows		rows;
	TupleTableSlot *row;
	bool		known = false;

	rows_begin(&rows, taking->what->rows, desc);
	for (int i = 0; i < PROBES && !known && (row = rows_next(&rows)) != NULL; i++)
	{
		char	   *key = binding_key(run, row);

		known = key != NULL &&
			lead_find(&capture->settle.writers, capture->binding_id, key) != 0;
	}
	rows_end(&rows);
	binding_run_end(run);
	return known;
}

typedef struct Trip
{
	Capture    *capture;
	Taking	   *taking;
	bool		careful;
	TupleTableSlot *row;		/* the one; NULL: all */
} Trip;

static void
begin_trip(Trip *trip)
{
	Capture    *capture = trip->capture;

	capture->binding = binding_by_id(capture->binding_id);
	capture->careful = trip->careful;
	capture->probe = trip->careful;
	capture->statement = 0;
	capture->awaited = AWAITED_UNKNOWN;
	capture->arrivals = NIL;
	capture->displaced = NIL;
	begin(capture, trip->taking);
}

static void
take_all(void *arg)
{
	Trip	   *trip = arg;
	Capture    *capture = trip->capture;
	Taking	   *taking = trip->taking;

	memset(taking->taken, 0, sizeof(TakenRows));
	begin_trip(trip);
	taking->look = trip->careful || taking->what->look || !capture->binding->key_unique ||
		(capture->binding->kind == BINDING_LEAD && keys_known(capture, taking));
	capture_each_row(capture, taking->what->rows, taker(capture), taking);
	end(capture, taking);
	inbox_arrived(capture);
}

static void
take_one(void *arg)
{
	Trip	   *trip = arg;
	Capture    *capture = trip->capture;
	Tuplestorestate *one = tuplestore_begin_heap(true, false, work_mem);

	tuplestore_puttupleslot(one, trip->row);
	begin_trip(trip);
	trip->taking->look = true;
	capture_each_row(capture, one, taker(capture), trip->taking);
	end(capture, trip->taking);
	tuplestore_end(one);
	inbox_arrived(capture);
}

/* The key of a row that failed, if that can be told. */
typedef struct KeyOfRow
{
	Capture    *capture;
	TupleTableSlot *row;
	char	   *key;
} KeyOfRow;

static void
read_key(void *arg)
{
	KeyOfRow   *k = arg;
	BindingRun *run;

	k->capture->binding = binding_by_id(k->capture->binding_id);
	run = binding_run_begin(k->capture->binding, RelationGetDescr(k->capture->host), NULL, NULL);
	k->key = binding_key(run, k->row);
	binding_run_end(run);
}

/* Somebody else has the key, or what belongs to it: no fault of the row's. */
static bool
is_held(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION;
}

static void
note_failure(Capture *capture, Taking *taking, Faults *faults, TupleTableSlot *row,
			 const ErrorData *error)
{
	KeyOfRow	k = {capture, row, NULL};
	FaultPlace	place = {capture->binding_id, 0, NULL};

	if (attempt(read_key, &k) != NULL)
		k.key = NULL;
	if (k.key != NULL && is_held(error))
	{
		taking->taken->held = lappend(taking->taken->held, k.key);
		return;
	}
	taking->taken->failed++;
	place.key = k.key;
	fault_note(faults, &place, RelationGetRelationName(capture->host), error->sqlerrcode,
			   error->message, "The row was not taken in.");
}

/* Row by row: those that fail are left out. */
static void
take_each(Capture *capture, Taking *taking)
{
	Faults		faults;
	Rows		rows;
	TupleTableSlot *row;
	MemoryContext per_row = AllocSetContextCreate(CurrentMemoryContext, "pg_revops row taken",
												  ALLOCSET_DEFAULT_SIZES);

	memset(taking->taken, 0, sizeof(TakenRows));
	faults_init(&faults, CurrentMemoryContext);
	rows_begin(&rows, taking->what->rows, RelationGetDescr(capture->host));
	while ((row = rows_next(&rows)) != NULL)
	{
		Trip		trip = {capture, taking,.careful = true,.row = row};
		TakenRows	before = *taking->taken;
		MemoryContext old = MemoryContextSwitchTo(per_row);
		ErrorData  *error;

		CHECK_FOR_INTERRUPTS();
		error = attempt(take_one, &trip);
		MemoryContextSwitchTo(old);
		if (error != NULL)
		{
			*taking->taken = before;
			note_failure(capture, taking, &faults, row, error);
		}
		MemoryContextReset(per_row);
	}
	MemoryContextDelete(per_row);
	rows_end(&rows);
	faults_write(&faults, engine_clock());
}

static void
find_moving(Taking *taking)
{
	if (taking->what->moving == NULL)
		return;
	taking->left_out = taking->what->moving(taking->what->arg);
	list_sort(taking->left_out, compare_keys);
}

void
take_rows(const TakeRows *what, TakenRows *taken)
{
	Capture		capture = {.host = what->host,.binding_id = what->binding_id,
	.taking = true,.context = CurrentMemoryContext};
	Taking		taking = {.what = what,.taken = taken};
	Trip		trip = {&capture, &taking,.careful = false};

	if (attempt(take_all, &trip) == NULL)
		return;
	find_moving(&taking);
	trip.careful = true;
	if (attempt(take_all, &trip) == NULL)
		return;
	find_moving(&taking);
	take_each(&capture, &taking);
}
