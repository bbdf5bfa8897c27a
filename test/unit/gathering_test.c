/*
 * gathering_test.c
 *		The worker names leads whose touches are to gather, and lets them go.
 */
#include "postgres.h"

#include "base/gathering.h"
#include "tap.h"

/* How many of the leads 1 to n are named. */
static int
named(Gathering *gathering, int n)
{
	int			count = 0;

	for (int lead = 1; lead <= n; lead++)
		count += gathering_has(gathering, lead);
	return count;
}

void
test_gathering(void)
{
	Gathering	gathering;

	gathering_init(&gathering);
	ok(named(&gathering, 100) == 0, "at first no lead's touches gather");

	gathering_ask(&gathering, 7);
	gathering_ask(&gathering, 7);
	ok(gathering_has(&gathering, 7) && named(&gathering, 100) == 1, "those of a lead that was busy do");
	gathering_ask(&gathering, 9);
	gathering_end(&gathering, 7);
	ok(gathering_has(&gathering, 9) && named(&gathering, 100) == 1, "until it is folded, whatever becomes of others");
	gathering_end(&gathering, 7);
	gathering_end(&gathering, 9);
	ok(named(&gathering, 100) == 0 && pg_atomic_read_u32(&gathering.any) == 0, "and then nobody looks at the list");

	for (int lead = 1; lead <= 100; lead++)
	{
		gathering_ask(&gathering, lead);
		if (!gathering_has(&gathering, lead))
			break;
	}
	ok(named(&gathering, 100) == GATHERING_MOST && gathering_has(&gathering, 100), "of more than there is room for, the latest count");
	gathering_clear(&gathering);
	ok(named(&gathering, 100) == 0, "all are let go at once");
}
