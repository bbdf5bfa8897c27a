-- Dolibarr: prospects and customers in one table, owners in another, tms by a trigger.
BEGIN;
INSERT INTO llx_societe (nom, entity, status, client, email, fk_pays, fk_stcomm, datec, fk_user_creat) VALUES ('New', 1, 1, 2, 'New@vandelay.example', 0, 0, '2026-03-01 10:00', 1);
INSERT INTO llx_societe_commerciaux (fk_soc, fk_user) SELECT max(rowid), 3 FROM llx_societe;
COMMIT;
UPDATE llx_societe SET fk_stcomm = 2 WHERE rowid = 6;
UPDATE llx_societe SET client = 1 WHERE rowid = 1;
UPDATE llx_societe SET client = 2 WHERE rowid = 3;
UPDATE llx_societe SET status = 0 WHERE rowid IN (5, 7);
UPDATE llx_societe SET status = 1 WHERE rowid IN (5, 12);
DELETE FROM llx_societe_commerciaux WHERE fk_soc = 2 AND fk_user = 3;
INSERT INTO llx_actioncomm (datep, code, fk_soc, percent, label) VALUES ('2026-03-01 11:00', 'AC_TEL', 6, 100, 'Call');
-- its tool turns all triggers off and on again; what is written meanwhile, reconcile finds
SELECT dol_util_triggerall(false);
UPDATE llx_societe SET email = 'meanwhile@vandelay.example' WHERE rowid = 11;
SELECT dol_util_triggerall(true);
CALL revops.reconcile('leads');
