-- 0019_push.sql - messages that go to a screen first.

SET LOCAL ROLE kheya_owner;

-- dial: what to open on her screen, as if she had dialled it, where the network lets
-- us begin dialogues; '' nothing.  pushed: 1 it went to her screen, and waits to
-- go as a message at later if nobody tells that it was shown; 2 it was not shown.
ALTER TABLE kheya.outbox
    ADD COLUMN dial   text     NOT NULL DEFAULT '' CHECK (dial = '' OR dial ~ '^\*[0-9*]+#$'),
    ADD COLUMN pushed smallint NOT NULL DEFAULT 0 CHECK (pushed BETWEEN 0 AND 2);
