/*
 * verb.h
 *		What all verbs, which people do to a lead, have in common: see verbs.c.
 */
#ifndef REVOPS_VERB_H
#define REVOPS_VERB_H

#include "postgres.h"

#include "fmgr.h"

#include "settle/settle.h"

/* Raises 22004 where an argument, counted from 0, is NULL. */
extern void refuse_null(FunctionCallInfo fcinfo, int arg, const char *function, const char *name);

/* Raises RV002: there is no lead of this number. */
extern void unknown_lead(int64 lead_id);

/* What a message repeats of a code that nobody knows: its first 200 characters. */
extern const char *echoed(const char *code);

/* The workspace of a lead; raises RV002 for an unknown one. */
extern int32 workspace_of(int64 lead_id);

/* Raises RV002 where the workspace does not give this reason (NULL: none is given) for the verb. */
extern void check_reason(int32 workspace_id, const char *verb, const char *reason);

/* A verb of this kind, with this reason (NULL: none). */
extern void verb_init(Verb *verb, VerbKind kind, const char *reason);

/* Settle one lead with a verb, and end the settle.  Waits for the lead. */
extern void act(Settle *s, int64 lead_id, const Verb *verb);

/* The stage that the lead is in now, for the caller to see. */
extern Datum stage_now(int64 lead_id);

#endif							/* REVOPS_VERB_H */
