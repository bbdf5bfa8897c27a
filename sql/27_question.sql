-- Qualification questionnaires: what sales asks, as rows of the agreement.

CREATE TABLE revops.question
(
    agreement_id int NOT NULL REFERENCES revops.agreement ON DELETE CASCADE,
    question     text NOT NULL,
    label        text NOT NULL,
    kind         text NOT NULL DEFAULT 'text'
                 CHECK (kind IN ('text', 'yes_no', 'number', 'date', 'choice')),
    options      text[] NOT NULL DEFAULT '{}',
    position     int NOT NULL,
    personal     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (agreement_id, question),
    UNIQUE (agreement_id, position)
);
COMMENT ON TABLE revops.question IS
    'Questions of a version that qualify a lead (need, budget, urgency, authority ...); answer_question() answers them, transition.needs_answers requires them.';
COMMENT ON COLUMN revops.question.agreement_id IS 'version of the agreement';
COMMENT ON COLUMN revops.question.question IS 'code of the question';
COMMENT ON COLUMN revops.question.label IS 'the question in words';
COMMENT ON COLUMN revops.question.kind IS 'what answers it: text, yes_no, number, date, or choice (one of options)';
COMMENT ON COLUMN revops.question.options IS 'answers of a choice, in order; of other kinds none';
COMMENT ON COLUMN revops.question.position IS 'order in which they are asked';
COMMENT ON COLUMN revops.question.personal IS 'true: forget() erases its answers; those of kind text it erases anyhow';
