-- 0018_her_cases.sql - what a citizen sees of her cases, and what became of them.
--
-- The program's own questions about cases (menu/parse_cases.c) call her_cases()
-- and her_case() as kheya_menu, as the menus' queries call others.  services is
-- a list of names, 'a,b!': behind an ! all days count, else worked days.  A told
-- value is what menu/told.h says: names, days and notes with the ASCII record
-- and unit separators between them, which a page shows in her words.

SET LOCAL ROLE kheya_owner;

-- What an agent opened for another one is found by that one's number.
CREATE INDEX case_file_contact ON kheya.case_file (contact) WHERE contact <> '';

-- The country's day of a time.
CREATE FUNCTION kheya.day(ms bigint) RETURNS date
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT (to_timestamp(ms / 1000.0) AT TIME ZONE 'Asia/Dhaka')::date
$$;

-- Days behind the first, up to the last, that count: all, or those that are worked.
CREATE FUNCTION kheya.days_left(today date, last date, every boolean) RETURNS integer
    LANGUAGE sql STABLE STRICT SET search_path = pg_catalog
AS $$
    SELECT count(*)::integer
      FROM generate_series(today + 1, last, interval '1 day') AS s(t)
      LEFT JOIN kheya.holiday h ON h.day = s.t::date
     WHERE every
        OR coalesce(h.worked, NOT EXISTS (SELECT FROM kheya.weekend w WHERE w.weekday = extract(dow FROM s.t)))
$$;

CREATE FUNCTION kheya.is_of(service text, services text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT service = ANY (string_to_array(replace(services, '!', ''), ','))
$$;

-- One state of a told value.  A note is one line, and short where many stand.
CREATE FUNCTION kheya.told(state text, at bigint, note text, most integer, days_left integer) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT E'\x1e' || state || E'\x1f' || to_char(kheya.day(at), 'YYYY-MM-DD') || E'\x1f'
           || left(regexp_replace(coalesce(note, ''), '[[:cntrl:]]+', ' ', 'g'), most) || E'\x1f'
           || coalesce(days_left::text, '')
$$;

-- The states that a case came to, the newest first; with the last thing that was
-- said there.  What did not move it is no row of its own.
CREATE FUNCTION kheya.case_states(of_bucket smallint, of_number bigint)
    RETURNS TABLE (seq integer, at bigint, state text, note text)
    LANGUAGE sql STABLE STRICT SET search_path = pg_catalog
AS $$
    WITH e AS (SELECT e.seq, e.at, e.state, e.note,
                      count(*) FILTER (WHERE e.moved) OVER (ORDER BY e.seq) AS part
                 FROM (SELECT v.*, v.state IS DISTINCT FROM lag(v.state) OVER (ORDER BY v.seq) AS moved
                         FROM kheya.case_event v
                        WHERE v.bucket = of_bucket AND v.number = of_number) AS e)
    SELECT min(e.seq), min(e.at), min(e.state), (array_agg(e.note ORDER BY e.seq DESC) FILTER (WHERE e.note <> ''))[1]
      FROM e GROUP BY e.part ORDER BY 1 DESC
$$;

-- Hers: opened from this number, or for it.  Cases that are to be discreet are in
-- no list: the phone may be another's today.
CREATE FUNCTION svc.her_cases(msisdn text, services text)
    RETURNS TABLE (no text, service text, state text, text text, at date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT c.number::text, c.service, c.state,
           c.service || E'\x1f' || c.number || kheya.told(c.state, s.at, s.note, 40,
               CASE WHEN c.due > 0 THEN kheya.days_left(kheya.day((extract(epoch FROM now()) * 1000)::bigint),
                    kheya.day(c.due), strpos(',' || services, ',' || c.service || '!') > 0) END),
           kheya.day(s.at)
      FROM (SELECT f.* FROM kheya.case_file f
             WHERE f.bucket = kheya.bucket(her_cases.msisdn) AND f.msisdn = her_cases.msisdn
             UNION
            SELECT f.* FROM kheya.case_file f WHERE f.contact = her_cases.msisdn AND f.contact <> '') AS c
     CROSS JOIN LATERAL (SELECT e.at, e.note FROM kheya.case_states(c.bucket, c.number) e LIMIT 1) AS s
     WHERE kheya.is_of(c.service, services) AND c.quiet = 0
     ORDER BY c.created DESC, c.number
$$;

-- Does she show by its fields that she may see it?  All must be those of the
-- case, as its service keeps them: whole, or their last four characters.
CREATE FUNCTION kheya.opens(fields jsonb, keys text, key_values text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
AS $$
    SELECT coalesce(bool_and(coalesce(fields ->> k.name = k.value
                                      OR (length(fields ->> k.name) = 4 AND fields ->> k.name = right(k.value, 4)),
                                      false)), false)
      FROM unnest(string_to_array(keys, ','), key_values) AS k(name, value)
$$;

-- No row: there is no such case, or she may not see it, and nobody is told which.
CREATE FUNCTION svc.her_case(msisdn text, services text, number text, keys text, key_values text[])
    RETURNS TABLE (no text, service text, state text, text text, at date, opened date, due date, "left" integer,
                   overdue boolean, note text, history text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT c.number::text, c.service, c.state,
           c.service || E'\x1f' || c.number || kheya.told(s.state, s.at, s.note, 160, d.days_left),
           kheya.day(s.at), kheya.day(c.created), d.due, d.days_left, coalesce(d.due < d.today, false),
           left(regexp_replace(coalesce(s.note, ''), '[[:cntrl:]]+', ' ', 'g'), 160),
           c.service || E'\x1f' || c.number ||
               (SELECT string_agg(kheya.told(h.state, h.at, h.note, 40,
                                             CASE WHEN h.seq = s.seq THEN d.days_left END), '' ORDER BY h.seq DESC)
                  FROM (SELECT * FROM kheya.case_states(c.bucket, c.number) LIMIT 6) AS h)
      FROM kheya.case_file c
     CROSS JOIN LATERAL (SELECT e.* FROM kheya.case_states(c.bucket, c.number) e LIMIT 1) AS s
     CROSS JOIN LATERAL (SELECT t.today, t.due,
                                kheya.days_left(t.today, t.due, strpos(',' || services, ',' || c.service || '!') > 0)
                                    AS days_left
                           FROM (SELECT kheya.day((extract(epoch FROM now()) * 1000)::bigint) AS today,
                                        CASE WHEN c.due > 0 THEN kheya.day(c.due) END AS due) AS t) AS d
     WHERE c.number = her_case.number::bigint AND kheya.is_of(c.service, services)
       AND (c.msisdn = her_case.msisdn OR c.contact = her_case.msisdn OR kheya.opens(c.fields, keys, key_values))
$$;

REVOKE ALL ON FUNCTION kheya.day(bigint), kheya.days_left(date, date, boolean), kheya.is_of(text, text),
    kheya.told(text, bigint, text, integer, integer), kheya.case_states(smallint, bigint), kheya.opens(jsonb, text, text[]),
    svc.her_cases(text, text), svc.her_case(text, text, text, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.her_cases(text, text), svc.her_case(text, text, text, text, text[]) TO kheya_menu;
