/*
 * overrides.h
 *		What people have set in place of what the rules say of a lead.
 *
 * Facts are in revops.score_override; the lead's row has what holds now, which
 * decisions and views read.  Whoever appends a fact, and the timer at its end,
 * settles the lead with LeadChange.overrides.
 */
#ifndef REVOPS_OVERRIDES_H
#define REVOPS_OVERRIDES_H

#include "postgres.h"

#include "settle/settle.h"

/*
 * Where the change asks for it, read what holds for the lead, which must be
 * locked, at s->now.  Overrides whose end has come are told of by events, where
 * they held until now.
 */
extern void overrides_news(Settle *s, const LeadRow *row, const LeadChange *change,
						   LeadNews *news);

/*
 * Append a fact: part is "fit", "intent" or "disqualified", value NOT_SET takes
 * it back.  Sets the timer of its end.  The caller has checked all of it, and
 * settles the lead afterwards.
 */
extern void overrides_append(Settle *s, int64 lead_id, const char *part, int16 value,
							 const char *reason, TimestampTz until);

/* Has anybody set this part of the lead's score, and is it not over? */
extern bool overrides_any(Settle *s, int64 lead_id, const char *part);

#endif							/* REVOPS_OVERRIDES_H */
