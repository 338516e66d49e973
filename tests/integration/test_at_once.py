"""Operators who do something to the same agent or officer at the same time: both are done, one behind the other, and both are told
in the audit."""

import subprocess

import psycopg2
import pytest

from test_officers import secret
from town import BUILD, TREE, Town, wait_for

AGENT, OFFICER = "8801711000190", "8801711000401"
CENTRE = "number,name,centre,sex,since,until\n01711000190,Example 190 anew,092544,f,,\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A database of this version with the demonstration's rows and an officer, and no daemon."""
    town = Town(tmp_path_factory.mktemp("at_once"))
    town.start_database()
    try:
        subprocess.run([BUILD / "kheya", "migrate", "--database", town.conninfo, "--sql", TREE / "sql"], check=True,
                       stdout=subprocess.DEVNULL)
        town.sql((TREE / "sql" / "demo.sql").read_text())
        assert start(town, ("officer", "add", OFFICER, "--name", "Rahima", "--agency", "dss", "--desk", "1")).wait(60) == 0
        yield town
    finally:
        town.stop()


def start(town, words):
    words = [BUILD / "kheya", words[0], "--database", town.conninfo, *words[1:]]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def at_once(town, table, msisdn, acts, texts=(None, None)):
    """Both have begun before either may write: the row is held until they wait."""
    held = psycopg2.connect(town.conninfo)
    running = []
    try:
        with held.cursor() as cursor:
            cursor.execute(f"SELECT FROM {table} WHERE msisdn = %s FOR UPDATE", (msisdn,))
        for words, text in zip(acts, texts):
            running.append(start(town, words))
            if text is not None:
                running[-1].stdin.write(text)
            running[-1].stdin.close()
            running[-1].stdin = None
        wait_for("both at the row", lambda: town.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == [(2,)])
    finally:
        held.close()
    for act, words in zip(running, acts):
        said, _ = act.communicate(timeout=60)
        assert act.returncode == 0, f"{words}: {said}"


def told(town, msisdn):
    rows = town.sql("SELECT turn, event FROM kheya.audit WHERE msisdn = %s ORDER BY turn", msisdn)
    assert [turn for turn, _ in rows] == list(range(1, len(rows) + 1)), rows
    return [event for _, event in rows]


@pytest.mark.parametrize("first, second", [
    (("agent", "lock", AGENT), ("agent", "lock", AGENT)),
    (("agent", "add", AGENT, "--name", "Example 190", "--place", "092544"), ("agent", "unlock", AGENT)),
    (("agent", "lock", AGENT), ("agent", "add", AGENT, "--name", "Example 190", "--sex", "f", "--place", "092544")),
])
def test_an_agent(base, first, second):
    before = told(base, AGENT)
    at_once(base, "kheya.agent", AGENT, (first, second))
    names = {"lock": "agent_locked", "unlock": "agent_unlocked", "add": "agent_set"}
    assert sorted(told(base, AGENT)[len(before):]) == sorted((names[first[1]], names[second[1]]))


def test_a_list_of_agents(base):
    before = told(base, AGENT)
    at_once(base, "kheya.agent", AGENT, (("import", "agents", "-"), ("agent", "lock", AGENT)), (CENTRE, None))
    assert sorted(told(base, AGENT)[len(before):]) == ["agent_locked", "agent_set"]
    assert base.sql("SELECT name FROM kheya.agent WHERE msisdn = %s", AGENT) == [("Example 190 anew",)]


@pytest.mark.parametrize("first, second", [
    (("officer", "lock", OFFICER), ("officer", "unlock", OFFICER)),
    (("officer", "add", OFFICER, "--name", "Rahima", "--agency", "dss"), ("officer", "lock", OFFICER)),
    (("officer", "code", OFFICER), ("officer", "code", OFFICER, "--new")),
])
def test_an_officer(base, first, second):
    first, second = ((*words, "--secret", secret(base.folder)) if words[1] == "code" else words for words in (first, second))
    before = told(base, OFFICER)
    at_once(base, "kheya.officer", OFFICER, (first, second))
    assert len(told(base, OFFICER)) == len(before) + 2
