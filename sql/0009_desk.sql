-- 0009_desk.sql - what moves a case on, and what is remembered of it.

SET LOCAL ROLE kheya_owner;

-- seq is the number of its last event; who moves a case on moves it from the
-- seq that he read.  changed is the time of that event.  generation: of the
-- menus it was opened under.  place: where it belongs, as its service says (a
-- union's code).  due: by when an answer is promised, 0 nothing is; overdue: how
-- often that was passed on.  contact: who gets its messages, '' msisdn.  quiet:
-- 0 plain, 1 discreet, 2 no text messages.  actor: who opened it.
ALTER TABLE kheya.case_file
    ADD COLUMN seq        integer  NOT NULL DEFAULT 1 CHECK (seq > 0),
    ADD COLUMN changed    bigint   NOT NULL DEFAULT 0,
    ADD COLUMN lang       text     NOT NULL DEFAULT '',
    ADD COLUMN generation bigint   NOT NULL DEFAULT 0,
    ADD COLUMN place      text     COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN due        bigint   NOT NULL DEFAULT 0,
    ADD COLUMN overdue    smallint NOT NULL DEFAULT 0,
    ADD COLUMN contact    text     COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN quiet      smallint NOT NULL DEFAULT 0 CHECK (quiet BETWEEN 0 AND 2),
    ADD COLUMN channel    text     NOT NULL DEFAULT 'ussd' CHECK (channel IN ('ussd', 'sms')),
    ADD COLUMN actor      text     NOT NULL DEFAULT 'citizen' CHECK (actor IN ('citizen', 'agent'));
UPDATE kheya.case_file f
   SET changed = f.created,
       generation = coalesce((SELECT g.id FROM kheya.generation g ORDER BY g.published DESC LIMIT 1), 0),
       lang = coalesce((SELECT z.lang FROM kheya.citizen z WHERE z.bucket = f.bucket AND z.msisdn = f.msisdn), '');

-- A case is looked for by its number alone.
CREATE UNIQUE INDEX case_file_number ON kheya.case_file (number);
-- The queue of an agency, the oldest first.
CREATE INDEX case_file_queue ON kheya.case_file (agency, state, changed);

-- key names what was done: the same key twice is one event.  kind: who did it
-- (enum desk_actor in the daemon).  actor: his name.
ALTER TABLE kheya.case_event
    ADD COLUMN key  text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN kind text NOT NULL DEFAULT 'citizen'
        CHECK (kind IN ('citizen', 'agent', 'officer', 'agency', 'clock', 'provider', 'operator'));
UPDATE kheya.case_event SET key = 'seq/' || seq;
ALTER TABLE kheya.case_event
    ALTER COLUMN key DROP DEFAULT,
    ALTER COLUMN kind DROP DEFAULT,
    ADD CONSTRAINT case_event_key UNIQUE (bucket, number, key),
    ADD CONSTRAINT case_event_key_given CHECK (key <> '');

-- What the desk did is told too: code is then 'case/NUMBER', turn the event's seq.
ALTER TABLE kheya.audit
    DROP CONSTRAINT audit_actor_check,
    ADD CONSTRAINT audit_actor_check
        CHECK (actor IN ('citizen', 'agent', 'officer', 'agency', 'clock', 'provider', 'operator'));

GRANT UPDATE (state, fields, seq, changed, lang, place, due, overdue, contact, quiet) ON kheya.case_file TO kheya_daemon;
