-- 0029_audit_chain.sql - the audit is a chain of hashes: who changes, removes or moves a row of it afterwards is seen.

-- Roles belong to the whole cluster: another database may have made it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kheya_auditor') THEN
        CREATE ROLE kheya_auditor NOLOGIN;      -- reads the audit and its chain, nothing else
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'role kheya_auditor is missing and % may not create it', current_user;
    WHEN duplicate_object OR unique_violation THEN
        NULL;                           -- another migration beside us was faster
END
$$;
GRANT USAGE ON SCHEMA kheya TO kheya_auditor;

SET LOCAL ROLE kheya_owner;

-- Rows that were written and are not in the chain yet; kheyad seals them a second later, some hundred at a time, so that
-- no step waits for another.  writer: who was logged in.
CREATE TABLE kheya.audit_wait (
    at          bigint      NOT NULL,   -- of the row
    id          bigint      NOT NULL,
    bucket      smallint    NOT NULL,
    writer      text        NOT NULL DEFAULT session_user,
    PRIMARY KEY (at, id, bucket)
);

-- A block of the chain.  hash is that of its last row, prev that of the block before ('' of the first).
CREATE TABLE kheya.audit_seal (
    block       bigint      PRIMARY KEY CHECK (block > 0),
    at          bigint      NOT NULL,
    rows        integer     NOT NULL CHECK (rows > 0),
    prev        bytea       NOT NULL CHECK (length(prev) IN (0, 32)),
    hash        bytea       NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX audit_seal_at ON kheya.audit_seal (at);

-- Which rows stand in it, in their order.  hash: BLAKE2b of the hash before it and of all of the row (base/chain.h).
CREATE TABLE kheya.audit_sealed (
    block       bigint      NOT NULL REFERENCES kheya.audit_seal,
    pos         integer     NOT NULL CHECK (pos > 0),
    bucket      smallint    NOT NULL,
    id          bigint      NOT NULL,
    writer      text        NOT NULL,
    hash        bytea       NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (block, pos),
    UNIQUE (bucket, id)
);

CREATE FUNCTION kheya.audit_waits() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    INSERT INTO kheya.audit_wait (at, id, bucket) SELECT n.at, n.id, n.bucket FROM added n;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_waits AFTER INSERT ON kheya.audit REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION kheya.audit_waits();

-- Rows are added and nothing else, whoever asks.
CREATE FUNCTION kheya.audit_only_grows() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed and never deleted', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON kheya.audit
    FOR EACH STATEMENT EXECUTE FUNCTION kheya.audit_only_grows();
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON kheya.audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION kheya.audit_only_grows();
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON kheya.audit_sealed
    FOR EACH STATEMENT EXECUTE FUNCTION kheya.audit_only_grows();

INSERT INTO kheya.audit_wait (at, id, bucket) SELECT a.at, a.id, a.bucket FROM kheya.audit a;

-- --- what operators do -------------------------------------------------------------

-- Acts that other tables tell of are told in the audit by the same statement, by whatever program: mass messages, warnings,
-- orders about payments, messages that were dropped.  turn counts the acts about one thing.
CREATE FUNCTION kheya.audit_act(about text, act text, told jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('audit ' || audit_act.about, 0));
    INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)
    SELECT kheya.bucket(''), '', audit_act.about,
           coalesce((SELECT max(a.turn) FROM kheya.audit a
                      WHERE a.bucket = kheya.bucket('') AND a.msisdn = '' AND a.code = audit_act.about), 0) + 1,
           (extract(epoch FROM now()) * 1000)::bigint, 0, 'operator', audit_act.act,
           audit_act.told || jsonb_build_object('login', session_user)
$$;

CREATE FUNCTION kheya.audit_mass() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    PERFORM kheya.audit_act('mass/' || NEW.mass, 'mass_' || NEW.what, jsonb_build_object('by', NEW."by"));
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_mass AFTER INSERT ON kheya.mass_event FOR EACH ROW EXECUTE FUNCTION kheya.audit_mass();

CREATE FUNCTION kheya.audit_alert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    act text := CASE WHEN TG_OP = 'INSERT' THEN 'alert_set' WHEN NEW.cleared IS NOT NULL AND OLD.cleared IS NULL THEN 'alert_cleared'
                     WHEN NEW.active AND NOT OLD.active THEN 'alert_approved' END;
BEGIN
    IF act IS NOT NULL THEN
        PERFORM kheya.audit_act('alert/' || NEW.id, act, jsonb_build_object('place', NEW.place, 'signal', NEW.signal, 'days', NEW.days,
                                'free', NEW.free, 'by', CASE act WHEN 'alert_set' THEN NEW.set_by WHEN 'alert_approved' THEN NEW.approved_by
                                                                 ELSE NEW.cleared_by END));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_alert AFTER INSERT OR UPDATE ON kheya.alert FOR EACH ROW EXECUTE FUNCTION kheya.audit_alert();

CREATE FUNCTION kheya.audit_payment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    PERFORM kheya.audit_act('payment/' || NEW.ref, 'payment_ordered', jsonb_build_object('by', NEW.actor, 'state', NEW.state, 'note', NEW.note));
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_payment AFTER INSERT ON kheya.payment_event FOR EACH ROW WHEN (NEW.actor LIKE 'operator%')
    EXECUTE FUNCTION kheya.audit_payment();

CREATE FUNCTION kheya.audit_dropped() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    PERFORM kheya.audit_act('outbox/' || NEW.id, 'message_dropped', jsonb_build_object('by', substr(NEW.note, 12), 'class', NEW.class));
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_dropped AFTER UPDATE OF note ON kheya.outbox FOR EACH ROW WHEN (NEW.note LIKE 'dropped by %' AND OLD.state = 0)
    EXECUTE FUNCTION kheya.audit_dropped();

REVOKE ALL ON FUNCTION kheya.audit_waits(), kheya.audit_only_grows(), kheya.audit_act(text, text, jsonb), kheya.audit_mass(),
    kheya.audit_alert(), kheya.audit_payment(), kheya.audit_dropped() FROM PUBLIC;
GRANT SELECT, DELETE ON kheya.audit_wait TO kheya_daemon;
GRANT SELECT, INSERT ON kheya.audit_seal, kheya.audit_sealed TO kheya_daemon;
GRANT SELECT ON kheya.audit, kheya.audit_wait, kheya.audit_seal, kheya.audit_sealed TO kheya_auditor;
