/*
 * versions.h
 *		Versions of the agreement that are to be in force from a moment on.
 */
#ifndef REVOPS_VERSIONS_H
#define REVOPS_VERSIONS_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * Puts those into force whose moment has come; how many?  One that cannot be
 * is a fault, and tried again later.  Nobody is waited for: passed tells
 * whether somebody holds one.
 */
extern int	versions_activate(TimestampTz now, bool *passed);

#endif							/* REVOPS_VERSIONS_H */
