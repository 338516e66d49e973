-- 0041_my_data.sql - what is held of a phone, in its owner's sight; what she may end, and how her messages come.

SET LOCAL ROLE kheya_owner;

-- discreet_on, discreet_off: how messages come.  forget_me: what need not stay goes; cases and receipts stay, the law wants
-- them.  Nothing here may fail: it would take her step with it.
CREATE FUNCTION kheya.her_wish() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    IF NEW.event = 'forget_me' THEN
        DELETE FROM kheya.reminder r WHERE r.bucket = NEW.bucket AND r.msisdn = NEW.msisdn;
        DELETE FROM kheya.watcher w WHERE w.bucket = NEW.bucket AND w.msisdn = NEW.msisdn;
        DELETE FROM kheya.rule_told t WHERE t.bucket = NEW.bucket AND t.msisdn = NEW.msisdn;
        DELETE FROM kheya.draft d WHERE d.bucket = NEW.bucket AND d.msisdn = NEW.msisdn;
        DELETE FROM kheya.pin p WHERE p.bucket = NEW.bucket AND p.msisdn = NEW.msisdn;
        -- what was sent stays as a row, for nobody gets it twice; its words go
        UPDATE kheya.outbox o SET text = '-', discreet = ''
         WHERE o.bucket = NEW.bucket AND o.receiver = NEW.msisdn AND o.state >= 4;
        UPDATE kheya.citizen z SET other = '', quiet = 0 WHERE z.bucket = NEW.bucket AND z.msisdn = NEW.msisdn;
    ELSE
        UPDATE kheya.citizen z SET quiet = CASE NEW.event WHEN 'discreet_on' THEN 1 ELSE 0 END
         WHERE z.bucket = NEW.bucket AND z.msisdn = NEW.msisdn;
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION kheya.her_wish() FROM PUBLIC;
CREATE TRIGGER audit_her_wish AFTER INSERT ON kheya.audit FOR EACH ROW
    WHEN (NEW.event IN ('forget_me', 'discreet_on', 'discreet_off') AND NEW.actor IN ('citizen', 'agent'))
    EXECUTE FUNCTION kheya.her_wish();

-- --- what the menus may ask ------------------------------------------------------

-- Counts to 999.  A row always.
CREATE FUNCTION svc.my_data(msisdn text)
    RETURNS TABLE (cases integer, messages integer, wishes integer, pin boolean, discreet boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT (SELECT count(*)::integer FROM (SELECT FROM kheya.case_file f WHERE f.bucket = b.n AND f.msisdn = my_data.msisdn LIMIT 999) x),
           (SELECT count(*)::integer FROM (SELECT FROM kheya.outbox o WHERE o.bucket = b.n AND o.receiver = my_data.msisdn AND o.text <> '-'
                                            LIMIT 999) x),
           (SELECT count(*)::integer FROM kheya.reminder r WHERE r.bucket = b.n AND r.msisdn = my_data.msisdn)
           + (SELECT count(*)::integer FROM kheya.watcher w WHERE w.bucket = b.n AND w.msisdn = my_data.msisdn),
           EXISTS (SELECT FROM kheya.pin p WHERE p.bucket = b.n AND p.msisdn = my_data.msisdn),
           EXISTS (SELECT FROM kheya.citizen z WHERE z.bucket = b.n AND z.msisdn = my_data.msisdn AND z.quiet > 0)
      FROM (SELECT kheya.bucket(my_data.msisdn) AS n) b
$$;
CREATE INDEX outbox_receiver ON kheya.outbox (bucket, receiver);

-- Which agents acted for her, the newest first.
CREATE FUNCTION svc.acted_for_me(msisdn text)
    RETURNS TABLE (day date, name text, no text, taka integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT d.day, left(coalesce(a.name, '?'), 20), d.number::text, d.taka
      FROM kheya.daybook d LEFT JOIN kheya.agent a ON a.bucket = kheya.bucket(d.agent) AND a.msisdn = d.agent
     WHERE d.receiver = acted_for_me.msisdn
     ORDER BY d.at DESC LIMIT 6
$$;

REVOKE ALL ON FUNCTION svc.my_data(text), svc.acted_for_me(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.my_data(text), svc.acted_for_me(text) TO kheya_menu;
