/*
 * guard.h
 *		May a lead make a move?
 *
 * Every move, whoever asks for it, passes here.  Pure, as decide() is: what
 * must be looked at (entry criteria, roles, answers) is asked through DecideEnv,
 * and only when somebody wants the move.  An agreement whose stages and
 * transitions ask for nothing asks for nothing here.
 */
#ifndef REVOPS_GUARD_H
#define REVOPS_GUARD_H

#include "decide/decide.h"

/*
 * A move that a person or the host wants: it must be a transition of the
 * agreement, with a reason where that wants one, and what a stage asks of those
 * who enter must be there; and what is agreed of leads that sales has (handoff.h):
 * names_survivor says that it is known of whom the lead is a duplicate.
 */
extern Verdict guard_move(const Agreement *agreement, const DecideEnv *env,
						  int from, int to, const char *reason, bool names_survivor);

/*
 * A move that the engine makes by itself, and a lead that begins elsewhere than
 * leads do (from NO_STAGE): the same without the transition and its reason.
 */
extern Verdict guard_entry(const Agreement *agreement, const DecideEnv *env,
						   int from, int to);

#endif							/* REVOPS_GUARD_H */
