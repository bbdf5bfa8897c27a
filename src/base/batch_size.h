/*
 * batch_size.h
 *		How many leads or rows a call is to take: its argument "batch".
 */
#ifndef REVOPS_BATCH_SIZE_H
#define REVOPS_BATCH_SIZE_H

#include "postgres.h"

#include "fmgr.h"

/* The argument; raises 22023 when it is NULL or less than 1. */
extern int32 batch_size(FunctionCallInfo fcinfo, int arg);

#endif							/* REVOPS_BATCH_SIZE_H */
