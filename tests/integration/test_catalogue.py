"""The services of the national menu, one path of each through the real stack, in Bangla and English."""

import re
import subprocess

import pytest

from town import BUILD, Town, wait_for


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("catalogue"))
    try:
        yield t.start()
    finally:
        t.stop()


def speaks(phone, language):
    """She chooses her letters; the menu is open then."""
    assert "Bangla okkhor" in phone.dial()["text"]
    return phone.type({"bn": "1", "en": "3"}[language])


def kheya(town, *words, given=None):
    return subprocess.run([BUILD / "kheya", words[0], "--database", town.conninfo, *words[1:]], capture_output=True,
                          text=True, input=given, check=False)


def through(phone, *answers):
    for answer in answers:
        screen = phone.type(answer)
    return screen["text"]


def test_school_result(town, phone_of):
    one = phone_of(town)
    speaks(one, "en")
    assert through(one, "5", "2", "1", "6", "2026", "900001") == "SSC 2026, roll 900001\nPassed. GPA 4.56\nPublished 10 Jul"
    two = phone_of(town)
    speaks(two, "bn")
    assert "স্কুলে জানুন" in through(two, "5", "2", "1", "6", "2026", "৯০০০০২")
    three = phone_of(town)
    speaks(three, "en")
    assert "We found no result" in through(three, "5", "2", "2", "1", "2026", "900003")


def test_health(town, phone_of):
    one = phone_of(town)
    speaks(one, "en")
    assert "Kukri Mukri clinic, ward 3" in through(one, "12", "2", "092544")
    two = phone_of(town)
    speaks(two, "bn")
    assert "টিকা:" in through(two, "12", "3", "091827")


def test_land_and_birth(town, phone_of):
    one = phone_of(town)
    speaks(one, "en")
    assert "Tk 1,100 after approval" in through(one, "2", "2")
    assert "Copy: Tk 50" in through(one, "00", "4", "3")
    two = phone_of(town)
    speaks(two, "bn")
    assert "1100" in through(two, "2", "2")
    assert "25 টাকা" in through(two, "00", "4", "3")
    assert "শুনানি: মূল দলিল আনুন" in through(two, "00", "2", "3", "1", "5", "7654321", "9876543217")
    assert "is real. It was given on" in through(one, "00", "4", "7", "20150925401000017", "25092015")
    assert "Being checked" in through(one, "00", "4", "6", "87654321", "05112024")
    assert not town.sql("SELECT 1 FROM kheya.session WHERE state::text LIKE '%%9876543217%%'")


def test_khatian_copy(town, phone_of):
    """Its fee is paid, the office gets it and says that it is ready: the receipt, the message and the ledger."""
    one = phone_of(town)
    speaks(one, "en")
    assert "Now open Nagad and say yes to Tk 50" in through(one, "2", "3", "2", "092544", "3", "28", "513", "1")
    wait_for("it is paid", lambda: town.sql("SELECT state FROM kheya.case_file WHERE service = 'khatian_copy'") == [("submitted",)], 60)
    no, = town.sql("SELECT number::text FROM kheya.case_file WHERE service = 'khatian_copy'")[0]
    for state in ("ready", "closed"):
        done = kheya(town, "case", "move", no, state, "--note", "Example")
        assert done.returncode == 0, done.stderr
    wait_for("her SMS", lambda: [m for m in one.sms() if f"Khatian copy {no} is ready" in m])
    assert town.sql("SELECT visits, minutes, taka FROM kheya.saving WHERE service = 'khatian_copy'") == [(2, 762, 450)]


def test_farming_and_selling(town, phone_of):
    one = phone_of(town)
    speaks(one, "en")
    # her own union is not known: she writes it
    assert "Four in five ripe? Harvest now" in through(one, "13", "1", "1", "3", "092544")
    assert "Tk 30-34 a kilo" in through(one, "2")
    assert "400 kilos, Kukri Mukri" in through(one, "1", "400")
    assert "ekShop calls you" in through(one, "1")
    assert town.sql("SELECT fields ->> 'goods', fields ->> 'kilos', place FROM kheya.case_file WHERE service = 'sell'") == [
        ("paddy", "400", "092544")]
    two = phone_of(town)
    speaks(two, "bn")
    assert "জমিতে 2 ইঞ্চি পানি রাখুন" in through(two, "13", "1", "1", "2", "785719"), "the country's, where the district says nothing"
    assert "কেজি 28-36 টাকা" in through(two, "2")


RULES = "service,sex,min_age,max_age,income,status,place,since,until,source\n"


def test_rules_from_a_file(town, phone_of):
    """Who may get an allowance is what the file says, all of it or nothing; "Can I get it?" keeps no answer."""
    bad = kheya(town, "import", "rules", "-", given=RULES + "OAA,f,62,,low,,,2026-07-01,,Policy\nXYZ,w,200,,rich,king,1,2026-13-01,,\n"
                "OAA,f,62,60,,,,,,Policy\nOAA,f,62,,low,,,2026-07-01,2027-06-30,Policy\n")
    assert bad.returncode == 1
    for line, why in ((3, "expected OAA"), (3, "expected f, m"), (3, "no age"), (3, "expected low"), (3, "expected widow"),
                      (3, "no place"), (3, "no day"), (3, "where the rule is written"), (4, "before 62"),
                      (5, "on line 2 already")):
        assert re.search(rf"(?m):{line}:\d+: error: .*{why}", bad.stderr), (why, bad.stderr)
    assert town.sql("SELECT count(*) FROM svc.rule") == [(6,)], "nothing of it went in"
    woman = phone_of(town)
    speaks(woman, "en")
    # a woman of 62 to 63, poor, a widow
    assert "1 Old age allowance\n2 Widow allowance" in through(woman, "1", "5", "1", "01011964", "1", "1")
    done = kheya(town, "import", "rules", "-", given=RULES + "OAA,f,99,,low,,0925,2026-07-01,,Policy\n# only here\nOAA,m,65,,low,,,,,Policy\n")
    assert done.stdout == "rules: 2 in the file: 1 added, 1 changed, 1 gone\n", done.stdout + done.stderr
    again = phone_of(town)
    speaks(again, "bn")
    assert "(6 সংখ্যা" in through(again, "1", "5", "1", "০১০১১৯৬৪", "1", "1"), "a rule of one upazila: where does she live?"
    assert "1 বিধবা ভাতা" in through(again, "092544")
    # who applies hears the same ages
    third = phone_of(town)
    speaks(third, "en")
    assert "Too young: woman 99, man 65." in through(third, "1", "3", "1", "4190000831", "01011950", "1")
    assert town.sql("SELECT count(*) FROM kheya.case_file WHERE service NOT IN ('sell', 'khatian_copy')") == [(0,)]
    assert town.sql("SELECT count(*) FROM kheya.audit WHERE actor <> 'operator' AND event <> 'status_told'") == [(0,)], "nothing is kept"
