-- Layouts beside the CRMs: partitions, views, a materialized view, inheritance,
-- and keys and names of every kind.  Each is attached as its comment says.
--
--     psql -d layouts -v ON_ERROR_STOP=1 -f synthetic_layouts.sql

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('layouts');
INSERT INTO revops.rep (rep) VALUES ('1'), ('2'), ('3'), ('rep1'), ('rep2'), ('R0'), ('R1'), ('R2'), ('Jörg');
SELECT revops.draft_agreement(note => 'any move is allowed') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM revops.stage f JOIN revops.stage t USING (agreement_id)
WHERE agreement_id = :draft AND f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

-- Partitions: attach the parent.  Its key carries the column that it is
-- partitioned by, so uniqueness of "id" alone is not kept by any index: it is
-- the key all the same, so that a row that moves to another partition stays the
-- same lead, and touches may name it.
SELECT revops.attach_lead('partitioned', 'part.lead', key => '{id}', mode => 'queued',
    roles => '{"email": "email", "company": "company", "stage": "status", "owner": "owner_id", "source": "source", "created_at": "created_at"}',
    stage_map => '{"new": "lead", "working": "sql", "won": "customer", "lost": "disqualified"}');
-- Touches without a key are scanned; the columns that tell them apart are the key.
SELECT revops.attach_touch('partitioned touches', 'part.touch', 'partitioned', key => '{lead_id,at,kind}', mode => 'scan',
    roles => '{"lead": "lead_id", "signal": "kind", "occurred_at": "at"}');

-- A view: attach the table that it reads, with the view's condition as filter.
SELECT revops.attach_lead('under a view', 'base.t_lead', filter => $$c_del = 'N'$$,
    roles => '{"email": "c_mail", "company": "c_comp", "stage": "c_st", "owner": "c_own", "created_at": "c_ts"}',
    stage_map => '{"NW": "lead", "WK": "sql", "WN": "customer", "LS": "disqualified"}');
-- A view that joins, and a materialized view: no triggers see their rows, so
-- they are scanned: CALL revops.reconcile('...') after what they read changed.
SELECT revops.attach_lead('a joined view', 'vw.lead_joined', key => '{id}', mode => 'scan',
    roles => '{"email": "email", "stage": "status"}',
    stage_map => '{"NW": "lead", "WK": "sql", "WN": "customer", "LS": "disqualified"}');
SELECT revops.attach_lead('a materialized view', 'vw.lead_mat', key => '{id}', mode => 'scan',
    roles => '{"email": "email", "company": "company", "stage": "status", "owner": "owner_id", "created_at": "created_at"}',
    stage_map => '{"NW": "lead", "WK": "sql", "WN": "customer", "LS": "disqualified"}');

-- Inheritance: attach each child (the parent holds no rows of its own here).
SELECT revops.attach_lead('heirs in Europe', 'inh.lead_eu',
    roles => '{"email": "email", "stage": "status", "owner": "owner_id", "created_at": "created_at"}',
    stage_map => '{"new": "lead"}');
SELECT revops.attach_lead('heirs in America', 'inh.lead_us',
    roles => '{"email": "email", "stage": "status", "owner": "owner_id", "created_at": "created_at"}',
    stage_map => '{"new": "lead"}');

-- A natural key of two columns, domains, an enum; json and xml beside them.
SELECT revops.attach_lead('composite', 'odd.lead_composite',
    roles => '{"email": "email", "stage": "stage", "owner": "owner", "created_at": "created"}',
    stage_map => '{"Neu": "lead", "In Arbeit": "sql", "Gewonnen": "customer", "Verloren": "disqualified"}');
-- char(15), by a domain: blanks at the end are none of the key.
SELECT revops.attach_lead('characters', 'odd.lead_charkey',
    roles => '{"email": "email", "stage": "status", "owner": "owner"}',
    stage_map => '{"new": "lead"}');
-- No key at all: what a person is known by serves; the date is text.
SELECT revops.attach_lead('no key', 'odd.lead_nokey', key => '{email}', mode => 'queued',
    roles => $${"email": "email", "stage": "status",
                "created_at": "pg_catalog.to_timestamp(created, 'DD/MM/YYYY')"}$$,
    stage_map => '{"new": "lead"}');
-- Names with quotes, dots, blanks, capitals, and as long as a name can be.
SELECT revops.attach_lead('odd names', 'odd."Lead ""Table"".v2"',
    roles => '{"email": "\"E Mail\"", "owner": "\"Zuständig\"", "stage": "\"Stufe\"",
               "segment": "a_very_long_column_name_that_is_exactly_sixty_three_bytes_long_x"}',
    stage_map => '{"Neu": "lead"}');

SELECT format('CALL revops.backfill(%L)', binding)
FROM revops.binding WHERE kind <> 'lookup' AND detached_at IS NULL ORDER BY binding_id \gexec
