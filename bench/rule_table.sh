#!/bin/bash
#
# rule_table.sh: COPY of leads through the whole path of the engine (see copy.sh)
# against the same work by the usual row trigger in PL/pgSQL, but that it reads its
# 20 rules from a table, where people may change them, and runs each.  CPU time of
# the backend for a lead, each run in a database of its own, rounds interleaved,
# medians; the ratio is the median of the rounds' ratios.  Row counts and digests of
# every table must be equal.
#
#   BENCH_LEADS   how many leads (default 20000)
#   BENCH_ROUNDS  how many rounds (default 3)
#
# What it needs is said in bench/write/lib.sh.  Prints a table to standard error,
# one JSON object a line to standard output; ends non-zero where the bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

leads=${BENCH_LEADS:-20000}
rounds=${BENCH_ROUNDS:-3}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh

# run VARIANT: prints microseconds of CPU a lead; leaves the digest in a file
run()
{
	local table=crm.lead part=revops database
	database=$(copy_of run)
	if [ "$1" = hand ]; then
		table=other.host
		part=other
		sql "$database" -f bench/write/rule_table.sql -f "$work/trigger.sql"
	fi
	sql "$database" <<-END
		SET pg_revops.now = '$moment';
		CHECKPOINT;
		SELECT crm.cpu() AS before \gset
		COPY $table FROM '$work/leads';
		SELECT round((crm.cpu() - :before) / 1000.0 / $leads, 3);
	END
	sql "$database" -c "VACUUM ANALYZE $part.lead" -c "SET work_mem = '256MB'" \
		-F ' ' -c "SELECT * FROM crm.digest('$part')" > "$work/digest.$1"
	drop_copy run
}

make_template "$leads"
# the usual trigger, with a loop over the table in the place of its twenty IFs
perl -ne 'if (/^    IF NEW\..* THEN points := points/) { print "    points := other.points_by_rules(NEW, points);\n" unless $done++ } else { print }' \
	bench/write/usual.sql > "$work/trigger.sql"
for ((round = 1; round <= rounds; round++)); do
	for variant in ours hand; do
		run "$variant" >> "$work/cpu.$variant"
	done
	if ! cmp -s "$work/digest.ours" "$work/digest.hand"; then
		echo "rule_table.sh: the trigger wrote other rows than the engine" >&2
		exit 1
	fi
done

{
	echo "COPY of $leads leads, microseconds of CPU a lead (medians of $rounds rounds):"
	for variant in ours hand; do
		printf '    %-8s %8.2f   rounds: %s\n' "$variant" "$(median < "$work/cpu.$variant")" "$(tr '\n' ' ' < "$work/cpu.$variant")"
	done
} >&2
value=$(paste "$work/cpu.hand" "$work/cpu.ours" | awk '{ print $1 / $2 }' | median)
printf '{"bench":"copy_rule_table_plpgsql_vs_ours","value":%.3f,"bar":30,"sense":">="}\n' "$value"
awk "BEGIN { exit !($value >= 30) }" || { echo "copy_rule_table_plpgsql_vs_ours misses its bar" >&2; exit 1; }
