-- 0003_generations.sql - which menu generation is the current one, for all processes.

SET LOCAL ROLE kheya_owner;

-- The generation with the greatest number is the current one: new dialogues run
-- under it.  A number is given by each publication, so that an older
-- generation can be published again.
CREATE SEQUENCE kheya.publication;
ALTER TABLE kheya.generation ADD COLUMN published bigint NOT NULL DEFAULT 0;
UPDATE kheya.generation g SET published = nextval('kheya.publication')
    FROM (SELECT id FROM kheya.generation ORDER BY first_seen) o WHERE o.id = g.id;
CREATE UNIQUE INDEX generation_published ON kheya.generation (published);

GRANT UPDATE (published) ON kheya.generation TO kheya_daemon;
GRANT USAGE ON SEQUENCE kheya.publication TO kheya_daemon;
