-- What an agreement moves by itself, beside what the engine always does (an MQL
-- by its floors, a deal opened or won, the way back).  Part of a version.

CREATE TABLE revops.auto_move
(
    agreement_id int NOT NULL REFERENCES revops.agreement ON DELETE CASCADE,
    auto_move    text NOT NULL,
    position     int NOT NULL,
    from_stage   text NOT NULL,
    to_stage     text NOT NULL,
    cause        text NOT NULL CHECK (cause IN ('score', 'grade', 'criteria', 'lost', 'attempts')),
    condition    text,
    min_fit      int,
    min_intent   int,
    min_score    int,
    min_grade    text,
    attempts     int,
    reason       text,
    PRIMARY KEY (agreement_id, auto_move),
    UNIQUE (agreement_id, position),
    FOREIGN KEY (agreement_id, from_stage, to_stage) REFERENCES revops.transition ON UPDATE CASCADE
);
CREATE INDEX auto_move_transition ON revops.auto_move (agreement_id, from_stage, to_stage);
COMMENT ON TABLE revops.auto_move IS
    'Moves that leads make by themselves in a version: by score, grade, agreed criteria, a lost deal, attempts made. Each is a transition of the version, and what a stage asks of those who enter holds for it as for any move. None is shipped.';
COMMENT ON COLUMN revops.auto_move.agreement_id IS 'version of the agreement';
COMMENT ON COLUMN revops.auto_move.auto_move IS 'name of the move';
COMMENT ON COLUMN revops.auto_move.position IS 'order in which moves of a stage are tried, lowest first: the first that applies is made';
COMMENT ON COLUMN revops.auto_move.from_stage IS 'stage whose leads move';
COMMENT ON COLUMN revops.auto_move.to_stage IS 'stage that they enter';
COMMENT ON COLUMN revops.auto_move.cause IS
    'what they wait for, and the cause that the move carries: score (the floors below), grade (min_grade), criteria (condition), lost (a deal is lost, and the lead has no other that is open or won), attempts (touches of outbound signals since it entered). What else is set in the row must hold, too';
COMMENT ON COLUMN revops.auto_move.condition IS 'SQL condition over the lead''s roles; NULL: none';
COMMENT ON COLUMN revops.auto_move.min_fit IS 'least fit, 1 to 100; NULL: any';
COMMENT ON COLUMN revops.auto_move.min_intent IS 'least intent, 1 to 100; NULL: any';
COMMENT ON COLUMN revops.auto_move.min_score IS 'least score, 1 to 100; NULL: any';
COMMENT ON COLUMN revops.auto_move.min_grade IS 'worst grade: this letter or a better one, and this digit or a better one (B2: A1, A2, B1, B2); NULL: any';
COMMENT ON COLUMN revops.auto_move.attempts IS 'so many touches of outbound signals since the lead entered the stage, those of that very moment included; NULL: any number';
COMMENT ON COLUMN revops.auto_move.reason IS 'coded reason that the move carries; one that the transition takes, where that needs one';
