#!/bin/bash
#
# route_load.t: routing under the load of a year (E3, E4).
#
# A year of 1,000 leads a day for a team of ten whose weights, holidays and hours
# differ: who got how many is printed beside the weights.
#
set -uo pipefail
database=route_load_$$
n=0
bad=0

ok()
{
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n - $3"
	else
		echo "not ok $n - $3"
		echo "# got: $1"
		echo "# expected: $2"
		bad=1
	fi
}

run() { PGOPTIONS='-c client_min_messages=warning' psql -XqAt -v ON_ERROR_STOP=1 -d "$database" "$@"; }

createdb "$database" || { echo "Bail out! no database"; exit 1; }
trap 'dropdb --force "$database"' EXIT
run <<'SQL' || { echo "Bail out! setting up failed"; exit 1; }
CREATE EXTENSION pg_revops;
SELECT revops.create_workspace('main', 'Europe/Berlin') \g /dev/null
CREATE TABLE person (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source text, stage text DEFAULT 'mql');
SELECT revops.attach_lead('person', 'person', '{"source": "source", "stage": "stage"}') \g /dev/null
INSERT INTO revops.rep (rep) SELECT 'rep ' || n FROM generate_series(1, 10) n;
INSERT INTO revops.team (team) VALUES ('year');
INSERT INTO revops.team_member SELECT 1, n, (array[10, 7, 5, 5, 3, 2, 2, 1, 1, 1])[n] FROM generate_series(1, 10) n;
INSERT INTO revops.route (route, position, team_id) VALUES ('year', 1000, 1);
-- four weeks of holidays each, one rep after the other; the last joins in July
INSERT INTO revops.time_off (rep_id, starts_at, ends_at)
    SELECT n, date '2026-01-05' + 28 * n, date '2026-01-05' + 28 * (n + 1) FROM generate_series(1, 9) n;
INSERT INTO revops.time_off (rep_id, starts_at, ends_at) VALUES (10, '2025-12-01', '2026-07-01');
DO $$
BEGIN
    FOR day IN 0 .. 364 LOOP
        PERFORM set_config('pg_revops.now', ((timestamp '2026-01-01 12:00' + day * interval '1 day') AT TIME ZONE 'UTC')::text, false);
        INSERT INTO person (source) SELECT 'web' FROM generate_series(1, 1000);
    END LOOP;
END $$;
-- what each was entitled to on the days on which it was there
CREATE TABLE entitled AS
SELECT rep_id, sum(share) * 1000 AS leads FROM (
    SELECT d, m.rep_id, m.weight::numeric / sum(m.weight) OVER (PARTITION BY d) AS share
    FROM generate_series(timestamptz '2026-01-01 12:00+00', '2026-12-31 12:00+00', '1 day') AS d CROSS JOIN revops.team_member m
    WHERE NOT EXISTS (SELECT FROM revops.time_off t WHERE t.rep_id = m.rep_id AND t.starts_at <= d AND d < t.ends_at)) s
GROUP BY 1;
CREATE VIEW year AS SELECT r.rep, m.weight, (SELECT count(*) FROM revops.assignment a WHERE a.rep_id = m.rep_id) AS leads, e.leads AS entitled
FROM revops.team_member m JOIN revops.rep r USING (rep_id) JOIN entitled e USING (rep_id) WHERE m.team_id = 1;
SQL
run -F ' ' -c "SELECT '# ' || rpad(rep, 8) || ' weight ' || lpad(weight::text, 3) || lpad(leads::text, 8) || ' leads, entitled to ' || round(entitled, 2) FROM year ORDER BY length(rep), rep"
ok "$(run -c 'SELECT sum(leads) FROM year')" 365000 "a year of 1,000 leads a day is routed"
ok "$(run -c 'SELECT count(*) FROM year WHERE abs(leads - entitled) >= 3')" 0 "nobody is off by 3 leads after 365,000, ten absences and one who joins"
ok "$(run -c 'SELECT count(*) FROM (SELECT FROM revops.verify() LIMIT 1) v')" 0 "verify() finds no drift"

echo "1..$n"
exit $bad
