-- 0039_savings.sql - the ledger of savings: visits, time and cost that a finished case spared a citizen.
--
-- Three numbers, never added to one another.  An entry is an event of a case by which it is done, as its service's
-- baseline says, and what reopens it is an entry that takes them back.  The ledger is a view over the events: what is
-- resent or killed cannot put anything into it twice.

SET LOCAL ROLE kheya_owner;

-- Before there was this line, and with it: visits to offices, minutes, taka (fees, travel; no wages).  A case counts by
-- the version that stood on the day on which it was opened.
CREATE TABLE svc.baseline (
    service         text        COLLATE "C" NOT NULL CHECK (service ~ '^[a-z][a-z0-9_]{0,39}$'),
    scope           text        COLLATE "C" NOT NULL CHECK (scope IN ('self', 'assisted')),
    version         smallint    NOT NULL CHECK (version > 0),
    since           date        NOT NULL,
    visits_before   smallint    NOT NULL CHECK (visits_before BETWEEN 0 AND 99),
    minutes_before  integer     NOT NULL CHECK (minutes_before BETWEEN 0 AND 99999),
    taka_before     integer     NOT NULL CHECK (taka_before BETWEEN 0 AND 99999),
    visits_after    smallint    NOT NULL CHECK (visits_after BETWEEN 0 AND 99),
    minutes_after   integer     NOT NULL CHECK (minutes_after BETWEEN 0 AND 99999),
    taka_after      integer     NOT NULL CHECK (taka_after BETWEEN 0 AND 99999),
    counted         text[]      NOT NULL CHECK (cardinality(counted) BETWEEN 1 AND 16),      -- states in which it is done
    reversed        text[]      NOT NULL DEFAULT '{}' CHECK (cardinality(reversed) <= 16),   -- in which it is no more
    PRIMARY KEY (service, scope, version),
    UNIQUE (service, scope, since),
    CHECK (NOT counted && reversed)
);
INSERT INTO svc.baseline VALUES
    ('allowance_complaint', 'self', 1, '2000-01-01', 2, 600, 300, 0, 6, 0, '{closed}', '{appealed}'),
    ('allowance_complaint', 'assisted', 1, '2000-01-01', 2, 600, 300, 0, 60, 40, '{closed}', '{appealed}'),
    ('overcharge', 'self', 1, '2000-01-01', 2, 600, 300, 0, 6, 0, '{closed}', '{appealed}'),
    ('assisted_application', 'assisted', 1, '2000-01-01', 3, 840, 400, 0, 90, 70, '{received}', '{withdrawn}'),
    ('birth_copy', 'self', 1, '2000-01-01', 1, 180, 60, 0, 6, 0, '{received}', '{rejected,given_back}'),
    ('birth_copy', 'assisted', 1, '2000-01-01', 1, 180, 60, 0, 60, 30, '{received}', '{rejected,given_back}'),
    ('relief', 'self', 1, '2000-01-01', 2, 180, 40, 0, 6, 0, '{listed}', '{rejected,duplicate}'),
    ('relief', 'assisted', 1, '2000-01-01', 2, 180, 40, 0, 60, 0, '{listed}', '{rejected,duplicate}');

-- What was counted stays: a version begins on a day that has not begun, and is never changed.
CREATE FUNCTION kheya.baseline_stays() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD.since <= (now() AT TIME ZONE 'Asia/Dhaka')::date) THEN
        RAISE EXCEPTION 'baseline % %, version %: cases are counted by it; put a new version beside it', OLD.service, OLD.scope, OLD.version;
    ELSIF NEW.since <= (now() AT TIME ZONE 'Asia/Dhaka')::date THEN
        RAISE EXCEPTION 'baseline % %, version %: since % must be a day to come', NEW.service, NEW.scope, NEW.version, NEW.since;
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION kheya.baseline_stays() FROM PUBLIC;
CREATE TRIGGER baseline_stays BEFORE INSERT OR UPDATE OR DELETE ON svc.baseline
    FOR EACH ROW EXECUTE FUNCTION kheya.baseline_stays();

-- sign 1: done; -1: taken back, with the same numbers.
CREATE VIEW kheya.saving AS
    WITH told AS (
        SELECT f.bucket, f.number, v.seq, v.at, f.service, b.scope, b.version, left(f.place, 4) AS upazila,
               b.visits_before - b.visits_after AS visits, b.minutes_before - b.minutes_after AS minutes,
               b.taka_before - b.taka_after AS taka, CASE WHEN v.state = ANY (b.counted) THEN 1 ELSE -1 END AS sign
          FROM kheya.case_file f
         CROSS JOIN LATERAL (SELECT b.* FROM svc.baseline b
                              WHERE b.service = f.service AND b.scope = CASE WHEN f.actor = 'agent' THEN 'assisted' ELSE 'self' END
                                AND b.since <= kheya.day(f.created)
                              ORDER BY b.since DESC LIMIT 1) b
          JOIN kheya.case_event v ON v.bucket = f.bucket AND v.number = f.number
                                 AND (v.state = ANY (b.counted) OR v.state = ANY (b.reversed))),
    turned AS (SELECT t.*, lag(t.sign, 1, -1) OVER (PARTITION BY t.bucket, t.number ORDER BY t.seq) AS before FROM told t)
    SELECT number, seq, at, kheya.day(at) AS day, service, scope, version, upazila, sign, sign * visits AS visits,
           sign * minutes AS minutes, sign * taka AS taka
      FROM turned
     WHERE sign <> before;

GRANT SELECT ON svc.baseline, kheya.saving TO kheya_auditor, kheya_operator, kheya_daemon;
GRANT INSERT ON svc.baseline TO kheya_daemon;

-- --- what everybody may see -------------------------------------------------------

-- Sums of finished cases by service, upazila, scope and day (of the last 30), as JSON.  A cell of fewer than 10 cases is
-- not told, nor as many of the next smallest as make those that are not told 10 together: no cell can be found out by
-- taking the others from the total.
CREATE FUNCTION kheya.public_json() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    WITH done AS (
        SELECT s.service, s.upazila, s.scope, s.day::text AS day, s.sign, s.visits, s.minutes, s.taka FROM kheya.saving s),
    cells AS (
        SELECT 'service' AS by, d.service AS key, sum(d.sign) AS n, sum(d.visits) AS visits, sum(d.minutes) AS minutes, sum(d.taka) AS taka
          FROM done d GROUP BY d.service
        UNION ALL
        SELECT 'upazila', coalesce(nullif(d.upazila, ''), 'unknown'), sum(d.sign), sum(d.visits), sum(d.minutes), sum(d.taka)
          FROM done d GROUP BY 2
        UNION ALL
        SELECT 'scope', d.scope, sum(d.sign), sum(d.visits), sum(d.minutes), sum(d.taka) FROM done d GROUP BY d.scope
        UNION ALL
        SELECT 'day', d.day, sum(d.sign), sum(d.visits), sum(d.minutes), sum(d.taka)
          FROM done d WHERE d.day >= ((now() AT TIME ZONE 'Asia/Dhaka')::date - 30)::text GROUP BY d.day),
    sorted AS (
        SELECT c.*, coalesce(sum(c.n) OVER (PARTITION BY c.by ORDER BY c.n, c.key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS smaller,
               min(c.n) OVER (PARTITION BY c.by) AS least
          FROM cells c WHERE c.n > 0),
    shown AS (SELECT s.*, s.n >= 10 AND NOT (s.least < 10 AND s.smaller < 10) AS told FROM sorted s),
    total AS (SELECT coalesce(sum(d.sign), 0) AS n, coalesce(sum(d.visits), 0) AS visits, coalesce(sum(d.minutes), 0) AS minutes,
                     coalesce(sum(d.taka), 0) AS taka FROM done d)
    SELECT json_build_object(
        'schema', 'kheya-public-1', 'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'least', 10,
        'cases', CASE WHEN t.n >= 10 THEN t.n END, 'visits', CASE WHEN t.n >= 10 THEN t.visits END,
        'minutes', CASE WHEN t.n >= 10 THEN t.minutes END, 'taka', CASE WHEN t.n >= 10 THEN t.taka END,
        'tables', (SELECT json_object_agg(b.by, coalesce((
                       SELECT json_agg(json_build_object('key', s.key, 'cases', s.n, 'visits', s.visits, 'minutes', s.minutes, 'taka', s.taka)
                                       ORDER BY s.key)
                         FROM shown s WHERE s.by = b.by AND s.told), '[]'::json))
                     FROM (VALUES ('service'), ('upazila'), ('scope'), ('day')) AS b(by)))::text
      FROM total t
$$;
REVOKE ALL ON FUNCTION kheya.public_json() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kheya.public_json() TO kheya_daemon, kheya_operator, kheya_auditor;
