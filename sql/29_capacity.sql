-- How much a rep can take.  A place is a row: a lead that is given to a rep takes
-- one that nobody holds, without waiting, and what is rolled back gives it back.

CREATE TABLE revops.rep_cap
(
    rep_id int NOT NULL REFERENCES revops.rep ON DELETE CASCADE,
    period text COLLATE "C" NOT NULL CHECK (period IN ('open', 'day', 'week', 'month')),
    leads  int NOT NULL CHECK (leads BETWEEN 0 AND 100000),
    PRIMARY KEY (rep_id, period)
);
COMMENT ON TABLE revops.rep_cap IS
    'How many leads a rep may have open at a time, and may be given in a day, a week, a month of the workspace''s time zone. Never exceeded by routes and turns, however many sessions there are; by hand it may be. What a rep was given in a period before the period''s cap was set is not counted.';
COMMENT ON COLUMN revops.rep_cap.rep_id IS 'the rep';
COMMENT ON COLUMN revops.rep_cap.period IS 'open (handed over, and not won, recycled, rejected or gone since), day, week (from Monday on) or month';
COMMENT ON COLUMN revops.rep_cap.leads IS 'at most so many leads (0 to 100000)';

CREATE SEQUENCE revops.place_id AS bigint;
COMMENT ON SEQUENCE revops.place_id IS 'Numbers of places.';

CREATE TABLE revops.place
(
    place_id  bigint PRIMARY KEY,
    rep_id    int NOT NULL,
    period_no int NOT NULL,
    extra     boolean NOT NULL,
    period    text COLLATE "C" NOT NULL,
    lead_id   bigint
) WITH (fillfactor = 80);
CREATE INDEX place_free ON revops.place (rep_id, period, extra, period_no);
CREATE INDEX place_lead ON revops.place (lead_id);
COMMENT ON TABLE revops.place IS 'State: the leads that reps have room for, and those that take it. Follows rep_cap; recount_places() makes it anew.';
COMMENT ON COLUMN revops.place.place_id IS 'number of the place';
COMMENT ON COLUMN revops.place.rep_id IS 'whose place it is';
COMMENT ON COLUMN revops.place.period_no IS 'period in which it was taken, counted from 1970 on (open: 0); a place of a period that is over is free, as is -2147483648';
COMMENT ON COLUMN revops.place.extra IS 'true: beyond the cap, given by hand or from before a cap was lowered; it ends with the lead';
COMMENT ON COLUMN revops.place.period IS 'open, day, week or month, as in rep_cap';
COMMENT ON COLUMN revops.place.lead_id IS 'lead that has taken it; NULL: none has';

ALTER TABLE revops.team ADD COLUMN mode text NOT NULL DEFAULT 'turns' CHECK (mode IN ('turns', 'least_loaded'));
COMMENT ON COLUMN revops.team.mode IS 'turns: weighted round robin; least_loaded: who has the fewest open leads for the weight, in turns among equals';
