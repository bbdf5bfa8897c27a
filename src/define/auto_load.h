/*
 * auto_load.h
 *		Loads what an agreement moves by itself: automatic moves, longest stays,
 *		silence that counts as acceptance.
 */
#ifndef REVOPS_AUTO_LOAD_H
#define REVOPS_AUTO_LOAD_H

#include "define/definitions.h"

/*
 * Fill in agreement->autos, the stays of its stages, silence_accepts and
 * automatic.  Stages must be loaded; see load.h for when it may be called.
 */
extern void load_auto(Definitions *def);

#endif							/* REVOPS_AUTO_LOAD_H */
