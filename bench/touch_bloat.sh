#!/bin/bash
#
# touch_bloat.sh: touches of hot leads (the hot ones of touch.sh, 8 clients) for a
# long time, with autovacuum on: do the state rows and the deltas stay as large as
# they are, and does the engine stay as fast?  The run has ten parts; the last three
# are compared with the second to the fourth: transactions a second, and the heap and
# indexes of lead and of lead_delta.  The engine runs with its worker, where there
# is one.
#
#   BENCH_LONG=1           ten minutes, autovacuum as PostgreSQL has it by default
#   BENCH_BLOAT_SECONDS    how long (default 60; then autovacuum looks ten times)
#
# What it needs is said in bench/touch/lib.sh.  Prints a table to standard error,
# one JSON object a line to standard output; ends non-zero where a bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

seconds=${BENCH_BLOAT_SECONDS:-$([ "${BENCH_LONG:-0}" = 1 ] && echo 600 || echo 60)}
part=$(((seconds + 9) / 10))
# shellcheck source=./bench/touch/lib.sh
source bench/touch/lib.sh

# kB of lead, its indexes, lead_delta, its indexes; deltas; updates of lead, HOT ones
sizes()
{
	sql "$database" -F ' ' -c "
		SELECT pg_relation_size('revops.lead') / 1024, pg_indexes_size('revops.lead') / 1024,
		       pg_relation_size('revops.lead_delta') / 1024, pg_indexes_size('revops.lead_delta') / 1024,
		       (SELECT count(*) FROM revops.lead_delta), n_tup_upd, n_tup_hot_upd
		FROM pg_stat_user_tables WHERE relid = 'revops.lead'::regclass"
}

# of_parts FROM TO COLUMN: the values in these parts
of_parts()
{
	sed -n "$1,$2p" "$work/parts" | column "$3" -
}

# later_to_earlier COLUMN: the medians' ratio
later_to_earlier()
{
	awk "BEGIN { print $(of_parts 8 10 "$1" | median) / $(of_parts 2 4 "$1" | median) }"
}

node_start "autovacuum = on" "autovacuum_naptime = $((part < 60 ? part : 60))s"
engine=$(engines | head -1 | cut -d' ' -f1)
database=$(database_of "$engine")
fresh
sizes > "$work/sizes"
load "$engine" hot 8 $((part * 10)) -P "$part" > /dev/null &
loader=$!
for ((n = 1; n <= 10; n++)); do
	sleep "$part"
	sizes >> "$work/sizes"
done
wait "$loader"
check "$database"

# transactions a second, MB of lead, MB of lead_delta, deltas, HOT share of lead's updates
paste -d ' ' <(sed -n 's/^progress: .* s, \([0-9.]*\) tps.*/\1/p' "$work/err") <(sed 1d "$work/sizes") <(sed '$d' "$work/sizes") |
	awk 'NF == 15 { updates = $7 - $14
		print $1, ($2 + $3) / 1024, ($4 + $5) / 1024, $6, (updates > 0 ? ($8 - $15) / updates : 1) }' > "$work/parts"
echo "two hot touches a transaction block, 8 clients, autovacuum on; after each $part s:" >&2
awk '{ printf "    tps %6.0f;  lead and its indexes %5.1f MB, HOT %5.1f %%;  lead_delta and its indexes %5.1f MB, %5d rows\n", $1, $2, 100 * $5, $3, $4 }' "$work/parts" >&2

bar touch_bloat_tps "$(later_to_earlier 1)" 0.8 '>='
bar touch_bloat_lead "$(later_to_earlier 2)" 1.1 '<='
# where there is next to nothing, next to nothing more is no growth
bar touch_bloat_delta "$(awk "BEGIN { print (1 + $(of_parts 8 10 3 | sort -g | tail -1)) / (1 + $(of_parts 2 4 3 | sort -g | tail -1)) }")" 1.5 '<='
bar touch_bloat_hot "$(of_parts 2 10 5 | median)" 0.9 '>='
exit $missed
