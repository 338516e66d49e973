"""Services that are open where and when the database says; who waits is told once, whatever is killed."""

import pathlib
import subprocess

import pytest

from town import BUILD, Town, wait_for

MENUS = pathlib.Path(__file__).parent / "windows"
OPEN = "333: Relief is open. Dial *333#"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("windows"), kheyads=2, menus=MENUS)
    try:
        yield t.start()
    finally:
        t.stop()


def windows(town, *rows):
    """The list for the service, whole; read by both processes."""
    before = [log_count(k) for k in town.kheyads]
    subprocess.run([BUILD / "kheya", "import", "--database", town.conninfo, "windows", "-"], check=True, capture_output=True,
                   input="service,place,opens,closes\n" + "\n".join(f"relief,{r}" for r in rows) + "\n", text=True)
    wait_for("the windows", lambda: all(log_count(k) > n for k, n in zip(town.kheyads, before)))


def log_count(kheyad):
    return kheyad.log.read_text().count("windows=")


def apply(phone, union):
    phone.dial()
    return phone.type(union)["text"]


def wait_on_the_list(phone, union):
    assert "Closed now." in apply(phone, union)
    assert "We will SMS" in phone.type("1")["text"]


def waiting(town):
    return town.sql("SELECT count(*) FROM kheya.waitlist WHERE told IS NULL")[0][0]


def test_open_where(town, phone_of):
    assert "Closed now." in apply(phone_of(town), "092541"), "listed, and nothing in the list"
    windows(town, "092541,2026-01-01,", "092542,,2026-01-01")
    assert "Done." in apply(phone_of(town), "092541")
    assert "Closed now." in apply(phone_of(town), "092542")
    assert "Closed now." in apply(phone_of(town), "092543")
    assert town.sql("SELECT place FROM kheya.case_file") == [("092541",)]
    windows(town, ",2026-01-01,", "092542,,2026-01-01")
    assert "Done." in apply(phone_of(town), "092543")
    assert "Closed now." in apply(phone_of(town), "092542"), "its own window counts"


def test_told_once(town, phone_of):
    windows(town, ",,2026-01-01")
    here, there, anywhere = phone_of(town), phone_of(town), phone_of(town)
    wait_on_the_list(here, "092551")
    wait_on_the_list(there, "092552")
    wait_on_the_list(anywhere, "092559")
    assert waiting(town) == 3
    windows(town, ",,2026-01-01", "092551,2026-01-01,")
    wait_for("her message", lambda: here.sms() == [OPEN])
    assert waiting(town) == 2 and there.sms() == []
    # open for the country, but not there
    windows(town, ",2026-01-01,", "092552,,2026-01-01", "092551,2026-01-01,")
    wait_for("the message", lambda: anywhere.sms() == [OPEN])
    assert there.sms() == [] and waiting(town) == 1
    windows(town, ",2026-01-01,")
    wait_for("the message", lambda: there.sms() == [OPEN])
    # who waits anew is told anew, and nobody else
    windows(town, ",,2026-01-01")
    wait_on_the_list(here, "092551")
    windows(town, ",2026-01-01,")
    wait_for("the second message", lambda: here.sms() == [OPEN, OPEN])
    assert there.sms() == anywhere.sms() == [OPEN]


def test_many_and_kills(town):
    """Three thousand wait; both processes are killed while they are told."""
    windows(town, ",,2026-01-01")
    town.sql("INSERT INTO kheya.waitlist (bucket, msisdn, service, place, lang, since, key)"
             " SELECT kheya.bucket(m), m, 'relief', '', CASE n % 2 WHEN 0 THEN 'bn' ELSE 'en' END, 0, 'k'"
             "   FROM (SELECT n, (8801500000000 + n)::text AS m FROM generate_series(1, 3000) AS n) AS x")
    subprocess.run([BUILD / "kheya", "import", "--database", town.conninfo, "windows", "-"], check=True, capture_output=True,
                   input="service,place,opens,closes\nrelief,,2026-01-01,\n", text=True)
    for i in range(2):
        wait_for("some that are told", lambda n=i: waiting(town) <= 3000 - 500 * n)
        town.kheyads[i].kill()
        town.start_kheyad(i)
        town.ready(i)
    wait_for("all", lambda: waiting(town) == 0)
    assert town.sql("SELECT lang, text, count(*), count(DISTINCT receiver) FROM kheya.outbox"
                    " WHERE receiver LIKE '88015%' GROUP BY 1, 2 ORDER BY 1") == [
        ("bn", "333: ত্রাণের আবেদন শুরু। *333#", 1500, 1500), ("en", OPEN, 1500, 1500)]
