/*
 * nurture.h
 *		Tracks, decided: who enters one, which step is due, what stops it, and
 *		what brings a recycled lead back.
 *
 * A lead is in one track at a time.  It enters when it is recycled (the track
 * of the reason, no step before sales' date), when it has been silent for long
 * enough after a conversation, or when somebody enrols it.  A reply, a signal
 * of high intent or a move to sales stops it.  A recycled lead whose steps have
 * stopped stays in its track, which knows the way back.
 */
#ifndef REVOPS_NURTURE_H
#define REVOPS_NURTURE_H

#include "decide/decide.h"

extern void nurture_news_init(NurtureNews *news);
extern void nurture_effects_init(NurtureEffects *effects);

/* Track of a lead that is recycled for this reason (NULL: none is given), or NO_TRACK. */
extern int	track_of_reason(const Agreement *agreement, const char *reason);

/* The track with this code, or NO_TRACK. */
extern int	track_by_code(const Agreement *agreement, const char *code, int len);

/* When sales' date brings a lead back that is recycled for this reason; NO_TIME: never. */
extern TimestampTz recycled_until(const Agreement *agreement, const char *reason,
								  TimestampTz until);

/* Stage in which this lead comes back. */
extern int	way_back_stage(const Agreement *agreement, const NurtureNews *news);

/* Does renewed intent, or the track's condition, bring a recycled lead back now? */
extern bool way_back_opens(const Agreement *agreement, const LeadNews *news,
						   TimestampTz now, const DecideEnv *env, Cause *cause);

/*
 * Decide about tracks, once all moves of the decision are made: effects->next,
 * effects->moves are read, effects->nurture and the two flags of the state are
 * written.  A verb that can't be done is refused.
 */
extern void nurture_decide(const Agreement *agreement, const LeadState *before,
						   const LeadNews *news, TimestampTz now, const DecideEnv *env,
						   Effects *effects);

#endif							/* REVOPS_NURTURE_H */
