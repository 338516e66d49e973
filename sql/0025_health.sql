-- 0025_health.sql - the clinic of a union and its vaccine days, for the menus.

SET LOCAL ROLE kheya_owner;

-- A union's community clinic, and the days on which children are vaccinated there.  Nobody's illness is kept.
CREATE TABLE svc.clinic (
    union_code  text        COLLATE "C" PRIMARY KEY REFERENCES svc.union_council ON DELETE CASCADE,
    en          text        NOT NULL CHECK (length(en) BETWEEN 1 AND 20),
    bn          text        NOT NULL CHECK (length(bn) BETWEEN 1 AND 20),
    ward        smallint    NOT NULL CHECK (ward BETWEEN 1 AND 9),
    vaccine     date[]      NOT NULL DEFAULT '{}',
    told        date        NOT NULL    -- day on which the health office said so
);

-- next: the next vaccine day, today's too; NULL where none is known.
CREATE FUNCTION svc.clinic(union_code text, today date)
    RETURNS TABLE (en text, bn text, ward integer, next date, told date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT c.en, c.bn, c.ward::integer, (SELECT min(d) FROM unnest(c.vaccine) AS d WHERE d >= today), c.told
      FROM svc.clinic c
     WHERE c.union_code = clinic.union_code
$$;
REVOKE ALL ON FUNCTION svc.clinic(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.clinic(text, date) TO kheya_menu;
