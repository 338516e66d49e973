-- 0040_finder.sql - who of a digital centre is there now, and the finder of them.

SET LOCAL ROLE kheya_owner;

-- Hours of the centre, by the clock of Bangladesh.
ALTER TABLE kheya.centre
    ADD COLUMN opens  time NOT NULL DEFAULT '09:00',
    ADD COLUMN closes time NOT NULL DEFAULT '17:00',
    ADD CONSTRAINT centre_hours CHECK (opens < closes);

-- The number on the wall of a service (FI 1), where it has one.
ALTER TABLE svc.centre_fee ADD COLUMN option smallint UNIQUE CHECK (option BETWEEN 1 AND 99);
UPDATE svc.centre_fee SET option = 1 WHERE service = 'assisted_application';

-- Here and away are events of the audit; the last one of a day counts till the centre closes.
CREATE INDEX audit_presence ON kheya.audit (bucket, msisdn, at DESC) WHERE event IN ('agent_here', 'agent_away');

CREATE FUNCTION kheya.is_here(msisdn text, closes time) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT (now() AT TIME ZONE 'Asia/Dhaka')::time < closes
       AND coalesce((SELECT a.event = 'agent_here' FROM kheya.audit a
                      WHERE a.bucket = kheya.bucket(is_here.msisdn) AND a.msisdn = is_here.msisdn
                        AND a.event IN ('agent_here', 'agent_away')
                        AND kheya.day(a.at) = (now() AT TIME ZONE 'Asia/Dhaka')::date
                      ORDER BY a.at DESC, a.id DESC LIMIT 1), false)
$$;

-- --- what the menus may ask ------------------------------------------------------

CREATE FUNCTION svc.agent_here(msisdn text) RETURNS TABLE (here boolean, open boolean, closes text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT kheya.is_here(a.msisdn, c.closes), (now() AT TIME ZONE 'Asia/Dhaka')::time < c.closes, to_char(c.closes, 'HH24:MI')
      FROM kheya.agent a JOIN kheya.centre c ON c.code = a.place
     WHERE a.bucket = kheya.bucket(agent_here.msisdn) AND a.msisdn = agent_here.msisdn AND a.active
$$;

-- Up to three agents for a union: of the sex asked for (f, m; '' any), its own centres before others of the upazila, who
-- is there before who is not.
CREATE FUNCTION svc.find_agent(place text, sex text)
    RETURNS TABLE (no text, phone text, name text, en text, bn text, opens text, closes text, here boolean, other boolean, union_code text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT a.msisdn, right(a.msisdn, 11), left(a.name, 20), c.en, c.bn, to_char(c.opens, 'HH24:MI'), to_char(c.closes, 'HH24:MI'),
           kheya.is_here(a.msisdn, c.closes) AS here, c.union_code <> find_agent.place AS other, c.union_code
      FROM kheya.centre c JOIN kheya.agent a ON a.place = c.code
     WHERE left(c.union_code, 4) = left(find_agent.place, 4) AND a.active
       AND kheya.day((extract(epoch FROM now()) * 1000)::bigint) BETWEEN coalesce(a.since, '-infinity') AND coalesce(a.until, 'infinity')
       AND (find_agent.sex = '' OR a.sex = find_agent.sex)
     ORDER BY other, here DESC, c.union_code, a.name LIMIT 3
$$;
CREATE INDEX centre_upazila ON kheya.centre ((left(union_code, 4)));

-- What the agent takes for the service of this number on the wall.
CREATE FUNCTION svc.fee_of(msisdn text, option integer) RETURNS TABLE (official integer, centre integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT g.official, g.centre
      FROM svc.centre_fee f CROSS JOIN LATERAL svc.agent_fee(fee_of.msisdn, f.service) g
     WHERE f.option = fee_of.option
$$;

-- The same for who asks before: the most that a centre takes.
CREATE FUNCTION svc.fee_at_most(option integer) RETURNS TABLE (official integer, centre integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT f.official, f.cap FROM svc.centre_fee f WHERE f.option = fee_at_most.option
$$;

-- A row: she waits for a call of this agent already, or of three others.
CREATE FUNCTION svc.waits_for_call(msisdn text, agent text) RETURNS TABLE (since date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT kheya.day(max(f.created))
      FROM kheya.case_file f
     WHERE f.bucket = kheya.bucket(waits_for_call.msisdn) AND f.msisdn = waits_for_call.msisdn AND f.service = 'call_back'
       AND f.state IN ('asked', 'called')
    HAVING count(*) >= 3 OR bool_or(f.fields ->> 'agent' = waits_for_call.agent)
$$;

-- How many cases that she opened for others the office asks about.
CREATE FUNCTION svc.agent_left(msisdn text) RETURNS TABLE (count integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT count(*)::integer FROM svc.agent_asked(agent_left.msisdn)
$$;

REVOKE ALL ON FUNCTION kheya.is_here(text, time), svc.agent_here(text), svc.find_agent(text, text), svc.fee_of(text, integer),
    svc.fee_at_most(integer), svc.waits_for_call(text, text), svc.agent_left(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.agent_here(text), svc.find_agent(text, text), svc.fee_of(text, integer), svc.fee_at_most(integer),
    svc.waits_for_call(text, text), svc.agent_left(text) TO kheya_menu;
