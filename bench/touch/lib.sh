# shellcheck shell=bash
#
# What the benchmarks of touches share: a server of their own, because it preloads
# the library (the worker needs that); a template with leads that have a past;
# copies of it; and what is measured of a run.
#
# Needs what bench/write/lib.sh needs, and REVOPS_WORK, REVOPS_CONF and PG_BIN of
# test/cluster.sh.  The server stays in REVOPS_WORK/touches for the benchmark that
# comes next, but does not run between them.  Runs in the top folder of the tree.
#
#   BENCH_TOUCH_LEADS   how many leads have a past (default 100000)
#
leads=${BENCH_TOUCH_LEADS:-100000}
export PGHOST=$REVOPS_WORK/touches
node=$PGHOST
warm=touch_warm
definitions=touch_definitions
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh
with_worker=${prefix}_worker
# shellcheck disable=SC2034  # read by who sources this
missed=0
# sessions beside pgbench's in the databases
others=0

node_stop()
{
	clean_up
	"$PG_BIN/pg_ctl" -D "$node/data" -m fast stop >/dev/null 2>&1 || true
}

node_restart()
{
	"$PG_BIN/pg_ctl" -D "$node/data" -m fast stop >/dev/null 2>&1 || true
	"$PG_BIN/pg_ctl" -D "$node/data" -l "$node/log" -w start >/dev/null ||
		{ tail -20 "$node/log" >&2; return 1; }
}

# has_worker: does this build have a worker?
has_worker()
{
	[ -n "$($admin -At -c "SELECT 1 FROM pg_settings WHERE name = 'pg_revops.databases'")" ]
}

# node_start [SETTING...]: lines for postgresql.conf
node_start()
{
	if [ ! -d "$node/data" ]; then
		mkdir -p "$node"
		"$PG_BIN/initdb" -D "$node/data" -A trust -N -U postgres --locale=C.UTF-8 -E UTF8 >/dev/null
		{
			cat "$REVOPS_CONF"
			cat <<-END
				listen_addresses = ''
				unix_socket_directories = '$node'
				shared_preload_libraries = 'pg_revops'
				synchronous_commit = off
				fsync = off
				jit = off
				shared_buffers = 1GB
				max_wal_size = 8GB
				checkpoint_timeout = 1h
				autovacuum = off
				include 'run.conf'
			END
		} >> "$node/data/postgresql.conf"
	fi
	printf '%s\n' "pg_revops.databases = '$with_worker'" "$@" > "$node/data/run.conf"
	trap node_stop EXIT
	node_restart
	log_mark=$(wc -c < "$node/log")
	[ -n "$($admin -At -c "SELECT datname FROM pg_database WHERE datname = '$warm'")" ] || make_warm
}

# make_warm: the definitions, and a copy of them with leads that have a past
make_warm()
{
	$admin -c "CREATE DATABASE ${prefix}_definitions"
	sql "${prefix}_definitions" -f bench/write/setup.sql -f bench/touch/setup.sql
	copy_of warm "${prefix}_definitions" >/dev/null
	sql "${prefix}_warm" -v leads="$leads" -f bench/touch/warm.sql
	$admin -c "ALTER DATABASE ${prefix}_definitions RENAME TO $definitions" \
		-c "ALTER DATABASE ${prefix}_warm RENAME TO $warm"
}

# in_memory DATABASE: what the touches need is read once
in_memory()
{
	sql "$1" -c "SET enable_seqscan = off" -c "SELECT count(lead_id), count(key) FROM revops.lead" \
		-c "SELECT count(*) FROM revops.lead WHERE (binding_id, key) > (0, '')" \
		-c "SET enable_seqscan = on" -c "SELECT count(*) FROM revops.lead" > /dev/null
}

worker_pid()
{
	$admin -At -c "SELECT pid FROM pg_stat_activity WHERE datname = '$1' AND backend_type ILIKE '%revops%'"
}

# await SECONDS COMMAND...: run it until it says something
await()
{
	local limit=$((SECONDS + $1)) answer
	shift
	while [ $SECONDS -le "$limit" ]; do
		answer=$("$@")
		if [ -n "$answer" ]; then
			echo "$answer"
			return 0
		fi
		sleep 0.05
	done
	echo "waited in vain for: $*" >&2
	return 1
}

# fresh [TEMPLATE]: two copies, one that the worker works in and one without
fresh()
{
	copy_of plain "${1:-$warm}" >/dev/null
	! has_worker || copy_of worker "${1:-$warm}" >/dev/null
	begin_anew
}

# begin_anew: buffers hold what is there, and nothing is to be written
begin_anew()
{
	node_restart
	if has_worker; then
		worker=$(await 30 worker_pid "$with_worker")
		in_memory "$with_worker"
	fi
	in_memory "${prefix}_plain"
}

# database_of VARIANT: where it runs
database_of()
{
	if [ "$1" = ours ]; then echo "$with_worker"; else echo "${prefix}_plain"; fi
}

is_drained()
{
	sql "$1" -c "SELECT 1 WHERE NOT EXISTS (SELECT FROM revops.lead_delta)"
}

# settled DATABASE: the worker has done what there was to do, or settle() has
settled()
{
	if [ "$1" = "$with_worker" ]; then
		await 60 is_drained "$1" > /dev/null
	else
		sql "$1" -c "CALL revops.settle()"
	fi
}

# check DATABASE: everything was counted, and counted once, before and after
# what was left is folded
check()
{
	local wrong
	wrong=$(sql "$1" -c "SELECT crm.wrong()"; settled "$1"; sql "$1" -c "SELECT crm.wrong()")
	if [ -n "$wrong" ]; then
		echo "wrong in $1: $wrong" >&2
		return 1
	fi
	if tail -c +"$((log_mark + 1))" "$node/log" | grep -E 'deadlock detected|ERROR:|PANIC:|terminated by signal' >&2; then
		echo "the server's log says so" >&2
		return 1
	fi
}

# CPU time of a process in microseconds
cpu_of()
{
	awk '{ print int($1 / 1000) }' "/proc/$1/schedstat"
}

worker_cpu()
{
	if [ "$1" = "$with_worker" ]; then cpu_of "$worker"; else echo 0; fi
}

# CPU time of all backends that ended so far, in microseconds
ended_cpu()
{
	awk -v tick="$(getconf CLK_TCK)" '{ printf "%d\n", ($16 + $17) * 1000000 / tick }' "/proc/$(head -1 "$node/data/postmaster.pid")/stat"
}

# no_clients DATABASE: pgbench's have left
no_clients()
{
	local n
	n=$(pgrep -c -P "$(head -1 "$node/data/postmaster.pid")" -f "postgres: [^ ]+ $1 \[local\]" || true)
	[ "$n" -gt "$others" ] || echo none
}

# The variants: the engine with its worker running (ours) and without (alone), the
# host's insert with a bulk insert of the same touches by hand (hand), and the
# host's insert by itself (bare).
engines()
{
	if has_worker; then echo ours alone; else echo alone; fi
}

# load VARIANT KIND CLIENTS SECONDS [OPTION...]: prints transactions a second and
# microseconds of CPU a transaction, that of the worker included
load()
{
	local database before worker_before
	database=$(database_of "$1")
	before=$(ended_cpu)
	worker_before=$(worker_cpu "$database")
	pgbench -n -M prepared -D leads="$leads" -c "$3" -j 2 -T "$4" -f "bench/touch/$2_${1/alone/ours}.sql" "${@:5}" "$database" > "$work/out" 2> "$work/err" ||
		{ cat "$work/out" "$work/err" >&2; return 1; }
	if ! grep -q '^number of failed transactions: 0 ' "$work/out"; then
		cat "$work/out" >&2
		return 1
	fi
	await 10 no_clients "$database" > /dev/null
	before=$(($(ended_cpu) - before))
	[ "$database" != "$with_worker" ] || settled "$database"
	awk -v cpu=$((before + $(worker_cpu "$database") - worker_before)) '
		/^number of transactions actually/ { n = $NF }
		/^tps = / { tps = $3 }
		END { print tps, cpu / n }' "$work/out"
}

# rotated N WORD...: the words, begun with another one each time
rotated()
{
	local n=$(($1 % ($# - 1)))
	shift
	echo "${@:n+1}" "${@:1:n}"
}

# column N FILE: values of a column, and their median
column()
{
	awk -v n="$1" '{ print $n }' "$2"
}

# bar NAME VALUE BAR SENSE
bar()
{
	echo "{\"bench\":\"$1\",\"value\":$(printf '%.3f' "$2"),\"bar\":$3,\"sense\":\"$4\"}"
	if ! awk "BEGIN { exit !($2 $4 $3) }"; then
		echo "$1 misses its bar" >&2
		# shellcheck disable=SC2034
		missed=1
	fi
}

# told NAME VALUE: for information
told()
{
	echo "{\"bench\":\"$1\",\"value\":$(printf '%.3f' "$2")}"
}
