"""My page: messages that say less, a PIN of her own, what is held of her phone, and what goes when she deletes it."""

import pytest

from test_agents import speaks, through
from town import Phone, Town, wait_for

HERS = "8801711000001"
HELD = ("SELECT (SELECT count(*) FROM kheya.reminder WHERE msisdn = %s), (SELECT count(*) FROM kheya.pin WHERE msisdn = %s),"
        " (SELECT count(*) FROM kheya.outbox WHERE receiver = %s AND text <> '-' AND state >= 4),"
        " (SELECT count(*) FROM kheya.case_file WHERE msisdn = %s AND service = 'allowance_complaint')")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("mydata"))
    try:
        yield t.start()
    finally:
        t.stop()


def dialled(phone, code):
    """Begun anew where an unfinished dialogue is offered."""
    page = phone.dial(code)["text"]
    return phone.type("2")["text"] if "Not finished" in page else page


def test_her_page(town):
    phone = Phone(town, HERS)
    speaks(phone, "3")
    # a complaint, whose receipt came by SMS
    dialled(phone, "*333*8*1#")
    assert "Answer within 30 working days" in through(phone, "1", "1")
    wait_for("its SMS", lambda: len(phone.sms()) == 1)
    wait_for("its report", lambda: town.sql("SELECT state >= 4 FROM kheya.outbox WHERE receiver = %s", HERS) == [(True,)])
    town.sql("INSERT INTO kheya.reminder (bucket, msisdn, kind, about, day, number, since, next) VALUES (kheya.bucket(%s), %s,"
             " 'vaccine', '2026-11-01', '2026-11-01', 9000000001, 0, '2099-01-01')", HERS, HERS)
    # a PIN, which a second person who does not know it cannot change
    dialled(phone, "*333*16*6#")
    assert "Your PIN is set" in through(phone, "7391")
    dialled(phone, "*333*16*6#")
    assert "That is not your PIN" in through(phone, "1111")
    dialled(phone, "*333*16*5#")
    assert "So we do it" in through(phone, "1")
    assert town.sql("SELECT quiet FROM kheya.citizen WHERE msisdn = %s", HERS) == [(1,)]
    page = dialled(phone, "*333*16*4#")
    assert "1 cases, 1 messages, 1 wishes" in page, page
    # delete: not with a wrong PIN
    through(phone, "3", "1")
    assert "Nothing is deleted" in through(phone, "2222")
    assert town.sql(HELD, HERS, HERS, HERS, HERS) == [(1, 1, 1, 1)]
    assert "Deleted." in through(phone, "1", "7391")
    assert town.sql(HELD, HERS, HERS, HERS, HERS) == [(0, 0, 0, 1)], "the case stays"
    assert town.sql("SELECT quiet FROM kheya.citizen WHERE msisdn = %s", HERS) == [(0,)]
    assert town.sql("SELECT event FROM kheya.audit WHERE msisdn = %s ORDER BY id", HERS) == [("discreet_on",), ("forget_me",)]
    assert "1 cases, 0 messages, 0 wishes" in dialled(phone, "*333*16*4#")
    # the receipt is not sent anew
    assert len(phone.sms()) == 1


def test_words_that_an_agent_sent(town):
    """An agent acted for her: the receipt lies under the agent's number, and its words go with hers; the agent's own stay."""
    phone, agent = Phone(town, "8801711000002"), "8801711000003"
    speaks(phone, "3")
    phone.cancel()
    for n, (owner, receiver, state) in enumerate([(agent, phone.msisdn, 4), (agent, phone.msisdn, 6), (agent, agent, 4), (phone.msisdn, agent, 4)]):
        town.sql("INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, discreet, state, due, created, changed)"
                 " VALUES (kheya.bucket(%s), %s, %s, 'smpp', 'en', 'transactional', 'receipt of case 8123056783', 'news', %s, 0, 0, 0)",
                 owner, f"test/{n}", receiver, state)
    assert town.sql("SELECT kheya.bucket(%s) <> kheya.bucket(%s)", agent, phone.msisdn) == [(True,)]
    assert "0 cases, 2 messages, 0 wishes" in dialled(phone, "*333*16*4#")
    assert "Deleted." in through(phone, "3", "1")
    assert town.sql("SELECT cause, text, discreet FROM kheya.outbox WHERE cause LIKE 'test/%%' ORDER BY cause") == [
        ("test/0", "-", ""), ("test/1", "-", ""), ("test/2", "receipt of case 8123056783", "news"),
        ("test/3", "receipt of case 8123056783", "news")]
    assert "0 cases, 0 messages, 0 wishes" in dialled(phone, "*333*16*4#")
