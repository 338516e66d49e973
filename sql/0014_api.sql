-- 0014_api.sql - the ministry API: its cases in the order that it reads them, and what it has signed.

SET LOCAL ROLE kheya_owner;

-- One index for each order of a page: all, those in a state, those that changed.
CREATE INDEX case_file_created ON kheya.case_file (agency, created, number);
CREATE INDEX case_file_state ON kheya.case_file (agency, state, created, number);
CREATE INDEX case_file_changed ON kheya.case_file (agency, changed, number);

-- A request is good once: its nonce is kept until its signature is too old for
-- any process.
CREATE TABLE kheya.api_nonce (
    key         text        COLLATE "C" NOT NULL,
    nonce       text        COLLATE "C" NOT NULL,
    until       bigint      NOT NULL,
    PRIMARY KEY (key, nonce)
);
CREATE INDEX api_nonce_until ON kheya.api_nonce (until);

GRANT SELECT, INSERT, UPDATE, DELETE ON kheya.api_nonce TO kheya_daemon;
