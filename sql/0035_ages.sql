-- 0035_ages.sql - from which age an allowance is paid, out of its rules, for who applies.

SET LOCAL ROLE kheya_owner;

-- 0: from any age, or no rule speaks of it.
CREATE FUNCTION svc.min_ages(service text, today date) RETURNS TABLE (woman integer, man integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT coalesce(min(r.min_age) FILTER (WHERE r.sex IN ('', 'f')), 0)::integer,
           coalesce(min(r.min_age) FILTER (WHERE r.sex IN ('', 'm')), 0)::integer
      FROM svc.rule r
     WHERE r.service = min_ages.service AND min_ages.today BETWEEN r.since AND r.until
$$;
REVOKE ALL ON FUNCTION svc.min_ages(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.min_ages(text, date) TO kheya_menu;
