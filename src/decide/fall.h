/*
 * fall.h
 *		The borders that a lead's intent falls through as time passes, and when.
 *
 * Interest that fades moves nothing by itself, but it changes what people read:
 * the digit of the grade, and whether the lead still has what an MQL needs.  All
 * of a lead's points share one half-life, so the moment at which it is at a
 * border no more follows from its sums.  Pure, as decide() is.
 */
#ifndef REVOPS_FALL_H
#define REVOPS_FALL_H

#include "postgres.h"

#include "decide/decide.h"

typedef enum Border
{
	BORDER_GRADE_1,				/* lower bounds of the grade's digits */
	BORDER_GRADE_2,
	BORDER_GRADE_3,
	BORDER_MQL_INTENT,			/* floors of an MQL */
	BORDER_MQL_SCORE,
	N_BORDERS
} Border;

/* the word for a border, as facts carry it */
extern const char *border_name(Border border);

/* Work out what is the same for every lead of the version. */
extern void borders_set(Agreement *agreement);

/*
 * The first moment, a microsecond, at which the lead is below the border if
 * nothing but time happens to it.  DT_NOEND: never; DT_NOBEGIN: it never
 * was above.
 */
extern TimestampTz border_falls_at(const Agreement *agreement, const LeadState *state,
								   Border border);

/*
 * The first moment after the one and before the other at which the lead falls
 * through a border; DT_NOEND: none.  A lead that is gone or disqualified is
 * nobody's concern: none.
 */
extern TimestampTz next_fall(const Agreement *agreement, const LeadState *state,
							 TimestampTz after, TimestampTz before);

#endif							/* REVOPS_FALL_H */
