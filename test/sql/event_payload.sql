-- F6: what events say: each kind that the engine writes, with the documented
-- fields of the documented types.
SET datestyle = 'ISO';
SET timezone = 'UTC';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('acme');
CREATE TABLE lead (id int PRIMARY KEY, size int, owner text, country text);
CREATE TABLE act (id int PRIMARY KEY, lead int, kind text, at timestamptz);
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'mid-size', 'fit', 'company_size > 10', 80);
SELECT revops.propose_agreement(:draft) \g /dev/null
SELECT revops.refuse_agreement(:draft, 'sales', 'no') \g /dev/null
SELECT revops.propose_agreement(:draft) \g /dev/null
SELECT revops.withdraw_agreement(:draft) \g /dev/null
SELECT revops.adopt_agreement(:draft) \g /dev/null
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('dach');
INSERT INTO revops.team_member (team_id, rep_id) SELECT 1, rep_id FROM revops.rep;
INSERT INTO revops.route (route, position, condition, team_id) VALUES ('everything', 1, NULL, 1);
SELECT revops.attach_lead('leads', 'lead', '{"company_size": "size", "country": "country"}') > 0 AS leads,
       revops.attach_touch('acts', 'act', lead_binding => 'leads', roles => '{"lead": "lead", "signal": "kind", "occurred_at": "at"}') > 0 AS acts;
SELECT revops.register_consumer('reader', from_beginning => true) > 0 AS registered;
INSERT INTO lead SELECT n, 100 FROM generate_series(1, 6) n;
INSERT INTO act SELECT n, n, 'demo_request', '2026-03-02 09:00+00' FROM generate_series(1, 6) n;
SET pg_revops.now = '2026-03-04 09:00+00';
SELECT FROM revops.run_due();
SELECT revops.accept(revops.lead_id('leads', '1')) \g /dev/null
SELECT revops.assign(revops.lead_id('leads', '1'), 'bob') \g /dev/null
SELECT revops.reject(revops.lead_id('leads', '2'), 'wrong_segment') \g /dev/null
SELECT revops.dispute_rejection(revops.lead_id('leads', '2'), 'a fit', 'marketing') AS dispute \gset
SELECT revops.resolve_dispute(:dispute, 'overturned', 'so it is') \g /dev/null
SELECT revops.recycle(revops.lead_id('leads', '3'), 'timing', '2026-04-01 09:00+00') \g /dev/null
SELECT revops.duplicate(revops.lead_id('leads', '4'), revops.lead_id('leads', '1')) \g /dev/null
SELECT revops.override_score(revops.lead_id('leads', '5'), 'fit', 5, 'wrong_data', '2026-03-20 09:00+00') \g /dev/null
SELECT revops.enrol(revops.lead_id('leads', '6'), 're_engagement') \g /dev/null
SELECT revops.draft_agreement() AS next_one \gset
SELECT revops.propose_agreement(:next_one), revops.approve_agreement(:next_one, 'marketing'), revops.approve_agreement(:next_one, 'sales'),
       revops.activate_agreement(:next_one, '2027-01-01 09:00+00') \g /dev/null
SET pg_revops.now = '2026-06-20 09:00+00';
SELECT FROM revops.run_due();
SELECT FROM revops.run_due();
SELECT revops.done_step(revops.lead_id('leads', '6')) \g /dev/null
SELECT revops.leave_track(revops.lead_id('leads', '6')) \g /dev/null

CREATE TABLE got AS SELECT * FROM revops.read_events('reader', 1000);
SELECT event, count(*) FROM got GROUP BY event ORDER BY event COLLATE "C";
-- fields that are missing, too many, or of another type than is documented
SELECT DISTINCT g.event, coalesce(f.field, j.key) AS field, f.type, jsonb_typeof(j.value) AS found
FROM got g CROSS JOIN LATERAL jsonb_each(g.payload) j
FULL JOIN (SELECT g.event_id, f.* FROM got g JOIN revops.event_field f USING (event)) f ON f.event_id = g.event_id AND f.field = j.key
WHERE f.field IS NULL OR j.key IS NULL
   OR jsonb_typeof(j.value) NOT IN (CASE f.type WHEN 'time' THEN 'string' WHEN 'text' THEN 'string' ELSE f.type END, 'null')
   OR f.type = 'time' AND jsonb_typeof(j.value) = 'string' AND (j.value #>> '{}') !~ '^(infinity|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00)$'
ORDER BY 1, 2;
-- what each says of its lead: one of each kind
SELECT DISTINCT ON (event COLLATE "C") event, lead_key, payload - '{agreement_id}'::text[] AS payload FROM got
ORDER BY event COLLATE "C", event_id;
-- and in whatever zone somebody reads, the same
SET timezone = 'America/New_York';
SELECT count(*) AS differ FROM revops.read_events('reader', 1000) r JOIN got g USING (event_id) WHERE (r.payload, r.key) IS DISTINCT FROM (g.payload, g.key);
-- an unknown kind: of a newer version of the extension
SELECT revops.event_payload('landed_on_mars', 1, 7);
