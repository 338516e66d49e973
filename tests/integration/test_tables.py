"""kheya import and export of places, centres, prices, agents and fees: all of a file or nothing, every mistake by its line, what
is needed stays, and the whole country in one file."""

import pathlib
import re
import subprocess
import time

import pytest

from town import BUILD, TREE, Town

LISTS = ["holidays", "windows", "shelters", "responders", "rules", "schedules", "places", "centres", "prices", "agents", "fees", "billers"]
PLACES = "kind,code,division,en,bn,latn\n"
BHOLA = ("division,10,,Barishal,বরিশাল,Borishal\ndistrict,09,10,Bhola,ভোলা,Bhola\nupazila,0918,,Bhola Sadar,ভোলা সদর,Bhola Sodor\n"
         "upazila,0925,,Char Fasson,চরফ্যাশন,Chor Fashon\n")
UNIONS = "union,091827,,Dhania,ধনিয়া,Dhonia\nunion,092544,,Kukri Mukri,কুকরী মুকরী,Kukri Mukri\n"
CENTRES = "code,union,en,bn,phone,opens,closes,ramp,power\n"
AGENTS = "number,name,centre,sex,since,until\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A database of this version with the demonstration's rows, and no daemon."""
    town = Town(tmp_path_factory.mktemp("tables"))
    town.start_database()
    try:
        subprocess.run([BUILD / "kheya", "migrate", "--database", town.conninfo, "--sql", TREE / "sql"], check=True,
                       stdout=subprocess.DEVNULL)
        yield town
    finally:
        town.stop()


@pytest.fixture
def demo(base):
    base.sql("DELETE FROM svc.centre_price; DELETE FROM kheya.agent; DELETE FROM kheya.centre; DELETE FROM svc.beneficiary;"
             "DELETE FROM svc.clinic; DELETE FROM svc.shelter; DELETE FROM svc.responder; DELETE FROM svc.union_council;"
             "DELETE FROM svc.area; DELETE FROM svc.centre_fee WHERE service <> 'assisted_application'")
    base.sql((TREE / "sql" / "demo.sql").read_text())
    return base


def kheya(town, *words, text=None, status=0):
    done = subprocess.run([BUILD / "kheya", words[0], "--database", town.conninfo, *words[1:]], input=text, capture_output=True,
                          text=True, check=False, timeout=300)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def load(town, what, text, status=0):
    return kheya(town, "import", what, "-", text=text, status=status)


def test_samples_are_the_demonstration(demo):
    for what in ("places", "centres", "agents", "fees"):
        said = kheya(demo, "import", what, TREE / "conf" / f"{what}.csv")
        assert said.endswith("0 added, 0 changed, 0 gone\n"), said
    assert kheya(demo, "import", "prices", TREE / "conf" / "prices.csv").startswith("prices: 1 in the file: 1 added")


@pytest.mark.parametrize("what", LISTS)
def test_there_and_back(demo, what):
    load(demo, "prices", "centre,service,taka\n092544,assisted_application,20\n")
    demo.sql("INSERT INTO kheya.service_window (service, place, opens, closes) VALUES ('flood', '', '-infinity', '2026-12-01'),"
             " ('flood', '0925', '2026-01-01', 'infinity') ON CONFLICT DO NOTHING")
    if what == "holidays":
        kheya(demo, "import", what, TREE / "conf" / "holidays.csv")
    first = kheya(demo, "export", what)
    assert len(first.splitlines()) >= 2, "nothing to compare"
    said = load(demo, what, first)
    assert not re.search(r"\b[1-9][0-9]* (added|changed|gone)", said), said
    assert kheya(demo, "export", what) == first


def test_every_mistake_has_its_line(demo):
    before = demo.sql("SELECT code, en FROM svc.union_council ORDER BY 1")
    bad = load(demo, "places", PLACES + "division,10,,Barishal,বরিশাল,Borishal\ndistrict,09,11,Bhola,ভোলা,Bhola\n"
               "district,0a,10,B,খ,B\nupazila,0925,10,A,খ,A\nunion,092544,,Kukri Mukri of the very far south,কু,K\n"
               "union,9,,A,খ,A\nunion,092545,,East,,East\nvillage,1,,A,খ,A\nunion,092546,,East,পূর্ব,East\n"
               "union,092546,,East,পূর্ব,East\nunion,092547,,East,পশ্চিম,West\n", status=1)
    for line, column, why in ((3, 13, "no division 11"), (4, 10, "2 digits of kind district"), (5, 14, "only a district"),
                              (6, 15, "1 to 20 letters, there are 33"), (7, 7, "2 to 6 letters"), (8, 20, "nothing is here"),
                              (9, 1, "division district upazila union"), (11, 7, "on line 10 already"),
                              (10, 7, "no upazila 0925"), (12, 15, "of this name on line")):
        assert re.search(rf"(?m)^stdin:{line}:{column}: error: .*{why}", bad), f"{line}:{column} {why}\n{bad}"
    assert "nothing was imported" in bad
    assert demo.sql("SELECT code, en FROM svc.union_council ORDER BY 1") == before

    bad = load(demo, "centres", CENTRES + "09254,092544,A,খ,,,,,\n092544-2,092544,A,খ,017,9:00,25:00,maybe,wind\n"
               "092544-3,092544,A,খ,,18:00,,,\n", status=1)
    for line, why in ((2, "no centre"), (3, "mobile number"), (3, "'9:00'"), (3, "'25:00'"), (3, "yes no"), (3, "grid solar both"),
                      (4, "closes before it opens")):
        assert re.search(rf"(?m)^stdin:{line}:\d+: error: .*{why}", bad), bad
    # what only the database knows has its line too
    bad = load(demo, "centres", CENTRES + "# a remark\n092544,092544,Kukri Mukri,কু,,,,,\n099999,099999,A,খ,,,,,\n", status=1)
    assert re.search(r"(?m)^stdin:4:8: error: there is no union 099999", bad), bad
    bad = load(demo, "agents", AGENTS + "01711000501,Example 501,092599,f,2026-01-01,2025-01-01\n01711000502,Example 502,092599,x,,\n"
               "01711000503,Example 503,092599,f,,\n01711000503,Example 503,092544,f,,\n", status=1)
    for line, why in ((2, "ends before"), (3, "f m"), (5, "on line 4 already")):
        assert re.search(rf"(?m)^stdin:{line}:\d+: error: .*{why}", bad), bad
    bad = load(demo, "agents", AGENTS + "01711000503,Example 503,092599,f,,\n", status=1)
    assert re.search(r"(?m)^stdin:2:25: error: there is no centre 092599", bad), bad
    bad = load(demo, "prices", "centre,service,taka\n092544,assisted_application,31\n092544,nothing,1\n", status=1)
    assert re.search(r"(?m)^stdin:2:29: error: 31 is more than a centre may take for it, 30", bad), bad
    assert re.search(r"(?m)^stdin:3:8: error: there is no fee of the service nothing", bad), bad
    bad = load(demo, "fees", "service,official,cap,option\na,1,-1,1\nb,1,100000,1\nc,,2,1\nd,1,2,100\ne,1,2,3\nf,1,2,3\n", status=1)
    for line, why in ((2, "0 to 99999"), (3, "0 to 99999"), (4, "nothing is here"), (5, "1 to 99"), (7, "number on the wall")):
        assert re.search(rf"(?m)^stdin:{line}:\d+: error: .*{why}", bad), bad


def test_what_is_needed_stays(demo):
    # Dhania has allowances, a clinic and shelters
    bad = load(demo, "places", PLACES + BHOLA + UNIONS.splitlines()[1] + "\n", status=1)
    assert re.search(r"error: union 091827: \d+ allowances, 1 clinics, .*put it into the file, or move them first", bad), bad
    assert demo.sql("SELECT count(*) FROM svc.union_council") == [(3,)]
    bad = load(demo, "centres", CENTRES + "091827,091827,Dhania,ধনিয়া,,,,,\n", status=1)
    assert "centre 092544: 1 agents; put it into the file, or move them first" in bad
    assert demo.sql("SELECT code FROM kheya.centre") == [("092544",)]
    load(demo, "prices", "centre,service,taka\n092544,assisted_application,20\n")
    bad = load(demo, "fees", "service,official,cap,option\nprint,0,5,2\n", status=1)
    assert "service assisted_application: centres have a price for it; put it into the file" in bad
    # and what nobody needs goes; other districts are not touched
    load(demo, "places", PLACES + BHOLA + UNIONS + "union,092545,,East,পূর্ব,East\n")
    said = load(demo, "places", PLACES + BHOLA + UNIONS)
    assert said == "places: 6 in the file: 0 added, 0 changed, 1 gone\n"
    assert demo.sql("SELECT code FROM svc.union_council ORDER BY 1") == [("091827",), ("092544",), ("785719",)]


def test_agents_keep_their_pin_and_their_lock(demo):
    demo.sql("INSERT INTO kheya.pin (bucket, msisdn, attempt) VALUES (kheya.bucket('8801711000190'), '8801711000190', '');"
             "INSERT INTO kheya.person (bucket, msisdn, person, hash, attempt) VALUES (kheya.bucket('8801711000190'),"
             " '8801711000190', 1, '$argon2id$x', '')")
    both = AGENTS + "01711000190,Example 190,092544,f,,\n01711-000501,Example 501,092544,m,2026-01-01,2027-01-01\n"
    assert load(demo, "agents", both).endswith("1 added, 0 changed, 0 gone\n")
    assert load(demo, "agents", both).endswith("0 added, 0 changed, 0 gone\n")
    assert load(demo, "agents", AGENTS + "01711000190,Example 190,092544,f,,\n").endswith("0 added, 0 changed, 1 gone\n")
    active = "SELECT active FROM kheya.agent WHERE msisdn = '8801711000501'"
    assert demo.sql(active) == [(False,)]
    assert load(demo, "agents", both).endswith("0 added, 0 changed, 0 gone\n")
    assert demo.sql(active) == [(False,)], "who was locked is not unlocked by a file"
    assert "01711000501" not in kheya(demo, "export", "agents")
    assert demo.sql("SELECT hash FROM kheya.person") == [("$argon2id$x",)]
    told = [event for event, in demo.sql("SELECT event FROM kheya.audit WHERE msisdn = '8801711000501' ORDER BY turn")]
    assert told == ["agent_set", "agent_locked"], told


def test_fees_change_places_on_the_wall(demo):
    load(demo, "fees", "service,official,cap,option\nassisted_application,0,30,1\nprint,5,10,2\n")
    said = load(demo, "fees", "service,official,cap,option\nassisted_application,0,30,2\nprint,5,10,1\n")
    assert said.endswith("0 added, 2 changed, 0 gone\n")
    assert demo.sql("SELECT cap FROM svc.fee_at_most(1) AS f(official, cap)") == [(10,)]
    load(demo, "fees", "service,official,cap,option\nassisted_application,0,30,1\n")


def country():
    """8 divisions, 64 districts, 494 upazilas, 4,540 unions, 13 districts, 17 upazilas and 22 unions at most in one, invented;
    280 names of unions stand in several upazilas."""
    rows = [PLACES.strip()]
    districts = [13, 11, 13, 10, 4, 8, 8, 4]                # of each division: 71 asked, cut at 64
    codes = []
    for v, many in enumerate(districts):
        rows.append(f"division,{10 + v},,Division {v},বিভাগ {v},Bibhag {v}")
        for _ in range(many):
            if len(codes) < 64 - (len(districts) - 1 - v):
                codes.append((f"{1 + len(codes):02d}", 10 + v))
    for code, division in codes[:64]:
        rows.append(f"district,{code},{division},District {code},জেলা {code},Jela {code}")
    upazilas = []
    for i, (code, _) in enumerate(codes[:64]):
        for u in range(17 if i == 0 else 8 if i < 37 else 7):
            upazilas.append(f"{code}{10 + u}")
    upazilas = upazilas[:494]
    rows += [f"upazila,{u},,Upazila {u},উপজেলা {u},Upojela {u}" for u in upazilas]
    unions = 0
    for i, u in enumerate(upazilas):
        for n in range(22 if i == 0 else 10 if i < 113 else 9):
            if unions == 4540:
                break
            name = f"Char Village {n}" if i < 40 else f"Village {u}{n:02d}"
            rows.append(f"union,{u}{10 + n},,{name},{name.replace('Village', 'গ্রাম')},{name}")
            unions += 1
    return "\n".join(rows) + "\n", len(upazilas), unions


def test_the_whole_country(demo):
    text, upazilas, unions = country()
    assert upazilas == 494 and unions == 4540, (upazilas, unions)
    demo.sql("DELETE FROM kheya.agent; DELETE FROM kheya.centre; DELETE FROM svc.beneficiary; DELETE FROM svc.clinic;"
             "DELETE FROM svc.shelter; DELETE FROM svc.responder; DELETE FROM svc.union_council; DELETE FROM svc.area")
    begun = time.monotonic()
    said = load(demo, "places", text)
    took = time.monotonic() - begun
    assert said.startswith(f"places: {8 + 64 + 494 + 4540} in the file: 5106 added"), said
    begun = time.monotonic()
    assert load(demo, "places", text).endswith("0 added, 0 changed, 0 gone\n")
    print(f"5,106 places: {took:.2f} s, again {time.monotonic() - begun:.2f} s")
    assert took < 30, f"{took:.1f} s"
    assert kheya(demo, "export", "places").count("\n") == 5107
    demo.sql("ANALYZE svc.union_council; ANALYZE svc.area")
    assert len(demo.sql("SELECT * FROM svc.divisions()")) == 8
    assert len(demo.sql("SELECT * FROM svc.districts('10')")) == 13
    assert len(demo.sql("SELECT * FROM svc.upazilas('01')")) == 17
    assert len(demo.sql("SELECT * FROM svc.unions('0110')")) == 22
    # names that many unions share are told apart, in 20 letters
    shown = demo.sql("SELECT s.en, s.bn FROM svc.union_council u CROSS JOIN LATERAL svc.union_by_code(u.code) s")
    assert len(shown) == 4540 and max(max(len(en), len(bn)) for en, bn in shown) <= 20
    assert len({en for en, _ in shown}) == 4540 and len({bn for _, bn in shown}) == 4540
    for question in ("svc.divisions()", "svc.districts('10')", "svc.upazilas('01')", "svc.unions('0110')", "svc.union_by_code('011010')"):
        begun = time.monotonic()
        demo.sql(f"SELECT * FROM {question}")
        assert time.monotonic() - begun < 0.2, question


def test_too_much(demo):
    many = PLACES + BHOLA + "".join(f"union,0925{n % 100:02d},,A{n},খ{n},A{n}\n" for n in range(20100))
    bad = load(demo, "places", many, status=1)
    assert "more than 20000 rows" in bad
    assert "more than 30 of kind union in one list" in load(demo, "places", PLACES + BHOLA + "".join(
        f"union,0925{n:02d},,A{n},খ{n},A{n}\n" for n in range(31)), status=1), "what the menus' list would lose"
    load(demo, "places", PLACES + BHOLA + UNIONS + "".join(f"union,0925{n:02d},,A{n},খ{n},A{n}\n" for n in range(29)))
    assert len(demo.sql("SELECT * FROM svc.unions('0925')")) == 30
    assert len(bad.splitlines()) < 110, "a hundred mistakes are told, and that there are more"


def test_check_needs_no_database():
    done = subprocess.run([BUILD / "kheya", "import", "-n", "places", TREE / "conf" / "places.csv"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and done.stdout.endswith("places.csv: ok\n"), done.stderr


def test_no_such_list(base):
    assert "no list 'kings'" in kheya(base, "export", "kings", status=1)
    assert pathlib.Path(BUILD / "kheya").exists()
