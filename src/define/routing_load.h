/*
 * routing_load.h
 *		Reading reps, teams, routes, absences and skills into a snapshot of definitions.
 */
#ifndef REVOPS_ROUTING_LOAD_H
#define REVOPS_ROUTING_LOAD_H

#include "define/definitions.h"

/* Called once, while the snapshot is loaded (see load.h). */
extern void load_routing(Definitions *def);

#endif							/* REVOPS_ROUTING_LOAD_H */
