-- 0038_crops.sql - advice for crops, their prices, and orders of ekShop, for the menus.

SET LOCAL ROLE kheya_owner;

-- What to do now for a crop at a stage, as the agriculture office of a place says it: a union's code or how it begins, ''
-- the country.  told: the day on which it was said; it counts till the last day.
CREATE TABLE svc.crop_advice (
    place       text        COLLATE "C" NOT NULL CHECK (place ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})?$'),
    crop        text        COLLATE "C" NOT NULL CHECK (crop ~ '^[a-z]{2,10}$'),
    stage       text        COLLATE "C" NOT NULL CHECK (stage IN ('sow', 'grow', 'ripe', 'kept')),
    told        date        NOT NULL,
    last        date        NOT NULL,
    en          text        NOT NULL CHECK (length(en) BETWEEN 1 AND 80),
    bn          text        NOT NULL CHECK (length(bn) BETWEEN 1 AND 50),
    latn        text        NOT NULL CHECK (length(latn) BETWEEN 1 AND 80),
    PRIMARY KEY (place, crop, stage, told),
    CHECK (told <= last)
);

-- What a kilo brought at a market of the place on a day, in taka.
CREATE TABLE svc.crop_price (
    place       text        COLLATE "C" NOT NULL CHECK (place ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})?$'),
    crop        text        COLLATE "C" NOT NULL CHECK (crop ~ '^[a-z]{2,10}$'),
    day         date        NOT NULL,
    low         integer     NOT NULL CHECK (low BETWEEN 1 AND 99999),
    high        integer     NOT NULL CHECK (high BETWEEN 1 AND 99999),
    PRIMARY KEY (place, crop, day),
    CHECK (low <= high)
);

-- Orders that were made at a centre, by the phone they were made for.
CREATE TABLE svc.shop_order (
    number      text        COLLATE "C" PRIMARY KEY CHECK (number ~ '^[0-9]{4,10}$'),
    msisdn      text        COLLATE "C" NOT NULL CHECK (msisdn ~ '^8801[3-9][0-9]{8}$'),
    what        text        NOT NULL CHECK (length(what) BETWEEN 1 AND 20),
    state       text        COLLATE "C" NOT NULL CHECK (state IN ('ordered', 'confirmed', 'shipped', 'at_centre', 'delivered', 'returned')),
    taka        integer     NOT NULL CHECK (taka BETWEEN 0 AND 99999),
    changed     date        NOT NULL
);
CREATE INDEX shop_order_msisdn ON svc.shop_order (msisdn, changed DESC);

CREATE FUNCTION svc.crop_advice(place text, crop text, stage text, today date)
    RETURNS TABLE (en text, bn text, latn text, told date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT a.en, a.bn, a.latn, a.told
      FROM svc.crop_advice a
     WHERE a.place IN ('', left(crop_advice.place, 2), left(crop_advice.place, 4), crop_advice.place)
       AND a.crop = crop_advice.crop AND a.stage = crop_advice.stage AND crop_advice.today BETWEEN a.told AND a.last
     ORDER BY length(a.place) DESC, a.told DESC LIMIT 1
$$;

CREATE FUNCTION svc.crop_price(place text, crop text, today date)
    RETURNS TABLE (low integer, high integer, day date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT p.low, p.high, p.day
      FROM svc.crop_price p
     WHERE p.place IN ('', left(crop_price.place, 2), left(crop_price.place, 4), crop_price.place)
       AND p.crop = crop_price.crop AND p.day BETWEEN crop_price.today - 14 AND crop_price.today
     ORDER BY length(p.place) DESC, p.day DESC LIMIT 1
$$;

CREATE FUNCTION svc.my_orders(msisdn text)
    RETURNS TABLE (number text, what text, state text, taka integer, changed date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT o.number, o.what, o.state, o.taka, o.changed
      FROM svc.shop_order o WHERE o.msisdn = my_orders.msisdn
     ORDER BY o.changed DESC, o.number LIMIT 4
$$;

REVOKE ALL ON FUNCTION svc.crop_advice(text, text, text, date), svc.crop_price(text, text, date), svc.my_orders(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.crop_advice(text, text, text, date), svc.crop_price(text, text, date), svc.my_orders(text) TO kheya_menu;
