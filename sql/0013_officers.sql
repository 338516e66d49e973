-- 0013_officers.sql - officers who answer cases by text message.

SET LOCAL ROLE kheya_owner;

-- An officer of an agency and the number she writes from.  place: cases whose
-- place begins with it are hers, '' all of the agency's.  desk: by what number
-- colleagues forward a case to her; next: the desk she forwards to when she
-- names none.  codes: list = from a numbered paper, sms = the next one comes with
-- each message, time = from a programme or a token.  The secret is made of the
-- installation's key, her number and epoch, and kept nowhere; counter is the
-- first code that is still good.  attempt names the message of the last wrong
-- code, which counts once.  pending: a command that waits for its code.
-- digest: the day (since 1970, of the country) of the last one.
CREATE TABLE kheya.officer (
    bucket       smallint NOT NULL GENERATED ALWAYS AS (kheya.bucket(msisdn)) STORED,
    msisdn       text     COLLATE "C" NOT NULL CHECK (msisdn ~ '^8801[3-9][0-9]{8}$'),
    id           integer  GENERATED ALWAYS AS IDENTITY UNIQUE,
    name         text     NOT NULL CHECK (length(name) BETWEEN 1 AND 30),
    agency       text     COLLATE "C" NOT NULL CHECK (agency <> ''),
    office       text     NOT NULL DEFAULT '' CHECK (length(office) <= 30),
    rank         text     NOT NULL DEFAULT '' CHECK (length(rank) <= 20),
    place        text     COLLATE "C" NOT NULL DEFAULT '' CHECK (place ~ '^[0-9]{0,6}$'),
    desk         smallint NOT NULL CHECK (desk BETWEEN 1 AND 999),
    next         smallint CHECK (next BETWEEN 1 AND 999),
    lang         text     NOT NULL DEFAULT 'bn' CHECK (lang IN ('bn', 'en')),
    codes        text     NOT NULL DEFAULT 'list' CHECK (codes IN ('list', 'sms', 'time')),
    active       boolean  NOT NULL DEFAULT true,
    epoch        integer  NOT NULL DEFAULT 1,
    counter      bigint   NOT NULL DEFAULT 1 CHECK (counter > 0),
    tries        smallint NOT NULL DEFAULT 0,
    attempt      text     COLLATE "C" NOT NULL DEFAULT '',
    locked_until bigint   NOT NULL DEFAULT 0,
    pending      text     NOT NULL DEFAULT '',
    pending_at   bigint   NOT NULL DEFAULT 0,
    digest       integer  NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, msisdn),
    UNIQUE (agency, desk)
);

-- Which code was used for what: one code, one command.  Rows are added and
-- never changed.
CREATE TABLE kheya.officer_act (
    bucket       smallint NOT NULL,
    msisdn       text     COLLATE "C" NOT NULL,
    epoch        integer  NOT NULL,
    counter      bigint   NOT NULL,
    at           bigint   NOT NULL,
    command      text     NOT NULL,     -- "8123056783 NEED 2"
    message      text     COLLATE "C" NOT NULL,         -- cause of the answer
    PRIMARY KEY (bucket, msisdn, epoch, counter)
);

-- Whose desk a case lies on that was forwarded.
CREATE TABLE kheya.case_desk (
    number       bigint   PRIMARY KEY,
    agency       text     COLLATE "C" NOT NULL,
    desk         smallint NOT NULL,
    seq          integer  NOT NULL      -- event of the case that brought it there
);
CREATE INDEX case_desk_desk ON kheya.case_desk (agency, desk);

GRANT SELECT ON kheya.officer TO kheya_daemon;
GRANT UPDATE (counter, tries, attempt, locked_until, pending, pending_at, digest) ON kheya.officer TO kheya_daemon;
GRANT SELECT, INSERT ON kheya.officer_act TO kheya_daemon;
GRANT SELECT, INSERT, UPDATE ON kheya.case_desk TO kheya_daemon;
