-- 0051_oddities.sql - what an auditor asks of agents: a view over the audit, one row for an agent, a day and a kind.

SET LOCAL ROLE kheya_owner;

CREATE INDEX audit_agents ON kheya.audit (at) WHERE event IN ('wallet_refused', 'consent_used', 'fee_taken');

-- wallet: she named her own or the centre's, or somebody else's.  code: a consent was used within two seconds of being sent: nobody
-- reads and says four numbers so fast.  many: more than twelve receipts in an hour of the clock.  paid more: citizens say so.  call: drawn,
-- one receipt of twenty by its number, so that every draw is the same: an auditor asks the citizen.
CREATE VIEW kheya.oddity AS
    WITH seen AS (
        SELECT a.msisdn AS agent, a.at, 'wallet' AS kind, NULL::bigint AS number FROM kheya.audit a WHERE a.event = 'wallet_refused'
        UNION ALL
        SELECT a.msisdn, a.at, 'code', NULL FROM kheya.audit a
         WHERE a.event = 'consent_used'
           AND a.at - (SELECT max(o.created) FROM kheya.outbox o
                        WHERE o.bucket = a.bucket AND starts_with(o.cause, 'consent/' || a.msisdn || '/')
                          AND o.receiver = a.fields ->> 'receiver' AND o.created <= a.at) < 2000
        UNION ALL
        SELECT d.agent, max(d.at), 'many', max(d.number) FROM kheya.daybook d GROUP BY d.agent, d.at / 3600000 HAVING count(*) > 12
        UNION ALL
        SELECT f.fields ->> 'agent', f.created, 'paid more', f.number FROM kheya.case_file f WHERE f.service = 'overcharge'
        UNION ALL
        SELECT d.agent, d.at, 'call', d.number FROM kheya.daybook d WHERE mod(hashint8extended(d.number, 333) & 1023, 20) = 0)
    SELECT s.agent, kheya.day(s.at) AS day, s.kind, count(*) AS times, max(s.number) AS number
      FROM seen s WHERE s.agent IS NOT NULL
     GROUP BY s.agent, kheya.day(s.at), s.kind;

GRANT SELECT ON kheya.oddity TO kheya_auditor, kheya_operator, kheya_daemon;
