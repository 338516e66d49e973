-- 0045_polls.sql - what agencies' systems say of the cases that they have taken, asked for now and then.

SET LOCAL ROLE kheya_owner;

-- Of the row that opened a case (seq 1), once its system has it: poll is when it is
-- asked for next, NULL when the case is over; heard the last word that moved it, or
-- that it stood there already; news how many there were, which names the next one.
ALTER TABLE kheya.backend_queue
    ADD COLUMN poll  bigint  DEFAULT 0,
    ADD COLUMN heard text    NOT NULL DEFAULT '',
    ADD COLUMN news  integer NOT NULL DEFAULT 0;

-- A batch reads the head of one back end's part.
CREATE INDEX backend_queue_poll ON kheya.backend_queue (backend, poll) WHERE state = 1 AND seq = 1 AND poll IS NOT NULL;
