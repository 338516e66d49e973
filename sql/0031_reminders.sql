-- 0031_reminders.sql - whom we tell without being asked: who agreed to hear of services and of days, and whose money was sent.
--
-- The menus open a case of the service reminder, or of service_news, exactly once, by her own keypress.  What she said
-- moves from the case into the tables here, so that it is in one place, and goes when she stops: the event messages_off
-- of the audit, by the same step as the page that says so.

SET LOCAL ROLE kheya_owner;

-- On which days after the day that she told (before it: negative) a message goes.  An exam's has none: it goes when
-- results are out.
CREATE TABLE svc.schedule (
    kind        text        COLLATE "C" NOT NULL CHECK (kind IN ('birth', 'vaccine', 'hearing')),
    days        smallint    NOT NULL CHECK (days BETWEEN -30 AND 3650),
    source      text        NOT NULL CHECK (length(source) BETWEEN 1 AND 80),
    PRIMARY KEY (kind, days)
);
-- A vaccine's is the day before.
INSERT INTO svc.schedule VALUES
    ('birth', 40, 'Birth and Death Registration Rules: free till day 45'),
    ('vaccine', 41, 'EPI: week 6'), ('vaccine', 69, 'EPI: week 10'), ('vaccine', 97, 'EPI: week 14'),
    ('vaccine', 269, 'EPI: month 9'), ('vaccine', 449, 'EPI: month 15'),
    ('hearing', -1, 'The day before, with the original deeds');

-- What a number is to hear of.  about: the day, or the exam as ssc/dha/2026.  next: the day of its next message; NULL:
-- results are not out.  A row whose last message went is gone.
CREATE TABLE kheya.reminder (
    bucket      smallint    NOT NULL,
    msisdn      text        COLLATE "C" NOT NULL,
    kind        text        COLLATE "C" NOT NULL CHECK (kind IN ('birth', 'vaccine', 'hearing', 'exam')),
    about       text        COLLATE "C" NOT NULL,
    day         date,
    number      bigint      NOT NULL,   -- of the case
    since       bigint      NOT NULL,
    next        date,
    PRIMARY KEY (bucket, msisdn, kind, about),
    CHECK (day IS NOT NULL OR kind = 'exam'), CHECK (next IS NOT NULL OR kind = 'exam')
);
CREATE INDEX reminder_next ON kheya.reminder (next) WHERE next IS NOT NULL;
CREATE INDEX reminder_exam ON kheya.reminder (about) WHERE next IS NULL;

-- Who wants to hear when a service is for her: her answers to "Can I get it?", and the version of the words that she
-- agreed to.  looked: the last day on which the rules were held against them.
CREATE TABLE kheya.watcher (
    bucket      smallint    NOT NULL,
    msisdn      text        COLLATE "C" NOT NULL,
    number      bigint      NOT NULL,   -- of the case
    sex         text        NOT NULL,
    born        date        NOT NULL,
    income      text        NOT NULL,
    status      text        NOT NULL,
    home        text        COLLATE "C" NOT NULL,
    consent     text        NOT NULL,
    since       bigint      NOT NULL,
    looked      date        NOT NULL,
    PRIMARY KEY (bucket, msisdn)
) WITH (fillfactor = 80);
CREATE INDEX watcher_looked ON kheya.watcher (looked);

-- Of which services she was told.
CREATE TABLE kheya.rule_told (
    bucket      smallint    NOT NULL,
    msisdn      text        COLLATE "C" NOT NULL,
    service     text        COLLATE "C" NOT NULL,
    at          bigint      NOT NULL,
    PRIMARY KEY (bucket, msisdn, service)
);

CREATE FUNCTION kheya.next_due(kind text, day date, after date) RETURNS date
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT min(next_due.day + s.days) FROM svc.schedule s
     WHERE s.kind = next_due.kind AND next_due.day + s.days > next_due.after
$$;

-- At most nine reminders a number.  Nothing here may fail: it would take her step with it.
CREATE FUNCTION kheya.take_wish() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    f jsonb := NEW.fields;
    today date := kheya.day(NEW.created);
    due date;
    about text := f ->> 'day';
BEGIN
    NEW.fields := '{}';
    IF NEW.service = 'service_news' THEN
        INSERT INTO kheya.watcher AS w (bucket, msisdn, number, sex, born, income, status, home, consent, since, looked)
        SELECT NEW.bucket, NEW.msisdn, NEW.number, f ->> 'sex', (f ->> 'born')::date, f ->> 'income', f ->> 'status',
               coalesce(f ->> 'home', ''), f ->> 'consent', NEW.created, today
         WHERE f ->> 'born' IS NOT NULL AND f ->> 'sex' IS NOT NULL AND f ->> 'income' IS NOT NULL
           AND f ->> 'status' IS NOT NULL AND f ->> 'consent' IS NOT NULL
        ON CONFLICT (bucket, msisdn) DO UPDATE SET number = EXCLUDED.number, sex = EXCLUDED.sex, born = EXCLUDED.born,
            income = EXCLUDED.income, status = EXCLUDED.status, home = EXCLUDED.home, consent = EXCLUDED.consent,
            since = EXCLUDED.since, looked = EXCLUDED.looked;
        RETURN NEW;
    END IF;
    IF f ->> 'kind' = 'exam' THEN
        about := concat_ws('/', f ->> 'exam', f ->> 'board', f ->> 'year');
    ELSE
        due := kheya.next_due(f ->> 'kind', (f ->> 'day')::date, today - 1);
    END IF;
    INSERT INTO kheya.reminder (bucket, msisdn, kind, about, day, number, since, next)
    SELECT NEW.bucket, NEW.msisdn, f ->> 'kind', about, (f ->> 'day')::date, NEW.number, NEW.created, due
     WHERE (f ->> 'kind' = 'exam' OR (due IS NOT NULL AND f ->> 'kind' IN ('birth', 'vaccine', 'hearing')))
       AND (SELECT count(*) FROM kheya.reminder r WHERE r.bucket = NEW.bucket AND r.msisdn = NEW.msisdn) < 9
    ON CONFLICT DO NOTHING;
    RETURN NEW;
END
$$;
CREATE TRIGGER case_file_wish BEFORE INSERT ON kheya.case_file FOR EACH ROW
    WHEN (NEW.service IN ('reminder', 'service_news')) EXECUTE FUNCTION kheya.take_wish();

-- which: a kind, news, or all.
CREATE FUNCTION kheya.end_wish() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    which text := NEW.fields ->> 'which';
BEGIN
    DELETE FROM kheya.reminder r
     WHERE r.bucket = NEW.bucket AND r.msisdn = NEW.msisdn AND which IN (r.kind, 'all');
    IF which IN ('news', 'all') THEN
        DELETE FROM kheya.watcher w WHERE w.bucket = NEW.bucket AND w.msisdn = NEW.msisdn;
        DELETE FROM kheya.rule_told t WHERE t.bucket = NEW.bucket AND t.msisdn = NEW.msisdn;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_wish AFTER INSERT ON kheya.audit FOR EACH ROW
    WHEN (NEW.event = 'messages_off') EXECUTE FUNCTION kheya.end_wish();

-- Other rules: everybody is looked at again.
CREATE FUNCTION kheya.rules_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    UPDATE kheya.watcher SET looked = DATE '2000-01-01';
    RETURN NULL;
END
$$;
CREATE TRIGGER rule_changed AFTER INSERT OR UPDATE ON svc.rule FOR EACH STATEMENT EXECUTE FUNCTION kheya.rules_changed();

-- --- whose money was sent ------------------------------------------------------------

-- told: 0 of nothing, 1 that it was sent, 2 asked once more.  What was sent before this came is not told of.
ALTER TABLE svc.payment ADD COLUMN told smallint NOT NULL DEFAULT 0 CHECK (told BETWEEN 0 AND 2);
CREATE INDEX payment_untold ON svc.payment (sent) WHERE state = 'paid' AND told = 0;
CREATE INDEX payment_unasked ON svc.payment (sent) WHERE state = 'paid' AND told < 2;
CREATE INDEX audit_payment ON kheya.audit ((fields ->> 'payment')) WHERE event IN ('payment_got', 'payment_missing');

-- As in 0002, with a name of the payment for what she says of it.
DROP FUNCTION svc.last_payment(text, text, text);
CREATE FUNCTION svc.last_payment(msisdn text, allowance text, nid4 text)
    RETURNS TABLE (state text, taka integer, sent date, wallet text, provider text, period text, reason text, id text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT coalesce(p.state, 'none'), p.taka, p.sent, p.wallet, p.provider, p.quarter, p.reason,
           p.beneficiary || '/' || p.year || '/' || p.quarter
      FROM svc.beneficiary b
      LEFT JOIN svc.payment p ON p.beneficiary = b.id
     WHERE b.msisdn = last_payment.msisdn AND b.allowance = last_payment.allowance AND b.nid4 = last_payment.nid4
     ORDER BY p.year DESC NULLS LAST, p.quarter DESC, b.id
     LIMIT 1
$$;

-- --- who is to be told now -------------------------------------------------------------
--
-- Each of these takes at most max, puts their messages into the outbox and marks them, in one transaction: who is killed
-- has done all of it or nothing, and two processes take different ones.  words: the messages of the menus by what they
-- are due for and by language, the tree's first one first.  Answers how many were looked at.

CREATE TYPE kheya.words AS (due text, lang text, class text, words text);

CREATE FUNCTION kheya.put_words(cause text, receiver text, due text, quiet smallint, words kheya.words[], now bigint)
    RETURNS void
    LANGUAGE sql SET search_path = pg_catalog
AS $$
    INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, quiet, due, created, changed)
    SELECT kheya.bucket(put_words.receiver), put_words.cause, put_words.receiver, '', w.lang, w.class, w.words, put_words.quiet,
           put_words.now, put_words.now, put_words.now
      FROM unnest(put_words.words) WITH ORDINALITY AS w(due, lang, class, words, n)
      LEFT JOIN kheya.citizen z ON z.bucket = kheya.bucket(put_words.receiver) AND z.msisdn = put_words.receiver
     WHERE w.due = put_words.due
     ORDER BY w.lang IS DISTINCT FROM z.lang, w.n LIMIT 1
    ON CONFLICT (bucket, cause) DO NOTHING
$$;

-- Services that are for her today and were not when she agreed, or by rules that were not there then; that she does not
-- get, and has not asked for.
CREATE FUNCTION kheya.newly_for(w kheya.watcher, today date) RETURNS SETOF text
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT DISTINCT r.service FROM svc.rule r
     WHERE kheya.rule_holds(r, w.sex, w.born, w.income, w.status, w.home, today)
       AND NOT EXISTS (SELECT FROM svc.rule o
                        WHERE o.service = r.service AND o.added <= w.since
                          AND kheya.rule_holds(o, w.sex, w.born, w.income, w.status, w.home, kheya.day(w.since)))
       AND NOT EXISTS (SELECT FROM svc.beneficiary b WHERE b.msisdn = w.msisdn AND b.allowance = r.service)
       AND NOT EXISTS (SELECT FROM kheya.case_file f
                        WHERE f.bucket = w.bucket AND f.msisdn = w.msisdn AND f.service = 'allowance_application'
                          AND f.fields ->> 'allowance' = r.service)
     ORDER BY r.service
$$;

CREATE FUNCTION kheya.tell_rules(now bigint, max integer, words kheya.words[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    w kheya.watcher;
    today date := kheya.day(now);
    first text;
    n integer := 0;
BEGIN
    FOR w IN SELECT k.* FROM kheya.watcher k WHERE k.looked < today ORDER BY k.looked LIMIT max FOR UPDATE SKIP LOCKED LOOP
        n := n + 1;
        UPDATE kheya.watcher k SET looked = today WHERE k.bucket = w.bucket AND k.msisdn = w.msisdn;
        WITH put AS (INSERT INTO kheya.rule_told AS t (bucket, msisdn, service, at)
                     SELECT w.bucket, w.msisdn, s, now FROM kheya.newly_for(w, today) AS s
                     ON CONFLICT DO NOTHING RETURNING t.service)
        SELECT min(put.service) INTO first FROM put;
        IF first IS NOT NULL THEN
            PERFORM kheya.put_words('rule/' || first || '/' || w.number, w.msisdn, 'rule', 0::smallint, words, now);
        END IF;
    END LOOP;
    RETURN n;
END
$$;

-- What is more than three days late, because nothing ran, is not told.
CREATE FUNCTION kheya.tell_reminders(now bigint, max integer, words kheya.words[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    r kheya.reminder;
    today date := kheya.day(now);
    later date;
    n integer := 0;
BEGIN
    UPDATE kheya.reminder k SET next = today
      FROM (SELECT e.bucket, e.msisdn, e.about FROM kheya.reminder e
             WHERE e.next IS NULL
               AND EXISTS (SELECT FROM svc.exam_result x
                            WHERE x.exam = split_part(e.about, '/', 1) AND x.board = split_part(e.about, '/', 2)
                              AND x.year = split_part(e.about, '/', 3)::smallint AND x.published <= today)
             LIMIT max FOR UPDATE SKIP LOCKED) AS e
     WHERE k.bucket = e.bucket AND k.msisdn = e.msisdn AND k.kind = 'exam' AND k.about = e.about;
    FOR r IN SELECT k.* FROM kheya.reminder k
              WHERE k.next <= today AND k.kind IN (SELECT w.due FROM unnest(words) AS w)
              ORDER BY k.next LIMIT max FOR UPDATE SKIP LOCKED LOOP
        n := n + 1;
        IF r.next >= today - 3 THEN
            PERFORM kheya.put_words('remind/' || r.kind || '/' || r.number || '/' || r.next, r.msisdn, r.kind, 0::smallint,
                                    words, now);
        END IF;
        later := kheya.next_due(r.kind, r.day, today);
        IF later IS NOT NULL THEN
            UPDATE kheya.reminder k SET next = later
             WHERE k.bucket = r.bucket AND k.msisdn = r.msisdn AND k.kind = r.kind AND k.about = r.about;
        ELSE
            DELETE FROM kheya.reminder k
             WHERE k.bucket = r.bucket AND k.msisdn = r.msisdn AND k.kind = r.kind AND k.about = r.about;
        END IF;
    END LOOP;
    RETURN n;
END
$$;

-- That money was sent, within three days of it (step 1); and ten days after it, to whom neither said that it came nor
-- that it did not (step 2).  A widow's and a mother's message says only that there is news.
CREATE FUNCTION kheya.tell_payment(p svc.payment, step smallint, words kheya.words[], now bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
    about text := p.beneficiary || '/' || p.year || '/' || p.quarter;
    b svc.beneficiary;
BEGIN
    UPDATE svc.payment y SET told = step
     WHERE y.beneficiary = p.beneficiary AND y.year = p.year AND y.quarter = p.quarter;
    IF step = 2 AND EXISTS (SELECT FROM kheya.audit a
                             WHERE a.event IN ('payment_got', 'payment_missing') AND a.fields ->> 'payment' = about) THEN
        RETURN;
    END IF;
    SELECT * INTO b FROM svc.beneficiary x WHERE x.id = p.beneficiary;
    PERFORM kheya.put_words('paid/' || about || '/' || step, b.msisdn, CASE step WHEN 1 THEN 'payment' ELSE 'payment_again' END,
                            CASE WHEN b.allowance IN ('WDA', 'MCB') THEN 1 ELSE 0 END::smallint, words, now);
END
$$;

CREATE FUNCTION kheya.tell_payments(now bigint, max integer, words kheya.words[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    p svc.payment;
    today date := kheya.day(now);
    n integer := 0;
BEGIN
    IF EXISTS (SELECT FROM unnest(words) AS w WHERE w.due = 'payment') THEN
        FOR p IN SELECT y.* FROM svc.payment y WHERE y.state = 'paid' AND y.told = 0 AND y.sent BETWEEN today - 3 AND today
                  LIMIT max FOR UPDATE SKIP LOCKED LOOP
            n := n + 1;
            PERFORM kheya.tell_payment(p, 1::smallint, words, now);
        END LOOP;
    END IF;
    IF n < max AND EXISTS (SELECT FROM unnest(words) AS w WHERE w.due = 'payment_again') THEN
        FOR p IN SELECT y.* FROM svc.payment y
                  WHERE y.state = 'paid' AND y.told < 2 AND y.sent BETWEEN today - 13 AND today - 10
                  LIMIT max - n FOR UPDATE SKIP LOCKED LOOP
            n := n + 1;
            PERFORM kheya.tell_payment(p, 2::smallint, words, now);
        END LOOP;
    END IF;
    RETURN n;
END
$$;

-- --- what the menus may ask ------------------------------------------------------

-- The day of the first message; no row: there is none to come.
CREATE FUNCTION svc.remind_when(kind text, day date, today date) RETURNS TABLE (next date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT d FROM kheya.next_due(remind_when.kind, remind_when.day, remind_when.today - 1) AS d WHERE d IS NOT NULL
$$;

-- Is something of this kind on for a number (news: of services)?  full: nine are, of any kind.
CREATE FUNCTION svc.my_wishes(msisdn text, kind text) RETURNS TABLE (active boolean, "full" boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT CASE my_wishes.kind WHEN 'news' THEN EXISTS (SELECT FROM kheya.watcher w
                WHERE w.bucket = kheya.bucket(my_wishes.msisdn) AND w.msisdn = my_wishes.msisdn)
           ELSE coalesce(bool_or(r.kind = my_wishes.kind), false) END, count(*) >= 9
      FROM kheya.reminder r
     WHERE r.bucket = kheya.bucket(my_wishes.msisdn) AND r.msisdn = my_wishes.msisdn
$$;

REVOKE ALL ON FUNCTION kheya.next_due(text, date, date), kheya.take_wish(), kheya.end_wish(), kheya.rules_changed(),
    svc.last_payment(text, text, text), kheya.put_words(text, text, text, smallint, kheya.words[], bigint),
    kheya.newly_for(kheya.watcher, date), kheya.tell_rules(bigint, integer, kheya.words[]),
    kheya.tell_reminders(bigint, integer, kheya.words[]), kheya.tell_payment(svc.payment, smallint, kheya.words[], bigint),
    kheya.tell_payments(bigint, integer, kheya.words[]), svc.remind_when(text, date, date), svc.my_wishes(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.last_payment(text, text, text), svc.remind_when(text, date, date), svc.my_wishes(text, text)
    TO kheya_menu;
GRANT EXECUTE ON FUNCTION kheya.tell_rules(bigint, integer, kheya.words[]), kheya.tell_reminders(bigint, integer, kheya.words[]),
    kheya.tell_payments(bigint, integer, kheya.words[]) TO kheya_daemon;
