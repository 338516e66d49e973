-- 0034_drafts.sql - dialogues that were dropped with some answers in them, whose people are told once that they can go on.

SET LOCAL ROLE kheya_owner;

-- turn: of the session when it was left; whoever went on has another one.
CREATE TABLE kheya.draft (
    bucket      smallint    NOT NULL,
    msisdn      text        COLLATE "C" NOT NULL,
    code        text        COLLATE "C" NOT NULL,
    turn        integer     NOT NULL,
    due         bigint      NOT NULL,
    PRIMARY KEY (bucket, msisdn, code)
) WITH (fillfactor = 80);
CREATE INDEX draft_due ON kheya.draft (due);

CREATE FUNCTION kheya.keep_draft(number text, code text, turn integer, due bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $$
    INSERT INTO kheya.draft AS d (bucket, msisdn, code, turn, due)
    VALUES (kheya.bucket(keep_draft.number), keep_draft.number, keep_draft.code, keep_draft.turn, keep_draft.due)
    ON CONFLICT (bucket, msisdn, code) DO UPDATE SET turn = EXCLUDED.turn, due = EXCLUDED.due WHERE d.turn < EXCLUDED.turn
$$;

-- As the others of 0031.  Once a day a number; what is an hour late, because nothing ran, is not told.
CREATE FUNCTION kheya.tell_drafts(now bigint, max integer, words kheya.words[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    d kheya.draft;
    n integer := 0;
BEGIN
    FOR d IN SELECT k.* FROM kheya.draft k WHERE k.due <= now ORDER BY k.due LIMIT max FOR UPDATE SKIP LOCKED LOOP
        n := n + 1;
        DELETE FROM kheya.draft k WHERE k.bucket = d.bucket AND k.msisdn = d.msisdn AND k.code = d.code;
        IF d.due > now - 3600000 AND EXISTS (SELECT FROM kheya.session s
                WHERE s.bucket = d.bucket AND s.msisdn = d.msisdn AND s.code = d.code AND s.open AND s.turn = d.turn) THEN
            PERFORM kheya.put_words('draft/' || d.msisdn || '/' || kheya.day(now), d.msisdn, 'draft', 0::smallint, words, now);
        END IF;
    END LOOP;
    RETURN n;
END
$$;

REVOKE ALL ON FUNCTION kheya.keep_draft(text, text, integer, bigint), kheya.tell_drafts(bigint, integer, kheya.words[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kheya.keep_draft(text, text, integer, bigint), kheya.tell_drafts(bigint, integer, kheya.words[])
    TO kheya_daemon;
