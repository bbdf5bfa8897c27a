/*
 * refusal.h
 *		Tells why a move can't be made.
 */
#ifndef REVOPS_REFUSAL_H
#define REVOPS_REFUSAL_H

#include "settle/settle.h"

/*
 * Raise RV003 (RV008 where another has accepted the lead) to a verb's caller, or to a strict host, for a decision that was
 * refused; of one that was not it says nothing.
 */
extern void refusal_raise(Settle *s, const LeadRow *row, const Effects *e);

#endif							/* REVOPS_REFUSAL_H */
