/*
 * held_test.c
 *		Which leads a worker leaves alone.
 */
#include "postgres.h"

#include "tap.h"
#include "worker/held.h"

static Held held;

/* A chore's page of one lead. */
static bool
take(Chore chore, int64 lead_id, ErrandOutcome outcome)
{
	Errand		errand = {.lead_id = lead_id,.outcome = outcome};
	Errands		page = {.n = 1,.items = &errand};

	return held_take(&held, chore, &page);
}

static bool
leaves_alone(Chore chore, int64 lead_id)
{
	LeadList	except;
	bool		found = false;

	held_except(&held, chore, &except);
	for (int i = 0; i < except.n; i++)
		found |= except.leads[i] == lead_id;
	pfree(except.leads);
	return found;
}

/* By how many chores? */
static int
alone(int64 lead_id)
{
	int			n = 0;

	for (int i = 0; i < N_CHORES; i++)
		n += leaves_alone((Chore) i, lead_id);
	return n;
}

static void
free_lists(void)
{
	for (int i = 0; i < N_CHORES; i++)
		pfree(held.busy[i].list.leads);
	pfree(held.failed.list.leads);
}

void
test_held(void)
{
	int			missing = 0;

	held_init(&held, NULL);
	ok(take(CHORE_FOLD_LATER, 1, ERRAND_BUSY), "a page tells that somebody was busy");
	ok(leaves_alone(CHORE_FOLD_LATER, 1), "a busy lead is left alone by the chore that found it so");
	ok(!leaves_alone(CHORE_FOLD, 1), "... but urgent work for it is tried");
	ok(alone(1) == 1, "... and so is all other work");

	ok(!take(CHORE_FOLD, 2, ERRAND_FAILED), "a lead that failed is not busy");
	ok(alone(2) == N_CHORES, "... and left alone by all");
	(void) take(CHORE_FOLD, 3, ERRAND_DONE);
	(void) take(CHORE_FOLD_LATER, 4, ERRAND_RESTS);
	ok(alone(3) + alone(4) == 0, "leads that were settled or rest are not left alone");

	(void) take(CHORE_FOLD, 1, ERRAND_BUSY);
	held_free_busy(&held, CHORE_FOLD_LATER);
	ok(leaves_alone(CHORE_FOLD, 1) && alone(1) == 1, "each chore lets its busy leads go by itself");
	held_free_busy(&held, CHORE_FOLD);
	ok(alone(1) == 0 && alone(2) == N_CHORES, "... but not those that failed");

	for (int64 lead_id = 1000; lead_id < 6000; lead_id++)
		(void) take(CHORE_FOLD, lead_id, ERRAND_BUSY);
	for (int64 lead_id = 1000; lead_id < 6000; lead_id++)
		missing += !leaves_alone(CHORE_FOLD, lead_id);
	ok(missing == 0, "there is room for 5000");
	(void) take(CHORE_FOLD, 6000, ERRAND_BUSY);
	ok(!leaves_alone(CHORE_FOLD, 6000), "... and who finds none is tried each time");
	ok(leaves_alone(CHORE_FOLD, 2), "... which takes no room from those that failed");

	held_free_all(&held);
	ok(alone(2) + alone(1000) == 0, "all are let go");
	free_lists();
}
