-- 0053_paid_once.sql - what is paid already is not asked for again, in the same second too; and a bill that a late confirmation
-- has paid stands as paid whatever was asked for since.

SET LOCAL ROLE kheya_owner;

-- Who opens a payment looks for a confirmed one of the same thing, and who confirms one is seen by him or finds it open: each
-- holds the thing's lock until it commits, and the look is a statement of its own, taken after the lock.  (The daemon's
-- statement looked too, but with what it could see before it waited.)
CREATE FUNCTION kheya.one_payment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.about, 5265783));
    IF TG_OP = 'INSERT' AND EXISTS (SELECT FROM kheya.payment o
                                     WHERE o.bucket = NEW.bucket AND o.about = NEW.about AND o.about <> ''
                                       AND o.state = 'confirmed') THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION kheya.one_payment() FROM PUBLIC;
CREATE TRIGGER one_payment_opens BEFORE INSERT ON kheya.payment FOR EACH ROW
    WHEN (NEW.about <> '' AND NEW.state IN ('quoted', 'requested', 'approved')) EXECUTE FUNCTION kheya.one_payment();
CREATE TRIGGER one_payment_confirms BEFORE UPDATE OF state ON kheya.payment FOR EACH ROW
    WHEN (NEW.about <> '' AND NEW.state = 'confirmed' AND OLD.state <> 'confirmed') EXECUTE FUNCTION kheya.one_payment();

-- As in 0046; one that has paid comes first.
CREATE OR REPLACE FUNCTION svc.bill_stands(biller text, no text, period text) RETURNS TABLE (about text, stands text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT k.about, coalesce((SELECT CASE p.state WHEN 'confirmed' THEN 'settled' ELSE 'pending' END FROM kheya.payment p
                               WHERE p.bucket = kheya.bucket(k.about) AND p.about = k.about
                                 AND p.state IN ('quoted', 'requested', 'approved', 'confirmed')
                               ORDER BY p.state <> 'confirmed', p.created DESC LIMIT 1), 'free')
      FROM (SELECT bill_stands.biller || ' ' || bill_stands.no || ' ' || bill_stands.period AS about) k
$$;
