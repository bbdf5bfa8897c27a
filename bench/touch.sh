#!/bin/bash
#
# touch.sh: touches of 20000 leads, some far more often than others: one a
# transaction with 4 clients, and a thousand a statement with one.  Against the
# host's insert alone (bare), and against the host's insert with one of the same
# touch rows written by hand, which updates no lead (hand).  For information:
# there is no bar yet.  Transactions a second, synchronous_commit off, interleaved
# rounds in fresh tables, medians.  All touches must have been counted.
#
#   BENCH_SECONDS        length of a run (default 5)
#   BENCH_TOUCH_ROUNDS   how many rounds (default 3)
#
# What it needs is said in bench/write/lib.sh.  Prints a table to standard error
# and one JSON object a line to standard output.
#
set -euo pipefail
shopt -s inherit_errexit

seconds=${BENCH_SECONDS:-5}
rounds=${BENCH_TOUCH_ROUNDS:-3}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh

# every act is a touch, and is in a lead's state or in a delta of it
check_counts()
{
	local wrong
	wrong=$(sql "$1" -F ' ' -c "
		SELECT * FROM (SELECT (SELECT count(*) FROM crm.act) AS acts, (SELECT count(*) FROM revops.touch) AS touches,
		                      (SELECT sum(touches) FROM revops.lead) + (SELECT coalesce(sum(touches), 0) FROM revops.lead_delta) AS counted,
		                      (SELECT count(*) FROM revops.fault) AS faults) c
		WHERE NOT (acts = touches AND touches = counted AND faults = 0)")
	if [ -n "$wrong" ]; then
		echo "touch.sh: acts, touches, counted touches, faults: $wrong" >&2
		return 1
	fi
}

# run SCRIPT CLIENTS: prints transactions a second
run()
{
	local database
	database=$(copy_of run "${prefix}_leads")
	PGOPTIONS='-c synchronous_commit=off -c jit=off' \
		pgbench -n -M prepared -c "$2" -j 2 -T "$seconds" -f "bench/write/$1.sql" "$database" > "$work/out" 2>&1 ||
		{ cat "$work/out" >&2; return 1; }
	case $1 in *_ours) check_counts "$database" ;; esac
	drop_copy run
	sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/out"
}

make_template 20000
copy_of leads >/dev/null
sql "${prefix}_leads" -c "COPY crm.lead FROM '$work/leads'" -c "VACUUM ANALYZE"
for ((round = 1; round <= rounds; round++)); do
	for kind in touch touches; do
		for variant in ours hand bare; do
			run "${kind}_$variant" "$([ $kind = touch ] && echo 4 || echo 1)" >> "$work/tps.$kind.$variant"
		done
	done
done

{
	echo "touches, transactions a second (medians of $rounds rounds):"
	for kind in touch touches; do
		for variant in ours hand bare; do
			printf '    %-8s %-6s %8.0f   rounds: %s\n' $kind $variant "$(median < "$work/tps.$kind.$variant")" \
				"$(tr '\n' ' ' < "$work/tps.$kind.$variant")"
		done
	done
} >&2
# ratio NAME KIND VARIANT
ratio()
{
	echo "{\"bench\":\"$1\",\"value\":$(paste "$work/tps.$2.ours" "$work/tps.$2.$3" | awk '{ print $1 / $2 }' | median)}"
}
ratio touch_one_vs_bare touch bare
ratio touch_one_vs_hand touch hand
ratio touch_thousand_vs_bare touches bare
ratio touch_thousand_vs_hand touches hand
