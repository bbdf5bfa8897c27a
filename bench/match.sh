#!/bin/bash
#
# match.sh: what matching costs.  Leads that are routed, in a workspace that does
# not match them (off), that matches them to 20,000 accounts (accounts), and that
# looks for duplicates, too (both): all in one COPY, microseconds of CPU a lead; and
# one a transaction, 4 clients, transactions a second.  With "many" the same COPY is
# four times as long: a lead costs no more for the ones that were there.
# Interleaved rounds, medians; the ratio is the median of the rounds' ratios.
#
#   BENCH_LEADS         how many leads (default 100000)
#   BENCH_SECONDS       length of a run (default 4)
#   BENCH_MATCH_ROUNDS  how many rounds (default 3)
#
# Prints a table to standard error, one JSON object for each bar to standard
# output; ends non-zero where one is missed.
#
set -euo pipefail
shopt -s inherit_errexit

leads=${BENCH_LEADS:-100000}
seconds=${BENCH_SECONDS:-4}
rounds=${BENCH_MATCH_ROUNDS:-3}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh
missed=0

# bar NAME VALUE SENSE BAR
bar()
{
	echo "{\"bench\":\"$1\",\"value\":$2,\"bar\":$4,\"sense\":\"$3\"}"
	awk "BEGIN { exit !($2 $3 $4) }" || { echo "$1 misses its bar" >&2; missed=1; }
}

# fresh VARIANT: a database whose workspace matches so; prints its name
fresh()
{
	local database
	database=$(copy_of run)
	case $1 in
		off) ;;
		accounts) sql "$database" -c "INSERT INTO revops.matching (duplicates) VALUES (false)" ;;
		both) sql "$database" -c "INSERT INTO revops.matching (country) VALUES ('DE')" ;;
	esac
	echo "$database"
}

# matched DATABASE VARIANT: leads of accounts and duplicates must have been found
matched()
{
	[ "$2" = off ] || [ "$(sql "$1" -c "SELECT count(*) > 0.8 * (SELECT count(*) FROM revops.lead) FROM revops.account_match")" = t ] ||
		{ echo "match.sh: too few leads were matched ($2)" >&2; return 1; }
	[ "$(sql "$1" -c "SELECT count(*) FROM revops.fault")" = 0 ] || { echo "match.sh: there are faults ($2)" >&2; return 1; }
}

# bulk VARIANT LEADS: microseconds of CPU a lead
bulk()
{
	local database
	database=$(fresh "$1")
	sql "$database" <<-SQL | tail -1
		CREATE FUNCTION cpu() RETURNS float8 LANGUAGE sql AS \$\$
			SELECT split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat'), ' ', 1)::float8 / 1e3 \$\$;
		COPY (SELECT p.* FROM generate_series(1, $2) n CROSS JOIN LATERAL some_person(n) p) TO '$work/leads';
		INSERT INTO person (stage) VALUES ('mql');
		SELECT cpu() AS before \\gset
		COPY person (email, phone, name, company, country) FROM '$work/leads';
		SELECT round(((cpu() - :before) / $2)::numeric, 1);
	SQL
	matched "$database" "$1"
	drop_copy run
}

# tps VARIANT
tps()
{
	local database
	database=$(fresh "$1")
	PGOPTIONS='-c synchronous_commit=off -c jit=off' \
		pgbench -n -M prepared -c 4 -j 2 -T "$seconds" -f bench/match/one.sql "$database" > "$work/out" 2>&1 ||
		{ cat "$work/out" >&2; return 1; }
	sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/out"
	matched "$database" "$1"
	drop_copy run
}

$admin -c "CREATE DATABASE $template"
sql "$template" -f bench/match/setup.sql
chmod 777 "$work"
for ((round = 1; round <= rounds; round++)); do
	for variant in off accounts both; do
		bulk $variant "$leads" >> "$work/cpu.$variant"
		tps $variant >> "$work/tps.$variant"
	done
	bulk both $((leads / 4)) >> "$work/cpu.few"
	for variant in accounts both; do
		echo "$(tail -1 "$work/tps.$variant") $(tail -1 "$work/tps.off")" | awk '{ print $1 / $2 }' >> "$work/ratio.tps.$variant"
		echo "$(tail -1 "$work/cpu.$variant") $(tail -1 "$work/cpu.off")" | awk '{ print $1 / $2 }' >> "$work/ratio.cpu.$variant"
	done
	echo "$(tail -1 "$work/cpu.both") $(tail -1 "$work/cpu.few")" | awk '{ print $1 / $2 }' >> "$work/ratio.growth"
done

{
	echo "COPY of $leads leads, microseconds of CPU a lead; one a transaction, 4 clients, transactions a second (medians of $rounds rounds):"
	for variant in off accounts both; do
		printf '    %-8s %8.1f %8.0f   rounds: %s/ %s\n' "$variant" "$(median < "$work/cpu.$variant")" "$(median < "$work/tps.$variant")" \
			"$(tr '\n' ' ' < "$work/cpu.$variant")" "$(tr '\n' ' ' < "$work/tps.$variant")"
	done
	echo "    both, a quarter of the leads: $(median < "$work/cpu.few") microseconds a lead"
	echo "times the CPU of off: accounts $(median < "$work/ratio.cpu.accounts"), both $(median < "$work/ratio.cpu.both")"
} >&2
# what nobody has set a bar for is told
for variant in accounts both; do
	echo "{\"bench\":\"match_${variant}_tps_vs_off\",\"value\":$(printf '%.3f' "$(median < "$work/ratio.tps.$variant")")}"
	echo "{\"bench\":\"match_${variant}_bulk_vs_off\",\"value\":$(printf '%.3f' "$(median < "$work/ratio.cpu.$variant")")}"
done
bar match_bulk_growth "$(printf '%.3f' "$(median < "$work/ratio.growth")")" '<=' 1.3
exit $missed
