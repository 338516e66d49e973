-- 0015_backend_queue.sql - cases on their way to the systems of agencies, and what those answered last.

SET LOCAL ROLE kheya_owner;

-- One row for each thing that an agency's system is to learn of a case: written
-- with the step, or the move, that caused it.  (number, seq) is the event of the
-- case, and names the row for the agency too: NUMBER/SEQ, the same at each try.
-- body is what is told, a JSON object without sensitive values; secret holds those,
-- encrypted under a key that is not in the database.  Both are wiped when the
-- system has taken them.  state: 0 waits until due, or is out and comes back then;
-- 1 taken by the system, 2 refused by it (enum store_handover_state).
CREATE TABLE kheya.backend_queue (
    bucket      smallint    NOT NULL,   -- of the case
    number      bigint      NOT NULL,
    seq         integer     NOT NULL,
    backend     text        COLLATE "C" NOT NULL,
    body        text        NOT NULL,
    secret      bytea,
    state       smallint    NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),
    tries       integer     NOT NULL DEFAULT 0,
    due         bigint      NOT NULL,
    file        bigint,                 -- of kheya.backend_file
    note        text        NOT NULL DEFAULT '',
    created     bigint      NOT NULL,
    changed     bigint      NOT NULL,
    PRIMARY KEY (bucket, number, seq)
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 5000
);

-- A take reads the head of each back end's part, whatever stands behind it.
CREATE INDEX backend_queue_waiting ON kheya.backend_queue (backend, due) WHERE state = 0;
CREATE INDEX backend_queue_file ON kheya.backend_queue (file) WHERE file IS NOT NULL AND state = 0;

-- A file for a back end of kind csv.  What goes into it is settled here before it
-- is written, so that who is killed while writing writes the same file again.
CREATE TABLE kheya.backend_file (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    backend     text        COLLATE "C" NOT NULL,
    state       smallint    NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 1),
    due         bigint      NOT NULL,
    created     bigint      NOT NULL
);
CREATE INDEX backend_file_waiting ON kheya.backend_file (backend, id) WHERE state = 0;

-- The last good answer to a question that screens ask a back end, for when it is
-- away: id is a keyed hash of what was asked.  No sensitive value is in it.
CREATE TABLE kheya.backend_answer (
    bucket      smallint    NOT NULL,
    id          bytea       NOT NULL,
    at          bigint      NOT NULL,
    until       bigint      NOT NULL,
    answer      text        NOT NULL,
    PRIMARY KEY (bucket, id)
) WITH (fillfactor = 80);
CREATE INDEX backend_answer_until ON kheya.backend_answer (until);

GRANT SELECT, INSERT, UPDATE ON kheya.backend_queue, kheya.backend_file TO kheya_daemon;
GRANT SELECT, INSERT, UPDATE, DELETE ON kheya.backend_answer TO kheya_daemon;
