#!/bin/bash
#
# worker_idle.sh: what the worker and the launcher use while there is nothing to
# do: CPU time in ticks of the kernel (10 ms) and in microseconds, and how often
# they woke.
#
#   BENCH_IDLE_SECONDS  how long (default 10)
#
# What it needs is said in bench/touch/lib.sh.  Prints a table to standard error,
# one JSON object to standard output; ends non-zero where the bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

seconds=${BENCH_IDLE_SECONDS:-10}
# shellcheck source=./bench/touch/lib.sh
source bench/touch/lib.sh

# used: of each of our processes its number, ticks, microseconds and switches
used()
{
	local pid
	for pid in $pids; do
		echo "$pid $(awk '{ print $14 + $15 }' < <(sed 's/(.*)/x/' "/proc/$pid/stat")) $(cpu_of "$pid") $(awk '/^voluntary/ { print $2 }' "/proc/$pid/status")"
	done
}

node_start
has_worker || { echo "worker_idle.sh: this build has no worker" >&2; exit 1; }
fresh
# it has just worked, and is done
load ours one 4 2 > /dev/null
sleep 2
pids=$($admin -At -c "SELECT pid FROM pg_stat_activity WHERE backend_type ILIKE '%revops%' ORDER BY backend_type")
used > "$work/before"
sleep "$seconds"
used > "$work/after"
check "$with_worker"

paste "$work/before" "$work/after" | awk '{ print $6 - $2, $7 - $3, $8 - $4 }' > "$work/idle"
echo "worker and launcher, idle for $seconds s: ticks, microseconds of CPU, times woken:" >&2
sed 's/^/    /' "$work/idle" >&2
bar worker_idle_ticks "$(awk '{ n += $1 } END { print n }' "$work/idle")" 0 '<='
exit $missed
