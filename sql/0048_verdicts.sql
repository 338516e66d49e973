-- 0048_verdicts.sql - what citizens say of answers that they got: good, or not good.
--
-- "Good, close it", "Not good" and "Open again" are moves of her own; the last one of a case is her verdict, so a case
-- has one at most, whatever is resent or killed.

SET LOCAL ROLE kheya_owner;

CREATE VIEW kheya.verdict AS
    SELECT DISTINCT ON (f.bucket, f.number) f.number, v.seq, kheya.day(v.at) AS day, f.service, v.state = 'closed' AS good
      FROM kheya.case_file f
      JOIN kheya.case_event v ON v.bucket = f.bucket AND v.number = f.number AND v.kind = 'citizen' AND v.state IN ('closed', 'appealed')
     ORDER BY f.bucket, f.number, v.seq DESC;
GRANT SELECT ON kheya.verdict TO kheya_auditor, kheya_operator, kheya_daemon;

-- The document as it was, and by service how many said good and not good: both, or neither, and none under 10.
ALTER FUNCTION kheya.public_json() RENAME TO public_savings;
REVOKE EXECUTE ON FUNCTION kheya.public_savings() FROM kheya_daemon, kheya_operator, kheya_auditor;

CREATE FUNCTION kheya.public_json() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    WITH v AS (SELECT v.service, count(*) FILTER (WHERE v.good) AS good, count(*) FILTER (WHERE NOT v.good) AS bad
                 FROM kheya.verdict v GROUP BY 1),
    told AS (SELECT coalesce(jsonb_agg(jsonb_build_object('key', v.service, 'cases', v.good) ORDER BY v.service), '[]') AS good,
                    coalesce(jsonb_agg(jsonb_build_object('key', v.service, 'cases', v.bad) ORDER BY v.service), '[]') AS bad
               FROM v WHERE v.good >= 10 AND v.bad >= 10),
    d AS (SELECT kheya.public_savings()::jsonb AS doc)
    SELECT (d.doc || jsonb_build_object('tables', (d.doc -> 'tables') || jsonb_build_object('good', told.good, 'not_good', told.bad)))::text
      FROM d, told
$$;
REVOKE ALL ON FUNCTION kheya.public_json() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kheya.public_json() TO kheya_daemon, kheya_operator, kheya_auditor;
