/*
 * hold.h
 *		Leads that would move by themselves, but for what is missing.
 *
 * What such a lead waits for is a row of revops.held_lead, and lead.held says
 * that there is one: of a lead that is not held nothing is read.
 */
#ifndef REVOPS_HOLD_H
#define REVOPS_HOLD_H

#include "settle/settle.h"

/* What a lead whose row says that it is held waits for. */
extern void hold_read(Settle *s, int64 lead_id, Hold *hold);

/*
 * Make the table say what was decided.  `row` is the lead's before the decision;
 * an event tells of a lead that waits for another stage than before.
 */
extern void hold_write(Settle *s, const LeadRow *row, const Effects *effects);

#endif							/* REVOPS_HOLD_H */
