-- A model for the leads of an education company (X Education), written after a
-- look at one half of the leads and judged by the other.  In a database of its own:
--
--     psql -v leads_file=FOLDER/Leads.csv -f examples/models/x_education.sql
--
-- The data set is not part of this project.  The server reads the file: that needs
-- a superuser, or pg_read_server_files.
--
-- The halves are lead numbers that are odd (looked at) and even.  No role reads
-- Tags, Lead Quality, Last Activity, Last Notable Activity, Lead Profile or the
-- Asymmetrique columns: people fill them in later, knowing what became of the lead.

\set ON_ERROR_STOP 1
CREATE EXTENSION IF NOT EXISTS pg_revops;

-- The company's table, columns as in its file.
CREATE SCHEMA education;
CREATE TABLE education.lead
(
    "Prospect ID" text PRIMARY KEY,
    "Lead Number" int NOT NULL,
    "Lead Origin" text, "Lead Source" text, "Do Not Email" text, "Do Not Call" text,
    "Converted" int,
    "TotalVisits" int, "Total Time Spent on Website" int, "Page Views Per Visit" numeric,
    "Last Activity" text, "Country" text, "Specialization" text, "How did you hear about X Education" text,
    "What is your current occupation" text, "What matters most to you in choosing a course" text,
    "Search" text, "Magazine" text, "Newspaper Article" text, "X Education Forums" text, "Newspaper" text,
    "Digital Advertisement" text, "Through Recommendations" text, "Receive More Updates About Our Courses" text,
    "Tags" text, "Lead Quality" text, "Update me on Supply Chain Content" text, "Get updates on DM Content" text,
    "Lead Profile" text, "City" text,
    "Asymmetrique Activity Index" text, "Asymmetrique Profile Index" text,
    "Asymmetrique Activity Score" text, "Asymmetrique Profile Score" text,
    "I agree to pay the amount through cheque" text, "A free copy of Mastering The Interview" text,
    "Last Notable Activity" text
);

-- "converted" is there to judge the score by; no rule reads it.  'Select' is a
-- drop-down that nobody touched: not known.
SELECT revops.create_workspace('education', 'Asia/Kolkata', 'INR') AS education \gset
SELECT revops.attach_lead('education leads', 'education.lead', $roles${
    "segment": "CASE \"Lead Number\" % 2 WHEN 1 THEN 'looked at' ELSE 'not looked at' END",
    "source": "lower(\"Lead Source\")",
    "origin": "\"Lead Origin\"",
    "no_email": "\"Do Not Email\" = 'Yes'",
    "occupation": "\"What is your current occupation\"",
    "specialization": "nullif(\"Specialization\", 'Select')",
    "seconds_on_site": "\"Total Time Spent on Website\"",
    "visits": "\"TotalVisits\"",
    "converted": "\"Converted\" = 1"
}$roles$, workspace_id => :education) IS NOT NULL AS attached \gset

-- In the half looked at, 37.8 % converted; the rates beside the rules are of that
-- half.  Behaviour comes as counts without dates, so nothing of it can fade: it is
-- conditions of fit, and the score is fit.
SELECT revops.draft_agreement(:education, 'whom to call first') AS draft \gset
UPDATE revops.score_model
SET fit_base = 25, fit_share = 1, mql_fit = 60, mql_intent = 0, mql_score = 0
WHERE agreement_id = :draft;
DELETE FROM revops.sla_policy WHERE agreement_id = :draft;
DELETE FROM revops.score_rule WHERE agreement_id = :draft;
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'added by hand',            'fit', $$origin = 'Lead Add Form'$$, 35),                      -- 92 %
    (:draft, 'referred, or Welingak',    'fit', $$source IN ('reference', 'welingak website')$$, 5),    -- 92 and 97 %
    (:draft, 'working',                  'fit', $$occupation = 'Working Professional'$$, 25),           -- 91 %
    (:draft, 'looks for work',           'fit', $$occupation = 'Unemployed'$$, 10),                     -- 43 %
    (:draft, 'long on the site',         'fit', $$seconds_on_site >= 800$$, 25),                        -- 66 to 72 %
    (:draft, 'a while on the site',      'fit', $$seconds_on_site >= 500 AND seconds_on_site < 800$$, 15),  -- 45 %
    (:draft, 'came by chat',             'fit', $$source = 'olark chat'$$, 5),   -- 25 %, most of them never on the site
    (:draft, 'a field of study',         'fit', $$specialization IS NOT NULL$$, 3),                     -- 29 to 52 %
    (:draft, 'hardly on the site',       'negative', $$seconds_on_site > 0 AND seconds_on_site < 500$$, -10),  -- 12 and 16 %
    (:draft, 'occupation not said',      'negative', $$occupation IS NULL$$, -10),                      -- 14 %
    (:draft, 'wants no e-mail',          'negative', $$no_email$$, -10),                                -- 16 %
    (:draft, 'referral sites',           'negative', $$source = 'referral sites'$$, -5);                -- 19 %
SELECT revops.adopt_agreement(:draft) AS activated \gset

-- The application does what it always did.
SELECT format('COPY education.lead FROM %L WITH (FORMAT csv, HEADER)', :'leads_file') \gexec
ANALYZE;

CREATE VIEW education.quality AS
SELECT h.half, q.*
FROM (VALUES ('looked at'), ('not looked at')) AS h (half)
CROSS JOIN LATERAL revops.score_quality_by_role('education leads', 'converted', 'true', h.half) q;

\echo 'Tenths by score, of the half that was not looked at'
SELECT decile, round(leads::numeric, 1) AS leads, score_from || ' to ' || score_to AS score, round(successes::numeric, 1) AS converted,
       round(rate::numeric, 4) AS rate, round(lift::numeric, 2) AS lift, round(cumulative_share::numeric, 4) AS share
FROM education.quality WHERE half = 'not looked at' ORDER BY decile;
\echo 'AUC of both halves'
SELECT DISTINCT half, round(auc::numeric, 4) AS auc FROM education.quality ORDER BY half;
