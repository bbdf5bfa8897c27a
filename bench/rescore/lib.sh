# shellcheck shell=bash
#
# What rescore.sh and simulate.sh share: a template database with many leads that
# have ten touches each, scored under a first version of twenty rules; and runs
# in copies of it.  What it needs is said in bench/write/lib.sh.
#
# Touches lie in order of time, so that those of one lead are anywhere in the table.

leads=${BENCH_RESCORE_LEADS:-1000000}
rounds=${BENCH_RESCORE_ROUNDS:-3}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh
memory="SET maintenance_work_mem = '512MB'"

# new_version CHANGE: makes a version in force; CHANGE is SQL about the draft :draft
new_version()
{
	sql "$template" <<-END
		SET client_min_messages = warning;
		SET pg_revops.now = '$moment';
		SELECT revops.draft_agreement() AS draft \gset
		$1
		SELECT revops.adopt_agreement(:draft) \g /dev/null
	END
}

make_leads()
{
	$admin -c "CREATE DATABASE $template"
	sql "$template" -f bench/write/setup.sql
	# what backfill() brings is told from what comes later by the clock
	moment=$(sql "$template" -c "SELECT clock_timestamp()")
	# few leads reach these floors: what is measured is scoring, not what follows
	new_version "UPDATE revops.score_model SET mql_fit = 80, mql_intent = 70, half_life = '20 days' WHERE agreement_id = :draft;"
	sql "$template" -c "SET session_replication_role = replica" -c "INSERT INTO crm.lead SELECT * FROM crm.some_leads($leads)"
	sql "$template" <<-END
		SET pg_revops.now = '$moment';
		$memory;
		CALL revops.backfill('lead', 20000);
		INSERT INTO revops.touch (lead_id, occurred_at, touch_id, recorded_at, workspace_id, signal_id, binding_id, sign, source_key)
		SELECT l.first + (n::bigint * 7919) % $leads, t, nextval('revops.touch_id'), t, 1, s.ids[1 + (n::bigint * 31 % 97) % s.many], 2, 1, n::text
		FROM (SELECT min(lead_id) AS first FROM revops.lead) l,
		     (SELECT array_agg(signal_id ORDER BY signal_id) AS ids, count(*) AS many FROM revops.signal WHERE nature <> 'outbound') s,
		     generate_series(1, 10 * $leads) AS n,
		     LATERAL (SELECT '$moment'::timestamptz - interval '100 days' + n * (interval '100 days' / (10 * $leads)) AS t) x;
		CALL revops.rescore(1, 20000);
	END
	# as a table of leads that settled long ago: room in its pages
	sql "$template" -c "VACUUM FULL revops.lead" -c "VACUUM (FREEZE, ANALYZE)"
}

# cpu_of STATEMENT: prints microseconds of CPU a lead, in a database of its own
cpu_of()
{
	local database
	database=$(copy_of run)
	# what any of them reads is in memory, and nothing waits to be written
	sql "$database" <<-END
		SET pg_revops.now = '$moment';
		$memory;
		SELECT count(l.*) FROM revops.lead l \g /dev/null
		SELECT count(t.*) FROM revops.touch t \g /dev/null
		SELECT count(p.*) FROM revops.profile_change p \g /dev/null
		SELECT count(i.*) FROM revops.lead_identity i \g /dev/null
		SELECT count(s.*) FROM revops.stage_change s \g /dev/null
		CHECKPOINT;
		SELECT crm.cpu() AS before \gset
		$1
		SELECT round((crm.cpu() - :before) / 1000.0 / $leads, 3);
	END
	if [ -n "${2:-}" ]; then sql "$database" -c "$2" > "$work/after"; fi
	drop_copy run
}

bare="UPDATE revops.lead SET settled_at = settled_at + interval '1 second';"

# compare NAME BAR STATEMENT [QUERY]: rounds of it and of the bare UPDATE, interleaved; prints JSON
compare()
{
	local round value
	for ((round = 1; round <= rounds; round++)); do
		cpu_of "$3" "${4:-}" >> "$work/cpu.ours"
		cpu_of "$bare" >> "$work/cpu.bare"
		echo "$(tail -1 "$work/cpu.ours") $(tail -1 "$work/cpu.bare")" | awk '{ print $1 / $2 }' >> "$work/ratio"
	done
	{
		echo "$leads leads with ten touches each, microseconds of CPU a lead (medians of $rounds rounds):"
		printf '    %-8s %8.2f   rounds: %s\n' "${1%%_*}" "$(median < "$work/cpu.ours")" "$(tr '\n' ' ' < "$work/cpu.ours")"
		printf '    %-8s %8.2f   rounds: %s\n' UPDATE "$(median < "$work/cpu.bare")" "$(tr '\n' ' ' < "$work/cpu.bare")"
		if [ -n "${4:-}" ]; then cat "$work/after"; fi
	} >&2
	value=$(printf '%.3f' "$(median < "$work/ratio")")
	echo "{\"bench\":\"$1\",\"value\":$value,\"bar\":$2,\"sense\":\"<=\"}"
	if ! awk "BEGIN { exit !($value <= $2) }"; then
		echo "$1 misses its bar" >&2
		return 1
	fi
}
