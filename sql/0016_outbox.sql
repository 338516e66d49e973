-- 0016_outbox.sql - what holds for a message that waits: its class, its link, its day.

SET LOCAL ROLE kheya_owner;

-- rank: who goes first on a link, and what holds for it; the daemon's base/outbox.c
-- has the table.  asked: the receiver's own step caused it, so she waits for it.
-- link: the lane it goes by, '' until one has been found.  later: not before
-- then (a try was vain, the day's count was full); due stays when it was due first.
-- other: the number to try when this one fails; '': the citizen's own other one.
-- quiet: 0 as it is, 1 in its discreet form, 2 not at all.  approval: of a message
-- of class gov_info.  segments: what it cost, once it was sent.
ALTER TABLE kheya.outbox
    ADD COLUMN asked    boolean  NOT NULL DEFAULT false,
    ADD COLUMN rank     smallint NOT NULL GENERATED ALWAYS AS (
                            CASE WHEN class = 'otp' THEN 0 WHEN class = 'emergency' THEN 1
                                 WHEN class = 'transactional' OR asked THEN 2
                                 WHEN class = 'gov_info' THEN 3 ELSE 4 END) STORED,
    ADD COLUMN later    bigint,
    ADD COLUMN other    text     COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN quiet    smallint NOT NULL DEFAULT 0 CHECK (quiet BETWEEN 0 AND 2),
    ADD COLUMN discreet text     NOT NULL DEFAULT '',
    ADD COLUMN approval text     NOT NULL DEFAULT '',
    ADD COLUMN segments smallint NOT NULL DEFAULT 0,
    ALTER COLUMN link TYPE text COLLATE "C",
    ALTER COLUMN link SET DEFAULT '',
    ADD CONSTRAINT outbox_class CHECK (class IN ('otp', 'emergency', 'transactional', 'gov_info', 'service_info'));

-- A take walks the head of one lane and rank after the other, whatever stands
-- behind it or in another lane.
DROP INDEX kheya.outbox_waiting;
CREATE INDEX outbox_waiting ON kheya.outbox (link, rank, coalesce(later, due)) WHERE state = 0;

-- How many messages that nobody asked for a number had on a day, or would have
-- had.  One row for each number.
CREATE TABLE kheya.outbox_day (
    bucket      smallint NOT NULL GENERATED ALWAYS AS (kheya.bucket(receiver)) STORED,
    receiver    text     COLLATE "C" NOT NULL,
    day         integer  NOT NULL,
    wanted      integer  NOT NULL,
    PRIMARY KEY (bucket, receiver)
) WITH (fillfactor = 70);

-- The lanes of all processes, and when each was last up: a message whose lane is
-- gone is given another one.
CREATE TABLE kheya.lane (
    name        text     COLLATE "C" PRIMARY KEY,
    seen        bigint   NOT NULL
) WITH (fillfactor = 50);

-- A number's other number, and how messages are to come: discreet, on a phone that
-- others read.
ALTER TABLE kheya.citizen
    ADD COLUMN other    text     COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN quiet    smallint NOT NULL DEFAULT 0 CHECK (quiet BETWEEN 0 AND 1);

GRANT SELECT, INSERT, UPDATE ON kheya.outbox_day, kheya.lane TO kheya_daemon;
