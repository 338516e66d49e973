-- 0020_clock.sql - when the clock looks at a case, and who waits for a service to open.

SET LOCAL ROLE kheya_owner;

-- wake: when the clock is to look at the case, 0 at once; whoever moves a case on
-- sets it to 0.  It is leased by moving it forward.  NULL: there is nothing to
-- wait for.  office: that an overdue case was passed on to, '' its own.
ALTER TABLE kheya.case_file
    ADD COLUMN wake   bigint DEFAULT 0,
    ADD COLUMN office text   COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX case_file_wake ON kheya.case_file (wake, bucket, number) WHERE wake IS NOT NULL;
GRANT UPDATE (wake, office) ON kheya.case_file TO kheya_daemon;

-- By which calendar and which menus the days of all cases were counted: while it
-- is not the current one, all that have something to wait for are looked at again.
INSERT INTO kheya.edition VALUES ('clock_calendar', 0), ('clock_menus', 0);
GRANT UPDATE (number) ON kheya.edition TO kheya_daemon;

-- told: when the message went into the outbox, NULL while it waits.  key names
-- the keypress that put it here: when its step runs again, it is here once.
CREATE TABLE kheya.waitlist (
    bucket      smallint    NOT NULL,
    msisdn      text        COLLATE "C" NOT NULL,
    service     text        COLLATE "C" NOT NULL,
    place       text        COLLATE "C" NOT NULL DEFAULT '',
    lang        text        NOT NULL,
    since       bigint      NOT NULL,
    key         text        COLLATE "C" NOT NULL,
    told        bigint,
    PRIMARY KEY (bucket, msisdn, service, place)
);
CREATE INDEX waitlist_waiting ON kheya.waitlist (service, place) WHERE told IS NULL;
GRANT SELECT, INSERT, UPDATE ON kheya.waitlist TO kheya_daemon;
