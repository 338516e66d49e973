"""town - everything a citizen needs, on free ports, for one test run.

PostgreSQL (scripts/dev-db), bearerbox, the telco simulator and one or more
kheyad, each started, killed and restarted by pid.  Between kheyad and bearerbox
stands a small relay that can hold what kheyad says, so that a test can
stop the world between a commit and its acknowledgement.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import psycopg2

from ports import free_port

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("KHEYA_BUILD", TREE / "build" / "asan"))
PATIENCE = 60.0                         # seconds: how long a condition may take on a busy machine


def wait_for(what, condition, patience=PATIENCE, instead=lambda: ""):
    """The condition's value as soon as it is true; fails with its name, and with what there is instead."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience:.0f} s in vain for: {what} {instead()}")
        time.sleep(0.02)


class Process:
    """A program we started: its pid is ours to end."""

    def __init__(self, name, argv, folder, env=None):
        self.name = name
        self.log = folder / f"{name}.log"
        self.out = open(self.log, "ab")
        self.child = subprocess.Popen(argv, stdout=self.out, stderr=self.out, cwd=folder, env=env,
                                      stdin=subprocess.DEVNULL)

    def alive(self):
        return self.child.poll() is None

    def end(self, sig=signal.SIGTERM):
        if self.alive():
            self.child.send_signal(sig)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                raise AssertionError(f"{self.name} did not end on signal {sig}")
        self.out.close()
        return self.child.returncode

    def kill(self):
        return self.end(signal.SIGKILL)


BINDS = 4       # of conf/kannel.conf: without its transmitter an answer waits until bearerbox tries again, in 10 s


class Relay:
    """kheyad's way to bearerbox; hold() keeps back what kheyad says."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open_gate = threading.Event()
        self.open_gate.set()
        self.held = 0
        self.closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self):
        self.held = 0
        self.open_gate.clear()

    def let_go(self):
        self.open_gate.set()

    def close(self):
        self.closing = True
        self.listener.close()
        self.open_gate.set()

    def _accept(self):
        while not self.closing:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 5)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            ended = threading.Event()
            threading.Thread(target=self._pump, args=(near, far, True, ended), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, False, ended), daemon=True).start()

    def _pump(self, source, sink, gated, ended):
        try:
            while data := source.recv(65536):
                if gated and not self.open_gate.is_set():
                    self.held += len(data)
                    while not self.open_gate.wait(0.01):
                        if ended.is_set() or self._hung_up(source):
                            return
                sink.sendall(data)
        except OSError:
            pass
        finally:
            ended.set()
            for s in (source, sink):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    @staticmethod
    def _hung_up(s):
        try:
            return s.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


class Town:
    def __init__(self, folder, kheyads=1, menus=None, ussd="{}", web="", telco=(), conf=""):
        self.folder = pathlib.Path(folder)
        self.menus = menus or TREE / "menus"
        self.ussd = ussd                # the profile of ussd1, in YAML
        self.web = web                  # more lines of link web
        self.telco_flags = telco
        self.conf = conf                # more of kheyad's configuration, in YAML
        self.smpp, self.control, self.admin = free_port(), free_port(), free_port()
        self.box = free_port()
        self.http = [free_port() for _ in range(kheyads)]
        self.database = self.folder / "db"
        self.telco = self.bearerbox = None
        self.kheyads = [None] * kheyads
        self.relay = None
        self.conninfo = None

    # --- parts ---------------------------------------------------------------

    def dev_db(self, *words):
        return subprocess.run([TREE / "scripts" / "dev-db", words[0], str(self.database), *words[1:]],
                              check=True, capture_output=True, text=True).stdout.strip()

    def start_database(self):
        self.conninfo = self.dev_db("start").splitlines()[-1]

    def start_telco(self):
        self.telco = Process("telco", [BUILD / "telco", "--port", str(self.smpp),
                                       "--control", f"127.0.0.1:{self.control}", *self.telco_flags], self.folder)
        wait_for("telco's control port", lambda: self._listens(self.control))

    def start_bearerbox(self):
        conf = (TREE / "conf" / "kannel.conf").read_text()
        (self.folder / "store").mkdir(exist_ok=True)
        conf = re.sub(r"(?m)^(smsbox-port|admin-port|port|receive-port|log-file|access-log|store-location)( *= *).*$",
                      self._kannel_line, conf)
        path = self.folder / "kannel.conf"
        path.write_text(conf)
        program = shutil.which("bearerbox") or "/usr/sbin/bearerbox"
        self.bearerbox = Process("bearerbox", [program, "-v", "4", str(path)], self.folder)
        wait_for("bearerbox's box port", lambda: self._listens(self.box))

    def _kannel_line(self, m):
        values = {
            "smsbox-port": self.box,
            "admin-port": self.admin,
            "log-file": f'"{self.folder}/kannel.log"',
            "access-log": f'"{self.folder}/access.log"',
            "store-location": f'"{self.folder}/store/store"',
        }
        value = values.get(m[1])
        if value is None:               # a bind: "port = 0" marks the receiver's unused half
            value = 0 if m[0].split("=")[1].strip() == "0" else self.smpp
        return f"{m[1]}{m[2]}{value}"

    def _secret(self):
        """A line for it, unless the test has its own: the national menus ask agents for their PIN."""
        if "secret:" in self.conf:
            return ""
        secret = self.folder / "secret"
        if not secret.exists():
            secret.touch(0o600)
            secret.write_bytes(bytes(range(32)))
        return f"secret: {secret}"

    def _quiet(self):
        """News that wait for the morning would keep tests waiting that run at night in Bangladesh."""
        return "" if "messages:" in self.conf else 'messages: {quiet: ""}'

    def start_kheyad(self, i=0, box=None):
        port = box or (self.relay.port if self.relay else self.box)
        path = self.folder / f"kheya{i}.yaml"
        path.write_text(f"""
database: "{self.conninfo}"
menus: {self.menus}
http: {{address: "127.0.0.1:{self.http[i]}", handset: "127.0.0.1:{self.control}"}}
pid_file: {self.folder}/kheyad{i}.pid
{self._secret()}
{self.conf}
{self._quiet()}
links:
  gp:
    kind: kannel
    address: 127.0.0.1:{port}
    box_id: kheya
    smsc:
      ussd1: {self.ussd}
      sms1: {{channel: sms, sender: "333"}}
  web:
    kind: http
    style: africastalking
{self.web}""")
        self.kheyads[i] = Process(f"kheyad{i}", [BUILD / "kheyad", "-c", str(path)], self.folder)
        return self.kheyads[i]

    def ready(self, i=0):
        wait_for(f"kheyad {i} ready", lambda: self.get(f"http://127.0.0.1:{self.http[i]}/readyz", quiet=True)
                 or self._check_alive(i))

    def _check_alive(self, i):
        if not self.kheyads[i].alive():
            raise AssertionError(f"kheyad {i} ended:\n" + self.kheyads[i].log.read_text()[-4000:])
        return False

    def start(self, relay=False):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start_database()
        subprocess.run([BUILD / "kheya", "migrate", "--database", self.conninfo, "--sql", TREE / "sql"], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run([TREE / "scripts" / "dev-db", "psql", str(self.database), "-q", "-v", "ON_ERROR_STOP=1", "-f",
                        str(TREE / "sql" / "demo.sql")], check=True, stdout=subprocess.DEVNULL)
        self.start_telco()
        self.start_bearerbox()
        if relay:
            self.relay = Relay(self.box)
        for i in range(len(self.kheyads)):
            self.start_kheyad(i)
        for i in range(len(self.kheyads)):
            self.ready(i)
        wait_for("bearerbox's binds", lambda: self.report()["counters"]["binds_now"] >= BINDS)
        return self

    def stop(self):
        failures = []
        for i, k in enumerate(self.kheyads):
            if k and k.alive() and k.end() != 0:
                failures.append(f"kheyad {i} ended badly:\n" + k.log.read_text()[-6000:])
        for p in (self.bearerbox, self.telco):  # bearerbox takes 10 s to say good-bye
            if p and p.alive():
                p.kill()
        if self.relay:
            self.relay.close()
        subprocess.run([TREE / "scripts" / "dev-db", "destroy", str(self.database)], check=False,
                       capture_output=True)
        for log in self.folder.glob("kheyad*.log"):
            text = log.read_text(errors="replace")
            if "AddressSanitizer" in text or "runtime error" in text or "LeakSanitizer" in text:
                failures.append(f"sanitizer in {log}:\n{text[-6000:]}")
        assert not failures, "\n".join(failures)

    # --- talking ---------------------------------------------------------------

    @staticmethod
    def _listens(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    @staticmethod
    def get(url, quiet=False, data=None, timeout=40):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=timeout) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError) as e:
            if quiet:
                return None
            body = e.read().decode() if isinstance(e, urllib.error.HTTPError) else ""
            raise AssertionError(f"{url}: {e} {body}") from e

    def telco_call(self, path, **body):
        url = f"http://127.0.0.1:{self.control}{path}"
        return json.loads(self.get(url, data=json.dumps(body).encode() if body else None))

    def report(self):
        return json.loads(self.get(f"http://127.0.0.1:{self.control}/report"))

    def fault(self, **what):
        return self.telco_call("/fault", **what)

    def metric(self, name, i=0):
        text = self.get(f"http://127.0.0.1:{self.http[i]}/metrics")
        return int(re.search(rf"(?m)^kheya_{name} (\d+)$", text)[1])

    def operator(self, name):
        """The connection of an operator of this name, who is made where she is not there yet."""
        self.sql(f"""DO $$ BEGIN CREATE ROLE {name} LOGIN IN ROLE kheya_operator;
                     EXCEPTION WHEN duplicate_object THEN NULL; END $$""")
        return self.conninfo.replace("user=postgres", f"user={name}")

    def sql(self, statement, *args):
        with psycopg2.connect(self.conninfo) as c, c.cursor() as cursor:
            cursor.execute(statement, args or None)
            return cursor.fetchall() if cursor.description else None


class Phone:
    """One handset at the telco."""

    def __init__(self, town, msisdn):
        self.town = town
        self.msisdn = str(msisdn)
        self.last = ("", 0.0)

    def _go(self, path, patience=15.0, **body):
        before = self.look()["seq"]
        self.town.telco_call(path, msisdn=self.msisdn, **body)
        return self.wait(before, patience)

    def look(self, after=None, wait_ms=0):
        url = f"http://127.0.0.1:{self.town.control}/screen?msisdn={self.msisdn}"
        if after is not None:
            url += f"&after={after}&wait={wait_ms}"
        return json.loads(self.town.get(url))

    def wait(self, after, patience=15.0):
        """The next screen, or the state 'ended'/'failed' without one."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            now = self.look(after, 1000)
            if now["seq"] > after and now["state"] != "waiting":
                return now
        return {"state": "timeout", "text": "", "seq": after}

    def dial(self, code="*333#", patience=15.0):
        return self._go("/dial", patience, code=code)

    def type(self, text, patience=15.0):
        self._think(text)
        return self._go("/type", patience, text=text)

    def _think(self, text):
        """A person needs a second to read; the same answer within resend_window is the telco's own resend."""
        if self.last[0] == text:
            time.sleep(max(0.0, self.last[1] + 0.9 - time.monotonic()))
        self.last = (text, time.monotonic())

    def send(self, path, **body):
        """Without waiting for the screen."""
        self._think(body.get("text", ""))
        before = self.look()["seq"]
        self.town.telco_call(path, msisdn=self.msisdn, **body)
        return before

    def cancel(self):
        self.town.telco_call("/cancel", msisdn=self.msisdn)

    def sms(self):
        answer = json.loads(self.town.get(f"http://127.0.0.1:{self.town.control}/sms?msisdn={self.msisdn}"))
        return [m["text"] for m in answer["sms"]]


def turn_of(town, phone):
    rows = town.sql("SELECT turn FROM kheya.session WHERE msisdn = %s", phone.msisdn)
    return rows[0][0] if rows else 0


def killed_and_back(town):
    """A town with a relay, whose kheyad dies."""
    town.kheyads[0].kill()
    town.relay.let_go()
    town.start_kheyad()
    town.ready()


def typed_and_killed(town, phone, text):
    """kheyad dies between the commit of the step and its reply; bearerbox brings the event again."""
    turn = turn_of(town, phone)
    town.relay.hold()
    before = phone.send("/type", text=text)
    wait_for("the commit", lambda: turn_of(town, phone) > turn)
    wait_for("the reply at the relay", lambda: town.relay.held > 0)
    killed_and_back(town)
    return phone.wait(before)
