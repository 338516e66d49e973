"""Dialogues by text message: a keyword with its values, a conversation, a kill in the middle, two machines that answer
each other."""

import re

import pytest

from town import TREE, Phone, wait_for

TEXTS = TREE / "tests" / "dialog" / "texts"
PAYMENT = """
    CREATE FUNCTION svc.last_payment(allowance text, nid4 text) RETURNS TABLE (state text, taka integer)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT 'paid', 1950 WHERE nid4 = '4822' $$;
    REVOKE ALL ON FUNCTION svc.last_payment(text, text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION svc.last_payment(text, text) TO kheya_menu;
"""


@pytest.fixture
def town(broken_town):
    town = broken_town(menus=TEXTS, telco=("--code", "*16321#"), conf="limits: {texts: 30, texts_fruitless: 9}")
    town.sql(PAYMENT)
    return town


def write(town, phone, text):
    town.telco_call("/sms", msisdn=phone.msisdn, to="333", text=text)


def asked(town, phone, text):
    """What answers a message."""
    count = len(phone.sms())
    write(town, phone, text)
    wait_for(f"an answer to {text!r}", lambda: len(phone.sms()) > count)
    return phone.sms()[-1]


def test_keyword(town):
    phone = Phone(town, 8801711000301)
    assert asked(town, phone, "VATA WDA 4822") == "Widow: paid, Tk 1950"
    assert asked(town, phone, "vata 1 4823") == "Nothing found."
    assert asked(town, phone, "VATA") == "Not right. Like\nVATA OAA 4821"
    # what is dialled is another dialogue
    assert asked(town, phone, "hello").startswith("Allowance\n1 Has my money come?")
    assert "1 Has my money come?" in phone.dial("*16321#")["text"]
    assert "What happened?" in phone.type("2")["text"]
    assert asked(town, phone, "1").startswith("Which?\n1 Old age")
    rows = town.sql("SELECT code FROM kheya.session WHERE msisdn = %s ORDER BY code", phone.msisdn)
    assert [code for code, in rows] == ["*16321#", "16321"]


def test_killed_after_the_commit(town):
    """The message comes again; it is answered once, and one case is opened."""
    phone = Phone(town, 8801711000302)
    assert asked(town, phone, "COMPLAIN").startswith("What happened?")
    town.relay.hold()
    write(town, phone, "They took 200 taka")
    wait_for("the commit", lambda: town.sql("SELECT 1 FROM kheya.case_file WHERE msisdn = %s", phone.msisdn))
    town.kheyads[0].kill()
    town.relay.let_go()
    town.start_kheyad()
    town.ready()
    wait_for("the answer", lambda: len(phone.sms()) > 1)
    assert re.fullmatch(r"Number 8\d{9}", phone.sms()[-1])
    assert asked(town, phone, "ok").startswith("Allowance")
    assert len(phone.sms()) == 3
    assert len(town.sql("SELECT 1 FROM kheya.case_file WHERE msisdn = %s", phone.msisdn)) == 1


def test_machines(town):
    """Thirty answers an hour to one number, whatever it says."""
    phone = Phone(town, 8801711000303)
    for i in range(33):
        write(town, phone, f"VATA WDA {1000 + i}")
    wait_for("the refusals", lambda: town.metric("texts_refused_total") == 3)
    # those that came while too many waited were told that the line is busy
    wait_for("the answers", lambda: town.metric("replies_busy_total") + len(town.sql(
        "SELECT 1 FROM kheya.outbox WHERE receiver = %s AND state >= 3", phone.msisdn)) == 30)
    assert asked(town, Phone(town, 8801711000304), "hello").startswith("Allowance")


def test_slow_machine(town):
    """One that answers every answer, however slowly: what it says leads nowhere, and soon nothing comes back."""
    machine = Phone(town, 8801711000305)
    texts = [f"Delivery notice {i}: your message to 16321 has been delivered" for i in range(9)]
    for text in texts:
        asked(town, machine, text)
    for i in range(5):
        write(town, machine, f"I am on leave until Sunday. ({i})")
    wait_for("the silence", lambda: town.metric("texts_refused_total") == 5)
    assert len(machine.sms()) == 9
    # a person at that phone is heard as soon as she says something
    assert asked(town, machine, "VATA WDA 4822") == "Widow: paid, Tk 1950"
    assert asked(town, machine, "hello").startswith("Allowance")


def test_secret(town):
    phone = Phone(town, 8801711000306)
    asked(town, phone, "hello")
    assert asked(town, phone, "5") == "Not by SMS. Dial *16321#"
    assert asked(town, phone, "ferr").startswith("Allowance")
