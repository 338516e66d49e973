-- 0021_storm.sql - flow C: shelters, weather, who is called in need, and one relief case for each family.

SET LOCAL ROLE kheya_owner;

-- Where people of a union go.  Texts as they stand in a page.
CREATE TABLE svc.shelter (
    union_code  text        COLLATE "C" NOT NULL CHECK (union_code ~ '^[0-9]{6}$'),
    seq         smallint    NOT NULL CHECK (seq BETWEEN 1 AND 99),
    en          text        NOT NULL CHECK (length(en) BETWEEN 1 AND 40),
    bn          text        NOT NULL CHECK (length(bn) BETWEEN 1 AND 30),
    latn        text        NOT NULL CHECK (length(latn) BETWEEN 1 AND 40),
    keeper      text        COLLATE "C" NOT NULL DEFAULT '' CHECK (keeper ~ '^(01[3-9][0-9]{8})?$'),
    PRIMARY KEY (union_code, seq)
);

-- A day's weather of a place: a union, or all that begins with these digits.
CREATE TABLE svc.weather (
    place       text        COLLATE "C" NOT NULL CHECK (place ~ '^[0-9]{2,6}$'),
    day         date        NOT NULL,
    en          text        NOT NULL CHECK (length(en) BETWEEN 1 AND 40),
    bn          text        NOT NULL CHECK (length(bn) BETWEEN 1 AND 30),
    latn        text        NOT NULL CHECK (length(latn) BETWEEN 1 AND 40),
    PRIMARY KEY (place, day)
);

-- Who is told when somebody needs help, and who hears a warning first.
CREATE TABLE svc.responder (
    msisdn      text        COLLATE "C" NOT NULL CHECK (msisdn ~ '^8801[3-9][0-9]{8}$'),
    role        text        COLLATE "C" NOT NULL CHECK (role IN ('uno', 'volunteer', 'chair')),
    place       text        COLLATE "C" NOT NULL CHECK (place ~ '^[0-9]{4,6}$'),
    PRIMARY KEY (msisdn, role, place)
);
CREATE INDEX responder_place ON svc.responder (place, role);

-- A warning is for a union, for all whose code begins with place, or '' for the
-- whole country, till its end; signal as on the sea and the rivers.  days: that
-- the open cases of these places get more, once; free: nobody pays there.
ALTER TABLE kheya.alert
    ADD COLUMN place     text        COLLATE "C" NOT NULL DEFAULT '' CHECK (place ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})?$'),
    ADD COLUMN signal    smallint    NOT NULL DEFAULT 1 CHECK (signal BETWEEN 1 AND 11),
    ADD COLUMN ends      timestamptz NOT NULL DEFAULT 'infinity',
    ADD COLUMN days      smallint    NOT NULL DEFAULT 0 CHECK (days BETWEEN 0 AND 60),
    ADD COLUMN free      boolean     NOT NULL DEFAULT false,
    ADD COLUMN set_by    text        NOT NULL DEFAULT '',
    ADD COLUMN cleared   timestamptz,
    ADD COLUMN cleared_by text       NOT NULL DEFAULT '';
CREATE UNIQUE INDEX alert_place ON kheya.alert (place) WHERE active;

-- The nearest warning of a union, then the gravest; its words in Bengali where a language has none.
CREATE FUNCTION svc.warning(place text)
    RETURNS TABLE (en text, bn text, latn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    WITH a AS (SELECT a.id FROM kheya.alert a
                WHERE a.active AND a.ends > now() AND starts_with(warning.place, a.place)
                  AND EXISTS (SELECT FROM kheya.alert_text t WHERE t.alert = a.id)
                ORDER BY a.signal DESC, length(a.place) DESC, a.id DESC LIMIT 1)
    SELECT coalesce(en.text, bn.text, latn.text), coalesce(bn.text, en.text, latn.text), coalesce(latn.text, en.text, bn.text)
      FROM a
      LEFT JOIN kheya.alert_text en ON en.alert = a.id AND en.lang = 'en'
      LEFT JOIN kheya.alert_text bn ON bn.alert = a.id AND bn.lang = 'bn'
      LEFT JOIN kheya.alert_text latn ON latn.alert = a.id AND latn.lang = 'bn-Latn'
$$;

-- A field of the name once says what a case is about: there is one such case.
CREATE UNIQUE INDEX case_file_once ON kheya.case_file (service, (fields ->> 'once')) WHERE fields ? 'once';

-- What the names of families are hashed under; it never leaves this table.
CREATE TABLE svc.family_key (
    one         boolean     PRIMARY KEY DEFAULT true CHECK (one),
    secret      bytea       NOT NULL CHECK (length(secret) = 64)
);
INSERT INTO svc.family_key (secret)
SELECT decode(replace(string_agg(gen_random_uuid()::text, ''), '-', ''), 'hex') FROM generate_series(1, 4);

-- HMAC-SHA256 (RFC 2104) of who the head of a family is; 32 hexadecimal digits of it.
CREATE FUNCTION svc.family_hash(who text) RETURNS text
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    secret bytea;
    inner_pad bytea;
    outer_pad bytea;
BEGIN
    SELECT k.secret INTO secret FROM svc.family_key k;
    inner_pad := secret;
    outer_pad := secret;
    FOR i IN 0 .. 63 LOOP
        inner_pad := set_byte(inner_pad, i, get_byte(secret, i) # 54);
        outer_pad := set_byte(outer_pad, i, get_byte(secret, i) # 92);
    END LOOP;
    RETURN left(encode(sha256(outer_pad || sha256(inner_pad || convert_to(who, 'UTF8'))), 'hex'), 32);
END
$$;

-- The name of a family's relief case, and the number of the one that is there
-- already.  After 90 days it is another storm.
CREATE FUNCTION svc.relief_family(who text)
    RETURNS TABLE (once text, no text)
    LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog
AS $$
    WITH h AS (SELECT svc.family_hash(who) AS hash),
         f AS (SELECT c.number, c.created FROM h JOIN kheya.case_file c
                   ON c.service = 'relief' AND c.fields ->> 'once' >= h.hash AND c.fields ->> 'once' < h.hash || '~'
                      AND c.fields ? 'once'),
         recent AS (SELECT f.number FROM f
                     WHERE f.created > (extract(epoch FROM now()) * 1000)::bigint - 90::bigint * 86400000
                     ORDER BY f.created DESC LIMIT 1)
    SELECT h.hash || '-' || (SELECT count(*) FROM f), coalesce((SELECT r.number::text FROM recent r), 'none') FROM h
$$;

-- "1,3", "13" or "3 1" in words, in order.
CREATE FUNCTION svc.damage_words(said text)
    RETURNS TABLE (codes text, en text, bn text, latn text)
    LANGUAGE sql IMMUTABLE STRICT SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT string_agg(d.n::text, ',' ORDER BY d.n),
           upper(left(string_agg(d.en, ', ' ORDER BY d.n), 1)) || substr(string_agg(d.en, ', ' ORDER BY d.n), 2),
           string_agg(d.bn, ', ' ORDER BY d.n),
           upper(left(string_agg(d.latn, ', ' ORDER BY d.n), 1)) || substr(string_agg(d.latn, ', ' ORDER BY d.n), 2)
      FROM (VALUES (1, 'house gone', 'ঘর শেষ', 'ghor shesh'), (2, 'house part', 'ঘর কিছু', 'ghor kichu'),
                   (3, 'crop or fish', 'ফসল/মাছ', 'foshol/mach'), (4, 'cattle/boat', 'গরু/নৌকা', 'goru/nouka'),
                   (5, 'no food', 'খাবার নেই', 'khabar nei')) AS d(n, en, bn, latn)
     WHERE position(d.n::text IN translate(said, '১২৩৪৫', '12345')) > 0
$$;

CREATE FUNCTION svc.shelters(place text)
    RETURNS TABLE (en text, bn text, latn text, keeper text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT s.en, s.bn, s.latn, coalesce(nullif(s.keeper, ''), '1090')
      FROM svc.shelter s WHERE s.union_code = shelters.place ORDER BY s.seq LIMIT 4
$$;

-- Today and the two days after it; what is said of a union counts before what is
-- said of its upazila or district.
CREATE FUNCTION svc.weather_of(place text, first date)
    RETURNS TABLE (day date, en text, bn text, latn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT DISTINCT ON (w.day) w.day, w.en, w.bn, w.latn
      FROM svc.weather w
     WHERE starts_with(weather_of.place, w.place) AND w.day >= first AND w.day < first + 3
     ORDER BY w.day, length(w.place) DESC
$$;

-- The UNO and the leader of the volunteers who are nearest to a union.
CREATE FUNCTION svc.rescuers(place text)
    RETURNS TABLE (uno text, leader text, has_uno text, has_leader text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT u.msisdn, v.msisdn, CASE WHEN u.msisdn IS NULL THEN 'no' ELSE 'yes' END, CASE WHEN v.msisdn IS NULL THEN 'no' ELSE 'yes' END
      FROM (VALUES (1)) AS one(n)
      LEFT JOIN LATERAL (SELECT r.msisdn FROM svc.responder r WHERE r.role = 'uno'
                            AND starts_with(rescuers.place, r.place) ORDER BY length(r.place) DESC, r.msisdn LIMIT 1) u ON true
      LEFT JOIN LATERAL (SELECT r.msisdn FROM svc.responder r WHERE r.role = 'volunteer'
                            AND starts_with(rescuers.place, r.place) ORDER BY length(r.place) DESC, r.msisdn LIMIT 1) v ON true
$$;

-- Where a phone's person lives: the union of the last case in which she said so, else of her allowance.
CREATE FUNCTION svc.place_of(msisdn text) RETURNS text
    LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT coalesce((SELECT c.place FROM kheya.case_file c
                      WHERE c.bucket = kheya.bucket(place_of.msisdn) AND c.msisdn = place_of.msisdn
                        AND c.actor = 'citizen' AND c.place ~ '^[0-9]{6}$'
                      ORDER BY c.created DESC LIMIT 1),
                    (SELECT b.union_code FROM svc.beneficiary b WHERE b.msisdn = place_of.msisdn
                      ORDER BY b.since DESC, b.id DESC LIMIT 1))
$$;

CREATE OR REPLACE FUNCTION svc.my_union(msisdn text)
    RETURNS TABLE (code text, en text, bn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT u.code, left(u.en, 20), left(u.bn, 20)
      FROM svc.union_council u
     WHERE u.code = svc.place_of(my_union.msisdn)
$$;

REVOKE ALL ON FUNCTION svc.family_hash(text), svc.relief_family(text), svc.damage_words(text), svc.shelters(text),
    svc.weather_of(text, date), svc.rescuers(text), svc.place_of(text), svc.warning(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.relief_family(text), svc.damage_words(text), svc.shelters(text),
    svc.weather_of(text, date), svc.rescuers(text), svc.warning(text) TO kheya_menu;
GRANT USAGE ON SCHEMA svc TO kheya_daemon;
GRANT EXECUTE ON FUNCTION svc.place_of(text) TO kheya_daemon;
GRANT SELECT, INSERT, UPDATE, DELETE ON svc.shelter, svc.responder TO kheya_daemon;
