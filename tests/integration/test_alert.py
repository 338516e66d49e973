"""Alert mode by union: first page, static page with the database stopped, more days once, no fees; by kheya alert."""

import subprocess

import pytest

from town import BUILD, Phone, Town, wait_for

BN = "ভোলা: 10 নং মহাবিপদ\nবিকাল 5টার আগে আশ্রয়ে যান"
EN = "BHOLA\nGreat danger signal 10\nWater 8-12 ft. Go to shelter before 5 pm today."
HERE, THERE = "8801711000001", "8801711000102"         # of Kukri Mukri, 092544, and of Dhania, 091827, by their allowances


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("alert"), conf="limits: {hold: 500ms}")
    try:
        t.start()
        for phone in (HERE, THERE, "8801711000003", "8801711000104"):
            t.sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) VALUES (kheya.bucket(%s), %s, 'en', '', 0)",
                  phone, phone)
        yield t
    finally:
        t.stop()


def alert(town, *words):
    before = town.kheyads[0].log.read_text().count("event=changed")
    done = subprocess.run([BUILD / "kheya", "alert", "--database", town.conninfo, "--by", "Example 001", *words],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0 and words[0] != "list":
        wait_for("kheyad to know it", lambda: town.kheyads[0].log.read_text().count("event=changed") > before)
    return done


def warn(town, place="092544", *more):
    return alert(town, "set", place, "--signal", "10", "--bn", BN, "--en", EN, *more)


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
    assert alert(town, "clear", "092544").returncode == 0
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
    assert "1 cases have 7 more days" in first.stdout, first.stdout + first.stderr
    assert due() == (promised + 7 * 86400000, 7)
    again = warn(town, "092544", "--days", "7", "--free")
    assert "got theirs already" in again.stdout, again.stdout
    # the clock looks at it anew and comes to the same day
    wait_for("the clock", lambda: town.sql("SELECT wake IS DISTINCT FROM 0 FROM kheya.case_file WHERE number = 6123056785")[0][0])
    assert due() == (promised + 7 * 86400000, 7)
    assert town.sql("SELECT more FROM kheya.case_file WHERE number = 6000000014") == [(0,)], "another union"


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
    town.start_database()
    wait_for("the menus", lambda: "1 My shelter" in Phone(town, "8801711000003").dial()["text"])
