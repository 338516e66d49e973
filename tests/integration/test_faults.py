"""Faults, proven.  After each one: the citizen dials again and goes on; her
complaint exists once, with one number; at least one receipt reached her; no
reply reached another number; everything sent fits."""

import random
import threading
import time

import pytest

from citizen import Citizen
from town import Phone, wait_for

STEPS = 6                               # screens of the complaint: language, main, A1, A5, A6, A7
HARMFUL = {"wrong_number", "too_long", "segmented", "wrong_op", "no_op", "bad_text", "end_bit", "wrong_bind",
           "bad_address", "service_type", "protocol", "no_session", "wrong_session"}


def audit(town, *citizens):
    """What an auditor asks of the database and the telco."""
    for c in citizens:
        cases = town.sql("SELECT number::text, state FROM kheya.case_file WHERE msisdn = %s", c.phone.msisdn)
        assert len(cases) == 1, f"{c.phone.msisdn}: {len(cases)} cases; she saw {c.screens}, pressed {c.pressed}"
        assert c.number in (None, cases[0][0]), f"she was told {c.number}, the case is {cases[0][0]}"
        outbox = town.sql("SELECT cause FROM kheya.outbox WHERE receiver = %s", c.phone.msisdn)
        assert outbox == [(f"case/{cases[0][0]}/1/complaint_received",)], outbox
        wait_for("the receipt", lambda c=c, n=cases[0][0]: any(n in text for text in c.phone.sms()), 100)
    report = town.report()
    bad = {k: n for k, n in report["violations"].items() if n and k in HARMFUL}
    assert not bad, f"{bad} {report['list']}"


def walk(citizen, steps):
    """Her first screens, by the way that leads to the complaint."""
    shown = citizen.dial()
    for _ in range(steps):
        shown = citizen.press(shown)
    return shown


@pytest.mark.parametrize("step", range(STEPS))
def test_kheyad_killed_while_a_screen_is_shown(broken_town, phone_of, step):
    """kill -9 at every screen: nothing accepted is lost, the next dial goes on."""
    town = broken_town()
    citizen = Citizen(phone_of(town))
    walk(citizen, step)
    town.kheyads[0].kill()
    town.start_kheyad()
    town.ready()
    if citizen.number is None:
        citizen.phone.cancel()
        shown = citizen.dial()
        if step >= 2:
            assert "Continue?" in shown["text"], shown
        citizen.insist()
    audit(town, citizen)


@pytest.mark.parametrize("step", range(STEPS))
def test_kheyad_killed_between_commit_and_acknowledge(broken_town, phone_of, step):
    """The relay keeps reply and acknowledgement back until the kill: bearerbox sends the event again."""
    town = broken_town()
    citizen = Citizen(phone_of(town))
    if step:
        shown = walk(citizen, step - 1)
    turn = committed(town, citizen)
    town.relay.hold()
    if step:
        before = citizen.phone.send("/type", text=citizen.key(shown))
    else:
        before = citizen.phone.send("/dial", code="*333#")
    wait_for("the commit", lambda: committed(town, citizen) > turn)
    wait_for("the reply at the relay", lambda: town.relay.held > 0)
    town.kheyads[0].kill()
    town.relay.let_go()
    town.start_kheyad()
    town.ready()
    shown = citizen.see(citizen.phone.wait(before))
    assert shown["state"] in ("shown", "ended"), f"the same page again: {shown}"
    assert committed(town, citizen) <= turn + 2     # the step, and at most the note that the last page was seen
    citizen.insist()
    audit(town, citizen)


def committed(town, citizen):
    rows = town.sql("SELECT turn FROM kheya.session WHERE msisdn = %s", citizen.phone.msisdn)
    return rows[0][0] if rows else 0


def test_redial_after_a_lost_last_page_shows_it_first(broken_town, phone_of):
    """She pressed send, the page with her number was lost, she dials again before any SMS: no second case."""
    town = broken_town()
    citizen = Citizen(phone_of(town))
    shown = walk(citizen, STEPS - 2)
    turn = committed(town, citizen)
    town.relay.hold()
    citizen.phone.send("/type", text=citizen.key(shown))
    wait_for("the commit", lambda: committed(town, citizen) > turn)
    town.kheyads[0].kill()
    town.relay.let_go()
    citizen.phone.cancel()
    town.start_kheyad()
    town.ready()
    citizen.dial()
    assert citizen.number, citizen.screens
    audit(town, citizen)


def test_bearerbox_killed(broken_town, phone_of):
    town = broken_town(relay=False)
    citizens = [Citizen(phone_of(town)) for _ in range(STEPS)]
    for step, citizen in enumerate(citizens):
        walk(citizen, step)
    town.bearerbox.kill()
    town.start_bearerbox()
    town.ready()
    for citizen in citizens:
        citizen.phone.cancel()
        citizen.insist()
    audit(town, *citizens)


@pytest.mark.parametrize("how", ["stop", "kill", "restart", "pause"])
def test_database_away(broken_town, phone_of, how):
    """Busy pages while it is away, running dialogues too; all goes on when it is back."""
    town = broken_town(relay=False)
    running, fresh = Citizen(phone_of(town)), Citizen(phone_of(town))
    shown = walk(running, 3)
    if how == "restart":
        town.dev_db("stop", "-m", "immediate")
        town.dev_db("start")
    else:
        town.dev_db({"stop": "stop", "kill": "kill", "pause": "pause"}[how])
        for citizen, page in ((running, lambda: running.phone.type(running.key(shown))), (fresh, fresh.phone.dial)):
            busy = citizen.see(page())
            assert busy["state"] == "ended", busy
            assert "busy" in busy["text"] or "ব্যস্ত" in busy["text"], busy
        town.dev_db({"stop": "start", "kill": "start", "pause": "resume"}[how])
    town.ready()
    running.phone.cancel()
    shown = running.dial()
    assert "Continue?" in shown["text"], shown
    for citizen in (running, fresh):
        citizen.insist()
    audit(town, running, fresh)


@pytest.mark.parametrize("fault", ["unbind", "close", "silent"])
def test_telco_leaves(broken_town, phone_of, fault):
    town = broken_town(relay=False)
    citizens = [Citizen(phone_of(town)) for _ in range(STEPS)]
    for step, citizen in enumerate(citizens):
        walk(citizen, step)
    if fault == "silent":               # longer than bearerbox waits for an answer
        town.fault(silent=1)
        threading.Timer(12, town.fault, kwargs={"silent": 0}).start()
    else:
        town.fault(**{fault: True})
    for citizen in citizens:
        if citizen.number is None:
            citizen.insist()
    audit(town, *citizens)


def test_everything_delivered_twice(broken_town, phone_of):
    town = broken_town(relay=False)
    town.fault(duplicate=True)
    citizens = [Citizen(phone_of(town)) for _ in range(5)]
    for citizen in citizens:
        citizen.insist()
    audit(town, *citizens)
    assert town.metric("events_duplicate_total") > 0


def crowd(town, count, meanwhile):
    """count citizens at once, each until her number; meanwhile() breaks things."""
    chance = random.Random(count)
    citizens = [Citizen(Phone(town, 8801780000001 + i), lambda: chance.uniform(0, 4)) for i in range(count)]
    errors = []

    def live(citizen):
        try:
            citizen.insist(240)
        except AssertionError as e:
            errors.append(e)
    threads = [threading.Thread(target=live, args=(c,)) for c in citizens]
    for t in threads:
        t.start()
    while any(t.is_alive() for t in threads):
        meanwhile()
    for t in threads:
        t.join()
    assert not errors, errors
    return citizens


def test_two_kheyads_and_random_kills(broken_town):
    """Two processes on one bearerbox serve each other's dialogues, and die in turn."""
    town = broken_town(kheyads=2, relay=False)
    chance = random.Random(333)
    kills = 0

    def break_something():
        nonlocal kills
        time.sleep(chance.uniform(0.2, 1.5))
        if kills < 8:
            i = chance.randrange(2)
            town.kheyads[i].kill()
            town.start_kheyad(i)
            town.ready(i)
            kills += 1
    citizens = crowd(town, 40, break_something)
    assert kills >= 4
    audit(town, *citizens)
    assert all(town.kheyads[i].alive() for i in range(2))


def test_everything_dies_at_random(broken_town):
    """kheyads, bearerbox, PostgreSQL and binds, in no order, under forty citizens; then the audit."""
    town = broken_town(kheyads=2, relay=False)
    chance = random.Random(8333)
    deaths = []

    def kheyad(i):
        town.kheyads[i].kill()
        town.start_kheyad(i)

    def bearerbox():
        town.bearerbox.kill()
        town.start_bearerbox()

    def database():
        town.dev_db("kill")
        time.sleep(chance.uniform(0, 1))
        town.dev_db("start")

    victims = [lambda: kheyad(0), lambda: kheyad(1), bearerbox, database, lambda: town.fault(close=True),
               lambda: town.fault(duplicate=1), lambda: town.fault(reorder=1), lambda: town.fault(clear=True)]

    def break_something():
        time.sleep(chance.uniform(0.3, 2.0))
        if len(deaths) < 16:
            deaths.append(chance.randrange(len(victims)))
            victims[deaths[-1]]()
        else:
            town.fault(clear=True)
    citizens = crowd(town, 40, break_something)
    town.fault(clear=True)
    for i in range(2):
        town.ready(i)
    audit(town, *citizens)
    assert len(deaths) >= 8, deaths
