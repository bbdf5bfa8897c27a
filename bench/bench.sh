#!/bin/bash
#
# bench.sh: all benchmarks in a private cluster; a table, a JSON file, and an
# exit status that is non-zero where a ratio misses its bar.
#
#     make bench
#     bash bench/bench.sh rules calendar     only these
#     BENCH_JSON=file make bench             where the JSON goes (default bench/results.json)
#
# Every other bench/*.sh is one benchmark: it finds the cluster in PGHOST and
# so on, the tree in the current folder, PG_CONFIG, REVOPS_STAGE (where a module
# of its own may be installed with DESTDIR) and prints one JSON object a line.
# The product is built as for use: no assertions.
#
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
json=${BENCH_JSON:-$here/results.json}

lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
status=0
SERVER_CONF="autovacuum=off" bash "$here/../test/cluster.sh" bash bench/run.sh "$@" | tee "$lines"
status=${PIPESTATUS[0]}

{
	echo '{'
	echo "  \"machine\": \"$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1)\","
	echo "  \"cores\": $(nproc),"
	echo "  \"memory_mb\": $(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo),"
	echo "  \"kernel\": \"$(uname -sr)\","
	echo "  \"commit\": \"$(git -C "$here" describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)\","
	echo "  \"postgresql\": \"$(sed -n 's/^==> building with //p' "$lines")\","
	echo "  \"at\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\","
	echo '  "results": ['
	grep '^{"bench"' "$lines" | sed 's/^/    /; $!s/$/,/'
	echo '  ]'
	echo '}'
} > "$json"
echo "written to $json"
exit "$status"
