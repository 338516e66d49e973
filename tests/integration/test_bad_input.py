"""Bad input: one clear line and a living process, or a refusal to start with exit 2."""

import os
import socket
import struct
import subprocess
import urllib.parse

import pytest

from fakebox import FakeBox, frame, number, sms, string
from town import BUILD, TREE, Town, free_port, wait_for


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A database and one kheyad whose bearerbox is ours."""
    town = Town(tmp_path_factory.mktemp("bare"))
    town.folder.mkdir(parents=True, exist_ok=True)
    box = FakeBox()
    try:
        town.start_database()
        subprocess.run([BUILD / "kheya", "migrate", "--database", town.conninfo, "--sql", TREE / "sql"], check=True)
        town.start_kheyad(box=box.port)
        box.accept()
        town.ready()
        town.fake = box
        yield town
    finally:
        box.close()
        town.stop()


def log_of(town):
    return town.kheyads[0].log.read_text(errors="replace")


def still_serves(town, msisdn):
    screen, nack = town.fake.ask(sender=f"+{msisdn}")
    assert nack == 0 and screen is not None and screen["msgdata"], "it serves the next citizen"
    assert screen["receiver"].lstrip(b"+").decode() == str(msisdn)


MALFORMED = {
    "oversized": struct.pack(">I", 0x7fffffff) + b"x" * 100,
    "empty body": frame(b""),
    "unknown type": frame(number(77) + number(0)),
    "wdp": frame(number(4) + string("a") + number(1) + string("b") + number(2) + string("c")),
    "truncated fields": frame(number(2) + string("+8801733000001")),
    "negative string": frame(number(2) + number(-7)),
    "string past the frame": frame(number(2) + number(5000) + b"short"),
    "bad uuid": sms(id="not-a-uuid"),
    "trailing octets": frame(sms()[4:] + b"more"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_frame(bare, name):
    """The connection is closed with a line, kheyad lives and comes back."""
    before = bare.metric("box_frames_bad_total")
    bare.fake.send(MALFORMED[name])
    assert bare.fake.next() is None
    bare.fake.accept()
    assert bare.metric("box_frames_bad_total") == before + 1
    assert "malformed frame" in log_of(bare)
    still_serves(bare, 8801733000002)


def test_frame_in_single_octets_and_cut_short(bare):
    one = sms(sender="+8801733000003")
    for i in range(0, len(one), 7):
        bare.fake.send(one[i:i + 7])
    kinds = {bare.fake.next()["type"], bare.fake.next()["type"]}
    assert kinds == {"sms", "ack"}
    bare.fake.send(one[:40])            # and then nothing more
    bare.fake.peer.close()
    bare.fake.accept()
    still_serves(bare, 8801733000003)


REFUSED = {                             # each is acknowledged as failed, with a line that says why
    "no sender": {"sender": None},
    "sender without digits": {"sender": "ministry"},
    "unknown smsc": {"smsc_id": "nobody"},
    "no smsc": {"smsc_id": None},
    "odd ucs-2": {"coding": 2, "msgdata": b"\x09\x85\x09"},
    "nul": {"msgdata": b"*333#\x00"},
    "nul in ucs-2": {"coding": 2, "msgdata": b"\x00\x2a\x00\x00"},
    "lone surrogate": {"coding": 2, "msgdata": b"\xd8\x00\x00\x31"},
    "unknown operation": {"meta_data": "?smpp?ussd_service_op=%63&its_session_info=%1A%02&"},
    "no operation": {"meta_data": None},
    "broken meta data": {"meta_data": "?smpp?ussd_service_op=%0"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_message_refused(bare, name):
    before = bare.metric("events_bad_total")
    screen, nack = bare.fake.ask(**REFUSED[name])
    assert (screen, nack) == (None, 1)
    assert bare.metric("events_bad_total") == before + 1
    assert "event=message_refused" in log_of(bare).splitlines()[-1]
    still_serves(bare, 8801733000004)


def test_no_text(bare):
    """An empty dial opens the code that the address names; an empty answer is a wrong one."""
    who = {"sender": "+8801733000005"}
    screen, nack = bare.fake.ask(msgdata=None, **who)
    assert nack == 0 and screen["msgdata"]
    screen, nack = bare.fake.ask(msgdata=None, meta_data="?smpp?ussd_service_op=%12&its_session_info=%1A%02&", **who)
    assert nack == 0 and screen["msgdata"]


def test_invalid_utf8(bare):
    screen, nack = bare.fake.ask(sender="+8801733000006", msgdata=b"*333#")
    assert nack == 0
    screen, nack = bare.fake.ask(sender="+8801733000006", msgdata=b"\xff\xfe1\xc3",
                                 meta_data="?smpp?ussd_service_op=%12&its_session_info=%1A%02&")
    assert nack in (0, 1)
    assert nack == 1 or screen["msgdata"]
    still_serves(bare, 8801733000006)


@pytest.mark.parametrize("dialled", ["*333*" + "1234567890" * 20 + "#", "*333" + "*1" * 100 + "#", "#" * 160, "*333**#"])
def test_strange_dialled_strings(bare, dialled):
    screen, nack = bare.fake.ask(sender="+8801733000007", receiver="*333#", msgdata=dialled)
    assert nack == 0 and screen["msgdata"], "she sees a screen, not silence"


def test_answer_of_10000_characters(bare):
    who = {"sender": "+8801733000008"}
    bare.fake.ask(**who)
    screen, nack = bare.fake.ask(msgdata="7" * 10000, meta_data="?smpp?ussd_service_op=%12&its_session_info=%1A%02&",
                                 **who)
    assert nack == 0 and screen["msgdata"]
    screen, nack = bare.fake.ask(msgdata="ক" * 10000, smsc_id="sms1", receiver="333", meta_data=None, **who)
    assert nack == 0
    assert "7777" not in log_of(bare), "nothing that she typed is logged"
    still_serves(bare, 8801733000008)


def test_no_mt_that_kills_bearerbox(bare):
    """msgdata and receiver are never NULL, whatever was asked."""
    for text in ("", "0", "9", "*", "00", "\n", "x"):
        screen, nack = bare.fake.ask(sender="+8801733000009", msgdata=text or None,
                                     meta_data="?smpp?ussd_service_op=%12&its_session_info=%1A%02&")
        assert nack == 0 and screen["msgdata"] is not None and screen["receiver"]


# --- the HTTP side ------------------------------------------------------------------

def post(town, body, path="/ussd/web", kind="application/x-www-form-urlencoded"):
    with socket.create_connection(("127.0.0.1", town.http[0]), 20) as s:
        s.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                  "Connection: close\r\n\r\n".encode() + body)
        answer = b""
        while data := s.recv(65536):
            answer += data
    head, _, text = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), text.decode()


def form(**fields):
    return urllib.parse.urlencode(fields).encode()


WHOLE = {"sessionId": "s1", "phoneNumber": "+8801733000010", "networkCode": "47001", "serviceCode": "*333#", "text": ""}


@pytest.mark.parametrize("body, status, says", [
    (b"", 400, "sessionId"),
    (form(**{**WHOLE, "phoneNumber": "nobody"}), 400, "phoneNumber"),
    (form(**{k: v for k, v in WHOLE.items() if k != "text"}), 400, "text"),
    (b"sessionId=%zz", 400, ""),
    (b"sessionId=%00&phoneNumber=1", 400, ""),
    (form(**WHOLE)[:-1] + b"%ff%fe", 400, ""),
    (form(**{**WHOLE, "text": "7" * 100000}), 413, ""),
])
def test_http_refused(bare, body, status, says):
    got, text = post(bare, body)
    assert got == status, text
    assert says in text
    got, text = post(bare, form(**{**WHOLE, "sessionId": os.urandom(8).hex()}))
    assert got == 200 and text.startswith("CON "), text


@pytest.mark.parametrize("path, status", [("/ussd/nobody", 404), ("/nothing", 404), ("/metrics", 405)])
def test_http_path(bare, path, status):
    assert post(bare, form(**WHOLE), path)[0] == status


def test_http_same_request_again_gets_the_same_page(bare):
    ask = {**WHOLE, "sessionId": "again", "phoneNumber": "+8801733000011"}
    first = post(bare, form(**ask))
    assert first[1].startswith("CON ")
    assert post(bare, form(**ask)) == first
    second = post(bare, form(**{**ask, "text": "3"}))
    assert post(bare, form(**{**ask, "text": "3"})) == second
    assert second != first


# --- refusals to start ------------------------------------------------------------------

def run(folder, conf, *flags):
    path = folder / "k.yaml"
    path.write_text(conf)
    return subprocess.run([BUILD / "kheyad", *flags, "-c", path], capture_output=True, text=True, timeout=60,
                          cwd=TREE)


def conf_of(menus="menus", database="host=/nonexistent", more="", http="''", links="{gp: {kind: kannel}}"):
    return f"database: {database}\nmenus: {menus}\nhttp: {{address: {http}}}\n{more}\nlinks: {links}\n"


def secret_of(folder):
    """The setting that menus with PINs need."""
    path = folder / "secret"
    path.touch(0o600)
    path.write_bytes(bytes(range(32)))
    return f"secret: {path}"


def small_tree(folder, text=None):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kheya.yaml").write_text(text or "language: 1\n")
    return folder


def test_menus_that_are_refused(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    dangling = small_tree(tmp_path / "dangling")
    (dangling / "x.yaml").symlink_to("/nonexistent/x.yaml")
    folder_as_file = small_tree(tmp_path / "odd")
    (folder_as_file / "y.yaml").mkdir()
    huge = small_tree(tmp_path / "huge")
    (huge / "big.yaml").write_text("# padding\n" * (50 * 1024 * 1024 // 10))
    deep = small_tree(tmp_path / "deep", "language: " + "[" * 500 + "]" * 500 + "\n")
    tab = small_tree(tmp_path / "tab", "language: 1\n\tcode: x\n")
    for folder, says in ((empty, "kheya.yaml"), (tmp_path / "none", "No such file"), (dangling, "x.yaml"),
                         (huge, "MiB"), (deep, "64"), (tab, "tab")):
        for flags, code in (((), 2), (("-n",), 1)):
            got = run(tmp_path, conf_of(menus=folder), *flags)
            assert got.returncode == code, (folder, got)
            assert says in got.stderr and str(folder) in got.stderr, (folder, got.stderr)
            assert "Sanitizer" not in got.stderr


def test_configuration_that_is_refused(tmp_path):
    keeps = secret_of(tmp_path)
    got = run(tmp_path, conf_of(more="colour: red\nsize: 7"))
    assert got.returncode == 2
    assert f"{tmp_path}/k.yaml:4:1: error: unknown key 'colour'" in got.stderr
    assert f"{tmp_path}/k.yaml:5:1: error: unknown key 'size'" in got.stderr
    got = run(tmp_path, conf_of(more=keeps, links="{gp: {kind: kannel}, gp: {kind: kannel}}"))
    assert got.returncode == 2 and "gp" in got.stderr, "two links of one name"
    got = run(tmp_path, conf_of(more=keeps, links="{gp: {kind: kannel, address: nowhere}}"))
    assert got.returncode == 2 and "gp" in got.stderr
    got = run(tmp_path, conf_of(more=keeps, links="{gp: {kind: http, style: pigeon}}", http="'127.0.0.1:0'"))
    assert got.returncode == 2 and "gp" in got.stderr
    assert subprocess.run([BUILD / "kheyad"], capture_output=True, check=False).returncode == 2
    assert run(tmp_path, conf_of(more=keeps), "-n").stdout.strip().endswith("ok")
    got = run(tmp_path, conf_of(), "-n")
    assert got.returncode == 1 and "the menus ask for PINs" in got.stderr, got


def test_secret_that_is_refused(tmp_path):
    secret = tmp_path / "secret"
    for octets, mode, says in ((None, 0, "No such file"), (b"short", 0o600, "at least 32"),
                               (bytes(32), 0o644, "everybody may read it")):
        if octets is not None:
            secret.write_bytes(octets)
            secret.chmod(mode)
        for flags, code in (((), 2), (("-n",), 1)):
            got = run(tmp_path, conf_of(more=f"secret: {secret}"), *flags)
            assert got.returncode == code and says in got.stderr and str(secret) in got.stderr, got
    secret.chmod(0o600)
    assert run(tmp_path, conf_of(more=f"secret: {secret}"), "-n").stdout.strip().endswith("ok")


def test_port_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        got = run(tmp_path, conf_of(more=secret_of(tmp_path), http=f"'127.0.0.1:{taken.getsockname()[1]}'"))
    assert got.returncode == 2
    assert "in use" in got.stderr, got.stderr


def test_two_daemons_with_one_pid_file(bare, tmp_path):
    got = run(tmp_path, conf_of(more=f"{secret_of(tmp_path)}\npid_file: {bare.folder}/kheyad0.pid"))
    assert got.returncode == 2
    assert "another kheyad holds it" in got.stderr


def test_wrong_database_version(bare, tmp_path):
    """One line, no service, no harm: and it serves as soon as the database has been brought up."""
    database = bare.dev_db("createdb", "elsewhere").splitlines()[-1]
    port = free_port()
    path = tmp_path / "k.yaml"
    path.write_text(conf_of(more=secret_of(tmp_path), database=f'"{database}"', http=f"'127.0.0.1:{port}'", links="{web: {kind: http}}"))
    with open(tmp_path / "log", "wb") as log:
        child = subprocess.Popen([BUILD / "kheyad", "-c", path], stderr=log, cwd=TREE)
    try:
        text = wait_for("a line about the version", lambda: [line for line in (tmp_path / "log").read_text().splitlines()
                                                            if "run kheya migrate" in line])
        assert child.poll() is None
        assert bare.get(f"http://127.0.0.1:{port}/readyz", quiet=True) is None
        subprocess.run([BUILD / "kheya", "migrate", "--database", database, "--sql", TREE / "sql"], check=True)
        wait_for("readiness", lambda: bare.get(f"http://127.0.0.1:{port}/readyz", quiet=True))
        assert text
    finally:
        child.terminate()
        assert child.wait(20) == 0


def test_newer_database(bare):
    database = bare.dev_db("createdb", "newer").splitlines()[-1]
    migrate = [BUILD / "kheya", "migrate", "--database", database, "--sql", TREE / "sql"]
    subprocess.run(migrate, check=True)
    subprocess.run(["psql", "-Xqd", database, "-c", "INSERT INTO kheya.version (version, name) VALUES (9999, 'later')"],
                   check=True)
    got = subprocess.run(migrate, capture_output=True, text=True, check=False)
    assert got.returncode == 1 and "newer" in got.stderr, got


def test_two_bearerboxes_with_one_box_name(bare, tmp_path):
    """Two bearerboxes, the same box id: each serves its own citizens, answers go back where they came from."""
    boxes = [FakeBox(), FakeBox()]
    port = free_port()
    path = tmp_path / "k.yaml"
    links = ", ".join(f"l{i}: {{kind: kannel, address: '127.0.0.1:{b.port}'}}" for i, b in enumerate(boxes))
    path.write_text(conf_of(more=secret_of(tmp_path), database=f'"{bare.conninfo}"', http=f"'127.0.0.1:{port}'", links=f"{{{links}}}"))
    with open(tmp_path / "log", "wb") as log:
        child = subprocess.Popen([BUILD / "kheyad", "-c", path], stderr=log, cwd=TREE)
    try:
        for b in boxes:
            assert b.accept()["boxc_id"] == b"kheya"
        wait_for("readiness", lambda: bare.get(f"http://127.0.0.1:{port}/readyz", quiet=True))
        for i, b in enumerate(boxes):
            screen, nack = b.ask(sender=f"+880173300002{i}", smsc_id="any")
            assert nack == 0 and screen["receiver"].endswith(f"880173300002{i}".encode())
    finally:
        child.terminate()
        assert child.wait(20) == 0
        for b in boxes:
            b.close()
