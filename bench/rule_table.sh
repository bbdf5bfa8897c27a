#!/bin/bash
#
# rule_table.sh: rules that people may change, compiled by the engine, against a
# PL/pgSQL trigger that reads its 20 rules from a table and runs each, as it is
# done by hand.  COPY of leads, CPU time of the backend for a lead:
#   score    nothing but the score: a row trigger puts it into the row that is
#            written, in both; the bar is on this one
#   path     the whole path of the engine (see copy.sh), against the usual row
#            trigger that does the same work besides: history, routing, promises
#            and events, which cost both the same whatever the rules
# Each run has a database of its own, rounds are interleaved; medians, the ratio is
# the median of the rounds' ratios.  Scores, and row counts and digests of every
# table, must be equal.
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

make -s -C bench/rules install with_llvm=no PG_CONFIG="${PG_CONFIG:-pg_config}" \
	DESTDIR="${REVOPS_STAGE:-}" >&2

# score VARIANT: the same of nothing but the score
score()
{
	local database
	database=$(copy_of run)
	sql "$database" <<-END
		SET pg_revops.now = '$moment';
		\i bench/write/rule_table.sql
		CHECKPOINT;
		SELECT crm.cpu() AS before \gset
		COPY other.scored_$1 ($(sql "$database" -c "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'other.host'::regclass AND attnum > 0")) FROM '$work/leads';
		SELECT round((crm.cpu() - :before) / 1000.0 / $leads, 3);
	END
	sql "$database" -c "SELECT count(*), sum(score), count(DISTINCT score), md5(string_agg(score::text, ',' ORDER BY id)) FROM other.scored_$1" > "$work/scores.$1"
	drop_copy run
}

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
		score "$variant" >> "$work/score.$variant"
	done
	if ! cmp -s "$work/scores.ours" "$work/scores.hand"; then
		echo "rule_table.sh: the trigger scored otherwise than the engine" >&2
		exit 1
	fi
	if ! cmp -s "$work/digest.ours" "$work/digest.hand"; then
		echo "rule_table.sh: the trigger wrote other rows than the engine" >&2
		exit 1
	fi
done

{
	echo "COPY of $leads leads, microseconds of CPU a lead (medians of $rounds rounds):"
	for variant in ours hand; do
		for what in score cpu; do
			printf '    %-5s %-8s %8.2f   rounds: %s\n' "${what/cpu/path}" "$variant" "$(median < "$work/$what.$variant")" \
				"$(tr '\n' ' ' < "$work/$what.$variant")"
		done
	done
} >&2
ratio()
{
	paste "$work/$1.hand" "$work/$1.ours" | awk '{ print $1 / $2 }' | median
}
printf '{"bench":"copy_rule_table_whole_path","value":%.3f}\n' "$(ratio cpu)"
value=$(ratio score)
printf '{"bench":"copy_rule_table_plpgsql_vs_ours","value":%.3f,"bar":30,"sense":">="}\n' "$value"
awk "BEGIN { exit !($value >= 30) }" || { echo "copy_rule_table_plpgsql_vs_ours misses its bar" >&2; exit 1; }
