/*
 * nurture.h
 *		A lead's place in a track: read, and written after a decision.
 *
 * The lead is locked all the while.  A lead that is in no track costs the look
 * at two flags of its row.  Of an enrolment's timers the one of its next_at
 * counts, of a lead's timers of silence the one that there is; whoever fires one
 * that does not count finds nothing to do.
 */
#ifndef REVOPS_SETTLE_NURTURE_H
#define REVOPS_SETTLE_NURTURE_H

#include "settle/settle.h"

/* A lead's newest enrolment. */
typedef struct EnrolmentRow
{
	Enrolment	enrolment;
	ItemPointerData tid;
	int32		seq;			/* 0: the lead never was in a track */
	int32		changes;
	Datum		values[ENROL_COLS]; /* copied into the current context */
	bool		nulls[ENROL_COLS];
} EnrolmentRow;

/* The lead's touches after a moment, in order of time; what was taken back is left out. */
extern TouchRow *touches_after(Settle *s, int64 lead_id, TimestampTz since, int *n);

/* May touches be more to tracks than points, so that the lead must be locked? */
extern bool nurture_listens(const Settle *s, const LeadState *state, const TouchSums *sums);

/*
 * What is new to tracks, read under the fold's snapshot; `spoke` tells that some
 * of the new touches may be a conversation.  `row` is filled in where the
 * decision needs an enrolment, and must live until nurture_write.
 */
extern void nurture_news(Settle *s, const LeadRow *lead, const LeadChange *change, bool spoke,
						 LeadNews *news, EnrolmentRow *row);

/* Write what was decided: facts, enrolments, timers, events. */
extern void nurture_write(Settle *s, const LeadRow *lead, const Effects *effects,
						  const EnrolmentRow *row);

/* The track that the lead was recycled into last, and who had it then; false: none. */
extern bool nurture_last_recycled(Settle *s, int *track, int32 *rep_id);

/* The step that was marked done last: of the track of the lead's newest enrolment; NULL: none. */
extern const TrackStep *nurture_step_done(Settle *s, int64 lead_id);

#endif							/* REVOPS_SETTLE_NURTURE_H */
