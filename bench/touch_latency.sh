#!/bin/bash
#
# touch_latency.sh: how long after the commit of the touch that lets a lead cross
# into MQL is the change of its stage committed?  By commit timestamps: interest
# does not fade here and every touch counts 5, so that the fourth committed touch
# of a lead crosses the floor of 20.  Eight clients, two touches a transaction
# block, all of them on the same 50 leads (by zipf 1.1, in random order) for 500
# transactions, then on the next 50: thousands of leads cross, each while several
# sessions touch it.  The worker runs.  Every lead with four touches must have
# moved.
#
#   BENCH_LATENCY_SECONDS  length of the run (default 15)
#
# What it needs is said in bench/touch/lib.sh.  Prints a table to standard error,
# one JSON object a line to standard output; ends non-zero where the bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

seconds=${BENCH_LATENCY_SECONDS:-15}
# shellcheck source=./bench/touch/lib.sh
source bench/touch/lib.sh

node_start 'track_commit_timestamp = on'
has_worker || { echo "touch_latency.sh: this build has no worker" >&2; exit 1; }
copy_of crossing "$definitions" > /dev/null
sql "${prefix}_crossing" -v leads="$leads" -f bench/touch/crossing.sql
fresh "${prefix}_crossing"
load ours latency 8 "$seconds" > "$work/tps"
check "$with_worker"

sql "$with_worker" -F ' ' > "$work/latency" <<'END'
WITH touched AS
    (SELECT lead_id, pg_xact_commit_timestamp(xmin) AS at,
            row_number() OVER (PARTITION BY lead_id ORDER BY pg_xact_commit_timestamp(xmin)) AS n
     FROM revops.touch),
moved AS
    (SELECT lead_id, pg_xact_commit_timestamp(xmin) AS at FROM revops.stage_change WHERE to_stage = 'mql'),
crossed AS
    -- a transaction's rows have one timestamp, those of its subtransactions too
    (SELECT 1000 * extract(epoch FROM m.at - t.at)::float8 AS ms, m.at = t.at AS by_itself, m.at IS NULL AS unmoved
     FROM touched t LEFT JOIN moved m USING (lead_id) WHERE t.n = 4)
SELECT count(*), count(*) FILTER (WHERE unmoved), avg(by_itself::int),
       percentile_cont(ARRAY[0.5, 0.9, 0.99, 1]) WITHIN GROUP (ORDER BY ms),
       percentile_cont(ARRAY[0.5, 0.9, 0.99, 1]) WITHIN GROUP (ORDER BY ms) FILTER (WHERE NOT by_itself)
FROM crossed
END
read -r crossed unmoved by_itself all later < "$work/latency"
milliseconds()
{
	echo "$1" | tr -d '{}' | awk -F , '{ printf "%.2f, %.2f, %.2f, %.2f", $1, $2, $3, $4 }'
}
cat >&2 <<-END
	$(column 1 "$work/tps") transactions a second; $crossed leads crossed, $unmoved of them never moved;
	commit of the crossing touch to commit of the change of stage, milliseconds (50 %, 90 %, 99 % of the leads, worst):
	    all of them                                   $(milliseconds "$all")
	    those that the crossing transaction left      $(milliseconds "$later")   (the other $(awk "BEGIN { printf \"%.0f\", 100 * $by_itself }") % moved with it)
END
bar touch_latency_p99_ms "$(milliseconds "$all" | cut -d, -f3)" 10 '<='
bar touch_latency_unmoved "$unmoved" 0 '<='
exit $missed
