/*
 * agenda.c
 *		See agenda.h.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "portability/instr_time.h"

#include "worker/agenda.h"

#define MSEC	INT64CONST(1000)

/* a pause is this many times as long as the round took: a tenth of the time */
#define SHARE			10
/* deltas that may wait are collected for so long at least */
#define FOLD_LATER_PAUSE	(250 * MSEC)
/* however long a round took: what comes meanwhile must not make the next one longer still */
#define FOLD_LATER_MAX		(1000 * MSEC)
#define DUE_MAX			(250 * MSEC)
/* changes are rolled up together: who reads the KPIs adds those that wait */
#define ROLL_UP_PAUSE	(500 * MSEC)
#define ROLL_UP_MAX		(15000 * MSEC)
/* after a vain retry where leads were freed indeed: at most */
#define RETRY_MAX		(50 * MSEC)
/* and where they may have been: at least, and at most */
#define MAYBE_MIN		(20 * MSEC)
#define MAYBE_MAX		(1000 * MSEC)
/* doublings that are enough to reach any of these limits */
#define DOUBLINGS		16

int64
agenda_clock(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

int64
agenda_backoff(int failures)
{
	int64		second = 1000 * MSEC;

	return Min(second << Min(Max(failures, 1) - 1, DOUBLINGS), 60 * second);
}

void
agenda_init(Agenda *agenda)
{
	memset(agenda, 0, sizeof(Agenda));
	agenda_clear(agenda);
}

void
agenda_clear(Agenda *agenda)
{
	for (int i = 0; i < N_CHORES; i++)
	{
		ChoreTimes *c = &agenda->chores[i];

		c->wish_at = c->retry_at = AGENDA_NEVER;
		c->running = c->retrying = c->retry_surely = c->passed = false;
		c->failures = c->barren = c->surely_barren = 0;
		c->rest_until = 0;
	}
}

void
agenda_wish(Agenda *agenda, Chore chore, int64 now)
{
	agenda->chores[chore].wish_at = Min(agenda->chores[chore].wish_at, now);
}

/* Nothing after a retry that did something, then this pause, twice, ... at most so much. */
static int64
doubled(int64 pause, int barren, int64 most)
{
	return barren == 0 ? 0 : Min(pause << Min(barren - 1, DOUBLINGS), most);
}

/* When to try again where leads may have been freed. */
static int64
maybe_at(const ChoreTimes *c)
{
	int64		rest = SHARE * c->spent;

	return c->ended + Min(Max(rest, doubled(Max(rest, MAYBE_MIN), c->barren, MAYBE_MAX)), MAYBE_MAX);
}

void
agenda_freed(Agenda *agenda, bool surely, int64 now)
{
	for (int i = 0; i < N_CHORES; i++)
	{
		ChoreTimes *c = &agenda->chores[i];
		int64		at = surely ? c->rest_until : maybe_at(c);

		if (!c->passed)
			continue;
		c->retry_at = Min(c->retry_at, Max(now, at));
		c->retry_surely |= surely;
	}
}

/* When the chore's next page may be done. */
static int64
ready_at(const ChoreTimes *c)
{
	int64		at = Min(c->wish_at, c->retry_at);

	if (c->running)
		return 0;
	return at == AGENDA_NEVER ? at : Max(at, c->pause_until);
}

bool
agenda_next(const Agenda *agenda, int64 now, Chore *chore)
{
	for (int i = 1; i <= N_CHORES; i++)
	{
		Chore		turn = (Chore) ((agenda->last + i) % N_CHORES);

		if (ready_at(&agenda->chores[turn]) > now)
			continue;
		*chore = turn;
		return true;
	}
	return false;
}

bool
agenda_begin(Agenda *agenda, Chore chore, int64 now)
{
	ChoreTimes *c = &agenda->chores[chore];

	agenda->last = chore;
	if (c->running)
		return false;
	c->running = true;
	c->retrying = c->retry_at <= now;
	if (c->retrying)
	{
		c->surely = c->retry_surely;
		c->retry_at = AGENDA_NEVER;
		c->retry_surely = c->passed = false;
	}
	c->wish_at = AGENDA_NEVER;
	c->fruitful = false;
	c->spent = c->vain = 0;
	return true;
}

void
agenda_page(Agenda *agenda, Chore chore, int64 spent, int done, bool passed)
{
	ChoreTimes *c = &agenda->chores[chore];

	c->spent += spent;
	c->vain += done > 0 ? 0 : spent;
	c->fruitful |= done > 0;
	c->passed |= passed;
}

/* The round that ends tried busy leads again: was it in vain? */
static void
learn(ChoreTimes *c, int64 now)
{
	bool		barren = c->passed && !c->fruitful;

	c->barren = barren ? c->barren + 1 : 0;
	if (!c->surely)
		return;
	c->surely_barren = barren ? c->surely_barren + 1 : 0;
	/* many leads that stay busy take half of the time at most */
	c->rest_until = now + Max(c->vain, doubled(SHARE * c->vain, c->surely_barren, RETRY_MAX));
}

void
agenda_end(Agenda *agenda, Chore chore, int64 now)
{
	ChoreTimes *c = &agenda->chores[chore];

	c->running = false;
	c->ended = now;
	c->failures = 0;
	if (c->retrying)
		learn(c, now);
	else if (c->fruitful || !c->passed)
		c->barren = 0;
	switch (chore)
	{
		case CHORE_FOLD:
		case CHORE_INBOX:
		case CHORE_WRITE_BACK:
			c->pause_until = now;
			break;
		case CHORE_DUE:
			c->pause_until = now + Min(SHARE * c->spent, DUE_MAX);
			break;
		case CHORE_FOLD_LATER:
			c->pause_until = now + Min(Max(SHARE * c->spent, FOLD_LATER_PAUSE), FOLD_LATER_MAX);
			break;
		case CHORE_ROLL_UP:
			c->pause_until = now + Min(Max(SHARE * c->spent, ROLL_UP_PAUSE), ROLL_UP_MAX);
			break;
	}
}

void
agenda_failed(Agenda *agenda, Chore chore, int64 now)
{
	ChoreTimes *c = &agenda->chores[chore];

	c->running = false;
	c->ended = now;
	/* all of it, also the leads that it had passed over */
	c->retry_at = now;
	c->pause_until = now + agenda_backoff(++c->failures);
}

int64
agenda_wakes(const Agenda *agenda)
{
	int64		wakes = AGENDA_NEVER;

	for (int i = 0; i < N_CHORES; i++)
		wakes = Min(wakes, ready_at(&agenda->chores[i]));
	return wakes;
}

bool
agenda_passed(const Agenda *agenda)
{
	for (int i = 0; i < N_CHORES; i++)
		if (agenda->chores[i].passed)
			return true;
	return false;
}

bool
agenda_failing(const Agenda *agenda)
{
	for (int i = 0; i < N_CHORES; i++)
		if (agenda->chores[i].failures > 0)
			return true;
	return false;
}
