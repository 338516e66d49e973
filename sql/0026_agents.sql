-- 0026_agents.sql - agents of digital centres: their account, what they may take, and the book of what they took.

SET LOCAL ROLE kheya_owner;

-- A digital centre.  Names as they stand in a page.  msisdn: the centre's own telephone, '' none.
CREATE TABLE kheya.centre (
    code        text        COLLATE "C" PRIMARY KEY CHECK (code ~ '^[0-9]{6}(-[0-9])?$'),
    union_code  text        COLLATE "C" NOT NULL REFERENCES svc.union_council,
    en          text        NOT NULL CHECK (length(en) BETWEEN 1 AND 20),
    bn          text        NOT NULL CHECK (length(bn) BETWEEN 1 AND 20),
    msisdn      text        COLLATE "C" NOT NULL DEFAULT '' CHECK (msisdn ~ '^(8801[3-9][0-9]{8})?$')
);

-- An account is bound to a number and to a centre.  since and until: days on which it counts.  Her PIN is in
-- kheya.pin; an agent's is locked by the fifth wrong one.
ALTER TABLE kheya.agent
    ADD COLUMN place text COLLATE "C" REFERENCES kheya.centre,
    ADD COLUMN sex   text CHECK (sex IN ('f', 'm')),
    ADD COLUMN since date,
    ADD COLUMN until date;
CREATE INDEX agent_place ON kheya.agent (place) WHERE place IS NOT NULL;

-- What a service costs at a centre: the state's fee, and the most that a centre takes.
CREATE TABLE svc.centre_fee (
    service     text        COLLATE "C" PRIMARY KEY,
    official    integer     NOT NULL CHECK (official BETWEEN 0 AND 99999),
    cap         integer     NOT NULL CHECK (cap BETWEEN 0 AND 99999)
);
INSERT INTO svc.centre_fee VALUES ('assisted_application', 0, 30);

-- A centre may take less.
CREATE TABLE svc.centre_price (
    centre      text        COLLATE "C" NOT NULL REFERENCES kheya.centre,
    service     text        COLLATE "C" NOT NULL REFERENCES svc.centre_fee,
    taka        integer     NOT NULL CHECK (taka BETWEEN 0 AND 99999),
    PRIMARY KEY (centre, service)
);

-- The day book.  A row is the event fee_taken that the menus write in the audit, by the same step as the case and
-- the receipt: none of the three is there without the others, whatever is resent or killed.
CREATE VIEW kheya.daybook AS
    SELECT a.msisdn AS agent, kheya.day(a.at) AS day, a.at, (a.fields ->> 'case')::bigint AS number,
           a.fields ->> 'service' AS service, (a.fields ->> 'official')::integer AS official,
           (a.fields ->> 'centre')::integer AS taka, a.fields ->> 'receiver' AS receiver
      FROM kheya.audit a
     WHERE a.event = 'fee_taken' AND a.actor = 'agent'
       AND a.fields ->> 'case' ~ '^[0-9]{10}$' AND a.fields ->> 'official' ~ '^[0-9]{1,6}$'
       AND a.fields ->> 'centre' ~ '^[0-9]{1,6}$';
CREATE INDEX audit_fee_agent ON kheya.audit (msisdn, at) WHERE event = 'fee_taken';
CREATE INDEX audit_fee_receiver ON kheya.audit ((fields ->> 'receiver'), at) WHERE event = 'fee_taken';

-- Which wallets applications name.
CREATE INDEX case_file_wallet ON kheya.case_file ((fields ->> 'wallet')) WHERE fields ? 'wallet';

-- As in 0023, with the agents, each of the union of her centre: many unions share a name.
CREATE OR REPLACE FUNCTION kheya.mass_people(unions text[])
    RETURNS TABLE (msisdn text, rank smallint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT p.msisdn, min(p.rank)::smallint
      FROM (SELECT r.msisdn, 0 AS rank FROM svc.responder r, unnest(mass_people.unions) AS u(code)
             WHERE r.role IN ('volunteer', 'chair') AND starts_with(r.place, u.code)
            UNION ALL
            SELECT a.msisdn, 0 FROM kheya.agent a JOIN kheya.centre c ON c.code = a.place, unnest(mass_people.unions) AS u(code)
             WHERE a.active AND starts_with(c.union_code, u.code)
            UNION ALL
            SELECT b.msisdn, 1 FROM svc.beneficiary b, unnest(mass_people.unions) AS u(code) WHERE starts_with(b.union_code, u.code)
            UNION ALL
            SELECT f.msisdn, 1 FROM kheya.case_file f, unnest(mass_people.unions) AS u(code)
             WHERE f.actor = 'citizen' AND f.place ~ '^[0-9]{6}$' AND starts_with(f.place, u.code)) p
     GROUP BY p.msisdn
$$;

-- --- what the menus may ask ------------------------------------------------------

CREATE FUNCTION svc.agent_centre(msisdn text)
    RETURNS TABLE (code text, en text, bn text, union_code text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT c.code, c.en, c.bn, c.union_code
      FROM kheya.agent a JOIN kheya.centre c ON c.code = a.place
     WHERE a.bucket = kheya.bucket(agent_centre.msisdn) AND a.msisdn = agent_centre.msisdn AND a.active
$$;

-- What she takes: her centre's price, at most the cap.
CREATE FUNCTION svc.agent_fee(msisdn text, service text)
    RETURNS TABLE (official integer, centre integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT f.official, least(f.cap, coalesce(p.taka, f.cap))
      FROM svc.centre_fee f
      LEFT JOIN kheya.agent a ON a.bucket = kheya.bucket(agent_fee.msisdn) AND a.msisdn = agent_fee.msisdn
      LEFT JOIN svc.centre_price p ON p.centre = a.place AND p.service = f.service
     WHERE f.service = agent_fee.service
$$;

-- Is a number hers, her centre's, or another agent's of it?
CREATE FUNCTION kheya.is_agents_own(agent text, number text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT number = agent
        OR EXISTS (SELECT FROM kheya.agent a
                     JOIN kheya.centre c ON c.code = a.place
                     LEFT JOIN kheya.agent b ON b.place = a.place
                    WHERE a.bucket = kheya.bucket(agent) AND a.msisdn = agent AND number IN (c.msisdn, b.msisdn))
$$;

CREATE FUNCTION svc.agent_own(agent text, number text) RETURNS TABLE (own boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT kheya.is_agents_own(agent_own.agent, agent_own.number)
$$;

-- May this wallet be this person's?  own: it is the agent's or the centre's.  taken: another person's money, or
-- application, names it; a person is the last numbers of the NID card and the birth date.
CREATE FUNCTION svc.agent_wallet(agent text, wallet text, nid text, dob date) RETURNS TABLE (state text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT CASE
        WHEN kheya.is_agents_own(agent_wallet.agent, agent_wallet.wallet) THEN 'own'
        WHEN EXISTS (SELECT FROM kheya.case_file f
                      WHERE f.fields ->> 'wallet' = agent_wallet.wallet
                        AND f.state NOT IN ('rejected', 'withdrawn')
                        AND NOT (right(f.fields ->> 'nid', 4) = right(agent_wallet.nid, 4)
                                 AND f.fields ->> 'dob' = to_char(agent_wallet.dob, 'YYYY-MM-DD')))
          OR EXISTS (SELECT FROM svc.payment p JOIN svc.beneficiary b ON b.id = p.beneficiary
                      WHERE p.wallet = agent_wallet.wallet AND b.nid4 <> right(agent_wallet.nid, 4)) THEN 'taken'
        ELSE 'free' END
$$;
CREATE INDEX payment_wallet ON svc.payment (wallet) WHERE wallet IS NOT NULL;

-- Today's receipts: how many, how much.
CREATE FUNCTION svc.agent_day(msisdn text) RETURNS TABLE (count integer, taka integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT count(*)::integer, coalesce(sum(d.taka), 0)::integer
      FROM kheya.daybook d
     WHERE d.agent = agent_day.msisdn AND d.day = kheya.day((extract(epoch FROM now()) * 1000)::bigint)
$$;

CREATE FUNCTION svc.agent_day_list(msisdn text) RETURNS TABLE (no text, taka integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT d.number::text, d.taka
      FROM kheya.daybook d
     WHERE d.agent = agent_day_list.msisdn AND d.day = kheya.day((extract(epoch FROM now()) * 1000)::bigint)
     ORDER BY d.at DESC LIMIT 20
$$;

-- What she opened for others and the office asks about.
CREATE FUNCTION svc.agent_asked(msisdn text) RETURNS TABLE (no text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT f.number::text FROM kheya.case_file f
     WHERE f.bucket = kheya.bucket(agent_asked.msisdn) AND f.msisdn = agent_asked.msisdn AND f.actor = 'agent'
       AND f.state = 'need_info'
     ORDER BY f.changed LIMIT 20
$$;

-- The UNO's desk of an agent whose PIN was locked this very minute; later tries tell nobody again.
CREATE FUNCTION svc.agent_locked(msisdn text) RETURNS TABLE (uno text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT r.msisdn
      FROM kheya.agent a
      JOIN kheya.pin p ON p.bucket = a.bucket AND p.msisdn = a.msisdn
      JOIN kheya.centre c ON c.code = a.place
      JOIN svc.responder r ON r.role = 'uno' AND starts_with(c.union_code, r.place)
     WHERE a.bucket = kheya.bucket(agent_locked.msisdn) AND a.msisdn = agent_locked.msisdn
       AND p.locked_until > now() + interval '24 hours' - interval '1 minute'
     ORDER BY length(r.place) DESC, r.msisdn LIMIT 1
$$;

-- The newest receipt that a phone got in 30 days, for "Paid more?"; and the UNO's desk of that centre.
CREATE FUNCTION svc.my_receipt(msisdn text)
    RETURNS TABLE (no text, taka integer, name text, agent text, union_code text, uno text, has_uno boolean,
                   told boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT d.number::text, d.taka, a.name, a.msisdn, coalesce(c.union_code, ''), r.msisdn, r.msisdn IS NOT NULL,
           EXISTS (SELECT FROM kheya.case_file f WHERE f.service = 'overcharge' AND f.fields ->> 'once' = d.number::text)
      FROM kheya.daybook d
      JOIN kheya.agent a ON a.msisdn = d.agent
      LEFT JOIN kheya.centre c ON c.code = a.place
      LEFT JOIN LATERAL (SELECT x.msisdn FROM svc.responder x
                          WHERE x.role = 'uno' AND starts_with(c.union_code, x.place)
                          ORDER BY length(x.place) DESC, x.msisdn LIMIT 1) AS r ON true
     WHERE d.receiver = my_receipt.msisdn AND d.at > (extract(epoch FROM now() - interval '30 days') * 1000)::bigint
     ORDER BY d.at DESC LIMIT 1
$$;

REVOKE ALL ON FUNCTION kheya.is_agents_own(text, text), svc.agent_centre(text), svc.agent_fee(text, text),
    svc.agent_own(text, text), svc.agent_wallet(text, text, text, date), svc.agent_day(text), svc.agent_day_list(text),
    svc.agent_asked(text), svc.agent_locked(text), svc.my_receipt(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.agent_centre(text), svc.agent_fee(text, text), svc.agent_own(text, text),
    svc.agent_wallet(text, text, text, date), svc.agent_day(text), svc.agent_day_list(text), svc.agent_asked(text),
    svc.agent_locked(text), svc.my_receipt(text) TO kheya_menu;
