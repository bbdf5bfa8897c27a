#!/bin/bash
#
# touch_old_snapshot.sh: touches of hot leads (the hot ones of touch.sh, 8
# clients) while one session holds a REPEATABLE READ snapshot open, as pg_dump or
# a long report does: no version of a row that was written since can be pruned.
# The engine (its worker running, where there is one) is under load for so long
# in nine slices; between them the same touches by hand run under the same
# snapshot for a moment, so that both have the same machine.  The ratio of
# transactions a second is the median of the slices' ratios.  It must not fall:
# its median over the last three slices is compared with the three before.
#
#   BENCH_SNAPSHOT_SECONDS  how long the engine is under load (default 60)
#
# What it needs is said in bench/touch/lib.sh.  Prints a table to standard error,
# one JSON object a line to standard output; ends non-zero where a bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

seconds=${BENCH_SNAPSHOT_SECONDS:-60}
# shellcheck source=./bench/touch/lib.sh
source bench/touch/lib.sh

slice()
{
	if [ "$1" = hand ]; then echo 2; else echo $(((seconds + 8) / 9)); fi
}

ratios()
{
	paste "$work/$engine" "$work/hand" | awk '{ print $1 / $3 }'
}

# ratio_of FROM TO: median of the ratios of these slices
ratio_of()
{
	ratios | sed -n "$1,$2p" | median
}

# reader QUERY: ask the session that holds the snapshot
reader()
{
	echo "$1" >&"${READER[1]}"
	read -r answer <&"${READER[0]}"
}

node_start
engine=$(engines | head -1 | cut -d' ' -f1)
database=$(database_of "$engine")
fresh

coproc READER { psql -XqAt -d "$database"; }
reader "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT sum(touches) FROM revops.lead;"
seen=$answer
others=1
since=$SECONDS
for ((n = 0; n < 9; n++)); do
	for variant in $(rotated "$n" "$engine" hand); do
		load "$variant" hot 8 "$(slice "$variant")" >> "$work/$variant"
	done
done
reader "SELECT sum(touches) FROM revops.lead;"
[ "$answer" = "$seen" ] || { echo "touch_old_snapshot.sh: the old snapshot saw $seen touches, then $answer" >&2; exit 1; }
echo "$((SECONDS - since)) s with an old snapshot, 8 clients, two hot touches a transaction block, slice by slice:" >&2
reader "COMMIT; SELECT 'done';"
# shellcheck disable=SC2034  # read by load
others=0
check "$database"

paste "$work/$engine" "$work/hand" | awk '
	{ printf "    tps %6.0f, by hand %6.0f: %.2f;  microseconds of CPU %7.1f, by hand %5.1f\n", $1, $3, $1 / $3, $2, $4 }' >&2
bar touch_old_snapshot_vs_hand "$(ratio_of 1 9)" 0.5 '>='
bar touch_old_snapshot_last_third "$(awk "BEGIN { print $(ratio_of 7 9) / $(ratio_of 4 6) }")" 0.9 '>='
exit $missed
