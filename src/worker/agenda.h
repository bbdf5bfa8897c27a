/*
 * agenda.h
 *		When a worker does which chore.
 *
 * Nothing here touches the database.  Times are microseconds of a clock that is
 * never set back, so that a correction of the wall clock delays nothing.
 *
 * A chore is done in rounds, a round in pages.  A round begins when there is a
 * wish for it, and not before its pause is over: what may wait is done at most
 * a tenth of the time, but is never put off for more than a second: on a busy
 * machine rounds that wait for ten times as long as they took would leave more
 * and more for the next one.  A round that passed busy leads
 * over is repeated when leads may have been freed; the longer that is in vain,
 * the more rarely.  When leads were freed indeed it is repeated at once, however
 * often it was in vain where they may have been; only what is in vain after that
 * too is repeated less often.  What failed is tried again after 1 s, 2 s, ...
 * 1 minute.
 */
#ifndef REVOPS_AGENDA_H
#define REVOPS_AGENDA_H

#include "postgres.h"

#include "worker/chore.h"

#define AGENDA_NEVER	PG_INT64_MAX

typedef struct ChoreTimes
{
	int64		wish_at;		/* a round is to begin then; AGENDA_NEVER: no wish */
	int64		retry_at;		/* the same, to try busy leads again */
	int64		pause_until;
	int64		ended;			/* when the last round ended */
	int64		spent;			/* how long its pages took */
	int64		vain;			/* how long those took that did nothing */
	int64		rest_until;		/* no retry before, also where leads were freed indeed */
	bool		running;		/* a round has begun */
	bool		retrying;		/* it tries busy leads again */
	bool		surely;			/* and some were freed indeed */
	bool		retry_surely;	/* so will the retry that was asked for */
	bool		passed;			/* busy leads were passed over and not tried again yet */
	bool		fruitful;		/* the round did something */
	int			barren;			/* retries in a row that did nothing */
	int			surely_barren;	/* the same, of those where leads were freed indeed */
	int			failures;		/* in a row */
} ChoreTimes;

typedef struct Agenda
{
	ChoreTimes	chores[N_CHORES];
	Chore		last;
} Agenda;

/* The clock, now. */
extern int64 agenda_clock(void);

extern void agenda_init(Agenda *agenda);

/* A round of the chore is to begin as soon as its pause allows. */
extern void agenda_wish(Agenda *agenda, Chore chore, int64 now);

/* Chores that passed leads over are to try again; surely: leads were freed indeed. */
extern void agenda_freed(Agenda *agenda, bool surely, int64 now);

/* Forget all wishes. */
extern void agenda_clear(Agenda *agenda);

/*
 * Is a chore to be done now?  Takes turns, so that none keeps the others
 * waiting for more than a page.
 */
extern bool agenda_next(const Agenda *agenda, int64 now, Chore *chore);

/* Is this page the first of a round?  Then the round begins. */
extern bool agenda_begin(Agenda *agenda, Chore chore, int64 now);

/* A page was done. */
extern void agenda_page(Agenda *agenda, Chore chore, int64 spent, int done, bool passed);

/* The round is over. */
extern void agenda_end(Agenda *agenda, Chore chore, int64 now);

/* It failed: it is to be begun anew, later. */
extern void agenda_failed(Agenda *agenda, Chore chore, int64 now);

/* When the next chore is to be done; AGENDA_NEVER: none is. */
extern int64 agenda_wakes(const Agenda *agenda);

/* Did any chore pass leads over?  Did any fail that was not tried again yet? */
extern bool agenda_passed(const Agenda *agenda);
extern bool agenda_failing(const Agenda *agenda);

/* 1 s, 2 s, ... 1 minute, after so many failures. */
extern int64 agenda_backoff(int failures);

#endif							/* REVOPS_AGENDA_H */
