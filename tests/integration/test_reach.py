"""Where dialogues are left, and how long they keep the network: counted as shipped, without the tape."""

import json
import subprocess

import pytest

from town import BUILD, Phone, Town, killed_and_back, wait_for


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("reach"))
    try:
        yield t.start(relay=True)
    finally:
        t.stop()


def kheya(town, word, *more):
    return subprocess.run([BUILD / "kheya", word, "-c", town.folder / "kheya0.yaml", *more], capture_output=True, text=True, check=False)


def cost(town, *more):
    done = kheya(town, "cost", "--json", *more)
    assert done.returncode == 0, done.stderr
    return {row["class"]: row for row in json.loads(done.stdout)["rows"]}


def funnel(town, *more):
    done = kheya(town, "funnel", "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["rows"]


def dials(town):
    rows = town.sql("SELECT dealt, sum(dials)::int, sum(blocks)::int FROM kheya.reach_dial GROUP BY 1")
    return {dealt: (n, blocks) for dealt, n, blocks in rows}


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
    assert kheya(town, "cost", "--enquiry", "1").returncode == 2, "prices are the configuration's"


def test_each_dial_once(town):
    """Four complaints are transactions; ten who leave at the list are enquiries, though all began as such."""
    for n in range(4):
        phone = known(town, f"88017118{n:05}", "092544")
        phone.dial("*333*8*1#")
        phone.type("1")
        phone.type("1")
        wait_for("the case", lambda p=phone: town.sql("SELECT count(*) FROM kheya.case_file WHERE msisdn = %s", p.msisdn) == [(1,)])
    for n in range(12):
        known(town, f"88017119{n:05}", "092544" if n < 10 else "785719").dial("*333*8#")
    wait_for("the sums", lambda: dials(town) == {True: (4, 4), False: (12, 12)}, instead=lambda: dials(town))
    got = cost(town)
    assert got["transaction"]["dials"] == 4 and got["transaction"]["taka"] == pytest.approx(3.4), "Tk 0.85, as shipped"
    assert got["enquiry"]["blocks"] == 12 and got["enquiry"]["taka"] == pytest.approx(4.8)
    assert 0 <= got["enquiry"]["seconds"] <= 12 and got["enquiry"]["blocks_most"] == 12
    assert cost(town, "--since", "2099-01-01") == {} == cost(town, "--until", "2000-01-01")
    done = kheya(town, "cost")
    assert done.returncode == 0 and "8.20" in done.stdout
    alone = subprocess.run([BUILD / "kheya", "cost", "--json", "--database", town.conninfo], capture_output=True, text=True, check=True)
    assert [(row["dials"], row["taka"]) for row in json.loads(alone.stdout)["rows"]] == [(12, None), (4, None)], "no prices without a configuration"
    assert town.sql("SELECT count(*) FROM kheya.tape") == [(0,)]


def test_where_they_leave(town):
    left = {}
    for row in funnel(town):
        assert row["script"] == "en" and 0 <= row["left"] <= row["came"]
        left[row["screen"]] = left.get(row["screen"], 0) + row["left"]
    at = {screen: n for screen, n in town.sql("SELECT screen, count(*)::int FROM kheya.session WHERE open GROUP BY 1")}
    assert {s: n for s, n in left.items() if n} == at, "those whose dialogue is not over are gone where their rows stand"
    assert {row["link"] for row in funnel(town, "--by", "link")} == {"gp"}


def test_few_of_a_union_are_not_told(town):
    """Two of one union beside ten of another at one screen are told nowhere, nor found from the sum; nobody stands in the sums."""
    rows = funnel(town, "--by", "union")
    assert all(row["came"] >= 10 and (row["left"] is None or row["left"] >= 10) for row in rows), rows
    assert "785719" not in {row["union"] for row in rows}
    assert town.sql("SELECT count(*) FROM kheya.reach WHERE kind = 2 AND key = '785719'")[0][0] > 0
    every = "".join(town.sql(f"SELECT string_agg(r::text, ' ') FROM kheya.{table} r")[0][0] for table in ("reach", "reach_dial"))
    assert "8801711" not in every and "Example" not in every


def test_continued_and_new(town):
    """"New" to "Continue?" is no dial of its own; the question is a page at which one can leave."""
    before = dials(town)
    phone = known(town, "8801712000001", "092544")
    phone.dial()
    phone.type("8")
    phone.type("1")
    phone.cancel()
    wait_for("the abort", lambda: town.metric("events_abort_total") > 0)
    assert "Continue?" in phone.dial()["text"]
    phone.type("2")
    wait_for("two dials", lambda: dials(town)[False][0] == before[False][0] + 2, instead=lambda: dials(town))
    rows = {row["screen"]: row for row in funnel(town)}
    assert rows["continue?"]["came"] == 1 and rows["continue?"]["left"] == 0


def test_ended_and_killed(town):
    """Who is asked to end writes all before; who is killed loses the last seconds, and counts nothing twice."""
    before = dials(town)[False][0]
    for n in range(3):
        known(town, f"88017130{n:05}", "092544").dial("*333*8#")
    assert town.kheyads[0].end() == 0
    assert dials(town)[False][0] == before + 3
    town.start_kheyad()
    town.ready()
    phone = known(town, "8801713000009", "092544")
    wait_for("the link", lambda: "8" in phone.dial()["text"])
    wait_for("the sums", lambda: dials(town)[False][0] > before + 3)
    phone.dial()
    real = dials(town)[False][0] + 1
    killed_and_back(town)
    phone.dial()
    wait_for("the sums after", lambda: dials(town)[False][0] >= real)
    assert dials(town)[False][0] <= real + 1


def test_old_days_go(town):
    town.sql("INSERT INTO kheya.reach VALUES (current_date - 401, 'root', 0, 'en', 1, 1),"
             " (current_date - 399, 'root', 0, 'en', 1, 1)")
    town.sql("INSERT INTO kheya.reach_dial VALUES (current_date - 401, 'gp', false, 1, 0, 1, 1)")
    Phone(town, "8801713000009").dial()
    wait_for("the sweep", lambda: town.sql("SELECT count(*) FROM kheya.reach_dial WHERE day < current_date - 400") == [(0,)])
    assert town.sql("SELECT count(*) FROM kheya.reach WHERE day < current_date - 300") == [(1,)]
