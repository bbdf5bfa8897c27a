-- Rows that move between partitions, children of inheritance, a view that writes, a refresh, odd keys.
UPDATE part.lead SET created_at = '2026-02-20 00:00+00', status = 'won' WHERE id = 2;
INSERT INTO part.lead_2026_01 VALUES (30, '2026-01-30 00:00+00', 'direct@part.example', 'Co', 'new', 1, 'web');
INSERT INTO part.touch VALUES (30, '2026-03-01 00:00+00', 'call');
ALTER TABLE part.lead DETACH PARTITION part.lead_default;
ALTER TABLE part.lead ATTACH PARTITION part.lead_default DEFAULT;
UPDATE vw.lead SET status = 'WN' WHERE id = 3;
UPDATE vw.lead_joined SET owner = 'bob' WHERE id = 4;
UPDATE base.t_lead SET c_del = 'Y' WHERE pk = 5;
REFRESH MATERIALIZED VIEW vw.lead_mat;
CALL revops.settle();
CALL revops.reconcile('partitioned touches');
CALL revops.reconcile('a joined view');
CALL revops.reconcile('a materialized view');
UPDATE inh.lead SET status = 'new', owner_id = 1 WHERE id <= 12;
UPDATE odd.lead_composite SET stage = 'Gewonnen', lead_no = 'L-99' WHERE lead_no = 'L-1';
UPDATE odd.lead_charkey SET id = 'X' WHERE id = 'K1';
DELETE FROM odd.lead_nokey WHERE email = 'n1@odd.example';
INSERT INTO odd."Lead ""Table"".v2" VALUES (21, 'q21@odd.example', 'Jörg', 'Neu', 'x');
