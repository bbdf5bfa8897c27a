-- State: leads that would move by themselves, but for what a stage asks for.

CREATE TABLE revops.held_lead
(
    lead_id      bigint NOT NULL,
    workspace_id int NOT NULL,
    since        timestamptz NOT NULL,
    at           timestamptz NOT NULL,
    condition    boolean NOT NULL,
    to_stage     text COLLATE "C" NOT NULL,
    cause        text COLLATE "C" NOT NULL,
    reason       text COLLATE "C",
    roles        text[] NOT NULL,
    answers      text[] NOT NULL,
    PRIMARY KEY (lead_id)
);
COMMENT ON TABLE revops.held_lead IS 'State: leads that the guard holds back from a move that nobody has to ask for. Read the view held_back instead.';
COMMENT ON COLUMN revops.held_lead.lead_id IS 'the lead';
COMMENT ON COLUMN revops.held_lead.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.held_lead.since IS 'engine time since when it waits for this stage';
COMMENT ON COLUMN revops.held_lead.at IS 'moment that the move is to have: of a deal when it was opened or won';
COMMENT ON COLUMN revops.held_lead.condition IS 'true: the stage''s entry criteria do not hold';
COMMENT ON COLUMN revops.held_lead.to_stage IS 'stage that it waits for';
COMMENT ON COLUMN revops.held_lead.cause IS 'what would move it: as stage_change.cause';
COMMENT ON COLUMN revops.held_lead.reason IS 'coded reason that the move is to have';
COMMENT ON COLUMN revops.held_lead.roles IS 'roles that the stage needs and that are empty';
COMMENT ON COLUMN revops.held_lead.answers IS 'questions that the transition needs answered';
