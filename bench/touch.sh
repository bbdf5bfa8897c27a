#!/bin/bash
#
# touch.sh: touches of 100,000 leads with a past against the same touches by hand:
# the host's insert and a bulk insert of the same rows into a table like
# revops.touch, in one statement, which updates no lead (hand).  The host's insert
# by itself (bare) is for information, and so is the engine without its worker
# (alone): the bars hold for the engine with its worker running, whose CPU counts.
#   million    1,000,000 in one statement, of all leads: CPU time
#   thousand   1,000 a statement, 4 clients, leads by zipf 1.05 (the same in its
#              continuous form): transactions a second, as in those that follow
#   one        one a transaction, 4 clients, leads by zipf 1.05
#   hot        two a transaction block, 8 clients, leads by zipf 1.3, in random
#              order: no deadlock
# Interleaved rounds, the order of the variants turned from round to round,
# medians; the ratio is the median of the rounds' ratios.  Each cell begins in
# fresh copies of one database (each round of the million, too), and in the end
# every touch must have been counted once.
#
#   BENCH_TOUCH_CELLS    which of them (default all)
#   BENCH_TOUCH_SECONDS  length of a run (default 3)
#   BENCH_TOUCH_ROUNDS   how many rounds (default 5; of the million: 3 at most)
#
# What it needs is said in bench/touch/lib.sh.  Prints tables to standard error,
# one JSON object a line to standard output; ends non-zero where a bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

cells=${BENCH_TOUCH_CELLS:-million thousand one hot}
seconds=${BENCH_TOUCH_SECONDS:-3}
rounds=${BENCH_TOUCH_ROUNDS:-5}
# shellcheck source=./bench/touch/lib.sh
source bench/touch/lib.sh

clients_of()
{
	if [ "$1" = hot ]; then echo 8; else echo 4; fi
}

# million VARIANT: prints microseconds of CPU; acts of a year, as they are
# when a history is loaded, so that most have faded
million()
{
	local database worker_before cpu
	database=$(database_of "$1")
	sql "$database" -v leads="$leads" <<-'END'
		SELECT setseed(0.25) \g /dev/null
		CREATE UNLOGGED TABLE IF NOT EXISTS crm.million AS
		SELECT 1 + floor(:leads * power(random(), 2))::bigint AS lead_id, now() - random() * interval '365 days' AS at
		FROM generate_series(1, 1000000);
	END
	# what ran before has left its rows in the buffers: whoever is next would have to write them
	begin_anew
	worker_before=$(worker_cpu "$database")
	cpu=$(sql "$database" <<-END
		SELECT count(*) FROM crm.million \g /dev/null
		SELECT crm.cpu() AS before \gset
		\i bench/touch/million_${1/alone/ours}.sql
		SELECT (crm.cpu() - :before) / 1000;
	END
	)
	[ "$database" != "$with_worker" ] || settled "$database"
	echo $((cpu + $(worker_cpu "$database") - worker_before))
}

# ratio CELL COLUMN VARIANT: median of the ratios to hand
ratio()
{
	paste <(column "$2" "$work/$1.$3") <(column "$2" "$work/$1.hand") | awk '{ print $1 / $2 }' | median
}

node_start
engines=$(engines)
# the bars are the worker's, where there is one
counted=${engines%% *}

case " $cells " in *" million "*)
	for ((round = 0; round < rounds && round < 3; round++)); do
		fresh
		for variant in $(rotated "$round" "$counted" hand bare); do
			million "$variant" >> "$work/million.$variant"
		done
		check "$(database_of "$counted")"
	done
esac
for cell in $cells; do
	[ "$cell" != million ] || continue
	fresh
	for ((round = 0; round < rounds; round++)); do
		# shellcheck disable=SC2086  # a list of words
		for variant in $(rotated "$round" $engines hand bare); do
			load "$variant" "$cell" "$(clients_of "$cell")" "$seconds" >> "$work/$cell.$variant"
		done
	done
	for variant in $engines; do
		check "$(database_of "$variant")"
	done
done

for cell in $cells; do
	if [ "$cell" = million ]; then
		echo "1,000,000 touches in one statement, microseconds of CPU in all (medians):" >&2
		for variant in $counted hand bare; do
			printf '    %-8s %10.0f   rounds: %s\n' "$variant" "$(median < "$work/million.$variant")" "$(tr '\n' ' ' < "$work/million.$variant")" >&2
		done
		bar touch_million_vs_hand "$(ratio million 1 "$counted")" 1.4 '<='
		continue
	fi
	echo "touches, $cell, $(clients_of "$cell") clients, transactions a second and microseconds of CPU each (medians of $rounds rounds):" >&2
	for variant in $engines hand bare; do
		printf '    %-8s %8.0f %9.1f   rounds: %s\n' "$variant" "$(column 1 "$work/$cell.$variant" | median)" \
			"$(column 2 "$work/$cell.$variant" | median)" "$(column 1 "$work/$cell.$variant" | xargs printf '%.0f ')" >&2
	done
	case $cell in thousand) at_least=0.65 ;; *) at_least=0.75 ;; esac
	bar "touch_${cell}_vs_hand" "$(ratio "$cell" 1 "$counted")" $at_least '>='
	told "touch_${cell}_cpu_vs_hand" "$(ratio "$cell" 2 "$counted")"
done
exit $missed
