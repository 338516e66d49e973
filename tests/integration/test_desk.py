"""The desk: a case that a citizen opened by dialling is moved on, she is told by text message, and what is done twice
happens once."""

import pathlib
import re
import shutil
import subprocess

import pytest

from town import BUILD, Phone, wait_for

MENUS = pathlib.Path(__file__).parent / "desk"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    from town import Town
    t = Town(tmp_path_factory.mktemp("desk"), menus=MENUS)
    try:
        yield t.start()
    finally:
        t.stop()


def kheya(town, *words):
    """Exit status, standard output, standard error."""
    done = subprocess.run([BUILD / "kheya", "case", "--database", town.conninfo, *words], capture_output=True, text=True,
                          check=False)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def complain(town, phone):
    """File a complaint by dialling; its number."""
    phone.dial()
    phone.type("1")
    phone.type("1")
    return re.search(r"Done\. (\d{10})|Done\. (\d{4} \d{4} \d{2})", phone.type("1234567890")["text"])[0][6:].replace(" ", "")


def history(town, number):
    return town.sql("SELECT seq, kind, state, note FROM kheya.case_event WHERE number = %s ORDER BY seq", number)


def told(town, phone, text):
    wait_for(text, lambda: text in phone.sms())


def test_moved_by_hand(town, phone_of):
    phone = phone_of(town)
    number = complain(town, phone)
    row = town.sql("SELECT state, seq, lang, channel, actor, generation <> 0, changed = created, fields->>'nid'"
                   " FROM kheya.case_file WHERE number = %s", number)
    assert row == [("submitted", 1, "en", "ussd", "citizen", True, True, "7890")]
    wait_for("the receipt", lambda: re.fullmatch(rf"Complaint {number} is filed, Late, \d+ [A-Z][a-z]+\.", "".join(phone.sms())))

    status, out, _ = kheya(town, "--by", "Rahima", "--note", "Looked at", "move", f"{number[:4]} {number[4:8]} {number[8:]}",
                           "received")
    assert (status, out) == (0, f"{number}: received\n")
    told(town, phone, f"Complaint {number}: the office has it.")
    assert history(town, number) == [(1, "citizen", "submitted", ""), (2, "operator", "received", "Looked at")]
    causes = [c for c, in town.sql("SELECT cause FROM kheya.outbox WHERE receiver = %s ORDER BY id", phone.msisdn)]
    assert causes[-1] == f"case/{number}/2/received"
    assert town.sql("SELECT actor, event, fields->>'by', fields->>'from', fields->>'to' FROM kheya.audit"
                    " WHERE code = %s", f"case/{number}") == [("operator", "case_moved", "Rahima", "submitted", "received")]


def test_what_cannot_be(town, phone_of):
    phone = phone_of(town)
    number = complain(town, phone)
    status, _, err = kheya(town, "move", number, "answered")
    assert (status, err) == (1, f"kheya case: case {number} is submitted and cannot become answered; "
                                "it can become received or rejected\n")
    status, _, err = kheya(town, "move", number, "replied")
    assert (status, err) == (1, "kheya case: 'replied' is no state of service complaint\n")
    status, _, err = kheya(town, "move", number[:-1] + str((int(number[-1]) + 1) % 10), "received")
    assert status == 1 and "is no case number" in err
    status, _, err = kheya(town, "move", "9000000007", "received")
    assert status == 1 and ("is no case number" in err or "there is no case" in err)
    kheya(town, "move", number, "received")
    kheya(town, "--note", "Paid today", "move", number, "answered")
    told(town, phone, f"Complaint {number} (Late) is answered: Paid today")
    status, _, err = kheya(town, "move", number, "closed")
    assert (status, err) == (1, f"kheya case: case {number} is answered, and it is not the office that makes it closed; "
                                "nothing follows\n")
    status, _, err = kheya(town, "--note", "x" * 141, "note", number)
    assert status == 1 and "at most 140 characters" in err
    assert history(town, number)[1:] == [(2, "operator", "received", ""), (3, "operator", "answered", "Paid today")]


def test_the_same_key_twice(town, phone_of):
    phone = phone_of(town)
    number = complain(town, phone)
    for key in "a", "a", "b":
        kheya(town, "--key", f"test/{key}", "move", number, "received")
    status, out, _ = kheya(town, "--key", "test/a", "move", number, "received")
    assert (status, out) == (0, f"{number}: done before, as event 2: received\n")
    kheya(town, "--key", "test/note", "--note", "Called her", "note", number)
    kheya(town, "--key", "test/note", "--note", "Called her", "note", number)
    assert [row[2:] for row in history(town, number)] == [("submitted", ""), ("received", ""), ("received", "Called her")]
    assert town.sql("SELECT count(*) FROM kheya.outbox WHERE receiver = %s", phone.msisdn) == [(2,)]


def test_what_the_desk_sees(town, phone_of):
    phone = phone_of(town)
    number = complain(town, phone)
    kheya(town, "--by", "Karim", "--note", "Looked at", "move", number, "received")
    status, out, _ = kheya(town, "--state", "received", "--msisdn", phone.msisdn, "list")
    assert status == 0 and number in out and phone.msisdn not in out and "received" in out
    assert number not in kheya(town, "--agency", "other", "list")[1]
    assert number not in kheya(town, "--overdue", "list")[1]
    status, out, _ = kheya(town, "show", number)
    assert status == 0 and "may become  answered, rejected" in out and phone.msisdn not in out
    status, out, _ = kheya(town, "history", number)
    assert [line.split()[0] for line in out.splitlines()] == ["1", "2"] and out.endswith("operator Karim: Looked at\n")
    status, _, err = kheya(town, "--agency", "other", "move", number, "answered")
    assert (status, err) == (1, f"kheya case: there is no case {number}\n")


def test_discreet(tmp_path):
    """A case that is to be discreet: not even the first message tells of it."""
    from town import Town
    menus = shutil.copytree(MENUS, tmp_path / "menus")
    text = (menus / "kheya.yaml").read_text()
    for old, new in (("types:\n", "types:\n  hush: {choice: {discreet: Discreet}}\n"),
                     ("fields: {category: trouble,", "fields: {quiet: hush, category: trouble,"),
                     ("send: {submit: complaint, with: {", "send: {do: [{set: {hush: discreet}}, {submit: complaint, with: {quiet: hush, "),
                     ("into: case, goto: done}", "into: case}], goto: done}")):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (menus / "kheya.yaml").write_text(text)
    town = Town(tmp_path / "town", menus=menus)
    try:
        town.start()
        phone = Phone(town, 8801711000399)
        number = complain(town, phone)
        wait_for("the first message", phone.sms)
        assert kheya(town, "move", number, "received")[0] == 0
        wait_for("the second one", lambda: len(phone.sms()) == 2)
        assert all(text.startswith("333: You have news.") and number not in text for text in phone.sms()), phone.sms()
    finally:
        town.stop()
