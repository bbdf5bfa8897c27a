-- Who is hottest, at any moment: by an index, without a row having been rewritten.

CREATE FUNCTION revops.hot_leads(n int DEFAULT 100, at timestamptz DEFAULT NULL, workspace_id int DEFAULT 1,
                                 only_stage text DEFAULT NULL, only_team text DEFAULT NULL, only_rep text DEFAULT NULL,
                                 only_binding text DEFAULT NULL)
    RETURNS TABLE (place int, lead_id bigint, binding text, key text, stage text, fit int, intent int, score int,
                   grade text, team text, rep text, last_touch_at timestamptz)
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
    AS 'MODULE_PATHNAME', 'revops_hot_leads';
COMMENT ON FUNCTION revops.hot_leads(int, timestamptz, int, text, text, text, text) IS
    'The n hottest leads of a workspace at a moment (NULL: engine_now()), the hottest first; n NULL: all. Ordered by the score before it is rounded, then by intent, what is beyond 100 counted and however little is left of it, then the newer lead (the higher lead_id) first; columns are as in lead_status, which has the same leads: those deleted are left out, what waits to be folded is counted, and whoever reads the one may read the other. Of another moment than the present: by the touches, the profile, the stage and the version that are known now; of a past one a touch that came later counts with more than its points. Filters (NULL: all) are put to leads as they come, hottest first: one that few leads pass takes long. Raises RV002 for an unknown workspace, 22023 for a negative n or an infinite moment.';
