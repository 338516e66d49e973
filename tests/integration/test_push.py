"""Pages that nobody asked for: notices and dialogues that we begin.  Busy, absent and refused are answers; each
ends in a message."""

import subprocess
import time

import pytest

from town import BUILD, Phone, wait_for

PUSH = "{push: dialogue}"


@pytest.fixture
def town(broken_town):
    return broken_town(relay=False, ussd=PUSH, telco=("--push", "on"))


def put(town, cause, phone, text, klass, **more):
    now = int(time.time() * 1000)
    columns = {"cause": cause, "receiver": phone.msisdn, "lang": "en", "class": klass, "text": text, "due": now,
               "created": now, "changed": now, **more}
    town.sql(f"INSERT INTO kheya.outbox (bucket, {', '.join(columns)})"
             f" VALUES (kheya.bucket(%s), {', '.join(['%s'] * len(columns))})", phone.msisdn, *columns.values())


def row(town, cause):
    return town.sql("SELECT state, note, pushed, text FROM kheya.outbox WHERE cause = %s", cause)[0]


def push(town, phone, dial, text, *more, status=0):
    done = subprocess.run([BUILD / "kheya", "outbox", "--database", town.conninfo, *more, "push", phone.msisdn, dial, text],
                          capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout.strip()


def test_notice(town):
    """A code is on her screen and stays in no inbox; a warning too; what is too long for a page is a message."""
    phone = Phone(town, 8801711000501)
    put(town, "code", phone, "333: the code is 7391", "otp")
    wait_for("the notice", lambda: phone.look()["text"] == "333: the code is 7391")
    wait_for("its confirmation", lambda: row(town, "code")[0] == 4)
    assert row(town, "code")[1:] == ("on her screen", 1, "")
    put(town, "storm", phone, "Signal 10. " * 15, "emergency")
    wait_for("a message", lambda: phone.sms() == ["Signal 10. " * 15])
    put(town, "case", phone, "Her case", "transactional")
    wait_for("her case", lambda: len(phone.sms()) == 2)
    assert phone.look()["text"] == "333: the code is 7391"
    assert town.metric("pushes_shown_total") == 1


@pytest.mark.parametrize("how, word", [("absent", "absent"), ("refuses", "refused"), ("busy", "busy")])
def test_not_shown(town, how, word):
    """Each answer of the network has its message, at once and once."""
    phone = Phone(town, 8801711000502)
    if how == "busy":
        phone.dial()
    else:
        town.telco_call("/push", msisdn=phone.msisdn, push=how)
    put(town, "code", phone, "333: the code is 7391", "otp")
    wait_for("the message", lambda: phone.sms() == ["333: the code is 7391"])
    wait_for("its report", lambda: row(town, "code")[0] >= 3)
    assert row(town, "code")[2] == 2
    assert word in town.kheyads[0].log.read_text()
    assert town.metric("pushes_failed_total") == 1 and town.metric("pushes_shown_total") == 0
    if how == "busy":
        assert "333 Govt services" in phone.type("3")["text"]       # her dialogue went on


def test_never_told(town):
    """A notice that no handset tells of goes as a message when it has waited long enough."""
    phone = Phone(town, 8801711000503)
    town.fault(account="ussd", drop_deliver=1)
    put(town, "code", phone, "333: the code is 7391", "otp")
    wait_for("the notice", lambda: phone.look()["text"] == "333: the code is 7391")
    wait_for("the message", lambda: phone.sms() == ["333: the code is 7391"], patience=60)


def test_dialogue(town):
    """What she could dial is opened on her screen, and she answers it; where that cannot be, she is told to dial."""
    phone = Phone(town, 8801711000504)
    phone.dial()
    phone.type("3")
    phone.type("0")                                     # English from now on, and the line is free
    phone.cancel()
    cause = push(town, phone, "*333#", "Please dial *333#.", "--key", "k1")
    push(town, phone, "*333#", "Please dial *333#.", "--key", "k1", status=1)
    wait_for("the page", lambda: phone.look()["state"] == "shown")
    assert phone.look()["text"]
    wait_for("the word of it", lambda: row(town, cause)[0] == 4)
    shown = phone.look()["text"]
    answer = phone.type("1")
    assert answer["state"] == "shown" and answer["text"] != shown
    assert phone.sms() == []
    phone.cancel()
    town.telco_call("/push", msisdn=phone.msisdn, push="refuses")
    wait_for("her dialogue to be over in memory", lambda: town.metric("sessions_open") == 0, patience=60)
    push(town, phone, "*333#", "Please dial *333#.")
    wait_for("the message", lambda: phone.sms() == ["Please dial *333#."])


def test_not_allowed(broken_town):
    """A network that lets us begin nothing is sent nothing."""
    town = broken_town(relay=False)
    phone = Phone(town, 8801711000505)
    put(town, "code", phone, "333: the code is 7391", "otp")
    push(town, phone, "*333*8#", "Please dial *333*8#.")
    wait_for("both messages", lambda: sorted(phone.sms()) == ["333: the code is 7391", "Please dial *333*8#."])
    assert not town.report()["violations"] or sum(town.report()["violations"].values()) == 0
    assert push(town, phone, "333", "x", status=1) == ""
