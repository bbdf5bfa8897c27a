/*
 * want_test.c
 *		Who ends a transaction tells the worker of freed leads, and not too often.
 */
#include "postgres.h"

#include "base/want.h"
#include "tap.h"

void
test_want(void)
{
	Want		want;

	want_init(&want);
	ok(!want_take(&want, true) && !want_take(&want, false), "nothing is told that nobody wants to know");

	want_any(&want);
	ok(want_take(&want, false), "it is told that leads may have been freed");
	ok(!want_take(&want, false), "... once");
	ok(want_take(&want, true), "... and still that they were freed indeed");
	ok(!want_take(&want, true) && !want_take(&want, false), "... once, and then nothing any more");

	want_any(&want);
	ok(want_take(&want, true) && !want_take(&want, false), "the stronger answer makes the weaker one needless");

	want_any(&want);
	want_none(&want);
	ok(!want_take(&want, true), "what is not wanted any longer is not told");
}
