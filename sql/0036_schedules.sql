-- 0036_schedules.sql - other days of reminders count for who wished for them already.

SET LOCAL ROLE kheya_owner;

-- A message that went on this day has its name in the outbox and goes no second time.
CREATE FUNCTION kheya.schedule_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    today date := kheya.day((extract(epoch FROM now()) * 1000)::bigint);
BEGIN
    DELETE FROM kheya.reminder r WHERE r.kind <> 'exam' AND kheya.next_due(r.kind, r.day, today - 1) IS NULL;
    UPDATE kheya.reminder r SET next = kheya.next_due(r.kind, r.day, today - 1)
     WHERE r.kind <> 'exam' AND r.next <> kheya.next_due(r.kind, r.day, today - 1);
    RETURN NULL;
END
$$;
CREATE TRIGGER schedule_changed AFTER INSERT OR UPDATE OR DELETE ON svc.schedule
    FOR EACH STATEMENT EXECUTE FUNCTION kheya.schedule_changed();
REVOKE ALL ON FUNCTION kheya.schedule_changed() FROM PUBLIC;
