"""The finder and who is there: an agent says so by her menu or by text message, a citizen finds her and asks for a call."""

import pytest

from test_agents import kheya, speaks, through
from test_texts import asked
from town import Phone, Town, wait_for

AGENT, MAN, FAR = "8801711000190", "8801711000501", "8801711000502"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("finder"))
    try:
        t.start()
        # open at all hours of the test; a man at the same centre, and a centre of a union of the same upazila with a woman
        t.sql("INSERT INTO svc.union_council (code, en, bn, dss_office) SELECT '092545', 'Example East', 'পূর্ব', dss_office FROM svc.union_council WHERE code = '092544'")
        t.sql("INSERT INTO kheya.centre (code, union_code, en, bn) VALUES ('092545', '092545', 'Example East', 'পূর্ব')")
        t.sql("UPDATE kheya.centre SET opens = '00:00', closes = '23:59:59'")
        assert kheya(t, "add", MAN, "--name", "Example 501", "--place", "092544", "--sex", "m").returncode == 0
        assert kheya(t, "add", FAR, "--name", "Example 502", "--place", "092545", "--sex", "f").returncode == 0
        yield t
    finally:
        t.stop()


def found(phone, union, sex):
    if "Not finished" in phone.dial("*333*7#")["text"] or "কাজ বাকি" in phone.look()["text"]:
        phone.type("2")                 # begin anew
    return through(phone, union, sex)


def test_here_and_away(town, phone_of):
    one = phone_of(town)
    speaks(one, "3")
    assert "1 Example 190, Kukri Mukri" in found(one, "092544", "1")
    assert "not there now" in through(one, "1")
    agent = Phone(town, AGENT)
    speaks(agent, "3")
    agent.dial("*333*18*5#")
    assert "Citizens see that you are here" in through(agent, "1")
    found(one, "092544", "1")
    assert "here now, till 23:59.\nCall 01711000190" in through(one, "1")
    assert "away" in asked(town, agent, "NAI")
    found(one, "092544", "1")
    assert "not there now" in through(one, "1")
    # who is there comes first, whoever is asked for
    asked(town, Phone(town, MAN), "ASI")
    assert found(one, "092544", "3").splitlines()[1] == "1 Example 501, Kukri Mukri"
    # yesterday's word is over
    town.sql("INSERT INTO kheya.audit (bucket, at, msisdn, code, turn, seq, actor, event, fields) SELECT kheya.bucket(%s),"
             " (extract(epoch FROM now()) * 1000)::bigint - 86400000, %s, '333', 900, 1, 'agent', 'agent_here', '{}'", FAR, FAR)
    found(one, "092545", "1")
    assert "not there now" in through(one, "1")
    # and the centre's hours end it
    town.sql("UPDATE kheya.centre SET opens = '00:00', closes = '00:00:01'")
    found(one, "092544", "2")
    assert "not there now" in through(one, "1")
    said = asked(town, Phone(town, MAN), "ASI")
    assert "closed" in said or "বন্ধ" in said, "nobody is told that she is seen when she is not"
    town.sql("UPDATE kheya.centre SET closes = '23:59:59'")
    town.sql("UPDATE svc.centre_fee SET cap = 20 WHERE option = 1")
    found(one, "092544", "2")
    assert "at most Tk 20" in through(one, "1", "2")


def test_the_next_centre_with_a_woman(town, phone_of):
    one = phone_of(town)
    speaks(one, "3")
    assert kheya(town, "lock", AGENT).returncode == 0
    assert "1 Example 502, Example East" in found(one, "092544", "1")
    assert "Next centre: Example East, union 092545.\nExample 502, 01711000502" in through(one, "1")
    assert kheya(town, "unlock", AGENT).returncode == 0
    assert "nobody like that" in found(one, "785719", "1")


def test_a_call_is_asked_for_once(town, phone_of):
    one = phone_of(town)
    speaks(one, "1")
    found(one, "092544", "2")
    through(one, "1")
    assert "কল দেবেন" in through(one, "1")
    found(one, "1", "2")                # her union is known by the case
    through(one, "1")
    assert through(one, "1").splitlines()[0].endswith("01711000501"), "who waits for a call is told so"
    cases = town.sql("SELECT fields ->> 'agent', place FROM kheya.case_file WHERE service = 'call_back' AND msisdn = %s", one.msisdn)
    assert cases == [(MAN, "092544")]
    man = Phone(town, MAN)
    wait_for("the agent's SMS", lambda: sum(str(one.msisdn) in text for text in man.sms()) == 1)


def test_words_of_agents(town, phone_of):
    agent = Phone(town, AGENT)
    assert asked(town, agent, "HISAB") in ("Today: 0 receipts, Tk 0", "আজ 0 রসিদ, 0 টাকা")
    assert "20" in asked(town, agent, "FI 1"), "at most the cap"
    assert "0" in asked(town, agent, "BAKI")
    one = phone_of(town)
    assert "333" in asked(town, one, "HISAB") and town.sql(
        "SELECT count(*) FROM kheya.audit WHERE msisdn = %s", one.msisdn) == [(0,)]
