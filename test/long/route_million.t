#!/bin/bash
#
# route_million.t: E3, a million leads that eight sessions bring at once, one in ten of
# their transactions rolled back, to a team whose weights are 5, 2, 1, 1, 1, 1: who has
# got how many does not drift away from the weights.  Some transactions bring one lead,
# some thirty.  ROUTE_LEADS: another number of leads.
#
set -uo pipefail
leads=${ROUTE_LEADS:-1000000}
database=route_million_$$
script=$(mktemp)
n=0
bad=0

ok()
{
	n=$((n + 1))
	if [ "$1" = t ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; fi
}

run() { PGOPTIONS='-c client_min_messages=warning' psql -XqAt -v ON_ERROR_STOP=1 -d "$database" "$@"; }

# furthest that anybody is off the weight's share of what the team has got
off()
{
	run -c "SELECT ceil(max(abs(n - total * weight / 11.0))) FROM (SELECT m.rep_id, m.weight, count(a.rep_id) AS n, sum(count(a.rep_id)) OVER () AS total
		FROM revops.team_member m LEFT JOIN revops.assignment a USING (rep_id) GROUP BY 1, 2) s"
}

createdb "$database" || { echo "Bail out! no database"; exit 1; }
trap 'dropdb --force "$database"; rm -f "$script"' EXIT
run <<'SQL' || { echo "Bail out! setting up failed"; exit 1; }
CREATE EXTENSION pg_revops;
SELECT revops.create_workspace('main') \g /dev/null
CREATE TABLE person (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stage text DEFAULT 'mql');
SELECT revops.attach_lead('person', 'person', '{"stage": "stage"}') \g /dev/null
INSERT INTO revops.rep (rep) SELECT 'rep ' || n FROM generate_series(1, 6) n;
INSERT INTO revops.team (team) VALUES ('six');
INSERT INTO revops.team_member SELECT 1, n, (array[5, 2, 1, 1, 1, 1])[n] FROM generate_series(1, 6) n;
INSERT INTO revops.route (route, position, team_id) VALUES ('all', 1, 1);
SQL
cat > "$script" <<'SQL'
\set many random(1, 2)
\set n 1 + 29 * (:many - 1)
\set back random(1, 10) = 1
BEGIN;
INSERT INTO person (stage) SELECT 'mql' FROM generate_series(1, :n);
\if :back
ROLLBACK;
\else
COMMIT;
\endif
SQL
# 13.95 leads a transaction in the mean stay: in ten parts
part=$((leads / 10 / 8 / 14 + 1))
worst=0
furthest=
for ((i = 1; i <= 10; i++)); do
	PGOPTIONS='-c synchronous_commit=off' pgbench -n -M prepared -c 8 -j 2 -t "$part" --random-seed="$i" -f "$script" "$database" > /dev/null 2>&1 ||
		{ echo "Bail out! pgbench failed"; exit 1; }
	now=$(off)
	furthest="$furthest $now"
	[ "$now" -le "$worst" ] || worst=$now
done
total=$(run -c 'SELECT count(*) FROM revops.assignment')
echo "# $total leads, furthest off the weights after each tenth:$furthest"
ok "$([ "$total" -ge $((leads * 9 / 10)) ] && echo t)" "$total leads were given"
ok "$([ "$worst" -le 9 ] && echo t)" "nobody is off by more than the transactions in flight, plus 1"
ok "$([ "$(run -c 'SELECT count(*) FROM revops.fault')" = 0 ] && echo t)" 'no faults'
echo "1..$n"
exit $bad
