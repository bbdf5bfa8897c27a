/*
 * tap.h
 *		Test results as TAP, and random numbers that are the same everywhere.
 */
#ifndef UNIT_TAP_H
#define UNIT_TAP_H

#include "postgres.h"

/* One test: its outcome, and its name as printf would write it. */
extern void ok(bool good, const char *name,...) pg_attribute_printf(2, 3);

/* The same text?  Shows both where not. */
extern void same_text(const char *got, const char *expected, const char *name);

/* Uniform in 0 .. n - 1, from one seeded sequence. */
extern uint32 random_below(uint32 n);

/* True once in n. */
extern bool one_in(uint32 n);

/* The groups of tests. */
extern void test_cases(void);
extern void test_nurture(void);
extern void test_auto(void);
extern void test_fuzz(void);
extern void test_caps(void);
extern void test_decay(void);
extern void test_schedule(void);
extern void test_agenda(void);
extern void test_held(void);
extern void test_want(void);
extern void test_gathering(void);

#endif							/* UNIT_TAP_H */
