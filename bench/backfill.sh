#!/bin/bash
#
# backfill.sh: a table that held a million leads before it was attached is
# taken in by CALL revops.backfill(), 20 rules scored, against one INSERT ... SELECT
# into each table by hand, without any logic, of the very same rows (state,
# identity, profile, entry) from answers that are prepared as they are to be
# written, jsonb and all.  CPU time of the backend, each run in a database of its
# own, rounds interleaved, medians; the ratio is the median of the rounds' ratios.
# Row counts and digests of every table must be equal.
#
# And attach itself: the lock that it takes on the table, and for how long, with
# no rows and with all of them.
#
#   BENCH_BACKFILL_LEADS   how many leads (default 1000000)
#   BENCH_BACKFILL_ROUNDS  how many rounds (default 3)
#
# What it needs is said in bench/write/lib.sh.  Prints tables to standard error,
# one JSON object a line to standard output; ends non-zero where a bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

leads=${BENCH_BACKFILL_LEADS:-1000000}
rounds=${BENCH_BACKFILL_ROUNDS:-3}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh

# attach_ms DATABASE: prints milliseconds that attach holds its lock, and which one
attach_ms()
{
	sql "$1" -F ' ' <<-'END'
		SELECT revops.detach('act'), revops.detach('lead') \g /dev/null
		BEGIN;
		SELECT clock_timestamp() AS before \gset
		SELECT revops.attach_lead('attached', 'crm.lead', '{"email": "email", "created_at": "created", "company": "lower(company)"}') \g /dev/null
		SELECT round(extract(epoch FROM clock_timestamp() - :'before')::numeric * 1000, 2), string_agg(DISTINCT mode, ',')
		FROM pg_locks WHERE relation = 'crm.lead'::regclass AND mode <> 'AccessShareLock';
		COMMIT;
	END
}

# run VARIANT: prints microseconds of CPU a lead; leaves the digest in a file
run()
{
	local variant=$1 part=other load='\i bench/write/backfill_hand.sql' database
	database=$(copy_of run)
	[ "$variant" = hand ] || part=revops load="CALL revops.backfill('lead');"
	# what either reads is in memory, and nothing waits to be written
	sql "$database" <<-END
		SET pg_revops.now = '$moment';
		SELECT count(a.*) FROM other.adopted a \g /dev/null
		SELECT count(l.*) FROM crm.lead l \g /dev/null
		CHECKPOINT;
		SELECT crm.cpu() AS before \gset
		$load
		SELECT round((crm.cpu() - :before) / 1000.0 / $leads, 3);
	END
	sql "$database" -c "VACUUM ANALYZE $part.lead" -c "SET work_mem = '256MB'" \
		-F ' ' -c "SELECT * FROM crm.digest('$part')" > "$work/digest.$variant"
	if ! cmp -s "$work/digest.ours" "$work/digest.$variant"; then
		echo "backfill.sh: $variant wrote other rows than the engine:" >&2
		diff "$work/digest.ours" "$work/digest.$variant" >&2 || true
		exit 1
	fi
	drop_copy run
}

$admin -c "CREATE DATABASE $template"
sql "$template" -f bench/write/setup.sql
empty=$(attach_ms "$(copy_of attach)")
# as if they had been there before: no trigger tells of them
sql "$template" -c "SET session_replication_role = replica" \
	-c "INSERT INTO crm.lead SELECT * FROM crm.some_leads($leads)" -c "VACUUM ANALYZE crm.lead"
full=$(attach_ms "$(copy_of attach)")
drop_copy attach

chmod 777 "$work"
first=$(copy_of first)
sql "$first" -c "SET pg_revops.now = '$moment'" -c "CALL revops.backfill('lead')"
sql "$first" -v answers="$work/answers" -f bench/write/backfill_answer.sql
drop_copy first
sql "$template" -v answers="$work/answers" -v moment="$moment" -f bench/write/backfill_answer_in.sql

for ((round = 1; round <= rounds; round++)); do
	for variant in ours hand; do
		run "$variant" >> "$work/cpu.$variant"
	done
	echo "$(tail -1 "$work/cpu.ours") $(tail -1 "$work/cpu.hand")" | awk '{ print $1 / $2 }' >> "$work/ratio"
done

{
	echo "tables that both of them wrote (rows, digest):"
	sed 's/^/    /; s/|/ /g' "$work/digest.ours"
	echo "$leads leads that were there before, microseconds of CPU a lead (medians of $rounds rounds):"
	for variant in ours hand; do
		printf '    %-8s %8.2f   rounds: %s\n' "$variant" "$(median < "$work/cpu.$variant")" "$(tr '\n' ' ' < "$work/cpu.$variant")"
	done
	echo "attach holds its lock for (milliseconds, lock): no rows $empty; $leads rows $full"
} >&2

value=$(printf '%.3f' "$(median < "$work/ratio")")
echo "{\"bench\":\"backfill_vs_insert_select\",\"value\":$value,\"bar\":1.5,\"sense\":\"<=\"}"
echo "{\"bench\":\"attach_ms\",\"value\":${full%% *},\"bar\":null,\"sense\":\"<=\"}"
if ! awk "BEGIN { exit !($value <= 1.5) }"; then
	echo "backfill_vs_insert_select misses its bar" >&2
	exit 1
fi
