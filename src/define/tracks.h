/*
 * tracks.h
 *		Loads the nurture tracks of an agreement and their steps.
 */
#ifndef REVOPS_TRACKS_H
#define REVOPS_TRACKS_H

#include "define/definitions.h"

/*
 * Fill in agreement->tracks and track_texts, and what signals do to tracks.
 * Stages and signals must be loaded; see load.h for when it may be called.
 */
extern void load_tracks(Definitions *def);

#endif							/* REVOPS_TRACKS_H */
