"""Who tries numbers of other people learns nothing: the same page in the same time for what is wrong and what nobody has, and
after some tries none, whatever was right."""

import statistics
import time

import pytest

from town import Phone, Town, wait_for

NOT_FOUND = "We found no allowance"
OFTEN = "You have looked many times."
HERS, NIDS = "8801711000001", ("7306", "7307")          # of sql/demo.sql


def start(tmp_path, limits, **args):
    return Town(tmp_path, conf=f"limits: {{{limits}}}", **args).start()


@pytest.fixture
def town_with(tmp_path):
    made = []

    def make(limits, **args):
        made.append(start(tmp_path, limits, **args))
        return made[0]
    yield make
    for t in made:
        t.stop()


def english(town, *phones):
    for p in phones:
        town.sql("INSERT INTO kheya.citizen VALUES (kheya.bucket(%s), %s, 'en', '', 0)"
                 " ON CONFLICT (bucket, msisdn) DO UPDATE SET lang = 'en'", p.msisdn, p.msisdn)
    return phones


def before(phone):
    """The question for the last numbers of the card."""
    phone.cancel()
    page = phone.dial("*333*1*1#")["text"]
    if "Continue?" in page:
        page = phone.type("2")["text"]
    if "Which" in page:
        page = phone.type("2")["text"]
    assert "Like 4821" in page, page


def asks(phone, nid4):
    """Her widow allowance by four digits: the page."""
    before(phone)
    return phone.type(nid4)["text"]


def test_by_number(town_with, phone_of):
    """One who tries is stopped, the right one too; others are not. What she was told says nothing."""
    town = town_with("lookups: 5, lookups_agent: 8")
    thief, other, agent = english(town, Phone(town, HERS), phone_of(town), phone_of(town))
    right = town.sql("SELECT nid4 FROM svc.beneficiary WHERE msisdn = %s ORDER BY id LIMIT 1", HERS)[0][0]
    wrong = [n for n in ("1111", "2222", "3333", "4444", "5555") if n != right]
    pages = [asks(thief, n) for n in wrong]
    assert all(NOT_FOUND in p for p in pages) and len(set(pages)) == 1, pages
    assert OFTEN in asks(thief, right) and OFTEN in asks(thief, "6666"), "the right one as a wrong one"
    assert "call 333" in thief.look()["text"]
    assert NOT_FOUND in asks(other, "1111"), "others are served"
    assert town.metric("lookups_refused_total") == 2
    log = town.kheyads[0].log.read_text()
    assert "event=lookup_refused whose=number" in log and HERS not in log
    # nothing else is refused her
    thief.cancel()
    assert "Continue?" in thief.dial("*333#")["text"]
    assert "333 Govt services" in thief.type("2")["text"]

    # an agent, whose customers are many
    town.sql("INSERT INTO kheya.agent (msisdn, name, centre) VALUES (%s, 'Example 77', 'Example')", agent.msisdn)
    pages = [asks(agent, "1111") for _ in range(9)]
    assert [OFTEN in p for p in pages] == [False] * 8 + [True]
    assert "whose=agent" in town.kheyads[0].log.read_text()

    # a hook and a keyword of the same kind are counted together with it
    fresh = english(town, phone_of(town))[0]
    for _ in range(3):
        asks(fresh, "1111")
    pages = []
    for _ in range(3):
        fresh.cancel()
        page = fresh.dial("*333*3*1*4001123456780*05031990#")["text"]
        pages.append(fresh.type("2")["text"] if "Continue?" in page else page)
    assert ["Passport **6780" in p for p in pages] == [True, True, False] and OFTEN in pages[2], pages
    town.telco_call("/sms", msisdn=fresh.msisdn, to="333", text="VATA WDA 1111")
    wait_for("the answer", lambda: any("Wait an hour" in t or "এক ঘণ্টা" in t for t in fresh.sms()))


@pytest.mark.parametrize("whose, limits", (("link", "lookups_link: 4"), ("all", "lookups_all: 4")))
def test_of_many_numbers(town_with, phone_of, whose, limits):
    """Many SIMs, one or two tries each."""
    town = town_with(limits)
    phones = english(town, *[phone_of(town) for _ in range(6)])
    pages = [asks(p, "1111") for p in phones]
    assert [OFTEN in p for p in pages] == [False] * 4 + [True] * 2
    assert f"whose={whose}" in town.kheyads[0].log.read_text()


def test_the_same_time(town_with, phone_of):
    """A wrong number of somebody who has an allowance, and any number of somebody who has none: the same statement, the same page,
    and no time that tells them apart."""
    town = town_with("lookups: 1000")
    has, has_none = english(town, Phone(town, HERS), phone_of(town))
    for phone in (has, has_none):
        asks(phone, "1111")
    took = {has: [], has_none: []}
    pages = set()
    for i in range(40):
        for phone in (has, has_none) if i % 2 else (has_none, has):
            before(phone)
            began = time.monotonic()
            pages.add(phone.type(f"{1000 + i}")["text"].split("\n")[0])
            took[phone].append(time.monotonic() - began)
    assert len(pages) == 1 and NOT_FOUND in pages.pop()
    a, b = (statistics.median(t) for t in took.values())
    spread = statistics.median(abs(t - a) for t in took[has]) + 0.002
    assert abs(a - b) < 4 * spread, (a, b, spread)
