-- 0054_billers_told.sql - whom a bill pays is told that it was paid, and that it was given back, by the queue that cases go by.

SET LOCAL ROLE kheya_owner;

-- The back end that is told ('tells' of the menus' pay); '' nobody.
ALTER TABLE kheya.payment ADD COLUMN backend text COLLATE "C" NOT NULL DEFAULT '';

-- ref: of the payment that a row tells of, and that names it; number is below 0 then, and made of it.  '' a case.
ALTER TABLE kheya.backend_queue ADD COLUMN ref text COLLATE "C" NOT NULL DEFAULT '';

-- Written with the step that the payment climbs, whoever writes that: so it is told once whatever is killed, and sent until it is
-- taken.  Event 1: it is paid; 2: it was given back.  A refund that is heard of first tells of both.
CREATE FUNCTION kheya.tell_biller() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    now bigint := (extract(epoch FROM now()) * 1000)::bigint;
BEGIN
    INSERT INTO kheya.backend_queue (bucket, number, seq, ref, backend, body, due, created, changed, poll)
    SELECT NEW.bucket, -1 - ('x' || substr(NEW.ref, 6, 15))::bit(60)::bigint, e.seq, NEW.ref, NEW.backend,
           json_build_object('payment', NEW.ref, 'event', e.seq::text, 'state', e.state, 'for', NEW.about, 'taka', NEW.taka::text,
                             'provider', NEW.provider, 'trx', NEW.trx,
                             'at', to_char(to_timestamp((CASE e.seq WHEN 1 THEN NEW.paid ELSE NEW.back END) / 1000)
                                           AT TIME ZONE 'Asia/Dhaka', 'YYYY-MM-DD"T"HH24:MI:SS') || '+06:00')::text,
           now, now, now, NULL
      FROM (VALUES (1, 'paid'), (2, 'refunded')) AS e(seq, state)
     WHERE e.seq = 1 OR NEW.state = 'refunded'
    ON CONFLICT (bucket, number, seq) DO NOTHING;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION kheya.tell_biller() FROM PUBLIC;
CREATE TRIGGER payment_told AFTER UPDATE OF state ON kheya.payment FOR EACH ROW
    WHEN (NEW.backend <> '' AND NEW.state IN ('confirmed', 'refunded') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION kheya.tell_biller();
