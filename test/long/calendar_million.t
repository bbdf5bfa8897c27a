#!/bin/bash
#
# calendar_million.t: F1, the comparison of test/modules/test_calendar over every
# zone of the time zone database: a million random moments, each with six
# questions.  make test asks a part of it.
#
set -uo pipefail
database=calendar_million_$$
out=$(mktemp)
trap 'psql -Xqc "DROP DATABASE IF EXISTS $database"; rm -f "$out"' EXIT

make -s -C test/modules/test_calendar install with_llvm=no PG_CONFIG="$PG_CONFIG" \
	COPT="${BUILD_COPT:-}" DESTDIR="$REVOPS_STAGE" > "$out" 2>&1 ||
	{ echo "1..1"; echo "not ok 1 - the module is built"; sed 's/^/# /' "$out"; exit 1; }
psql -Xqc "CREATE DATABASE $database"
psql -XAtqd "$database" -v ON_ERROR_STOP=1 -v zones=2000 \
	-f test/modules/test_calendar/sql/calendar_naive.sql > "$out" 2>&1

echo "1..3"
wrong=$(grep -v '^wrong' "$out" | grep -vc '^t|t|t|t$')
if [ "$wrong" -eq 0 ]; then echo "ok 1 - no answer differs from the clock walked minute by minute"
else echo "not ok 1 - no answer differs from the clock walked minute by minute"; grep -v '^wrong' "$out" | head -20 | sed 's/^/# /'; fi
if [ "$(grep -c '^wrong' "$out")" -eq 3 ]; then echo "ok 2 - all three kinds of questions were asked"
else echo "not ok 2 - all three kinds of questions were asked"; fi
moments=$(psql -XAtqd "$database" -c 'SELECT count(*) FROM answer')
if [ "$moments" -ge 900000 ]; then echo "ok 3 - $moments moments"; else echo "not ok 3 - $moments moments"; fi
