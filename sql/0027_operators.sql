-- 0027_operators.sql - operators are roles of the database: who warns or writes to many is who logged in, and two must.

-- Roles belong to the whole cluster: another database may have made it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kheya_operator') THEN
        CREATE ROLE kheya_operator NOLOGIN;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'role kheya_operator is missing and % may not create it', current_user;
    WHEN duplicate_object OR unique_violation THEN
        NULL;                           -- another migration beside us was faster
END
$$;
GRANT USAGE ON SCHEMA kheya TO kheya_operator;

SET LOCAL ROLE kheya_owner;

-- --- warnings --------------------------------------------------------------------

-- A warning waits (neither active nor cleared) until a second operator has read it.
ALTER TABLE kheya.alert
    ADD COLUMN approved_by text NOT NULL DEFAULT '',
    ADD CONSTRAINT alert_two_keys CHECK (approved_by = '' OR approved_by <> set_by);
REVOKE INSERT, UPDATE ON kheya.alert FROM kheya_daemon;
REVOKE INSERT, DELETE ON kheya.alert_text FROM kheya_daemon;

-- Of all that people will read and that will be done.
CREATE FUNCTION kheya.alert_hash(a kheya.alert) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT encode(sha256(convert_to(concat_ws(chr(31), a.place, a.signal, extract(epoch FROM a.ends), a.days, a.free,
        (SELECT string_agg(t.lang || chr(30) || t.text, chr(31) ORDER BY t.lang) FROM kheya.alert_text t WHERE t.alert = a.id)),
        'UTF8')), 'hex')
$$;

-- langs and texts go together; ends "" is until it is cleared.
CREATE FUNCTION kheya.alert_propose(place text, signal smallint, ends text, days smallint, free boolean, langs text[], texts text[],
                                    OUT id bigint, OUT hash text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    made kheya.alert;
BEGIN
    INSERT INTO kheya.alert (active, place, signal, ends, days, free, set_by)
    VALUES (false, alert_propose.place, alert_propose.signal,
            coalesce(nullif(alert_propose.ends, '')::timestamptz, 'infinity'), alert_propose.days, alert_propose.free, session_user)
    RETURNING * INTO made;
    INSERT INTO kheya.alert_text (alert, lang, text)
    SELECT made.id, t.lang, t.text FROM unnest(alert_propose.langs, alert_propose.texts) AS t(lang, text);
    id := made.id;
    hash := kheya.alert_hash(made);
END
$$;

-- The second key.  The warning that stood at the place ends; each open case there has the days of the most generous
-- warning that it is under, however many cover its union, and so many more for this one are counted in cases.
CREATE FUNCTION kheya.alert_approve(number bigint, digest text, OUT place text, OUT cases bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    a kheya.alert;
BEGIN
    LOCK TABLE kheya.alert IN SHARE ROW EXCLUSIVE MODE;     -- of two at once the second sees the first's days
    SELECT * INTO a FROM kheya.alert w WHERE w.id = alert_approve.number AND NOT w.active AND w.cleared IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no warning % waits for a second key', number;
    ELSIF a.set_by = session_user THEN
        RAISE EXCEPTION 'who proposed it cannot approve it: a second operator must';
    ELSIF NOT starts_with(kheya.alert_hash(a), digest) THEN
        RAISE EXCEPTION 'the hash is another: look at the warning again';
    ELSIF a.ends <= now() THEN
        RAISE EXCEPTION 'its end is over: set it again';
    END IF;
    WITH c AS (UPDATE kheya.case_file f SET more = least(366, f.more + n.days), due = f.due + n.days * 86400000, wake = 0
                 FROM (SELECT g.bucket, g.number,
                              (a.days - coalesce((SELECT max(w.days) FROM kheya.alert w
                                                   WHERE w.active AND w.ends > now() AND starts_with(g.place, w.place)), 0))::bigint AS days
                         FROM kheya.case_file g
                        WHERE a.days > 0 AND g.due > 0 AND g.place <> '' AND starts_with(g.place, a.place)) n
                WHERE n.days > 0 AND f.bucket = n.bucket AND f.number = n.number AND f.due > 0 RETURNING 1)
    SELECT count(*) INTO cases FROM c;
    -- who replaces a warning keeps the days that it gave
    UPDATE kheya.alert w SET active = false, cleared = now(), cleared_by = session_user
     WHERE w.active AND w.place = a.place;
    UPDATE kheya.alert w SET active = true, since = now(), approved_by = session_user,
           days = greatest(w.days, coalesce((SELECT max(o.days) FROM kheya.alert o
                                              WHERE o.place = a.place AND o.cleared = now() AND o.ends > now()), 0))
     WHERE w.id = a.id;
    place := a.place;
END
$$;

-- Ends what is on at a place and what waits for it; one key: false comfort is mended by setting it again.
CREATE FUNCTION kheya.alert_clear(place text) RETURNS SETOF bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $$
    UPDATE kheya.alert a SET active = false, cleared = now(), cleared_by = session_user
     WHERE a.place = alert_clear.place AND a.cleared IS NULL RETURNING a.id
$$;

-- What is on, and what waits; cleared ones not.
CREATE FUNCTION kheya.alert_list()
    RETURNS TABLE (id bigint, state text, place text, signal smallint, since timestamptz, ends timestamptz, days smallint,
                   free boolean, set_by text, approved_by text, text text, hash text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT a.id, CASE WHEN a.active THEN 'on' ELSE 'waits' END, a.place, a.signal, a.since, a.ends, a.days, a.free, a.set_by,
           a.approved_by, coalesce((SELECT t.text FROM kheya.alert_text t WHERE t.alert = a.id ORDER BY t.lang <> 'en', t.lang LIMIT 1), ''),
           kheya.alert_hash(a)
      FROM kheya.alert a
     WHERE a.cleared IS NULL AND a.ends > now()
     ORDER BY a.place, a.id
$$;

-- --- one message to many ----------------------------------------------------------

-- Whatever is said: they are who logged in.
CREATE OR REPLACE FUNCTION kheya.mass_freeze() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.hash := kheya.mass_hash(NEW);
        NEW.proposed_by := session_user;
    ELSIF NEW.hash <> kheya.mass_hash(NEW) OR NEW.hash <> OLD.hash OR NEW.proposed_by <> OLD.proposed_by THEN
        RAISE EXCEPTION 'mass %: its words do not change any more', OLD.id;
    ELSIF NEW.approved_by <> OLD.approved_by THEN
        NEW.approved_by := session_user;
    END IF;
    RETURN NEW;
END
$$;
ALTER TABLE kheya.mass ALTER COLUMN proposed_by SET DEFAULT session_user;
ALTER TABLE kheya.mass_event ALTER COLUMN by SET DEFAULT session_user;

CREATE FUNCTION kheya.mass_event_by() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    NEW.by := session_user;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION kheya.mass_event_by() FROM PUBLIC;
CREATE TRIGGER mass_event_by BEFORE INSERT ON kheya.mass_event FOR EACH ROW EXECUTE FUNCTION kheya.mass_event_by();

-- Messages that nobody has handed over yet are called back, and their people wait again: how many.
CREATE FUNCTION kheya.mass_call_back(number bigint) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $$
    WITH b AS (DELETE FROM kheya.outbox o USING kheya.mass_person p
                WHERE p.mass = mass_call_back.number AND p.fed AND o.bucket = kheya.bucket(p.msisdn)
                  AND o.cause = 'mass/' || p.mass || '/' || p.msisdn AND o.state = 0 AND o.tries = 0
               RETURNING p.mass, p.msisdn),
         f AS (UPDATE kheya.mass_person p SET fed = false FROM b WHERE p.mass = b.mass AND p.msisdn = b.msisdn)
    SELECT count(*) FROM b
$$;

-- How far each is.
CREATE FUNCTION kheya.mass_sums(number bigint)
    RETURNS TABLE (people bigint, first bigint, fed bigint, sent bigint, failed bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT count(*), count(*) FILTER (WHERE p.rank = 0), count(*) FILTER (WHERE p.fed),
           count(*) FILTER (WHERE o.state BETWEEN 2 AND 4), count(*) FILTER (WHERE o.state > 4)
      FROM kheya.mass_person p
      LEFT JOIN kheya.outbox o ON o.bucket = kheya.bucket(p.msisdn) AND o.cause = 'mass/' || p.mass || '/' || p.msisdn
     WHERE p.mass = mass_sums.number
$$;

-- People not yet fed, by the lane they last dialled in by, how their numbers begin, and whether they read English.
CREATE FUNCTION kheya.mass_shares(number bigint)
    RETURNS TABLE (lane text, digits text, english boolean, people bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT coalesce(z.link, ''), left(p.msisdn, 5), coalesce(z.lang = 'en', false), count(*)
      FROM kheya.mass_person p
      LEFT JOIN kheya.citizen z ON z.bucket = kheya.bucket(p.msisdn) AND z.msisdn = p.msisdn
     WHERE p.mass = mass_shares.number AND NOT p.fed
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
$$;

REVOKE INSERT ON kheya.mass, kheya.mass_person, kheya.mass_event FROM kheya_daemon;
REVOKE UPDATE (approved_by) ON kheya.mass FROM kheya_daemon;
REVOKE DELETE ON kheya.outbox FROM kheya_daemon;
REVOKE EXECUTE ON FUNCTION kheya.mass_people(text[]) FROM kheya_daemon;

REVOKE ALL ON FUNCTION kheya.alert_hash(kheya.alert), kheya.alert_propose(text, smallint, text, smallint, boolean, text[], text[]),
    kheya.alert_approve(bigint, text), kheya.alert_clear(text), kheya.alert_list(), kheya.mass_call_back(bigint),
    kheya.mass_sums(bigint), kheya.mass_shares(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kheya.alert_propose(text, smallint, text, smallint, boolean, text[], text[]),
    kheya.alert_approve(bigint, text), kheya.alert_clear(text), kheya.alert_list(), kheya.mass_call_back(bigint),
    kheya.mass_sums(bigint), kheya.mass_shares(bigint), kheya.mass_people(text[]) TO kheya_operator;
GRANT SELECT, INSERT ON kheya.mass TO kheya_operator;
GRANT INSERT ON kheya.mass_person, kheya.mass_event TO kheya_operator;
GRANT UPDATE (state, approved_by, changed) ON kheya.mass TO kheya_operator;
