"""Agencies asked what became of their cases: news move a case once and are told to the citizen; what is old, unknown or garbage moves
nothing; one that hangs keeps nobody waiting; kills."""

import subprocess
import time

import pytest

from agency import Agency
from test_handover import events, prepare, state, submit, taken
from town import BUILD, wait_for


@pytest.fixture
def agency():
    a = Agency()
    yield a
    a.close()


@pytest.fixture
def other():
    a = Agency()
    yield a
    a.close()


@pytest.fixture
def served(broken_town, tmp_path, agency, other):
    prepare(tmp_path, agency, other)
    menus = tmp_path / "menus" / "kheya.yaml"
    text = menus.read_text().replace("en: {name: English}", "en: {name: English, sms: true}")
    text = text.replace("cases: /applications,", "cases: /applications, poll: {path: /status, every: 1s},")
    text = text.replace("received: [answered], answered: []}",
                        "received: [answered], answered: [appealed, closed], appealed: [answered], closed: []}, notify: {answered: told}")
    text = text.replace("screens:\n", 'sms:\n  told: {class: transactional, text: {en: "Case {case.no} is answered. {note}"}}\nscreens:\n', 1)
    menus.write_text(text)
    return broken_town(menus=tmp_path / "menus", telco=("--code", "*16555#"), conf=f"secret: {tmp_path}/secret")


def polled(agency, number, more=2):
    """It was asked about the case, and again after that."""
    count = sum(number in asked for asked in agency.polls) + more
    wait_for(f"{number} asked about", lambda: sum(number in asked for asked in agency.polls) >= count, 30)


def told(phone, number):
    return [t for t in phone.sms() if t.startswith(f"Case {number} is answered.")]


def moves(town, number):
    return [(kind, to, note) for kind, _, to, note in events(town, number)]


def move(town, number, to):
    subprocess.run([BUILD / "kheya", "case", "-c", town.folder / "kheya0.yaml", "move", number, to], check=True, capture_output=True)


def test_news_moves_a_case_once(served, agency, phone_of):
    town, phone = served, phone_of(served)
    number = submit(phone)
    taken(town, number)
    polled(agency, number)
    assert moves(town, number)[1:] == [("agency", "received", "Desk 4")], "it knows nothing of it yet"
    agency.status[number] = {"state": "done", "note": "Come on Sunday"}
    wait_for("the move", lambda: state(town, number) == "answered", 30)
    wait_for("the citizen to be told", lambda: told(phone, number))
    assert told(phone, number) == [f"Case {number} is answered. Come on Sunday"]
    polled(agency, number)
    assert moves(town, number)[2:] == [("agency", "answered", "Come on Sunday")], "the same word is no news"

    # she objects; their old word does not answer that, a new one does
    move(town, number, "appealed")
    polled(agency, number)
    assert state(town, number) == "appealed"
    agency.status[number] = {"state": "Done", "since": "2", "note": "Once more"}
    wait_for("the second answer", lambda: state(town, number) == "answered", 30)
    wait_for("she is told", lambda: len(told(phone, number)) == 2)

    # a case that is over is asked about no more
    move(town, number, "closed")
    wait_for("the end", lambda: town.sql("SELECT poll IS NULL FROM kheya.backend_queue WHERE number = %s", int(number)) == [(True,)], 30)
    count = len(agency.polls)
    time.sleep(2.5)
    assert len(agency.polls) == count
    assert town.metric("polls_moved_total") == 2


def test_garbage(served, agency, phone_of):
    """What is no answer, and lines that are none: nothing moves but what is right, and the log says why."""
    town, phone = served, phone_of(served)
    number, second = submit(phone), submit(phone_of(town))
    taken(town, number, second)
    for plan in ("garbage", "wrong", "busy", "die"):
        agency.status = {number: {"state": "Done"}}
        agency.poll_plan = plan
        polled(agency, number)
        assert state(town, number) == "received", plan
    log = town.kheyads[0].log.read_text
    assert "event=poll_unreadable" in log() and "event=poll_failed status=503" in log()
    agency.status = {number: {"state": "Xyz"}, second: {"state": ["Done"]}}
    agency.poll_plan = "good"
    wait_for("the unknown word in the log", lambda: "event=poll_rejected reason=\"an unknown state: 'Xyz'\"" in log(), 60)
    wait_for("the line of another shape", lambda: "state, since and note are texts" in log())
    agency.status = {number: {"state": "NO"}}
    wait_for("the move that is none", lambda: "moves nothing: 'not_now'" in log(), 30)
    assert (state(town, number), state(town, second)) == ("received", "received")
    assert number not in log() and second not in log()
    agency.status = {number: {"state": "Done"}, second: {"state": "Done", "note": "y" * 1000}}
    agency.poll_plan = "strange"
    wait_for("the good lines among strange ones", lambda: (state(town, number), state(town, second)) == ("answered", "answered"), 30)
    assert "a case that was not asked about" in log() and "a case that stands there twice" in log()
    assert len(moves(town, number)) == 3 and moves(town, second)[2:] == [("agency", "answered", "y" * 140)], "cut, not lost"


def test_one_that_hangs(served, agency, other, phone_of):
    town = served
    slow, quick = submit(phone_of(town)), submit(phone_of(town), 2)
    taken(town, slow, quick)
    agency.poll_plan = "hang"
    polled(agency, slow, 1)
    begin = time.monotonic()
    other.status[quick] = {"state": "Done"}
    wait_for("the other agency's news", lambda: state(town, quick) == "answered", 10)
    assert time.monotonic() - begin < 5
    agency.gate.set()
    agency.status[slow] = {"state": "Done"}
    agency.poll_plan = "good"
    wait_for("it is heard again", lambda: state(town, slow) == "answered", 60)


def test_killed(served, agency, phone_of):
    """Kills while it is asked, answers and is heard: each case moves once, and each is told once."""
    town = served
    phones = [phone_of(town) for _ in range(6)]
    numbers = [submit(p) for p in phones]
    taken(town, *numbers)
    for number in numbers:
        agency.status[number] = {"state": "Done", "note": "N"}
        time.sleep(0.35)
        town.kheyads[0].kill()
        town.start_kheyad()
        town.ready()
    wait_for("all moves", lambda: all(state(town, n) == "answered" for n in numbers), 60)
    # as if what was heard had never been written
    town.sql("UPDATE kheya.backend_queue SET heard = '', news = 0, poll = 0")
    for number in numbers:
        polled(agency, number)
    assert all(moves(town, n)[2:] == [("agency", "answered", "N")] for n in numbers)
    for phone, number in zip(phones, numbers):
        wait_for("the message", lambda phone=phone, number=number: told(phone, number))
        assert len(told(phone, number)) == 1
    # news 0 was "Done" before: what is said now is not taken for it, and comes through under the next name
    town.sql("UPDATE kheya.case_file SET state = 'received' WHERE number = %s", int(numbers[0]))
    town.sql("UPDATE kheya.backend_queue SET heard = '', news = 0, poll = 0 WHERE number = %s", int(numbers[0]))
    agency.status[numbers[0]] = {"state": "NO"}
    polled(agency, numbers[0])
    assert state(town, numbers[0]) == "received"
