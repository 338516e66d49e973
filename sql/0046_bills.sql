-- 0046_bills.sql - bills: whom one pays, by which number a bill is known, whether somebody has paid it; and what a paid bill spares.

SET LOCAL ROLE kheya_owner;

-- In the order of their numbers on the screen.  rule is what a number on their paper looks like, blanks and dashes taken away;
-- what names it, as people say it.  kheya import billers.
CREATE TABLE svc.biller (
    code        text        COLLATE "C" PRIMARY KEY CHECK (code ~ '^[A-Z][A-Z0-9]{1,11}$'),     -- on receipts too
    option      smallint    NOT NULL CHECK (option BETWEEN 1 AND 9),
    en          text        NOT NULL CHECK (length(en) BETWEEN 1 AND 18),
    bn          text        NOT NULL CHECK (length(bn) BETWEEN 1 AND 16),
    latn        text        NOT NULL CHECK (length(latn) BETWEEN 1 AND 18),
    what_en     text        NOT NULL CHECK (length(what_en) BETWEEN 1 AND 30),
    what_bn     text        NOT NULL CHECK (length(what_bn) BETWEEN 1 AND 20),
    what_latn   text        NOT NULL CHECK (length(what_latn) BETWEEN 1 AND 30),
    shortest       smallint    NOT NULL CHECK (shortest BETWEEN 4 AND 20),           -- digits of the number
    longest        smallint    NOT NULL CHECK (longest BETWEEN 4 AND 20),
    example     text        COLLATE "C" NOT NULL CHECK (example ~ '^[0-9]+$'),
    CONSTRAINT biller_option UNIQUE (option) DEFERRABLE INITIALLY IMMEDIATE,
    CHECK (shortest <= longest AND length(example) BETWEEN shortest AND longest)
);

INSERT INTO svc.biller VALUES
    ('BREB', 1, 'Palli Bidyut', 'পল্লী বিদ্যুৎ', 'Palli Bidyut', 'account number on the bill', 'বিলের হিসাব নম্বর', 'biller hishab nombor', 10, 16, '1012345678901'),
    ('BPDB', 2, 'PDB electricity', 'পিডিবি বিদ্যুৎ', 'PDB bidyut', 'customer number on the bill', 'বিলের গ্রাহক নম্বর', 'biller grahok nombor', 7, 12, '31234567'),
    ('DESCO', 3, 'DESCO electricity', 'ডেসকো বিদ্যুৎ', 'DESCO bidyut', 'account number on the bill', 'বিলের হিসাব নম্বর', 'biller hishab nombor', 8, 12, '12345678'),
    ('NESCO', 4, 'NESCO electricity', 'নেসকো বিদ্যুৎ', 'NESCO bidyut', 'customer number on the bill', 'বিলের গ্রাহক নম্বর', 'biller grahok nombor', 8, 12, '71234567'),
    ('LDTAX', 5, 'Land tax', 'জমির খাজনা', 'Jomir khajna', 'holding number of the land', 'জমির হোল্ডিং নম্বর', 'jomir holding nombor', 4, 16, '1234567'),
    ('CHALLAN', 6, 'Passport fee', 'পাসপোর্টের ফি', 'Passport-er fee', 'number on your passport slip', 'পাসপোর্ট স্লিপ নম্বর', 'passport slip-er nombor', 10, 13, '4001123456789'),
    ('UPTAX', 7, 'Union holding tax', 'ইউনিয়নের কর', 'Union-er kor', 'holding number of the house', 'বাড়ির হোল্ডিং নম্বর', 'barir holding nombor', 4, 12, '12345'),
    ('EXAM', 8, 'Exam form', 'পরীক্ষার ফরম', 'Porikkhar form', 'registration number', 'রেজিস্ট্রেশন নম্বর', 'registration nombor', 8, 16, '1912345678');

CREATE FUNCTION svc.billers() RETURNS TABLE (code text, en text, bn text, latn text, what_en text, what_bn text, what_latn text,
        shortest smallint, longest smallint, example text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT b.code, b.en, b.bn, b.latn, b.what_en, b.what_bn, b.what_latn, b.shortest, b.longest, b.example
      FROM svc.biller b ORDER BY b.option LIMIT 9
$$;

-- A number as its biller has it; no row: no number of this biller looks so.
CREATE FUNCTION svc.bill_number(biller text, typed text) RETURNS TABLE (no text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT t.no
      FROM (SELECT translate(bill_number.typed, '-', '') AS no) t
      JOIN svc.biller b ON b.code = bill_number.biller
     WHERE t.no ~ '^[0-9]+$' AND length(t.no) BETWEEN b.shortest AND b.longest
$$;

-- What a payment of a bill is for, and how that stands: free, pending (somebody was asked for the money) or settled.
CREATE FUNCTION svc.bill_stands(biller text, no text, period text) RETURNS TABLE (about text, stands text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT k.about, coalesce((SELECT CASE p.state WHEN 'confirmed' THEN 'settled' ELSE 'pending' END FROM kheya.payment p
                               WHERE p.bucket = kheya.bucket(k.about) AND p.about = k.about
                                 AND p.state IN ('quoted', 'requested', 'approved', 'confirmed')
                               ORDER BY p.created DESC LIMIT 1), 'free')
      FROM (SELECT bill_stands.biller || ' ' || bill_stands.no || ' ' || bill_stands.period AS about) k
$$;

REVOKE ALL ON FUNCTION svc.billers(), svc.bill_number(text, text), svc.bill_stands(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.billers(), svc.bill_number(text, text), svc.bill_stands(text, text, text) TO kheya_menu;

-- --- the ledger of savings ---------------------------------------------------------------

ALTER TABLE svc.baseline DISABLE TRIGGER baseline_stays;        -- nothing was counted by it
INSERT INTO svc.baseline VALUES
    ('bill', 'self', 1, '2000-01-01', 1, 180, 60, 0, 6, 0, '{confirmed}', '{refunded}');
ALTER TABLE svc.baseline ENABLE TRIGGER baseline_stays;

-- Cases as before; and bills, whose events are those of their payments.  (A fee's payment is part of its case.)
CREATE OR REPLACE VIEW kheya.saving AS
    WITH acts AS (
        SELECT f.bucket, f.number::text AS what, f.number, f.service, f.created, left(f.place, 4) AS upazila,
               (CASE WHEN f.actor = 'agent' THEN 'assisted' ELSE 'self' END) COLLATE "C" AS scope, v.seq, v.at, v.state
          FROM kheya.case_file f
          JOIN kheya.case_event v ON v.bucket = f.bucket AND v.number = f.number
        UNION ALL
        SELECT p.bucket, p.ref, 0, 'bill', p.created, '', 'self', e.seq, e.at, e.state
          FROM kheya.payment p
          JOIN kheya.payment_event e ON e.bucket = p.bucket AND e.ref = p.ref
         WHERE p.service = ''),
    told AS (
        SELECT a.*, b.version, b.visits_before - b.visits_after AS visits, b.minutes_before - b.minutes_after AS minutes,
               b.taka_before - b.taka_after AS taka, CASE WHEN a.state = ANY (b.counted) THEN 1 ELSE -1 END AS sign
          FROM acts a
         CROSS JOIN LATERAL (SELECT b.* FROM svc.baseline b
                              WHERE b.service = a.service AND b.scope = a.scope AND b.since <= kheya.day(a.created)
                              ORDER BY b.since DESC LIMIT 1) b
         WHERE a.state = ANY (b.counted) OR a.state = ANY (b.reversed)),
    turned AS (SELECT t.*, lag(t.sign, 1, -1) OVER (PARTITION BY t.bucket, t.what ORDER BY t.seq) AS before FROM told t)
    SELECT number, seq, at, kheya.day(at) AS day, service, scope, version, upazila, sign, sign * visits AS visits,
           sign * minutes AS minutes, sign * taka AS taka
      FROM turned
     WHERE sign <> before;
