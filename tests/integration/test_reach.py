"""Where dialogues are left, and how long they keep the network: counted once, though kheyad is killed between two keys."""

import json

import pytest

from test_catalogue import kheya
from town import Phone, Town, typed_and_killed, wait_for


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("reach"), conf="tape: {keep: 1h}")
    try:
        yield t.start(relay=True)
    finally:
        t.stop()


def cost(town, *more):
    done = kheya(town, "cost", "--json", *more)
    assert done.returncode == 0, done.stderr
    return {row["class"]: row for row in json.loads(done.stdout)["rows"]}


def funnel(town, *more):
    done = kheya(town, "funnel", "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["rows"]


def older(town, seconds):
    """What stands on the tape happened so long ago."""
    town.sql("UPDATE kheya.tape SET at = at - %s", seconds * 1000)


def known(town, msisdn, union):
    """A woman with an allowance, who reads English."""
    town.sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) VALUES (kheya.bucket(%s), %s, 'en', '', 0)", msisdn, msisdn)
    town.sql("INSERT INTO svc.beneficiary (msisdn, allowance, nid4, name, union_code, since) VALUES (%s, 'OAA', '0000', 'Example', %s,"
             " '2024-07-01')", msisdn, union)
    return Phone(town, msisdn)


def test_nothing_yet(town):
    assert not cost(town) and not funnel(town)
    assert kheya(town, "funnel", "--by", "sex").returncode == 2
    assert kheya(town, "funnel", "--since", "yesterdayish").returncode == 1
    assert kheya(town, "cost", "--idle", "-1").returncode == 2
    assert kheya(town, "cost", "--enquiry", "x").returncode == 2


def test_each_dial_once(town):
    """Ten complaints, kheyad killed in every third before its last page: ten transactions; ten who leave at the list are enquiries."""
    for n in range(10):
        phone = known(town, f"88017118{n:05}", "092544")
        phone.dial("*333*8*1#")
        phone.type("1")
        if n % 3 == 0:
            typed_and_killed(town, phone, "1")
        else:
            phone.type("1")
        wait_for("the case", lambda p=phone: town.sql("SELECT count(*) FROM kheya.case_file WHERE msisdn = %s", p.msisdn) == [(1,)])
    for n in range(10):
        known(town, f"88017119{n:05}", "092544" if n < 4 else "785719").dial("*333*8#")
    taped = town.sql("SELECT count(DISTINCT (bucket, dialogue)) FROM kheya.tape")[0][0]
    got = cost(town)
    assert taped == 20 and got["transaction"]["dials"] == 10 and got["enquiry"]["dials"] == 10, got
    assert got["transaction"]["blocks"] == 10 and got["transaction"]["taka"] == pytest.approx(8.5)
    assert got["enquiry"]["blocks"] == 10 and got["enquiry"]["taka"] == pytest.approx(4)
    assert cost(town, "--enquiry", "1.5")["enquiry"]["taka"] == pytest.approx(15)
    assert cost(town, "--since", "2099-01-01") == {} == cost(town, "--until", "2000-01-01")


def test_blocks(town):
    """91 seconds are two blocks; "new" to "Continue?" is no dial of its own."""
    before = cost(town)
    phone = known(town, "8801712000000", "092544")
    phone.dial("*333*8*1#")
    phone.type("1")
    older(town, 91)
    phone.type("1")
    got = cost(town)
    assert got["transaction"]["dials"] == before["transaction"]["dials"] + 1
    assert got["transaction"]["blocks"] == before["transaction"]["blocks"] + 2
    again = known(town, "8801712000001", "092544")
    again.dial()
    again.type("8")
    again.type("1")
    again.cancel()
    wait_for("the abort", lambda: town.metric("events_abort_total") > 0)
    said = again.dial()["text"]
    assert "Continue?" in said
    again.type("2")
    assert cost(town)["enquiry"]["dials"] == got["enquiry"]["dials"] + 2, "two dials, though three beginnings are on the tape"


def test_where_they_leave(town):
    assert all(row["left"] == 0 for row in funnel(town)), "they may go on"
    older(town, 301)
    rows = {(row["screen"], row["script"]): row for row in funnel(town)}
    at = town.sql("SELECT screen, count(*) FROM kheya.tape t WHERE step = 1 AND state = 0 AND NOT EXISTS (SELECT FROM kheya.tape n"
                  " WHERE n.bucket = t.bucket AND n.dialogue = t.dialogue AND n.step > 1) GROUP BY 1 ORDER BY 2 DESC")
    screen = at[0][0]
    assert rows[screen, "en"]["left"] >= 10 and rows[screen, "en"]["came"] >= rows[screen, "en"]["left"]
    assert sum(row["left"] for row in rows.values()) == town.sql(
        "SELECT count(*) FROM (SELECT DISTINCT ON (bucket, dialogue) state FROM kheya.tape ORDER BY bucket, dialogue, step DESC) l"
        " WHERE state <> 2")[0][0]
    links = {row["link"] for row in funnel(town, "--by", "link")}
    assert links == {row[0] for row in town.sql("SELECT DISTINCT link FROM kheya.tape")}


def test_few_of_a_union_are_not_told(town):
    """Six of one union and some of another at one screen: the six are told nowhere, nor found from the sum."""
    rows = funnel(town, "--by", "union")
    assert rows and all(row["came"] >= 10 and (row["left"] is None or row["left"] >= 10) for row in rows), rows
    assert "785719" not in {row["union"] for row in rows}
    every = {}
    for row in funnel(town, "--by", "script"):
        every[row["screen"]] = every.get(row["screen"], 0) + row["came"]
    for row in rows:
        hidden = every[row["screen"]] - sum(r["came"] for r in rows if r["screen"] == row["screen"])
        assert hidden <= 0 or hidden >= 10, "what is not told cannot be found out"
    told = town.sql("SELECT string_agg(facts, '') FROM kheya.tape")[0][0]
    assert '"place": "785719"' in told and "8801711" not in told
