/*
 * agenda_test.c
 *		When a worker tries busy leads again.
 */
#include "postgres.h"

#include "tap.h"
#include "worker/agenda.h"

#define MS		INT64CONST(1000)

/* the least and the most that a retry of no matter which kind may rest */
#define SURELY_MOST	(50 * MS)
#define MAYBE_MOST	(1000 * MS)

static Agenda agenda;
static int64 now;

/* A round of urgent deltas, of one page. */
static void
fold(int64 spent, int done, bool passed)
{
	agenda_begin(&agenda, CHORE_FOLD, now);
	agenda_page(&agenda, CHORE_FOLD, spent, done, passed);
	now += spent;
	agenda_end(&agenda, CHORE_FOLD, now);
}

/* An urgent delta came, of a lead that is busy. */
static void
first_try(int64 spent, int done)
{
	agenda_init(&agenda);
	now = 1000000 * MS;
	agenda_wish(&agenda, CHORE_FOLD, now);
	fold(spent, done, true);
}

/* Leads were freed: how long does it take until they are tried again? */
static int64
freed(bool surely)
{
	agenda_freed(&agenda, surely, now);
	return agenda_wakes(&agenda) - now;
}

/* So many retries in a row do nothing; the longest pause before one of them. */
static int64
vain_retries(int n, bool surely, int64 spent)
{
	int64		longest = 0;

	for (int i = 0; i < n; i++)
	{
		int64		pause = freed(surely);

		longest = Max(longest, pause);
		now += pause;
		fold(spent, 0, true);
	}
	return longest;
}

static void
test_surely(void)
{
	int64		pause;

	first_try(1 * MS, 0);
	ok(freed(true) == 0, "a lead that was freed indeed is tried again at once");

	first_try(300 * MS, 20);
	ok(freed(true) == 0, "... however long the round took that passed it over");

	first_try(1 * MS, 0);
	(void) vain_retries(20, false, 1 * MS);
	ok(freed(true) == 0, "... also after many retries in vain where leads may have been freed");

	first_try(1 * MS, 0);
	(void) vain_retries(20, false, 1 * MS);
	(void) freed(false);
	ok(freed(true) == 0, "... and while the next of those is waited for");

	first_try(1 * MS, 0);
	(void) vain_retries(1, true, 1 * MS);
	pause = freed(true);
	ok(pause > 0 && pause <= SURELY_MOST, "after one that was in vain it is not tried again at once");
	now += SURELY_MOST;
	ok(freed(true) <= 0, "... but soon");

	first_try(1 * MS, 0);
	ok(vain_retries(20, true, 1 * MS) == SURELY_MOST, "however many are in vain, the pause has a limit");

	first_try(10 * MS, 0);
	ok(vain_retries(20, true, 10 * MS) == SURELY_MOST, "... which is the same where retries take longer");

	first_try(400 * MS, 0);
	ok(vain_retries(20, true, 400 * MS) == 400 * MS, "... but for those that would take more than half of the time");

	now += freed(true);
	fold(1 * MS, 1, true);
	ok(freed(true) == 0, "one that did something ends the pauses");
}

static void
test_many_busy(void)
{
	int64		tried = 50 * MS;

	/* all of them are tried, one of them was free */
	first_try(tried, 0);
	now += freed(true);
	agenda_begin(&agenda, CHORE_FOLD, now);
	agenda_page(&agenda, CHORE_FOLD, 1 * MS, 1, true);
	agenda_page(&agenda, CHORE_FOLD, tried, 0, true);
	now += tried + 1 * MS;
	agenda_end(&agenda, CHORE_FOLD, now);
	ok(freed(true) == tried, "pages in vain take half of the time at most");

	/* what is new meanwhile does not shorten the pause */
	first_try(tried, 0);
	(void) vain_retries(5, true, tried);
	agenda_wish(&agenda, CHORE_FOLD, now);
	fold(1 * MS, 1, false);
	ok(freed(true) == SURELY_MOST - 1 * MS, "... whatever is folded in between");
}

static void
test_maybe(void)
{
	int64		pause;

	first_try(1 * MS, 0);
	(void) vain_retries(1, false, 1 * MS);
	pause = freed(false);
	ok(pause > 0 && pause <= SURELY_MOST, "where leads may have been freed, the pause begins small");
	ok(vain_retries(20, false, 1 * MS) == MAYBE_MOST, "... and grows to a limit");

	first_try(1 * MS, 0);
	(void) vain_retries(20, true, 1 * MS);
	ok(freed(false) == MAYBE_MOST, "... also by retries where some were freed indeed");

	first_try(1 * MS, 0);
	(void) vain_retries(20, false, 1 * MS);
	now += freed(false);
	fold(1 * MS, 1, true);
	(void) vain_retries(1, false, 1 * MS);
	ok(freed(false) <= SURELY_MOST, "... until one does something");

	agenda_init(&agenda);
	ok(freed(true) == AGENDA_NEVER - now, "where nobody was passed over, nobody is tried again");
}

/* A round of a chore that may wait took so long: when is the next one? */
static int64
pause_after(Chore chore, int64 spent)
{
	agenda_init(&agenda);
	now = 1000000 * MS;
	agenda_wish(&agenda, chore, now);
	agenda_begin(&agenda, chore, now);
	agenda_page(&agenda, chore, spent, 1, false);
	now += spent;
	agenda_end(&agenda, chore, now);
	agenda_wish(&agenda, chore, now);
	return agenda_wakes(&agenda) - now;
}

static void
test_pauses(void)
{
	ok(pause_after(CHORE_FOLD, 10000 * MS) == 0, "what is urgent has no pause");
	ok(pause_after(CHORE_FOLD_LATER, 1 * MS) == 250 * MS, "what may wait is collected for a while");
	ok(pause_after(CHORE_FOLD_LATER, 50 * MS) == 500 * MS, "... and takes a tenth of the time");
	ok(pause_after(CHORE_FOLD_LATER, 60000 * MS) == 1000 * MS, "... but a round that took long puts the next one off for a second at most");
	ok(pause_after(CHORE_DUE, 10 * MS) == 100 * MS, "what is due takes a tenth of the time");
	ok(pause_after(CHORE_DUE, 60000 * MS) == 250 * MS, "... and is late by a quarter of a second at most");
}

void
test_agenda(void)
{
	test_pauses();
	test_surely();
	test_many_busy();
	test_maybe();
}
