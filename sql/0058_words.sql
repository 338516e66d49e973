-- 0058_words.sql - "delete my data" wipes the words of every message that was sent to her, also of those which an agent's step or an
-- office's caused: they lie under the number of whose step it was.

SET LOCAL ROLE kheya_owner;

DROP INDEX kheya.outbox_receiver;
CREATE INDEX outbox_receiver ON kheya.outbox (receiver);

-- What was sent stays as a row, for nobody gets it twice; its words go.
CREATE FUNCTION kheya.wipe_words(of_msisdn text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog
AS $$
    UPDATE kheya.outbox o SET text = '-', discreet = '' WHERE o.receiver = of_msisdn AND o.state >= 4 AND o.text <> '-'
$$;
REVOKE ALL ON FUNCTION kheya.wipe_words(text) FROM PUBLIC;

-- As in 0052.
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
            PERFORM kheya.wipe_words(NEW.msisdn);
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
-- As in 0044.  Messages: whoever caused them.
CREATE OR REPLACE FUNCTION svc.my_data(msisdn text, person integer)
    RETURNS TABLE (cases integer, messages integer, wishes integer, pin boolean, discreet boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT (SELECT count(*)::integer FROM (SELECT FROM kheya.case_file f
              WHERE f.bucket = b.n AND f.msisdn = my_data.msisdn AND f.person = ANY (b.who) LIMIT 999) x),
           (SELECT count(*)::integer FROM (SELECT FROM kheya.outbox o WHERE o.receiver = my_data.msisdn AND o.text <> '-'
                                            LIMIT 999) x),
           (SELECT count(*)::integer FROM kheya.reminder r WHERE r.bucket = b.n AND r.msisdn = my_data.msisdn AND r.person = ANY (b.who))
           + (SELECT count(*)::integer FROM kheya.watcher w WHERE w.bucket = b.n AND w.msisdn = my_data.msisdn AND w.person = ANY (b.who)),
           kheya.persons_on(b.n, my_data.msisdn) > 0,
           EXISTS (SELECT FROM kheya.citizen z WHERE z.bucket = b.n AND z.msisdn = my_data.msisdn AND z.quiet > 0)
      FROM (SELECT kheya.bucket(my_data.msisdn) AS n,
                   kheya.whose(kheya.bucket(my_data.msisdn), my_data.msisdn, my_data.person) AS who) b
$$;
