-- 0059_stop.sql - who stops our reminders or news stops those too that wait for the morning or for another try.

SET LOCAL ROLE kheya_owner;

-- which: a kind of reminder, news, or all.  Who has not shown her PIN (STOP by text message) stops all of the phone's.
CREATE FUNCTION kheya.recall_wish() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    which text := NEW.fields ->> 'which';
    who smallint := kheya.person_of(NEW.fields);
    hers smallint[] := kheya.whose(NEW.bucket, NEW.msisdn, who);
BEGIN
    -- the cause is remind/KIND/CASE/DAY or rule/SERVICE/CASE
    UPDATE kheya.outbox o SET state = 6, text = '-', discreet = '', note = 'she wants none', changed = NEW.at
     WHERE o.bucket = NEW.bucket AND o.receiver = NEW.msisdn AND o.state = 0
       AND CASE split_part(o.cause, '/', 1)
               WHEN 'remind' THEN which IN (split_part(o.cause, '/', 2), 'all')
               WHEN 'rule' THEN which IN ('news', 'all')
               ELSE false
           END
       AND (who = 0 OR EXISTS (SELECT FROM kheya.case_file f
                                WHERE f.bucket = o.bucket AND f.number = substring(o.cause FROM '^[a-z]+/[^/]*/([0-9]{10})')::bigint
                                  AND f.person = ANY (hers)));
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_recall_wish AFTER INSERT ON kheya.audit FOR EACH ROW
    WHEN (NEW.event = 'messages_off') EXECUTE FUNCTION kheya.recall_wish();
REVOKE ALL ON FUNCTION kheya.recall_wish() FROM PUBLIC;
