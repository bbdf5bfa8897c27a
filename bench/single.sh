#!/bin/bash
#
# single.sh: one lead a transaction, 4 clients, synchronous_commit off: inserts
# into an attached table against one prepared statement, written by hand, that
# writes the same rows without any logic (bench/write/single_hand.sql).
# Interleaved rounds, each in fresh tables, medians; the ratio is the median of
# the rounds' ratios.  The rows must be as many and say the same.
#
#   BENCH_SECONDS        length of a run (default 5)
#   BENCH_SINGLE_ROUNDS  how many rounds (default 7)
#
# What it needs is said in bench/write/lib.sh.  Prints a table to standard error,
# one JSON object to standard output; ends non-zero where the bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

seconds=${BENCH_SECONDS:-5}
rounds=${BENCH_SINGLE_ROUNDS:-7}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh

# what a lead's rows say, whose numbers and moments differ
contents()
{
	sql "$1" -F ' ' -c "
		SELECT count(*), sum(s.n), sum(a.n), sum(c.n), sum(e.n), sum(i.n), sum(p.n), min(l.fit), max(l.fit), min(l.stage), max(l.stage),
		       count(DISTINCT i.personal), count(DISTINCT p.profile), min(p.profile::text)
		FROM $2.lead l
		LEFT JOIN (SELECT lead_id, count(*) AS n FROM $2.stage_change GROUP BY 1) s USING (lead_id)
		LEFT JOIN (SELECT lead_id, count(*) AS n FROM $2.assignment GROUP BY 1) a USING (lead_id)
		LEFT JOIN (SELECT lead_id, count(*) AS n FROM $2.sla_clock GROUP BY 1) c USING (lead_id)
		LEFT JOIN (SELECT lead_id, count(*) AS n FROM $2.event GROUP BY 1) e USING (lead_id)
		LEFT JOIN (SELECT lead_id, 1 AS n, personal FROM $2.lead_identity) i USING (lead_id)
		LEFT JOIN (SELECT lead_id, 1 AS n, profile FROM $2.profile_change) p USING (lead_id)" |
		# rows a lead, so that runs of different length compare
		awk '{ for (i = 2; i <= 7; i++) $i = $i / $1; $1 = ""; print }'
}

# run VARIANT PART: prints transactions a second
run()
{
	local database
	database=$(copy_of run)
	PGOPTIONS='-c synchronous_commit=off -c jit=off' \
		pgbench -n -M prepared -c 4 -j 2 -T "$seconds" -f "bench/write/single_$1.sql" "$database" > "$work/out" 2>&1 ||
		{ cat "$work/out" >&2; return 1; }
	[ "$1" = bare ] || contents "$database" "$2" > "$work/contents.$1"
	drop_copy run
	sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/out"
}

make_template 1000
for ((round = 1; round <= rounds; round++)); do
	ours=$(run ours revops)
	hand=$(run hand other)
	bare=$(run bare other)
	echo "$ours" >> "$work/tps.ours"
	echo "$hand" >> "$work/tps.hand"
	echo "$bare" >> "$work/tps.bare"
	echo "$ours $hand" | awk '{ print $1 / $2 }' >> "$work/ratio"
done
if ! cmp -s "$work/contents.ours" "$work/contents.hand"; then
	echo "single.sh: the statement by hand writes other rows than the engine:" >&2
	diff "$work/contents.ours" "$work/contents.hand" >&2 || true
	exit 1
fi

{
	echo "one lead a transaction, 4 clients, transactions a second (medians of $rounds rounds):"
	for variant in ours hand bare; do
		printf '    %-8s %8.0f   rounds: %s\n' "$variant" "$(median < "$work/tps.$variant")" "$(tr '\n' ' ' < "$work/tps.$variant")"
	done
} >&2
value=$(printf '%.3f' "$(median < "$work/ratio")")
echo "{\"bench\":\"single_vs_hand_cte\",\"value\":$value,\"bar\":0.8,\"sense\":\">=\"}"
awk "BEGIN { exit !($value >= 0.8) }" || { echo "single_vs_hand_cte misses its bar" >&2; exit 1; }
