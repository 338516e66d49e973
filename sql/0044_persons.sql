-- 0044_persons.sql - several persons on one number: each has a PIN of her own, which says whose cases, payments and answers
-- are shown.  No list of them is told to anybody.

SET LOCAL ROLE kheya_owner;

-- person: from 1 on, never another's again.  nid: the number that she was named by, as base/keyed.h keeps it, '' not said.
-- attempt: names the keypress that set it.  All on one number have hashes with one salt, which kheyad makes of its secret and
-- the number: so a PIN is computed once and compared with each.
CREATE TABLE kheya.person (
    bucket      smallint    NOT NULL,
    msisdn      text        COLLATE "C" NOT NULL,
    person      smallint    NOT NULL CHECK (person > 0),
    hash        text        COLLATE "C" NOT NULL CHECK (hash LIKE '$argon2id$%'),
    nid         text        COLLATE "C" NOT NULL DEFAULT '' CHECK (nid = '' OR nid ~ '^[0-9a-f]{2}-[0-9a-f]{32}-'),
    attempt     text        COLLATE "C" NOT NULL,
    changed     timestamptz NOT NULL DEFAULT now(),
    used        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bucket, msisdn, person),
    FOREIGN KEY (bucket, msisdn) REFERENCES kheya.pin ON DELETE CASCADE
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX person_nid ON kheya.person (bucket, msisdn, nid) WHERE nid <> '';

INSERT INTO kheya.person (bucket, msisdn, person, hash, attempt, changed, used)
SELECT p.bucket, p.msisdn, 1, p.hash, p.attempt, p.changed, p.changed FROM kheya.pin p;

-- What is of the number: tries and lock.  wrong: on day, where there are several persons (daemon/store/trials.c).
ALTER TABLE kheya.pin DROP COLUMN hash, DROP COLUMN changed,
    ADD COLUMN day date NOT NULL DEFAULT current_date,
    ADD COLUMN wrong smallint NOT NULL DEFAULT 0;

-- Several persons have a PIN: read with the session, so that nothing is shown before one of them has shown hers.
ALTER TABLE kheya.citizen ADD COLUMN shared boolean NOT NULL DEFAULT false;

-- Whose it is, of several on its number; 0: nobody said, or there was one person alone.
ALTER TABLE kheya.case_file ADD COLUMN person smallint NOT NULL DEFAULT 0;
ALTER TABLE kheya.reminder ADD COLUMN person smallint NOT NULL DEFAULT 0;
ALTER TABLE kheya.watcher ADD COLUMN person smallint NOT NULL DEFAULT 0;
ALTER TABLE kheya.watcher DROP CONSTRAINT watcher_pkey, ADD PRIMARY KEY (bucket, msisdn, person);

CREATE FUNCTION kheya.persons_on(bucket smallint, msisdn text) RETURNS integer
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT count(*)::integer FROM kheya.person h WHERE h.bucket = persons_on.bucket AND h.msisdn = persons_on.msisdn
$$;

-- Whose cases may be shown to her who has shown the PIN of this person (0: none).  Where one person alone has a PIN, or
-- nobody: all that nobody else said to be hers.
CREATE FUNCTION kheya.whose(bucket smallint, msisdn text, person integer) RETURNS smallint[]
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT CASE WHEN count(*) <= 1 THEN ARRAY[0::smallint, coalesce(min(h.person), 0::smallint)]
                WHEN whose.person > 0 THEN ARRAY[whose.person::smallint]
                ELSE '{}' END
      FROM kheya.person h WHERE h.bucket = whose.bucket AND h.msisdn = whose.msisdn
$$;

-- Is what tells of this NID (keyed, or its last four; NULL: it does not say) hers?  One of several who was named by none has what
-- is not another's.
CREATE FUNCTION kheya.is_hers(bucket smallint, msisdn text, person integer, nid text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT count(*) <= 1
        OR (is_hers.person > 0
            AND coalesce(bool_or(h.person = is_hers.person AND h.nid <> ''
                                 AND (h.nid = is_hers.nid OR (length(is_hers.nid) = 4 AND right(h.nid, 4) = is_hers.nid))), false))
        OR (is_hers.person > 0
            AND bool_or(h.person = is_hers.person AND h.nid = '')
            AND NOT coalesce(bool_or(h.nid <> '' AND (h.nid = is_hers.nid
                                 OR (length(is_hers.nid) = 4 AND right(h.nid, 4) = is_hers.nid))), false))
      FROM kheya.person h WHERE h.bucket = is_hers.bucket AND h.msisdn = is_hers.msisdn
$$;

-- A case whose PIN nobody showed, with the NID of one of several: it is hers.
CREATE FUNCTION kheya.name_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    SELECT h.person INTO NEW.person FROM kheya.person h
     WHERE h.bucket = NEW.bucket AND h.msisdn = NEW.msisdn AND h.nid = NEW.fields ->> 'nid'
       AND kheya.persons_on(NEW.bucket, NEW.msisdn) > 1;
    NEW.person := coalesce(NEW.person, 0);
    RETURN NEW;
END
$$;
CREATE TRIGGER case_file_person BEFORE INSERT ON kheya.case_file FOR EACH ROW
    WHEN (NEW.person = 0 AND NEW.fields ? 'nid') EXECUTE FUNCTION kheya.name_person();

-- The first further person: what was on the number is hers who had it before, but for what tells the other's NID.
CREATE FUNCTION kheya.part_persons(of_bucket smallint, of_msisdn text, first smallint, other smallint, nid text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog
AS $$
    UPDATE kheya.case_file f SET person = CASE WHEN f.fields ->> 'nid' = part_persons.nid THEN other ELSE first END
     WHERE f.bucket = of_bucket AND f.msisdn = of_msisdn AND f.person = 0
       AND (f.fields ->> 'nid' = part_persons.nid OR first > 0);
    UPDATE kheya.reminder r SET person = first WHERE r.bucket = of_bucket AND r.msisdn = of_msisdn AND r.person = 0 AND first > 0;
    UPDATE kheya.watcher w SET person = first WHERE w.bucket = of_bucket AND w.msisdn = of_msisdn AND w.person = 0 AND first > 0;
    INSERT INTO kheya.citizen AS z (bucket, msisdn, lang, link, seen, shared) VALUES (of_bucket, of_msisdn, '', '', 0, true)
    ON CONFLICT (bucket, msisdn) DO UPDATE SET shared = true
$$;

-- A PIN is set.  knows: whose PIN was shown a moment ago, 0 nobody's.  nid: whose it is to be; '' hers who has shown hers, or
-- the first one's on this number.  Answers a row: hash, what is set, or NULL: it was not (locked: the number is).  At most four
-- persons share a number, and an agent's is one person's.  Why a further person was refused is not told, and it counts as a
-- wrong try: neither another's PIN nor whether somebody's NID is known here can be found out so.
CREATE FUNCTION kheya.set_pin(of_bucket smallint, of_msisdn text, of_attempt text, new_hash text, knows smallint, of_nid text,
                              most smallint)
    RETURNS TABLE (hash text, locked boolean, person smallint, shared boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    n kheya.pin;
    h kheya.person;
    others integer;
    target smallint;
BEGIN
    INSERT INTO kheya.pin (bucket, msisdn, attempt) VALUES (of_bucket, of_msisdn, of_attempt) ON CONFLICT DO NOTHING;
    SELECT * INTO n FROM kheya.pin p WHERE p.bucket = of_bucket AND p.msisdn = of_msisdn FOR UPDATE;
    SELECT * INTO h FROM kheya.person x WHERE x.bucket = of_bucket AND x.msisdn = of_msisdn AND x.attempt = of_attempt;
    IF FOUND THEN                       -- the same keypress again
        RETURN QUERY SELECT h.hash, false, h.person, kheya.persons_on(of_bucket, of_msisdn) > 1;
        RETURN;
    END IF;
    IF n.locked_until > now() THEN
        RETURN QUERY SELECT NULL::text, true, 0::smallint, false;
        RETURN;
    END IF;
    others := kheya.persons_on(of_bucket, of_msisdn);
    SELECT x.person INTO target FROM kheya.person x
     WHERE x.bucket = of_bucket AND x.msisdn = of_msisdn AND x.person = knows AND of_nid IN ('', x.nid);
    IF target IS NULL AND (others = 0 OR (of_nid <> '' AND others < 4
            AND NOT EXISTS (SELECT FROM kheya.person x WHERE x.bucket = of_bucket AND x.msisdn = of_msisdn AND x.nid = of_nid)
            AND NOT EXISTS (SELECT FROM kheya.agent a WHERE a.bucket = of_bucket AND a.msisdn = of_msisdn AND a.active))) THEN
        target := 0;
    END IF;
    -- another's PIN; or one with another salt, which cannot be compared until she has used it once
    IF target IS NULL OR EXISTS (SELECT FROM kheya.person x
            WHERE x.bucket = of_bucket AND x.msisdn = of_msisdn AND x.person <> target
              AND (x.hash = new_hash OR left(x.hash, -44) <> left(new_hash, -44))) THEN
        IF of_nid <> '' AND n.attempt <> of_attempt THEN
            UPDATE kheya.pin p SET attempt = of_attempt,
                   tries = CASE WHEN p.locked_until IS NOT NULL THEN 1 ELSE p.tries + 1 END,
                   locked_until = CASE WHEN p.locked_until IS NULL AND p.tries + 1 >= most THEN now() + interval '24 hours' END
             WHERE p.bucket = of_bucket AND p.msisdn = of_msisdn
             RETURNING * INTO n;
        END IF;
        RETURN QUERY SELECT NULL::text, coalesce(n.locked_until > now(), false), 0::smallint, false;
        RETURN;
    END IF;
    IF target > 0 THEN
        UPDATE kheya.person x SET hash = new_hash, attempt = of_attempt, changed = now(), used = now()
         WHERE x.bucket = of_bucket AND x.msisdn = of_msisdn AND x.person = target;
        UPDATE kheya.pin p SET tries = 0, locked_until = NULL, attempt = of_attempt
         WHERE p.bucket = of_bucket AND p.msisdn = of_msisdn;
    ELSE
        SELECT 1 + greatest(coalesce((SELECT max(x.person) FROM kheya.person x WHERE x.bucket = of_bucket AND x.msisdn = of_msisdn), 0),
                            coalesce((SELECT max(f.person) FROM kheya.case_file f WHERE f.bucket = of_bucket AND f.msisdn = of_msisdn), 0))
          INTO target;
        IF others = 1 THEN
            PERFORM kheya.part_persons(of_bucket, of_msisdn, x.person, target, of_nid)
               FROM kheya.person x WHERE x.bucket = of_bucket AND x.msisdn = of_msisdn;
        ELSIF others > 1 THEN
            PERFORM kheya.part_persons(of_bucket, of_msisdn, 0::smallint, target, of_nid);
        END IF;
        INSERT INTO kheya.person (bucket, msisdn, person, hash, nid, attempt)
        VALUES (of_bucket, of_msisdn, target, new_hash, of_nid, of_attempt);
    END IF;
    RETURN QUERY SELECT new_hash, false, target, kheya.persons_on(of_bucket, of_msisdn) > 1;
END
$$;

-- She is forgotten on this number.
CREATE FUNCTION kheya.drop_person(of_bucket smallint, of_msisdn text, of_person smallint) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog
AS $$
    DELETE FROM kheya.person h WHERE h.bucket = of_bucket AND h.msisdn = of_msisdn AND h.person = of_person;
    DELETE FROM kheya.pin p WHERE p.bucket = of_bucket AND p.msisdn = of_msisdn AND kheya.persons_on(of_bucket, of_msisdn) = 0;
    UPDATE kheya.citizen z SET shared = kheya.persons_on(of_bucket, of_msisdn) > 1
     WHERE z.bucket = of_bucket AND z.msisdn = of_msisdn AND z.shared
$$;

-- The person that an event of the audit tells of; 0: nobody.
CREATE FUNCTION kheya.person_of(fields jsonb) RETURNS smallint
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
AS $$
    SELECT CASE WHEN fields ->> 'person' ~ '^[0-9]{1,4}$' THEN (fields ->> 'person')::smallint ELSE 0 END
$$;

-- As in 0041: one of several is forgotten alone, and what is of the phone stays.
CREATE OR REPLACE FUNCTION kheya.her_wish() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    who smallint[] := kheya.whose(NEW.bucket, NEW.msisdn, kheya.person_of(NEW.fields));
    several boolean := kheya.persons_on(NEW.bucket, NEW.msisdn) > 1;
BEGIN
    IF NEW.event = 'forget_me' THEN
        DELETE FROM kheya.reminder r WHERE r.bucket = NEW.bucket AND r.msisdn = NEW.msisdn AND r.person = ANY (who);
        DELETE FROM kheya.watcher w WHERE w.bucket = NEW.bucket AND w.msisdn = NEW.msisdn AND w.person = ANY (who);
        IF several THEN
            PERFORM kheya.drop_person(NEW.bucket, NEW.msisdn, w) FROM unnest(who) AS w;
        ELSE
            DELETE FROM kheya.rule_told t WHERE t.bucket = NEW.bucket AND t.msisdn = NEW.msisdn;
            DELETE FROM kheya.draft d WHERE d.bucket = NEW.bucket AND d.msisdn = NEW.msisdn;
            DELETE FROM kheya.pin p WHERE p.bucket = NEW.bucket AND p.msisdn = NEW.msisdn;
            -- what was sent stays as a row, for nobody gets it twice; its words go
            UPDATE kheya.outbox o SET text = '-', discreet = ''
             WHERE o.bucket = NEW.bucket AND o.receiver = NEW.msisdn AND o.state >= 4;
            UPDATE kheya.citizen z SET other = '', quiet = 0 WHERE z.bucket = NEW.bucket AND z.msisdn = NEW.msisdn;
        END IF;
    ELSE
        UPDATE kheya.citizen z SET quiet = CASE NEW.event WHEN 'discreet_on' THEN 1 ELSE 0 END
         WHERE z.bucket = NEW.bucket AND z.msisdn = NEW.msisdn;
    END IF;
    RETURN NULL;
END
$$;

-- As in 0031, by person.
CREATE OR REPLACE FUNCTION kheya.take_wish() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    f jsonb := NEW.fields;
    today date := kheya.day(NEW.created);
    due date;
    about text := f ->> 'day';
BEGIN
    NEW.fields := '{}';
    IF NEW.service = 'service_news' THEN
        INSERT INTO kheya.watcher AS w (bucket, msisdn, number, sex, born, income, status, home, consent, since, looked, person)
        SELECT NEW.bucket, NEW.msisdn, NEW.number, f ->> 'sex', (f ->> 'born')::date, f ->> 'income', f ->> 'status',
               coalesce(f ->> 'home', ''), f ->> 'consent', NEW.created, today, NEW.person
         WHERE f ->> 'born' IS NOT NULL AND f ->> 'sex' IS NOT NULL AND f ->> 'income' IS NOT NULL
           AND f ->> 'status' IS NOT NULL AND f ->> 'consent' IS NOT NULL
        ON CONFLICT (bucket, msisdn, person) DO UPDATE SET number = EXCLUDED.number, sex = EXCLUDED.sex, born = EXCLUDED.born,
            income = EXCLUDED.income, status = EXCLUDED.status, home = EXCLUDED.home, consent = EXCLUDED.consent,
            since = EXCLUDED.since, looked = EXCLUDED.looked;
        RETURN NEW;
    END IF;
    IF f ->> 'kind' = 'exam' THEN
        about := concat_ws('/', f ->> 'exam', f ->> 'board', f ->> 'year');
    ELSE
        due := kheya.next_due(f ->> 'kind', (f ->> 'day')::date, today - 1);
    END IF;
    INSERT INTO kheya.reminder (bucket, msisdn, kind, about, day, number, since, next, person)
    SELECT NEW.bucket, NEW.msisdn, f ->> 'kind', about, (f ->> 'day')::date, NEW.number, NEW.created, due, NEW.person
     WHERE (f ->> 'kind' = 'exam' OR (due IS NOT NULL AND f ->> 'kind' IN ('birth', 'vaccine', 'hearing')))
       AND (SELECT count(*) FROM kheya.reminder r WHERE r.bucket = NEW.bucket AND r.msisdn = NEW.msisdn) < 9
    ON CONFLICT DO NOTHING;
    RETURN NEW;
END
$$;

-- As in 0031.  Who has shown her PIN stops her own; who has not (STOP by text message) all of the phone.
CREATE OR REPLACE FUNCTION kheya.end_wish() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    which text := NEW.fields ->> 'which';
    who smallint := kheya.person_of(NEW.fields);
    hers smallint[] := kheya.whose(NEW.bucket, NEW.msisdn, who);
BEGIN
    DELETE FROM kheya.reminder r
     WHERE r.bucket = NEW.bucket AND r.msisdn = NEW.msisdn AND which IN (r.kind, 'all') AND (who = 0 OR r.person = ANY (hers));
    IF which IN ('news', 'all') THEN
        DELETE FROM kheya.watcher w WHERE w.bucket = NEW.bucket AND w.msisdn = NEW.msisdn AND (who = 0 OR w.person = ANY (hers));
        DELETE FROM kheya.rule_told t WHERE t.bucket = NEW.bucket AND t.msisdn = NEW.msisdn
           AND NOT EXISTS (SELECT FROM kheya.watcher w WHERE w.bucket = NEW.bucket AND w.msisdn = NEW.msisdn);
    END IF;
    RETURN NULL;
END
$$;

-- --- what the menus may ask ------------------------------------------------------
--
-- person: whose PIN was shown (citizen.person); kheyad says it, no menu can.

DROP FUNCTION svc.her_cases(text, text), svc.her_case(text, text, text, text, text[]);

-- As in 0018.  What an agent opened for her phone is hers by its NID.
CREATE FUNCTION svc.her_cases(msisdn text, services text, person integer)
    RETURNS TABLE (no text, service text, state text, text text, at date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT c.number::text, c.service, c.state,
           c.service || E'\x1f' || c.number || kheya.told(c.state, s.at, s.note, 40,
               CASE WHEN c.due > 0 THEN kheya.days_left(kheya.day((extract(epoch FROM now()) * 1000)::bigint),
                    kheya.day(c.due), strpos(',' || services, ',' || c.service || '!') > 0) END),
           kheya.day(s.at)
      FROM (SELECT kheya.bucket(her_cases.msisdn) AS bucket) b
     CROSS JOIN LATERAL
           (SELECT f.* FROM kheya.case_file f
             WHERE f.bucket = b.bucket AND f.msisdn = her_cases.msisdn
               AND f.person = ANY (kheya.whose(b.bucket, her_cases.msisdn, her_cases.person))
             UNION
            SELECT f.* FROM kheya.case_file f WHERE f.contact = her_cases.msisdn AND f.contact <> ''
               AND kheya.is_hers(b.bucket, her_cases.msisdn, her_cases.person, f.fields ->> 'nid')) AS c
     CROSS JOIN LATERAL (SELECT e.at, e.note FROM kheya.case_states(c.bucket, c.number) e LIMIT 1) AS s
     WHERE kheya.is_of(c.service, services) AND c.quiet = 0
     ORDER BY c.created DESC, c.number
$$;

-- As in 0018.  A case of which nobody said whose it is, is found by its number from the phone, as before.
CREATE FUNCTION svc.her_case(msisdn text, services text, number text, keys text, key_values text[], person integer)
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
       AND ((c.msisdn = her_case.msisdn
             AND (c.person = 0 OR c.person = ANY (kheya.whose(c.bucket, her_case.msisdn, her_case.person))))
            OR (c.contact = her_case.msisdn
                AND kheya.is_hers(kheya.bucket(her_case.msisdn), her_case.msisdn, her_case.person, c.fields ->> 'nid'))
            OR kheya.opens(c.fields, keys, key_values))
$$;

DROP FUNCTION svc.my_allowances(text), svc.last_payment(text, text, text), svc.knows_me(text, text), svc.my_answers(text, text),
    svc.my_data(text), svc.acted_for_me(text), svc.my_wishes(text, text);

CREATE FUNCTION svc.my_allowances(msisdn text, person integer)
    RETURNS TABLE (count integer, sole text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT count(DISTINCT b.allowance)::integer,
           CASE WHEN count(DISTINCT b.allowance) = 1 THEN min(b.allowance) END
      FROM svc.beneficiary b
     WHERE b.msisdn = my_allowances.msisdn
       AND kheya.is_hers(kheya.bucket(my_allowances.msisdn), my_allowances.msisdn, my_allowances.person, b.nid4)
$$;

-- The last four numbers of her card, who has shown her PIN; no row: they are not known.
CREATE FUNCTION svc.my_card(msisdn text, person integer) RETURNS TABLE (nid4 text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT right(h.nid, 4) FROM kheya.person h
     WHERE h.bucket = kheya.bucket(my_card.msisdn) AND h.msisdn = my_card.msisdn AND h.person = my_card.person AND h.nid <> ''
$$;

CREATE FUNCTION svc.last_payment(msisdn text, allowance text, nid4 text, person integer)
    RETURNS TABLE (state text, taka integer, sent date, wallet text, provider text, period text, reason text, id text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT coalesce(p.state, 'none'), p.taka, p.sent, p.wallet, p.provider, p.quarter, p.reason,
           p.beneficiary || '/' || p.year || '/' || p.quarter
      FROM svc.beneficiary b
      LEFT JOIN svc.payment p ON p.beneficiary = b.id
     WHERE b.msisdn = last_payment.msisdn AND b.allowance = last_payment.allowance AND b.nid4 = last_payment.nid4
       AND kheya.is_hers(kheya.bucket(last_payment.msisdn), last_payment.msisdn, last_payment.person, b.nid4)
     ORDER BY p.year DESC NULLS LAST, p.quarter DESC, b.id
     LIMIT 1
$$;

CREATE FUNCTION svc.knows_me(msisdn text, nid text) RETURNS TABLE (known boolean, pin boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT kheya.last_application(knows_me.msisdn, knows_me.nid) IS NOT NULL,
           kheya.persons_on(kheya.bucket(knows_me.msisdn), knows_me.msisdn) > 0
$$;

-- As in 0032, of her who has shown her PIN.
CREATE FUNCTION svc.my_answers(msisdn text, nid text, person integer)
    RETURNS TABLE (dob date, sex text, union_code text, ward integer, income text, other boolean, payout text, wallet text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT (a ->> 'dob')::date, a ->> 'sex', a ->> 'union', (a ->> 'ward')::integer, a ->> 'income', (a ->> 'other') = 'yes',
           a ->> 'payout', a ->> 'wallet'
      FROM kheya.last_application(my_answers.msisdn, my_answers.nid) AS a
     WHERE a ?& ARRAY['dob', 'sex', 'union', 'ward', 'income', 'other', 'payout', 'wallet']
       AND kheya.is_hers(kheya.bucket(my_answers.msisdn), my_answers.msisdn, my_answers.person, my_answers.nid)
       AND EXISTS (SELECT FROM kheya.person p
                    WHERE p.bucket = kheya.bucket(my_answers.msisdn) AND p.msisdn = my_answers.msisdn
                      AND my_answers.person IN (0, p.person) AND p.changed < now() - interval '30 minutes')
$$;

-- As in 0041, of hers.
CREATE FUNCTION svc.my_data(msisdn text, person integer)
    RETURNS TABLE (cases integer, messages integer, wishes integer, pin boolean, discreet boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT (SELECT count(*)::integer FROM (SELECT FROM kheya.case_file f
              WHERE f.bucket = b.n AND f.msisdn = my_data.msisdn AND f.person = ANY (b.who) LIMIT 999) x),
           (SELECT count(*)::integer FROM (SELECT FROM kheya.outbox o WHERE o.bucket = b.n AND o.receiver = my_data.msisdn AND o.text <> '-'
                                            LIMIT 999) x),
           (SELECT count(*)::integer FROM kheya.reminder r WHERE r.bucket = b.n AND r.msisdn = my_data.msisdn AND r.person = ANY (b.who))
           + (SELECT count(*)::integer FROM kheya.watcher w WHERE w.bucket = b.n AND w.msisdn = my_data.msisdn AND w.person = ANY (b.who)),
           kheya.persons_on(b.n, my_data.msisdn) > 0,
           EXISTS (SELECT FROM kheya.citizen z WHERE z.bucket = b.n AND z.msisdn = my_data.msisdn AND z.quiet > 0)
      FROM (SELECT kheya.bucket(my_data.msisdn) AS n,
                   kheya.whose(kheya.bucket(my_data.msisdn), my_data.msisdn, my_data.person) AS who) b
$$;

CREATE FUNCTION svc.acted_for_me(msisdn text, person integer)
    RETURNS TABLE (day date, name text, no text, taka integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT d.day, left(coalesce(a.name, '?'), 20), d.number::text, d.taka
      FROM kheya.daybook d LEFT JOIN kheya.agent a ON a.bucket = kheya.bucket(d.agent) AND a.msisdn = d.agent
      LEFT JOIN kheya.case_file f ON f.bucket = kheya.bucket(d.agent) AND f.number = d.number
     WHERE d.receiver = acted_for_me.msisdn
       AND kheya.is_hers(kheya.bucket(acted_for_me.msisdn), acted_for_me.msisdn, acted_for_me.person, f.fields ->> 'nid')
     ORDER BY d.at DESC LIMIT 6
$$;

CREATE FUNCTION svc.my_wishes(msisdn text, kind text, person integer) RETURNS TABLE (active boolean, "full" boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT CASE my_wishes.kind WHEN 'news' THEN EXISTS (SELECT FROM kheya.watcher w
                WHERE w.bucket = b.n AND w.msisdn = my_wishes.msisdn AND (my_wishes.person = 0 OR w.person = ANY (b.who)))
           ELSE (SELECT coalesce(bool_or(r.kind = my_wishes.kind AND (my_wishes.person = 0 OR r.person = ANY (b.who))), false)
                   FROM kheya.reminder r WHERE r.bucket = b.n AND r.msisdn = my_wishes.msisdn) END,
           (SELECT count(*) >= 9 FROM kheya.reminder r WHERE r.bucket = b.n AND r.msisdn = my_wishes.msisdn)
      FROM (SELECT kheya.bucket(my_wishes.msisdn) AS n,
                   kheya.whose(kheya.bucket(my_wishes.msisdn), my_wishes.msisdn, my_wishes.person) AS who) b
$$;

REVOKE ALL ON FUNCTION kheya.persons_on(smallint, text), kheya.whose(smallint, text, integer),
    kheya.is_hers(smallint, text, integer, text), kheya.name_person(), kheya.part_persons(smallint, text, smallint, smallint, text),
    kheya.set_pin(smallint, text, text, text, smallint, text, smallint), kheya.drop_person(smallint, text, smallint),
    kheya.person_of(jsonb), svc.her_cases(text, text, integer), svc.her_case(text, text, text, text, text[], integer),
    svc.my_allowances(text, integer), svc.my_card(text, integer), svc.last_payment(text, text, text, integer),
    svc.knows_me(text, text), svc.my_answers(text, text, integer), svc.my_data(text, integer),
    svc.acted_for_me(text, integer), svc.my_wishes(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.her_cases(text, text, integer), svc.her_case(text, text, text, text, text[], integer),
    svc.my_allowances(text, integer), svc.my_card(text, integer), svc.last_payment(text, text, text, integer),
    svc.knows_me(text, text), svc.my_answers(text, text, integer), svc.my_data(text, integer),
    svc.acted_for_me(text, integer), svc.my_wishes(text, text, integer) TO kheya_menu;
GRANT EXECUTE ON FUNCTION kheya.set_pin(smallint, text, text, text, smallint, text, smallint) TO kheya_daemon;
GRANT SELECT, UPDATE ON kheya.person TO kheya_daemon;
