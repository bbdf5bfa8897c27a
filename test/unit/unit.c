/*
 * unit.c
 *		Runs the tests of what needs no server, and stands in for the few
 *		functions of a server that this code calls.
 */
#include "postgres.h"

#include <stdarg.h>
#include <stdio.h>

#include "tap.h"

#undef printf
#undef vprintf

static int	tests;
static int	failures;
static uint64 seed = UINT64CONST(20260302);

void *
palloc0(Size size)
{
	return calloc(1, size);
}

void *
palloc(Size size)
{
	return malloc(size);
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return malloc(size);
}

void *
repalloc(void *pointer, Size size)
{
	return realloc(pointer, size);
}

void
pfree(void *pointer)
{
	free(pointer);
}

#if PG_VERSION_NUM >= 160000
void
ExceptionalCondition(const char *condition, const char *file, int line)
#else
void
ExceptionalCondition(const char *condition, const char *type, const char *file, int line)
#endif
{
	printf("Bail out! assertion \"%s\" failed in %s:%d\n", condition, file, line);
	exit(1);
}

void
ok(bool good, const char *name,...)
{
	va_list		args;

	tests++;
	failures += !good;
	printf("%sok %d - ", good ? "" : "not ", tests);
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	printf("\n");
}

void
same_text(const char *got, const char *expected, const char *name)
{
	bool		good = strcmp(got, expected) == 0;

	ok(good, "%s", name);
	if (!good)
		printf("#      got: %s\n# expected: %s\n", got, expected);
}

uint32
random_below(uint32 n)
{
	/* splitmix64 */
	uint64		z = (seed += UINT64CONST(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return (uint32) ((z ^ (z >> 31)) % n);
}

bool
one_in(uint32 n)
{
	return random_below(n) == 0;
}

int
main(void)
{
	test_decay();
	test_caps();
	test_schedule();
	test_agenda();
	test_held();
	test_want();
	test_gathering();
	test_cases();
	test_nurture();
	test_auto();
	test_fuzz();
	printf("1..%d\n", tests);
	return failures > 0;
}
