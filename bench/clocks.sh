#!/bin/bash
#
# clocks.sh: what one rep has to do by when, while a million promises run: sla_due
# for one rep, sorted by when each is due.  Leads and clocks are loaded straight
# into the state tables (bench/clocks/load.sql); business time and wall time take
# turns.  Each of ten reps is asked for once to warm up and then five times;
# median and worst, milliseconds.  The bar is for the median.
#
#   BENCH_CLOCKS        how many clocks run (default 1000000)
#   BENCH_CLOCKS_REPS   among how many reps (default 5000)
#
# Needs a server with the extension installed, given by PGHOST, PGPORT and so on, and
# a superuser; 1 GB of disk.  Makes and drops a database of its own.  Prints a line to
# standard error and one JSON object to standard output; ends non-zero where the bar
# is missed, or a rep is shown another number of promises than runs.
#
set -euo pipefail
shopt -s inherit_errexit

clocks=${BENCH_CLOCKS:-1000000}
reps=${BENCH_CLOCKS_REPS:-5000}
database=bench_clocks_$$
bar=5
admin="psql -Xq -v ON_ERROR_STOP=1 -d ${PGDATABASE:-postgres}"
sql="psql -XqAt -v ON_ERROR_STOP=1 -d $database"

clean_up()
{
	$admin -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" || true
}
trap clean_up EXIT

$admin -c "CREATE DATABASE $database"
$sql -c "CREATE EXTENSION pg_revops" -f bench/hot/setup.sql >/dev/null
$sql -v clocks="$clocks" -v reps="$reps" -f bench/clocks/load.sql >/dev/null
$admin -c CHECKPOINT
measured=$($sql -F ' ' -v reps="$reps" -f bench/clocks/measure.sql | tail -n 1)
read -r median worst wrong <<< "$measured"
printf '%-12s %10s %10s\n' clocks median worst "$clocks" "$median" "$worst" >&2
echo "{\"bench\": \"clocks\", \"value\": $median, \"bar\": $bar, \"sense\": \"<=\", \"unit\": \"ms\", \"clocks\": $clocks}"
if [ "$wrong" != 0 ]; then
	echo "clocks: $wrong reps are shown another number of promises than runs" >&2
	exit 1
fi
awk "BEGIN { exit $median > $bar }"
