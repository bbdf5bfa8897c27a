#!/bin/bash
#
# route.sh: what routing costs, and what waiting costs.
#
# One lead a transaction, 8 clients: leads that the engine gives to a team in
# turns, against the same leads with their owner given by whoever writes them, and
# against the counter that people write (a row that is locked until commit).  Then
# 100,000 leads in one statement, routed and with the owner given; and 2,759 leads
# over 82 reps, as in the benchmark of a CRM whose assignment took 81 s and 500 MB.
# Interleaved rounds, medians; the ratio is the median of the rounds' ratios.
#
#   BENCH_SECONDS       length of a run (default 4)
#   BENCH_ROUTE_ROUNDS  how many rounds (default 5)
#
# Prints a table to standard error, one JSON object for each bar to standard
# output; ends non-zero where one is missed.
#
set -euo pipefail
shopt -s inherit_errexit

seconds=${BENCH_SECONDS:-4}
rounds=${BENCH_ROUTE_ROUNDS:-5}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh
missed=0

# bar NAME VALUE SENSE BAR
bar()
{
	echo "{\"bench\":\"$1\",\"value\":$2,\"bar\":$4,\"sense\":\"$3\"}"
	awk "BEGIN { exit !($2 $3 $4) }" || { echo "$1 misses its bar" >&2; missed=1; }
}

# tps SCRIPT: in a fresh database; with turns, what was given must be fair
tps()
{
	local database
	database=$(copy_of run)
	PGOPTIONS='-c synchronous_commit=off -c jit=off' \
		pgbench -n -M prepared -c 8 -j 2 -T "$seconds" -f "bench/route/$1.sql" "$database" > "$work/out" 2>&1 ||
		{ cat "$work/out" >&2; return 1; }
	sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/out"
	[ "$1" != turns ] || sql "$database" -c "
		SELECT max(abs(n - total * weight / 13.0)) FROM (SELECT rep_id, count(*) AS n, sum(count(*)) OVER () AS total
			FROM revops.assignment GROUP BY 1) a JOIN revops.team_member USING (rep_id) WHERE team_id = 1" >> "$work/unfair"
	drop_copy run
}

# cpu STATEMENT: milliseconds of the backend, in a fresh database
cpu()
{
	local database
	database=$(copy_of run)
	sql "$database" -c "CREATE FUNCTION cpu() RETURNS float8 LANGUAGE sql AS \$\$
			SELECT split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat'), ' ', 1)::float8 / 1e6 \$\$" \
		-c "INSERT INTO person (source, owner) VALUES ('warm', 'rep 1'), ('many', NULL)"
	sql "$database" <<-SQL | tail -1
		SELECT cpu() AS before \\gset
		$1;
		SELECT cpu() - :before;
	SQL
	drop_copy run
}

$admin -c "CREATE DATABASE $template"
sql "$template" -f bench/route/setup.sql
for ((round = 1; round <= rounds; round++)); do
	for script in turns given counter; do
		tps $script >> "$work/tps.$script"
	done
	echo "$(tail -1 "$work/tps.turns") $(tail -1 "$work/tps.given") $(tail -1 "$work/tps.counter")" |
		awk '{ print $1 / $2 >> "'"$work/ratio.given"'"; print $1 / $3 >> "'"$work/ratio.counter"'" }'
	cpu "INSERT INTO person (source, country) SELECT 'web', 'DE' FROM generate_series(1, 100000)" >> "$work/cpu.turns"
	cpu "INSERT INTO person (source, country, owner) SELECT 'web', 'DE', 'rep ' || 1 + n % 8 FROM generate_series(1, 100000) n" >> "$work/cpu.given"
	echo "$(tail -1 "$work/cpu.turns") $(tail -1 "$work/cpu.given")" | awk '{ print $1 / $2 }' >> "$work/ratio.bulk"
	cpu "INSERT INTO person (source, country) SELECT 'many', 'DE' FROM generate_series(1, 2759)" >> "$work/cpu.many"
done

{
	echo "one lead a transaction, 8 clients, transactions a second (medians of $rounds rounds):"
	for script in turns given counter; do
		printf '    %-8s %8.0f   rounds: %s\n' "$script" "$(median < "$work/tps.$script")" "$(tr '\n' ' ' < "$work/tps.$script")"
	done
	echo "    leads off the weights at the end, with turns: $(tr '\n' ' ' < "$work/unfair")"
	echo "100,000 leads in one statement, ms of CPU: routed $(median < "$work/cpu.turns"), owner given $(median < "$work/cpu.given")"
	echo "2,759 leads over 82 reps: $(median < "$work/cpu.many") ms of CPU"
} >&2
bar route_vs_owner_given "$(printf '%.3f' "$(median < "$work/ratio.given")")" '>=' 0.9
bar route_vs_locked_counter "$(printf '%.3f' "$(median < "$work/ratio.counter")")" '>=' 2
bar route_bulk_vs_owner_given "$(printf '%.3f' "$(median < "$work/ratio.bulk")")" '<=' 1.2
bar route_2759_leads_82_reps_ms "$(printf '%.0f' "$(median < "$work/cpu.many")")" '<=' 500
bar route_off_the_weights "$(sort -g "$work/unfair" | tail -1)" '<=' 9
exit $missed
