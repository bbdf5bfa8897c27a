#!/bin/bash
#
# queued.sh: what a queued binding costs the statements of its host, against the
# same statements on the same table without a binding (bare): a table of leads
# with a bigint key, from which 14 roles are taken.
#   COPY     of many leads: CPU time of the backend
#   single   one lead a transaction, 4 clients, synchronous_commit off:
#            transactions a second
#   durable  the same with synchronous_commit and fsync on, as a server comes;
#            for information, as it depends on the disk
# No worker runs: it settles after the commit, in a process of its own.  What
# settling costs is measured in the end, for information, and beside it the same
# COPY into a binding that is inline; then every lead must be there, each once.
# Each run has a database of its own; interleaved rounds, the order of the two
# turned from round to round, medians; the ratio is the median of the rounds'.
#
#   BENCH_LEADS          how many leads (default 200000)
#   BENCH_ROUNDS         how many rounds (default 3)
#   BENCH_SECONDS        length of a run of single inserts (default 5)
#   BENCH_SINGLE_ROUNDS  how many rounds of those (default 7)
#   BENCH_QUEUED_CELLS   which of the three (default all)
#
# What it needs is said in bench/write/lib.sh.  Prints tables to standard error,
# one JSON object a line to standard output; ends non-zero where a bar is missed.
#
set -euo pipefail
shopt -s inherit_errexit

leads=${BENCH_LEADS:-200000}
rounds=${BENCH_ROUNDS:-3}
seconds=${BENCH_SECONDS:-5}
single_rounds=${BENCH_SINGLE_ROUNDS:-7}
cells=${BENCH_QUEUED_CELLS:-copy single durable}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh

$admin -c "CREATE DATABASE $template"
sql "$template" -f bench/write/setup.sql -f bench/write/queued.sql
chmod 777 "$work"
sql "$template" -c "COPY (SELECT * FROM crm.some_leads($leads)) TO '$work/leads'"

table_of()
{
	case $1 in
		queued) echo crm.queued ;;
		inline) echo crm.lead ;;
		bare) echo other.host ;;
	esac
}

# settle DATABASE BINDING: prints microseconds of CPU of settling all that waits;
# every row of the host is a lead then, and nothing waits any more
settle()
{
	sql "$1" <<-END
		SET pg_revops.now = '$moment';
		CHECKPOINT;
		SELECT crm.cpu() AS before \gset
		CALL revops.settle();
		SELECT round((crm.cpu() - :before) / 1000.0);
	END
	if [ "$(sql "$1" -c "SELECT count(*) = (SELECT count(*) FROM $(table_of "$2")) AND count(DISTINCT key) = count(*)
			AND NOT EXISTS (SELECT FROM revops.inbox_entry)
			FROM revops.lead JOIN revops.binding USING (binding_id) WHERE binding = '$2'")" != t ]; then
		echo "queued.sh: leads are missing, or wait still" >&2
		exit 1
	fi
}

# load VARIANT: prints microseconds of CPU of the COPY, and of the settle after it
load()
{
	local database
	database=$(copy_of run)
	sql "$database" <<-END
		SET pg_revops.now = '$moment';
		CHECKPOINT;
		SELECT crm.cpu() AS before \gset
		COPY $(table_of "$1") FROM '$work/leads';
		SELECT round((crm.cpu() - :before) / 1000.0);
	END
	[ "$1" != queued ] || settle "$database" queued
	drop_copy run
}

# single VARIANT COMMIT: prints transactions a second with this synchronous_commit
single()
{
	local database
	database=$(copy_of run)
	PGOPTIONS="-c synchronous_commit=$2 -c jit=off" \
		pgbench -n -M prepared -c 4 -j 2 -T "$seconds" -f "bench/write/single_$1.sql" "$database" > "$work/out" 2>&1 ||
		{ cat "$work/out" >&2; return 1; }
	[ "$1" != queued ] || settle "$database" queued > "$work/settled"
	drop_copy run
	sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/out"
}

# in_turn ROUND: the two variants, in an order that changes
in_turn()
{
	if [ $(($1 % 2)) = 1 ]; then echo queued bare; else echo bare queued; fi
}

missed=0
# bar NAME VALUE BAR SENSE
bar()
{
	local value
	value=$(printf '%.3f' "$2")
	echo "{\"bench\":\"$1\",\"value\":$value,\"bar\":$3,\"sense\":\"$4\"}"
	if ! awk "BEGIN { exit !($value $4 $3) }"; then
		echo "$1 misses its bar" >&2
		missed=1
	fi
}

# ratio CELL: the median of the rounds' ratios
ratio()
{
	paste "$work/$1.queued" "$work/$1.bare" | awk '{ print $1 / $2 }' | median
}

# shown CELL VARIANT DIVISOR: the median, and the rounds
shown()
{
	printf '    %-8s %8.2f   rounds: %s\n' "$2" "$(awk "{ print \$1 / $3 }" < "$work/$1.$2" | median)" \
		"$(awk "{ printf \"%.2f \", \$1 / $3 }" < "$work/$1.$2")"
}

case " $cells " in *" copy "*)
	for ((round = 1; round <= rounds; round++)); do
		for variant in $(in_turn "$round"); do
			load "$variant" > "$work/cpu"
			sed -n 1p "$work/cpu" >> "$work/copy.$variant"
			sed -n 2p "$work/cpu" >> "$work/settle.$variant"
		done
		load inline >> "$work/copy.inline"
	done
	{
		echo "COPY of $leads leads, microseconds of CPU a lead (medians of $rounds rounds):"
		for variant in queued bare inline; do
			shown copy "$variant" "$leads"
		done
		echo "and of settling what was queued:"
		shown settle queued "$leads"
	} >&2
	bar queued_copy_vs_bare "$(ratio copy)" 1.6 '<='
esac
# singles CELL COMMIT: all rounds of it, and what they gave
singles()
{
	local round variant
	for ((round = 1; round <= single_rounds; round++)); do
		for variant in $(in_turn "$round"); do
			single "$variant" "$2" >> "$work/$1.$variant"
		done
	done
	{
		echo "one lead a transaction, 4 clients, no worker, synchronous_commit $2, transactions a second (medians of $single_rounds rounds):"
		for variant in queued bare; do
			shown "$1" "$variant" 1
		done
	} >&2
}

# set_fsync VALUE: of the whole server, for as long as the cell lasts
set_fsync()
{
	$admin -c "ALTER SYSTEM $1" -Atc 'SELECT pg_reload_conf()' > /dev/null
}

case " $cells " in *" single "*)
	singles single off
	bar queued_single_vs_bare "$(ratio single)" 0.85 '>='
esac
case " $cells " in *" durable "*)
	set_fsync 'SET fsync = on'
	trap 'set_fsync "RESET fsync"; clean_up' EXIT
	singles durable on
	echo "{\"bench\":\"queued_durable_vs_bare\",\"value\":$(printf '%.3f' "$(ratio durable)")}"
esac
exit $missed
