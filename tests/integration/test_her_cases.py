"""A citizen sees what became of her cases, by USSD and by text message, and moves them herself: once, whoever else
moves them at the same moment and whatever dies meanwhile.  Another's case is not there for her."""

import concurrent.futures
import re
import subprocess
import time

import pytest

from citizen import damm
from town import BUILD, TREE, wait_for

MENUS = TREE / "tests" / "dialog" / "cases"
CODE = "*333#"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    from town import Town
    t = Town(tmp_path_factory.mktemp("cases"), menus=MENUS)
    try:
        yield t.start()
    finally:
        t.stop()


def office(town, number, state, *more):
    done = subprocess.run([BUILD / "kheya", "case", "--database", town.conninfo, "--by", "Office", *more, "move", number,
                           state], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def history(town, number):
    return town.sql("SELECT seq, kind, state, note FROM kheya.case_event WHERE number = %s ORDER BY seq", int(number))


def first(phone):
    """The last page of a submit stands before it until a bearer says that she has seen it."""
    shown = phone.dial(CODE)
    return None if "Your number" in shown["text"] or shown["state"] != "shown" else shown


def dial(phone, *keys):
    """From the first screen, whatever was left open."""
    shown = wait_for("a first screen", lambda: first(phone))
    if "Continue?" in shown["text"]:
        shown = phone.type("2")
    for key in keys:
        shown = phone.type(key)
    return shown["text"]


def file(phone):
    """A new case of hers; its number."""
    return re.search(r"Your number (\d{10})", dial(phone, "3"))[1]


def test_seen(town, phone_of):
    phone = phone_of(town)
    number = file(phone)
    page = dial(phone, "1")
    assert f"1 {number} Kept safe" in page
    page = phone.type("1")["text"]
    assert page.startswith(f"New roof {number[:4]} {number[4:8]} {number[8:]}\nKept safe\n3 Take it back"), page
    office(town, number, "received")
    today = town.sql("SELECT to_char(kheya.day((extract(epoch FROM now()) * 1000)::bigint), 'FMDD Mon')")[0][0]
    page = dial(phone, "2", number)
    assert f"Office has it, {today}" in page
    page = phone.type("6")["text"]
    assert page.startswith(f"Office has it, {today}\n{today} Kept safe"), page
    office(town, number, "need_info", "--note", "Which wall is down?")
    dial(phone, "2", number)
    assert "They ask: Which wall is down?" in phone.type("4")["text"]


def test_not_hers(town, phone_of):
    phone, other = phone_of(town), phone_of(town)
    number = file(phone)
    absent = "900000001"
    absent += str(damm(absent))
    pages = [dial(other, "2", number), dial(other, "2", absent)]
    assert pages[0] == pages[1] and "We do not find it." in pages[0]
    wrong = number[:-2] + number[-1] + number[-2] if number[-1] != number[-2] else number[:-1] + str((int(number[-1]) + 1) % 10)
    assert "That is not the number. Look again: 10 digits." in dial(phone, "2", wrong)
    assert "We do not find it." in dial(other, "5", number, "1234563456", "4824")
    # the right second key
    town.sql("UPDATE kheya.case_file SET fields = fields || '{\"card\": \"3456\", \"nid4\": \"4824\"}' WHERE number = %s",
             int(number))
    assert f"{number} Kept safe" in dial(other, "5", number, "1234563456", "4824")
    assert "We do not find it." in dial(other, "5", number, "1234563457", "4824")
    # the contact of a case sees it as hers; what is discreet is in no list
    town.sql("UPDATE kheya.case_file SET contact = %s WHERE number = %s", other.msisdn, int(number))
    assert number in dial(other, "1")
    town.sql("UPDATE kheya.case_file SET quiet = 1 WHERE number = %s", int(number))
    assert "You have no case." in dial(other, "1")
    assert "Kept safe" in dial(other, "2", number)


def test_days_left(town, phone_of):
    phone = phone_of(town)
    number = file(phone)
    town.sql("UPDATE kheya.case_file SET due = (extract(epoch FROM now() + interval '14 days') * 1000)::bigint"
             " WHERE number = %s", int(number))
    page = dial(phone, "2", number, "7")
    def left():
        """What the page is to say: kheyad counts a promise anew when the calendar changes."""
        return town.sql("SELECT kheya.days_left(kheya.day((extract(epoch FROM now()) * 1000)::bigint), kheya.day(due), false),"
                        " kheya.day(due) FROM kheya.case_file WHERE number = %s", int(number))[0]

    want, due = left()
    assert 6 <= want <= 10 and page.startswith(f"{want} days, till {due.day} {due:%b}"), page
    town.sql("INSERT INTO kheya.holiday VALUES (kheya.day((extract(epoch FROM now()) * 1000)::bigint) + 1, false, 'x'),"
             " (kheya.day((extract(epoch FROM now()) * 1000)::bigint) + 2, true, 'y') ON CONFLICT DO NOTHING")
    wait_for("the days by the new calendar", lambda: dial(phone, "2", number, "7").startswith("{} days, till".format(*left())))
    town.sql("DELETE FROM kheya.holiday WHERE name IN ('x', 'y')")

    def late():
        town.sql("UPDATE kheya.case_file SET due = (extract(epoch FROM now() - interval '2 days') * 1000)::bigint"
                 " WHERE number = %s", int(number))
        return "8 Too late" in dial(phone, "2", number)

    wait_for("the promise of two days ago", late)


def test_her_moves(town, phone_of):
    phone = phone_of(town)
    number = file(phone)
    office(town, number, "received")
    office(town, number, "need_info", "--note", "Which wall?")
    dial(phone, "2", number, "4")
    assert "Done." in phone.type("The 'river' \"wall\"")["text"]
    assert history(town, number)[-1] == (4, "citizen", "received", "The 'river' \"wall\"")
    office(town, number, "given")
    assert "Done." in dial(phone, "2", number, "1")
    assert history(town, number)[-1] == (6, "citizen", "closed", "good")
    assert town.sql("SELECT state, seq FROM kheya.case_file WHERE number = %s", int(number)) == [("closed", 6)]
    # the office's system is to learn of what she did, by the number of the event
    letters = town.sql("SELECT seq, backend, body::jsonb->>'state', body::jsonb->>'note', body::jsonb->>'by'"
                       " FROM kheya.backend_queue WHERE number = %s ORDER BY seq", int(number))
    assert letters == [(1, "relief", "submitted", None, "citizen"),
                       (4, "relief", "received", "The 'river' \"wall\"", "citizen"), (6, "relief", "closed", "good", "citizen")]
    # a page that is older than the case
    assert "Open again" in dial(phone, "2", number)
    town.sql("UPDATE kheya.case_file SET state = 'withdrawn', seq = 7 WHERE number = %s", int(number))
    assert "It has moved on." in phone.type("5")["text"]


def test_by_text(town, phone_of):
    phone = phone_of(town)
    number = file(phone)
    town.telco_call("/sms", msisdn=phone.msisdn, to="333", text=f"K {number}")
    wait_for("the page by text", lambda: any("Kept safe" in t and "New roof" in t for t in phone.sms()))


def test_races_with_the_office(town, phone_of):
    """She withdraws and the office takes it at the same moment: one of them is first, and the history has no gap."""
    outcomes = set()
    for _ in range(6):
        phone = phone_of(town)
        number = file(phone)
        dial(phone, "2", number)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            hers = pool.submit(phone.type, "3")
            theirs = pool.submit(subprocess.run, [BUILD / "kheya", "case", "--database", town.conninfo, "move", number,
                                                  "received"], capture_output=True, text=True, check=False)
            page, done = hers.result()["text"], theirs.result()
        states = [row[2] for row in history(town, number)]
        assert [row[0] for row in history(town, number)] == list(range(1, len(states) + 1))
        assert town.sql("SELECT state, seq FROM kheya.case_file WHERE number = %s", int(number)) == [(states[-1], len(states))]
        assert ("withdrawn" in states) == ("Done." in page), (page, states)
        assert ("received" in states) == (done.returncode == 0), (done.stderr, states)
        assert not ({"withdrawn", "received"} <= set(states)), states
        outcomes.add(states[-1])
    assert outcomes <= {"withdrawn", "received"} and outcomes


def test_once_through_kills(town, phone_of):
    """kheyad dies at any moment of her move, and the telco resends: one event, and the page in the end."""
    for delay in (0.0, 0.01, 0.03, 0.06):
        phone = phone_of(town)
        number = file(phone)
        dial(phone, "2", number)
        before = phone.send("/type", text="3")
        time.sleep(delay)
        town.kheyads[0].kill()
        town.start_kheyad()
        town.ready()
        shown = phone.wait(before, 30)
        if "Done." not in shown["text"]:
            page = dial(phone, "2", number)
            if "3 Take it back" in page:
                assert "Done." in phone.type("3")["text"]
        assert [row[2] for row in history(town, number)] == ["submitted", "withdrawn"]
