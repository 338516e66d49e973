-- 0032_known.sql - what she said when she applied the last time, to be filled in behind her PIN.
--
-- It is the same person's who types the NID now, never another's of the same phone: the form of base/keyed.h is compared.

SET LOCAL ROLE kheya_owner;

-- Her newest application from her own phone.
CREATE FUNCTION kheya.last_application(number text, nid text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT f.fields FROM kheya.case_file f
     WHERE f.bucket = kheya.bucket(last_application.number) AND f.msisdn = last_application.number
       AND f.service = 'allowance_application' AND f.actor = 'citizen'
       AND kheya.same_person(f.fields ->> 'nid', f.fields ->> 'dob', last_application.nid, NULL) IS TRUE
     ORDER BY f.created DESC LIMIT 1
$$;

-- Is there something to fill in; and has she a PIN?
CREATE FUNCTION svc.knows_me(msisdn text, nid text) RETURNS TABLE (known boolean, pin boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT kheya.last_application(knows_me.msisdn, knows_me.nid) IS NOT NULL,
           EXISTS (SELECT FROM kheya.pin p WHERE p.bucket = kheya.bucket(knows_me.msisdn) AND p.msisdn = knows_me.msisdn)
$$;

-- All of it or no row; no row for half an hour after a PIN was chosen or changed.
CREATE FUNCTION svc.my_answers(msisdn text, nid text)
    RETURNS TABLE (dob date, sex text, union_code text, ward integer, income text, other boolean, payout text, wallet text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT (a ->> 'dob')::date, a ->> 'sex', a ->> 'union', (a ->> 'ward')::integer, a ->> 'income', (a ->> 'other') = 'yes',
           a ->> 'payout', a ->> 'wallet'
      FROM kheya.last_application(my_answers.msisdn, my_answers.nid) AS a
     WHERE a ?& ARRAY['dob', 'sex', 'union', 'ward', 'income', 'other', 'payout', 'wallet']
       AND EXISTS (SELECT FROM kheya.pin p
                    WHERE p.bucket = kheya.bucket(my_answers.msisdn) AND p.msisdn = my_answers.msisdn
                      AND p.changed < now() - interval '30 minutes')
$$;

REVOKE ALL ON FUNCTION kheya.last_application(text, text), svc.knows_me(text, text), svc.my_answers(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.knows_me(text, text), svc.my_answers(text, text) TO kheya_menu;
