-- Is every attached table still what it was when it was attached, and seen?

CREATE VIEW revops.binding_health AS
WITH attached AS (
    SELECT b.*, c.oid IS NOT NULL AS there, n.named, r.oid IS NOT NULL AS owned,
           (SELECT array_agg(coalesce(a.attname, r.attname)::text ORDER BY k.n)
            FROM unnest(b.key_columns, CASE WHEN b.numbered = b.host::oid THEN b.key_attnums END) WITH ORDINALITY AS k (name, attnum, n)
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = b.host AND a.attname = k.name AND NOT a.attisdropped
            LEFT JOIN pg_catalog.pg_attribute r ON r.attrelid = b.host AND r.attnum = k.attnum AND NOT r.attisdropped) AS key_now
    FROM revops.binding b
    LEFT JOIN pg_catalog.pg_class c ON c.oid = b.host
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = b.owner
    CROSS JOIN LATERAL (SELECT revops.named_relation(b.host_name) AS named) n
    WHERE b.detached_at IS NULL
), problem AS (
    SELECT a.binding_id, 'table_replaced' AS problem, a.host_name AS subject, NULL::bigint AS n, NULL::timestamptz AS since,
           CASE WHEN a.there THEN a.host::text END AS detail, 'error' AS severity
    FROM attached a WHERE a.named <> a.host
    UNION ALL
    SELECT a.binding_id, 'table_renamed', a.host_name, NULL, NULL, a.host::text, 'note'
    FROM attached a WHERE a.there AND a.named IS NULL
    UNION ALL
    SELECT a.binding_id, p.problem, coalesce(p.subject, a.host_name), NULL, NULL, p.message, 'error'
    FROM attached a CROSS JOIN LATERAL revops.binding_problems(a.binding_id) p
    WHERE p.problem <> 'table_gone' OR a.named IS NULL
    UNION ALL
    SELECT a.binding_id, 'rule_broken', r.rule, NULL, NULL, m.problem, 'error'
    FROM attached a CROSS JOIN LATERAL revops.rule_meanings(a.binding_id) m
    JOIN revops.score_rule r ON r.rule_id = m.rule_id
    WHERE a.kind = 'lead' AND a.there AND m.problem IS NOT NULL
    UNION ALL
    SELECT a.binding_id, 'key_not_unique', array_to_string(a.key_columns, ', '), NULL, NULL, NULL, 'error'
    FROM attached a
    WHERE a.there AND a.key_unique AND array_position(a.key_now, NULL) IS NULL
      AND NOT revops.key_is_unique(a.host, a.key_now)
    UNION ALL
    SELECT a.binding_id, 'owner_gone', a.owner::text, NULL, NULL, NULL, 'error' FROM attached a WHERE NOT a.owned
    UNION ALL
    SELECT a.binding_id, 'owner_may_not_read', a.owner::text, NULL, NULL, a.host::text, 'error'
    FROM attached a WHERE a.there AND a.owned AND NOT has_table_privilege(a.owner::oid, a.host::oid, 'SELECT')
    UNION ALL
    SELECT a.binding_id, 'policy_hides_rows', h.relation::text, NULL, NULL, a.owner::text, 'warning'
    FROM attached a CROSS JOIN LATERAL (SELECT revops.policy_hides(a.host, a.owner) AS relation) h
    WHERE a.there AND h.relation IS NOT NULL
    UNION ALL
    SELECT a.binding_id, p.problem, p.trigger_name, NULL, NULL, p.relation::text, 'error'
    FROM attached a CROSS JOIN LATERAL revops.capture_problems(a.binding_id) p
    UNION ALL
    SELECT a.binding_id, 'not_reconciled', NULL, NULL, a.attached_at, NULL, 'note'
    FROM attached a
    WHERE a.mode = 'scan' AND a.kind <> 'lookup'
      AND NOT EXISTS (SELECT FROM revops.backfill f WHERE f.binding_id = a.binding_id)
      AND NOT EXISTS (SELECT FROM revops.reconcile_run r WHERE r.binding_id = a.binding_id AND r.finished_at IS NOT NULL)
    UNION ALL
    SELECT f.binding_id, 'backfill_unfinished', NULL, NULL, f.started_at, NULL, 'note'
    FROM revops.backfill f JOIN attached a USING (binding_id)
    WHERE f.finished_at IS NULL
    UNION ALL
    SELECT i.binding_id, w.problem, NULL, sum(i.entries), min(coalesce(i.told_at, i.at)), NULL, w.severity
    FROM (SELECT r.binding_id, r.told_at, r.at, r.tries, r.lead_key, 1 AS entries FROM revops.inbox r
          UNION ALL
          SELECT p.binding_id, p.told_at, p.told_at, 0, NULL, p.entries FROM revops.inbox_packet p) i
    JOIN attached a USING (binding_id)
    CROSS JOIN LATERAL (SELECT CASE WHEN i.lead_key IS NOT NULL THEN 'lead_unknown'
                                    WHEN i.tries > 0 THEN 'inbox_fails'
                                    WHEN i.at <= revops.engine_now() - interval '1 minute' THEN 'inbox_waits' END AS problem,
                               CASE WHEN i.lead_key IS NOT NULL THEN 'note' ELSE 'warning' END AS severity) w
    WHERE w.problem IS NOT NULL
    GROUP BY i.binding_id, w.problem, w.severity
    UNION ALL
    SELECT d.binding_id, w.problem, NULL, count(*), min(d.at), NULL, w.severity
    FROM revops.write_back_due d
    JOIN attached a USING (binding_id)
    CROSS JOIN LATERAL (SELECT CASE WHEN d.tries > 0 THEN 'write_back_fails'
                                    WHEN d.at <= revops.engine_now() - interval '1 minute' THEN 'write_back_waits' END AS problem,
                               'warning' AS severity) w
    WHERE w.problem IS NOT NULL
    GROUP BY d.binding_id, w.problem, w.severity
    UNION ALL
    -- what it says may name a person: whoever may read revops.fault finds it there
    SELECT f.binding_id, 'fault', f.object, sum(f.occurrences), max(f.at), f.sqlstate, 'warning'
    FROM revops.fault f
    JOIN attached a USING (binding_id)
    WHERE f.at > revops.engine_now() - interval '1 day'
    GROUP BY f.binding_id, f.object, f.sqlstate
)
SELECT b.binding_id, b.binding, coalesce(p.severity, 'ok') AS severity, coalesce(p.problem, 'ok') AS problem,
       p.subject, p.n, p.since, p.detail
FROM revops.binding b
LEFT JOIN problem p USING (binding_id)
WHERE b.detached_at IS NULL;
COMMENT ON VIEW revops.binding_health IS
    'Whether attached tables are still what they were when they were attached, and whether their rows are seen: a row for each problem of a binding, one row "ok" for a binding without any. Worked out when it is read.';
COMMENT ON COLUMN revops.binding_health.binding_id IS 'the binding';
COMMENT ON COLUMN revops.binding_health.binding IS 'its name';
COMMENT ON COLUMN revops.binding_health.severity IS 'error: rows are not seen, or not as they were meant; warning: some are not settled; note: worth knowing; ok';
COMMENT ON COLUMN revops.binding_health.problem IS
    'table_gone; table_replaced (another table has its name now: reconcile() follows it); table_renamed; key_broken, filter_broken, role_broken (no longer compile: a column was dropped, or renamed before its number was known, or changed its type; or can''t be looked up: another table is gone, or its owner may not read it); rule_broken (a scoring rule in force that reads such a role, or does not compile itself: it counts as not matched); key_not_unique (no unique index covers it any more); owner_gone, owner_may_not_read, policy_hides_rows (row-level security keeps rows from the owner of the binding); trigger_missing, trigger_disabled, trigger_replica_only, trigger_not_always (see capture_problems()); not_reconciled (mode scan: its rows were never read); backfill_unfinished (see backfill_progress); inbox_waits (due for more than a minute), inbox_fails (tried in vain), lead_unknown (waits for its lead); write_back_waits (rows due to be written for more than a minute), write_back_fails (tried in vain: the application holds them, or its rules refuse them; refused a dozen times they are left alone, with a fault); fault (of the last day, one row for each object and SQLSTATE); ok';
COMMENT ON COLUMN revops.binding_health.subject IS 'what it concerns: a table, role, column, trigger, rule ...';
COMMENT ON COLUMN revops.binding_health.n IS 'how many entries of the inbox, rows to be written back, or faults';
COMMENT ON COLUMN revops.binding_health.since IS 'oldest entry of the inbox, first row to be written back, latest fault, time of attach, begin of the backfill';
COMMENT ON COLUMN revops.binding_health.detail IS 'the table that it was or is, the error that it raises, SQLSTATE of faults';
