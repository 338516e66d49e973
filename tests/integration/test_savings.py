"""The ledger of savings: finished cases count once, what is opened again is taken back; what everybody may see."""

import json
import random
import time

import pytest

from test_catalogue import kheya
from town import Phone, Town, wait_for

PER = (2, 594, 300)                     # visits, minutes, taka of a complaint that she ended herself, by the baseline


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("savings"))
    try:
        t.start()
        t.sql("UPDATE kheya.citizen SET lang = 'en'")
        yield t
    finally:
        t.stop()


def complained(town, msisdn):
    town.sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) VALUES (kheya.bucket(%s), %s, 'en', '', 0)"
             " ON CONFLICT DO NOTHING", msisdn, msisdn)
    town.sql("INSERT INTO svc.beneficiary (msisdn, allowance, nid4, name, union_code, since) VALUES (%s, 'OAA', '0000', 'Example',"
             " '092544', '2024-07-01')", msisdn)
    phone = Phone(town, msisdn)
    phone.dial("*333*8*1#")
    phone.type("1")
    assert "Answer within 30 working days" in phone.type("1")["text"]
    return town.sql("SELECT number::text FROM kheya.case_file WHERE msisdn = %s", msisdn)[0][0]


def moved(town, number, state):
    done = kheya(town, "case", "move", number, state, "--note", "Example")
    assert done.returncode == 0, done.stderr


def hers(town, msisdn, key):
    """She opens her case and presses a key there."""
    phone = Phone(town, msisdn)
    phone.dial("*333*8*3#")
    phone.type("1")
    return phone.type(key)["text"]


def sums(town):
    return town.sql("SELECT coalesce(sum(sign), 0), coalesce(sum(visits), 0), coalesce(sum(minutes), 0), coalesce(sum(taka), 0)"
                    " FROM kheya.saving")[0]


def test_counted_once_and_taken_back(town):
    who = "8801711700000"
    number = complained(town, who)
    moved(town, number, "received")
    moved(town, number, "answered")
    assert sums(town) == (0, 0, 0, 0), "an answer is not yet a good one"
    hers(town, who, "1")
    wait_for("it is closed", lambda: town.sql("SELECT state FROM kheya.case_file WHERE number = %s", number) == [("closed",)])
    assert sums(town) == (1, *PER)
    kheya(town, "case", "note", number, "--note", "looked at again")
    assert sums(town) == (1, *PER), "a note is no second end"
    said = hers(town, who, "5")
    if "appealed" not in str(town.sql("SELECT state FROM kheya.case_file WHERE number = %s", number)):
        Phone(town, who).type("1")
    wait_for("it is open again", lambda: town.sql("SELECT state FROM kheya.case_file WHERE number = %s", number) == [("appealed",)],
             instead=lambda: said)
    assert sums(town) == (0, 0, 0, 0)
    moved(town, number, "answered")
    hers(town, who, "1")
    wait_for("it is closed", lambda: town.sql("SELECT state FROM kheya.case_file WHERE number = %s", number) == [("closed",)])
    assert sums(town) == (1, *PER)
    assert town.sql("SELECT sign FROM kheya.saving WHERE number = %s ORDER BY seq", number) == [(1,), (-1,), (1,)]
    told = kheya(town, "savings").stdout
    assert "allowance_complaint" in told and "all" in told.splitlines()[-1] and "9.9" in told, told
    assert kheya(town, "savings", "--since", "yesterdayish").returncode == 1


def test_a_baseline_stays(town):
    with pytest.raises(Exception, match="cases are counted by it"):
        town.sql("UPDATE svc.baseline SET taka_before = 1")
    with pytest.raises(Exception, match="must be a day to come"):
        town.sql("INSERT INTO svc.baseline VALUES ('allowance_complaint', 'self', 2, CURRENT_DATE, 9, 9, 9, 0, 0, 0, '{closed}')")
    town.sql("INSERT INTO svc.baseline VALUES ('allowance_complaint', 'self', 2, CURRENT_DATE + 2, 9, 9, 9, 0, 0, 0, '{closed}')")
    assert sums(town) == (1, *PER)


def test_what_everybody_may_see(town):
    """Random ends and reopenings: the sums are those of closed cases; fewer than 10 are told nowhere."""
    rnd = random.Random(7)
    made = town.sql("SELECT (extract(epoch FROM now()) * 1000)::bigint")[0][0]
    closed = 1
    for n in range(60):
        place = "092544" if n < 45 else "091827" if n < 53 else "785719"
        town.sql("INSERT INTO kheya.case_file (bucket, number, service, agency, msisdn, code, turn, state, fields, created, changed, place)"
                 " VALUES (kheya.bucket(%s), %s, 'allowance_complaint', 'dss', %s, '333', 1, 'closed', '{}', %s, %s, %s)",
                 f"88017117{n:05}", 8500000000 + n, f"88017117{n:05}", made, made, place)
        walk = rnd.choice((["submitted", "answered", "closed"], ["submitted", "closed", "appealed"], ["submitted"],
                           ["submitted", "closed", "appealed", "answered", "closed"]))
        closed += walk[-1] == "closed"
        for seq, state in enumerate(walk, 1):
            town.sql("INSERT INTO kheya.case_event (bucket, number, seq, at, kind, actor, state, key)"
                     " VALUES (kheya.bucket(%s), %s, %s, %s, 'citizen', '', %s, %s)", f"88017117{n:05}", 8500000000 + n, seq, made,
                     state, f"seq/{seq}")
    assert sums(town) == (closed, *(closed * n for n in PER))
    shown = json.loads(town.sql("SELECT kheya.public_json()")[0][0])
    assert shown["schema"] == "kheya-public-1" and shown["cases"] == closed and shown["taka"] == closed * 300
    places = {row["key"]: row["cases"] for row in shown["tables"]["upazila"]}
    few = town.sql("SELECT upazila, sum(sign) FROM kheya.saving GROUP BY 1 HAVING sum(sign) BETWEEN 1 AND 9")
    assert few and all(place not in places for place, _ in few)
    hidden = closed - sum(places.values())
    said = town.sql("SELECT count(*) FILTER (WHERE good), count(*) FILTER (WHERE NOT good) FROM kheya.verdict")[0]
    both = min(said) >= 10
    for name, n in zip(("good", "not_good"), said):
        assert shown["tables"][name] == ([{"key": "allowance_complaint", "cases": n}] if both else []), (name, said)
    assert said[0] == closed, "good is what she closed herself, once a case"
    town.sql("UPDATE kheya.case_event SET state = 'closed' WHERE state = 'appealed' AND number % 2 = 0 AND number >= 8500000000")
    few = town.sql("SELECT count(*) FROM kheya.verdict WHERE NOT good")[0][0]
    again = json.loads(town.sql("SELECT kheya.public_json()")[0][0])
    assert few >= 10 or again["tables"]["good"] == again["tables"]["not_good"] == []
    assert hidden == 0 or hidden >= 10, "what is not told cannot be found out from the total"


def test_the_page(town):
    """From memory, without a script; asked of the database again after a start."""
    town.kheyads[0].kill()
    town.start_kheyad()
    town.ready()
    base = f"http://127.0.0.1:{town.http[0]}"
    wait_for("the document", lambda: town.get(base + "/public.json", quiet=True) or "")
    shown = json.loads(town.get(base + "/public.json"))
    assert shown["cases"] >= 10
    for path, words in (("/public", "hours spared"), ("/public/bn", "ঘণ্টা বেঁচেছে")):
        page = town.get(base + path)
        title = "Allowance complaint" if path == "/public" else "ভাতার অভিযোগ"
        assert title in page and "allowance" not in page.replace(title, "")
        assert words in page and "<svg" in page and "<script" not in page and "http" not in page.split("<body>")[1]
    town.dev_db("stop")
    assert json.loads(town.get(base + "/public.json"))["cases"] == shown["cases"]
    town.start_database()


def test_a_status_counts_once(town, phone_of):
    """Who looks again at the same reads it again, and nothing more was spared."""
    one = phone_of(town)
    town.sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) VALUES (kheya.bucket(%s), %s, 'en', '', 0)", one.msisdn, one.msisdn)
    before = town.sql("SELECT coalesce(sum(visits), 0), coalesce(sum(minutes), 0), coalesce(sum(taka), 0) FROM kheya.saving"
                      " WHERE service = 'passport_status'")[0]
    for _ in range(2):
        shown = one.dial("*333*3*1#")["text"]
        if "Continue?" in shown:
            one.type("2")
        time.sleep(1)
        one.type("4001123456780")
        assert "Printed" in one.type("06031958")["text"]
    after = town.sql("SELECT coalesce(sum(visits), 0), coalesce(sum(minutes), 0), coalesce(sum(taka), 0) FROM kheya.saving"
                     " WHERE service = 'passport_status'")[0]
    assert tuple(a - b for a, b in zip(after, before)) == (1, 477, 300)


def pressed_and_killed(town, msisdn, number, want, delay):
    """Her move to a state, with kheyad dying at any moment of its last key; she dials again as long as it is not made."""
    def state():
        return town.sql("SELECT state FROM kheya.case_file WHERE number = %s", number)[0][0]
    was = state()
    keys = ["1"] if want == "closed" else ["5" if was == "closed" else "2", "1"]
    for tries in range(3):
        phone = Phone(town, msisdn)
        phone.dial("*333*8*3#")
        shown = phone.type("1")["text"]
        for key in keys[:-1]:
            shown = phone.type(key)["text"]
        time.sleep(1)                       # the same key at once would be the telco's resend
        before = phone.send("/type", text=keys[-1])
        if tries == 0:
            time.sleep(delay)
            town.kheyads[0].kill()
            town.start_kheyad()
            town.ready()
        phone.wait(before, 30)
        if state() != was:
            break
    assert state() == want, (was, keys, shown)


def test_sums_after_kills(town):
    """A random walk of cases through deaths of kheyad: the ledger's sums are the closed cases, each event there once."""
    rnd = random.Random(20261127)
    before = sums(town)
    walks = {}
    ends = [("closed",), ("closed", "appealed"), ("appealed",), ("closed", "appealed", "answered", "closed")]
    rnd.shuffle(ends)
    for n, end in enumerate(ends):
        who = f"88017119000{n}2"
        number = complained(town, who)
        moved(town, number, "received")
        moved(town, number, "answered")
        for state in end:
            if state == "answered":
                moved(town, number, state)
            else:
                pressed_and_killed(town, who, number, state, rnd.choice((0.0, 0.005, 0.01, 0.03, 0.06)))
        walks[number] = ("submitted", "received", "answered", *end)
    closed = 0
    for number, walk in walks.items():
        rows = town.sql("SELECT state FROM kheya.case_event WHERE number = %s ORDER BY seq", number)
        assert tuple(state for state, in rows) == walk
        signs = [sign for sign, in town.sql("SELECT sign FROM kheya.saving WHERE number = %s ORDER BY seq", number)]
        want = [1 if state == "closed" else -1 for state in walk if state in ("closed", "appealed")]
        assert signs == (want if want[0] == 1 else want[1:]), "an appeal of what never counted takes nothing back"
        closed += walk[-1] == "closed"
    assert closed == 2 and tuple(a - b for a, b in zip(sums(town), before)) == (closed, *(closed * n for n in PER))
