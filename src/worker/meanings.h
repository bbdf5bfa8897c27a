/*
 * meanings.h
 *		Notices that a rule in force has come to mean something else.
 */
#ifndef REVOPS_MEANINGS_H
#define REVOPS_MEANINGS_H

#include "postgres.h"

/*
 * Where definitions, attached tables or functions have changed since this session
 * looked last, look at what the rules in force mean, and tell what has changed;
 * returns how many rules.  Where another session is at it, it is left for the next
 * time.  What fails is a fault, and no error.
 */
extern int	meanings_note(void);

#endif							/* REVOPS_MEANINGS_H */
