"""A night: people wander through the menus as they are shipped and press what they find, officers move what they sent,
processes and the database die; in the morning everything is counted.

Cases are what was told to those who sent them, messages are what happened to the cases, payments are the fees of the
cases, and every message that left came to its phone once."""

import collections
import random
import re
import subprocess
import threading
import time

import pytest
import yaml

from citizen import damm
from town import BUILD, TREE, Phone, Town, wait_for

PEOPLE, DEATHS = 14, 7
NUMBER = re.compile(r"(?<!\d)(\d{4}) ?(\d{4}) ?(\d{2})(?!\d)")
CODES = ("*333#", "*333*8#", "*333*11#", "*333*1*2#", "*333*1*1#", "*333*16#", "*333*3#")
# What she may answer to a question that has no numbered answers; much of it is refused.
WORDS = ("20150925401000017", "1990092540112", "6123045978", "4821", "01021960", "15061985", "3", "1", "5000", "01711000222",
         "The road is broken", "Rahima 12", "0", "", "12", "2015")

# No page and no message of theirs tells a number: who asks for a call, for a reminder or for news waits for that.
UNNUMBERED = ["call_back", "reminder", "service_news"]


def offered(text):
    return re.findall(r"(?m)^(\d{1,2}) ", text)


class Wanderer:
    """One person with one phone, who goes where chance leads her."""

    def __init__(self, town, msisdn, seed):
        self.phone, self.dice = Phone(town, msisdn), random.Random(seed)
        self.told = set()
        self.maybe = 0                  # keys after which a number came, or nothing
        self.shown = {"state": "ended", "text": ""}

    def see(self, shown):
        self.shown = shown
        numbers = {"".join(n) for n in NUMBER.findall(shown["text"])}
        new = {n for n in numbers if damm(n) == 0 and n[0] in "123456789"} - self.told
        self.told |= new
        return new

    def step(self):
        time.sleep(self.dice.uniform(0, 0.2))
        if self.shown["state"] != "shown" or self.dice.random() < 0.04:
            if self.shown["state"] == "shown":
                self.phone.cancel()
            new = self.see(self.phone.dial(self.dice.choice(CODES), patience=20))
        else:
            keys = offered(self.shown["text"])
            forward = [k for k in keys if k not in ("0", "00")]
            if forward and self.dice.random() < 0.9:
                key = self.dice.choice(forward)
            elif keys and self.dice.random() < 0.3:
                key = self.dice.choice(keys)
            else:
                key = self.dice.choice(WORDS) or "9"
            new = self.see(self.phone.type(key, patience=20))
        if new or not self.shown["text"]:
            self.maybe += 1

    def live(self, until):
        while not until.is_set():
            self.step()


def kheya(town, *words):
    return subprocess.run([BUILD / "kheya", words[0], "-c", town.folder / "kheya0.yaml", *words[1:]], capture_output=True,
                          text=True, check=False)


class Office:
    """Moves what it finds, as each service allows; by commands that may be given twice, and may meet a dead database."""

    def __init__(self, town):
        self.town, self.dice, self.turn = town, random.Random(77), 0

    def step(self):
        cases = [line.split()[0] for line in kheya(self.town, "case", "list", "-l", "200").stdout.splitlines()
                 if re.match(r"\d{10}\b", line)]
        if not cases:
            return
        number = self.dice.choice(cases)
        states = re.findall(r"^\s+([a-z_]+)", kheya(self.town, "case", "show", number).stdout, re.M)
        self.turn += 1
        for state in self.dice.sample(states, min(3, len(states))):
            for _ in range(self.dice.choice((1, 1, 2))):
                kheya(self.town, "case", "move", number, state, "--note", "asked", "--by", "night", "--key", f"night/{self.turn}")


def open_payments(town):
    return town.sql("SELECT p.*, (extract(epoch FROM now()) * 1000)::bigint AS now FROM kheya.payment p"
                    " WHERE state IN ('quoted', 'requested', 'approved') OR owes <> 0")


def wander(town, people, office, dice):
    over = threading.Event()
    errors = []

    def run(live):
        try:
            live(over)
        except Exception as e:          # told by the thread that began it
            errors.append(e)
    threads = [threading.Thread(target=run, args=(p.live,)) for p in people]
    for t in threads:
        t.start()
    try:
        for death in range(DEATHS):
            for _ in range(6):
                office.step()
                time.sleep(dice.uniform(0.1, 0.5))
            if death == DEATHS // 2:
                town.dev_db("kill")
                time.sleep(dice.uniform(0, 1))
                town.dev_db("start")
            else:
                i = dice.randrange(len(town.kheyads))
                town.kheyads[i].kill()
                town.start_kheyad(i)
                town.ready(i)
    finally:
        over.set()
        for t in threads:
            t.join()
    assert not errors, errors


@pytest.fixture(scope="module")
def morning(tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("night"), kheyads=2)
    try:
        town.start()
        people = [Wanderer(town, 8801770000001 + i, i) for i in range(PEOPLE)]
        for p in people:
            lang = p.dice.choice(("en", "bn", "bn-Latn"))
            town.sql("INSERT INTO kheya.citizen VALUES (kheya.bucket(%s), %s, %s, '', 0)", p.phone.msisdn, p.phone.msisdn, lang)
        wander(town, people, Office(town), random.Random(333))
        for i in range(2):
            town.ready(i)
        # each try that was vain doubles the wait for the next one, until the five minutes are over that she has
        wait_for("all payments at their end", lambda: not open_payments(town), 400, lambda: open_payments(town))
        wait_for("all messages gone", lambda: town.sql(
            "SELECT count(*) FROM kheya.outbox WHERE state IN (0, 1)") == [(0,)], 90)
        yield town, people
    finally:
        town.stop()


def test_cases_are_what_was_sent(morning):
    """Each case was told to her who sent it, by a screen or a message; she was told of none that is not hers; she has
    no more than the keys she pressed."""
    town, people = morning
    every = 0
    for p in people:
        cases = {n for n, in town.sql("SELECT number::text FROM kheya.case_file WHERE msisdn = %s", p.phone.msisdn)}
        every += len(cases)
        numbered = cases - {n for n, in town.sql("SELECT number::text FROM kheya.case_file WHERE service = ANY(%s)", UNNUMBERED)}
        for text in p.phone.sms():
            p.told |= {"".join(n) for n in NUMBER.findall(text) if damm("".join(n)) == 0}
        theirs = p.told & {n for n, in town.sql("SELECT number::text FROM kheya.case_file")}
        assert numbered <= theirs <= cases, f"{p.phone.msisdn}: told {theirs}, has {numbered} of {cases}"
        assert len(numbered) <= p.maybe, f"{p.phone.msisdn}: {len(numbered)} cases of {p.maybe} keys that may have sent one"
    assert every == town.sql("SELECT count(*) FROM kheya.case_file")[0][0]
    assert every >= PEOPLE // 2, "too little happened"
    assert town.sql("SELECT count(*) FROM kheya.case_file f WHERE seq <>"
                    " (SELECT count(*) FROM kheya.case_event e WHERE e.bucket = f.bucket AND e.number = f.number)") == [(0,)]


def notices():
    """(service, state) -> name of the message, as the shipped menus say."""
    found = {}
    for path in (TREE / "menus").glob("*.yaml"):
        for name, service in (yaml.safe_load(path.read_text()).get("services") or {}).items():
            for state, sms in (service.get("notify") or {}).items():
                found[name, state] = sms
    return found


def test_messages_are_what_happened(morning):
    town, _ = morning
    told = notices()
    due = collections.Counter(f"case/{number}/{seq}/{told[service, state]}" for number, seq, service, state in town.sql(
        "SELECT e.number, e.seq, f.service, e.state FROM kheya.case_event e JOIN kheya.case_file f USING (bucket, number)"
        " WHERE e.note NOT LIKE 'note:%%' ORDER BY 1, 2") if (service, state) in told)
    written = collections.Counter(c for c, in town.sql("SELECT cause FROM kheya.outbox WHERE cause LIKE 'case/%%'"))
    assert written == due
    assert sum(due.values()) >= PEOPLE // 2, "too little happened"


def test_payments_are_fees(morning):
    town, _ = morning
    paid = dict(town.sql("SELECT about, count(*) FROM kheya.payment WHERE state = 'confirmed' AND service <> '' GROUP BY 1"))
    assert all(n == 1 for n in paid.values()), "a fee was paid twice"
    moved = dict(town.sql("SELECT number::text, count(*) FROM kheya.case_event WHERE kind = 'provider' AND state = 'submitted'"
                          " GROUP BY 1"))
    assert moved == paid
    receipts = {c for c, in town.sql("SELECT cause FROM kheya.outbox WHERE cause LIKE 'pay/%%/confirmed'")}
    assert receipts == {f"pay/{r}/confirmed" for r, in town.sql("SELECT ref FROM kheya.payment WHERE state = 'confirmed'")}
    assert paid, "too little happened"


NEWS = ("333: You have news. Dial *333#.", "333: আপনার একটি খবর আছে। *333# ডায়াল করুন।")


def test_every_message_came_once(morning):
    """bearerbox lived all night: what left came, and came once."""
    town, people = morning
    for p in people:
        sent = collections.Counter(t for t, in town.sql(
            "SELECT text FROM kheya.outbox WHERE receiver = %s AND state >= 2", p.phone.msisdn))
        wait_for("all of them", lambda p=p, sent=sent: sum(sent.values()) <= len(p.phone.sms()), 60)
        # on her page she may have asked for less in her messages, or deleted the words of those that came
        came = collections.Counter(t for t in p.phone.sms() if t not in NEWS)
        assert len(p.phone.sms()) == sum(sent.values())
        assert sum((came - sent).values()) <= sent["-"], came - sent
