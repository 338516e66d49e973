-- 0057_auditors.sql - what is compared in the morning can be read by who compares it, and by the commands as kheyad's own role.
--
-- saving, verdict and oddity were granted, but not the day of a time, which they ask for: everybody but the superuser was refused.

SET LOCAL ROLE kheya_owner;

GRANT EXECUTE ON FUNCTION kheya.day(bigint) TO kheya_auditor, kheya_operator, kheya_daemon;
GRANT SELECT ON kheya.daybook TO kheya_auditor, kheya_operator, kheya_daemon;

-- Whose receipts they are: kheya agent daybook and oddities.
GRANT SELECT (bucket, msisdn, name, place) ON kheya.agent TO kheya_auditor, kheya_operator;
GRANT EXECUTE ON FUNCTION kheya.bucket(text) TO kheya_auditor, kheya_operator;
