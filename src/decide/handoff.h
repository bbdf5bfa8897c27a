/*
 * handoff.h
 *		Who has a lead, and what is agreed of those that sales has.
 *
 * Sales may say "no response" of a lead only after so many attempts to reach it,
 * on so many days, and "duplicate" only with the lead that it is a duplicate of:
 * by whatever verb, and in whatever column of the host.  Pure, as decide() is.
 */
#ifndef REVOPS_HANDOFF_H
#define REVOPS_HANDOFF_H

#include "decide/decide.h"

/* Is a lead in this stage still marketing's to promote or to drop? */
extern bool handoff_before_acceptance(const Agreement *a, int stage, bool qualified_too);

/* Has sales the leads of this stage?  It can refuse or send back only what it was given. */
extern bool handoff_with_sales(const Agreement *a, int stage);

/* Has sales accepted the leads of this stage? */
extern bool handoff_is_accepted(const Agreement *a, int stage);

/* Has somebody taken the leads of this stage out of the lifecycle, be it with a way back? */
extern bool handoff_was_dropped(const Agreement *a, int stage);

/*
 * Add to the verdict what the handoff rule has against dropping a lead for this
 * reason (NULL: none is given).
 */
extern void handoff_guard(const Agreement *a, const DecideEnv *env, int from, int to,
						  const char *reason, bool names_survivor, Verdict *verdict);

#endif							/* REVOPS_HANDOFF_H */
