-- Fivetran: bulk upserts; a re-sync that writes every row again; soft deletes.
INSERT INTO salesforce.lead (id, _fivetran_synced, company, email, status, owner_id, is_deleted, is_converted, created_date, last_modified_date)
VALUES ('00Qxx0000000021AAA', '2026-03-01 10:00+00', 'Acme 9', 'New@acme.example', 'Open - Not Contacted', '00Gxx0000000001AAA', false, false, '2026-03-01 09:00+00', '2026-03-01 09:00+00'),
       ('00Qxx0000000001AAA', '2026-03-01 10:00+00', 'Acme 1', 'First1@acme.example', 'Closed - Not Converted', '005xx0000000002AAA', false, false, '2026-01-05 14:00+00', '2026-03-01 09:00+00')
ON CONFLICT (id) DO UPDATE SET _fivetran_synced = excluded._fivetran_synced, company = excluded.company, status = excluded.status, owner_id = excluded.owner_id,
    is_deleted = excluded.is_deleted, last_modified_date = excluded.last_modified_date;
UPDATE salesforce.lead SET _fivetran_synced = '2026-03-01 11:00+00';
UPDATE salesforce.lead SET is_deleted = true, last_modified_date = '2026-03-01 11:00+00' WHERE id IN ('00Qxx0000000002AAA', '00Qxx0000000003AAA');
UPDATE salesforce.lead SET is_deleted = false, last_modified_date = '2026-03-01 12:00+00' WHERE id IN ('00Qxx0000000003AAA', '00Qxx0000000016AAA');
INSERT INTO salesforce.task (id, who_id, is_closed, completed_date_time, task_subtype, is_deleted) VALUES ('00Txx0000000099AAA', '00Qxx0000000021AAA', true, '2026-03-01 11:00+00', 'Email', false);
