-- Twenty: composite columns, an enum, soft delete; the person's and the company's own rows.
SET search_path = workspace_3ixj3i1a5avy16ptijtb3lae3;
BEGIN;
INSERT INTO person (id, "nameFirstName", "emailsPrimaryEmail", "jobTitle", "createdAt", "updatedAt")
VALUES (md5('new')::uuid, 'New', 'New@hooli.example', 'CEO', '2026-03-01 10:00+00', '2026-03-01 10:00+00');
INSERT INTO opportunity (name, stage, "createdBySource", "pointOfContactId", "companyId", "createdAt", "updatedAt")
VALUES ('New', 'SCREENING', 'WEBHOOK', md5('new')::uuid, md5('1c2')::uuid, '2026-03-01 10:00+00', '2026-03-01 10:00+00') RETURNING *;
COMMIT;
UPDATE opportunity SET stage = 'CUSTOMER', "updatedAt" = '2026-03-01 11:00+00' WHERE id = md5('1o3')::uuid;
UPDATE person SET "emailsPrimaryEmail" = 'changed@hooli.example', "updatedAt" = '2026-03-01 11:00+00' WHERE id = md5('1p4')::uuid;
UPDATE company SET name = 'Hooli renamed', employees = 7, "accountOwnerId" = md5('1w1')::uuid WHERE id = md5('1c5')::uuid;
UPDATE opportunity SET "deletedAt" = '2026-03-01 11:00+00' WHERE id IN (md5('1o1')::uuid, md5('1o2')::uuid);
UPDATE opportunity SET "deletedAt" = NULL WHERE id IN (md5('1o2')::uuid, md5('1o9')::uuid);
-- somebody edits the select field "stage"
BEGIN;
CREATE TYPE opportunity_stage_enum_new AS ENUM ('NEW', 'SCREENING', 'MEETING', 'PROPOSAL', 'CUSTOMER', 'LOST');
ALTER TABLE opportunity RENAME COLUMN stage TO stage_old;
ALTER TABLE opportunity ADD COLUMN stage opportunity_stage_enum_new NOT NULL DEFAULT 'NEW';
UPDATE opportunity SET stage = stage_old::text::opportunity_stage_enum_new;
ALTER TABLE opportunity DROP COLUMN stage_old;
DROP TYPE opportunity_stage_enum;
ALTER TYPE opportunity_stage_enum_new RENAME TO opportunity_stage_enum;
COMMIT;
INSERT INTO "timelineActivity" ("happensAt", name, "targetOpportunityId") VALUES ('2026-03-01 12:00+00', 'linked-message.created', md5('1o3')::uuid);
RESET search_path;
