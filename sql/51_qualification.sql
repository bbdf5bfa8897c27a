-- Facts that people add to a lead: answers and enrichments.  Append-only, and
-- written by the engine alone, as the other facts are (50_facts.sql).

CREATE TABLE revops.answer
(
    lead_id      bigint NOT NULL,
    seq          int NOT NULL,
    workspace_id int NOT NULL,
    agreement_id int NOT NULL,
    at           timestamptz NOT NULL,
    personal     boolean NOT NULL,
    question     text COLLATE "C" NOT NULL,
    answer       text COLLATE "C",
    actor        text COLLATE "C" NOT NULL,
    PRIMARY KEY (lead_id, seq)
);
COMMENT ON TABLE revops.answer IS 'Fact: somebody answered a question about a lead, or took an answer back. Of several the last counts: see lead_answers.';
COMMENT ON COLUMN revops.answer.lead_id IS 'the lead';
COMMENT ON COLUMN revops.answer.seq IS 'number of the answer within the lead, from 1';
COMMENT ON COLUMN revops.answer.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.answer.agreement_id IS 'version of the agreement that asked it';
COMMENT ON COLUMN revops.answer.at IS 'engine time';
COMMENT ON COLUMN revops.answer.personal IS 'true: forget() erases it';
COMMENT ON COLUMN revops.answer.question IS 'code of the question';
COMMENT ON COLUMN revops.answer.answer IS 'the answer: text, yes or no, a number, an ISO date, or an option; NULL: taken back, or erased';
COMMENT ON COLUMN revops.answer.actor IS 'role that answered';

CREATE TABLE revops.enrichment
(
    lead_id      bigint NOT NULL,
    seq          int NOT NULL,
    workspace_id int NOT NULL,
    at           timestamptz NOT NULL,
    role         text COLLATE "C" NOT NULL,
    value        jsonb,
    source       text COLLATE "C" NOT NULL,
    actor        text COLLATE "C" NOT NULL,
    PRIMARY KEY (lead_id, seq)
);
COMMENT ON TABLE revops.enrichment IS 'Fact: enrich() filled an empty role of a lead. It counts wherever the host''s row has no value of its own.';
COMMENT ON COLUMN revops.enrichment.lead_id IS 'the lead';
COMMENT ON COLUMN revops.enrichment.seq IS 'number of the value within the lead, from 1';
COMMENT ON COLUMN revops.enrichment.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.enrichment.at IS 'engine time';
COMMENT ON COLUMN revops.enrichment.role IS 'role that was filled';
COMMENT ON COLUMN revops.enrichment.value IS 'value; NULL: the role is personal, and the value is in lead_identity, where forget() erases it';
COMMENT ON COLUMN revops.enrichment.source IS 'where the value came from: a provider, a form, a person''s research';
COMMENT ON COLUMN revops.enrichment.actor IS 'role that filled it';
