-- 0043_places.sql - divisions, districts and upazilas above the unions, so that a union can be chosen from lists; names that
-- several unions share are told apart; what a centre has.

SET LOCAL ROLE kheya_owner;

-- BBS geocodes: a division and a district have two digits each, counted apart, an upazila the district's and two more.  Names
-- as a citizen says them, who sees them in a list.
CREATE TABLE svc.area (
    kind        text        COLLATE "C" NOT NULL,
    code        text        COLLATE "C" NOT NULL,
    parent      text        COLLATE "C" NOT NULL,
    en          text        NOT NULL CHECK (length(en) BETWEEN 1 AND 20),
    bn          text        NOT NULL CHECK (length(bn) BETWEEN 1 AND 20),
    latn        text        NOT NULL CHECK (length(latn) BETWEEN 1 AND 20),
    PRIMARY KEY (kind, code),
    CHECK (CASE kind WHEN 'division' THEN code ~ '^[0-9]{2}$' AND parent = ''
                     WHEN 'district' THEN code ~ '^[0-9]{2}$' AND parent ~ '^[0-9]{2}$'
                     WHEN 'upazila' THEN code ~ '^[0-9]{4}$' AND parent = left(code, 2) ELSE false END)
);
CREATE INDEX area_parent ON svc.area (kind, parent);

ALTER TABLE svc.union_council ADD COLUMN latn text NOT NULL DEFAULT '';     -- '': as in English
CREATE INDEX union_upazila ON svc.union_council ((left(code, 4)));
CREATE INDEX union_district ON svc.union_council ((left(code, 2)));
CREATE INDEX union_en ON svc.union_council (en);
CREATE INDEX union_bn ON svc.union_council (bn);

-- A union's name with as much of its upazila's as fits into 20 letters, five at least; NULL: it does not.
CREATE FUNCTION svc.name_in(name text, upazila text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
AS $$
    SELECT CASE WHEN upazila <> '' AND length(name) + 2 + least(length(upazila), 5) <= 20 THEN rtrim(left(name || ', ' || upazila, 20)) END
$$;

-- What is shown of a union whose name others have too: with its upazila, or, where that tells it from none of them, with its number.
CREATE FUNCTION svc.told_apart(name text, code text, bn boolean) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    WITH o AS (SELECT u.code, svc.name_in(told_apart.name, CASE WHEN told_apart.bn THEN a.bn ELSE a.en END) AS label
                 FROM svc.union_council u
                 LEFT JOIN svc.area a ON a.kind = 'upazila' AND a.code = left(u.code, 4)
                WHERE (told_apart.bn AND u.bn = told_apart.name) OR (NOT told_apart.bn AND u.en = told_apart.name))
    SELECT CASE WHEN count(*) FILTER (WHERE o.code <> told_apart.code) = 0 THEN left(told_apart.name, 20)
                WHEN count(*) FILTER (WHERE o.label = mine.label) = 1 THEN mine.label
                ELSE rtrim(left(told_apart.name, 13)) || ' ' || told_apart.code END
      FROM o CROSS JOIN (SELECT (SELECT m.label FROM o AS m WHERE m.code = told_apart.code) AS label) mine
     GROUP BY mine.label
$$;

CREATE OR REPLACE FUNCTION svc.union_by_code(code text)
    RETURNS TABLE (code text, en text, bn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT u.code, svc.told_apart(u.en, u.code, false), svc.told_apart(u.bn, u.code, true)
      FROM svc.union_council u
     WHERE u.code = union_by_code.code
$$;

CREATE OR REPLACE FUNCTION svc.my_union(msisdn text)
    RETURNS TABLE (code text, en text, bn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT u.code, u.en, u.bn FROM svc.union_by_code(svc.place_of(my_union.msisdn)) u
$$;

-- --- the lists that a union is chosen from ------------------------------------------

-- Only what leads to a union.  By their English names, so that the numbers are the same in every language.
CREATE FUNCTION svc.divisions() RETURNS TABLE (code text, en text, bn text, latn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT v.code, v.en, v.bn, v.latn
      FROM svc.area v
     WHERE v.kind = 'division' AND EXISTS (SELECT FROM svc.area d
                                            WHERE d.kind = 'district' AND d.parent = v.code
                                              AND EXISTS (SELECT FROM svc.union_council u WHERE left(u.code, 2) = d.code))
     ORDER BY v.en, v.code LIMIT 12
$$;

CREATE FUNCTION svc.districts(division text) RETURNS TABLE (code text, en text, bn text, latn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT d.code, d.en, d.bn, d.latn
      FROM svc.area d
     WHERE d.kind = 'district' AND d.parent = districts.division
       AND EXISTS (SELECT FROM svc.union_council u WHERE left(u.code, 2) = d.code)
     ORDER BY d.en, d.code LIMIT 20
$$;

CREATE FUNCTION svc.upazilas(district text) RETURNS TABLE (code text, en text, bn text, latn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT a.code, a.en, a.bn, a.latn
      FROM svc.area a
     WHERE a.kind = 'upazila' AND a.parent = upazilas.district
       AND EXISTS (SELECT FROM svc.union_council u WHERE left(u.code, 4) = a.code)
     ORDER BY a.en, a.code LIMIT 20
$$;

CREATE FUNCTION svc.unions(upazila text) RETURNS TABLE (code text, en text, bn text, latn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT u.code, left(u.en, 20), left(u.bn, 20), left(coalesce(nullif(u.latn, ''), u.en), 20)
      FROM svc.union_council u
     WHERE left(u.code, 4) = unions.upazila
     ORDER BY u.en, u.code LIMIT 30
$$;

-- --- what stands in the way of taking a row away ------------------------------------

-- Who needs these unions, one line each: "092544: 3 allowances, a centre".
CREATE FUNCTION kheya.union_uses(unions text[]) RETURNS TABLE (code text, uses text)
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT w.code, w.code || ': ' || string_agg(w.n || ' ' || w.what, ', ' ORDER BY w.what)
      FROM (SELECT b.union_code AS code, 'allowances' AS what, count(*) AS n FROM svc.beneficiary b
             WHERE b.union_code = ANY (unions) GROUP BY 1
            UNION ALL
            SELECT c.union_code, 'centres', count(*) FROM kheya.centre c WHERE c.union_code = ANY (unions) GROUP BY 1
            UNION ALL
            SELECT c.union_code, 'clinics', count(*) FROM svc.clinic c WHERE c.union_code = ANY (unions) GROUP BY 1
            UNION ALL
            SELECT s.union_code, 'shelters', count(*) FROM svc.shelter s WHERE s.union_code = ANY (unions) GROUP BY 1
            UNION ALL
            SELECT r.place, 'responders', count(*) FROM svc.responder r WHERE r.place = ANY (unions) GROUP BY 1
            UNION ALL
            SELECT f.place, 'cases', count(*) FROM kheya.case_file f WHERE f.place = ANY (unions) GROUP BY 1) w
     GROUP BY w.code
$$;

-- What there is at a centre besides its people.
ALTER TABLE kheya.centre
    ADD COLUMN ramp  boolean,           -- NULL: nobody told
    ADD COLUMN power text COLLATE "C" NOT NULL DEFAULT '' CHECK (power IN ('', 'grid', 'solar', 'both'));

REVOKE ALL ON FUNCTION svc.name_in(text, text), svc.told_apart(text, text, boolean), svc.divisions(), svc.districts(text), svc.upazilas(text), svc.unions(text),
    kheya.union_uses(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.divisions(), svc.districts(text), svc.upazilas(text), svc.unions(text) TO kheya_menu;

-- Two services may change their numbers on the wall with one another.
ALTER TABLE svc.centre_fee
    DROP CONSTRAINT centre_fee_option_key,
    ADD CONSTRAINT centre_fee_option UNIQUE (option) DEFERRABLE INITIALLY IMMEDIATE;
