-- demo-cases.sql - what the example persons have sent and what became of it, for the demonstration.  No migration.
--
-- The numbers are the last ones of their series, which nobody gets so soon.
-- Loading it again brings the first state back.

BEGIN;

DELETE FROM kheya.case_event WHERE number IN (8505022794, 8886988808, 1505022799);
DELETE FROM kheya.case_file WHERE number IN (8505022794, 8886988808, 1505022799);

CREATE TEMPORARY TABLE demo (
    number bigint, msisdn text, service text, state text, days_ago integer, due_in integer, fields jsonb
) ON COMMIT DROP;
INSERT INTO demo VALUES
    (8505022794, '8801711000001', 'allowance_complaint', 'need_info', 9, 33,
     '{"category": "less", "allowance": "WDA", "nid4": "7306", "office": "dss-0925"}'),
    (8886988808, '8801711000002', 'allowance_complaint', 'answered', 40, 2,
     '{"category": "no_money", "allowance": "OAA", "nid4": "7307", "office": "dss-0925"}'),
    (1505022799, '8801711000003', 'allowance_application', 'under_review', 20, 70,
     '{"allowance": "WDA", "nid": "7308", "union": "092544", "ward": "3"}');

CREATE TEMPORARY TABLE demo_event (number bigint, seq integer, days_ago integer, kind text, state text, note text)
    ON COMMIT DROP;
INSERT INTO demo_event VALUES
    (8505022794, 1, 9, 'citizen', 'submitted', ''), (8505022794, 2, 8, 'officer', 'received', ''),
    (8505022794, 3, 2, 'officer', 'need_info', 'Which month was less?'),
    (8886988808, 1, 40, 'citizen', 'submitted', ''), (8886988808, 2, 38, 'officer', 'received', ''),
    (8886988808, 3, 1, 'officer', 'answered', 'The money goes out on Sunday'),
    (1505022799, 1, 20, 'citizen', 'submitted', ''), (1505022799, 2, 18, 'officer', 'received', ''),
    (1505022799, 3, 10, 'officer', 'under_review', '');

CREATE FUNCTION pg_temp.ago(days integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT ((extract(epoch FROM now()) - days * 86400) * 1000)::bigint
$$;

INSERT INTO kheya.case_file (bucket, number, service, agency, msisdn, code, turn, state, fields, created, changed, seq, lang, due)
SELECT kheya.bucket(d.msisdn), d.number, d.service, 'dss', d.msisdn, 'demo', 1, d.state, d.fields, pg_temp.ago(d.days_ago),
       (SELECT pg_temp.ago(min(e.days_ago)) FROM demo_event e WHERE e.number = d.number), 3, 'bn', pg_temp.ago(-d.due_in)
  FROM demo d;
INSERT INTO kheya.case_event (bucket, number, seq, at, actor, kind, state, note, key)
SELECT kheya.bucket(d.msisdn), e.number, e.seq, pg_temp.ago(e.days_ago), CASE e.kind WHEN 'officer' THEN 'Example office' ELSE '' END,
       e.kind, e.state, e.note, 'demo/' || e.seq
  FROM demo_event e JOIN demo d USING (number);

COMMIT;
