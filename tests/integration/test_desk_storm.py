"""Orders about cases from several desks at once, repeated, in any order, with desks killed and connections cut in
between: the history stays one, and every key is in it at most once."""

import collections
import os
import pathlib
import random
import subprocess
import threading

import pytest

from citizen import damm
from town import BUILD, TREE, Town

MENUS = pathlib.Path(__file__).parent / "desk"
DESK = BUILD / "tests" / "integration" / "live_desk"
CASES = 24
ORDERS = 10                             # for each case
DESKS = 3
AFTER = {                               # tests/integration/desk/kheya.yaml; who may is in BY
    "submitted": ["received", "rejected"], "received": ["answered", "rejected", "withdrawn"],
    "answered": ["closed", "appealed"], "appealed": ["answered", "closed"],
}
BY = {
    "submitted": {"officer", "agency", "operator"}, "received": {"officer", "agency", "operator", "clock"},
    "answered": {"citizen"}, "appealed": {"officer", "agency", "operator"},
}
NOTIFIED = {"received", "answered", "rejected"}
AUDITED = {"officer", "agency", "operator", "agent"}
SEED = int(os.environ.get("KHEYA_TEST_SEED", random.randrange(1 << 30)))


@pytest.fixture
def town(tmp_path):
    t = Town(tmp_path)
    t.start_database()
    subprocess.run([BUILD / "kheya", "migrate", "--database", t.conninfo, "--sql", TREE / "sql"], check=True,
                   stdout=subprocess.DEVNULL)
    try:
        yield t
    finally:
        t.stop()


def open_cases(town):
    numbers = []
    for i in range(CASES):
        digits = f"8{i:08d}"
        numbers.append(digits + str(damm(digits)))
        msisdn = str(8801700000000 + i)
        town.sql("INSERT INTO kheya.case_file (bucket, number, service, agency, msisdn, code, turn, state, fields, created,"
                 " changed, lang) VALUES (kheya.bucket(%s), %s, 'complaint', 'dss', %s, '*333#', 1, 'submitted',"
                 " '{\"category\": \"late\"}', 1, 1, 'en')", msisdn, numbers[-1], msisdn)
        town.sql("INSERT INTO kheya.case_event (bucket, number, seq, at, kind, actor, state, key)"
                 " VALUES (kheya.bucket(%s), %s, 1, 1, 'citizen', '', 'submitted', 'open')", msisdn, numbers[-1])
    return numbers


def draw_orders(dice, numbers):
    states = sorted({s for after in AFTER.values() for s in after})
    orders = []
    for number in numbers:
        for k in range(ORDERS):
            kind = dice.choice(["officer", "agency", "operator", "clock", "citizen", "provider"])
            state = dice.choice([*states, "-"])
            line = f"{number}\t{number}/{k}\t{kind}\t{state}\tnote {k}"
            orders += [line] * dice.randint(1, 4)
    dice.shuffle(orders)
    return orders


class Desk:
    """Feeds one live_desk until all its lines are answered; it may be killed."""

    def __init__(self, town, lines, dice, answers):
        self.town, self.lines, self.dice, self.answers = town, lines, dice, answers
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        waiting = list(self.lines)
        while waiting:
            part, waiting = waiting[:40], waiting[40:]
            child = subprocess.Popen([DESK, self.town.conninfo, str(MENUS)], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            killer = None
            if self.dice.random() < 0.6:
                killer = threading.Timer(self.dice.uniform(0.05, 0.8), child.kill)
                killer.start()
            try:
                out, _ = child.communicate("\n".join(part) + "\n", timeout=60)
            finally:
                if killer:
                    killer.cancel()
            assert child.returncode in (0, -9), child.returncode
            answered = collections.Counter()
            for line in out.splitlines():
                words = line.split("\t")
                if len(words) == 4:
                    self.answers.append(words)
                    answered[words[0]] += words[1] != "away"
            for line in part:           # what was not answered is said again
                key = line.split("\t")[1]
                if answered[key] > 0:
                    answered[key] -= 1
                else:
                    waiting.append(line)


def cut(town, stop):
    """Connections that fall under a statement."""
    while not stop.wait(0.4):
        town.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                 " AND query LIKE '%%case_file%%' AND random() < 0.3")


def audit(town, number, orders):
    events = town.sql("SELECT seq, kind, state, key, note FROM kheya.case_event WHERE number = %s ORDER BY seq", number)
    seq, state = town.sql("SELECT seq, state FROM kheya.case_file WHERE number = %s", number)[0]
    assert [e[0] for e in events] == list(range(1, seq + 1))
    assert events[-1][2] == state
    assert len({e[3] for e in events}) == len(events)
    causes, audited = [], 0
    for (_, _, was, _, _), (n, kind, now, key, note) in zip(events, events[1:]):
        wanted = orders[key]
        assert (kind, note) == (wanted[2], wanted[4])
        if wanted[3] == "-":
            assert now == was
        else:
            moved = now == wanted[3] and now in AFTER[was]
            assert moved and (kind in BY[was] or (now == "withdrawn" and kind == "citizen")), (was, now, kind)
            assert not (now == "withdrawn" and kind != "citizen")
            if now in NOTIFIED:
                causes.append(f"case/{number}/{n}/{'refused' if now == 'rejected' else now}")
        audited += kind in AUDITED
    rows = town.sql("SELECT cause FROM kheya.outbox WHERE cause LIKE %s ORDER BY id", f"case/{number}/%")
    assert sorted(c for c, in rows) == sorted(causes)
    assert town.sql("SELECT count(*) FROM kheya.audit WHERE code = %s", f"case/{number}") == [(audited,)]
    return {e[3]: (e[0], e[2]) for e in events}


def test_storm(town):
    print("KHEYA_TEST_SEED", SEED)
    dice = random.Random(SEED)
    numbers = open_cases(town)
    lines = draw_orders(dice, numbers)
    answers = []
    stop = threading.Event()
    cutter = threading.Thread(target=cut, args=(town, stop))
    cutter.start()
    desks = [Desk(town, lines[i::DESKS], random.Random(SEED + i), answers) for i in range(DESKS)]
    for d in desks:
        d.thread.join(300)
        assert not d.thread.is_alive()
    stop.set()
    cutter.join()
    orders = {line.split("\t")[1]: line.split("\t") for line in lines}
    events = {}
    for number in numbers:
        events.update({k: v for k, v in audit(town, number, orders).items() if k != "open"})
    assert len(events) > CASES
    done = collections.Counter()
    for key, outcome, seq, _ in answers:
        if outcome in ("done", "repeated"):
            assert events[key][0] == int(seq), (key, outcome, seq, events[key])
            done[key] += 1
    # whatever stands in the history was said to be so to whoever asked last
    assert set(done) == set(events)
