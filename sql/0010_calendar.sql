-- 0010_calendar.sql - which days are worked, and when services are open.

SET LOCAL ROLE kheya_owner;

-- Days of the week that are not worked, 0 = Sunday.
CREATE TABLE kheya.weekend (
    weekday     smallint    PRIMARY KEY CHECK (weekday BETWEEN 0 AND 6)
);
INSERT INTO kheya.weekend VALUES (5), (6);

-- Single days: holidays, or days that are worked though they fall on a weekend.
CREATE TABLE kheya.holiday (
    day         date        PRIMARY KEY CHECK (day BETWEEN '2000-01-01' AND '2199-12-31'),
    worked      boolean     NOT NULL DEFAULT false,
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 80)
);

-- When a service with a window takes something: from opens to closes, both days
-- included.  place '' is the whole country; a place that has rows of its own
-- goes by them alone, a service that has none for the country by its menu.
CREATE TABLE kheya.service_window (
    service     text        COLLATE "C" NOT NULL CHECK (length(service) BETWEEN 1 AND 64),
    place       text        COLLATE "C" NOT NULL DEFAULT '' CHECK (length(place) <= 30),
    opens       date        NOT NULL DEFAULT '-infinity',
    closes      date        NOT NULL DEFAULT 'infinity' CHECK (closes >= opens),
    PRIMARY KEY (service, place, opens)
);

-- A number that grows whenever the calendar or the windows change, whoever
-- changes them: the daemons read them again.
CREATE TABLE kheya.edition (
    name        text        COLLATE "C" PRIMARY KEY,
    number      bigint      NOT NULL
);
INSERT INTO kheya.edition VALUES ('calendar', 1), ('windows', 1);

CREATE FUNCTION kheya.new_edition() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    UPDATE kheya.edition e SET number = e.number + 1 WHERE e.name = TG_ARGV[0];
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION kheya.new_edition() FROM PUBLIC;
CREATE TRIGGER edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON kheya.weekend
    FOR EACH STATEMENT EXECUTE FUNCTION kheya.new_edition('calendar');
CREATE TRIGGER edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON kheya.holiday
    FOR EACH STATEMENT EXECUTE FUNCTION kheya.new_edition('calendar');
CREATE TRIGGER edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON kheya.service_window
    FOR EACH STATEMENT EXECUTE FUNCTION kheya.new_edition('windows');

GRANT SELECT ON kheya.edition TO kheya_daemon;
GRANT SELECT, INSERT, UPDATE, DELETE ON kheya.weekend, kheya.holiday, kheya.service_window TO kheya_daemon;
