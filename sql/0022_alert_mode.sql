-- 0022_alert_mode.sql - warnings by union, as kheya alert sets them; more days for the cases there.

SET LOCAL ROLE kheya_owner;

-- The newest active one of a place that has words counts.
DROP INDEX kheya.alert_place;
CREATE INDEX alert_place ON kheya.alert (place, id) WHERE active;

-- more: days that a case got on top of what its service promises.
ALTER TABLE kheya.case_file
    ADD COLUMN more smallint NOT NULL DEFAULT 0 CHECK (more BETWEEN 0 AND 366);

GRANT INSERT, UPDATE ON kheya.alert TO kheya_daemon;
GRANT INSERT, DELETE ON kheya.alert_text TO kheya_daemon;
GRANT UPDATE (more) ON kheya.case_file TO kheya_daemon;
