/*
 * shared_area.h
 *		Shared memory of the engine's own, where the library was preloaded.
 *
 * An area is announced while shared_preload_libraries are loaded.  A server
 * that did not preload the library has none, and everything that uses an area
 * must do without.
 */
#ifndef REVOPS_SHARED_AREA_H
#define REVOPS_SHARED_AREA_H

#include "postgres.h"

typedef struct SharedArea
{
	const char *name;			/* unique in the server */
	Size		(*size) (void);
	void		(*init) (void *memory); /* fill it: once a start of the server */
	void	  **place;			/* where its address goes */

	/* private */
	struct SharedArea *next;
} SharedArea;

/*
 * Announce an area, which lives as long as the process; called from _PG_init
 * while the library is preloaded.
 */
extern void shared_area_announce(SharedArea *area);

#endif							/* REVOPS_SHARED_AREA_H */
