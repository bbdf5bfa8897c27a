#!/bin/bash
#
# copy.sh: COPY of many leads through the whole path (20 rules, entry, MQL,
# route, weighted turn, business-hours deadline, and the rows that follow: state,
# identity, profile, two stage changes, assignment, SLA clock, two events),
# against three others who write the very same rows into tables of the same make:
#   hand    bulk SQL without any logic, from prepared answers (bench/write/hand.sql)
#   usual   a row trigger in PL/pgSQL                         (bench/write/usual.sql)
#   expert  a statement trigger, set-based                    (bench/write/expert.sql)
# CPU time of the backend, each run in a database of its own, rounds interleaved,
# medians; the ratio is the median of the rounds' ratios.  Row counts and digests
# of every table must be equal.
#
#   BENCH_LEADS   how many leads (default 200000)
#   BENCH_ROUNDS  how many rounds (default 3)
#
# What it needs is said in bench/write/lib.sh.  Prints tables to standard error,
# one JSON object a line to standard output; ends non-zero where a bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

leads=${BENCH_LEADS:-200000}
rounds=${BENCH_ROUNDS:-3}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh

# run VARIANT: prints microseconds of CPU a lead; leaves the digest in a file
run()
{
	local variant=$1 part=other load="COPY other.host FROM '$work/leads';" database
	database=$(copy_of run)
	case $variant in
		ours) part=revops load="COPY crm.lead FROM '$work/leads';" ;;
		hand) load='\i bench/write/hand.sql' ;;
		*) sql "$database" -f "bench/write/$variant.sql" ;;
	esac
	# what the run by hand reads is in memory, and nothing waits to be written
	sql "$database" -v file="$work/leads" <<-END
		SET pg_revops.now = '$moment';
		SELECT count(a.*) FROM other.answer a \g /dev/null
		CHECKPOINT;
		SELECT crm.cpu() AS before \gset
		BEGIN;
		$load
		COMMIT;
		SELECT round((crm.cpu() - :before) / 1000.0 / $leads, 3);
	END
	sql "$database" -c "VACUUM ANALYZE $part.lead" -c "SET work_mem = '256MB'" \
		-F ' ' -c "SELECT * FROM crm.digest('$part')" > "$work/digest.$variant"
	if ! cmp -s "$work/digest.ours" "$work/digest.$variant"; then
		echo "copy.sh: $variant wrote other rows than the engine:" >&2
		diff "$work/digest.ours" "$work/digest.$variant" >&2 || true
		exit 1
	fi
	drop_copy run
}

make_template "$leads"
for ((round = 1; round <= rounds; round++)); do
	for variant in ours hand usual expert; do
		cpu=$(run "$variant")
		echo "$cpu" >> "$work/cpu.$variant"
		[ "$variant" != ours ] || ours=$cpu
		if [ "$variant" = hand ]; then
			echo "$ours $cpu" | awk '{ print $1 / $2 }' >> "$work/ratio.$variant"
		else
			echo "$cpu $ours" | awk '{ print $1 / $2 }' >> "$work/ratio.$variant"
		fi
	done
done

{
	echo "tables that all of them wrote (rows, digest):"
	sed 's/^/    /; s/|/ /g' "$work/digest.ours"
	echo "COPY of $leads leads, microseconds of CPU a lead (medians of $rounds rounds):"
	for variant in ours hand usual expert; do
		printf '    %-8s %8.2f   rounds: %s\n' "$variant" "$(median < "$work/cpu.$variant")" "$(tr '\n' ' ' < "$work/cpu.$variant")"
	done
} >&2

missed=0
# bar NAME VARIANT BAR SENSE
bar()
{
	local value
	value=$(printf '%.3f' "$(median < "$work/ratio.$2")")
	echo "{\"bench\":\"$1\",\"value\":$value,\"bar\":$3,\"sense\":\"$4\"}"
	if ! awk "BEGIN { exit !($value $4 $3) }"; then
		echo "$1 misses its bar" >&2
		missed=1
	fi
}
bar copy_vs_hand_sql hand 1.2 '<='
bar copy_usual_plpgsql_vs_ours usual 5 '>='
bar copy_expert_plpgsql_vs_ours expert 2.5 '>='
exit $missed
