-- After bench/write/setup.sql: what the touch benchmarks need.  A host's act has
-- a number of its own, and an agreement is in force under which some leads are
-- an MQL and some are not.

SET client_min_messages = warning;
CREATE SEQUENCE crm.act_id CACHE 32;
CREATE SEQUENCE other.act_id CACHE 32;
ALTER TABLE crm.act ALTER id SET DEFAULT nextval('crm.act_id');
ALTER TABLE other.act ALTER id SET DEFAULT nextval('other.act_id');

SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.score_model SET mql_fit = 40, mql_intent = 20 WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) \g /dev/null

-- what the statements by hand have to know
SELECT binding_id AS binding FROM revops.binding WHERE binding = 'act' \gset
SELECT signal_id AS signal FROM revops.signal WHERE signal = 'page_visit' \gset
CREATE FUNCTION other.binding() RETURNS int IMMUTABLE LANGUAGE sql RETURN :binding;
CREATE FUNCTION other.signal() RETURNS int IMMUTABLE LANGUAGE sql RETURN :signal;

-- Every act is a touch, and every touch is counted in a lead's state or waits in
-- a delta of it; nothing went wrong; what was written by hand is the same.
-- Returns what is not so.
CREATE FUNCTION crm.wrong() RETURNS SETOF text STABLE LANGUAGE sql AS $$
    SELECT format('acts %s, touches %s, counted touches %s, faults %s', acts, touches, counted, faults)
    FROM (SELECT (SELECT count(*) FROM crm.act) AS acts,
                 (SELECT count(*) FROM revops.touch) AS touches,
                 (SELECT sum(l.touches) FROM revops.lead l)
                     + (SELECT coalesce(sum(d.touches), 0) FROM revops.lead_delta d) AS counted,
                 (SELECT count(*) FROM revops.fault) AS faults) c
    WHERE acts IS DISTINCT FROM touches OR touches IS DISTINCT FROM counted OR faults > 0
    UNION ALL
    SELECT format('by hand: acts %s, touches %s', acts, touches)
    FROM (SELECT (SELECT count(*) FROM other.act) AS acts, (SELECT count(*) FROM other.touch) AS touches) c
    WHERE touches > acts
    UNION ALL
    SELECT format('by hand, what the engine does not write: workspace %s, signal %s, binding %s, sign %s', t.*)
    FROM (SELECT DISTINCT workspace_id, signal_id, binding_id, sign FROM other.touch
          EXCEPT SELECT DISTINCT workspace_id, signal_id, binding_id, sign FROM revops.touch) t
$$;
