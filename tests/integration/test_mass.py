"""One message to all people of a union: two keys, an estimate, the lists first, pause, a kill, and nobody twice."""

import re
import subprocess

import psycopg2
import pytest

from town import BUILD, Phone, Town, wait_for

CROWD = 600                             # people of Dhania who are not in the example data
BN = "ঘূর্ণিঝড়: ভোলায় ১০ নং মহাবিপদ সংকেত। আজ বিকাল ৫টার আগে আশ্রয়কেন্দ্রে যান। ২৬ মে"
EN = "CYCLONE Bhola: great danger signal 10. Go to shelter before 5 pm today. 26 May"
INFO = "ত্রাণ বিতরণ ২৮ মে সকালে ইউনিয়ন পরিষদে।"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("mass"))
    try:
        t.start()
        t.sql("INSERT INTO svc.beneficiary (msisdn, allowance, nid4, name, union_code, since)"
              " SELECT (8801711500000 + n)::text, 'OAA', '0000', 'Example', '091827', '2024-07-01'"
              f" FROM generate_series(1, {CROWD}) AS n")
        yield t
    finally:
        t.stop()


def mass(town, *words, by="kheya_test_1"):
    conf = ("--config", town.folder / "kheya0.yaml") if words[0] == "estimate" else ()
    return subprocess.run([BUILD / "kheya", "mass", *conf, "--database", town.operator(by), *words], capture_output=True,
                          text=True, check=False)


def propose(town, unions="091827", **more):
    done = mass(town, "propose", "--class", "emergency", "--unions", unions, "--bn", BN, "--en", EN, **more)
    assert done.returncode == 0, done.stderr
    return re.search(r"mass (\d+)", done.stdout)[1], re.search(r"hash +([0-9a-f]{64})", done.stdout)[1]


def started(town, number, digest):
    assert mass(town, "approve", number, digest, by="kheya_test_2").returncode == 0
    assert mass(town, "start", number).returncode == 0


def sums(town, number):
    """People, fed, rows of the outbox, rows that left."""
    return town.sql("SELECT count(*), count(*) FILTER (WHERE p.fed), count(o.id), count(*) FILTER (WHERE o.state >= 2)"
                    " FROM kheya.mass_person p LEFT JOIN kheya.outbox o ON o.bucket = kheya.bucket(p.msisdn)"
                    " AND o.cause = 'mass/' || p.mass || '/' || p.msisdn WHERE p.mass = %s", number)[0]


def state(town, number):
    return town.sql("SELECT state FROM kheya.mass WHERE id = %s", number)[0][0]


def test_mistakes_are_told(town):
    for words, why in ((("--class", "otp", "--unions", "091827", "--bn", BN), "--class"),
                       (("--class", "emergency", "--unions", "0918271", "--bn", BN), "--unions"),
                       (("--class", "emergency", "--unions", "091827", "--bn", "Jhor ashche"), "Bengali letters"),
                       (("--class", "emergency", "--unions", "091827", "--bn", BN * 4), "3 segments"),
                       (("--class", "gov_info", "--unions", "091827", "--bn", INFO), "approval"),
                       (("--class", "gov_info", "--unions", "091827", "--bn", "ত্রাণ আসছে", "--approval", "BTRC/1"), "date"),
                       (("--class", "gov_info", "--unions", "091827", "--bn", INFO, "--en", EN), "no --en")):
        done = mass(town, "propose", *words)
        assert done.returncode == 1 and why in done.stderr, done.stderr
    assert town.sql("SELECT count(*) FROM kheya.mass") == [(0,)]


def test_two_keys(town):
    number, digest = propose(town, "092544")
    refused = mass(town, "start", number)
    assert refused.returncode == 1 and "does not stand so" in refused.stderr
    own = mass(town, "approve", number, digest, by="kheya_test_1")
    assert own.returncode == 1 and "a second operator must" in own.stderr
    assert mass(town, "approve", number, "00000000", by="kheya_test_2").returncode == 1, "another text than he read"
    with pytest.raises(Exception, match="permission denied"):
        town.sql("SET ROLE kheya_daemon; UPDATE kheya.mass SET bn = 'x'")
    with pytest.raises(Exception, match="do not change"):
        town.sql("UPDATE kheya.mass SET bn = 'x'")
    assert mass(town, "approve", number, digest[:8], by="kheya_test_2").returncode == 0
    assert mass(town, "cancel", number).returncode == 0 and state(town, number) == "cancelled"
    assert mass(town, "start", number).returncode == 1
    assert town.sql("SELECT by, what FROM kheya.mass_event WHERE mass = %s ORDER BY at", number) == [
        ("kheya_test_1", "propose"), ("kheya_test_2", "approve"), ("kheya_test_1", "cancel")]
    # who one is cannot be said, and without being an operator nothing can be proposed or approved
    with psycopg2.connect(town.operator("kheya_test_1")) as c, c.cursor() as cursor:
        cursor.execute("INSERT INTO kheya.mass (class, unions, bn, proposed_by, created, changed)"
                       " VALUES ('emergency', '{092544}', %s, 'somebody', 0, 0) RETURNING id, proposed_by", (BN,))
        number, who = cursor.fetchone()
        assert who == "kheya_test_1"
        with pytest.raises(psycopg2.Error, match="mass_two_keys"):
            cursor.execute("UPDATE kheya.mass SET state = 'approved', approved_by = 'somebody' WHERE id = %s", (number,))
        c.rollback()
    with pytest.raises(Exception, match="permission denied"):
        town.sql("SET ROLE kheya_daemon; UPDATE kheya.mass SET approved_by = 'x', state = 'approved'")
    done = subprocess.run([BUILD / "kheya", "mass", "-c", town.folder / "kheya0.yaml", "-d",
                           town.conninfo.replace("user=postgres", "user=kheya_daemon"), "propose", "--class", "emergency",
                           "--unions", "092544", "--bn", BN], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "members of kheya_operator" in done.stderr, done.stderr


def test_pause_kill_resume_and_the_sum(town):
    number, digest = propose(town)
    people = sums(town, number)[0]
    assert people >= CROWD
    told = mass(town, "estimate", number)
    per = 2                             # segments of 70 units
    assert re.search(rf"(?m)^{people} people, {people * per} segments, \d+ minutes$", told.stdout), told.stdout + told.stderr
    started(town, number, digest[:12])
    wait_for("some are sent", lambda: sums(town, number)[3] >= 20)
    # a person who dials meanwhile is answered
    assert "text" in Phone(town, "8801711000003").dial() and Phone(town, "8801711000003").look()["text"]
    town.kheyads[0].kill()
    assert mass(town, "pause", number).returncode == 0
    people, fed, rows, left = sums(town, number)
    assert fed == rows, "who was fed has a row, and nobody else"
    town.start_kheyad()
    town.ready()
    wait_for("what was on its way has left", lambda: sums(town, number)[2] == sums(town, number)[3])
    assert state(town, number) == "paused" and sums(town, number)[2] < people
    assert mass(town, "resume", number).returncode == 0
    wait_for("all are sent", lambda: state(town, number) == "done" and sums(town, number)[3] == people, 60)
    assert sums(town, number) == (people, people, people, people)
    # the leader of the volunteers heard it before anybody else
    first = town.sql("SELECT o.receiver FROM kheya.outbox o WHERE o.cause LIKE %s ORDER BY o.id LIMIT 1", f"mass/{number}/%")
    assert town.sql("SELECT rank FROM kheya.mass_person WHERE mass = %s AND msisdn = %s", number, first[0][0]) == [(0,)]
    for n in (1, CROWD // 2, CROWD):
        phone = Phone(town, str(8801711500000 + n))
        wait_for("his SMS", lambda p=phone: BN in p.sms())
    shown = mass(town, "show", number).stdout
    assert f"people    {people}, " in shown and f"sent      {people}" in shown, shown


def test_cancel_calls_back(town):
    number, digest = propose(town)
    started(town, number, digest)
    wait_for("some are sent", lambda: sums(town, number)[3] >= 1)
    assert mass(town, "cancel", number).returncode == 0
    wait_for("nothing waits", lambda: sums(town, number)[2] == sums(town, number)[3])
    people, fed, rows, _ = sums(town, number)
    assert fed == rows < people and state(town, number) == "cancelled"


def test_agents_of_the_union(town):
    """By her centre's union, not by its name, which others share."""
    town.sql("INSERT INTO kheya.centre (code, union_code, en, bn, msisdn) VALUES"
             " ('091827', '091827', 'Kukri Mukri', 'কুকরী', '8801711000601')")
    town.sql("INSERT INTO kheya.agent (msisdn, name, centre, place) VALUES"
             " ('8801711000602', 'Example 602', 'Kukri Mukri', '091827')")
    number, _ = propose(town, "092544")
    agents = town.sql("SELECT p.msisdn, p.rank FROM kheya.mass_person p JOIN kheya.agent USING (msisdn) WHERE mass = %s", number)
    assert agents == [("8801711000190", 0)]
    assert mass(town, "cancel", number).returncode == 0


def test_an_emergency_does_not_wait(town):
    """News to many is on its way: who is to be warned is told at once."""
    done = mass(town, "propose", "--class", "gov_info", "--unions", "091827", "--bn", INFO, "--approval", "BTRC/1")
    news = re.search(r"mass (\d+)", done.stdout)[1]
    started(town, news, re.search(r"hash +([0-9a-f]{64})", done.stdout)[1])
    wait_for("some have the news", lambda: sums(town, news)[1] > 0)
    number, digest = propose(town, "092544")
    started(town, number, digest)
    wait_for("the warning", lambda: sums(town, number)[1] == sums(town, number)[0])
    people, fed, *_ = sums(town, news)
    assert fed < people, "the news waits meanwhile"
    assert mass(town, "cancel", news).returncode == 0
    wait_for("the warning has left", lambda: state(town, number) == "done")
