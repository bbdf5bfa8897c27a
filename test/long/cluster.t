#!/bin/bash
#
# cluster.t: cluster.sh passes the command's exit status on and leaves nothing
# behind: after success, after failure, and when it is ended in the middle.
#
set -uo pipefail
unset REVOPS_WORK REVOPS_OUTER REVOPS_STAGE REVOPS_CONF PGHOST PGPORT PGUSER PGDATABASE KEEP
count=0

is()
{
	count=$((count + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		echo "# wanted \"$3\", got \"$2\""
	fi
}

# the folder is short: a socket lives below it
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/nXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

left()
{
	find "$TMPDIR" -mindepth 1 | head -3 | tr '\n' ' '
	pgrep -f "$TMPDIR" | head -3 | tr '\n' ' '
}

bash test/cluster.sh psql -XAtc 'SELECT 1' > "$TMPDIR.out" 2>&1
is "exit status of a command that succeeds" $? 0
is "... whose output is seen" "$(tail -1 "$TMPDIR.out")" 1
is "... and nothing is left" "$(left)" ""

bash test/cluster.sh bash -c 'exit 7' > "$TMPDIR.out" 2>&1
is "exit status of a command that fails" $? 7
is "... and nothing is left" "$(left)" ""

# The command says by a pipe when it runs; the signal comes then.
mkfifo "$TMPDIR.pipe"
bash test/cluster.sh bash -c "echo runs > '$TMPDIR.pipe'; exec tail -f /dev/null" > "$TMPDIR.out" 2>&1 &
script=$!
read -r _ < "$TMPDIR.pipe"
kill -TERM $script
wait $script
is "exit status when it is ended by SIGTERM" $? 143
is "... and nothing is left" "$(left)" ""
rm -f "$TMPDIR.pipe" "$TMPDIR.out"

PG_CONFIG=/nonexistent bash test/cluster.sh true > "$TMPDIR.out" 2>&1
is "exit status without PostgreSQL" $? 1
is "... with a message that says what to install" "$(grep -c 'postgresql-server-dev-15' "$TMPDIR.out")" 1
is "... and nothing is left" "$(left)" ""
rm -f "$TMPDIR.out"

echo "1..$count"
