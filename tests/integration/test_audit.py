"""The audit is a chain of hashes: whoever changes, removes, adds or moves a row of it behind kheyad's back, as the database's
superuser, is found; kills break nothing."""

import datetime
import random
import re
import subprocess
import threading
import time

import psycopg2
import pytest

from town import BUILD, TREE, Town, wait_for

AGENTS = [f"880179006100{i}" for i in range(1, 5)]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("audit"), kheyads=2)
    try:
        t.start()
        for i, n in enumerate(AGENTS):
            assert kheya(t, "agent", "add", n, "--name", f"Example 31{i}", "--place", "092544", "--sex", "f").returncode == 0
        yield t
    finally:
        t.stop()


def kheya(town, *words):
    return subprocess.run([BUILD / "kheya", words[0], "--database", town.conninfo, *words[1:]], capture_output=True, text=True,
                          timeout=60, check=False)


def acts(town, count, seed=1, agents=AGENTS):
    """Operators do what is told in the audit."""
    dice = random.Random(seed)
    for _ in range(count):
        assert kheya(town, "agent", dice.choice(("lock", "unlock")), dice.choice(agents)).returncode == 0


def sealed(town):
    wait_for("all rows sealed", lambda: town.sql("SELECT count(*) FROM kheya.audit_wait") == [(0,)])


def verify(town, *words):
    return kheya(town, "audit", "verify", *words)


def whole(town):
    sealed(town)
    got = verify(town)
    assert got.returncode == 0 and ", 0 wait to be sealed\n" in got.stdout, got
    rows, blocks = re.match(r"(\d+) rows in (\d+) blocks", got.stdout).groups()
    assert int(rows) == town.sql("SELECT count(*) FROM kheya.audit")[0][0]
    return int(rows), int(blocks)


class Forger:
    """As the superuser, past every trigger; what was done is undone."""

    def __init__(self, town):
        self.town = town
        self.saved = None

    def __enter__(self):
        self.saved = {t: self.town.sql(f"SELECT count(*) FROM {t}") for t in ("kheya.audit", "kheya.audit_sealed", "kheya.audit_seal")}
        for t in self.saved:
            self.town.sql(f"CREATE TABLE saved_{t.split('.')[1]} AS TABLE {t}")
        return lambda *words: self.town.sql("SET session_replication_role = replica; " + words[0], *words[1:])

    def __exit__(self, *_):
        restore = "SET session_replication_role = replica; "
        for t in self.saved:
            name = f"saved_{t.split('.')[1]}"
            restore += (f"DELETE FROM {t}; INSERT INTO {t} OVERRIDING SYSTEM VALUE SELECT * FROM {name}; DROP TABLE {name}; "
                        if t == "kheya.audit" else f"DELETE FROM {t}; INSERT INTO {t} SELECT * FROM {name}; DROP TABLE {name}; ")
        self.town.sql(restore + "DELETE FROM kheya.audit_wait w WHERE NOT EXISTS"
                      " (SELECT FROM kheya.audit a WHERE a.bucket = w.bucket AND a.id = w.id)")


VICTIM = "(SELECT id FROM kheya.audit ORDER BY id OFFSET 7 LIMIT 1)"
ROW = ("INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields) VALUES"
       " (kheya.bucket('8801790061009'), '8801790061009', 'agent', 1, {at}, 0, 'operator', 'agent_set', '{{\"by\": \"nobody\"}}')")
FORGERIES = {
    "a value changed": (f"UPDATE kheya.audit SET fields = fields || '{{\"by\": \"x\"}}' WHERE id = {VICTIM}", "was changed"),
    "a time changed": (f"UPDATE kheya.audit SET at = at + 1 WHERE id = {VICTIM}", "was changed"),
    "a row deleted": (f"DELETE FROM kheya.audit WHERE id = {VICTIM}", "was deleted"),
    "two rows change places": (
        "UPDATE kheya.audit_sealed SET pos = pos + 1000 WHERE block = (SELECT min(block) FROM kheya.audit_sealed WHERE pos = 2);"
        "UPDATE kheya.audit_sealed SET pos = CASE pos WHEN 1001 THEN 2 WHEN 1002 THEN 1 ELSE pos - 1000 END WHERE pos > 1000",
        "was changed, or stood elsewhere"),
    "a row put in past the trigger": (ROW.format(at="(SELECT min(at) FROM kheya.audit)"), "past the trigger"),
    "a row and its place deleted": (
        f"DELETE FROM kheya.audit_sealed WHERE id = {VICTIM}; DELETE FROM kheya.audit WHERE id NOT IN (SELECT id FROM kheya.audit_sealed)", ""),
    "the last row of a block and its place deleted": (
        "WITH d AS (DELETE FROM kheya.audit_sealed WHERE (block, pos) IN (SELECT block, max(pos) FROM kheya.audit_sealed WHERE block ="
        " (SELECT min(block) FROM kheya.audit_sealed WHERE pos = 2) GROUP BY block) RETURNING id)"
        " DELETE FROM kheya.audit a USING d WHERE a.id = d.id", "it was sealed with"),
    "a block deleted": (
        "DELETE FROM kheya.audit a USING kheya.audit_sealed s WHERE s.block = 2 AND a.id = s.id;"
        "DELETE FROM kheya.audit_sealed WHERE block = 2; DELETE FROM kheya.audit_seal WHERE block = 2", "block 2 is gone"),
    "a block's hash changed": (
        "UPDATE kheya.audit_seal SET hash = set_byte(hash, 0, 1 + get_byte(hash, 0) % 200) WHERE block = 2", "not that of its last row"),
    "a row changed and its place's hash too": (
        f"UPDATE kheya.audit SET event = 'x' WHERE id = {VICTIM}; UPDATE kheya.audit_sealed SET hash = sha256('x') WHERE id = {VICTIM}",
        "was changed"),
}


@pytest.fixture(scope="module")
def chain(town):
    """Some blocks of several rows."""
    for seed in range(3):
        acts(town, 4, seed)
        sealed(town)
    town.sql(";".join(ROW.format(at="(extract(epoch FROM now()) * 1000)::bigint").replace("'agent', 1,", f"'agent', {i},")
                      for i in range(100, 106)))
    assert whole(town)[1] >= 3
    return town


def test_whole(chain):
    whole(chain)


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_found(chain, what):
    statement, said = FORGERIES[what]
    with Forger(chain) as forge:
        forge(statement)
        got = verify(chain)
        assert got.returncode == 1 and said in got.stdout, got
        assert re.search(r"broken: (block \d+|row \d+)", got.stdout), got
    whole(chain)


def test_a_row_put_in_afterwards(chain):
    """Through the trigger, with a time of before: it is sealed, and told."""
    with Forger(chain):
        chain.sql(ROW.format(at="(SELECT min(at) - 3600000 FROM kheya.audit)"))
        sealed(chain)
        got = verify(chain)
        assert got.returncode == 1 and "it was put in afterwards, by 'postgres'" in got.stdout, got
    whole(chain)


def test_a_chain_written_anew(chain):
    """Who cuts the end off and has no trace of it in the database is found by a digest that was kept elsewhere."""
    day = kheya(chain, "audit", "digest").stdout
    kept = re.search(r"hash ([0-9a-f]{64})$", day, re.M)[1]
    assert verify(chain, "--expect", kept[:20]).returncode == 0
    assert re.match(rf"{(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=6)).date()} blocks 1-\d+ rows \d+ hash", day)
    signed = subprocess.run([BUILD / "kheya", "audit", "-c", chain.folder / "kheya0.yaml", "digest"], capture_output=True, text=True,
                            check=True).stdout
    assert re.search(r"^signature [0-9a-f]{64}$", signed, re.M)
    with Forger(chain) as forge:
        forge("DELETE FROM kheya.audit a USING kheya.audit_sealed s WHERE a.bucket = s.bucket AND a.id = s.id AND s.block ="
              " (SELECT max(block) FROM kheya.audit_seal); DELETE FROM kheya.audit_sealed WHERE block = (SELECT max(block) FROM"
              " kheya.audit_seal); DELETE FROM kheya.audit_seal WHERE block = (SELECT max(block) FROM kheya.audit_seal)")
        assert verify(chain).returncode == 0, "nothing in the database says so"
        got = verify(chain, "--expect", kept)
        assert got.returncode == 1 and f"no block has the hash {kept}" in got.stdout, got
    assert verify(chain, "--expect", kept).returncode == 0
    assert verify(chain, "--expect", "12").returncode == 2
    assert kheya(chain, "audit", "digest", "--day", "friday").returncode == 1


def test_rows_are_only_added(chain):
    for statement in ("UPDATE kheya.audit SET event = 'x'", "DELETE FROM kheya.audit", "DELETE FROM kheya.audit_seal",
                      "UPDATE kheya.audit_sealed SET pos = pos + 1"):
        with pytest.raises(psycopg2.errors.RaiseException, match="never changed and never deleted"):
            chain.sql(statement)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            chain.sql("SET ROLE kheya_daemon; " + statement)
    for table in ("audit", "audit_wait", "audit_seal", "audit_sealed"):
        chain.sql(f"SET ROLE kheya_auditor; SELECT count(*) FROM kheya.{table}")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        chain.sql("SET ROLE kheya_auditor; SELECT count(*) FROM kheya.case_file")


def test_kills(chain):
    """Two kheyad seal, one or the other is killed: nothing is sealed twice or left out."""
    over = threading.Event()
    errors = []

    def write(seed):
        try:
            while not over.is_set():
                acts(chain, 1, seed, AGENTS[seed % 10 - 1:][:1])
                seed += 10
        except Exception as e:          # told by the thread that began it
            errors.append(e)
    threads = [threading.Thread(target=write, args=(s,)) for s in (1, 2)]
    for t in threads:
        t.start()
    dice = random.Random(5)
    for _ in range(6):
        time.sleep(dice.uniform(0.5, 1.5))
        i = dice.randrange(2)
        chain.kheyads[i].kill()
        chain.start_kheyad(i)
        chain.ready(i)
    over.set()
    for t in threads:
        t.join()
    assert not errors, errors
    rows, blocks = whole(chain)
    assert rows > 40 and blocks > 6
    assert chain.metric("audit_sealed_total") + chain.metric("audit_sealed_total", 1) > 0


def test_acts_of_operators_are_in_it(chain):
    """Warnings, mass messages and orders about messages, by whatever program."""
    got = kheya(chain, "mass", "propose", "--class", "emergency", "--unions", "092544", "--bn", "পরীক্ষা")
    assert got.returncode == 0, got
    number = chain.sql("SELECT max(id) FROM kheya.mass")[0][0]
    chain.sql("INSERT INTO kheya.alert (active, place, set_by) VALUES (false, '0925', 'first')")
    alert = chain.sql("UPDATE kheya.alert SET active = true, approved_by = 'second' WHERE place = '0925' RETURNING id")[0][0]
    chain.sql("UPDATE kheya.alert SET active = false, cleared = now(), cleared_by = 'third' WHERE id = %s", alert)
    parcel = chain.sql("INSERT INTO kheya.outbox (bucket, cause, receiver, link, lang, class, text, due, created, changed) VALUES"
                       " (1, 'audit/1', '8801790061009', '', 'bn', 'service_info', 'x', 32503680000000, 1, 1) RETURNING id")[0][0]
    assert kheya(chain, "outbox", "drop", str(parcel)).returncode == 0
    her = "8801790061020"
    assert kheya(chain, "outbox", "other", her, "8801790061021").returncode == 0
    assert kheya(chain, "outbox", "discreet", her, "yes").returncode == 0
    assert kheya(chain, "outbox", "push", her, "*333*16#", "Look").returncode == 0
    lines = subprocess.run([BUILD / "kheya", "import", "--database", chain.conninfo, "holidays", TREE / "conf" / "holidays.csv"],
                           capture_output=True, text=True, timeout=60, check=False)
    assert lines.returncode == 0, lines
    for code, events in ((f"phone/{her}", ["messages_other", "messages_quiet"]), ("list/calendar", ["list_imported"]), (f"mass/{number}", ["mass_propose"]), (f"alert/{alert}", ["alert_set", "alert_approved", "alert_cleared"]),
                         (f"outbox/{parcel}", ["message_dropped"])):
        assert [e for e, in chain.sql("SELECT event FROM kheya.audit WHERE code = %s ORDER BY turn", code)] == events
    assert chain.sql("SELECT fields ->> 'by', fields ->> 'login' FROM kheya.audit WHERE event = 'alert_approved'") == [("second", "postgres")]
    assert chain.sql("SELECT count(*) FROM kheya.audit WHERE event = 'dialogue_pushed'") == [(1,)]
    told, = chain.sql("SELECT fields ->> 'login', fields ->> 'program', fields ->> 'set' FROM kheya.audit WHERE event = 'messages_other'")
    assert told[0] == "postgres" and told[1].startswith("kheya ") and told[2] == "8801790061021", told
    whole(chain)


SUMS = {"daybook", "idea", "idea_vote", "oddity", "saving", "verdict"}


@pytest.mark.parametrize("role", ["kheya_auditor", "kheya_operator", "kheya_daemon"])
def test_who_compares_the_sums_may_read_them(chain, role):
    """Each view that was granted can be read by who it was granted to; an auditor reads them all, and no table with people's words."""
    granted = {v for v, in chain.sql("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                                     " WHERE n.nspname IN ('kheya', 'svc') AND c.relkind = 'v' AND has_table_privilege(%s, c.oid, 'SELECT')", role)}
    assert role != "kheya_auditor" or granted == SUMS
    for view in granted:
        chain.sql(f"SET ROLE {role}; SELECT * FROM kheya.{view}")
    chain.sql(f"""DO $$ BEGIN CREATE ROLE test_{role} LOGIN IN ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$""")
    login = chain.conninfo.replace("user=postgres", f"user=test_{role}")
    for words in (("savings",), ("agent", "daybook", AGENTS[0]), ("agent", "oddities", "3")):
        got = subprocess.run([BUILD / "kheya", words[0], "--database", login, *words[1:]], capture_output=True, text=True, timeout=60, check=False)
        assert got.returncode == 0, got
    if role == "kheya_auditor":
        read = {t for t, in chain.sql("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
                                      " AND n.nspname IN ('kheya', 'svc') AND has_table_privilege(%s, c.oid, 'SELECT')", role)}
        assert read == {"audit", "audit_wait", "audit_seal", "audit_sealed", "baseline"}
