-- 0052_other_number.sql - a phone of her own choice, which is told when a message cannot be delivered to hers.

SET LOCAL ROLE kheya_owner;

-- other_of: the person who chose it, of several on the number; 0 nobody of them (an operator, or one person alone).
ALTER TABLE kheya.citizen ADD COLUMN other_of smallint NOT NULL DEFAULT 0;
CREATE INDEX citizen_other ON kheya.citizen (other) WHERE other <> '';

-- whose: whom a message was for that goes to her other number; '' the receiver's own.
ALTER TABLE kheya.outbox ADD COLUMN whose text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX outbox_whose ON kheya.outbox (receiver) WHERE whose <> '';
CREATE INDEX outbox_code ON kheya.outbox (receiver, created) WHERE class = 'otp';

-- The menus open a case of the service other_phone once the phone has told her its code.  The number stands with the citizen
-- and nowhere else; the case stays empty.  Nothing here may fail: it would take her step with it.  After the statement, for
-- the step itself writes the citizen's row.
CREATE FUNCTION kheya.take_other() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    phone text := NEW.fields ->> 'phone';
BEGIN
    UPDATE kheya.case_file f SET fields = '{}' WHERE f.bucket = NEW.bucket AND f.number = NEW.number;
    IF phone ~ '^[0-9]{8,15}$' AND phone <> NEW.msisdn THEN
        INSERT INTO kheya.citizen AS z (bucket, msisdn, lang, link, seen, other, other_of)
        VALUES (NEW.bucket, NEW.msisdn, '', '', 0, phone, NEW.person)
        ON CONFLICT (bucket, msisdn) DO UPDATE SET other = EXCLUDED.other, other_of = EXCLUDED.other_of;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER case_file_other AFTER INSERT ON kheya.case_file FOR EACH ROW
    WHEN (NEW.service = 'other_phone') EXECUTE FUNCTION kheya.take_other();

-- Who holds the other phone wants none of it: what waits for it there does not go any more.
CREATE FUNCTION kheya.spare(of_msisdn text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog
AS $$
    UPDATE kheya.citizen z SET other = '', other_of = 0 WHERE z.other = of_msisdn AND z.other <> '';
    UPDATE kheya.outbox o SET state = 6, note = 'the other phone wants none', lease_until = NULL
     WHERE o.receiver = of_msisdn AND o.state = 0 AND o.whose <> ''
$$;

-- As in 0044.  other_off: nobody else is told.  Who is forgotten is no other number of anybody either.
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
            UPDATE kheya.citizen z SET other = '', other_of = 0
             WHERE z.bucket = NEW.bucket AND z.msisdn = NEW.msisdn AND z.other_of = ANY (who);
            PERFORM kheya.drop_person(NEW.bucket, NEW.msisdn, w) FROM unnest(who) AS w;
        ELSE
            DELETE FROM kheya.rule_told t WHERE t.bucket = NEW.bucket AND t.msisdn = NEW.msisdn;
            DELETE FROM kheya.draft d WHERE d.bucket = NEW.bucket AND d.msisdn = NEW.msisdn;
            DELETE FROM kheya.pin p WHERE p.bucket = NEW.bucket AND p.msisdn = NEW.msisdn;
            -- what was sent stays as a row, for nobody gets it twice; its words go
            UPDATE kheya.outbox o SET text = '-', discreet = ''
             WHERE o.bucket = NEW.bucket AND o.receiver = NEW.msisdn AND o.state >= 4;
            PERFORM kheya.spare(NEW.msisdn);
            UPDATE kheya.citizen z SET other = '', other_of = 0, quiet = 0
             WHERE z.bucket = NEW.bucket AND z.msisdn = NEW.msisdn;
        END IF;
    ELSIF NEW.event = 'other_off' THEN
        UPDATE kheya.citizen z SET other = '', other_of = 0
         WHERE z.bucket = NEW.bucket AND z.msisdn = NEW.msisdn AND (z.other_of = 0 OR z.other_of = ANY (who));
    ELSE
        UPDATE kheya.citizen z SET quiet = CASE NEW.event WHEN 'discreet_on' THEN 1 ELSE 0 END
         WHERE z.bucket = NEW.bucket AND z.msisdn = NEW.msisdn;
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER audit_her_wish ON kheya.audit;
CREATE TRIGGER audit_her_wish AFTER INSERT ON kheya.audit FOR EACH ROW
    WHEN (NEW.event IN ('forget_me', 'discreet_on', 'discreet_off', 'other_off') AND NEW.actor IN ('citizen', 'agent'))
    EXECUTE FUNCTION kheya.her_wish();

-- As in 0044.  Who stops all is no other number of anybody.
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
    IF which = 'all' THEN
        PERFORM kheya.spare(NEW.msisdn);
    END IF;
    RETURN NULL;
END
$$;

-- --- what the menus may ask ------------------------------------------------------

-- nobody, hers, or theirs: another person's on this number, of which nothing more is told.
CREATE FUNCTION svc.other_phone(msisdn text, person integer) RETURNS TABLE (stands text, phone text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT CASE WHEN k.other = '' THEN 'nobody' WHEN k.hers THEN 'hers' ELSE 'theirs' END,
           CASE WHEN k.hers THEN nullif(k.other, '') END
      FROM (SELECT kheya.bucket(other_phone.msisdn) AS n) b
     CROSS JOIN LATERAL (SELECT coalesce(max(z.other), '') AS other,
                                coalesce(bool_or(z.other_of = 0
                                                 OR z.other_of = ANY (kheya.whose(b.n, other_phone.msisdn, other_phone.person))),
                                         true) AS hers
                           FROM kheya.citizen z WHERE z.bucket = b.n AND z.msisdn = other_phone.msisdn) k
$$;

-- May a code go to this phone?  Three a day, whoever asks: nobody's phone is a toy.
CREATE FUNCTION svc.other_may(phone text) RETURNS TABLE (may boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT count(*) < 3 FROM kheya.outbox o
     WHERE o.receiver = other_may.phone AND o.class = 'otp' AND o.cause LIKE 'consent/%/mydata.other_%'
       AND o.created > (extract(epoch FROM now()) * 1000)::bigint - 86400000
$$;

REVOKE ALL ON FUNCTION kheya.take_other(), kheya.spare(text), svc.other_phone(text, integer), svc.other_may(text)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.other_phone(text, integer), svc.other_may(text) TO kheya_menu;
