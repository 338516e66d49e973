"""A union from lists, over SMPP with the shipped menus: a phone whose union nobody knows, by USSD and by text message, and two
unions of one name."""

import subprocess
import time

from test_agents import speaks
from test_texts import asked
from town import BUILD, TREE


def test_from_lists(town, phone_of):
    hers = phone_of(town)
    speaks(hers, "3")
    assert "1 Choose from a list" in hers.dial("*333*6*2#")["text"]
    assert hers.type("1")["text"].startswith("Which division?\n1 Barishal")
    assert hers.type("1")["text"].startswith("Which district?\n1 Bhola\n2 Patuakhali")
    assert hers.type("1")["text"].startswith("Which upazila?\n1 Bhola Sadar\n2 Char Fasson")
    assert hers.type("2")["text"].startswith("Which union?\n1 Kukri Mukri")
    assert "College" in hers.type("1")["text"] or "School" in hers.look()["text"]


def test_in_bangla(town, phone_of):
    hers = phone_of(town)
    speaks(hers, "1")
    assert "1 তালিকা দেখি" in hers.dial("*333*12*2#")["text"]
    for typed, seen in (("1", "1 বরিশাল"), ("১", "2 পটুয়াখালী"), ("2", "1 গলাচিপা"), ("1", "1 চর কাজল"), ("1", "Char Kajal clinic")):
        shown = hers.type(typed)["text"]
        assert seen in shown or ("ক্লিনিক" in shown and seen.endswith("clinic")), shown


def test_two_of_one_name(town, phone_of):
    """Who looks for Dhania learns which: the file of the country has another one."""
    text = (TREE / "conf" / "places.csv").read_text() + "union,785720,,Dhania,ধনিয়া,Dhonia\n"
    done = subprocess.run([BUILD / "kheya", "import", "--database", town.conninfo, "places", "-"], input=text, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0 and "1 added" in done.stdout, done.stdout + done.stderr
    one, other = phone_of(town), phone_of(town)
    speaks(one, "3")
    speaks(other, "3")
    one.dial("*333*6*1#")
    assert "Dhania, Bhola Sadar: no storm warning" in one.type("091827")["text"]
    other.dial("*333*6*1#")
    assert "Dhania, Galachipa: no storm warning" in other.type("785720")["text"]
    town.sql("DELETE FROM svc.union_council WHERE code = '785720'")


def test_by_text(town, phone_of):
    hers = phone_of(town)
    speaks(hers, "3")
    asked(town, hers, "hello")
    asked(town, hers, "6")
    asked(town, hers, "2")
    for typed, seen in (("1", "Which division?"), ("1", "Which district?"), ("1", "Which upazila?"), ("2", "Kukri Mukri"),
                        ("1", "Shelters")):
        time.sleep(1)                   # the same answer so soon would be the telco's own resend
        assert seen in asked(town, hers, typed), seen
