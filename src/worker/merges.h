/*
 * merges.h
 *		What is told of a merged lead later goes to its survivor.
 */
#ifndef REVOPS_MERGES_H
#define REVOPS_MERGES_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* Runs follow_merges(); what fails is a fault, and no error. */
extern void merges_follow(TimestampTz now);

#endif							/* REVOPS_MERGES_H */
