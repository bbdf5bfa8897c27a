-- Why this rep; and who has a lead, changed.

CREATE FUNCTION revops.route_steps(binding_id int, profile jsonb, personal jsonb,
        OUT step int, OUT kind text, OUT route text, OUT team text, OUT rep text, OUT verdict text) RETURNS SETOF record
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'revops_route_steps';
COMMENT ON FUNCTION revops.route_steps(int, jsonb, jsonb) IS
    'Part of explain_route(): each route and each rep that is asked for a lead with these roles, and what the answer is; nothing is taken.';

CREATE FUNCTION revops.explain_route(lead_id bigint)
    RETURNS TABLE (step int, kind text, route text, team text, rep text, verdict text)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SECURITY DEFINER AS $$
DECLARE
    l record;
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    SELECT q.binding_id, p.profile, i.personal INTO l FROM revops.lead q
    LEFT JOIN revops.profile_change p ON p.lead_id = q.lead_id AND p.change_id = q.profile_id
    LEFT JOIN revops.lead_identity i ON i.lead_id = q.lead_id WHERE q.lead_id = $1;
    RETURN QUERY
        SELECT 0, 'now'::text, r.route, t.team, p.rep, format('since %s, by %s', a.at, a.cause) || coalesce(' ' || a.reason, '')
        FROM revops.assignment a LEFT JOIN revops.route r ON r.route_id = a.route_id
        LEFT JOIN revops.team t ON t.team_id = a.team_id LEFT JOIN revops.rep p ON p.rep_id = a.rep_id
        WHERE a.lead_id = $1 ORDER BY a.seq DESC LIMIT 1;
    RETURN QUERY
        SELECT 0, 'known'::text, NULL::text, t.team, p.rep,
               CASE k.cause WHEN 'duplicate' THEN 'it seems to be there already: nobody gets it'
                            WHEN 'survivor' THEN 'has the lead that it seems to be a duplicate of' ELSE 'has its account, or a lead of it' END
               || CASE WHEN k.rep_id IS NULL THEN ''
                       WHEN NOT p.active THEN ': switched off'
                       WHEN EXISTS (SELECT FROM revops.time_off o WHERE o.rep_id = k.rep_id AND revops.engine_now() >= o.starts_at AND revops.engine_now() < o.ends_at) THEN ': time off'
                       ELSE ': comes before the routes' END
        FROM revops.known_owners($1) WITH ORDINALITY AS k (cause, team_id, rep_id, n)
        LEFT JOIN revops.team t ON t.team_id = k.team_id LEFT JOIN revops.rep p ON p.rep_id = k.rep_id
        ORDER BY k.n;
    RETURN QUERY SELECT * FROM revops.route_steps(l.binding_id, coalesce(l.profile, '{}'), l.personal);
END
$$;
COMMENT ON FUNCTION revops.explain_route(bigint) IS
    'Why a lead has its rep, and where it would go if the routes were asked now. kind now: who has it, since when and by what; known: who has its survivor or its account (see matching), of whom the first who is there gets it before any route is asked; route: each route that is tried, in order, with what came of it; member: each rep of a team that is asked, with what keeps that one from the lead or whose turn it is; nobody: what becomes of it where no member can; result: who would get it by the routes. Nothing is taken and nothing changed. Raises RV002 (no such lead).';

CREATE FUNCTION revops.explain_route_of(roles jsonb, binding text DEFAULT NULL, workspace_id int DEFAULT 1)
    RETURNS TABLE (step int, kind text, route text, team text, rep text, verdict text)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SECURITY DEFINER AS $$
DECLARE
    b int;
BEGIN
    SELECT q.binding_id INTO b FROM revops.binding q
    WHERE q.workspace_id = $3 AND q.kind = 'lead' AND (q.binding = $2 OR $2 IS NULL) ORDER BY q.binding_id LIMIT 1;
    IF b IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = CASE WHEN $2 IS NULL THEN format('workspace %s has no leads', $3) ELSE format('binding "%s" of leads does not exist', $2) END,
            DETAIL = 'The roles that conditions name are those of an attached table of leads.',
            HINT = 'See revops.binding, or attach a table: revops.attach_lead().';
    END IF;
    RETURN QUERY SELECT * FROM revops.route_steps(b, coalesce($1, '{}'), $1);
END
$$;
COMMENT ON FUNCTION revops.explain_route_of(jsonb, text, int) IS
    'explain_route() for a lead that is made up: its roles as a JSON object, as a row of the binding (NULL: the workspace''s first of leads) would have them; others are NULL. Raises RV002 (no such binding).';

CREATE FUNCTION revops.reassign_to_another(lead_id bigint, reason text, team text, cool_down interval) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_reassign';
COMMENT ON FUNCTION revops.reassign_to_another(bigint, text, text, interval) IS 'Part of reassign().';

CREATE FUNCTION revops.reassign(lead_id bigint, reason text DEFAULT NULL, team text DEFAULT NULL, cool_down interval DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SECURITY DEFINER AS $$
BEGIN
    PERFORM revops.reassign_to_another($1, $2, $3, $4);
    RETURN (SELECT r.rep FROM revops.lead l JOIN revops.rep r USING (rep_id) WHERE l.lead_id = $1);
END
$$;
COMMENT ON FUNCTION revops.reassign(bigint, text, text, interval) IS
    'Another rep is to have the lead: one of the team given, else of its own, else by the routes, in turns, and nobody from whom it was taken so before; returns who has it then. It stays with who has it where nobody else can, and, against ping-pong, where that one was given it less than cool_down ago; who is away or switched off loses it to the team. A breach, an absence or a person may ask for it. Waits for the lead. Raises RV002 (no such lead, team or reason).';

CREATE FUNCTION revops.return_to_pool(lead_id bigint, reason text DEFAULT NULL, team text DEFAULT NULL) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_return_to_pool';
COMMENT ON FUNCTION revops.return_to_pool(bigint, text, text) IS
    'Nobody has the lead any more: it waits in the team given, else in its own, until somebody takes it (accept, assign). Waits for the lead. Raises RV002 (no such lead, team or reason).';

CREATE FUNCTION revops.reassign_leads(workspace_id int, rep_id int, reason text, team text) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_reassign_leads';
COMMENT ON FUNCTION revops.reassign_leads(int, int, text, text) IS 'Part of reassign_leads_of().';

CREATE FUNCTION revops.reassign_leads_of(rep text, reason text DEFAULT NULL, team text DEFAULT NULL, workspace_id int DEFAULT 1) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SECURITY DEFINER AS $$
DECLARE
    id int;
BEGIN
    SELECT r.rep_id INTO id FROM revops.rep r WHERE r.rep = $1 AND r.workspace_id = $4;
    IF id IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('rep "%s" does not exist', $1),
            DETAIL = format('Workspace %s has no such rep.', $4),
            HINT = 'See revops.rep.';
    END IF;
    RETURN revops.reassign_leads($4, id, $2, $3);
END
$$;
COMMENT ON FUNCTION revops.reassign_leads_of(text, text, text, int) IS
    'A rep leaves, or is away for long: all the rep''s open leads are reassigned as by reassign(), in turns, so that they spread by the weights; returns how many there were. Switch the rep off before (rep.active), so that no further ones come. Waits for the leads. Raises RV002 (no such rep, team or reason).';

CREATE TABLE revops.turn_credit
(
    lead_id   bigint NOT NULL,
    seq       int NOT NULL,
    at        timestamptz NOT NULL,
    team_id   int,
    rep_id    int NOT NULL,
    reason    text NOT NULL,
    actor     text NOT NULL,
    PRIMARY KEY (lead_id, seq)
);
COMMENT ON TABLE revops.turn_credit IS 'Fact: leads that do not count against the share of who was given them.';
COMMENT ON COLUMN revops.turn_credit.lead_id IS 'the lead';
COMMENT ON COLUMN revops.turn_credit.seq IS 'its assignment that does not count: assignment.seq';
COMMENT ON COLUMN revops.turn_credit.at IS 'engine time when it was credited';
COMMENT ON COLUMN revops.turn_credit.team_id IS 'the team whose turn it was';
COMMENT ON COLUMN revops.turn_credit.rep_id IS 'the rep who gets a turn for it';
COMMENT ON COLUMN revops.turn_credit.reason IS 'why: junk, duplicate ... in words or by a code';
COMMENT ON COLUMN revops.turn_credit.actor IS 'who said so';

CREATE FUNCTION revops.credit_turn(workspace_id int, team_id int, rep_id int) RETURNS boolean
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_credit_turn';
COMMENT ON FUNCTION revops.credit_turn(int, int, int) IS 'Part of credit_lead(): gives a member of a team a turn back; false: it is none.';

CREATE FUNCTION revops.credit_lead(lead_id bigint, reason text) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SECURITY DEFINER AS $$
DECLARE
    a record;
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    SELECT q.*, r.rep INTO a FROM revops.assignment q JOIN revops.rep r USING (rep_id)
    WHERE q.lead_id = $1 AND q.cause IN ('route', 'waited', 'reassigned') ORDER BY q.seq DESC LIMIT 1;
    IF a.seq IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = '55000',
            MESSAGE = format('lead %s was given to nobody in turn', $1),
            DETAIL = 'It has no assignment by a route, after waiting or by being reassigned.',
            HINT = 'Only what took a turn is credited.';
    END IF;
    INSERT INTO revops.turn_credit (lead_id, seq, at, team_id, rep_id, reason, actor)
    VALUES ($1, a.seq, revops.engine_now(), a.team_id, a.rep_id, $2, session_user) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = '55000',
            MESSAGE = format('lead %s is credited already', $1),
            DETAIL = format('Assignment %s of rep %s.', a.seq, a.rep),
            HINT = 'SELECT * FROM revops.turn_credit shows when, and why.';
    END IF;
    UPDATE revops.place p SET period_no = -2147483648, lead_id = NULL
    WHERE p.lead_id = $1 AND p.rep_id = a.rep_id AND p.period <> 'open';
    PERFORM revops.credit_turn(a.workspace_id, a.team_id, a.rep_id);
    RETURN a.rep;
END
$$;
COMMENT ON FUNCTION revops.credit_lead(bigint, text) IS
    'The lead was junk or a duplicate: it does not count against the share of the rep who was given it last in turn, who gets a turn for it, nor for what that rep may be given in a day, a week, a month; returns the rep. Once for each time that it was given. Raises RV002 (no such lead), 55000 (nobody was given it in turn; it is credited already), 23502 (no reason).';
