"""Hooks over real links: a back end that answers, that does not, and that answers nonsense; its keys; kills."""

import hashlib
import hmac
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.request

import pytest

from town import BUILD, TREE, wait_for

KEY = b"0123456789abcdef shared"
GOOD = {"state": "paid", "taka": 1950, "sent": "2026-11-20", "note": "ok", "late": False, "more": [1]}
PATHS = ["good", "slow", "twice", "gone", "empty", "broken", "garbage", "huge", "types", "moved", "cut", "list", "late", "refused"]
AWAY = "They do not answer."
NONE = "Not found."
PAID = "Tk 1,950 20 Nov ok"
WANT = {"good": PAID, "slow": PAID, "twice": PAID, "gone": NONE, "empty": NONE, "broken": AWAY, "garbage": AWAY, "huge": AWAY,
        "types": AWAY, "moved": AWAY, "cut": AWAY, "list": AWAY, "late": AWAY, "refused": AWAY}


class Agency:
    """A system of an agency; each path misbehaves in its way."""

    def __init__(self):
        self.asked = []
        self.flaky = "one"              # what /flaky says; None: nothing of use
        self.gate = threading.Event()   # closed: /hang/x answers nothing
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, path):
        return [a for a in self.asked if a[0] == path]

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def handler(agency):  # pylint: disable=no-self-argument
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def say(self, status, body, length=None, **headers):
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body) if length is None else length))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:         # kheyad had enough
                    self.close_connection = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                agency.asked.append((self.path, dict(self.headers), body))
                if self.path.startswith("/hang/"):
                    agency.gate.wait(60)
                getattr(self, "at_" + self.path.rsplit("/", 1)[1])()

            def at_good(self):
                self.say(200, json.dumps(GOOD).encode())

            def at_twice(self):         # the second answer is nobody's
                self.at_good()
                self.at_good()

            def at_slow(self):
                time.sleep(0.7)
                self.at_good()

            def at_late(self):
                time.sleep(2.6)
                self.at_good()

            def at_gone(self):
                self.say(404, b"<html>no such person</html>")

            def at_empty(self):
                self.say(200, b"{}")

            def at_broken(self):
                self.say(500, json.dumps(GOOD).encode())

            def at_refused(self):
                self.say(401, json.dumps(GOOD).encode())

            def at_garbage(self):
                self.say(200, b"<html>\xff\x00 maintenance")

            def at_huge(self):
                self.say(200, json.dumps(GOOD | {"pad": "x" * 200000}).encode())

            def at_types(self):
                self.say(200, json.dumps(GOOD | {"taka": "many"}).encode())

            def at_moved(self):
                self.say(302, b"", Location=f"http://127.0.0.1:{agency.port}/api/good")

            def at_cut(self):
                self.say(200, json.dumps(GOOD).encode(), length=4000)
                self.close_connection = True

            def at_flaky(self):
                self.say(200 if agency.flaky else 503, json.dumps({"note": agency.flaky, "secret": "4111"}).encode())

            def at_list(self):
                self.say(200, b"[]")
        return Handler


def write_menus(folder, port):
    text = (TREE / "tests" / "dialog" / "agency" / "kheya.yaml").read_text()
    head = text[:text.index("backends:\n")]
    options = "".join(f"      {option(p)}: {{text: {p}, goto: ask_{p}}}\n" for p in PATHS)
    head = head.replace("  office:", "  kept: {note: text(20), heard: date}\n  office:")
    common = "with: {phone: citizen.msisdn, n: 7}, returns: payment, into: pay, none: not_found, fail: away, goto: paid"
    hooks = "".join(f"  ask_{p}: {{hook: dss, path: /{p}, {common}}}\n" for p in PATHS)
    folder.mkdir()
    (folder / "kheya.yaml").write_text(head + f"""
backends:
  dss: {{kind: http, url: "http://127.0.0.1:{port}/api/", key: keys/dss, timeout: 2s, breaker: {{fails: 100, rest: 30s}}}}
  slow: {{kind: http, url: "http://localhost:{port}/hang/", key: keys/dss, timeout: 3s, breaker: {{fails: 3, rest: 2s}}}}
  trial: {{kind: mock, answers: {{"*": '{{"state": "paid", "taka": 1950, "sent": "2026-11-20", "note": "ok"}}'}}}}
screens:
  main:
    text: Agency
    options:
{options}      20: {{text: hang, goto: hang}}
      21: {{text: trial, goto: trial}}
      22: {{text: flaky, goto: flaky}}
{hooks}  hang: {{hook: slow, path: /good, {common}}}
  trial: {{hook: trial, path: /x, {common}}}
  flaky: {{hook: dss, path: /flaky, with: {{phone: citizen.msisdn}}, returns: kept, into: told, none: not_found, fail: away,
    keep: 1d, heard: heard, goto: [{{when: told.heard < today, to: old}}, {{to: fresh}}]}}
  fresh: {{text: "Now {{told.note}}"}}
  old: {{text: "{{told.note}}, on {{told.heard|day}}"}}
  paid: {{text: "Tk {{pay.taka|money}} {{pay.sent|day}} {{pay.note}}"}}
  not_found: {{text: Not found.}}
  away: {{text: They do not answer.}}
""")


@pytest.fixture
def agency():
    a = Agency()
    yield a
    a.close()


@pytest.fixture
def hooked(broken_town, tmp_path, agency, monkeypatch):
    """A town whose menus ask the agency; a proxy in the environment leads nowhere."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        nowhere = s.getsockname()[1]
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{nowhere}")
    monkeypatch.setenv("no_proxy", "")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    monkeypatch.setattr(urllib.request, "_opener", direct)      # ours goes by itself
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "dss").write_bytes(KEY + b"\n")
    (tmp_path / "keys" / "dss").chmod(0o600)
    write_menus(tmp_path / "agency", agency.port)
    return broken_town(menus=tmp_path / "agency", telco=("--code", "*16555#"), conf='secret: ""')


def ask(phone, number):
    page = phone.dial("*16555#")["text"]
    assert "Agency" in page, page
    began = time.monotonic()
    return phone.type(str(number))["text"].split("\n")[0], time.monotonic() - began


def reload(town):
    return subprocess.run([BUILD / "kheya", "reload", "--http", f"127.0.0.1:{town.http[0]}"], capture_output=True,
                          text=True, timeout=60, check=False)


def ask_new(phone_of, town):
    """Under the menus that a reload has just published."""
    wait_for("the new menus", lambda: "event=current" in town.kheyads[0].log.read_text())
    return ask(phone_of(town), option("good"))[0]


def option(path):
    i = PATHS.index(path) + 1
    return i if i < 9 else i + 1        # 9 is the key for more


def assert_signed(request):
    _, headers, body = request
    want = hmac.new(KEY, headers["X-Kheya-Time"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Kheya-Signature"] == want
    assert abs(int(headers["X-Kheya-Time"]) - time.time()) < 30
    assert headers["Content-Type"] == "application/json"


def test_all_answers(hooked, agency, phone_of):
    town = hooked
    for path in PATHS:
        phone = phone_of(town)
        page, took = ask(phone, option(path))
        assert page == WANT[path], path
        assert took < 5, path
        requests = agency.of(f"/api/{path}")
        assert len(requests) == 1, path
        assert_signed(requests[0])
        assert json.loads(requests[0][2]) == {"phone": phone.msisdn, "n": "7"}
    page, _ = ask(phone_of(town), 21)
    assert page == PAID
    assert len(agency.asked) == len(PATHS), "a redirect is not followed, a mock not asked"
    ids = {headers["X-Kheya-Id"] for _, headers, _ in agency.asked}
    assert len(ids) == len(PATHS)
    assert town.metric("hooks_total") == len(PATHS)
    assert town.metric("hooks_failed_total") == sum(w == AWAY for w in WANT.values())
    assert town.metric("hooks_in_flight") == 0
    log = town.kheyads[0].log.read_text()
    assert "1950" not in log and "maintenance" not in log and KEY.decode() not in log


def test_one_that_hangs_slows_nobody(hooked, agency, phone_of):
    """Three wait for it; others, and other back ends, answer meanwhile.  Then it is left alone, and tried by one."""
    town = hooked
    waiting = [phone_of(town) for _ in range(3)]
    for phone in waiting:
        phone.dial("*16555#")
    before = [phone.send("/type", text="20") for phone in waiting]
    wait_for("all three at the agency", lambda: len(agency.of("/hang/good")) == 3)
    for _ in range(3):
        page, took = ask(phone_of(town), option("good"))
        assert page == PAID and took < 1.5, took
    assert town.metric("hooks_in_flight") == 3
    for phone, seq in zip(waiting, before):
        assert phone.wait(seq)["text"].split("\n")[0] == AWAY
    assert "backend=slow event=breaker state=open" in town.kheyads[0].log.read_text()

    page, took = ask(phone_of(town), 20)
    assert page == AWAY and took < 1.5, "not even tried"
    assert len(agency.of("/hang/good")) == 3
    assert town.metric("hooks_refused_total") == 1
    agency.gate.set()
    time.sleep(2.1)                     # the breaker's rest
    assert ask(phone_of(town), 20)[0] == PAID
    assert ask(phone_of(town), 20)[0] == PAID
    assert len(agency.of("/hang/good")) == 5
    assert "backend=slow event=breaker state=closed" in town.kheyads[0].log.read_text()


def test_killed_while_a_hook_is_out(hooked, agency, phone_of):
    """The event comes again, and is asked again under the same id; another keypress has another."""
    town, phone = hooked, phone_of(hooked)
    phone.dial("*16555#")
    before = phone.send("/type", text="20")
    wait_for("it at the agency", lambda: agency.of("/hang/good"))
    town.kheyads[0].kill()
    agency.gate.set()
    town.relay.let_go()
    town.start_kheyad()
    town.ready()
    assert phone.wait(before)["text"].split("\n")[0] == PAID
    first, again = agency.of("/hang/good")
    assert first[1]["X-Kheya-Id"] == again[1]["X-Kheya-Id"]
    assert first[2] == again[2]
    assert_signed(again)
    assert "Agency" in phone.type("0")["text"]
    assert PAID in phone.type("20")["text"]
    assert agency.of("/hang/good")[2][1]["X-Kheya-Id"] != first[1]["X-Kheya-Id"]


def test_a_certificate_nobody_vouches_for(hooked, agency, phone_of, tmp_path):
    """An agency over https whose certificate is its own: it learns nothing."""
    town = hooked
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "tls.key", "-out", tmp_path / "tls.pem"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem", tmp_path / "tls.key")
    agency.server.socket = context.wrap_socket(agency.server.socket, server_side=True)
    menus = tmp_path / "agency" / "kheya.yaml"
    menus.write_text(menus.read_text().replace(f"http://127.0.0.1:{agency.port}", f"https://localhost:{agency.port}"))
    assert reload(town).returncode == 0
    assert ask_new(phone_of, town) == AWAY
    assert agency.asked == []
    wait_for("the reason", lambda: "certificate" in town.kheyads[0].log.read_text())
    trusting = ssl.create_default_context(cafile=tmp_path / "tls.pem")
    got = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting)).open(
        urllib.request.Request(f"https://localhost:{agency.port}/api/good", data=b"{}"), timeout=10)
    assert json.loads(got.read()) == GOOD, "it does answer those who trust it"


def test_the_last_answer(hooked, agency, phone_of):
    """While they are away she is told what they said last, and when; nobody else is told it, and not for ever."""
    town, phone = hooked, phone_of(hooked)

    def look(phone):
        if "Continue?" in phone.dial("*16555#")["text"]:
            phone.type("2")
        return phone.type("22")["text"].split("\n")[0]

    assert look(phone) == "Now one"
    agency.flaky = "two"
    assert look(phone) == "Now two"
    wait_for("it to be kept", lambda: town.sql("SELECT count(*) FROM kheya.backend_answer WHERE answer LIKE '%two%'")[0][0])
    agency.flaky = None
    assert look(phone) == "Now two", "heard today"
    town.sql("UPDATE kheya.backend_answer SET at = at - 2 * 86400000")
    then = town.sql("SELECT to_char((now() AT TIME ZONE 'Asia/Dhaka') - interval '2 days', 'FMDD Mon')")[0][0]
    assert look(phone) == f"two, on {then}"
    assert look(phone_of(town)) == AWAY, "another person"
    kept = town.sql("SELECT answer, encode(id, 'hex') FROM kheya.backend_answer")
    assert len(kept) == 1 and "4111" not in kept[0][0] and phone.msisdn not in str(kept)
    town.kheyads[0].end()
    town.start_kheyad()
    town.ready()
    assert look(phone) == AWAY, "without the setting 'secret' another process does not find it"
    agency.flaky = "three"
    assert look(phone) == "Now three"
    agency.close()
    assert look(phone) == "Now three", "no connection at all"
    town.sql("UPDATE kheya.backend_answer SET until = 0")
    assert look(phone) == AWAY, "too old"
    assert town.metric("hooks_recalled_total") == 1


def test_the_agency_is_down(hooked, agency, phone_of):
    town = hooked
    agency.close()
    page, took = ask(phone_of(town), option("good"))
    assert page == AWAY and took < 2


def test_keys(hooked, agency, phone_of, tmp_path):
    """Without a good key kheyad does not start, and takes no such menus; a new key counts from a reload on."""
    town, key = hooked, tmp_path / "keys" / "dss"

    def start(*flags):
        return subprocess.run([BUILD / "kheyad", *flags, "-c", "kheya0.yaml"], cwd=tmp_path, capture_output=True, text=True,
                              timeout=60, check=False)

    assert start("-n").returncode == 0, "the folder of a configuration without a folder is where we are"
    other = b"another key of the same agency"
    key.write_bytes(other)
    assert reload(town).returncode == 0
    assert ask(phone_of(town), option("good"))[0] == PAID
    _, headers, body = agency.asked[-1]
    assert headers["X-Kheya-Signature"] == hmac.new(other, headers["X-Kheya-Time"].encode() + b"." + body,
                                                    hashlib.sha256).hexdigest()
    shutil.move(key, tmp_path / "kept")
    for what, spoil in (("No such file", lambda: None), ("at least 16 octets", lambda: key.write_bytes(b"short key\n\n\n\n\n\n\n")),
                        ("everybody may read it", lambda: (key.write_bytes(other), key.chmod(0o644)))):
        spoil()
        for flags, code in ((("-n",), 1), ((), 2)):
            got = start(*flags)
            assert got.returncode == code
            assert got.stderr.count("\n") == 1 and "back end 'dss'" in got.stderr and what in got.stderr, got.stderr
        got = reload(town)
        assert got.returncode != 0 and what in got.stdout + got.stderr
    assert ask(phone_of(town), option("good"))[0] == PAID, "those it has go on"
