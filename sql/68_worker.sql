-- How the background worker does.

CREATE FUNCTION revops.worker_state(
    OUT state text, OUT pid int, OUT started_at timestamptz, OUT rounds bigint, OUT leads_folded bigint,
    OUT inbox_read bigint, OUT due_fired bigint, OUT errors bigint, OUT last_error text,
    OUT last_error_at timestamptz, OUT last_error_step text, OUT next_due_at timestamptz)
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'revops_worker_state';
COMMENT ON FUNCTION revops.worker_state() IS
    'What this database''s background worker tells of itself, in one row; the view revops.worker adds what waits for it.';

CREATE VIEW revops.worker AS
SELECT w.state, w.pid, w.started_at,
       revops.engine_now() - (SELECT min(at) FROM revops.lead_delta WHERE urgent) AS urgent_lag,
       revops.engine_now() - (SELECT min(at) FROM revops.lead_delta WHERE NOT urgent) AS fold_lag,
       revops.engine_now() - least((SELECT min(at) FROM revops.inbox WHERE at <= revops.engine_now()),
           -- the first of them is the oldest but for transactions that wrote side by side
           (SELECT least(told_at, revops.engine_now()) FROM revops.inbox_packet ORDER BY inbox_id LIMIT 1)) AS inbox_lag,
       revops.engine_now() - least(
           (SELECT min(due_at) FROM revops.timer WHERE due_at <= revops.engine_now()),
           (SELECT min(fires_at) FROM revops.sla_clock WHERE fires_at <= revops.engine_now())) AS due_lag,
       revops.engine_now() - (SELECT min(at) FROM revops.write_back_due WHERE at <= revops.engine_now()) AS write_back_lag,
       w.next_due_at, w.rounds, w.leads_folded, w.inbox_read, w.due_fired,
       w.errors, w.last_error, w.last_error_at, w.last_error_step
FROM revops.worker_state() AS w;
COMMENT ON VIEW revops.worker IS
    'The background worker of this database and what waits for it: always one row, also where there is no worker. For administrators only, as texts of errors may quote data.';
COMMENT ON COLUMN revops.worker.state IS 'idle, folding, reading the inbox, writing back, firing what is due, rolling up, waiting after an error, starting; or why there is none: not running (listed, to be started soon), not listed (in pg_revops.databases), not preloaded (pg_revops is not in shared_preload_libraries), standby';
COMMENT ON COLUMN revops.worker.pid IS 'process; NULL: none runs';
COMMENT ON COLUMN revops.worker.started_at IS 'when the process started, by the clock; NULL: none runs';
COMMENT ON COLUMN revops.worker.urgent_lag IS 'age of the oldest delta that may move its lead; NULL: none waits';
COMMENT ON COLUMN revops.worker.fold_lag IS 'age of the oldest delta that is not urgent (it changed no more than sums when it was written); NULL: none waits';
COMMENT ON COLUMN revops.worker.inbox_lag IS 'how long the oldest entry of the inbox, rows and packets, could have been read; NULL: none waits';
COMMENT ON COLUMN revops.worker.due_lag IS 'how long the oldest timer or untold breach has been due; NULL: none is';
COMMENT ON COLUMN revops.worker.write_back_lag IS 'how long the oldest row that is to be written back could have been tried; NULL: none waits';
COMMENT ON COLUMN revops.worker.next_due_at IS 'the next moment at which the worker wakes by itself, as far as it knows; NULL: none known';
COMMENT ON COLUMN revops.worker.rounds IS 'rounds of work done; this and the counts that follow are since the server started or the database was listed';
COMMENT ON COLUMN revops.worker.leads_folded IS 'leads whose deltas it folded, one for each time';
COMMENT ON COLUMN revops.worker.inbox_read IS 'inbox entries it settled';
COMMENT ON COLUMN revops.worker.due_fired IS 'timers it fired and breaches it told';
COMMENT ON COLUMN revops.worker.errors IS 'errors that ended a step; the log has all of them. What went wrong with single leads is in revops.fault';
COMMENT ON COLUMN revops.worker.last_error IS 'message of the last one; NULL: none';
COMMENT ON COLUMN revops.worker.last_error_at IS 'when, by the clock; NULL: none';
COMMENT ON COLUMN revops.worker.last_error_step IS 'fold, fold later, inbox, write back, roll up or due; NULL: none';
