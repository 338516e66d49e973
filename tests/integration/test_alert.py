"""Alert mode by union: first page, static page with the database stopped, more days once, no fees; by kheya alert."""

import re
import subprocess

import pytest

from town import BUILD, Phone, Town, wait_for

BN = "ভোলা: 10 নং মহাবিপদ\nবিকাল 5টার আগে আশ্রয়ে যান"
EN = "BHOLA\nGreat danger signal 10\nWater 8-12 ft. Go to shelter before 5 pm today."
HERE, THERE = "8801711000001", "8801711000102"         # of Kukri Mukri, 092544, and of Dhania, 091827, by their allowances


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alert")
    t = Town(folder, conf=f"limits: {{hold: 500ms}}\nstate: {folder}/state")
    try:
        t.start()
        for phone in (HERE, THERE, "8801711000003", "8801711000104"):
            t.sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) VALUES (kheya.bucket(%s), %s, 'en', '', 0)",
                  phone, phone)
        yield t
    finally:
        t.stop()


def alert(town, *words, by="kheya_test_1"):
    return subprocess.run([BUILD / "kheya", "alert", "--database", town.operator(by), *words], capture_output=True, text=True,
                          check=False)


def known(town, command):
    """What a command changes is known to kheyad when this returns."""
    before = town.kheyads[0].log.read_text().count("event=changed")
    done = command()
    assert done.returncode == 0, done.stderr
    wait_for("kheyad to know it", lambda: town.kheyads[0].log.read_text().count("event=changed") > before)
    return done


def proposed(town, place="092544", *more):
    done = alert(town, "set", place, "--signal", "10", "--bn", BN, "--en", EN, *more)
    assert done.returncode == 0, done.stderr
    return re.search(r"approve (\d+) ([0-9a-f]{8})", done.stdout).groups()


def warn(town, place="092544", *more):
    number, digest = proposed(town, place, *more)
    return known(town, lambda: alert(town, "approve", number, digest, by="kheya_test_2"))


def test_mistakes_are_told(town):
    for words, why in ((("set", "0925441", "--signal", "10", "--bn", BN), "a place is"),
                       (("set", "092544", "--signal", "12", "--bn", BN), "--signal"),
                       (("set", "092544", "--signal", "10"), "--bn is required"),
                       (("set", "092544", "--signal", "10", "--bn", BN * 2), "one page"),
                       (("set", "092544", "--signal", "10", "--bn", BN, "--until", "soon"), "soon"),
                       (("clear", "092544"), "no warning")):
        done = alert(town, *words)
        assert done.returncode == 1 and why in done.stderr, done.stderr
    assert town.sql("SELECT count(*) FROM kheya.alert") == [(0,)]


def test_first_page_of_the_union(town):
    assert warn(town).returncode == 0
    shown = Phone(town, HERE).dial()["text"]
    assert shown.startswith(EN) and "1 My shelter" in shown and "2 Need help" in shown
    assert "Where are you?" in Phone(town, HERE).type("1")["text"]
    Phone(town, HERE).dial("*333*8*2#")
    assert "Call 333 and tell us" in Phone(town, HERE).look()["text"], "numbers on walls stay"
    assert "333 Govt services" in Phone(town, THERE).dial()["text"], "another union"
    assert "092544" in alert(town, "list").stdout
    known(town, lambda: alert(town, "clear", "092544"))
    assert "333 Govt services" in Phone(town, "8801711000003").dial()["text"]


def test_more_days_once(town):
    def due():
        return town.sql("SELECT due, more FROM kheya.case_file WHERE number = 6123056785")[0]
    made = town.sql("SELECT (extract(epoch FROM now()) * 1000)::bigint")[0][0]
    for number, place, msisdn in ((6123056785, "092544", HERE), (6000000014, "091827", THERE)):
        town.sql("INSERT INTO kheya.case_file (bucket, number, service, agency, msisdn, code, turn, state, fields, created,"
                 " changed, place, wake) VALUES (kheya.bucket(%s), %s, 'relief', 'ddm', %s, '333', 1, 'submitted', '{}', %s,"
                 " %s, %s, 0)", msisdn, number, msisdn, made, made, place)
        town.sql("INSERT INTO kheya.case_event (bucket, number, seq, at, kind, actor, state, key)"
                 " VALUES (kheya.bucket(%s), %s, 1, %s, 'citizen', '', 'submitted', 'open')", msisdn, number, made)
    wait_for("the promise", lambda: due()[0] > 0)
    promised = due()[0]
    first = warn(town, "092544", "--days", "7")
    assert "1 cases have more days" in first.stdout, first.stdout
    assert due() == (promised + 7 * 86400000, 7)
    again = warn(town, "092544", "--days", "7", "--free")
    assert "0 cases have more days" in again.stdout, again.stdout
    # the clock looks at it anew and comes to the same day
    wait_for("the clock", lambda: town.sql("SELECT wake IS DISTINCT FROM 0 FROM kheya.case_file WHERE number = 6123056785")[0][0])
    assert due() == (promised + 7 * 86400000, 7)
    assert town.sql("SELECT more FROM kheya.case_file WHERE number = 6000000014") == [(0,)], "another union"
    # the district's warning covers it too: the more generous of both counts, not their sum
    assert "2 cases have more days" in warn(town, "09", "--days", "10").stdout
    assert due() == (promised + 10 * 86400000, 10)
    assert town.sql("SELECT more FROM kheya.case_file WHERE number = 6000000014") == [(10,)]
    known(town, lambda: alert(town, "clear", "09"))


def test_two_keys(town):
    number, digest = proposed(town, "092545", "--days", "7")
    assert town.sql("SELECT active, set_by, approved_by FROM kheya.alert WHERE id = %s", number) == [(False, "kheya_test_1", "")]
    listed = alert(town, "list").stdout
    assert re.search(rf"{number} +waits .*{digest}", listed), listed
    for by, words, why in (("kheya_test_1", (number, digest), "a second operator must"),
                           ("kheya_test_2", (number, "00000000"), "hash is another"),
                           ("kheya_test_2", (number, digest[:4]), "at least 8 digits"),
                           ("kheya_test_2", ("999999", digest), "no warning 999999 waits")):
        done = alert(town, "approve", *words, by=by)
        assert done.returncode == 1 and why in done.stderr, done.stderr
    known(town, lambda: alert(town, "approve", number, digest, by="kheya_test_2"))
    assert town.sql("SELECT active, set_by, approved_by FROM kheya.alert WHERE id = %s", number) == [(True, "kheya_test_1", "kheya_test_2")]
    assert alert(town, "approve", number, digest, by="kheya_test_3").returncode == 1, "it is on already"
    known(town, lambda: alert(town, "clear", "092545", by="kheya_test_3"))
    # what waits is taken back in the same way, and the daemon's own role has no key
    number, digest = proposed(town, "092545")
    assert alert(town, "clear", "092545").returncode == 0
    assert alert(town, "approve", number, digest, by="kheya_test_2").returncode == 1
    done = subprocess.run([BUILD / "kheya", "alert", "-d", town.conninfo.replace("user=postgres", "user=kheya_daemon"), "set", "09",
                           "--signal", "10", "--bn", BN], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "members of kheya_operator" in done.stderr, done.stderr


def test_no_fees_there(town):
    hers = Phone(town, HERE)
    hers.dial("*333*11*1#")
    assert "No fee while the storm warning is on." in hers.type("19911110000100001")["text"]
    assert town.sql("SELECT state FROM kheya.case_file WHERE service = 'birth_copy'") == [("submitted",)]
    hers = Phone(town, "8801711000104")
    hers.dial("*333*11*1#")
    assert "Tk 50" in hers.type("19911110000100001")["text"]


def test_static_page_without_the_database(town):
    """The database is stopped: the warning is shown all the same, to whoever may be there."""
    assert Phone(town, THERE).dial()["state"] == "shown"
    town.dev_db("stop")
    shown = Phone(town, HERE).dial()
    assert shown["text"] == EN and shown["state"] == "ended", shown
    unknown = Phone(town, "8801711000777").dial()
    assert unknown["text"] == BN, "nobody knows where she lives: the gravest, in the letters that most read"
    assert "line is busy" in Phone(town, THERE).dial()["text"], "kheyad remembers that she lives elsewhere, and reads English"
    # who starts now knows the warning all the same, though not where she lives
    town.kheyads[0].kill()
    town.start_kheyad()
    wait_for("kheyad", lambda: town.get(f"http://127.0.0.1:{town.http[0]}/healthz", quiet=True))
    wait_for("its link", lambda: Phone(town, "8801711000778").dial()["text"] == BN)
    town.start_database()
    wait_for("the menus", lambda: "1 My shelter" in Phone(town, "8801711000003").dial()["text"])
