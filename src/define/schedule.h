/*
 * schedule.h
 *		Whose turn it is: a fair periodic schedule for weighted members.
 */
#ifndef REVOPS_SCHEDULE_H
#define REVOPS_SCHEDULE_H

#include "postgres.h"

/*
 * Fill turns[0 .. total-1], total being the sum of the n weights, with the
 * places (0 .. n-1) of the members.  At every moment each member's count
 * differs from its exact share by at most 1 - 1/(2n-2): the best bound there is
 * (R. Tijdeman, The chairman assignment problem, 1980).  Needs no server.
 */
extern void schedule_fill(int n, const int64 *weights, int32 *turns);

/* Divide the weights by their greatest common divisor; returns their sum. */
extern int64 schedule_reduce(int n, int64 *weights);

#endif							/* REVOPS_SCHEDULE_H */
