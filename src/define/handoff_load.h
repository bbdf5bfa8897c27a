/*
 * handoff_load.h
 *		Loads what an agreement says of leads that sales has.
 */
#ifndef REVOPS_HANDOFF_LOAD_H
#define REVOPS_HANDOFF_LOAD_H

#include "define/definitions.h"

/*
 * Fill in agreement->handoff, attempts_zone, and which signals are attempts.
 * Signals must be loaded; see load.h for when it may be called.
 */
extern void load_handoff(Definitions *def);

#endif							/* REVOPS_HANDOFF_LOAD_H */
