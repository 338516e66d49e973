-- 0006_tape.sql - the way that dialogues went, for kheya replay.

SET LOCAL ROLE kheya_owner;

-- One row per step of a dialogue, from its first dial to its end, written with
-- the step if tape.keep says so.  It names no subscriber: dialogue is the
-- second it began and a number at random, store_tape_name() in the daemon, so that
-- dialogues of one time lie together in the key, which is the only index.  typed and facts hold no secret and nothing that is hers (the
-- daemon's engine/flow_tape.c says what is withheld); they are the engine's own,
-- as kind, how and state are.
CREATE TABLE kheya.tape (
    bucket      smallint    NOT NULL,
    dialogue    bigint      NOT NULL,
    step        integer     NOT NULL,   -- from 1
    at          bigint      NOT NULL,
    generation  bigint      NOT NULL,
    link        text        NOT NULL,
    lang        text        NOT NULL,
    kind        smallint    NOT NULL,
    how         smallint    NOT NULL,
    state       smallint    NOT NULL,
    typed       text        NOT NULL,
    screen      text        COLLATE "C" NOT NULL,       -- where she was afterwards
    facts       text        NOT NULL,   -- what queries answered
    PRIMARY KEY (bucket, dialogue, step)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON kheya.tape TO kheya_daemon;
