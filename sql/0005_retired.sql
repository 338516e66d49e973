-- 0005_retired.sql - menu generations end: retired, and later their sources forgotten.

SET LOCAL ROLE kheya_owner;

-- A generation ceased to be current when the next one was published.  retired:
-- its dialogues go on under the current one.  forgotten: no dialogue that could
-- still be resumed names it, and its sources are gone; the row stays, so that a
-- process which starts with old menus does not publish them as new ones.
ALTER TABLE kheya.generation
    ADD COLUMN published_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN resume_ms    bigint      NOT NULL DEFAULT 86400000 CHECK (resume_ms >= 0),
    ADD COLUMN retired      timestamptz,
    ADD COLUMN forgotten    timestamptz;
UPDATE kheya.generation SET published_at = first_seen;

GRANT UPDATE (sources, published_at, resume_ms, retired, forgotten) ON kheya.generation TO kheya_daemon;
