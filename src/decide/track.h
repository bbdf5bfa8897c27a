/*
 * track.h
 *		Nurture tracks, and a lead's place in one: what decisions read and say
 *		of them.  See nurture.h for the rules.
 */
#ifndef REVOPS_TRACK_H
#define REVOPS_TRACK_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* a track by its place in Agreement.tracks */
#define NO_TRACK	(-1)

/* Who gets a lead that came back, when it is handed over anew. */
typedef enum BackTo
{
	BACK_TO_OWNER,				/* the rep who had it, while active */
	BACK_TO_OTHER,				/* by the routes, never the rep who had it then */
	BACK_TO_ROUTE				/* by the routes */
} BackTo;

typedef struct Track
{
	char	   *code;
	bool		sequence;		/* sales'; else marketing's */
	bool		takes_rest;		/* recycled leads whose reason no track names */
	int			nreasons;
	char	  **reasons;
	int64		silent_after;	/* microseconds; 0: silence brings nobody in */
	int64		back_after;		/* microseconds after sales' date; -1: the date brings nobody back */
	int			back_intent;	/* points; 0: intent brings nobody back */
	bool		back_when;		/* a condition may */
	int			back_stage;		/* NO_STAGE: where leads enter */
	BackTo		back_to;
	int			nsteps;
	int		   *positions;		/* of the steps, ascending */
} Track;

/* A lead's newest enrolment, as it was before a decision. */
typedef struct Enrolment
{
	bool		open;			/* the lead has not left the track */
	bool		recycled;		/* it entered by being recycled */
	bool		stopped;		/* no more steps */
	int			track;			/* NO_TRACK: this version lacks it */
	int32		step;			/* position of the last that fell due; 0: none */
	int32		done;			/* position of the last that was done; 0: none */
	int32		rep_id;			/* who had the lead when it entered; 0: nobody */
	TimestampTz enrolled_at;
	TimestampTz next_at;		/* when the next step falls due; NO_TIME: never */
} Enrolment;

/* What is new about a lead that tracks listen to. */
typedef struct NurtureNews
{
	const Enrolment *enrolment; /* NULL: none that is open, or that the verb needs */
	const char *heard;			/* signal that stops the steps, NULL: none came */
	double		renewed_pos;	/* sums of the touches since it was enrolled */
	double		renewed_neg;
	TimestampTz spoke_at;		/* latest conversation that is news, or at all if silence is due; NO_TIME: none */
	TimestampTz inbound_at;		/* latest inbound touch within silent_after; NO_TIME: none */
	bool		step_due;		/* the timer of its next step fires */
	bool		silence_due;	/* the timer of its silence fires */
	bool		forgotten;		/* the person is erased */
} NurtureNews;

/* What becomes of it. */
typedef struct NurtureEffects
{
	/* of the enrolment that there was */
	int32		due;			/* position of the step that falls due; 0: none */
	int32		done;			/* position of the step that was done; 0: none */
	TimestampTz next_at;		/* of the step after the one that falls due */
	bool		stops;			/* no more steps */
	bool		ends;			/* the lead leaves the track */
	const char *cause;			/* why it stops or ends */
	const char *reason;			/* signal; NULL: none */

	/* of a new one */
	int			track;			/* NO_TRACK: none */
	const char *entry_cause;
	const char *entry_reason;	/* NULL: none */
	TimestampTz not_before;		/* NO_TIME: sales gave no date */
	TimestampTz first_at;		/* when its first step falls due; NO_TIME: it has none */

	TimestampTz silent_at;		/* timer of the lead's silence to be set; NO_TIME: none */
} NurtureEffects;

/* What decisions about tracks ask of the outside. */
typedef struct NurtureEnv
{
	/* does the track's condition for the way back hold? */
	bool		(*comes_back) (void *arg, int track);
	/* when is a step due that is counted from here, but not before then? */
	bool		(*step_at) (void *arg, int track, int step, TimestampTz from,
							TimestampTz not_before, TimestampTz *at);
	/* track that the lead was recycled into last, and who had it then; false: none */
	bool		(*last_recycled) (void *arg, int *track, int32 *rep_id);
} NurtureEnv;

#endif							/* REVOPS_TRACK_H */
