/*
 * policy_load.h
 *		Loads what an agreement promises.
 */
#ifndef REVOPS_POLICY_LOAD_H
#define REVOPS_POLICY_LOAD_H

#include "define/definitions.h"

/*
 * Fill in the policies with their steps, agreement->promises, and watches.
 * Stages must be loaded; see load.h for when it may be called.
 */
extern void load_policies(Definitions *def);

#endif							/* REVOPS_POLICY_LOAD_H */
