-- 0011_unions_fees.sql - a phone's union, a union by its number, and what a passport costs.

SET LOCAL ROLE kheya_owner;

-- What the Department of Immigration and Passports takes, in taka, by how soon it is done.
CREATE TABLE svc.passport_fee (
    pages       text        COLLATE "C" NOT NULL CHECK (pages IN ('p48', 'p64')),
    years       text        COLLATE "C" NOT NULL CHECK (years IN ('y5', 'y10')),
    regular     integer     NOT NULL CHECK (regular BETWEEN 0 AND 99999),
    express     integer     NOT NULL CHECK (express BETWEEN 0 AND 99999),
    super       integer     NOT NULL CHECK (super BETWEEN 0 AND 99999),
    PRIMARY KEY (pages, years)
);
INSERT INTO svc.passport_fee VALUES
    ('p48', 'y5', 4025, 6325, 8625),
    ('p48', 'y10', 5750, 8050, 10350),
    ('p64', 'y5', 6325, 8625, 12075),
    ('p64', 'y10', 8050, 10350, 13800);

CREATE FUNCTION svc.passport_fee(pages text, years text)
    RETURNS TABLE (regular integer, express integer, super integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT f.regular, f.express, f.super
      FROM svc.passport_fee f
     WHERE f.pages = passport_fee.pages AND f.years = passport_fee.years
$$;

-- The union that the phone's allowances are registered in; the newest counts.
CREATE FUNCTION svc.my_union(msisdn text)
    RETURNS TABLE (code text, en text, bn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT u.code, left(u.en, 20), left(u.bn, 20)
      FROM svc.beneficiary b
      JOIN svc.union_council u ON u.code = b.union_code
     WHERE b.msisdn = my_union.msisdn
     ORDER BY b.since DESC, b.id DESC
     LIMIT 1
$$;

CREATE FUNCTION svc.union_by_code(code text)
    RETURNS TABLE (code text, en text, bn text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT u.code, left(u.en, 20), left(u.bn, 20)
      FROM svc.union_council u
     WHERE u.code = union_by_code.code
$$;

REVOKE ALL ON FUNCTION svc.passport_fee(text, text), svc.my_union(text), svc.union_by_code(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.passport_fee(text, text), svc.my_union(text), svc.union_by_code(text) TO kheya_menu;
