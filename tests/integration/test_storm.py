"""Flow C as a person in Bhola meets it: help, damage and its two checks, shelters; over SMPP, with the shipped menus."""

import re
import subprocess

import pytest

from town import BUILD, Phone, wait_for

HEAD = "9988774821"                     # nobody's: invented
UNION = "092544"
NUMBER = re.compile(r"6\d{3} ?\d{4} ?\d{2}")


def kheya(town, *words, given=None):
    return subprocess.run([BUILD / "kheya", words[0], "--database", town.conninfo, *words[1:]], capture_output=True,
                          text=True, input=given, check=False)


@pytest.fixture(scope="module", autouse=True)
def known(town):
    """These phones read English; their persons live in Kukri Mukri by their allowance."""
    for n in (1, 2, 3):
        town.sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) VALUES (kheya.bucket(%s), %s, 'en', '', 0)"
                 " ON CONFLICT (bucket, msisdn) DO UPDATE SET lang = 'en'", f"880171100000{n}", f"880171100000{n}")


def number_of(text):
    return NUMBER.search(text)[0].replace(" ", "")


def report(phone, head=HEAD):
    phone.dial("*333*6*4*1*15*6#")
    phone.type(head)
    return phone.type("1")["text"]


def test_help_reaches_the_uno(town):
    hers = Phone(town, "8801711000001")
    assert "Where are you?" in hers.dial("*333*6*3#")["text"]
    hers.type("1")
    hers.type("1")
    number = number_of(hers.type("6")["text"])
    for told in ("8801711000191", "8801711000194"):
        wait_for("the call for help", lambda who=told: any(number in m and "Kukri Mukri" in m or number in m and "কুকরী" in m
                                                           for m in Phone(town, who).sms()))
    wait_for("her own SMS", lambda: any(number in m and "999" in m for m in hers.sms()))
    assert town.sql("SELECT place, fields ->> 'need' FROM kheya.case_file WHERE number = %s", int(number)) == [(UNION, "boat")]


def test_one_case_for_a_family(town):
    hers, neighbour = Phone(town, "8801711000002"), Phone(town, "8801711000003")
    number = number_of(report(hers))
    wait_for("C10s", lambda: any(f"333: Relief request {number} received. Union and upazila office will check." == m
                                 for m in hers.sms()))
    shown = report(neighbour)
    assert number in shown.replace(" ", "") and "This family has a number already" in shown
    assert "Kukri" not in shown and "House" not in shown and HEAD[-4:] not in shown
    assert town.sql("SELECT count(*) FROM kheya.case_file WHERE service = 'relief'") == [(1,)]
    kept = town.sql("SELECT fields::text FROM kheya.case_file WHERE number = %s", int(number))[0][0]
    assert HEAD not in kept and HEAD[-4:] in kept, "four characters of it, and a hash under a key"
    assert "1,5" in kept
    # the database itself refuses the second case, whoever is faster
    once = town.sql("SELECT fields ->> 'once' FROM kheya.case_file WHERE number = %s", int(number))[0][0]
    with pytest.raises(Exception, match="case_file_once"):
        town.sql("INSERT INTO kheya.case_file (bucket, number, service, agency, msisdn, code, turn, state, fields, created)"
                 " VALUES (1, 6999999999, 'relief', 'ddm', '8801711000009', '*333#', 1, 'submitted',"
                 " jsonb_build_object('once', %s::text), 0)", once)
    # another family from the same phone
    assert number_of(report(neighbour, "9988774822")) != number


def test_union_then_upazila(town):
    number = str(town.sql("SELECT number FROM kheya.case_file WHERE service = 'relief' ORDER BY created LIMIT 1")[0][0])
    for state in ("upazila_check", "listed", "given"):
        assert kheya(town, "case", "move", number, state).returncode == 1, f"nobody skips to {state}"
    assert kheya(town, "case", "--by", "Union", "move", number, "union_check").returncode == 0
    assert kheya(town, "case", "move", number, "listed").returncode == 1
    assert kheya(town, "case", "--by", "Upazila", "move", number, "upazila_check").returncode == 0
    assert kheya(town, "case", "--by", "Upazila", "move", number, "listed").returncode == 0
    hers = Phone(town, "8801711000002")
    wait_for("the SMS", lambda: any("you are on the list" in m for m in hers.sms()))
    assert "On the list" in hers.dial("*333*6*5#")["text"]


def test_shelters_from_a_file(town):
    head = "union,seq,en,bn,latn,keeper\n"
    good = '092544,1,"College, ward 2",কলেজ,"College, ward 2",01711000194\n'
    bad = kheya(town, "import", "shelters", "-", given=head + good + "9254,1,A,খ,A,\n092544,1,B,খ,B,017\n")
    assert bad.returncode == 1
    assert re.search(r"(?m):3:1: error: '9254' is no union", bad.stderr), bad.stderr
    assert re.search(r"(?m):4:18: error: expected a mobile number", bad.stderr), bad.stderr
    twice = kheya(town, "import", "shelters", "-", given=head + good + good)
    assert "on line 2 already" in twice.stderr, twice.stderr
    assert town.sql("SELECT count(*) FROM svc.shelter WHERE union_code = '092544'") == [(2,)], "nothing of it went in"
    done = kheya(town, "import", "shelters", "-", given=head + good)
    assert done.stdout == "shelters: 1 in the file: 0 added, 1 changed, 1 gone\n", done.stdout + done.stderr
    shown = Phone(town, "8801711000001").dial("*333*6*2*1#")["text"]
    assert "College, ward 2" in shown and "Raised field" not in shown


def test_its_queries_prepare(town):
    done = subprocess.run([BUILD / "kheya", "check", "--database", town.conninfo, town.menus], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout


def test_responders_from_a_file(town):
    head = "number,role,place\n"
    bad = kheya(town, "import", "responders", "-", given=head + "123,uno,0925\n01711000191,king,0925\n01711000191,uno,9\n")
    assert bad.returncode == 1
    for line, why in ((2, "mobile number"), (3, "expected uno"), (4, "upazila of 4")):
        assert re.search(rf"(?m):{line}:\d+: error: .*{why}", bad.stderr), bad.stderr
    assert town.sql("SELECT count(*) FROM svc.responder") == [(6,)], "nothing of it went in"
    done = kheya(town, "import", "responders", "-", given=head + "01711000191,uno,0925\n01711000197,volunteer,092544\n")
    assert done.stdout == "responders: 2 in the file: 1 added, 5 gone\n", done.stdout + done.stderr
    assert town.sql("SELECT leader FROM svc.rescuers('092544')") == [("8801711000197",)]
