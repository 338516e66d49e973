-- 0042_place.sql - where a number is at home, said once, in a form that the planner takes into the statement that reads
-- sessions: called as a function for each dialogue it was a third of what PostgreSQL did for one.

SET LOCAL ROLE kheya_owner;

-- The union of the last case she opened herself, or else of her allowance; no row or NULL: nobody knows.  Neither SECURITY DEFINER
-- nor SET nor STRICT: PostgreSQL would not inline it.
CREATE FUNCTION kheya.home_of(bucket smallint, msisdn text) RETURNS TABLE (place text)
    LANGUAGE sql STABLE
AS $$
    SELECT coalesce((SELECT c.place FROM kheya.case_file c
                      WHERE c.bucket = home_of.bucket AND c.msisdn = home_of.msisdn
                        AND c.actor = 'citizen' AND c.place ~ '^[0-9]{6}$'
                      ORDER BY c.created DESC LIMIT 1),
                    (SELECT b.union_code FROM svc.beneficiary b WHERE b.msisdn = home_of.msisdn
                      ORDER BY b.since DESC, b.id DESC LIMIT 1))
$$;

CREATE OR REPLACE FUNCTION svc.place_of(msisdn text) RETURNS text
    LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT h.place FROM kheya.home_of(kheya.bucket(place_of.msisdn), place_of.msisdn) h
$$;

REVOKE ALL ON FUNCTION kheya.home_of(smallint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kheya.home_of(smallint, text) TO kheya_daemon;
GRANT SELECT (id, msisdn, union_code, since) ON svc.beneficiary TO kheya_daemon;
