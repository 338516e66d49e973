-- 0017_my_fee.sql - a case of hers that waits for its fee, for the menus.

SET LOCAL ROLE kheya_owner;

-- The newest case of a service that a phone opened and whose fee is not paid.
CREATE FUNCTION svc.my_fee(msisdn text, service text)
    RETURNS TABLE (no text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT f.number::text
      FROM kheya.case_file f
     WHERE f.bucket = kheya.bucket(my_fee.msisdn) AND f.msisdn = my_fee.msisdn AND f.service = my_fee.service
       AND f.state = 'fee_due'
     ORDER BY f.created DESC, f.number
     LIMIT 1
$$;
REVOKE ALL ON FUNCTION svc.my_fee(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.my_fee(text, text) TO kheya_menu;
