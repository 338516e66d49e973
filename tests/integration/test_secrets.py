"""Numbers of persons, PINs and codes that were typed are nowhere to be read, while a dialogue runs and after it: every log, table, dump, file and answer
is searched after people went all ways in which such a number is asked for, and after some who typed them at wrong places.

Out of scope: PostgreSQL's write-ahead log and the pages of its files, which hold what the rows held, sealed; the telco's own log; a file for an agency that the agency has not fetched yet."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import time

import psycopg2
import pytest

from town import BUILD, TREE, Phone, Town, wait_for

# Nobody's: invented, and unlike any number that a machine makes.
NIDS = {"apply": "5263748591", "handed": "8527419638521", "agent": "19633857294618537", "damage": "7395162847", "dialled": "6482937152",
        "dropped": "9173628455", "twice": "19472638591740263"}
BRNS = {"copy": "20154928374650917", "dropped": "20083746529183746"}
SLIP = "7395182640357"
STRAY = {"at a menu": "8162937455", "by text": "3928174655", "behind K": "4719283655", "in the code": "19518273645918273"}
PINS = {"agent": "739164", "wrong": "285173", "at a menu": "618392"}
AGENCY_KEY = hashlib.sha256(b"dss").hexdigest()
CONF = "log: {level: debug}\ntape: {keep: 24h}\napi:\n  dss: {key: keys/dss-api}\n"


# --- looking for them ---------------------------------------------------------------------------

def spellings(number):
    """How octets of a number may stand somewhere, as expressions; long numbers also with signs between."""
    ascii_ = number.encode()
    bengali = "".join(chr(0x09E6 + int(d)) for d in number)
    found = [re.escape(ascii_.hex()), re.escape(number.encode("utf-16-be").hex()), re.escape(bengali.encode().hex()),
             re.escape(bengali.encode("utf-16-be").hex())]
    if len(number) >= 10:
        found.append(r"[ .:/_*#-]?".join(number))
        found.append(r"\s?".join(bengali))
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + ascii_).decode()
            found.append(re.escape(whole[(0, 2, 3)[shift]:(len(ascii_) + shift) * 4 // 3 - 1]))
    else:                               # six digits: not in the middle of a longer word or number
        found.append(rf"(?<![0-9A-Za-z+/.]){number}(?![0-9A-Za-z+/])")
        found.append(bengali)
    return re.compile("|".join(found), re.IGNORECASE)


SECRETS = {f"{kind} {which}": spellings(number) for kind, numbers in
           (("NID", NIDS), ("BRN", BRNS), ("slip", {"of a passport": SLIP}), ("stray", STRAY), ("PIN", PINS))
           for which, number in numbers.items()}


def search(where, text, found, codes=()):
    """Adds to found what stands in it.  Six digits may be a part of a second: PINs are looked for where no times stand alone."""
    if isinstance(text, (bytes, memoryview)):
        text = bytes(text).decode("latin-1") + bytes(text).decode("utf-8", "replace")
    for name, expression in SECRETS.items():
        for m in expression.finditer(text):
            found.append(f"{name} in {where}: ...{text[max(0, m.start() - 40):m.end() + 20]!r}")
            break
    for code in codes:
        if re.search(rf'(?:কোড|code|"|\x00\x04){code}(?!\d)', text):
            found.append(f"code {code} in {where}")


def search_tables(town, found, codes):
    """Every column of every table as text; octets in both of PostgreSQL's ways, and as they are."""
    with psycopg2.connect(town.conninfo) as c, c.cursor() as cursor:
        cursor.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
                       " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
        tables = [t for t, in cursor.fetchall()]
        assert {"kheya.session", "kheya.case_file", "kheya.outbox", "kheya.audit", "kheya.tape", "kheya.pin"} <= set(tables)
        for table in tables:
            if table == "kheya.generation":     # the menus' own examples; a file of this tree
                continue
            cursor.execute(f"SELECT t.*, t::text FROM {table} t")
            for row in cursor.fetchall():
                for column, value in zip(cursor.description, row):
                    if value is not None:
                        search(f"{table}.{column.name}", value if isinstance(value, (str, bytes, memoryview)) else
                               json.dumps(value, default=str, ensure_ascii=False), found, codes)
        cursor.execute("SELECT coalesce(string_agg(pg_get_functiondef(p.oid), E'\\n'), '') FROM pg_proc p JOIN pg_namespace n"
                       " ON n.oid = p.pronamespace WHERE nspname IN ('kheya', 'svc')")
        search("functions", cursor.fetchall()[0][0], found)


def search_dump(town, found):
    dump = subprocess.run(["pg_dump", "--inserts", town.conninfo], check=True, capture_output=True).stdout
    assert b"INSERT INTO kheya.case_file" in dump
    search("pg_dump", dump, found)


KNOW_ALL = ("telco.log", "generation")


def search_files(town, found, codes):
    """All that was written beside the database's own files."""
    count = 0
    for path in sorted(town.folder.rglob("*")):
        inside = path.relative_to(town.folder).parts
        if not path.is_file() or path.name in KNOW_ALL or inside[:2] == ("db", "data") or inside[0] == "menus":
            continue
        if "spool" in inside and "out" in inside:
            continue                    # waits for the agency
        count += 1
        assert not path.name.startswith("core"), path
        search("/".join(inside), path.read_bytes(), found, codes)
    log = pathlib.Path(re.search(r"host=(\S+)", town.conninfo)[1]).parent / "postgres.log"
    search("PostgreSQL's log", log.read_bytes(), found, codes)
    assert count >= 7, "kheyad, bearerbox, its log, its access log, its store, its settings"


def signed(town, target):
    at, nonce = str(int(time.time())), f"nonce-{time.monotonic_ns():020d}"
    text = "\n".join((at, nonce, "GET", target)).encode() + b"\n"
    return {"X-Kheya-Key": "dss", "X-Kheya-Time": at, "X-Kheya-Nonce": nonce,
            "X-Kheya-Signature": hmac.new(AGENCY_KEY.encode(), text, hashlib.sha256).hexdigest()}


def search_answers(town, found):
    """What an agency, an operator and the public are told."""
    import urllib.request
    base = f"http://127.0.0.1:{town.http[0]}"
    with urllib.request.urlopen(urllib.request.Request(base + "/api/v1/cases?limit=50",
                                                       headers=signed(town, "/api/v1/cases?limit=50")), timeout=30) as answer:
        body = answer.read()
    listed = json.loads(body)["cases"]
    assert len(listed) >= 2
    search("/api/v1/cases", body, found)
    for case in listed:
        for target in (f"/api/v1/cases/{case['number']}", f"/api/v1/cases/{case['number']}/events"):
            with urllib.request.urlopen(urllib.request.Request(base + target, headers=signed(town, target)), timeout=30) as answer:
                search(target, answer.read(), found)
    for page in ("/metrics", "/readyz", "/healthz"):
        search(page, town.get(base + page), found)
    numbers = [n for n, in town.sql("SELECT number::text FROM kheya.case_file")]
    words = [("case", "list", "-l", "200"), ("outbox", "list"), ("payment", "list"), ("backend", "list"), ("officer", "list"),
             ("backend", "show", "dss_files")]
    words += [("case", "show", n) for n in numbers]
    for w in words:
        got = subprocess.run([BUILD / "kheya", w[0], "-c", town.folder / "kheya0.yaml", *w[1:]], capture_output=True, check=False)
        assert got.returncode in (0, 1), (w, got)
        search("kheya " + " ".join(w), got.stdout + got.stderr, found)


# --- going all ways -------------------------------------------------------------------------------

def through(phone, *answers):
    for answer in answers:
        screen = phone.type(answer)
    return screen["text"]


def english(town, phone):
    town.sql("INSERT INTO kheya.citizen VALUES (kheya.bucket(%s), %s, 'en', '', 0)"
             " ON CONFLICT (bucket, msisdn) DO UPDATE SET lang = 'en'", phone.msisdn, phone.msisdn)
    return phone


def text(town, phone, words):
    town.telco_call("/sms", msisdn=phone.msisdn, to="333", text=words)


def code_on(phone, n=1):
    def codes():
        return [m[1] for m in (re.search(r"(?:কোড|code) (\d{4}) ", t) for t in phone.sms()) if m]
    wait_for("the code on her phone", lambda: len(codes()) >= n)
    return codes()[-1]


def applies(town, phone, nid, dialled=False):
    phone.dial(f"*333*1*3*1*{nid}#" if dialled else "*333*1*3*1#")
    if not dialled:
        phone.type(nid)
    return through(phone, "05021958", "1", "2", "092544", "1", "3", "1", "1", "1", "01790008888", "1")


def serves(town, agent, her):
    """Flow B: a wrong PIN, a PIN set and asked for, a code, a NID of 17 numbers."""
    subprocess.run([BUILD / "kheya", "agent", "--database", town.conninfo, "add", agent.msisdn, "--name", "Example 303", "--place",
                    "092544", "--sex", "f"], check=True, stdout=subprocess.DEVNULL)
    english(town, agent)
    agent.dial("*333*18*1#")
    assert "Which allowance?" in through(agent, PINS["agent"], PINS["agent"], PINS["agent"])
    town.sql("UPDATE kheya.session SET at = at - 900000 WHERE msisdn = %s", agent.msisdn)
    agent.cancel()
    agent.dial("*333*18*1#")
    if "Continue?" in agent.look()["text"]:
        agent.type("2")
        agent.cancel()
        agent.dial("*333*18*1#")
    if "PIN" in agent.look()["text"]:
        through(agent, PINS["wrong"], PINS["agent"])
    assert "Citizen's mobile number" in through(agent, "1")
    assert "Code sent" in through(agent, her.msisdn)
    code = code_on(her)
    assert "NID number" in through(agent, code)
    through(agent, NIDS["agent"], "05021958", "1", "3", "1", "1", "1", her.msisdn)
    assert "Take Tk 30 only." in through(agent, "1")
    return code


def strays(town, phone):
    """At wrong places: at a menu, behind the code, in messages."""
    phone.dial()
    phone.type(STRAY["at a menu"])
    phone.type(PINS["at a menu"])
    phone.cancel()
    phone.dial(f"*333*{STRAY['in the code']}#")
    phone.cancel()
    phone.dial(f"*333*1*{STRAY['in the code']}*2#")
    phone.cancel()
    text(town, phone, STRAY["by text"])
    text(town, phone, f"K {STRAY['behind K']}")
    text(town, phone, f"My NID is {STRAY['by text']} please")
    wait_for("answers", lambda: len(phone.sms()) >= 2)


def wanders(town, phone, seed, steps=40):
    dice = random.Random(seed)
    words = [*NIDS.values(), *BRNS.values(), SLIP, *STRAY.values(), *PINS.values()]
    shown = phone.dial(dice.choice(("*333#", "*333*1*3*1#", "*333*11*1#", "*333*6*4#", "*333*3*1#", "*333*8#")))
    for _ in range(steps):
        keys = [k for k in re.findall(r"(?m)^(\d{1,2}) ", shown["text"]) if k not in ("0", "00")]
        if shown["state"] != "shown":
            shown = phone.dial("*333*%d#" % dice.randrange(1, 18))
        elif keys and dice.random() < 0.6:
            shown = phone.type(dice.choice(keys))
        else:
            shown = phone.type(dice.choice(words))
        if dice.random() < 0.1:
            text(town, phone, dice.choice(("K ", "", "STIPEND ", "333 ")) + dice.choice(words))


def running(town, *phones):
    """Of dialogues that run nothing can be read either: what was said stands sealed in their rows; they go on after a kill."""
    found = []
    search_tables(town, found, ())
    search_dump(town, found)
    assert not found, told(found)
    assert "Continue?" in phones[0].dial("*333#")["text"]
    assert "A copy costs Tk 50" in phones[0].type("1")["text"]
    assert "Continue?" in phones[1].dial("*333#")["text"]
    assert "Birth date" in phones[1].type("1")["text"]
    assert "Woman or man?" in phones[1].type("05021958")["text"]
    for phone in phones:
        phone.cancel()


def again(town):
    town.kheyads[0].kill()
    town.start_kheyad()
    town.ready()


def ended(town):
    """Every dialogue is over: those that were dropped cannot be continued any more, and kheyad has seen it."""
    town.sql("UPDATE kheya.session SET at = at - 8 * 86400000::bigint")
    wait_for("dropped dialogues to be forgotten", lambda: town.sql(
        "SELECT count(*) FROM kheya.session WHERE open") == [(0,)], 60)


def with_an_agency(folder):
    """The national menus; what is applied for goes to the agency in files, whole numbers with it."""
    shutil.copytree(TREE / "menus", folder)
    path = folder / "apply.yaml"
    menus = path.read_text()
    head, rest = menus.split("services:\n", 1)
    rest = rest.replace("    agency: dss\n", "    agency: dss\n    backend: dss_files\n", 1)
    path.write_text(head + "backends:\n  dss_files: {kind: csv, folder: spool/dss, every: 1s, taken: received}\n\nservices:\n" + rest)
    return folder


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    """All of it was done; codes that went out."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "keys").mkdir()
    (folder / "keys" / "dss-api").write_text(AGENCY_KEY + "\n")
    (folder / "keys" / "dss-api").chmod(0o600)
    (folder / "spool" / "dss").mkdir(parents=True)
    # a core file may be written, if kheyad lets it
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":disable_coredump=0"
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    town = Town(folder, menus=with_an_agency(folder / "menus"), conf=CONF)
    try:
        town.start()
        phones = [english(town, Phone(town, 8801790060001 + i)) for i in range(12)]
        assert "Sent. Your number" in applies(town, phones[0], NIDS["apply"])
        assert "Sent. Your number" in applies(town, phones[1], NIDS["handed"])
        assert "Sent. Your number" in applies(town, phones[2], NIDS["dialled"], dialled=True)
        code = serves(town, phones[3], phones[4])
        phones[5].dial("*333*6*4*092544*1*15*6#")
        assert "Sent. Number" in through(phones[5], NIDS["damage"], "1")
        phones[6].dial("*333*11*1#")
        through(phones[6], BRNS["copy"], "2")
        phones[7].dial("*333*3*1#")
        through(phones[7], SLIP, "05031990")
        phones[8].dial("*333*11*1#")
        phones[8].type(BRNS["dropped"])
        phones[8].cancel()
        phones[9].dial(f"*333*1*3*1*{NIDS['dropped']}#")
        phones[9].cancel()
        strays(town, phones[10])
        wanders(town, phones[11], 333)
        wait_for("messages gone", lambda: town.sql("SELECT count(*) FROM kheya.outbox WHERE state IN (0, 1)") == [(0,)], 90)
        wait_for("hand-overs", lambda: town.sql("SELECT count(*) FROM kheya.backend_queue WHERE state = 0") == [(0,)], 60)
        again(town)
        running(town, phones[8], phones[9], phones[0])
        ended(town)
        again(town)                     # in a day its memory had forgotten too
        assert "333 Govt services" in phones[8].dial("*333#")["text"], "who comes after that begins anew"
        yield town, [code]
    finally:
        town.stop()


def told(found):
    return f"{len(found)} found:\n" + "\n".join(sorted(found)[:40])


def test_what_is_looked_for_would_be_found():
    """The search itself: each secret, in each way in which it may be written."""
    nid, pin = NIDS["agent"], PINS["agent"]
    for way in (nid, f"1963 3857 2946 18537", nid.encode().hex(), nid.encode("utf-16-be").hex().upper(),
                base64.b64encode(b"x" + nid.encode() + b"y").decode(), base64.b64encode(b"xy" + nid.encode()).decode(),
                base64.b64encode(nid.encode()).decode(), "".join(chr(0x09E6 + int(d)) for d in nid), f"typed={pin} ",
                f"'{pin}'", pin.encode().hex(), (b"\x00\x06" + pin.encode() + b"\x00")):
        found = []
        search("here", way, found)
        assert found, way
    found = []
    search("here", f"1732{pin}9 0.{pin} {nid[:-1]}", found)
    assert not found, found


def test_nowhere_in_the_database(evening):
    town, codes = evening
    found = []
    search_tables(town, found, codes)
    search_dump(town, found)
    assert not found, told(found)
    assert town.sql("SELECT count(*) FROM kheya.tape")[0][0] > 20, "there was a tape"
    assert town.sql("SELECT count(*) FROM kheya.outbox WHERE class = 'otp' AND text <> ''") == [(0,)]


def test_nowhere_in_files(evening):
    town, codes = evening
    found = []
    wait_for("bearerbox's store to be written anew", lambda: not [1 for p in (town.folder / "store").glob("*")
                                                                  if NIDS["apply"].encode() in p.read_bytes()], 60)
    search_files(town, found, codes)
    assert not found, told(found)


def test_nowhere_in_answers(evening):
    town, _ = evening
    found = []
    search_answers(town, found)
    assert not found, told(found)


def test_whole_only_for_the_agency(evening):
    """What was handed over is in the agency's file, readable by nobody else; what was sealed for it is gone."""
    town, _ = evening
    files = [p for p in (town.folder / "spool" / "dss" / "out").glob("*.csv")]
    whole = "".join(p.read_text() for p in files)
    for which in ("apply", "handed", "dialled"):
        assert whole.count(NIDS[which]) == 1, which
    assert all(p.stat().st_mode & 0o007 == 0 for p in files)
    assert town.sql("SELECT count(*) FROM kheya.backend_queue WHERE secret IS NOT NULL OR body <> ''") == [(0,)]


def test_a_person_is_found_again(evening):
    """By a hash that only who has the secret can make; nobody is told of it."""
    town, _ = evening
    kept = dict(town.sql("SELECT msisdn, fields ->> 'nid' FROM kheya.case_file WHERE fields ? 'nid'"))
    assert len(kept) >= 5 and all(re.fullmatch(r"[0-9a-f]{2}-[0-9a-f]{32}-\d{4}", k) for k in kept.values()), kept
    numbers = [NIDS[n] for n in ("apply", "handed", "dialled", "agent", "damage")]
    made = subprocess.run([BUILD / "kheya", "keyed", "-c", town.folder / "kheya0.yaml"], input="\n".join(numbers) + "\n", text=True,
                          capture_output=True, check=True).stdout.split()
    assert set(made) <= set(kept.values()), (made, kept)
    assert len({m[:2] for m in made}) == 1 and len({m[3:35] for m in made}) == 5
    got = subprocess.run([BUILD / "kheya", "keyed", "-c", town.folder / "kheya0.yaml"], input="123\n\n", text=True,
                         capture_output=True, check=False)
    assert got.returncode == 1 and "line 2: no number" in got.stderr, got
    for number, in town.sql("SELECT number::text FROM kheya.case_file WHERE fields ? 'nid'"):
        shown = subprocess.run([BUILD / "kheya", "case", "-c", town.folder / "kheya0.yaml", "show", number], text=True,
                               capture_output=True, check=True).stdout
        assert '"nid": "' in shown and not re.search(r"[0-9a-f]{2}-[0-9a-f]{32}", shown), shown
    spool = "".join(p.read_text() for p in (town.folder / "spool" / "dss" / "out").glob("*.csv"))
    assert not re.search(r"[0-9a-f]{32}", spool)
    assert town.sql("SELECT to_regclass('svc.family_key')") == [(None,)], "no key lies there"


def test_no_core_file(evening):
    town, _ = evening
    limits = open(f"/proc/{town.kheyads[0].child.pid}/limits").read()
    assert re.search(r"Max core file size\s+0\s+0\s", limits), limits
