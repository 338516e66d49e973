-- 0008_pin.sql - a PIN for each number.

SET LOCAL ROLE kheya_owner;

-- hash is argon2id over a keyed hash of number and PIN; the key is on no disk of
-- the database, so that a copy of this table tells no PIN.  tries counts wrong ones
-- since the last good one; a try is counted before its PIN is looked at, and
-- forgotten when it was good, so that who is killed in between has tried.
-- attempt names the keypress of the last one: when its step runs again, it counts
-- once.  Locked until that time; a lock that is over begins at the first try again.
CREATE TABLE kheya.pin (
    bucket       smallint    NOT NULL,
    msisdn       text        COLLATE "C" NOT NULL,
    hash         text        COLLATE "C" NOT NULL CHECK (hash LIKE '$argon2id$%'),
    tries        smallint    NOT NULL DEFAULT 0,
    locked_until timestamptz,
    attempt      text        COLLATE "C" NOT NULL,
    changed      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bucket, msisdn)
);

GRANT SELECT, INSERT, UPDATE ON kheya.pin TO kheya_daemon;
