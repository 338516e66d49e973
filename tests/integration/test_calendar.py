"""kheya import holidays and windows: all of a file or nothing, and what becomes of what was there."""

import subprocess

import pytest

from town import BUILD, TREE, Town

HEAD = "day,kind,name\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A database of this version, and nothing else."""
    town = Town(tmp_path_factory.mktemp("calendar"))
    town.start_database()
    try:
        subprocess.run([BUILD / "kheya", "migrate", "--database", town.conninfo, "--sql", TREE / "sql"], check=True,
                       stdout=subprocess.DEVNULL)
        yield town
    finally:
        town.stop()


@pytest.fixture
def clean(base):
    base.sql("DELETE FROM kheya.holiday; DELETE FROM kheya.service_window; DELETE FROM kheya.weekend;"
             "INSERT INTO kheya.weekend VALUES (5), (6)")
    return base


def load(town, what, text, *options, status=0):
    """What it prints, or, when it fails, what it complains of."""
    conninfo = town.dev_db("conninfo", "kheya_daemon")      # what the daemon may is enough
    done = subprocess.run([BUILD / "kheya", "import", "--database", conninfo, *options, what, "-"], input=text,
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def days(town):
    return [f"{day} {'worked' if worked else 'holiday'} {name}" for day, worked, name in
            town.sql("SELECT day, worked, name FROM kheya.holiday ORDER BY day")]


def edition(town, name="calendar"):
    return town.sql("SELECT number FROM kheya.edition WHERE name = %s", name)[0][0]


def weekend(town):
    return [day for day, in town.sql("SELECT weekday FROM kheya.weekend ORDER BY 1")]


def test_the_shipped_list(clean):
    said = load(clean, "holidays", (TREE / "conf" / "holidays.csv").read_text())
    count = len(days(clean))
    assert said.startswith(f"holidays: {count} days, 2026 to 2027: {count} added, 0 changed, 0 gone\n")
    assert "2026-12-16 holiday Victory Day" in days(clean) and "2027-12-16 holiday Victory Day" in days(clean)
    assert weekend(clean) == [5, 6]
    assert "0 added, 0 changed, 0 gone" in load(clean, "holidays", (TREE / "conf" / "holidays.csv").read_text())
    assert len(days(clean)) == count


def test_a_file_stands_for_its_years(clean):
    load(clean, "holidays", HEAD + "2025-12-16,holiday,Victory Day\n2026-03-20,holiday,Eid\n2026-03-21,holiday,Eid\n")
    before = edition(clean)
    said = load(clean, "holidays", HEAD + '2026-03-21,holiday,"Eid, by the ""moon"" \\ sky"\n2026-03-22,holiday,ঈদ\n'
                                          "2026-03-28,worked,for Eid\n")
    assert "2 added, 1 changed, 1 gone" in said
    assert days(clean) == ["2025-12-16 holiday Victory Day", '2026-03-21 holiday Eid, by the "moon" \\ sky',
                           "2026-03-22 holiday ঈদ", "2026-03-28 worked for Eid"]
    assert edition(clean) > before
    assert weekend(clean) == [5, 6], "no row of kind weekend: it stays"


def test_the_weekend(clean):
    load(clean, "holidays", "name,day,kind\n,Sunday,weekend\n# a remark, with a comma\n,saturday,weekend\n")
    assert weekend(clean) == [0, 6]
    complaint = load(clean, "holidays", HEAD + "".join(f"{d},weekend,\n" for d in (
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")), status=1)
    assert "stdin:8:1: error: with Saturday no day of the week is worked" in complaint
    assert weekend(clean) == [0, 6]


def test_all_or_nothing(clean):
    load(clean, "holidays", HEAD + "2026-12-16,holiday,Victory Day\n")
    before = edition(clean)
    complaint = load(clean, "holidays", HEAD + "2026-12-25,holiday,Christmas Day\n2026-02-30,holiday,none\n"
                     "26-02-21,holiday,x\n2026-02-21,hoilday,x\n2026-05-01,holiday,\n2026-12-25,worked,again\n"
                     f"2026-05-02,holiday\nFryday,weekend,\n2026-05-03,holiday,{'x' * 81}\n2326-05-03,holiday,x\n", status=1)
    assert complaint.splitlines() == [
        "stdin:3:1: error: '2026-02-30' is no day; write year, month and day, like 2026-11-25",
        "stdin:4:1: error: '26-02-21' is no day; write year, month and day, like 2026-11-25",
        "stdin:5:12: error: 'hoilday' is no kind of day; write holiday, worked or weekend",
        "stdin:6:20: error: a day has a name of 1 to 80 characters",
        "stdin:7:1: error: 2026-12-25 stands on line 2 already",
        "stdin:8:1: error: 2 fields here, and 3 in the first row",
        "stdin:9:1: error: 'Fryday' is no day of the week; write it in English, like Friday",
        "stdin:10:20: error: a day has a name of 1 to 80 characters",
        "stdin:11:1: error: '2326-05-03' is no day; write year, month and day, like 2026-11-25",
        "nothing was imported",
    ]
    assert days(clean) == ["2026-12-16 holiday Victory Day"] and edition(clean) == before


def test_check_touches_nothing(clean):
    before = edition(clean)
    assert load(clean, "holidays", HEAD + "2026-12-16,holiday,Victory Day\n", "-n") == "stdin: ok\n"
    assert days(clean) == [] and edition(clean) == before


def test_no_list(clean):
    assert "its first row names the columns" in load(clean, "holidays", "", status=1)
    assert "no day is in the file" in load(clean, "holidays", HEAD, status=1)
    assert "no window is in the file" in load(clean, "windows", "service,place,opens,closes\n", status=1)
    load(clean, "hollidays", HEAD, status=2)
    assert "column 'dya': no such column; did you mean 'day'?" in load(clean, "holidays", "dya,kind,name\n", status=1)


def windows(town):
    return [f"{a}/{b} {c} {d}" for a, b, c, d in town.sql(
        "SELECT service, place, opens::text, closes::text FROM kheya.service_window ORDER BY 1, 2, 3")]


def test_windows(clean):
    head = "service,place,opens,closes\n"
    load(clean, "windows", head + "oaa,,2026-11-01,2026-11-30\noaa,092544,,2026-10-01\noaa,092545,2026-12-01,\n"
                                  "relief,,2026-01-01,2026-01-31\n")
    assert windows(clean) == ["oaa/ 2026-11-01 2026-11-30", "oaa/092544 -infinity 2026-10-01",
                              "oaa/092545 2026-12-01 infinity", "relief/ 2026-01-01 2026-01-31"]
    before = edition(clean, "windows")
    assert "1 added, 1 changed, 2 gone" in load(clean, "windows", head + "oaa,,2026-11-01,2026-12-15\noaa,,2027-11-01,\n")
    assert windows(clean) == ["oaa/ 2026-11-01 2026-12-15", "oaa/ 2027-11-01 infinity", "relief/ 2026-01-01 2026-01-31"]
    assert edition(clean, "windows") > before
    complaint = load(clean, "windows", head + "oaa,,2026-11-02,2026-11-01\noaa,1,,\noaa,1,,2026-11-01\n8aa,,,\n", status=1)
    assert complaint.splitlines() == [
        "stdin:2:17: error: the window closes on 2026-11-01, before it opens on 2026-11-02",
        "stdin:5:1: error: '8aa' is no name of a service of the menus",
        "stdin:4:1: error: a window that opens on the same day stands on line 3 already",
        "nothing was imported",
    ]
    assert len(windows(clean)) == 3
