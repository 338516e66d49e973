-- 0001_engine.sql - what the engine keeps: sessions, citizens, cases, messages.
--
-- Times are milliseconds since 1970-01-01 UTC.  bucket is the hash of the
-- subscriber's number (store_bucket() in the daemon): first in every primary
-- key of the hot path, so that a batch can be cut by it and the tables can be
-- distributed; no statement joins two subscribers.
-- Keys are COLLATE "C": bytes are compared as the daemon sorts them.

-- Roles belong to the whole cluster: another database may have made them.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT * FROM (VALUES ('kheya_owner', 'LOGIN'),      -- migrations; owns everything
                                        ('kheya_daemon', 'LOGIN'),     -- kheyad: only what its statements need
                                        ('kheya_menu', 'NOLOGIN'))     -- an operator's queries: schema svc only
                              AS r(name, login)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.login);
        END IF;
    END LOOP;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'roles kheya_owner, kheya_daemon and kheya_menu are missing and % may not create them',
            current_user;
    WHEN duplicate_object OR unique_violation THEN
        NULL;                           -- another migration beside us was faster
END
$$;

-- kheyad asks the questions of screens after SET ROLE kheya_menu
DO $$
BEGIN
    IF NOT pg_has_role('kheya_daemon', 'kheya_menu', 'MEMBER') THEN
        GRANT kheya_menu TO kheya_daemon;
    END IF;
END
$$;

CREATE SCHEMA kheya AUTHORIZATION kheya_owner;
SET LOCAL ROLE kheya_owner;

-- One row per migration; the greatest is the version of the database.
CREATE TABLE kheya.version (
    version     integer     PRIMARY KEY,
    name        text        NOT NULL,
    applied     timestamptz NOT NULL DEFAULT now()
);

-- One row per subscriber and service code.  It is never deleted: turn only
-- grows, so (msisdn, code, turn) names a step for ever (case_file relies on it).
-- Every step updates the row, so: no other index and free room in each page,
-- which keeps the updates HOT; state is bytea because jsonb costs a third of
-- the rate.
CREATE TABLE kheya.session (
    bucket      smallint    NOT NULL,
    msisdn      text        COLLATE "C" NOT NULL,
    code        text        COLLATE "C" NOT NULL,
    turn        integer     NOT NULL CHECK (turn > 0),
    open        boolean     NOT NULL,   -- not ended: may be continued
    generation  bigint      NOT NULL,   -- of the menus it runs under
    at          bigint      NOT NULL,   -- last step
    screen      text        NOT NULL,   -- for people; state is the truth
    state       bytea       NOT NULL,   -- the engine's own
    PRIMARY KEY (bucket, msisdn, code)
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0.2,
    autovacuum_analyze_scale_factor = 0.1,
    autovacuum_vacuum_cost_delay = 1
);

-- What is known of a subscriber beyond one dialogue.
CREATE TABLE kheya.citizen (
    bucket      smallint    NOT NULL,
    msisdn      text        COLLATE "C" NOT NULL,
    lang        text        NOT NULL,   -- language chosen
    link        text        NOT NULL,   -- link she last dialled in from: messages go out there
    seen        bigint      NOT NULL,
    PRIMARY KEY (bucket, msisdn)
) WITH (fillfactor = 70);

-- A case a citizen opened.  The second key makes a step open it once, whatever
-- is resent, redialled or killed.
CREATE TABLE kheya.case_file (
    bucket      smallint    NOT NULL,
    number      bigint      NOT NULL CHECK (number BETWEEN 1000000000 AND 9999999999),
    service     text        NOT NULL,
    agency      text        NOT NULL,
    msisdn      text        COLLATE "C" NOT NULL,
    code        text        COLLATE "C" NOT NULL,
    turn        integer     NOT NULL,
    state       text        NOT NULL,
    fields      jsonb       NOT NULL CHECK (jsonb_typeof(fields) = 'object'),
    created     bigint      NOT NULL,
    PRIMARY KEY (bucket, number),
    CONSTRAINT case_file_step UNIQUE (bucket, msisdn, code, turn, service)
);

-- What happened to it, in order.
CREATE TABLE kheya.case_event (
    bucket      smallint    NOT NULL,
    number      bigint      NOT NULL,
    seq         integer     NOT NULL,
    at          bigint      NOT NULL,
    actor       text        NOT NULL,
    state       text        NOT NULL,
    note        text        NOT NULL DEFAULT '',
    PRIMARY KEY (bucket, number, seq)
);

-- Messages to be sent.  cause: one row per cause, however often it is asked for.
-- state: 0 waiting, 1 taken (leased until lease_until), 2 accepted by bearerbox,
-- 3 sent, 4 delivered, 5 undelivered, 6 failed (enum store_sms_state).
CREATE TABLE kheya.outbox (
    bucket      smallint    NOT NULL,   -- of the subscriber whose step caused it
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    cause       text        COLLATE "C" NOT NULL,
    receiver    text        NOT NULL,
    link        text        NOT NULL,
    lang        text        NOT NULL,
    class       text        NOT NULL,
    text        text        NOT NULL,
    state       smallint    NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 6),
    tries       integer     NOT NULL DEFAULT 0,
    due         bigint      NOT NULL,
    taker       integer,                -- process that holds or held the lease
    lease_until bigint,
    note        text        NOT NULL DEFAULT '',
    created     bigint      NOT NULL,
    changed     bigint      NOT NULL,
    PRIMARY KEY (bucket, id),
    CONSTRAINT outbox_cause UNIQUE (bucket, cause)
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 5000
);

-- A take reads the head of these two, whatever stands behind it.
CREATE INDEX outbox_waiting ON kheya.outbox (due) WHERE state = 0;
CREATE INDEX outbox_taken ON kheya.outbox (lease_until) WHERE state = 1;

-- Eight digits of a case number follow the series (its first digit); a process
-- leases a run of them.
CREATE TABLE kheya.case_series (
    series      smallint    PRIMARY KEY CHECK (series BETWEEN 1 AND 9),
    next        bigint      NOT NULL DEFAULT 0 CHECK (next BETWEEN 0 AND 100000000)
);
INSERT INTO kheya.case_series (series) SELECT generate_series(1, 9);

-- Sources of every menu generation that ran, so that a session ends under the
-- menus it began with, after a restart and on another process too.
CREATE TABLE kheya.generation (
    id          bigint      PRIMARY KEY,
    sources     bytea       NOT NULL,
    first_seen  timestamptz NOT NULL DEFAULT now()
);

GRANT USAGE ON SCHEMA kheya TO kheya_daemon;
GRANT SELECT ON kheya.version TO kheya_daemon;
GRANT SELECT, INSERT, UPDATE ON kheya.session, kheya.citizen, kheya.outbox TO kheya_daemon;
GRANT SELECT, INSERT ON kheya.case_file, kheya.case_event, kheya.generation TO kheya_daemon;
GRANT SELECT, UPDATE ON kheya.case_series TO kheya_daemon;

-- Questions run after SET ROLE kheya_menu on a connection of kheya_daemon's:
-- with set_config('role', 'none', false) a query could undo that.  (SET and
-- RESET cannot stand inside a query.)
RESET ROLE;
DO $$
BEGIN
    REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO kheya_owner, kheya_daemon;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE WARNING 'set_config() stays open to the queries of menus: run this migration as a superuser';
END
$$;
