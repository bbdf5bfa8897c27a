/*
 * errors.h
 *		SQLSTATEs of class RV: what an application can tell apart.
 *
 * A message of ours names the object and the value, its DETAIL says what was
 * found, its HINT the way out.
 */
#ifndef REVOPS_ERRORS_H
#define REVOPS_ERRORS_H

#include "utils/elog.h"

/* a rule, filter, route or policy condition, or a role expression, is not valid */
#define ERRCODE_REVOPS_INVALID_RULE			MAKE_SQLSTATE('R', 'V', '0', '0', '1')
/* no such workspace, lead, stage, reason, signal, team, rep, binding ... */
#define ERRCODE_REVOPS_UNKNOWN_OBJECT		MAKE_SQLSTATE('R', 'V', '0', '0', '2')
/* the lead may not make this move */
#define ERRCODE_REVOPS_ILLEGAL_MOVE			MAKE_SQLSTATE('R', 'V', '0', '0', '3')
/* a definition contradicts itself: threshold out of range, calendar never open */
#define ERRCODE_REVOPS_INVALID_DEFINITION	MAKE_SQLSTATE('R', 'V', '0', '0', '4')
/* a table cannot be attached as asked: no key, unknown role, not a table */
#define ERRCODE_REVOPS_INVALID_BINDING		MAKE_SQLSTATE('R', 'V', '0', '0', '5')
/* an agreement is not in the state that the call needs: active ones are immutable */
#define ERRCODE_REVOPS_AGREEMENT_STATE		MAKE_SQLSTATE('R', 'V', '0', '0', '6')
/* history is append-only */
#define ERRCODE_REVOPS_APPEND_ONLY			MAKE_SQLSTATE('R', 'V', '0', '0', '7')

/* somebody else has accepted the lead */
#define ERRCODE_REVOPS_ACCEPTED				MAKE_SQLSTATE('R', 'V', '0', '0', '8')

#endif							/* REVOPS_ERRORS_H */
