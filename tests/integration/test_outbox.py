"""The outbox from its table to the handset: classes, quiet hours, the day's limit, the other number, discreet
messages, and what bearerbox and the telco do to them."""

import subprocess
import time

import pytest

from town import BUILD, Phone, wait_for

ALWAYS_QUIET = "00:00-12:00, 12:00-23:59, 23:59-24:00"
GOV = "টিকা: ২৬ মে সকাল ৯টায় ইউনিয়ন পরিষদে শিশুকে নিয়ে আসুন"


@pytest.fixture
def town(broken_town):
    return broken_town(relay=False, conf='messages: {quiet: ""}')


def put(town, cause, phone, text, klass="transactional", **more):
    columns = {"cause": cause, "receiver": phone.msisdn, "lang": "en", "class": klass, "text": text, **more}
    now = int(time.time() * 1000)
    columns = {"due": now, "created": now, "changed": now} | columns
    names = ", ".join(columns)
    marks = ", ".join(["%s"] * len(columns))
    town.sql(f"INSERT INTO kheya.outbox (bucket, {names}) VALUES (kheya.bucket(%s), {marks})", phone.msisdn,
             *columns.values())


def row(town, cause):
    found = town.sql("SELECT state, note, link, segments, tries FROM kheya.outbox WHERE cause = %s", cause)
    return found[0] if found else None


def kheya(town, *words, status=0):
    done = subprocess.run([BUILD / "kheya", "outbox", "--database", town.conninfo, *words], capture_output=True,
                          text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_quiet_hours(broken_town):
    """Nobody is woken for what she did not ask for; a code, a storm and her own case come."""
    town = broken_town(relay=False, conf=f'messages: {{quiet: "{ALWAYS_QUIET}"}}')
    phone = Phone(town, 8801711000401)
    put(town, "idea", phone, "An idea", "service_info")
    put(town, "gov", phone, GOV, "gov_info", approval="BTRC/1", lang="bn")
    put(town, "answer", phone, "Her answer", "service_info", asked=True)
    put(town, "case", phone, "Her case")
    put(town, "storm", phone, "A storm", "emergency")
    wait_for("three messages", lambda: len(phone.sms()) == 3)
    assert sorted(phone.sms()) == ["A storm", "Her answer", "Her case"]
    wait_for("another look", lambda: town.sql("SELECT count(*) FROM kheya.lane WHERE seen > 0")[0][0])
    assert row(town, "idea")[0] == 0 and row(town, "gov")[0] == 0


def test_classes(town):
    """A ministry's message is sent only in Bengali, dated and approved; three a day of what nobody asked for."""
    phone = Phone(town, 8801711000402)
    put(town, "latin", phone, "Vaccine on 26/05", "gov_info", approval="BTRC/1")
    put(town, "undated", phone, "টিকা আজ", "gov_info", approval="BTRC/1")
    put(town, "unapproved", phone, GOV, "gov_info")
    for cause, why in (("latin", "Bengali"), ("undated", "date"), ("unapproved", "approval")):
        wait_for(cause, lambda c=cause: row(town, c)[0] == 6)
        assert why in row(town, cause)[1]
    other = Phone(town, 8801711000403)
    put(town, "good", other, GOV, "gov_info", approval="BTRC/1", lang="bn")
    wait_for("the ministry's message", lambda: other.sms() == [GOV])
    wait_for("its report", lambda: row(town, "good")[0] >= 3)
    assert row(town, "good")[3] == 1                    # 55 units, its letters composed
    shown = kheya(town, "show", "good")
    assert "segments  1 sent" in shown and "its words 1 (55 units)" in shown, shown
    for i in range(4):
        put(town, f"idea{i}", other, f"Idea {i}", "service_info")
    wait_for("the day's limit", lambda: sum(row(town, f"idea{i}")[1] == "enough for today" for i in range(4)) == 2)
    wait_for("two more", lambda: len(other.sms()) == 3)
    put(town, "case", other, "Her case")
    wait_for("her case", lambda: "Her case" in other.sms())


def test_other_number(town):
    """What the telco refuses goes to her other number, once, which reads whose news there are and not what; a discreet
    phone shows only that there is news."""
    phone, other = Phone(town, 8801711000404), Phone(town, 8801711000405)
    kheya(town, "other", phone.msisdn, "0" + other.msisdn[3:])
    kheya(town, "discreet", other.msisdn, "yes")
    town.fault(submit_errors=1, submit_status=0x0b)
    put(town, "money", phone, "Your money came")
    wait_for("the news", lambda: other.sms() == ["333: News for 017**404. Please tell: dial *333#. To stop: SMS STOP"])
    assert phone.sms() == [] and row(town, "money")[0] == 6
    put(town, "own", other, "Widow allowance", discreet="333: Something for you.", quiet=1)
    wait_for("her words", lambda: other.sms()[1:] == ["333: Something for you."])
    put(town, "unsafe", phone, "Never", quiet=2)
    wait_for("withheld", lambda: row(town, "unsafe")[:2] == (6, "not safe to send"))
    assert kheya(town, "other", "12", "13", status=1).endswith("is no phone number\n")


def test_dialled_in(town):
    """Where she dialled in last, whatever her number begins with: here by a link that sends nothing, so by the other."""
    phone = Phone(town, 8801811000406)
    assert "okkhor" in phone.dial()["text"]
    assert town.sql("SELECT link FROM kheya.citizen WHERE msisdn = %s", phone.msisdn) == [("gp",)]
    put(town, "news", phone, "News")
    wait_for("the news", lambda: phone.sms() == ["News"])
    assert row(town, "news")[2] == "gp"


def test_bearerbox_away(town):
    """Nothing is lost and nothing comes twice while bearerbox is started anew, and kheyad is killed."""
    phones = [Phone(town, 8801711000410 + i) for i in range(40)]
    town.bearerbox.kill()
    for i, phone in enumerate(phones[:20]):
        put(town, f"a{i}", phone, f"Message {i}")
    town.start_bearerbox()
    for i, phone in enumerate(phones[20:]):
        put(town, f"b{i}", phone, f"Message {20 + i}")
    town.kheyads[0].kill()
    town.start_kheyad()
    town.ready()
    for i, phone in enumerate(phones):
        wait_for(f"message {i}", lambda p=phone: p.sms(), patience=60.0)
    wait_for("all reports", lambda: town.sql("SELECT count(*) FROM kheya.outbox WHERE state >= 3")[0][0] == 40, patience=60.0)
    assert town.sql("SELECT count(*) FROM kheya.outbox") == [(40,)]
    # a kill between bearerbox's word and its commit is the only way to a second one
    assert sum(len(p.sms()) for p in phones) <= 60


def test_command(town):
    """What an operator sees, and that a message which waits can be stopped."""
    phone = Phone(town, 8801711000407)
    put(town, "late", phone, "Too early", due=4102444800000)
    assert "transactional" in kheya(town) and "gp" in kheya(town)
    listed = kheya(town, "--state", "waiting", "--to", phone.msisdn, "list")
    assert phone.msisdn not in listed
    number = listed.splitlines()[1].split()[0]
    assert "cause     late" in kheya(town, "show", number) and "text      Too early" in kheya(town, "show", "late")
    put(town, "long", phone, "টিকা " * 14, due=4102444800000, discreet="333: News")
    shown = kheya(town, "show", "long")
    assert "segments  none sent" in shown and "its words 1 (70 units)" in shown and "discreet  1 (9 septets)" in shown, shown
    kheya(town, "drop", number)
    assert row(town, "late")[0] == 6 and "dropped by" in row(town, "late")[1]
    assert "no message of that id waits" in kheya(town, "drop", number, status=1)
    assert "there is no such message" in kheya(town, "show", "nothing", status=1)
    assert kheya(town, "list", "--class", "promotion", status=2).startswith("usage:")
