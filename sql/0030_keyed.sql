-- 0030_keyed.sql - numbers of persons are hashed by kheyad under its secret; no key lies in the database any more.
--
-- Menus with 'store: keyed' hand a query the form of base/keyed.h: the key's name, a hash, the last four.

SET LOCAL ROLE kheya_owner;

-- Is it one person?  By the whole form; where another secret was taken meanwhile, by the last four and the birth date.
CREATE FUNCTION kheya.same_person(nid text, dob text, other_nid text, other_dob text) RETURNS boolean
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
AS $$
    SELECT CASE WHEN nid ~ '^[0-9a-f]{2}-' AND split_part(nid, '-', 1) = split_part(other_nid, '-', 1) THEN nid = other_nid
                ELSE right(nid, 4) = right(other_nid, 4) AND dob = other_dob END
$$;

CREATE OR REPLACE FUNCTION svc.agent_wallet(agent text, wallet text, nid text, dob date) RETURNS TABLE (state text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT CASE
        WHEN kheya.is_agents_own(agent_wallet.agent, agent_wallet.wallet) THEN 'own'
        WHEN EXISTS (SELECT FROM kheya.case_file f
                      WHERE f.fields ->> 'wallet' = agent_wallet.wallet
                        AND f.state NOT IN ('rejected', 'withdrawn')
                        AND kheya.same_person(f.fields ->> 'nid', f.fields ->> 'dob', agent_wallet.nid,
                                              to_char(agent_wallet.dob, 'YYYY-MM-DD')) IS NOT TRUE)
          OR EXISTS (SELECT FROM svc.payment p JOIN svc.beneficiary b ON b.id = p.beneficiary
                      WHERE p.wallet = agent_wallet.wallet AND b.nid4 <> right(agent_wallet.nid, 4)) THEN 'taken'
        ELSE 'free' END
$$;

-- The name of a family's relief case, and the number of the one that is there already.  who is keyed, or begins with what
-- is.  After 90 days it is another storm.
CREATE OR REPLACE FUNCTION svc.relief_family(who text)
    RETURNS TABLE (once text, no text)
    LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog
AS $$
    WITH h AS (SELECT left(encode(sha256(convert_to(who, 'UTF8')), 'hex'), 32) AS hash),
         f AS (SELECT c.number, c.created FROM h JOIN kheya.case_file c
                   ON c.service = 'relief' AND c.fields ->> 'once' >= h.hash AND c.fields ->> 'once' < h.hash || '~'
                      AND c.fields ? 'once'),
         recent AS (SELECT f.number FROM f
                     WHERE f.created > (extract(epoch FROM now()) * 1000)::bigint - 90::bigint * 86400000
                     ORDER BY f.created DESC LIMIT 1)
    SELECT h.hash || '-' || (SELECT count(*) FROM f), coalesce((SELECT r.number::text FROM recent r), 'none') FROM h
$$;
DROP FUNCTION svc.family_hash(text);
DROP TABLE svc.family_key;

REVOKE ALL ON FUNCTION kheya.same_person(text, text, text, text) FROM PUBLIC;
