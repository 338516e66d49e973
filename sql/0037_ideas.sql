-- 0037_ideas.sql - ideas of citizens, and their votes: one a number and week.
--
-- An idea is a case of the service idea.  What others read of it are the words that an operator wrote when she showed
-- it (the note of its last event shown): nobody's own words are shown to others.  A vote is an event idea_vote of the
-- audit, written by the step that thanks for it.

SET LOCAL ROLE kheya_owner;

-- Weeks begin on Sunday, by the clock of Bangladesh; 1970 began on a Thursday.
CREATE FUNCTION kheya.week_began(at bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
AS $$
    SELECT (at + 21600000 + 345600000) / 604800000 * 604800000 - 345600000 - 21600000
$$;

-- The first of a number in a week counts; later ones can only come of two dialogues of a number at the same moment.
CREATE VIEW kheya.idea_vote AS
    SELECT DISTINCT ON (a.bucket, a.msisdn, kheya.week_began(a.at))
           a.msisdn, kheya.week_began(a.at) AS week, a.at, (a.fields ->> 'idea')::bigint AS idea
      FROM kheya.audit a
     WHERE a.event = 'idea_vote' AND a.fields ->> 'idea' ~ '^[0-9]{10}$'
     ORDER BY a.bucket, a.msisdn, kheya.week_began(a.at), a.at, a.id;
CREATE INDEX audit_vote_number ON kheya.audit (bucket, msisdn, at) WHERE event = 'idea_vote';
CREATE INDEX audit_vote_idea ON kheya.audit ((fields ->> 'idea')) WHERE event = 'idea_vote';

CREATE INDEX case_file_idea ON kheya.case_file ((left(place, 4)), created DESC) WHERE service = 'idea';

-- The words that others read; NULL while it has none.
CREATE FUNCTION kheya.idea_words(number bigint, bucket smallint) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT left(e.note, 60) FROM kheya.case_event e
     WHERE e.bucket = idea_words.bucket AND e.number = idea_words.number AND e.state = 'shown' AND e.note <> ''
     ORDER BY e.seq DESC LIMIT 1
$$;

-- How many voted for it; counted to 1000.
CREATE FUNCTION kheya.idea_count(number bigint) RETURNS integer
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT count(*)::integer
      FROM (SELECT FROM kheya.audit a
             WHERE a.event = 'idea_vote' AND a.fields ->> 'idea' = idea_count.number::text
               AND NOT EXISTS (SELECT FROM kheya.audit b
                                WHERE b.event = 'idea_vote' AND b.bucket = a.bucket AND b.msisdn = a.msisdn
                                  AND b.at >= kheya.week_began(a.at) AND (b.at, b.id) < (a.at, a.id))
             LIMIT 1000) v
$$;

-- The newest 200 that are shown in an upazila.
CREATE FUNCTION kheya.ideas_of(place text)
    RETURNS TABLE (number bigint, words text)
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT f.number, w.words
      FROM kheya.case_file f CROSS JOIN LATERAL (SELECT kheya.idea_words(f.number, f.bucket) AS words) w
     WHERE f.service = 'idea' AND left(f.place, 4) = left(ideas_of.place, 4)
       AND f.state IN ('shown', 'popular', 'with_office', 'tried') AND w.words IS NOT NULL
     ORDER BY f.created DESC LIMIT 200
$$;

-- For auditors and for who decides what is popular.
CREATE VIEW kheya.idea AS
    SELECT f.number, left(f.place, 4) AS upazila, f.state, f.fields ->> 'category' AS category,
           kheya.idea_words(f.number, f.bucket) AS words, coalesce(v.votes, 0) AS votes
      FROM kheya.case_file f
      LEFT JOIN (SELECT v.idea, count(*) AS votes FROM kheya.idea_vote v GROUP BY v.idea) v ON v.idea = f.number
     WHERE f.service = 'idea';
GRANT SELECT ON kheya.idea, kheya.idea_vote TO kheya_auditor, kheya_operator;

-- --- what the menus may ask ------------------------------------------------------

-- Three to vote on: others each week, the same all week.
CREATE FUNCTION svc.ideas_to_vote(place text) RETURNS TABLE (no text, words text, votes integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT i.number::text, i.words, kheya.idea_count(i.number)
      FROM (SELECT * FROM kheya.ideas_of(ideas_to_vote.place) o
             ORDER BY md5(o.number::text || '/' || kheya.week_began((extract(epoch FROM now()) * 1000)::bigint)), o.number LIMIT 3) i
$$;

-- One with two longer words in common, the most alike.
CREATE FUNCTION svc.idea_like(place text, said text) RETURNS TABLE (no text, words text, votes integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    WITH mine AS MATERIALIZED (SELECT DISTINCT w FROM regexp_split_to_table(lower(left(idea_like.said, 200)), '[\s,.;:!?।()/-]+') AS w
                                WHERE length(w) >= 4)
    SELECT i.number::text, i.words, kheya.idea_count(i.number)
      FROM (SELECT o.number, o.words, count(*) AS common
              FROM kheya.ideas_of(idea_like.place) o
             CROSS JOIN LATERAL (SELECT DISTINCT t FROM regexp_split_to_table(lower(o.words), '[\s,.;:!?।()/-]+') AS t) x
              JOIN mine ON mine.w = x.t
             GROUP BY o.number, o.words HAVING count(*) >= 2
             ORDER BY count(*) DESC, o.number DESC LIMIT 1) i
$$;

-- A row: she voted in this week, and may again from next.
CREATE FUNCTION svc.my_vote(msisdn text) RETURNS TABLE (again date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT kheya.day(w.began + 604800000)
      FROM (SELECT kheya.week_began((extract(epoch FROM now()) * 1000)::bigint) AS began) w
     WHERE EXISTS (SELECT FROM kheya.audit a WHERE a.event = 'idea_vote' AND a.bucket = kheya.bucket(my_vote.msisdn)
                      AND a.msisdn = my_vote.msisdn AND a.at >= w.began)
$$;

REVOKE ALL ON FUNCTION kheya.week_began(bigint), kheya.idea_words(bigint, smallint), kheya.idea_count(bigint), kheya.ideas_of(text),
    svc.ideas_to_vote(text), svc.idea_like(text, text), svc.my_vote(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.ideas_to_vote(text), svc.idea_like(text, text), svc.my_vote(text) TO kheya_menu;
GRANT EXECUTE ON FUNCTION kheya.week_began(bigint), kheya.idea_words(bigint, smallint) TO kheya_auditor, kheya_operator;
