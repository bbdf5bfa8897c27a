#!/bin/bash
#
# hot_leads.sh: the 100 hottest of 10 million leads, at five moments: now, 30 days
# and half a year later, 30 days before, and now among those of one team.  Leads of
# three kinds (bench/hot/load.sql) are loaded straight into the state table.  Each
# moment is asked for once to warm up and then 50 times in one session; median and
# worst, milliseconds.  The bar is for the worst of the medians of each kind, without
# the filter.  Who is found is compared with what a sort of all leads finds.
#
#   BENCH_HOT_LEADS    how many leads (default 10000000)
#   BENCH_HOT_SHAPES   which kinds (default "realistic recent uniform")
#
# Needs a server with the extension installed, given by PGHOST, PGPORT and so on, and
# a superuser; 4 GB of disk.  Makes and drops databases of its own.  Prints a table to
# standard error and one JSON object for each kind to standard output; ends non-zero
# where the bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

leads=${BENCH_HOT_LEADS:-10000000}
moment='2026-10-14 13:00:00+00'
database=bench_hot_$$
bar=10
missed=0
admin="psql -Xq -v ON_ERROR_STOP=1 -d ${PGDATABASE:-postgres}"
sql="psql -XqAt -v ON_ERROR_STOP=1 -d $database"

clean_up()
{
	$admin -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" || true
}
trap clean_up EXIT

# make SHAPE: a database with such leads
make()
{
	$admin -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" \
		-c "CREATE DATABASE $database"
	$sql -c "CREATE EXTENSION pg_revops" -f bench/hot/setup.sql >/dev/null
	$sql -v leads="$leads" -v shape="$1" -v moment="$moment" -f bench/hot/load.sql >/dev/null
	$admin -c CHECKPOINT
}

# differences: moments at which a sort of all leads finds others
differences()
{
	$sql -c "SET pg_revops.now = '$moment'" -c "SET work_mem = '512MB'" -f bench/hot/compare.sql
}

printf '%-12s %-12s %10s %10s\n' leads moment median worst >&2
for shape in ${BENCH_HOT_SHAPES:-realistic recent uniform}; do
	make "$shape"
	$sql -F ' ' -v moment="$moment" -f bench/hot/measure.sql > "${TMPDIR:-/tmp}/$database"
	measured=$(cat "${TMPDIR:-/tmp}/$database")
	rm -f "${TMPDIR:-/tmp}/$database"
	awk -v shape="$shape" '{ printf "%-12s %-12s %10.3f %10.3f\n", shape, $1, $2, $3 }' <<< "$measured" >&2
	value=$(awk '$1 != "team" && $2 > v { v = $2 } END { printf "%.3f", v }' <<< "$measured")
	echo "{\"bench\": \"hot_leads_$shape\", \"value\": $value, \"bar\": $bar, \"sense\": \"<=\", \"unit\": \"ms\", \"leads\": $leads}"
	awk "BEGIN { exit !($value > $bar) }" && missed=1
	wrong=$(differences)
	if [ "$wrong" != 0 ]; then
		echo "hot_leads differs from a sort of all leads at $wrong moments" >&2
		missed=1
	fi
done
exit $missed
