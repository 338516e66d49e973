"""The ministry API as a ministry meets it: signed, replayed, out of order, at two processes, while things are killed.  Every
answer is held against daemon/openapi.yaml, and the examples of API.md are run as they stand there."""

import hashlib
import hmac
import http.client
import itertools
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import threading
import time

import jsonschema
import psycopg2
import pytest
import yaml

from citizen import damm
from town import BUILD, TREE, Phone, Town, wait_for

MENUS = pathlib.Path(__file__).parent / "ministry"
OPENAPI = yaml.safe_load((TREE / "daemon" / "openapi.yaml").read_text())
STATUS = OPENAPI["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"]["x-status"]
SECRETS = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("dss", "dss-2", "land", "blind", "deaf")}
CONF = """
api:
  dss: {key: keys/dss-api}
  dss-2: {agency: dss, key: keys/dss-2-api, rights: [read, events, phones]}
  land: {key: keys/land-api}
  blind: {agency: dss, key: keys/blind-api, rights: events}
  deaf: {agency: dss, key: keys/deaf-api, rights: read}
limits: {api: 20}
"""
NID = "1234567306"
numbers = itertools.count(500000000)
fresh = itertools.count(1)


def write_keys(folder):
    (folder / "keys").mkdir(parents=True)
    for name, secret in SECRETS.items():
        path = folder / "keys" / f"{name}-api"
        path.write_text(secret + "\n")
        path.chmod(0o600)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ministry")
    write_keys(folder)
    t = Town(folder, kheyads=2, menus=MENUS, conf=CONF)
    try:
        yield t.start()
    finally:
        t.stop()


@pytest.fixture
def own_town(broken_town, tmp_path):
    write_keys(tmp_path)
    return broken_town(menus=MENUS, conf=CONF, relay=False)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def code(self):
        return self.body["error"]["code"] if self.status >= 400 else None


def valid(schema, body):
    jsonschema.validate(body, {"$ref": f"#/components/schemas/{schema}", "components": OPENAPI["components"]},
                        jsonschema.Draft202012Validator)


def schema_of(method, target, status):
    if status >= 400:
        return "Error"
    path = target.split("?")[0]
    template = next(p for p in OPENAPI["paths"] if re.fullmatch(p.replace("{number}", r"\d+"), path))
    answer = OPENAPI["paths"][template][method.lower()]["responses"][str(status)]
    return answer["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]


class Ministry:
    """The system of an agency."""

    def __init__(self, town, name="dss", i=0):
        self.town, self.name, self.secret, self.port = town, name, SECRETS[name], town.http[i]

    def sign(self, method, target, body=b"", at=None, nonce=None):
        at = str(int(time.time()) if at is None else at)
        nonce = nonce or f"nonce-{next(fresh):08d}-{os.getpid()}"
        text = "\n".join((at, nonce, method, target)).encode() + b"\n" + body
        return {"X-Kheya-Key": self.name, "X-Kheya-Time": at, "X-Kheya-Nonce": nonce,
                "X-Kheya-Signature": hmac.new(self.secret.encode(), text, hashlib.sha256).hexdigest()}

    def send(self, method, target, headers, body=b"", timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, body or None, headers)
            got = connection.getresponse()
            text = got.read()
        finally:
            connection.close()
        assert got.headers["Content-Type"] == "application/json" and got.headers["Cache-Control"] == "no-store"
        assert text.endswith(b"\n") and NID.encode() not in text
        answer = Answer(got.status, got.headers, json.loads(text))
        valid(schema_of(method, target, got.status), answer.body)
        if answer.code:
            assert answer.status == STATUS[answer.code]
        return answer

    def get(self, target, **signed):
        return self.send("GET", target, self.sign("GET", target, **signed))

    def post(self, number, key, **event):
        target = f"/api/v1/cases/{number}/events"
        body = json.dumps(event).encode()
        return self.send("POST", target, self.sign("POST", target, body) | {"Idempotency-Key": key}, body)

    def pages(self, target, between=lambda: None):
        """All cases of a list, page by page, and the last page."""
        cases = []
        while True:
            page = self.get(target).body
            cases += page["cases"]
            if page["next"] is None:
                return cases, page
            target = page["next"]
            between()


def new_number(series=8):
    nine = str(next(numbers))
    nine = str(series) + nine[1:]
    return nine + str(damm(nine))


def put_case(town, number=None, agency="dss", service="allowance_complaint", at=None, msisdn="8801711000001", fields=None,
             state="submitted"):
    """A case as a citizen's step writes it."""
    number = number or new_number()
    at = at or int(time.time() * 1000)
    town.sql("""
        WITH c AS (INSERT INTO kheya.case_file (bucket, number, service, agency, msisdn, code, turn, state, fields, created, changed,
                                                lang, generation, place, due)
            SELECT kheya.bucket(%(msisdn)s), %(number)s, %(service)s, %(agency)s, %(msisdn)s, '*333#', %(turn)s, %(state)s, %(fields)s,
                   %(at)s, %(at)s, 'en', coalesce((SELECT id FROM kheya.generation ORDER BY published DESC LIMIT 1), 0), '092544', 1799344799000
            RETURNING *)
        INSERT INTO kheya.case_event (bucket, number, seq, at, actor, state, key, kind)
        SELECT bucket, number, 1, created, '', state, 'seq/1', 'citizen' FROM c
        """ % {k: psycopg2.extensions.adapt(v).getquoted().decode() for k, v in {
        "msisdn": msisdn, "number": int(number), "service": service, "agency": agency, "turn": 1000 + next(fresh), "state": state,
        "fields": json.dumps(fields or {"category": "no_money", "nid": NID}), "at": at}.items()})
    return number


def history(town, number):
    return town.sql("SELECT kind, actor, state, note FROM kheya.case_event WHERE number = %s ORDER BY seq", number)


def test_a_complaint_is_answered(town, phone_of):
    """From her keys to her SMS, by way of the ministry."""
    phone, dss = phone_of(town), Ministry(town)
    phone.dial()
    phone.type("1")
    phone.type("1")
    shown = phone.type(NID)["text"]
    number = re.sub(r"\D", "", re.search(r"Done\. ([\d ]+)", shown)[1])
    case = dss.get(f"/api/v1/cases/{number}").body
    assert (case["state"], case["seq"], case["moves"]) == ("submitted", 1, ["received", "rejected"])
    assert case["fields"] == {"category": "no_money", "nid": "****7306"}
    assert case["phone"] == phone.msisdn[:5] + "******" + phone.msisdn[-2:]
    assert Ministry(town, "dss-2").get(f"/api/v1/cases/{number}").body["phone"] == phone.msisdn
    assert [e["kind"] for e in case["events"]] == ["citizen"]
    posted = dss.post(number, "letter-1", state="received", by="Rahima Khatun")
    assert posted.status == 201 and posted.body["event"]["by"] == "Rahima Khatun"
    assert dss.post(number, "letter-2", note="We asked the bank.").body["event"]["state"] == "received"
    assert dss.post(number, "letter-3", state="answered", note="নগদে পাঠানো হ\u09af\u09bcেছে").status == 201
    wait_for("the answer's SMS", lambda: f"Complaint {number} is answered." in phone.sms())
    events = dss.get(f"/api/v1/cases/{number}/events").body["events"]
    assert [(e["seq"], e["kind"], e["by"], e["state"], e["note"]) for e in events[1:]] == [
        (2, "agency", "Rahima Khatun", "received", None), (3, "agency", "dss", "received", "We asked the bank."),
        (4, "agency", "dss", "answered", "নগদে পাঠানো হ\u09dfেছে")], "in its composed form"
    assert phone.sms().count(f"Complaint {number}: the office has it.") == 1


def test_longest_note(town):
    """What the API takes for a note the case keeps; one character more is refused, and says so."""
    number, dss = put_case(town), Ministry(town)
    posted = dss.post(number, "long-1", note="ক" * 140)
    assert posted.status == 201 and posted.body["event"]["note"] == "ক" * 140
    refused = dss.post(number, "long-2", note="ক" * 141)
    assert refused.code == "bad_body" and "at most 140 characters" in refused.body["error"]["message"]


def test_who_it_is(town):
    number = put_case(town)
    target = f"/api/v1/cases/{number}"
    dss = Ministry(town)
    good = dss.sign("GET", target)
    for name in good:
        assert dss.send("GET", target, {k: v for k, v in good.items() if k != name}).code == "unsigned"
        assert dss.send("GET", target, good | {name: ""}).code == "unsigned"
    for bent in ({"X-Kheya-Key": "nobody"}, {"X-Kheya-Key": "land"}, {"X-Kheya-Nonce": "another-nonce"},
                 {"X-Kheya-Time": str(int(good["X-Kheya-Time"]) + 1)}, {"X-Kheya-Signature": "0" * 64}):
        answer = dss.send("GET", target, good | bent)
        assert answer.code == "bad_signature" and answer.headers["WWW-Authenticate"]
    assert dss.send("GET", target + "?", good).code == "bad_signature"
    for away in (-301, 301, -86400):
        assert dss.get(target, at=int(time.time()) + away).code == "stale"
    for near in (-280, 280):
        assert dss.get(target, at=int(time.time()) + near).status == 200
    body = b'{"state": "received"}'
    signed = dss.sign("POST", target + "/events", body)
    assert dss.send("POST", target + "/events", signed | {"Idempotency-Key": "k"}, b'{"state": "rejected"}').code == "bad_signature"
    assert history(town, number) == [("citizen", "", "submitted", "")]
    assert dss.send("GET", target, good).status == 200, "nothing of that used the nonce up"


def test_a_request_is_good_once(town):
    """Sent again as it was, at either process: refused, and nothing happens."""
    number = put_case(town)
    dss, other = Ministry(town), Ministry(town, i=1)
    target = f"/api/v1/cases/{number}"
    signed = dss.sign("GET", target)
    assert dss.send("GET", target, signed).status == 200
    assert dss.send("GET", target, signed).code == "replayed"
    assert other.send("GET", target, signed).code == "replayed"
    body = b'{"note": "once"}'
    signed = other.sign("POST", target + "/events", body) | {"Idempotency-Key": "n-1"}
    assert other.send("POST", target + "/events", signed, body).status == 201
    for m in (dss, other) * 3:
        assert m.send("POST", target + "/events", signed, body).code == "replayed"
    assert history(town, number)[1:] == [("agency", "dss", "submitted", "once")]


def test_the_same_key_is_done_once(town):
    number = put_case(town)
    dss, new_key, other = Ministry(town), Ministry(town, "dss-2"), Ministry(town, i=1)
    first = dss.post(number, "k-1", state="received", by="Karim", note="Seen")
    assert first.headers["Idempotent-Replayed"] is None
    assert dss.post(number, "k-2", state="answered").status == 201
    for m in (dss, other, new_key):     # an agency's second key is the same agency
        again = m.post(number, "k-1", state="received", by="Karim", note="Seen")
        assert (again.status, again.body) == (first.status, first.body)
        assert again.headers["Idempotent-Replayed"] == "true"
    assert dss.post(number, "k-1", state="answered").code == "key_reused"
    assert dss.post(number, "k-1", state="received", note="Seen!").code == "key_reused"
    assert len(history(town, number)) == 3
    second = put_case(town)
    assert dss.post(second, "k-1", state="received").status == 201, "a key belongs to its case"


def test_out_of_order(town):
    """The later message first: refused until the earlier one has come, and what is refused leaves nothing."""
    number, dss = put_case(town), Ministry(town)
    refused = dss.post(number, "b", state="answered", note="Paid")
    assert (refused.code, refused.body["error"]["state"], refused.body["error"]["moves"]) == (
        "not_now", "submitted", ["received", "rejected"])
    assert dss.post(number, "a", state="received").status == 201
    assert dss.post(number, "b", state="answered", note="Paid").status == 201
    assert dss.post(number, "a", state="received").headers["Idempotent-Replayed"] == "true"
    assert dss.post(number, "c", state="nowhere").code == "no_state"
    assert [h[2] for h in history(town, number)] == ["submitted", "received", "answered"]
    other = put_case(town, state="need_info")
    theirs = dss.post(other, "d", state="received")
    assert (theirs.code, theirs.body["error"]["moves"]) == ("not_yours", [])


def test_what_the_agency_adds(town):
    """A field that it fills goes into the case, and into what she is told; one that does not fit changes nothing."""
    land = Ministry(town, "land")
    number = put_case(town, new_number(2), "land", "hearing", fields={"matter": "Plot 7", "day": "2026-12-01"})
    for fields in ({"nid": NID}, {"day": "tomorrow"}, {"day": "14122026"}, {"matter": "x" * 41}):
        answer = land.post(number, "f", state="received", fields=fields)
        assert answer.code == "no_field" and f"'{list(fields)[0]}'" in answer.body["error"]["message"]
    assert len(history(town, number)) == 1
    assert land.post(number, "f", state="received", fields={"day": "2026-12-14"}).status == 201
    assert land.post(number, "f", state="received", fields={"day": "2026-12-14"}).headers["Idempotent-Replayed"] == "true"
    assert land.get(f"/api/v1/cases/{number}").body["fields"] == {"matter": "Plot 7", "day": "2026-12-14"}
    assert town.sql("SELECT text FROM kheya.outbox WHERE cause LIKE %s", f"case/{number}/%") == [("Hearing about Plot 7: 14 Dec.",)]
    assert land.post(number, "g", fields={"matter": "Plot 8"}).body["event"]["state"] == "received"


def test_only_from_there(town):
    """'from' keeps a message that comes late from moving a case that others have moved since."""
    number, dss = put_case(town), Ministry(town)
    assert dss.post(number, "a", state="received", **{"from": "submitted"}).status == 201
    late = dss.post(number, "b", state="rejected", **{"from": "submitted"})
    assert (late.code, late.body["error"]["state"]) == ("not_now", "received")
    assert dss.post(number, "b", state="rejected", **{"from": "received"}).status == 201
    assert dss.post(number, "a", state="received", **{"from": "submitted"}).headers["Idempotent-Replayed"] == "true"


def test_only_its_own(town):
    """Another agency's case is answered like one that does not exist."""
    mine, dss, land = put_case(town), Ministry(town), Ministry(town, "land")
    theirs = put_case(town, new_number(2), "land", "hearing", fields={"matter": "Plot 7"})
    nobody = new_number()
    for ask in (lambda m, n: m.get(f"/api/v1/cases/{n}"), lambda m, n: m.get(f"/api/v1/cases/{n}/events"),
                lambda m, n: m.post(n, "x", state="received")):
        none = ask(dss, nobody)
        assert none.code == "no_case"
        for m, n in ((dss, theirs), (land, mine)):
            answer = ask(m, n)
            assert (answer.status, answer.body) == (none.status, none.body)
    assert land.get(f"/api/v1/cases/{theirs}").body["fields"] == {"matter": "Plot 7"}
    cases, _ = land.pages("/api/v1/cases")
    assert {c["agency"] for c in cases} == {"land"}
    cases, _ = land.pages("/api/v1/cases?since=2026-01-01T00:00:00Z&service=allowance_complaint")
    assert cases == []
    assert [s["name"] for s in land.get("/api/v1/services").body["services"]] == ["hearing"]
    assert len(history(town, theirs)) == 1 and len(history(town, mine)) == 1


def test_rights(town):
    number = put_case(town)
    blind, deaf = Ministry(town, "blind"), Ministry(town, "deaf")
    for target in ("/api/v1/cases", f"/api/v1/cases/{number}", f"/api/v1/cases/{number}/events", "/api/v1/services"):
        assert blind.get(target).code == "no_right"
        assert deaf.get(target).status == 200
    assert deaf.post(number, "k", state="received").code == "no_right"
    assert blind.post(number, "k", state="received").status == 201


def test_nobody_sees_a_card(town):
    """A full number in a note, or in a field that no menu knows any more."""
    number, dss = put_case(town, fields={"nid": NID, "old_card": "19" + NID + "12345", "said": f"my card is {NID}", "phone": "8801711000001"}), Ministry(town)
    case = dss.get(f"/api/v1/cases/{number}").body
    assert case["fields"] == {"nid": "****7306", "old_card": "*************2345", "said": "my card is ******7306", "phone": "*********0001"}
    event = dss.post(number, "n", note=f"NID {NID}, ১২৩৪৫৬৭৩০৬, case {number}, call 333 or 01711000001").body["event"]
    assert event["note"] == f"NID ******7306, ******৭৩০৬, case {number}, call 333 or 01711000001"


def test_wrong_requests(town):
    number, dss = put_case(town), Ministry(town)
    events = f"/api/v1/cases/{number}/events"
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    swapped = number[:5] + number[6] + number[5] + number[7:]
    for target, code in (("/api/v1/", "no_path"), ("/api/v1/case", "no_path"), (f"/api/v1/cases/{number}/", "no_path"),
                         (f"/api/v1/cases/{wrong}", "bad_number"), ("/api/v1/cases/12", "bad_number"),
                         ("/api/v1/cases?limit=0", "bad_query"), ("/api/v1/cases?limit=101", "bad_query"),
                         ("/api/v1/cases?colour=red", "bad_query"), ("/api/v1/cases?since=now", "bad_query"),
                         ("/api/v1/cases?cursor=zzz", "bad_query"), ("/api/v1/cases?state='--", "bad_query")):
        assert dss.get(target).code == code, target
    if swapped != number:
        assert dss.get(f"/api/v1/cases/{swapped}").code == "bad_number"
    for method, target, allow in (("DELETE", events, "GET, POST"), ("POST", "/api/v1/cases", "GET"), ("PATCH", events, "GET, POST")):
        answer = dss.send(method, target, dss.sign(method, target))
        assert answer.code == "bad_method" and answer.headers["Allow"] == allow
    for body, code in ((b"", "bad_body"), (b"{", "bad_body"), (b"[]", "bad_body"), (b"{}", "bad_body"),
                       (b'{"state": "received", "nid": "1"}', "bad_body"), (b'{"note": "\xff"}', "bad_body"),
                       (b'{"state": "received", "fields": ["nid"]}', "bad_body"),
                       (b'{"note": "' + b"x" * 161 + b'"}', "bad_body"), (b'{"note": "x", "by": "01711000001"}', "bad_body"),
                       (b'{"note": "' + b" " * 16384 + b'"}', "too_long"), (b"[" * 16000, "bad_body")):
        assert dss.send("POST", events, dss.sign("POST", events, body) | {"Idempotency-Key": "k"}, body).code == code, body[:40]
    body = b'{"state": "received"}'
    for key in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "a b"}, {"Idempotency-Key": "x" * 65}):
        assert dss.send("POST", events, dss.sign("POST", events, body) | key, body).code == "no_key"
    assert len(history(town, number)) == 1


def test_pages_while_cases_come_and_move(town):
    """Every case that was there is on one page and on no other, whatever comes and moves meanwhile."""
    dss = Ministry(town)
    base = int(time.time() * 1000) - 3600_000
    made = [put_case(town, at=base + i // 3) for i in range(40)]        # three of the same time
    busy = iter(made)
    step = itertools.count()

    def between():
        n = next(step)
        put_case(town)
        assert dss.post(next(busy), f"m-{n}", note="moved on").status == 201

    for target in ("/api/v1/cases?limit=7", "/api/v1/cases?limit=7&service=allowance_complaint", "/api/v1/cases?state=submitted&limit=7"):
        seen = [c["number"] for c in dss.pages(target, between)[0]]
        assert sorted(n for n in seen if n in made) == sorted(made), target
        assert len(seen) == len(set(seen)), target
    cases, last = dss.pages("/api/v1/cases?limit=100")
    assert last["since"] is not None
    created = [(c["created"], c["number"]) for c in cases]
    assert created == sorted(created)


def test_what_changed(town):
    """From one 'since' to the next nothing is missed, and what is old does not come."""
    dss = Ministry(town)
    old = put_case(town, at=int(time.time() * 1000) - 7200_000)
    _, last = dss.pages("/api/v1/cases?limit=100")
    known = {}
    for turn in range(3):
        moved = put_case(town, at=int(time.time() * 1000) - 7200_000)
        assert dss.post(moved, "k", state="received").status == 201
        fresh_one = put_case(town)
        cases, last = dss.pages(f"/api/v1/cases?limit=3&since={last['since']}")
        changed = [(c["changed"], c["number"]) for c in cases]
        assert changed == sorted(changed), turn
        numbers_of = {c["number"] for c in cases}
        assert {moved, fresh_one} <= numbers_of and old not in numbers_of
        known |= {c["number"]: c["seq"] for c in cases}
    assert known[moved] == 2
    received = dss.pages(f"/api/v1/cases?state=received&since={last['since']}")[0]
    assert moved in {c["number"] for c in received} and {c["state"] for c in received} == {"received"}


def test_long_histories_are_paged(town):
    number, dss = put_case(town), Ministry(town)
    town.sql("INSERT INTO kheya.case_event (bucket, number, seq, at, actor, state, note, key, kind)"
             " SELECT bucket, number, n, changed, '', state, 'note ' || n, 'seq/' || n, 'officer' FROM kheya.case_file,"
             " generate_series(2, 230) AS n WHERE number = %s", number)
    page = dss.get(f"/api/v1/cases/{number}").body
    seen = [e["seq"] for e in page["events"]]
    assert len(seen) == 100
    while page["next"]:
        page = dss.get(page["next"]).body
        seen += [e["seq"] for e in page["events"]]
    assert seen == list(range(1, 231))
    assert dss.get(f"/api/v1/cases/{number}/events?after=230").body == {"events": [], "next": None}


def test_too_many_of_one_key(town):
    """One agency takes half of the room; another one is answered."""
    dss, land = Ministry(town), Ministry(town, "land")
    answers = []
    with psycopg2.connect(town.conninfo) as c, c.cursor() as cursor:
        cursor.execute("LOCK TABLE kheya.case_file IN ACCESS EXCLUSIVE MODE")
        callers = [threading.Thread(target=lambda: answers.append(dss.get("/api/v1/cases?limit=1"))) for _ in range(25)]
        for t in callers:
            t.start()
        wait_for("some are refused", lambda: sum(a.code == "too_many" for a in list(answers)) >= 1)
        assert land.get("/api/v1/services").status in (200, 503), "the other has room, whether the database answers or not"
        c.rollback()
    for t in callers:
        t.join()
    assert {a.code for a in answers} <= {None, "too_many", "away"}
    assert all(a.headers["Retry-After"] for a in answers if a.code)
    wait_for("the room is free again", lambda: dss.get("/api/v1/cases?limit=1").status == 200)


EVENTS = [("a", {"state": "received"}), ("b", {"state": "need_info"}), ("c", {"state": "answered"}), ("d", {"note": "one"}),
          ("e", {"note": "two", "by": "Karim"}), ("f", {"state": "closed"}), ("g", {"state": "rejected"})]


def assert_told_once(town, number):
    """One message for each move that has one."""
    moves = [f"case/{number}/{seq}/{state}" for seq, state in town.sql(
        "SELECT e.seq, e.state FROM kheya.case_event e WHERE e.number = %s AND e.seq > 1 AND e.state IN ('received', 'answered')"
        " AND e.state <> (SELECT p.state FROM kheya.case_event p WHERE p.number = e.number AND p.seq = e.seq - 1)", number)]
    causes = [c for c, in town.sql("SELECT cause FROM kheya.outbox WHERE cause LIKE %s", f"case/{number}/%")]
    assert sorted(causes) == sorted(moves)


def test_shuffled_and_doubled(town):
    """Everything several times, in any order, from many threads, at both processes: each key once, each move a way of the service."""
    seed = random.randrange(1 << 30)
    dice = random.Random(seed)
    cases = [put_case(town, msisdn=f"88017110001{i:02d}") for i in range(6)]
    jobs = [(n, *e) for n in cases for e in EVENTS for _ in range(4)]
    dice.shuffle(jobs)
    first, lock, wrong = {}, threading.Lock(), []

    def work(i):
        m = Ministry(town, dice.choice(("dss", "dss-2")), i % 2)
        for number, key, event in jobs[i::4]:
            answer = m.post(number, key, **event)
            with lock:
                if answer.status == 201 and first.setdefault((number, key), answer.body) != answer.body:
                    wrong.append((number, key, answer.body))
                elif answer.status != 201 and answer.code not in ("not_now", "not_yours"):
                    wrong.append((number, key, answer.body))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong, (seed, wrong)
    for number in cases:
        keys = [k for k, in town.sql("SELECT key FROM kheya.case_event WHERE number = %s AND seq > 1", number)]
        assert sorted(keys) == sorted(f"api/dss/{k}" for n, k in first if n == number), seed
        assert_told_once(town, number)


def test_killed_while_posting(own_town):
    """kheyad is killed again and again; the ministry sends until it is answered: each event once."""
    town = own_town
    cases = [put_case(town) for _ in range(3)]
    done, stop = {}, threading.Event()

    def insist(number):
        m = Ministry(town)
        for key, event in [("a", {"state": "received"})] + [(f"n{i}", {"note": f"note {i}"}) for i in range(12)] + [("z", {"state": "answered"})]:
            while not stop.is_set():
                try:
                    answer = m.post(number, key, **event)
                except (OSError, http.client.HTTPException):
                    time.sleep(0.05)
                    continue
                if answer.status == 201:
                    done[number, key] = answer.body["event"]["seq"]
                    break
                assert answer.code == "away", answer.body
                time.sleep(0.05)

    threads = [threading.Thread(target=insist, args=(n,)) for n in cases]
    for t in threads:
        t.start()
    try:
        for _ in range(3):
            before = len(done)
            wait_for("some more are done", lambda: len(done) > before or not any(t.is_alive() for t in threads))
            town.kheyads[0].kill()
            town.start_kheyad()
            town.ready()
        for t in threads:
            t.join(60)
    finally:
        stop.set()
    for number in cases:
        rows = town.sql("SELECT seq, key FROM kheya.case_event WHERE number = %s ORDER BY seq", number)
        assert [seq for seq, _ in rows] == list(range(1, 16))
        assert {key: seq for seq, key in rows[1:]} == {f"api/dss/{k}": s for (n, k), s in done.items() if n == number}
        assert_told_once(town, number)


def test_the_database_is_away(own_town):
    town, dss = own_town, Ministry(own_town)
    number = put_case(town)
    town.dev_db("stop")
    away = dss.post(number, "k", state="received")
    assert away.code == "away" and away.headers["Retry-After"]
    assert dss.get("/api/v1/cases").code == "away"
    town.start_database()
    wait_for("it is back", lambda: dss.get("/api/v1/cases").status == 200)
    assert dss.post(number, "k", state="received").status == 201
    assert dss.post(number, "k", state="received").headers["Idempotent-Replayed"] == "true"
    assert len(history(town, number)) == 2


def test_keys(own_town, tmp_path):
    """A new key counts from a reload on; without a good one kheyad does not start, and takes no reload."""
    town, dss, key = own_town, Ministry(own_town), tmp_path / "keys" / "dss-api"

    def run(*words):
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    def reload():
        return run(BUILD / "kheya", "reload", "--http", f"127.0.0.1:{town.http[0]}")

    assert dss.get("/api/v1/services").status == 200
    key.write_text("another secret of the same agency\n")
    assert reload().returncode == 0
    assert dss.get("/api/v1/services").code == "bad_signature"
    dss.secret = "another secret of the same agency"
    assert dss.get("/api/v1/services").status == 200
    for what, spoil in (("at least 16 octets", lambda: key.write_text("short\n")), ("everybody may read it", lambda: (key.write_text("x" * 20), key.chmod(0o644))),
                        ("No such file", key.unlink)):
        spoil()
        got = run(BUILD / "kheyad", "-n", "-c", "kheya0.yaml")
        assert got.returncode == 1 and got.stderr.count("\n") == 1 and "api 'dss'" in got.stderr and what in got.stderr, got.stderr
        got = reload()
        assert got.returncode != 0 and what in got.stdout + got.stderr
    assert dss.get("/api/v1/services").status == 200, "the one it has goes on"
    log = town.kheyads[0].log.read_text()
    assert "api=dss event=refused code=bad_signature" in log and dss.secret not in log and SECRETS["dss"] not in log


def alike(said, want, where="answer"):
    """What the page shows, but for times and where a page goes on."""
    if isinstance(want, dict):
        assert isinstance(said, dict) and sorted(said) == sorted(want), (where, said, want)
        for name, value in want.items():
            alike(said[name], value, f"{where}.{name}")
    elif isinstance(want, list):
        assert len(said) == len(want), (where, said, want)
        for i, value in enumerate(want):
            alike(said[i], value, f"{where}[{i}]")
    elif isinstance(want, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", want):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said), (where, said)
    elif isinstance(want, str) and "&cursor=" in want:
        assert said.split("&cursor=")[0] == want.split("&cursor=")[0], (where, said)
    else:
        assert said == want, (where, said, want)


def test_the_page(own_town, tmp_path):
    """Every command of API.md, as it stands there, answers what stands below it."""
    town = own_town
    put_case(town, "8123056783", at=1795579200000)
    put_case(town, at=1795579201000)
    page = (TREE / "API.md").read_text()
    blocks = re.findall(r"^```(sh|json)\n(.*?)^```$", page, re.M | re.S)
    commands = [text for kind, text in blocks if kind == "sh"]
    assert len(commands) >= 8 and commands[0].startswith("KHEYA=")
    script = commands[0]
    wanted = []
    for (kind, text), (after, answer) in zip(blocks[1:], blocks[2:] + [("", "")]):
        if kind == "sh":
            assert after == "json", f"an answer stands below:\n{text}"
            script += f"{text}echo @@@\n"
            wanted.append(answer)
    got = subprocess.run(["bash", "-eu", "-c", "set -o pipefail\n" + script], cwd=tmp_path,
                         capture_output=True, text=True, timeout=120, check=False,
                         env=os.environ | {"KHEYA": f"http://127.0.0.1:{town.http[0]}"})
    assert got.returncode == 0, got.stderr
    said = got.stdout.split("@@@\n")[:-1]
    assert len(said) == len(wanted)
    for text, answer in zip(said, wanted):
        alike(json.loads(text), json.loads(answer))
    assert len(history(town, "8123056783")) == 3


def test_the_log_is_silent(town):
    for k in town.kheyads:
        log = k.log.read_text()
        assert NID not in log and "We asked the bank" not in log and not any(s in log for s in SECRETS.values())
        assert not re.search(r"88017\d{8}", log)
    assert town.metric("api_requests_total") > town.metric("api_refused_total") > 0


def test_pages_of_few_among_many(own_town):
    """Twelve thousand cases of a service, four of another among them: each page looks at a bounded number of them, by the index, and the
    pages together have them all, once."""
    town, dss = own_town, Ministry(own_town)
    begin = int(time.time() * 1000) - 10**7
    rare = [put_case(town, service="rare", at=begin + at) for at in (1, 50000, 119990, 10**7)]
    town.sql("""INSERT INTO kheya.case_file (bucket, number, service, agency, msisdn, code, turn, state, fields, created, changed, lang)
                SELECT i %% 1024, 7000000000 + i, 'allowance_complaint', 'dss', (8801800000000 + i)::text, '*333#', 1, 'received', '{}',
                       %s + i * 10, %s + i * 10, 'en' FROM generate_series(1, 12000) i""", begin, begin)
    for order in "", "&since=2020-01-01T00:00:00Z", "&state=submitted", "&state=submitted&since=2020-01-01T00:00:00Z":
        sizes, target, found = [], f"/api/v1/cases?service=rare{order}", []
        while target is not None:
            page = dss.get(target).body
            sizes.append(len(page["cases"]))
            found += [case["number"] for case in page["cases"]]
            target = page["next"]
        assert found == rare, order
        assert len(sizes) in ((1,) if order == "&state=submitted" else (6, 7)), "2000 at a time"
    cases, _ = dss.pages("/api/v1/cases?limit=100&service=allowance_complaint")
    assert len(cases) == len({case["number"] for case in cases}) == 12000
    # what each of them reads, with the plan that PostgreSQL keeps for any parameters
    source = (TREE / "daemon" / "store" / "shelf.c").read_text()
    assert '#define SHELF_LOOKED "2000"' in source
    town.sql("ANALYZE kheya.case_file")
    for order in "created", "changed":
        plan = town.sql(f"""EXPLAIN SELECT c.number FROM (SELECT f.*, row_number() OVER (ORDER BY f.{order}, f.number) AS looked
                            FROM kheya.case_file f WHERE f.agency = 'dss' AND (f.{order}, f.number) > (0, 0)
                            ORDER BY f.{order}, f.number LIMIT 2000) c WHERE c.service = 'rare' OR c.looked = 2000
                            ORDER BY c.{order}, c.number LIMIT 51""")
        text = "\n".join(line for line, in plan)
        assert f"Index Scan using case_file_{order}" in text and "Sort" not in text, text
