-- demo.sql - example persons for the demonstration and the tests.  No migration.
--
-- Everybody here is invented: "Example 001" has the phone 8801711000001, and so
-- on to 200.  Loading it again brings the first state back; it touches no
-- phone outside 8801711000001 ... 8801711000200.  README.md lists who has what.
-- Names of places are real, their codes are examples.

BEGIN;

INSERT INTO svc.office (code, agency, en, bn) VALUES
    ('dss-0925', 'dss', 'Char Fasson', 'চরফ্যাশন'),
    ('dss-0918', 'dss', 'Bhola Sadar', 'ভোলা সদর'),
    ('dss-7857', 'dss', 'Galachipa', 'গলাচিপা')
ON CONFLICT (code) DO UPDATE SET agency = excluded.agency, en = excluded.en, bn = excluded.bn;

-- conf/places.csv, centres.csv, agents.csv and fees.csv say the same, in the form of kheya import.
INSERT INTO svc.area (kind, code, parent, en, bn, latn) VALUES
    ('division', '10', '', 'Barishal', 'বরিশাল', 'Borishal'),
    ('district', '09', '10', 'Bhola', 'ভোলা', 'Bhola'),
    ('district', '78', '10', 'Patuakhali', 'পটুয়াখালী', 'Potuakhali'),
    ('upazila', '0918', '09', 'Bhola Sadar', 'ভোলা সদর', 'Bhola Sodor'),
    ('upazila', '0925', '09', 'Char Fasson', 'চরফ্যাশন', 'Chor Fashon'),
    ('upazila', '7857', '78', 'Galachipa', 'গলাচিপা', 'Golachipa')
ON CONFLICT (kind, code) DO UPDATE SET parent = excluded.parent, en = excluded.en, bn = excluded.bn, latn = excluded.latn;

INSERT INTO svc.union_council (code, en, bn, latn, dss_office) VALUES
    ('092544', 'Kukri Mukri', 'কুকরী মুকরী', 'Kukri Mukri', 'dss-0925'),
    ('091827', 'Dhania', 'ধনিয়া', 'Dhonia', 'dss-0918'),
    ('785719', 'Char Kajal', 'চর কাজল', 'Chor Kajol', 'dss-7857')
ON CONFLICT (code) DO UPDATE SET en = excluded.en, bn = excluded.bn, latn = excluded.latn, dss_office = excluded.dss_office;

DELETE FROM svc.beneficiary WHERE msisdn BETWEEN '8801711000001' AND '8801711000200';

-- What the demonstration shows, one row each; state none: no instalment at all.
CREATE TEMPORARY TABLE demo (
    n integer, allowance text, nid4 text, state text, quarter text, taka integer, sent date, provider text, reason text
) ON COMMIT DROP;

INSERT INTO demo VALUES
    (1, 'WDA', '7306', 'paid', 'Q3', 1950, '2026-10-12', 'nagad', NULL),
    (2, 'OAA', '7307', 'scheduled', 'Q3', 1950, NULL, 'bkash', NULL),
    (3, 'WDA', '7308', 'paid', 'Q3', 1950, '2026-10-13', 'bkash', NULL),
    (3, 'DSS', '7309', 'paid', 'Q3', 450, '2026-09-28', 'nagad', NULL),
    (4, 'MCB', '7310', 'none', NULL, NULL, NULL, NULL, NULL),
    (11, 'OAA', '7311', 'returned', 'Q3', 1950, '2026-10-12', NULL, 'F1'),
    (12, 'WDA', '7312', 'returned', 'Q3', 1950, '2026-10-12', 'nagad', 'F2'),
    (13, 'DIS', '7313', 'returned', 'Q3', 2700, '2026-10-12', 'bkash', 'F3'),
    (14, 'OAA', '7314', 'returned', 'Q3', 1950, '2026-10-12', 'nagad', 'F4'),
    (15, 'WDA', '7315', 'returned', 'Q3', 1950, '2026-10-12', 'rocket', 'F5'),
    (16, 'DIS', '7316', 'returned', 'Q3', 2700, '2026-10-12', 'nagad', 'F6'),
    (17, 'MCB', '7317', 'returned', 'Q3', 2550, '2026-10-12', 'bkash', 'F7'),
    (18, 'OAA', '7318', 'returned', 'Q3', 1950, '2026-10-12', 'agent', 'F8');

-- 101 ... 200: a crowd for load, all paid; the digits are 5000 + the person's number.
INSERT INTO demo
SELECT n, (ARRAY['OAA', 'WDA', 'DIS', 'DSS', 'MCB'])[1 + n % 5], (5000 + n)::text, 'paid', 'Q3',
       (ARRAY[1950, 1950, 2700, 450, 2550])[1 + n % 5], DATE '2026-10-11' + n % 5,
       (ARRAY['nagad', 'bkash', 'rocket'])[1 + n % 3], NULL
  FROM generate_series(101, 200) AS n;

INSERT INTO svc.beneficiary (msisdn, allowance, nid4, name, union_code, since)
SELECT (8801711000000 + n)::text, allowance, nid4, 'Example ' || to_char(n, 'FM000'),
       CASE WHEN n <= 100 THEN '092544' WHEN n % 2 = 0 THEN '091827' ELSE '785719' END,
       DATE '2024-07-01'
  FROM demo
 ORDER BY n, allowance;

-- Wallets end in 678, as in the drafts; one instalment before the last is paid too.
INSERT INTO svc.payment (beneficiary, year, quarter, state, taka, sent, provider, wallet, reason)
SELECT b.id, 2026, d.quarter, d.state, d.taka, d.sent, d.provider,
       CASE WHEN d.provider IS NOT NULL THEN '8801711000678' END, d.reason
  FROM demo d
  JOIN svc.beneficiary b ON b.msisdn = (8801711000000 + d.n)::text AND b.allowance = d.allowance
 WHERE d.state <> 'none'
UNION ALL
SELECT b.id, 2026, 'Q2', 'paid', d.taka, DATE '2026-07-09', 'nagad', '8801711000678', NULL
  FROM demo d
  JOIN svc.beneficiary b ON b.msisdn = (8801711000000 + d.n)::text AND b.allowance = d.allowance
 WHERE d.state <> 'none';

-- Example 190 runs the digital centre of Kukri Mukri.
INSERT INTO kheya.centre (code, union_code, en, bn, msisdn, ramp, power) VALUES
    ('092544', '092544', 'Kukri Mukri', 'কুকরী মুকরী', '8801711000189', true, 'solar')
ON CONFLICT (code) DO UPDATE SET en = excluded.en, bn = excluded.bn, msisdn = excluded.msisdn, ramp = excluded.ramp,
    power = excluded.power;
INSERT INTO kheya.agent (msisdn, name, centre, place, sex) VALUES
    ('8801711000190', 'Example 190', 'Kukri Mukri', '092544', 'f')
ON CONFLICT (bucket, msisdn) DO UPDATE SET name = excluded.name, centre = excluded.centre, place = excluded.place,
    sex = excluded.sex, active = true, since = NULL, until = NULL;

-- Shelters of the three unions, their weather today and after, and whom a call for help reaches (191 ... 196).
INSERT INTO svc.shelter (union_code, seq, en, bn, latn, keeper) VALUES
    ('092544', 1, 'School no 2, ward 3 (women''s room)', 'স্কুল, ওয়ার্ড 3 (নারী কক্ষ)', 'School no 2, ward 3 (nari kokkho)', '01711000194'),
    ('092544', 2, 'Raised field (cattle)', 'কিল্লা (গবাদিপশু)', 'Killa (gobadiposhu)', '01711000194'),
    ('091827', 1, 'Madrasa, ward 5', 'মাদ্রাসা, ওয়ার্ড 5', 'Madrasa, ward 5', '01711000195'),
    ('785719', 1, 'Cyclone house, ward 1', 'আশ্রয়কেন্দ্র, ওয়ার্ড 1', 'Ashroykendro, ward 1', '')
ON CONFLICT (union_code, seq) DO UPDATE SET en = excluded.en, bn = excluded.bn, latn = excluded.latn, keeper = excluded.keeper;

INSERT INTO svc.weather (place, day, en, bn, latn)
SELECT p.place, (now() AT TIME ZONE 'Asia/Dhaka')::date + d.n, d.en, d.bn, d.latn
  FROM (VALUES ('09'), ('78')) AS p(place),
       (VALUES (0, 'light rain, wind 25 km', 'হালকা বৃষ্টি', 'halka brishti, batash 25 km'),
               (1, 'rain, wind 40 km', 'বৃষ্টি, জোর বাতাস', 'brishti, batash 40 km'),
               (2, 'sun, wind 10 km', 'রোদ', 'rod, batash 10 km')) AS d(n, en, bn, latn)
ON CONFLICT (place, day) DO UPDATE SET en = excluded.en, bn = excluded.bn, latn = excluded.latn;

-- Advice and prices of today, and an order of the first example person.
INSERT INTO svc.crop_advice (place, crop, stage, told, last, en, bn, latn)
SELECT a.place, a.crop, a.stage, t.day, t.day + 30, a.en, a.bn, a.latn
  FROM (SELECT (now() AT TIME ZONE 'Asia/Dhaka')::date AS day) t,
       (VALUES ('', 'paddy', 'grow', 'Keep 2 inches of water. Look for brown hoppers at the foot.',
                'জমিতে 2 ইঞ্চি পানি রাখুন, গোড়ায় পোকা দেখুন', 'Jomite 2 inchi pani rakhun, goray poka dekhun.'),
               ('09', 'paddy', 'ripe', 'Four in five ripe? Harvest now, rain may come.',
                '80 ভাগ পাকলে এখনই কাটুন, বৃষ্টি আসতে পারে', '80 bhag pakle ekhoni katun, brishti ashte pare.'),
               ('', 'fish', 'grow', 'Feed in the morning. Raise the bank against flood.',
                'সকালে খাবার দিন, পাড় উঁচু করুন', 'Shokale khabar din, par uchu korun.')) AS a(place, crop, stage, en, bn, latn)
ON CONFLICT (place, crop, stage, told) DO UPDATE SET en = excluded.en, bn = excluded.bn, latn = excluded.latn;
INSERT INTO svc.crop_price (place, crop, day, low, high)
SELECT p.place, p.crop, (now() AT TIME ZONE 'Asia/Dhaka')::date - 1, p.low, p.high
  FROM (VALUES ('0925', 'paddy', 30, 34), ('', 'paddy', 28, 36), ('', 'onion', 60, 75), ('0925', 'fish', 180, 260)) AS p(place, crop, low, high)
ON CONFLICT (place, crop, day) DO UPDATE SET low = excluded.low, high = excluded.high;
INSERT INTO svc.shop_order (number, msisdn, what, state, taka, changed)
SELECT '400017', '8801711000001', 'Solar lamp', 'at_centre', 650, (now() AT TIME ZONE 'Asia/Dhaka')::date
ON CONFLICT (number) DO UPDATE SET state = excluded.state, changed = excluded.changed;

INSERT INTO svc.responder (msisdn, role, place) VALUES
    ('8801711000191', 'uno', '0925'), ('8801711000192', 'uno', '0918'), ('8801711000193', 'uno', '7857'),
    ('8801711000194', 'volunteer', '092544'), ('8801711000195', 'volunteer', '091827'),
    ('8801711000196', 'chair', '092544')
ON CONFLICT DO NOTHING;

-- Results of invented rolls: 900001 passed, 900002 did not.
INSERT INTO svc.exam_result (exam, board, year, roll, passed, gpa, published) VALUES
    ('ssc', 'bar', 2026, '900001', true, '4.56', '2026-07-10'),
    ('ssc', 'bar', 2026, '900002', false, '', '2026-07-10'),
    ('hsc', 'dha', 2026, '900001', true, '5.00', '2026-10-16'),
    ('dakhil', 'mad', 2026, '900001', true, '3.89', '2026-07-10')
ON CONFLICT (year, exam, board, roll) DO UPDATE SET passed = excluded.passed, gpa = excluded.gpa,
    published = excluded.published;

-- Clinics of the three unions, with vaccine days of the coming year: the first Monday of each month.
INSERT INTO svc.clinic (union_code, en, bn, ward, vaccine, told)
SELECT u.code, u.en || ' clinic', u.bn || ' ক্লিনিক', 3,
       ARRAY(SELECT m::date + (8 - extract(isodow FROM m)::integer) % 7
               FROM generate_series(date_trunc('month', now()), now() + interval '1 year', interval '1 month') AS m),
       current_date
  FROM svc.union_council u
 WHERE u.code IN ('092544', '091827', '785719')
ON CONFLICT (union_code) DO UPDATE SET vaccine = excluded.vaccine, told = excluded.told;

COMMIT;
