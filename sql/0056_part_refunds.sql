-- 0056_part_refunds.sql - a part of what was paid is given back: never more in all than was paid, each part once by its key.

SET LOCAL ROLE kheya_owner;

-- state: 0 asked for, 1 given back, 2 she has been told, 3 the provider refused it.  actor: who brought it there.
CREATE TABLE kheya.refund (
    bucket      smallint    NOT NULL,
    ref         text        COLLATE "C" NOT NULL,
    n           smallint    NOT NULL CHECK (n > 0),
    key         text        COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
    taka        bigint      NOT NULL CHECK (taka > 0),
    state       smallint    NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
    trx         text        NOT NULL DEFAULT '',
    reason      text        NOT NULL DEFAULT '',
    actor       text        NOT NULL,
    at          bigint      NOT NULL,
    back        bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, ref, n),
    UNIQUE (bucket, ref, key),
    FOREIGN KEY (bucket, ref) REFERENCES kheya.payment
) WITH (fillfactor = 80);
CREATE INDEX refund_back ON kheya.refund (back) WHERE back > 0;

-- An operator asks for a part.  outcome: asked; again, by the same key; other: the key was used for another amount; none: there
-- is no such payment; unpaid; whole: all of it was asked back at once; much: more than is left.
CREATE FUNCTION kheya.ask_part(of_ref text, of_taka bigint, of_key text, by text, why text)
    RETURNS TABLE (outcome text, n smallint, rest bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    p kheya.payment;
    r kheya.refund;
    now bigint := (extract(epoch FROM now()) * 1000)::bigint;
    left_over bigint;
    next smallint;
BEGIN
    SELECT * INTO p FROM kheya.payment x WHERE x.bucket = left(of_ref, 4)::smallint AND x.ref = of_ref FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'none', 0::smallint, 0::bigint;
        RETURN;
    END IF;
    SELECT p.taka - coalesce(sum(x.taka) FILTER (WHERE x.state < 3), 0), 1 + coalesce(max(x.n), 0) INTO left_over, next
      FROM kheya.refund x WHERE x.bucket = p.bucket AND x.ref = p.ref;
    SELECT * INTO r FROM kheya.refund x WHERE x.bucket = p.bucket AND x.ref = p.ref AND x.key = of_key;
    IF FOUND THEN
        RETURN QUERY SELECT CASE r.taka WHEN of_taka THEN 'again' ELSE 'other' END, r.n, CASE r.taka WHEN of_taka THEN left_over ELSE r.taka END;
    ELSIF p.state <> 'confirmed' THEN
        RETURN QUERY SELECT 'unpaid', 0::smallint, 0::bigint;
    ELSIF p.refund THEN
        RETURN QUERY SELECT 'whole', 0::smallint, 0::bigint;
    ELSIF of_taka > left_over THEN
        RETURN QUERY SELECT 'much', 0::smallint, left_over;
    ELSE
        INSERT INTO kheya.refund (bucket, ref, n, key, taka, actor, at) VALUES (p.bucket, p.ref, next, of_key, of_taka, by, now);
        UPDATE kheya.payment x SET seq = x.seq + 1, due = now, tries = 0, changed = now WHERE x.bucket = p.bucket AND x.ref = p.ref;
        INSERT INTO kheya.payment_event (bucket, ref, seq, at, actor, state, note)
        VALUES (p.bucket, p.ref, p.seq + 1, now, by, p.state, 'Tk ' || of_taka || ' asked back, part ' || next
                || CASE why WHEN '' THEN '' ELSE ': ' || why END);
        RETURN QUERY SELECT 'asked', next, left_over - of_taka;
    END IF;
END
$$;

-- A part was given back, or refused, whoever tells it: it is in the payment's history, the payment is refunded with the last part,
-- and whom it paid hears of each.
CREATE FUNCTION kheya.part_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    p kheya.payment;
    now bigint := (extract(epoch FROM now()) * 1000)::bigint;
    done boolean;
BEGIN
    SELECT * INTO p FROM kheya.payment x WHERE x.bucket = NEW.bucket AND x.ref = NEW.ref FOR UPDATE;
    done := NEW.state = 1 AND p.state = 'confirmed'
        AND (SELECT sum(x.taka) FILTER (WHERE x.state IN (1, 2)) FROM kheya.refund x WHERE x.bucket = p.bucket AND x.ref = p.ref) >= p.taka;
    INSERT INTO kheya.payment_event (bucket, ref, seq, at, actor, state, note)
    VALUES (p.bucket, p.ref, p.seq + 1, now, NEW.actor, CASE WHEN done THEN 'refunded' ELSE p.state END,
            CASE NEW.state WHEN 1 THEN 'Tk ' || NEW.taka || ' given back, part ' || NEW.n || rtrim(' ' || NEW.trx)
                           ELSE 'Tk ' || NEW.taka || ' not given back, part ' || NEW.n || rtrim(': ' || NEW.reason, ': ') END);
    IF NEW.state = 1 AND p.backend <> '' THEN
        INSERT INTO kheya.backend_queue (bucket, number, seq, ref, backend, body, due, created, changed, poll)
        VALUES (p.bucket, -1 - ('x' || substr(p.ref, 6, 15))::bit(60)::bigint, 2 + NEW.n, p.ref, p.backend,
                json_build_object('payment', p.ref, 'event', (2 + NEW.n)::text, 'state', 'part_refunded', 'for', p.about,
                                  'taka', NEW.taka::text, 'provider', p.provider, 'trx', NEW.trx,
                                  'at', to_char(to_timestamp(NEW.back / 1000) AT TIME ZONE 'Asia/Dhaka', 'YYYY-MM-DD"T"HH24:MI:SS')
                                        || '+06:00')::text, now, now, now, NULL)
        ON CONFLICT (bucket, number, seq) DO NOTHING;
    END IF;
    -- 16: her case is to know that it is not paid any more (PAYMENT_OWES_CASE_BACK); she hears of the part
    UPDATE kheya.payment x
       SET seq = x.seq + 1, due = now, tries = 0, changed = now, state = CASE WHEN done THEN 'refunded' ELSE x.state END,
           owes = CASE WHEN done THEN x.owes | 16 ELSE x.owes END, back = CASE WHEN done THEN NEW.back ELSE x.back END
     WHERE x.bucket = p.bucket AND x.ref = p.ref;
    RETURN NULL;
END
$$;
CREATE TRIGGER refund_moved AFTER UPDATE OF state ON kheya.refund FOR EACH ROW
    WHEN (NEW.state IN (1, 3) AND OLD.state = 0) EXECUTE FUNCTION kheya.part_moved();

-- As in 0054: of a payment that was given back in parts each part is told, and nothing of the whole.
CREATE OR REPLACE FUNCTION kheya.tell_biller() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    now bigint := (extract(epoch FROM now()) * 1000)::bigint;
BEGIN
    INSERT INTO kheya.backend_queue (bucket, number, seq, ref, backend, body, due, created, changed, poll)
    SELECT NEW.bucket, -1 - ('x' || substr(NEW.ref, 6, 15))::bit(60)::bigint, e.seq, NEW.ref, NEW.backend,
           json_build_object('payment', NEW.ref, 'event', e.seq::text, 'state', e.state, 'for', NEW.about, 'taka', NEW.taka::text,
                             'provider', NEW.provider, 'trx', NEW.trx,
                             'at', to_char(to_timestamp((CASE e.seq WHEN 1 THEN NEW.paid ELSE NEW.back END) / 1000)
                                           AT TIME ZONE 'Asia/Dhaka', 'YYYY-MM-DD"T"HH24:MI:SS') || '+06:00')::text,
           now, now, now, NULL
      FROM (VALUES (1, 'paid'), (2, 'refunded')) AS e(seq, state)
     WHERE e.seq = 1 OR (NEW.state = 'refunded'
                         AND NOT EXISTS (SELECT FROM kheya.refund r WHERE r.bucket = NEW.bucket AND r.ref = NEW.ref AND r.state IN (1, 2)))
    ON CONFLICT (bucket, number, seq) DO NOTHING;
    RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION kheya.ask_part(text, bigint, text, text, text), kheya.part_moved() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kheya.ask_part(text, bigint, text, text, text) TO kheya_daemon;
GRANT SELECT, UPDATE ON kheya.refund TO kheya_daemon;
