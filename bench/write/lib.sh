# shellcheck shell=bash
#
# What copy.sh and single.sh share, and in part those of touches: a template
# database and copies of it, so that every run begins with fresh tables and
# sequences.
#
# Needs a server with the extension, given by PGHOST, PGPORT and so on, that can
# read files of ours, and a superuser.  Runs in the top folder of the tree.

prefix=bench_$$
template=${prefix}_template
work=$(mktemp -d)
chmod 755 "$work"
moment='2026-10-14 13:07:00+00'
admin="psql -Xq -v ON_ERROR_STOP=1 -d ${PGDATABASE:-postgres}"

# sql DATABASE [ARGUMENT...]: psql that stops at errors
sql()
{
	local database=$1
	shift
	PGOPTIONS="-c jit=off -c max_parallel_workers_per_gather=0 -c client_min_messages=warning" \
		psql -XqAt -v ON_ERROR_STOP=1 -d "$database" "$@"
}

clean_up()
{
	local database
	for database in $($admin -At -c "SELECT datname FROM pg_database WHERE datname LIKE '${prefix}%'"); do
		$admin -c "DROP DATABASE \"$database\" WITH (FORCE)" || true
	done
	rm -rf "$work"
}
trap clean_up EXIT

# copy_of NAME [TEMPLATE]: a fresh database; prints its name
copy_of()
{
	$admin -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS ${prefix}_$1 WITH (FORCE)" \
		-c "CREATE DATABASE ${prefix}_$1 TEMPLATE ${2:-$template} STRATEGY file_copy" -c CHECKPOINT
	echo "${prefix}_$1"
}

drop_copy()
{
	$admin -c "DROP DATABASE ${prefix}_$1"
}

# make_template LEADS: the template, and a file with so many leads
make_template()
{
	$admin -c "CREATE DATABASE $template"
	sql "$template" -f bench/write/setup.sql
	# the server writes its files where it may
	chmod 777 "$work"
	sql "$template" -c "COPY (SELECT * FROM crm.some_leads($1)) TO '$work/leads'"
	copy_of first >/dev/null
	sql "${prefix}_first" -c "SET pg_revops.now = '$moment'" -c "COPY crm.lead FROM '$work/leads'" \
		-f bench/write/answer.sql -c "COPY crm.answer TO '$work/answers'" -c "COPY crm.schedule TO '$work/schedule'"
	drop_copy first
	sql "$template" -v answers="$work/answers" -v schedule="$work/schedule" -v moment="$moment" -f bench/write/answer_in.sql
}

# median of the numbers on standard input
median()
{
	sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
