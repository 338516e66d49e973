"""Cases on their way to agencies: systems that hang, die, answer twice, answer late; kills; secrets; order."""

import json
import re
import subprocess
import time

import pytest

from agency import KEY, Agency
from town import BUILD, TREE, wait_for

NID = "7391648205"


def write_menus(folder, ports, more="", poll=""):
    text = (TREE / "tests" / "dialog" / "agency" / "kheya.yaml").read_text()
    head = text[:text.index("types:\n")]
    names = list(ports)
    folder.mkdir(exist_ok=True)
    backends = "".join(
        f'  {n}: {{kind: http, url: "http://127.0.0.1:{p}/api", key: keys/dss, timeout: 1s, '
        f"breaker: {{fails: 20, rest: 1s}}, taken: received, retry: {{first: 200ms, longest: 1s}}, cases: /applications, "
        f"states: {{REGISTERED: received, Done: answered, NO: rejected}}{poll}}}\n" for n, p in ports.items())
    services = "".join(
        f"  {n}: {{number: {i}, agency: {n}, title: {n}, fields: {{nid: nid, note: text(40)}}, backend: {n}, "
        "states: {submitted: [received, rejected], received: [answered], answered: []}}\n"
        for i, n in enumerate(names + ["trial", "broken"], 1))
    options = "".join(f"      {i}: {{text: {n}, goto: ask_{n}}}\n" for i, n in enumerate(names + ["trial", "broken"], 1))
    screens = "".join(f"""  ask_{n}: {{text: NID of {n}, input: {{into: nid}}, goto: say_{n}}}
  say_{n}: {{text: Note for {n}, input: {{into: note}}, goto: send_{n}}}
  send_{n}: {{submit: {n}, with: {{nid: nid, note: note}}, into: case, goto: done}}
""" for n in names + ["trial", "broken"])
    (folder / "kheya.yaml").write_text(head + f"""
types:
  nid: {{pattern: '[0-9]{{10}}', width: 10, sensitive: yes}}
  note: {{text: 40}}
services:
{services}
backends:
{backends}  trial: {{kind: mock, answers: {{/cases: '{{"state": "received", "note": "Mock desk"}}'}}}}
  broken: {{kind: mock, answers: {{"*": fail}}, retry: {{first: 100ms, longest: 200ms}}}}
{more}
screens:
  main:
    text: Agency
    options:
{options}{screens}  done: {{text: "Your number {{case.no}}", end: yes}}
""")


@pytest.fixture
def agency():
    a = Agency()
    yield a
    a.close()


@pytest.fixture
def other():
    a = Agency()
    yield a
    a.close()


def prepare(tmp_path, agency, other):
    (tmp_path / "keys").mkdir()
    for name, octets in (("keys/dss", KEY), ("secret", b"0123456789abcdef" * 4)):
        (tmp_path / name).write_bytes(octets)
        (tmp_path / name).chmod(0o600)
    write_menus(tmp_path / "menus", {"dss": agency.port, "land": other.port})


@pytest.fixture
def served(broken_town, tmp_path, agency, other):
    def start(**args):
        prepare(tmp_path, agency, other)
        return broken_town(menus=tmp_path / "menus", telco=("--code", "*16555#"), conf=f"secret: {tmp_path}/secret", **args)
    return start


def submit(phone, service=1, note="please"):
    phone.dial("*16555#")
    phone.type(str(service))
    phone.type(NID)
    page = phone.type(note)["text"]
    found = re.search(r"Your number (\d{10})", page)
    assert found, page
    return found[1]


def row(town, number):
    return town.sql("SELECT state, tries, body, secret, note FROM kheya.backend_queue WHERE number = %s", int(number))[0]


def state(town, number):
    return town.sql("SELECT state FROM kheya.case_file WHERE number = %s", int(number))[0][0]


def events(town, number):
    return town.sql("SELECT kind, actor, state, note FROM kheya.case_event WHERE number = %s ORDER BY seq", int(number))


def taken(town, *numbers, patience=30):
    wait_for("the hand-over", lambda: all(row(town, n)[0] == 1 for n in numbers), patience)


def whole_database(town):
    dump = subprocess.run(["pg_dump", "--inserts", "--schema=kheya", town.conninfo], capture_output=True, text=True,
                          check=True, timeout=60).stdout
    assert NID.encode().hex() not in dump, "not as octets either"
    return dump


def test_one_case(served, agency, phone_of):
    """Signed, whole, once; the case goes on by the agency's own word; nothing is kept that nobody needs."""
    town, phone = served(), phone_of
    agency.behave("busy", "hang")
    phone = phone_of(town)
    number = submit(phone)
    wait_for("the agency to be asked", lambda: len(agency.letters) >= 2)
    assert state(town, number) == "submitted"
    body, secret = row(town, number)[2:4]
    assert NID not in body and json.loads(body)["fields"] == {"nid": NID[-4:], "note": "please"}
    assert secret and NID.encode() not in bytes(secret)
    assert NID not in whole_database(town)
    agency.behave("good")
    agency.gate.set()
    taken(town, number)
    letter = json.loads(agency.taken[f"{number}/1"])
    assert letter.pop("at").endswith("+06:00")
    assert letter == {"case": number, "event": "1", "service": "dss", "state": "submitted", "phone": phone.msisdn,
                      "lang": "en", "by": "citizen", "fields": {"nid": NID, "note": "please"}}
    agency.check()
    assert row(town, number)[2:4] == ("", None), "wiped"
    assert state(town, number) == "received"
    assert events(town, number) == [("citizen", "", "submitted", ""), ("agency", "dss", "received", "Desk 4")]
    assert town.sql("SELECT fields FROM kheya.case_file")[0][0] == {"nid": NID[-4:], "note": "please"}
    log = town.kheyads[0].log.read_text()
    assert NID not in log and NID not in whole_database(town)
    assert phone.msisdn not in log
    assert town.metric("handovers_total") == 1
    assert town.metric("handovers_in_flight") == 0


def test_what_a_system_says(served, agency, phone_of):
    """Its words and ours, statuses, and answers that are none."""
    town = served()

    def send(plan, answer):
        agency.behave(plan)
        agency.answer = answer
        number = submit(phone_of(town))
        taken(town, number)
        return number

    number = send("good", {"state": "registered"})
    assert (state(town, number), row(town, number)[4]) == ("received", "")
    number = send("good", {"state": "NO", "note": "Wrong  office\n"})
    assert events(town, number)[-1] == ("agency", "dss", "rejected", "Wrong  office")
    for plan in ("silent", "garbage"):
        number = send(plan, {})
        assert state(town, number) == "received", "taken without a word"
    number = send("have", {"state": "REGISTERED"})
    assert state(town, number) == "received"
    number = send("good", {"state": "XYZ"})
    assert state(town, number) == "received" and "XYZ" in row(town, number)[4]
    number = send("good", {"state": "Done"})
    assert state(town, number) == "submitted" and "not_now" in row(town, number)[4], "no way leads there at once"
    number = send("twice", {"state": "REGISTERED"})
    assert [e[2] for e in events(town, number)] == ["submitted", "received"]

    agency.behave("refuse")
    number = submit(phone_of(town))
    wait_for("the refusal", lambda: row(town, number)[0] == 2)
    assert "422" in row(town, number)[4] and row(town, number)[3], "kept for an operator"
    assert state(town, number) == "submitted"
    assert town.metric("handovers_refused_total") == 1

    def backend(*words):
        return subprocess.run([BUILD / "kheya", "backend", "--database", town.conninfo, *words], capture_output=True, text=True,
                              timeout=60, check=False)

    got = backend("list")
    assert got.returncode == 1 and re.search(r"(?m)^dss +0 +0 +- +1 +\d+$", got.stdout), got
    got = backend("show", "dss")
    assert got.returncode == 1 and re.search(rf"(?m)^{number}/1 .* refused +refused with status 422$", got.stdout), got
    assert backend("retry", "dss", "8123056783").returncode == 1, "nothing of this case"
    assert backend("retry", "dss", "8123056784").returncode == 2 and backend("retry").returncode == 2
    agency.answer = {"state": "REGISTERED"}
    agency.behave("good")
    assert backend("retry", "dss", number).stdout == "1 due now\n"
    taken(town, number)
    assert backend("list").returncode == 0 and state(town, number) == "received"
    agency.behave("denied", "denied", "good")
    agency.answer = {"state": "REGISTERED"}
    number = submit(phone_of(town))
    taken(town, number)
    assert row(town, number)[1] == 3
    agency.check()


def test_hangs_dies_and_is_late(served, agency, other, phone_of):
    """What cannot be known is sent again under the same name, and done once; another agency waits for nothing."""
    town = served()
    agency.behave("hang", "die", "late", "die", "busy", "hang", "late", "good")
    first = [submit(phone_of(town)) for _ in range(3)]
    began = time.monotonic()
    second = submit(phone_of(town), service=2)
    taken(town, second)
    assert time.monotonic() - began < 5
    taken(town, *first, patience=60)
    agency.gate.set()
    assert agency.cases() == set(first) and other.cases() == {second}
    assert len(agency.letters) >= 8
    agency.check()
    for number in first:
        assert [e[2] for e in events(town, number)] == ["submitted", "received"]


def test_mocks(served, phone_of):
    town = served()
    number = submit(phone_of(town), service=3)
    taken(town, number)
    assert events(town, number)[-1] == ("agency", "trial", "received", "Mock desk")
    number = submit(phone_of(town), service=4)
    wait_for("some tries", lambda: row(town, number)[1] >= 3)
    assert row(town, number)[0] == 0


def test_kills(served, agency, phone_of):
    """kheyad is killed with letters out, again and again: every accepted case arrives, as one case."""
    town = served(kheyads=2)
    agency.behave(*(["late", "die", "hang", "good"] * 12), "good")
    numbers = []
    for _ in range(6):
        numbers.append(submit(phone_of(town)))
        agency.gate.set()
        agency.gate.clear()
        town.kheyads[0].kill()
        town.start_kheyad(0)
        town.ready(0)
    agency.behave("good")
    agency.gate.set()
    taken(town, *numbers, patience=90)
    assert agency.cases() == set(numbers)
    assert town.sql("SELECT count(*) FROM kheya.case_file")[0][0] == len(numbers)
    agency.check()
    for number in numbers:
        assert [e[2] for e in events(town, number)] == ["submitted", "received"]


def test_the_setting_secret(served, agency, phone_of, tmp_path):
    """Without it no such menus; with another one the letter waits, unharmed."""
    town = served()
    agency.behave("busy")
    number = submit(phone_of(town))
    wait_for("a try", lambda: agency.letters)
    town.kheyads[0].end()
    conf = tmp_path / "kheya0.yaml"
    whole = conf.read_text()
    conf.write_text(re.sub("(?m)^secret:.*$", "", whole))
    got = subprocess.run([BUILD / "kheyad", "-n", "-c", conf], capture_output=True, text=True, timeout=60, check=False)
    assert got.returncode == 1 and "setting 'secret' must name a file" in got.stderr, got.stderr
    secret = (tmp_path / "secret").read_bytes()
    (tmp_path / "secret").write_bytes(b"another secret of the same length as the first one")
    town.start_kheyad()
    town.ready()
    wait_for("the letter to be looked at", lambda: "cannot be read" in row(town, number)[4], 60)
    town.kheyads[0].end()
    (tmp_path / "secret").write_bytes(secret)
    agency.behave("good")
    town.sql("UPDATE kheya.backend_queue SET due = 0")
    town.start_kheyad()
    town.ready()
    taken(town, number)
    assert json.loads(agency.taken[f"{number}/1"])["fields"]["nid"] == NID


def test_refused_for_good(served, agency, phone_of):
    """It is kept for an operator, who may send it again; after thirty days it is gone, and the audit says so."""
    town = served()
    agency.behave("refuse")
    old, mended, young = (submit(phone_of(town)) for _ in range(3))
    wait_for("the refusals", lambda: [row(town, n)[0] for n in (old, mended, young)] == [2, 2, 2])

    def backend(*words):
        return subprocess.run([BUILD / "kheya", "backend", "-c", town.folder / "kheya0.yaml", *words], capture_output=True,
                              text=True, check=False).stdout

    listed = backend("show", "dss")
    assert all(re.search(rf"(?m)^{n}/1 .* refused with status 422$", listed) for n in (old, mended, young))
    agency.behave("good")
    assert "1" in backend("retry", "dss", mended)
    taken(town, mended)
    days = "UPDATE kheya.backend_queue SET changed = changed - 86400000::bigint * %s WHERE number = %s"
    town.sql(days, 31, int(old))
    town.sql(days, 31, int(mended))
    town.sql(days, 29, int(young))
    # nonces too: more than one sweep takes, and those that may still be of use stay
    town.sql("INSERT INTO kheya.api_nonce SELECT 'dss', 'n' || i, 1 FROM generate_series(1, 1700) i")
    town.sql("INSERT INTO kheya.api_nonce SELECT 'dss', 'f' || i, (extract(epoch FROM now()) * 1000)::bigint + 3600000 FROM"
             " generate_series(1, 3) i")
    town.kheyads[0].kill()
    town.start_kheyad()
    town.ready()
    wait_for("the sweep", lambda: town.sql("SELECT count(*) FROM kheya.backend_queue WHERE number = %s", int(old)) == [(0,)], 20)
    wait_for("the nonces", lambda: town.sql("SELECT count(*) FROM kheya.api_nonce") == [(3,)], 20)
    assert [row(town, n)[0] for n in (mended, young)] == [1, 2], "what was taken and what is young stays"
    assert old not in backend("show", "dss") and young in backend("show", "dss")
    assert town.sql("SELECT actor, fields FROM kheya.audit WHERE event = 'handover_forgotten'") == [
        ("clock", {"case": old, "backend": "dss", "tries": "1", "note": "refused with status 422"})]
    assert town.metric("handovers_forgotten_total") == 1
    assert state(town, old) == "submitted", "her case is there"
