#!/bin/bash
#
# reference.t: doc/reference.md is what doc/make_reference.sh makes of the
# catalogue now.
#
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
database=reference_$$
made=$(mktemp)
trap 'rm -f "$made"; dropdb --if-exists "$database" 2>/dev/null' EXIT

echo 1..1
if createdb "$database" && psql -Xqd "$database" -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pg_revops' &&
	doc/make_reference.sh "$database" > "$made" && diff -u doc/reference.md "$made" > "$made.diff"; then
	echo "ok 1 - doc/reference.md is up to date"
else
	echo "not ok 1 - doc/reference.md is up to date"
	echo "# doc/make_reference.sh says how to write it anew"
	sed 's/^/# /' "$made.diff" | head -30
fi
rm -f "$made.diff"
