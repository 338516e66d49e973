"""Promised days: counted by the calendar, told when they are over, passed on, and each step once, whatever is killed.

Time is not waited for: what happened is moved into the past."""

import pathlib
import re
import subprocess
import time

import pytest

from town import BUILD, Town, wait_for

MENUS = pathlib.Path(__file__).parent / "deadlines"
DAY = 24 * 3600 * 1000


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("deadlines"), kheyads=2, menus=MENUS)
    try:
        yield t.start()
    finally:
        t.stop()


def complain(phone):
    phone.dial()
    return re.search(r"Done\. (\d{10})", phone.type("1")["text"].replace(" ", "").replace("Done.", "Done. "))[1]


def back(town, number, days):
    """All that happened to it happened so many days earlier."""
    town.sql("UPDATE kheya.case_event SET at = at - %s WHERE number = %s;"
             "UPDATE kheya.case_file SET created = created - %s, changed = changed - %s, wake = 0 WHERE number = %s",
             days * DAY, number, days * DAY, days * DAY, number)


def file(town, number):
    return dict(zip(("due", "overdue", "office", "state", "wake"), town.sql(
        "SELECT CASE WHEN due = 0 THEN NULL ELSE (to_timestamp(due / 1000.0) AT TIME ZONE 'Asia/Dhaka')::date END,"
        " overdue, office, state, wake FROM kheya.case_file WHERE number = %s", number)[0]))


def steps(town, number):
    return town.sql("SELECT actor, note FROM kheya.case_event WHERE number = %s AND kind = 'clock' ORDER BY seq", number)


def looked_at(town, number):
    now = time.time() * 1000
    wait_for("the clock's look", lambda: (wake := file(town, number)["wake"]) is None or wake > now + 40_000)
    return file(town, number)


def due_by_hand(town, number, days):
    """The days-th day after the first event that is no Friday, Saturday or holiday."""
    return town.sql("""
        SELECT d FROM (
            SELECT d::date AS d, row_number() OVER (ORDER BY d) AS n
              FROM generate_series((SELECT (to_timestamp(min(at) / 1000.0) AT TIME ZONE 'Asia/Dhaka')::date + 1
                                      FROM kheya.case_event WHERE number = %s), now() + interval '400 days', '1 day') AS d
             WHERE extract(dow FROM d) NOT IN (5, 6) AND d::date NOT IN (SELECT day FROM kheya.holiday)) AS w
         WHERE n = %s""", number, days)[0][0]


def desk(town, number, state):
    subprocess.run([BUILD / "kheya", "case", "--database", town.conninfo, "--by", "Rahima", "move", number, state],
                   check=True, capture_output=True)


def sms(phone):
    return [m for m in phone.sms() if m.startswith("333: ")]


def test_promised(town, phone_of):
    number = complain(phone_of(town))
    assert looked_at(town, number)["due"] == due_by_hand(town, number, 3)
    assert file(town, number)["overdue"] == 0


def test_late(town, phone_of):
    """The day is over: she is told, it goes to the UNO; later to the DC.  Once each."""
    phone, uno = phone_of(town), phone_of(town)
    town.sql("INSERT INTO kheya.officer (msisdn, name, agency, rank, desk, lang) VALUES (%s, 'Salma', 'upazila', 'UNO', 1, 'en'),"
             " ('8801711999999', 'Karim', 'upazila', 'clerk', 2, 'en')", uno.msisdn)
    number = complain(phone)
    due = looked_at(town, number)["due"]
    back(town, number, 7)
    wait_for("the UNO", lambda: file(town, number)["overdue"] == 2)
    assert file(town, number)["due"] < due and file(town, number)["office"] == "uno"
    assert steps(town, number) == [("", "No answer in time"), ("uno", "The UNO has been told")]
    wait_for("her message", lambda: sms(phone) == [f"333: {number} is late. We have told the office."])
    wait_for("the UNO's message", lambda: sms(uno) == [f"333: No answer in time to case {number}. It is passed on to you."])
    back(town, number, 30)
    # another promised day by then: told once more, and passed on to the end
    wait_for("the DC", lambda: file(town, number)["office"] == "dc")
    assert file(town, number)["overdue"] == 3 and looked_at(town, number)["wake"] is None
    assert steps(town, number)[-1] == ("dc", "The DC has been told")
    wait_for("her message", lambda: sms(phone)[-1] == f"333: {number} is with the DC now.")
    assert town.sql("SELECT count(*) FROM kheya.outbox WHERE receiver = '8801711999999'") == [(0,)]
    causes = town.sql("SELECT count(*), count(DISTINCT cause) FROM kheya.outbox WHERE receiver = %s", phone.msisdn)
    assert causes[0][0] == causes[0][1] == len(sms(phone))


def test_her_turn(town, phone_of):
    """While she is asked, nothing is late; then the question itself expires."""
    phone = phone_of(town)
    number = complain(phone)
    desk(town, number, "need_info")
    assert looked_at(town, number)["due"] is None
    back(town, number, 29)
    assert looked_at(town, number)["state"] == "need_info" and steps(town, number) == []
    back(town, number, 2)
    wait_for("the end", lambda: file(town, number)["state"] == "expired")
    assert looked_at(town, number)["wake"] is None
    wait_for("her message", lambda: sms(phone) == [f"333: {number} has expired."])
    assert len(steps(town, number)) == 1


def holidays(town, command, text=None):
    words = [BUILD / "kheya", command, "--database", town.conninfo, "holidays", *(["-"] if command == "import" else [])]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def due_after(town, day):
    """The day behind it in the same year that is no Friday or Saturday; the year's last days have none."""
    found = town.sql("SELECT min(d)::date FROM generate_series(%s::date + 1, %s::date + 7, interval '1 day') AS d"
                     " WHERE extract(dow FROM d) NOT IN (5, 6)", day, day)[0][0]
    if found.year != day.year:
        pytest.skip("a file stands for the years in it: it would be two of them")
    return found


def test_a_holiday_is_announced(town, phone_of):
    """Days that were promised are counted anew under another calendar."""
    number = complain(phone_of(town))
    due = looked_at(town, number)["due"]
    town.sql("INSERT INTO kheya.holiday (day, name) VALUES (%s, 'by order') ON CONFLICT DO NOTHING", due)
    wait_for("another day", lambda: file(town, number)["due"] != due)
    assert file(town, number)["due"] == due_by_hand(town, number, 3) > due
    town.sql("DELETE FROM kheya.holiday")
    wait_for("the same day", lambda: file(town, number)["due"] == due)


def test_a_holiday_moves(town, phone_of):
    """As an operator does when the moon is seen a day later: what was exported, with one row changed, and imported again."""
    number = complain(phone_of(town))
    due = looked_at(town, number)["due"]
    eid, day_after = (f"{due},holiday,Eid (moon)\n", due_after(town, due))
    moved = f"{day_after},holiday,Eid (moon)\n"
    try:
        assert "1 added" in holidays(town, "import", "day,kind,name\n" + eid)
        wait_for("the day after", lambda: file(town, number)["due"] == due_by_hand(town, number, 3) > due)
        listed = holidays(town, "export")
        assert eid in listed
        assert "1 added, 0 changed, 1 gone" in holidays(town, "import", listed.replace(eid, moved))
        wait_for("the day that was promised", lambda: file(town, number)["due"] == due)
        # a day of a missing holiday is added, and one that was none is taken out
        assert "1 added, 0 changed, 0 gone" in holidays(town, "import", listed + moved)
        wait_for("both days later", lambda: file(town, number)["due"] == due_by_hand(town, number, 3) > day_after)
        assert town.sql("SELECT count(*) FROM kheya.holiday") == [(2,)]
    finally:
        town.sql("DELETE FROM kheya.holiday")
    wait_for("the same day", lambda: file(town, number)["due"] == due)


def test_an_old_calendar_is_not_counted_by(town, phone_of):
    """A process that has not read the new calendar yet leaves the cases alone, though another has counted them all."""
    number = complain(phone_of(town))
    due = looked_at(town, number)["due"]
    town.sql("INSERT INTO kheya.holiday (day, name) VALUES (%s, 'by order');"
             "UPDATE kheya.edition SET number = (SELECT e.number FROM kheya.edition e WHERE e.name = 'calendar')"
             " WHERE name = 'clock_calendar'; UPDATE kheya.case_file SET wake = 0 WHERE number = %s", due, number)
    assert looked_at(town, number)["due"] == due_by_hand(town, number, 3) > due
    town.sql("DELETE FROM kheya.holiday")


def test_killed_all_the_time(town, phone_of):
    """Two processes, one of them killed again and again: each step of each case once."""
    phones = [phone_of(town) for _ in range(6)]
    numbers = [complain(p) for p in phones]
    for number in numbers:
        looked_at(town, number)
    for i in range(4):
        for number in numbers:
            back(town, number, 4)
        time.sleep(0.05 * i)
        town.kheyads[i % 2].kill()
        town.start_kheyad(i % 2)
        town.ready(i % 2)
    for number in numbers:
        wait_for("the DC", lambda n=number: file(town, n)["office"] == "dc", 90)
    doubled = town.sql("SELECT number, key FROM kheya.case_event GROUP BY number, key HAVING count(*) > 1")
    assert doubled == []
    for number, phone in zip(numbers, phones):
        notes = [n for _, n in steps(town, number)]
        assert notes.count("The DC has been told") == 1, notes
        owed = town.sql("SELECT count(*) FROM kheya.case_event WHERE number = %s AND kind = 'clock' AND note IN"
                        " ('No answer in time', 'The DC has been told')", number)[0][0]
        assert town.sql("SELECT count(*) FROM kheya.outbox WHERE receiver = %s", phone.msisdn)[0][0] == owed
