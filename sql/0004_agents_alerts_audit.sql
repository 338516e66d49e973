-- 0004_agents_alerts_audit.sql - who is an agent of a digital centre, what the whole country must know now, and
-- what was done in whose name.

SET LOCAL ROLE kheya_owner;

-- The bucket of a number, as store_bucket() in the daemon computes it (FNV-1a of
-- 32 bits modulo 1024), so that rows can be written by hand.
CREATE FUNCTION kheya.bucket(msisdn text) RETURNS smallint
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
AS $$
DECLARE
    octets bytea := convert_to(msisdn, 'UTF8');
    h bigint := 2166136261;
BEGIN
    FOR i IN 0 .. length(octets) - 1 LOOP
        h := ((h # get_byte(octets, i)) * 16777619) & 4294967295;
    END LOOP;
    RETURN (h % 1024)::smallint;
END
$$;

-- Entrepreneurs of digital centres: citizen.is_agent, agent.name and agent.centre
-- in the menus.  Read with every session; changes count from the next dial.
CREATE TABLE kheya.agent (
    bucket      smallint    NOT NULL GENERATED ALWAYS AS (kheya.bucket(msisdn)) STORED,
    msisdn      text        COLLATE "C" NOT NULL CHECK (msisdn ~ '^8801[3-9][0-9]{8}$'),
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 30),
    centre      text        NOT NULL CHECK (length(centre) BETWEEN 1 AND 30),
    active      boolean     NOT NULL DEFAULT true,
    PRIMARY KEY (bucket, msisdn)
);

-- Warnings for the whole country: the newest active one that has a text is
-- alert.on and alert.text in the menus, a second later.
CREATE TABLE kheya.alert (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    active      boolean     NOT NULL DEFAULT true,
    since       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX alert_active ON kheya.alert (id) WHERE active;

CREATE TABLE kheya.alert_text (
    alert       bigint      NOT NULL REFERENCES kheya.alert ON DELETE CASCADE,
    lang        text        COLLATE "C" NOT NULL,
    text        text        NOT NULL CHECK (length(text) BETWEEN 1 AND 120),
    PRIMARY KEY (alert, lang)
);

-- One row per 'audit' of a step, written with it.  Rows are added and never
-- changed: the daemon may not.  The second key makes a step say a thing once,
-- whatever is resent or killed.
CREATE TABLE kheya.audit (
    bucket      smallint    NOT NULL,
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    at          bigint      NOT NULL,   -- of the step
    msisdn      text        COLLATE "C" NOT NULL,
    code        text        COLLATE "C" NOT NULL,
    turn        integer     NOT NULL,
    seq         smallint    NOT NULL,   -- within the step
    actor       text        NOT NULL CHECK (actor IN ('citizen', 'agent')),
    event       text        NOT NULL,
    fields      jsonb       NOT NULL CHECK (jsonb_typeof(fields) = 'object'),
    PRIMARY KEY (bucket, id),
    CONSTRAINT audit_step UNIQUE (bucket, msisdn, code, turn, seq)
);

GRANT SELECT ON kheya.agent, kheya.alert, kheya.alert_text TO kheya_daemon;
GRANT SELECT, INSERT ON kheya.audit TO kheya_daemon;
