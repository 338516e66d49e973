"""Whom we tell without being asked: reminders, a service that is for her, money that was sent; each once, whatever is killed."""

import re
import subprocess
import time

import pytest

from town import BUILD, Phone, Town, wait_for

TODAY = "kheya.day((extract(epoch FROM now()) * 1000)::bigint)"
RULES = "service,sex,min_age,max_age,income,status,place,since,until,source\n"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("reminders"), kheyads=2)
    try:
        yield t.start()
    finally:
        t.stop()


def day(town, days):
    """So many days from today, as it is typed."""
    return town.sql(f"SELECT to_char({TODAY} + {days}, 'DDMMYYYY')")[0][0]


def speaks(phone, language):
    assert "Bangla okkhor" in phone.dial()["text"]
    phone.type({"bn": "1", "en": "3"}[language])
    return phone


def through(phone, *answers):
    """Nobody types four answers in a second; the same one again so soon would be the telco's own resend."""
    for answer in answers:
        time.sleep(0.5)
        screen = phone.type(answer)
    return screen["text"]


def told(town, what):
    return town.sql("SELECT count(*), count(DISTINCT receiver) FROM kheya.outbox WHERE starts_with(cause, %s)", what)[0]


def test_a_birth(town, phone_of):
    """On day 40, once; then the birth date is kept no more."""
    mother = speaks(phone_of(town), "bn")
    shown = through(mother, "4", "5", day(town, -39))
    assert "মা/বাবা?" in shown, shown
    assert "333" in through(mother, "1")
    assert town.sql("SELECT kind, day - 0 = kheya.reminder.next - 40 FROM kheya.reminder") == [("birth", True)]
    assert town.sql("SELECT fields::text, quiet FROM kheya.case_file WHERE service = 'reminder'") == [("{}", 1)]
    assert told(town, "remind/") == (0, 0)
    town.sql(f"UPDATE kheya.reminder SET day = day - 1, next = {TODAY}")        # a night later
    wait_for("her message", lambda: any("45 দিন পর্যন্ত ফ্রি" in m for m in mother.sms()))
    wait_for("the end of it", lambda: town.sql("SELECT count(*) FROM kheya.reminder") == [(0,)])
    assert told(town, "remind/birth/") == (1, 1)


def test_stop(town, phone_of):
    """One key, or one word by text message; nothing is kept of it."""
    one = speaks(phone_of(town), "en")
    assert "First SMS:" in through(one, "12", "5", day(town, -10))
    through(one, "1")
    assert town.sql("SELECT count(*) FROM kheya.reminder") == [(1,)]
    # the page of a submit that no bearer has confirmed yet is shown once more
    wait_for("what is on", lambda: "Vaccine: we remind you by SMS." in one.dial("*333*12*5#")["text"])
    assert "Stopped." in one.type("1")["text"]
    assert town.sql("SELECT count(*) FROM kheya.reminder") == [(0,)]
    two = speaks(phone_of(town), "en")
    through(two, "2", "4", day(town, 5))
    through(two, "1")
    town.telco_call("/sms", msisdn=two.msisdn, to="333", text="STOP")
    wait_for("the answer", lambda: any("Stopped." in m for m in two.sms()))
    assert town.sql("SELECT count(*) FROM kheya.reminder") == [(0,)]


def test_stop_recalls(town, phone_of):
    """What waits for the morning does not come any more; what is no wish of hers waits on."""
    her = speaks(phone_of(town), "en")
    through(her, "12", "5", day(town, -10))
    through(her, "1")
    number = town.sql("SELECT number FROM kheya.reminder WHERE msisdn = %s", her.msisdn)[0][0]
    causes = {"vaccine": f"remind/vaccine/{number}/x", "hearing": "remind/hearing/9000000001/x", "rule": "rule/WDA/9000000001",
              "case": "case/8000000001/2/x"}
    for due, cause in causes.items():
        town.sql("SELECT kheya.put_words(%s, %s, %s, 0::smallint, ARRAY[ROW(%s, 'en', 'service_info', 'Later')]::kheya.words[],"
                 " (extract(epoch FROM now()) * 1000)::bigint + 3600000)", cause, her.msisdn, due, due)

    def waiting():
        return {c for c, in town.sql("SELECT cause FROM kheya.outbox WHERE receiver = %s AND state = 0", her.msisdn)}
    wait_for("what is on", lambda: "Vaccine: we remind you by SMS." in her.dial("*333*12*5#")["text"])
    assert "Stopped." in her.type("1")["text"]
    assert waiting() == set(causes.values()) - {causes["vaccine"]}
    town.telco_call("/sms", msisdn=her.msisdn, to="333", text="STOP")
    wait_for("the answer", lambda: any("Stopped." in m for m in her.sms()))
    assert waiting() == {causes["case"]}
    assert town.sql("SELECT DISTINCT state, text, note FROM kheya.outbox WHERE cause = %s", causes["rule"]) == [
        (6, "-", "she wants none")]


def test_too_late_and_nine(town, phone_of):
    late = speaks(phone_of(town), "en")
    assert "Nothing is left to remind of" in through(late, "4", "5", day(town, -41))
    many = speaks(phone_of(town), "en")
    town.sql("INSERT INTO kheya.reminder (bucket, msisdn, kind, about, day, number, since, next) SELECT kheya.bucket(%s), %s,"
             " 'hearing', n::text, DATE '2030-01-01' + n, 9000000000 + n, 0, DATE '2029-12-31' + n FROM generate_series(1, 9) n",
             many.msisdn, many.msisdn)
    assert "You have nine reminders." in through(many, "4", "5")
    town.telco_call("/sms", msisdn=many.msisdn, to="333", text="STOP")
    wait_for("the end", lambda: town.sql("SELECT count(*) FROM kheya.reminder") == [(0,)])


def test_results(town, phone_of):
    pupil = speaks(phone_of(town), "en")
    assert "We found no result" in through(pupil, "5", "2", "1", "6", "2031", "900001")
    through(pupil, "2", "1")
    assert town.sql("SELECT about, next FROM kheya.reminder") == [("ssc/bar/2031", None)]
    town.sql(f"INSERT INTO svc.exam_result VALUES ('ssc', 'bar', 2031, '900007', true, '4.00', {TODAY})")
    wait_for("the news", lambda: any("results are out" in m for m in pupil.sms()))
    assert town.sql("SELECT count(*) FROM kheya.reminder") == [(0,)]


def new_rules(town):
    """With a new one that makes the mother's allowance any poor woman's between 30 and 60."""
    rules = RULES + "MCB,f,20,35,low,mother,,,,Policy\nMCB,f,30,60,low,,,,,Circular 7\n"
    subprocess.run([BUILD / "kheya", "import", "--database", town.conninfo, "rules", "-"], check=True, capture_output=True,
                   input=rules, text=True)


def test_a_service_for_her(town, phone_of):
    """She agreed, with the words' version; a new rule that holds for her is told once, an old one and another's not."""
    she, other = speaks(phone_of(town), "en"), speaks(phone_of(town), "en")
    for phone, sex, last in ((she, "1", "5"), (other, "2", "2")):
        shown = through(phone, "1", "5", sex, "01011990", "1", last)
        assert "there is no allowance for you now" in shown, shown
        assert "May we keep your answers" in through(phone, "1")
        assert "We will SMS you" in through(phone, "1")
    assert town.sql("SELECT count(*), min(consent), max(born)::text FROM kheya.watcher") == [(2, "2026-11", "1990-01-01")]
    for _ in range(2):
        new_rules(town)
        wait_for("a look at both", lambda: town.sql(f"SELECT count(*) FROM kheya.watcher WHERE looked = {TODAY}") == [(2,)])
    assert town.sql("SELECT class, text, receiver FROM kheya.outbox WHERE starts_with(cause, 'rule/') AND state < 6") == [
        ("service_info", "333: You may get a govt service. Dial *333# to know. Free.", she.msisdn)]
    town.telco_call("/sms", msisdn=other.msisdn, to="333", text="বন্ধ")
    wait_for("one that stopped", lambda: town.sql("SELECT msisdn FROM kheya.watcher") == [(she.msisdn,)])


def test_money_was_sent(town):
    """At once, and ten days later to whom has not said that it came; a widow's message tells nothing."""
    def pay(n, days):
        town.sql(f"UPDATE svc.payment SET sent = {TODAY} - {days}, told = CASE WHEN {days} > 3 THEN 1 ELSE 0 END"
                 " WHERE quarter = 'Q3' AND beneficiary IN (SELECT id FROM svc.beneficiary WHERE msisdn = %s)", f"8801711{n:06}")
    town.sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) SELECT kheya.bucket(m), m, 'en', 'gp', 0"
             " FROM unnest(ARRAY['8801711000001', '8801711000102', '8801711000107', '8801711000112']) m")
    widow, answered, silent = Phone(town, "8801711000001"), Phone(town, "8801711000102"), Phone(town, "8801711000107")
    pay(1, 0)
    wait_for("hers", lambda: widow.sms() == ["333: You have news. Dial *333#."])
    # 102 and 107 get a disability allowance; one says that it came
    for n in (102, 107):
        pay(n, 9)
    assert "1 I got it" in answered.dial("*333*1*1*5102#")["text"]
    assert "Thank you." in answered.type("1")["text"]
    for n in (102, 107):
        pay(n, 10)
    wait_for("the second word", lambda: any("Did you get it?" in m for m in silent.sms()))
    wait_for("both looked at", lambda: town.sql("SELECT count(*) FROM svc.payment WHERE told = 2") == [(2,)])
    assert not any("Did you get it?" in m for m in answered.sms())
    assert told(town, "paid/") == (2, 2)


def test_many_and_kills(town):
    """Three thousand are due; both processes are killed while they are told.  (Their numbers begin as no drawn one is likely to.)"""
    new_rules(town)
    town.sql("INSERT INTO kheya.reminder (bucket, msisdn, kind, about, day, number, since, next)"
             f" SELECT kheya.bucket(m), m, 'vaccine', 'x', {TODAY} - 41, 9100000000 + n, 0, {TODAY}"
             "   FROM (SELECT n, (8801500000000 + n)::text AS m FROM generate_series(1, 3000) AS n) AS x")
    town.sql("INSERT INTO kheya.watcher SELECT kheya.bucket(m), m, 9200000000 + n, 'f', '1990-01-01', 'low', 'none', '', '1', 0,"
             f" {TODAY} - 1 FROM (SELECT n, (8801510000000 + n)::text AS m FROM generate_series(1, 3000) AS n) AS x")
    for i in range(2):
        wait_for("some that are told", lambda n=i: told(town, "remind/vaccine/91000")[0] >= 400 * (n + 1))
        town.kheyads[i].kill()
        town.start_kheyad(i)
        town.ready(i)
    wait_for("all", lambda: told(town, "remind/vaccine/91000") == (3000, 3000) and told(town, "rule/MCB/92000") == (3000, 3000), 60,
             lambda: (told(town, "remind/vaccine/91000"), told(town, "rule/MCB/92000")))
    assert town.sql(f"SELECT count(*) FROM kheya.reminder WHERE next = {TODAY} + 28") == [(3000,)], "the next one waits"
    assert town.sql(f"SELECT count(*) FROM kheya.reminder WHERE next <= {TODAY}") == [(0,)]
    assert re.search("week", town.sql("SELECT source FROM svc.schedule WHERE kind = 'vaccine' AND days = 69")[0][0])


def test_schedules_from_a_file(town, phone_of):
    """All of a file or nothing; who wished for it already goes by the new days."""
    def put(rows):
        return subprocess.run([BUILD / "kheya", "import", "--database", town.conninfo, "schedules", "-"], check=False,
                              capture_output=True, input="kind,days,source\n" + rows, text=True)

    mother = speaks(phone_of(town), "en")
    through(mother, "4", "5", day(town, -10), "1")
    bad = put("birth,30,Rules\nwedding,1,Rules\nbirth,4x,Rules\nbirth,-31,Rules\nbirth,30,Other\nbirth,1,\n")
    assert bad.returncode == 1
    for line, why in ((3, "expected birth"), (4, "expected days"), (5, "expected days"), (6, "on line 2 already"), (7, "written")):
        assert re.search(rf"(?m):{line}:\d+: error: .*{why}", bad.stderr), (why, bad.stderr)
    until = "SELECT next - day FROM kheya.reminder WHERE msisdn = %s"
    assert town.sql(until, mother.msisdn) == [(40,)]
    good = put("birth,30,Rules\n")
    assert good.stdout == "schedules: 1 in the file: 1 added, 0 changed, 1 gone\n", good.stdout + good.stderr
    assert town.sql(until, mother.msisdn) == [(30,)]
    assert put("birth,5,Rules\n").returncode == 0
    assert town.sql(until, mother.msisdn) == [], "nothing is left to remind of"
    assert put("birth,40,Rules\n").returncode == 0


def test_left_work(town, phone_of):
    """Cut off with three answers: one message, ten minutes later, and only to who has not gone on."""
    def cut(phone):
        speaks(phone, "bn")
        through(phone, "1", "3", "1", "4190000831", "01011950", "1")
        phone.cancel()
        wait_for("the draft", lambda: town.sql("SELECT count(*) FROM kheya.draft WHERE msisdn = %s", phone.msisdn) == [(1,)], 90)

    def ten_minutes_on(phone):
        town.sql("UPDATE kheya.draft SET due = (extract(epoch FROM now()) * 1000)::bigint WHERE msisdn = %s", phone.msisdn)
        wait_for("a look", lambda: town.sql("SELECT count(*) FROM kheya.draft WHERE msisdn = %s", phone.msisdn) == [(0,)])

    left, went_on, looked = phone_of(town), phone_of(town), phone_of(town)
    speaks(looked, "bn")
    through(looked, "1", "1", "1")
    looked.cancel()
    cut(left)
    cut(went_on)
    assert town.sql("SELECT max(due) - (extract(epoch FROM now()) * 1000)::bigint BETWEEN 300000 AND 600000 FROM kheya.draft") == [(True,)]
    assert "কাজ বাকি" in went_on.dial("*333#")["text"]
    went_on.type("1")
    for phone in (left, went_on):
        ten_minutes_on(phone)
    wait_for("her message", lambda: any("আপনার কাজ বাকি আছে" in m for m in left.sms()))
    assert told(town, "draft/") == (1, 1) and went_on.sms() == []
    assert town.sql("SELECT count(*) FROM kheya.draft WHERE msisdn = %s", looked.msisdn) == [(0,)], "one answer is no work"
    assert "কাজ বাকি" in left.dial("*333#")["text"]


def test_known_answers(town, phone_of):
    """Who applies a second time chooses a PIN; the third time the answers are there behind it, masked. Of another NID they are
    not, and on another phone neither."""
    she = speaks(phone_of(town), "en")
    nid = "4190000731"
    first = through(she, "1", "3", "1", nid, "01011950", "1", "092544", "1", "3", "1", "1", "1", "01711000678", "1")
    assert "Sent. Your number:" in first, first

    def again(number):
        for _ in range(5):              # the last page once more, or "Continue?"
            shown = she.dial("*333*1*3#")["text"]
            shown = she.type("2")["text"] if "Continue?" in shown else shown
            if "Which allowance?" in shown:
                return through(she, "1", number)
        raise AssertionError(shown)

    assert "Choose a PIN now" in again(nid)
    assert "The same 4 numbers again:" in through(she, "1", "4826")
    assert "Birth date:" in through(she, "4826"), "a PIN of this minute shows nothing"
    she.cancel()
    assert "Birth date:" in (again(nid), through(she, "1", "4826"))[1]
    she.cancel()
    town.sql("UPDATE kheya.person SET changed = changed - interval '1 hour' WHERE msisdn = %s", she.msisdn)
    assert "You applied before." in again(nid)
    assert "That is not your PIN." in through(she, "1", "1111")
    shown = through(she, "1", "4826")
    assert "NID **0731\nKukri Mukri, ward 3\nNagad 017**678" in shown and "01711000678" not in shown, shown
    assert "Birth date:" in through(she, "2"), "one key to change"
    she.cancel()
    assert "Birth date:" in again("4190000732"), "another person's NID: nothing is filled in"
    she.cancel()
    neighbour = speaks(phone_of(town), "en")
    assert "Birth date:" in through(neighbour, "1", "3", "1", nid), "her NID on another phone"
