-- 0049_statuses.sql - what an answer by the phone spares is counted too: one for a number, a thing and what became of it.

SET LOCAL ROLE kheya_owner;

ALTER TABLE svc.baseline DISABLE TRIGGER baseline_stays;        -- nothing was counted by these
INSERT INTO svc.baseline VALUES
    ('khatian_copy', 'self', 1, '2000-01-01', 2, 780, 450, 0, 18, 0, '{closed}', '{given_back}'),
    ('allowance_status', 'self', 1, '2000-01-01', 1, 300, 150, 0, 3, 0, '{told}', '{}'),
    ('passport_status', 'self', 1, '2000-01-01', 1, 480, 300, 0, 3, 0, '{told}', '{}'),
    ('mutation_status', 'self', 1, '2000-01-01', 2, 600, 300, 0, 3, 0, '{told}', '{}'),
    ('birth_status', 'self', 1, '2000-01-01', 2, 120, 40, 0, 3, 0, '{told}', '{}');
ALTER TABLE svc.baseline ENABLE TRIGGER baseline_stays;

CREATE INDEX audit_told ON kheya.audit (bucket, msisdn) WHERE event = 'status_told';

-- Cases and bills as before; and the first time that a status was told to a number.  Who looks again reads the same: an allowance
-- counts once in seven days, whatever is looked at a state once.
CREATE OR REPLACE VIEW kheya.saving AS
    WITH acts AS (
        SELECT f.bucket, f.number::text AS what, f.number, f.service, f.created, left(f.place, 4) AS upazila,
               (CASE WHEN f.actor = 'agent' THEN 'assisted' ELSE 'self' END) COLLATE "C" AS scope, v.seq, v.at, v.state
          FROM kheya.case_file f
          JOIN kheya.case_event v ON v.bucket = f.bucket AND v.number = f.number
        UNION ALL
        SELECT p.bucket, p.ref, 0, 'bill', p.created, '', 'self', e.seq, e.at, e.state
          FROM kheya.payment p
          JOIN kheya.payment_event e ON e.bucket = p.bucket AND e.ref = p.ref
         WHERE p.service = ''
        UNION ALL
        SELECT a.bucket, a.msisdn || '/' || a.service || '/' || a.thing || '/' || a.state || '/' || a.week, 0, a.service, min(a.at), '',
               'self', 1, min(a.at), 'told'
          FROM (SELECT t.bucket, t.msisdn, t.at, t.fields ->> 'service' AS service, t.fields ->> 'of' AS thing,
                       CASE WHEN t.fields ->> 'service' = 'allowance_status' THEN '' ELSE t.fields ->> 'state' END AS state,
                       CASE WHEN t.fields ->> 'service' = 'allowance_status' THEN t.at / 604800000 ELSE 0 END AS week
                  FROM kheya.audit t WHERE t.event = 'status_told') a
         GROUP BY a.bucket, a.msisdn, a.service, a.thing, a.state, a.week),
    told AS (
        SELECT a.*, b.version, b.visits_before - b.visits_after AS visits, b.minutes_before - b.minutes_after AS minutes,
               b.taka_before - b.taka_after AS taka, CASE WHEN a.state = ANY (b.counted) THEN 1 ELSE -1 END AS sign
          FROM acts a
         CROSS JOIN LATERAL (SELECT b.* FROM svc.baseline b
                              WHERE b.service = a.service AND b.scope = a.scope AND b.since <= kheya.day(a.created)
                              ORDER BY b.since DESC LIMIT 1) b
         WHERE a.state = ANY (b.counted) OR a.state = ANY (b.reversed)),
    turned AS (SELECT t.*, lag(t.sign, 1, -1) OVER (PARTITION BY t.bucket, t.what ORDER BY t.seq) AS before FROM told t)
    SELECT number, seq, at, kheya.day(at) AS day, service, scope, version, upazila, sign, sign * visits AS visits,
           sign * minutes AS minutes, sign * taka AS taka
      FROM turned
     WHERE sign <> before;
