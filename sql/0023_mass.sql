-- 0023_mass.sql - one message to all people of some unions: proposed by one operator, approved by another.

SET LOCAL ROLE kheya_owner;

-- hash: of what people will read and who they are; the daemon's role may not
-- change either once they stand here.  unions: codes, or how they begin.
CREATE TABLE kheya.mass (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    class       text        NOT NULL CHECK (class IN ('emergency', 'gov_info')),
    unions      text[]      NOT NULL CHECK (cardinality(unions) BETWEEN 1 AND 500),
    bn          text        NOT NULL CHECK (bn <> ''),
    en          text        NOT NULL DEFAULT '',
    approval    text        NOT NULL DEFAULT '',
    hash        text        COLLATE "C" NOT NULL DEFAULT '',
    state       text        COLLATE "C" NOT NULL DEFAULT 'proposed'
                            CHECK (state IN ('proposed', 'approved', 'running', 'paused', 'cancelled', 'done')),
    proposed_by text        NOT NULL CHECK (proposed_by <> ''),
    approved_by text        NOT NULL DEFAULT '',
    created     bigint      NOT NULL,
    changed     bigint      NOT NULL,
    CONSTRAINT mass_two_keys CHECK (lower(btrim(approved_by)) <> lower(btrim(proposed_by))),
    CONSTRAINT mass_approved CHECK (state IN ('proposed', 'cancelled') OR approved_by <> '')
);
CREATE INDEX mass_running ON kheya.mass (id) WHERE state = 'running';

CREATE FUNCTION kheya.mass_hash(m kheya.mass) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT encode(sha256(convert_to(concat_ws(chr(31), m.class, array_to_string(m.unions, ','), m.bn, m.en, m.approval),
                                    'UTF8')), 'hex')
$$;

CREATE FUNCTION kheya.mass_freeze() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.hash := kheya.mass_hash(NEW);
    ELSIF NEW.hash <> kheya.mass_hash(NEW) OR NEW.hash <> OLD.hash THEN
        RAISE EXCEPTION 'mass %: its words do not change any more', OLD.id;
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION kheya.mass_hash(kheya.mass), kheya.mass_freeze() FROM PUBLIC;
CREATE TRIGGER mass_freeze BEFORE INSERT OR UPDATE ON kheya.mass FOR EACH ROW EXECUTE FUNCTION kheya.mass_freeze();

-- Who gets it, as it was when it was proposed: nobody twice.  rank 0: volunteers,
-- chairs and agents, who hear it first.  fed: its message stands in the outbox.
CREATE TABLE kheya.mass_person (
    mass        bigint      NOT NULL REFERENCES kheya.mass ON DELETE CASCADE,
    msisdn      text        COLLATE "C" NOT NULL,
    rank        smallint    NOT NULL,
    fed         boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (mass, msisdn)
) WITH (fillfactor = 80);
CREATE INDEX mass_person_next ON kheya.mass_person (mass, rank, msisdn) WHERE NOT fed;

-- Who did what with it.
CREATE TABLE kheya.mass_event (
    mass        bigint      NOT NULL REFERENCES kheya.mass ON DELETE CASCADE,
    at          bigint      NOT NULL,
    by          text        NOT NULL,
    what        text        NOT NULL
);

-- The phones of some unions; the least rank of each counts.
CREATE FUNCTION kheya.mass_people(unions text[])
    RETURNS TABLE (msisdn text, rank smallint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT p.msisdn, min(p.rank)::smallint
      FROM (SELECT r.msisdn, 0 AS rank FROM svc.responder r, unnest(mass_people.unions) AS u(code)
             WHERE r.role IN ('volunteer', 'chair') AND starts_with(r.place, u.code)
            UNION ALL
            SELECT b.msisdn, 1 FROM svc.beneficiary b, unnest(mass_people.unions) AS u(code) WHERE starts_with(b.union_code, u.code)
            UNION ALL
            SELECT f.msisdn, 1 FROM kheya.case_file f, unnest(mass_people.unions) AS u(code)
             WHERE f.actor = 'citizen' AND f.place ~ '^[0-9]{6}$' AND starts_with(f.place, u.code)) p
     GROUP BY p.msisdn
$$;
REVOKE ALL ON FUNCTION kheya.mass_people(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kheya.mass_people(text[]) TO kheya_daemon;

GRANT SELECT, INSERT ON kheya.mass, kheya.mass_person, kheya.mass_event TO kheya_daemon;
GRANT UPDATE (state, approved_by, changed) ON kheya.mass TO kheya_daemon;
GRANT UPDATE (fed) ON kheya.mass_person TO kheya_daemon;
GRANT DELETE ON kheya.outbox TO kheya_daemon;
