-- 0028_rules.sql - who may get an allowance: the rules, as rows.
--
-- A person may get what one row of it says, all of the row.  A row counts from
-- since to until, and source tells where it is written: kheya import rules.

SET LOCAL ROLE kheya_owner;

-- sex, status: '' is anybody.  income: low is under Tk 10,000 a year; '' is any.  place: the first digits of a union's
-- code, '' the country.  added: when the row came, in ms.
CREATE TABLE svc.rule (
    service     text        COLLATE "C" NOT NULL CHECK (service IN ('OAA', 'WDA', 'DIS', 'DSS', 'MCB')),
    sex         text        NOT NULL DEFAULT '' CHECK (sex IN ('', 'f', 'm')),
    min_age     smallint    NOT NULL DEFAULT 0 CHECK (min_age BETWEEN 0 AND 150),
    max_age     smallint    NOT NULL DEFAULT 150 CHECK (max_age BETWEEN 0 AND 150),
    income      text        NOT NULL DEFAULT '' CHECK (income IN ('', 'low')),
    status      text        NOT NULL DEFAULT '' CHECK (status IN ('', 'widow', 'disabled', 'mother')),
    place       text        COLLATE "C" NOT NULL DEFAULT '' CHECK (place ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})?$'),
    since       date        NOT NULL DEFAULT '2000-01-01',
    until       date        NOT NULL DEFAULT '2199-12-31',
    source      text        NOT NULL CHECK (length(source) BETWEEN 1 AND 80),
    added       bigint      NOT NULL DEFAULT (extract(epoch FROM now()) * 1000)::bigint,
    PRIMARY KEY (service, sex, min_age, max_age, income, status, place, since),
    CHECK (min_age <= max_age), CHECK (since <= until)
);
INSERT INTO svc.rule (service, sex, min_age, max_age, income, status, source) VALUES
    ('OAA', 'm', 65, 150, 'low', '', 'Old age allowance policy: man 65, woman 62, income to Tk 10,000'),
    ('OAA', 'f', 62, 150, 'low', '', 'Old age allowance policy: man 65, woman 62, income to Tk 10,000'),
    ('WDA', 'f', 18, 150, 'low', 'widow', 'Widow and deserted women allowance policy'),
    ('DIS', '', 0, 150, 'low', 'disabled', 'Disability allowance policy'),
    ('DSS', '', 5, 25, '', 'disabled', 'Stipend for students with a disability: policy'),
    ('MCB', 'f', 20, 35, 'low', 'mother', 'Mother and child benefit programme: policy');

-- Does a row hold for a person on a day?
CREATE FUNCTION kheya.rule_holds(r svc.rule, sex text, born date, income text, status text, place text, day date)
    RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT day BETWEEN r.since AND r.until
       AND r.sex IN ('', rule_holds.sex)
       AND extract(year FROM age(day, born)) BETWEEN r.min_age AND r.max_age
       AND r.income IN ('', rule_holds.income)
       AND (r.status IN ('', rule_holds.status) OR (rule_holds.status = 'both' AND r.status IN ('widow', 'disabled')))
       AND starts_with(rule_holds.place, r.place)
$$;

-- --- what the menus may ask ------------------------------------------------------

-- Nothing of what is asked here is kept.
CREATE FUNCTION svc.eligible(sex text, born date, income text, status text, place text, today date)
    RETURNS TABLE (service text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT DISTINCT r.service
      FROM svc.rule r
     WHERE kheya.rule_holds(r, eligible.sex, eligible.born, eligible.income, eligible.status, eligible.place, eligible.today)
     ORDER BY r.service
$$;

-- Is there a rule for some places only?  Without one nobody need say where she lives.
CREATE FUNCTION svc.rules_by_place(today date) RETURNS TABLE (asked boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT EXISTS (SELECT FROM svc.rule r WHERE r.place <> '' AND rules_by_place.today BETWEEN r.since AND r.until)
$$;

REVOKE ALL ON FUNCTION kheya.rule_holds(svc.rule, text, date, text, text, text, date),
    svc.eligible(text, date, text, text, text, date), svc.rules_by_place(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.eligible(text, date, text, text, text, date), svc.rules_by_place(date) TO kheya_menu;
