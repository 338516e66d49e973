-- 0055_reach.sql - where dialogues are left and how long they keep the network, counted as they go, a day at a time.

SET LOCAL ROLE kheya_owner;

-- Sums of a day (of the dial, in Bangladesh), which processes add to every few seconds.  No number, no dialogue and no time of
-- a day stands in them.  kind: 0 key is a script, 1 a link, 2 a union ("unknown", or "other" where memory was full).
CREATE TABLE kheya.reach (
    day         date        NOT NULL,
    screen      text        COLLATE "C" NOT NULL,
    kind        smallint    NOT NULL CHECK (kind BETWEEN 0 AND 2),
    key         text        COLLATE "C" NOT NULL,
    came        bigint      NOT NULL,   -- how often it was shown after another page, or after a dial
    gone        bigint      NOT NULL,   -- less how often somebody went on from it: who is there still counts as gone
    PRIMARY KEY (day, screen, kind, key)
);

-- Dials as the network has them.
CREATE TABLE kheya.reach_dial (
    day         date        NOT NULL,
    link        text        COLLATE "C" NOT NULL,
    dealt       boolean     NOT NULL,   -- a case was opened or moved in it, or a payment asked for
    dials       bigint      NOT NULL,
    ms          bigint      NOT NULL,   -- from the dial to the last event of hers
    blocks      bigint      NOT NULL,   -- of 90 seconds, by ms
    blocks_most bigint      NOT NULL,   -- and if she kept a page that asks before her until the network ended it
    PRIMARY KEY (day, link, dealt)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON kheya.reach, kheya.reach_dial TO kheya_daemon;
