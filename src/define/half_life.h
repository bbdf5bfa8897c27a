/*
 * half_life.h
 *		Half-lives as people write them.
 */
#ifndef REVOPS_HALF_LIFE_H
#define REVOPS_HALF_LIFE_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * A half-life in microseconds, 0 for infinity: PostgreSQL 15 has no infinite
 * intervals, so 1000 years or more mean "never fades", as infinity does where
 * there is one.  Raises RV004 for an interval with months, which have no fixed
 * length, or under a minute.
 */
extern int64 half_life_usecs(const Interval *half_life);

#endif							/* REVOPS_HALF_LIFE_H */
