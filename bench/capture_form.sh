#!/bin/bash
#
# capture_form.sh: forms captured by 4 clients, synchronous_commit off, transactions
# a second; e-mails are drawn from so many people that about half of the forms find
# their lead.  For information, no bar:
#   capture   revops.capture(): found or made, scored, moved, routed, clock started,
#             and what happened read back
#   engine    by hand, one prepared statement (found or made by ON CONFLICT), into an
#             attached table, and record_touch(): what the engine does of itself
#   hand      the same statement and a touch into tables of the host's, no engine at all
#
#   BENCH_SECONDS        length of a run (default 5)
#   BENCH_FORM_ROUNDS    how many rounds (default 3)
#
# What it needs is said in bench/write/lib.sh.  Prints a table to standard error, one
# JSON object to standard output.
#
set -euo pipefail
shopt -s inherit_errexit

seconds=${BENCH_SECONDS:-5}
rounds=${BENCH_FORM_ROUNDS:-3}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh

# run VARIANT: prints transactions a second
run()
{
	local database
	database=$(copy_of run)
	PGOPTIONS='-c synchronous_commit=off -c jit=off' \
		pgbench -n -M prepared -c 4 -j 2 -T "$seconds" -f "bench/capture_form/$1.sql" "$database" > "$work/out" 2>&1 ||
		{ cat "$work/out" >&2; return 1; }
	drop_copy run
	sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/out"
}

$admin -c "CREATE DATABASE $template"
sql "$template" -f bench/capture_form/setup.sql > /dev/null
for ((round = 1; round <= rounds; round++)); do
	for variant in capture engine hand; do
		run $variant >> "$work/tps.$variant"
	done
done

{
	echo "forms by 4 clients, transactions a second (medians of $rounds rounds):"
	for variant in capture engine hand; do
		printf '    %-8s %8.0f   rounds: %s\n' "$variant" "$(median < "$work/tps.$variant")" "$(tr '\n' ' ' < "$work/tps.$variant")"
	done
} >&2
awk -v ours="$(median < "$work/tps.capture")" -v hand="$(median < "$work/tps.hand")" \
	'BEGIN { printf "{\"bench\":\"capture_form_vs_hand\",\"value\":%.3f,\"bar\":null,\"sense\":\"\"}\n", ours / hand }'
