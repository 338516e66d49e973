-- 0012_payment.sql - money: what providers were asked for, and what became of it.

SET LOCAL ROLE kheya_owner;

-- One row per payment.  bucket is that of what is paid for (about), or where that is empty of the payer's number; ref
-- begins with it, so that a provider's call finds the row by its key.  ref comes from the keypress that asked: the same
-- keypress, run again, asks for the same payment.
-- state climbs, and never goes back (the daemon's engine/payment.h).  owes: what is still to be told to her and to her
-- case.  due: when a process is to look at it next; NULL: never.  paid and back: when the provider had the money, and
-- gave it back, by its own clock if it says so.
CREATE TABLE kheya.payment (
    bucket      smallint    NOT NULL,
    ref         text        COLLATE "C" NOT NULL CHECK (ref ~ '^[0-9]{4}[0-9a-f]{16}$'),
    msisdn      text        COLLATE "C" NOT NULL,
    provider    text        COLLATE "C" NOT NULL,
    service     text        NOT NULL,   -- whose fee it is; '': a bill
    about       text        COLLATE "C" NOT NULL,       -- number of the case, or what else is paid for; ''
    lang        text        NOT NULL,   -- of her messages
    taka        bigint      NOT NULL CHECK (taka BETWEEN 1 AND 99999999),
    state       text        NOT NULL
                CHECK (state IN ('quoted', 'requested', 'approved', 'failed', 'confirmed', 'refunded')),
    trx         text        NOT NULL DEFAULT '',        -- the provider's own number
    reason      text        NOT NULL DEFAULT '',
    refund      boolean     NOT NULL DEFAULT false,     -- an operator wants it given back
    owes        integer     NOT NULL DEFAULT 0,
    tries       integer     NOT NULL DEFAULT 0,
    seq         integer     NOT NULL DEFAULT 1,         -- a writer names the one that it read
    created     bigint      NOT NULL,
    expires     bigint      NOT NULL,
    changed     bigint      NOT NULL,
    due         bigint,
    paid        bigint      NOT NULL DEFAULT 0,
    back        bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, ref)
) WITH (fillfactor = 80);

-- One request is out at a time for one thing: two would be paid twice.
CREATE UNIQUE INDEX payment_open ON kheya.payment (bucket, about)
    WHERE about <> '' AND state IN ('quoted', 'requested', 'approved');
CREATE INDEX payment_about ON kheya.payment (bucket, about) WHERE about <> '';
CREATE INDEX payment_payer ON kheya.payment (msisdn, created);
CREATE INDEX payment_due ON kheya.payment (due) WHERE due IS NOT NULL;
CREATE INDEX payment_paid ON kheya.payment (provider, paid) WHERE paid > 0;

-- What happened to it, in order: a row for each step that it climbed, and for what an operator did.
CREATE TABLE kheya.payment_event (
    bucket      smallint    NOT NULL,
    ref         text        COLLATE "C" NOT NULL,
    seq         integer     NOT NULL,
    at          bigint      NOT NULL,
    actor       text        NOT NULL,
    state       text        NOT NULL,
    note        text        NOT NULL DEFAULT '',
    PRIMARY KEY (bucket, ref, seq)
);

GRANT SELECT, INSERT, UPDATE ON kheya.payment TO kheya_daemon;
GRANT SELECT, INSERT ON kheya.payment_event TO kheya_daemon;

-- For the menus: her newest payment for a thing ('' for whatever it was).  Only the payer is told.
CREATE FUNCTION svc.my_payment(msisdn text, about text)
    RETURNS TABLE (state text, taka bigint, provider text, trx text, about text, asked date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT p.state, p.taka, p.provider, p.trx, p.about, (to_timestamp(p.created / 1000.0) AT TIME ZONE 'Asia/Dhaka')::date
      FROM kheya.payment p
     WHERE p.msisdn = my_payment.msisdn AND (my_payment.about = '' OR p.about = my_payment.about)
     ORDER BY p.created DESC, p.ref
     LIMIT 1
$$;
REVOKE ALL ON FUNCTION svc.my_payment(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.my_payment(text, text) TO kheya_menu;
