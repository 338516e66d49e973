"""Another phone of her own choice: agreed by a code there, told that there is news and never what, and stopped by either."""

import re

import pytest

from test_agents import speaks, through
from town import Phone, Town, wait_for

HERS, OTHER, CHILD = "8801711000501", "8801711000502", "8801711000503"
NEWS = "333: News for 017**501. Please tell: dial *333#. To stop: SMS STOP"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("other"))
    try:
        yield t.start()
    finally:
        t.stop()


def dialled(phone, code):
    """Begun anew where an unfinished dialogue is offered."""
    page = phone.dial(code)
    assert page["text"], page
    page = page["text"]
    return phone.type("2")["text"] if "Not finished" in page else page


def put(town, cause, phone, text, **more):
    columns = {"class": "transactional", "lang": "en"} | more
    town.sql(f"INSERT INTO kheya.outbox (bucket, cause, receiver, text, due, created, changed, {', '.join(columns)})"
             " SELECT kheya.bucket(%s), %s, %s, %s, n, n, n" + ", %s" * len(columns)
             + " FROM (SELECT (extract(epoch FROM now()) * 1000)::bigint AS n) AS t",
             phone.msisdn, cause, phone.msisdn, text, *columns.values())


def state(town, cause):
    return town.sql("SELECT state FROM kheya.outbox WHERE cause = %s", cause)[0][0]


def refused(town, cause, phone, text, **more):
    """The telco does not know this phone now."""
    town.fault(submit_errors=1, submit_status=0x0b)
    put(town, cause, phone, text, **more)
    wait_for(f"{cause} refused", lambda: state(town, cause) == 6)
    town.fault(submit_errors=0)


def chosen(town):
    return town.sql("SELECT other FROM kheya.citizen WHERE msisdn = %s", HERS)[0][0]


def choose(town, phone, other, pin):
    """Through the code that came to the other phone."""
    dialled(phone, "*333*16*7#")
    before = len(other.sms())
    assert "A code went to 017**" in through(phone, *pin, "0" + other.msisdn[3:])
    wait_for("the code", lambda: len(other.sms()) > before)
    code = re.search(r"কোড (\d{4})|code (\d{4})", other.sms()[-1])
    assert HERS[3:] not in other.sms()[-1], "whole numbers go to nobody"
    return phone.type(code[1] or code[2])["text"]


def test_chosen_and_told(town):
    phone, other = Phone(town, HERS), Phone(town, OTHER)
    speaks(phone, "3")
    # without a PIN she sets one first; her own number is none
    assert "you need a PIN" in dialled(phone, "*333*16*7#")
    assert "Whom do we tell" in through(phone, "7391")
    assert "another phone" in through(phone, "0" + HERS[3:])
    assert "017**502 hears" in choose(town, phone, other, ["7391"])
    assert chosen(town) == OTHER
    assert town.sql("SELECT fields::text FROM kheya.case_file WHERE service = 'other_phone'") == [("{}",)], "the number stands once"
    assert town.sql("SELECT count(*) FROM kheya.audit WHERE fields::text LIKE %s", f"%{OTHER}%") == [(0,)]
    # what cannot be delivered: the other phone reads whose, and not what; a code goes nowhere else
    n = len(other.sms())
    refused(town, "money", phone, "Your money came: Tk 1950")
    wait_for("the news", lambda: other.sms()[n:] == [NEWS])
    refused(town, "code", phone, "333: code 4711", **{"class": "otp"})
    refused(town, "theft", phone, "Widow allowance", discreet="333: Widow.", quiet=1)
    wait_for("the second", lambda: other.sms()[n:] == [NEWS, NEWS])
    assert town.sql("SELECT cause FROM kheya.outbox WHERE cause LIKE '%%/other' ORDER BY cause") == [("money/other",), ("theft/other",)]
    assert "1950" not in "".join(other.sms())
    # shown masked, behind her PIN
    page = dialled(phone, "*333*16*7#")
    assert "Your PIN" in page, page
    assert "not your PIN" in through(phone, "1111")
    page = through(phone, "1", "7391")
    assert "we tell 017**502" in page and OTHER[2:] not in page
    assert "We tell no other phone" in through(phone, "1")
    assert chosen(town) == ""
    refused(town, "later", phone, "More money")
    assert town.sql("SELECT count(*) FROM kheya.outbox WHERE cause = 'later/other'") == [(0,)]


def test_stopped_by_the_other(town):
    phone, other = Phone(town, HERS), Phone(town, OTHER)
    assert "017**502 hears" in choose(town, phone, other, ["7391"])
    # one waits for the other phone when its holder has enough
    put(town, "waits/other", other, "Never", whose=HERS, later=4102444800000)
    town.telco_call("/sms", msisdn=OTHER, to="333", text="STOP")
    wait_for("no other number", lambda: chosen(town) == "")
    assert state(town, "waits/other") == 6
    n = len([m for m in other.sms() if m == NEWS])
    refused(town, "stopped", phone, "More money")
    assert len([m for m in other.sms() if m == NEWS]) == n
    # three codes a day to one phone, whoever asks
    assert "017**502 hears" in choose(town, phone, other, ["7391"])
    dialled(phone, "*333*16*7#")
    assert "No more codes to that phone today" in through(phone, "7391", "2", "0" + OTHER[3:])


def test_deleted(town):
    phone, child = Phone(town, HERS), Phone(town, CHILD)
    dialled(phone, "*333*16*7#")
    through(phone, "7391", "2")
    assert "A code went to 017**503" in through(phone, "0" + CHILD[3:])
    wait_for("the code", lambda: child.sms())
    assert "017**503 hears" in phone.type(re.search(r"কোড (\d{4})", child.sms()[-1])[1])["text"]
    assert chosen(town) == CHILD
    dialled(phone, "*333*16*4#")
    assert "Deleted." in through(phone, "3", "1", "7391")
    assert chosen(town) == ""
    # who is forgotten is nobody's other number either
    town.sql("UPDATE kheya.citizen SET other = %s WHERE msisdn = %s", CHILD, HERS)
    speaks(child, "3")
    dialled(child, "*333*16*4#")
    assert "Deleted." in through(child, "3", "1")
    assert chosen(town) == ""
