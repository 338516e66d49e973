"""PINs: set, checked, locked, through kills; and nowhere is one that was typed."""

import os
import re
import subprocess

import pytest

from town import BUILD, TREE, killed_and_back, wait_for

SAVINGS = TREE / "tests" / "dialog" / "savings"
TYPED = ["7482", "7483", "9035", "9036", "9037", "9038", "9039"]


@pytest.fixture
def savings(broken_town, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(range(32)))
    secret.chmod(0o600)
    return broken_town(menus=SAVINGS, conf=f"secret: {secret}", telco=("--code", "*16777#"))


def row_of(town, phone):
    rows = town.sql("SELECT tries, locked_until IS NOT NULL, h.hash, p.attempt FROM kheya.pin p JOIN kheya.person h USING (bucket, msisdn)"
                    " WHERE msisdn = %s",
                    phone.msisdn)
    return rows[0] if rows else None


def ask(phone):
    """At the question for the PIN, whatever was before."""
    phone.cancel()
    page = phone.dial("*16777*9#")["text"]
    if "Continue?" in page:
        page = phone.type("2")["text"]
    assert "Your PIN" in page, page


def has_typed(text):
    """PINs that stand by themselves: not inside of a longer number or a hash."""
    return [pin for pin in TYPED if re.search(rf"(?<![0-9A-Za-z+/]){pin}(?![0-9A-Za-z+/])", text)]


def test_pin(savings, phone_of):
    town, phone = savings, phone_of(savings)
    ask(phone)
    assert "You have no PIN yet." in phone.type("7482")["text"]
    phone.type("1")
    assert "The same PIN again" in phone.type("7482")["text"]
    first = row_of(town, phone)
    assert first[:2] == (0, False) and first[2].startswith("$argon2id$"), first
    assert "This is your PIN now." in phone.type("7482")["text"]

    # another one only by her who knows the first
    phone.dial("*16777#")
    phone.type("2")
    assert "You have a PIN." in phone.type("9035")["text"]
    assert row_of(town, phone)[2] == first[2]
    phone.type("1")
    assert "Choose 4 numbers" in phone.type("7482")["text"]
    phone.type("7483")
    assert "This is your PIN now." in phone.type("7483")["text"]
    assert row_of(town, phone)[2] != first[2]

    # two wrong ones, a good one, and the count begins anew
    ask(phone)
    assert "not your PIN" in phone.type("9036")["text"]
    assert row_of(town, phone)[:2] == (1, False)
    phone.type("1")
    assert "not your PIN" in phone.type("9037")["text"]
    phone.type("1")
    assert "Tk 500" in phone.type("7483")["text"]
    assert row_of(town, phone)[:2] == (0, False)

    # killed behind the try and before its answer: the same keypress comes again and counts once
    ask(phone)
    town.relay.hold()
    before = phone.send("/type", text="9038")
    wait_for("the try", lambda: row_of(town, phone)[0] == 1)
    wait_for("the reply at the relay", lambda: town.relay.held > 0)
    killed_and_back(town)
    assert "not your PIN" in phone.wait(before)["text"]
    assert row_of(town, phone)[:2] == (1, False)
    phone.type("1")
    assert "not your PIN" in phone.type("9039")["text"]
    phone.type("1")
    assert "Three wrong PINs." in phone.type("9036")["text"]
    assert row_of(town, phone)[:2] == (3, True)

    # the right one too, in another process too, for 24 hours
    killed_and_back(town)
    ask(phone)
    assert "Three wrong PINs." in phone.type("7483")["text"]
    lasts = town.sql("SELECT locked_until - now() BETWEEN '23:50' AND '24:00' FROM kheya.pin WHERE msisdn = %s",
                     phone.msisdn)
    assert lasts == [(True,)], lasts
    town.sql("UPDATE kheya.pin SET locked_until = now() - interval '1 s' WHERE msisdn = %s", phone.msisdn)
    ask(phone)
    assert "not your PIN" in phone.type("9036")["text"]
    assert row_of(town, phone)[:2] == (1, False)
    phone.type("1")
    assert "Tk 500" in phone.type("7483")["text"]

    # equal PINs of two people look different
    other = phone_of(town)
    ask(other)
    other.type("7483")
    other.type("1")
    assert "The same PIN again" in other.type("7483")["text"]
    assert row_of(town, other)[2] != row_of(town, phone)[2]

    # no PIN that was typed is in a log of ours, or anywhere in the database
    logs = list(town.folder.glob("kheyad*.log"))
    assert logs
    for log in logs:
        assert not has_typed(log.read_text()), log
    dump = subprocess.run(["pg_dump", town.conninfo], check=True, capture_output=True, text=True).stdout
    assert phone.msisdn in dump and "argon2id" in dump
    assert not has_typed(dump)
    # and not as octets inside the sessions' state, which the dump shows in hexadecimal
    states = town.sql("SELECT state FROM kheya.session")
    assert states
    for (state,) in states:
        assert not [pin for pin in TYPED if pin.encode() in bytes(state)]


REFUSES = """
    CREATE FUNCTION public.refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
    CREATE TRIGGER refuses BEFORE UPDATE ON kheya.pin FOR EACH ROW EXECUTE FUNCTION public.refuses();
"""


def test_not_counted(savings, phone_of):
    """A try that cannot be counted is not looked at."""
    town, phone = savings, phone_of(savings)
    ask(phone)
    phone.type("7482")
    phone.type("1")
    phone.type("7482")
    town.sql(REFUSES)
    ask(phone)
    assert "Try later." in phone.type("7482")["text"]
    town.sql("DROP TRIGGER refuses ON kheya.pin")
    ask(phone)
    assert "Tk 500" in phone.type("7482")["text"]


def test_no_secret(tmp_path):
    conf = tmp_path / "kheya.yaml"
    conf.write_text(f"database: \"host=/nowhere\"\nmenus: {SAVINGS}\nlinks: {{web: {{kind: http}}}}\n")
    for flags, code in ((["-n"], 1), ([], 2)):
        got = subprocess.run([BUILD / "kheyad", *flags, "-c", conf], capture_output=True, text=True, timeout=30,
                             env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert got.returncode == code, got
        assert got.stderr.count("\n") == 1 and "the menus ask for PINs" in got.stderr, got
