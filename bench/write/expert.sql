-- What an expert writes: one statement trigger with a transition table, the
-- score as one expression, the deadline by a look-up in a table of open
-- intervals made beforehand, and the rows by one statement with a set each.

-- open intervals with the open time before each, so that a deadline is the
-- first interval whose end reaches the time wanted
CREATE TABLE other.open_interval (calendar_id int, starts timestamptz, ends timestamptz, before interval, "after" interval,
    PRIMARY KEY (calendar_id, starts));
INSERT INTO other.open_interval
SELECT calendar_id, starts, ends, sum(ends - starts) OVER w - (ends - starts), sum(ends - starts) OVER w
FROM (SELECT c.calendar_id, (day + h.opens) AT TIME ZONE c.time_zone AS starts, (day + h.closes) AT TIME ZONE c.time_zone AS ends
      FROM revops.calendar c
      CROSS JOIN LATERAL (SELECT d::date AS day FROM generate_series(timestamp '2026-01-01', '2027-12-31', '1 day') d) d
      JOIN revops.calendar_hours h ON h.calendar_id = c.calendar_id AND h.isodow = extract(isodow FROM day)
      WHERE NOT EXISTS (SELECT FROM revops.calendar_exception e WHERE e.calendar_id = c.calendar_id AND e.day = d.day)) spans
WINDOW w AS (PARTITION BY calendar_id ORDER BY starts);
CREATE INDEX ON other.open_interval (calendar_id, "after");
ANALYZE other.open_interval;

CREATE FUNCTION other.take_leads() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := other.moment();
    agreement int := other.agreement();
    policies int[] := ARRAY[other.policy(1), other.policy(2)];
    actor text := current_user;
    xact xid8 := pg_current_xact_id();
BEGIN
    WITH scored AS (
        SELECT n.*, nextval('other.lead_id') AS lead_id, nextval('other.change_id') AS change_id,
               least(greatest(20
               + CASE WHEN title ~* '(vp|vice president|chief|head of|director)' THEN 15 ELSE 0 END
               + CASE WHEN title ~* '(revenue|sales|marketing|growth|demand)' THEN 10 ELSE 0 END
               + CASE WHEN company ~* '(gmbh|group|holding|plc)' THEN 3 ELSE 0 END
               + CASE WHEN notes ~* '(pricing|demo|trial|quote|budget)' THEN 12 ELSE 0 END
               + CASE WHEN email ~* '\.edu$' THEN -15 ELSE 0 END
               + CASE WHEN company ILIKE '%bank%' THEN 8 ELSE 0 END
               + CASE WHEN campaign LIKE 'abm-%' THEN 6 ELSE 0 END
               + CASE WHEN country IN ('US', 'CA', 'GB', 'DE') THEN 5 ELSE 0 END
               + CASE WHEN industry = ANY (ARRAY['software', 'fintech', 'health']) THEN 5 ELSE 0 END
               + CASE WHEN source IN ('webinar', 'referral', 'partner') THEN 4 ELSE 0 END
               + CASE WHEN country = 'US' THEN 3 ELSE 0 END
               + CASE WHEN industry = 'software' THEN 3 ELSE 0 END
               + CASE WHEN source = 'partner' THEN 2 ELSE 0 END
               + CASE WHEN segment = 'enterprise' THEN 8 ELSE 0 END
               + CASE WHEN company_size BETWEEN 50 AND 500 THEN 9 ELSE 0 END
               + CASE WHEN company_size > 1000 THEN 5 ELSE 0 END
               + CASE WHEN visits >= 3 THEN 7 ELSE 0 END
               + CASE WHEN revenue > 1e6 THEN 6 ELSE 0 END
               + CASE WHEN phone IS NOT NULL THEN 2 ELSE 0 END
               + CASE WHEN title IS NULL THEN -10 ELSE 0 END, 0), 100) AS points,
               CASE WHEN segment = 'enterprise' THEN 1 WHEN country IN ('US', 'CA') THEN 2 ELSE 3 END AS team_id,
               CASE WHEN segment = 'enterprise' THEN 1 ELSE 2 END AS policy
        FROM new_leads n),
    ticketed AS (
        SELECT s.*, round((0.5 * points)::numeric)::smallint AS score,
               CASE team_id WHEN 1 THEN nextval('other.ticket_1') WHEN 2 THEN nextval('other.ticket_2')
                            ELSE nextval('other.ticket_3') END AS ticket
        FROM scored s),
    owned AS (
        SELECT t.*, r.rep_id, coalesce(r.calendar_id, 1) AS calendar_id
        FROM ticketed t JOIN other.schedule s ON s.team_id = t.team_id AND s.turn = t.ticket % s.turns
        JOIN revops.rep r ON r.rep_id = s.rep_id),
    answer AS MATERIALIZED (
        SELECT o.*, d.due_at
        FROM owned o CROSS JOIN LATERAL (
            SELECT i.starts + (w.wanted - i.before) AS due_at
            FROM (SELECT b.before + greatest(moment - b.starts, '0') + CASE o.policy WHEN 1 THEN interval '4 hours' ELSE '24 hours' END AS wanted
                  FROM other.open_interval b WHERE b.calendar_id = o.calendar_id AND b.ends > moment ORDER BY b.starts LIMIT 1) w,
                 other.open_interval i
            WHERE i.calendar_id = o.calendar_id AND i."after" >= w.wanted ORDER BY i."after" LIMIT 1) d),
    identity AS (
        INSERT INTO other.lead_identity
        SELECT lead_id, 1, jsonb_strip_nulls(jsonb_build_object('email', email, 'phone', phone)) FROM answer),
    profile AS (
        INSERT INTO other.profile_change
        SELECT lead_id, change_id, moment, 1, 1, jsonb_strip_nulls(jsonb_build_object(
            'created_at', created, 'source', source, 'campaign', campaign, 'segment', segment, 'company', company,
            'title', title, 'country', country, 'industry', industry, 'company_size', company_size,
            'notes', notes, 'visits', visits, 'revenue', revenue)) FROM answer),
    moves AS (
        INSERT INTO other.stage_change
        SELECT lead_id, m.seq, 1, agreement, CASE m.seq WHEN 1 THEN created ELSE moment END, moment, created,
               CASE m.seq WHEN 2 THEN make_interval(secs => extract(epoch FROM moment - created)) END,
               CASE m.seq WHEN 2 THEN team_id END, CASE m.seq WHEN 2 THEN rep_id END, points, 0, score, false,
               m.from_stage, m.to_stage, m.cause, NULL, actor, source, campaign, segment
        FROM answer CROSS JOIN (VALUES (1, NULL, 'lead', 'entry'), (2, 'lead', 'mql', 'score')) AS m (seq, from_stage, to_stage, cause)),
    given AS (
        INSERT INTO other.assignment
        SELECT lead_id, 1, 1, moment, team_id, rep_id, NULL, NULL, team_id, 'route', NULL, actor, source, campaign, segment FROM answer),
    clock AS (
        INSERT INTO other.sla_clock
        SELECT lead_id, 1, 1, agreement, policies[policy], calendar_id, team_id, rep_id, moment, due_at, NULL, NULL, NULL,
               'first_response', source, campaign, segment FROM answer),
    told AS (
        INSERT INTO other.event
        SELECT xact, nextval('other.event_id'), 1, lead_id, moment, e.seq, e.event
        FROM answer CROSS JOIN (VALUES (2, 'stage_changed'), (1, 'assigned')) AS e (seq, event))
    INSERT INTO other.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since, gone_at, last_touch_at, assigned_at, profile_id, intent_pos, intent_neg, team_id, rep_id, moves, assignments, clocks, touches, running, fit, disqualified, handed_over, stage, key, source, campaign, segment)
    SELECT lead_id, 1, 1, agreement, created, moment, moment, NULL, NULL, moment, change_id, '-Infinity', '-Infinity',
           team_id, rep_id, 2, 1, 1, 0, 1, points, false, true, 'mql', id::text, source, campaign, segment FROM answer;
    RETURN NULL;
END $$;
CREATE TRIGGER take_leads AFTER INSERT ON other.host REFERENCING NEW TABLE AS new_leads
    FOR EACH STATEMENT EXECUTE FUNCTION other.take_leads();
