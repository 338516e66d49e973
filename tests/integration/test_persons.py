"""Two persons on one borrowed phone: the PIN chooses whose work is shown; through kills, and nowhere is a PIN or a whole NID."""

import re
import subprocess
import time

import pytest

from test_agents import speaks, through
from town import Town, killed_and_back, typed_and_killed, wait_for

HERS, HIS, NID = "7391", "4826", "1987654321"
THIRD, FOURTH, FIFTH = "5937", "6048", "7159"
TYPED = [HERS, HIS, THIRD, FOURTH, FIFTH, "2814", NID]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("persons"))
    try:
        yield t.start(relay=True)
    finally:
        t.stop()


def dialled(phone, code):
    """Begun anew where an unfinished dialogue is offered."""
    phone.cancel()
    page = phone.dial(code)["text"]
    if "Your number" in page:           # the last page once more, whose reply was lost
        page = phone.dial(code)["text"]
    return phone.type("2")["text"] if "Not finished" in page else page


def complain(phone, *before):
    dialled(phone, "*333*8*1#")
    page = through(phone, *before, "1", "1")
    return "".join(re.search(r"(8\d{3}) (\d{4}) (\d{2})", page).groups())


def persons(town, phone):
    return town.sql("SELECT person, right(nid, 4) FROM kheya.person WHERE msisdn = %s ORDER BY person", phone.msisdn)


def add(phone, nid, pin):
    """A further person; the last page."""
    dialled(phone, "*333*16*6#")
    return through(phone, "1", nid, pin)


def test_two_on_one_phone(town, phone_of):
    phone = speaks_en(town, phone_of)
    town.sql("INSERT INTO svc.beneficiary (id, msisdn, allowance, nid4, name, union_code, since)"
             " SELECT 990000 + n, %s, a, card, 'Example', '092544', '2026-01-01'"
             " FROM (VALUES (1, 'WDA', '7306'), (2, 'OAA', '4321')) AS v(n, a, card)", phone.msisdn)
    town.sql("INSERT INTO svc.payment (beneficiary, year, quarter, state, taka, sent, provider, wallet)"
             " SELECT 990000 + n, 2026, 'Q3', 'paid', 1000 + n, '2026-10-12', 'nagad', '8801711000678' FROM generate_series(1, 2) n")
    hers = complain(phone)
    assert "1 Allowance complain" in dialled(phone, "*333*16*1#"), "one person alone needs no PIN"
    dialled(phone, "*333*16*6#")
    assert "Your PIN is set" in through(phone, HERS)
    assert "1 Allowance complain" in dialled(phone, "*333*16*1#"), "nor when she has one"

    # his PIN, killed where it is written: once
    assert "The same 4 numbers again" in (dialled(phone, "*333*16*6#"), through(phone, "1", NID), typed_and_killed(town, phone, HIS))[2]["text"]
    assert persons(town, phone) == [(1, ""), (2, "4321")]
    assert "Done, NID **4321" in through(phone, HIS)
    assert town.sql("SELECT shared FROM kheya.citizen WHERE msisdn = %s", phone.msisdn) == [(True,)]
    assert town.sql("SELECT person FROM kheya.case_file WHERE number = %s", int(hers)) == [(1,)]

    # each sees her own: cases
    assert "Whose page?" in dialled(phone, "*333*16*1#")
    assert "1 Allowance complain" in through(phone, HERS)
    assert "Whose page?" in dialled(phone, "*333*16*1#"), "not the one who dials next"
    assert "You have sent nothing" in through(phone, HIS)
    assert "Whose page?" in dialled(phone, f"*333*16*2*{hers}#")
    assert "we find no case with that number" in through(phone, HIS)
    dialled(phone, f"*333*16*2*{hers}#")
    assert f"{hers[:4]} {hers[4:8]} {hers[8:]}" in through(phone, HERS)

    # his complaint, behind his PIN; killed behind the commit: one case, his
    dialled(phone, "*333*1*1#")
    assert "Tk 1002 sent 12 Oct" in through(phone, HIS), "the PIN tells his allowance and card"
    assert "What happened?" in through(phone, "2")
    through(phone, "1")
    typed_and_killed(town, phone, "1")
    rows = town.sql("SELECT number, person FROM kheya.case_file WHERE msisdn = %s ORDER BY created", phone.msisdn)
    assert [r[1] for r in rows] == [1, 2], rows
    his = str(rows[1][0])
    phone.cancel()
    dialled(phone, "*333*16*1#")
    page = through(phone, HIS, "1")
    assert f"{his[:4]} {his[4:8]} {his[8:]}" in page and hers[4:8] not in page, page
    phone.cancel()
    dialled(phone, f"*333*16*2*{his}#")
    assert "we find no case with that number" in through(phone, HERS)

    # her money: not by his PIN, though he knows her card
    dialled(phone, "*333*1*1#")
    page = through(phone, HERS)
    assert "last 4 numbers" in page, page
    assert "Tk 1001 sent 12 Oct" in through(phone, "7306")
    phone.cancel()
    dialled(phone, "*333*1*1#")
    assert "last 4 numbers" in through(phone, HERS)
    assert "We found no allowance" in through(phone, "4321"), "his card behind her PIN"

    # my data
    dialled(phone, "*333*16*4#")
    assert "1 cases" in through(phone, HIS)

    # he is forgotten alone, killed in between; she is one person on her phone again, and sees none of his
    through(phone, "3", "1")
    assert "Deleted." in typed_and_killed(town, phone, HIS)["text"]
    assert persons(town, phone) == [(1, "")]
    assert town.sql("SELECT fields FROM kheya.audit WHERE msisdn = %s AND event = 'forget_me'", phone.msisdn) == [({"person": "2"},)]
    page = dialled(phone, "*333*16*1#")
    assert page.count("Allowance complain") == 1, page
    assert "we find no case with that number" in dialled(phone, f"*333*16*2*{his}#"), "his case stays his"
    assert f"{hers[:4]} {hers[4:8]} {hers[8:]}" in dialled(phone, f"*333*16*2*{hers}#")
    # the next one to come is nobody who was there before
    add(phone, "2987654322", THIRD)
    through(phone, THIRD)
    assert persons(town, phone) == [(1, ""), (3, "4322")]
    dialled(phone, "*333*16*1#")
    assert "You have sent nothing" in through(phone, THIRD)


def speaks_en(town, phone_of):
    phone = phone_of(town)
    speaks(phone, "3")
    return phone


def test_typed_before_a_pin(town, phone_of):
    """What somebody typed before she showed a PIN is not offered to who dials next; where one person alone has one, it is."""
    phone = speaks_en(town, phone_of)
    dialled(phone, "*333*16*6#")
    through(phone, HERS)

    def dropped():
        dialled(phone, "*333*8*1#")
        assert "Not right" not in through(phone, "1")
        phone.cancel()
        return phone.dial("*333#")["text"]
    assert "Not finished" in dropped()
    assert "The same 4" in add(phone, NID, HIS)
    through(phone, HIS)
    page = dropped()
    assert "333 Govt services" in page and "Not finished" not in page, page


def test_refused_alike(town, phone_of):
    """Another's PIN, a NID that is known here, a fifth person: the same words, each a try of the number, and a lock."""
    phone = speaks_en(town, phone_of)
    dialled(phone, "*333*16*6#")
    through(phone, HERS)
    assert "The same 4" in add(phone, NID, HIS)
    through(phone, HIS)
    tries = lambda: town.sql("SELECT tries, locked_until IS NOT NULL FROM kheya.pin WHERE msisdn = %s", phone.msisdn)[0]
    assert tries() == (0, False)
    known = add(phone, NID, "2814")
    assert tries() == (1, False)
    taken = add(phone, "2987654322", HERS)
    assert tries() == (2, False)
    assert known == taken and "Not possible with these numbers" in taken, (known, taken)
    assert "Too many wrong PINs" in add(phone, "2987654322", HIS)
    assert tries() == (3, True)
    dialled(phone, "*333*16*1#")
    assert "Too many wrong PINs" in through(phone, HIS), "the lock is the number's"
    assert persons(town, phone) == [(1, ""), (2, "4321")]
    town.sql("UPDATE kheya.pin SET locked_until = now() - interval '1 s' WHERE msisdn = %s", phone.msisdn)
    for nid, pin in (("2987654322", THIRD), ("2987654323", FOURTH)):
        assert "The same 4" in add(phone, nid, pin)
        assert "Done" in through(phone, pin)
    assert add(phone, "2987654324", FIFTH) == taken, "a fifth"
    # one of several cannot try the others' for ever: her own good PIN makes two wrong ones forgotten, but not the eleventh of a day
    dialled(phone, "*333*16*1#")
    through(phone, HIS)
    for _ in range(5):
        dialled(phone, "*333*16*1#")
        through(phone, "2814", "1", "2815", "1")
        shown = through(phone, HIS)
        assert "You have sent nothing" in shown, shown
    dialled(phone, "*333*16*1#")
    shown = through(phone, "2814")
    assert "Too many wrong PINs" in shown, shown


def test_agents_number_is_one_persons(town, phone_of):
    phone = speaks_en(town, phone_of)
    dialled(phone, "*333*16*6#")
    through(phone, HERS)
    town.sql("INSERT INTO kheya.agent (msisdn, name, centre, active) VALUES (%s, 'Example', 'Example', true)", phone.msisdn)
    assert "Not possible" in add(phone, NID, HIS)
    assert persons(town, phone) == [(1, "")]


def test_same_time(town, phone_of):
    """Wrong is found out in the time of right, whosever it is and however many there are: one computation of the hash."""
    phone = speaks_en(town, phone_of)
    dialled(phone, "*333*16*6#")
    through(phone, HERS)
    for nid, pin in ((NID, HIS), ("2987654322", THIRD), ("2987654323", FOURTH)):
        assert "The same 4" in add(phone, nid, pin)
        assert "Done" in through(phone, pin)
    took = {}
    for pin in (HERS, FOURTH, "2814") * 3:
        assert "Whose page?" in dialled(phone, "*333*16*1#")
        began = time.monotonic()
        phone.type(pin)
        took.setdefault(pin, []).append(time.monotonic() - began)
        town.sql("UPDATE kheya.pin SET tries = 0, wrong = 0 WHERE msisdn = %s", phone.msisdn)
    best = {pin: min(times) for pin, times in took.items()}
    assert max(best.values()) < 2.5 * min(best.values()), best
    salts = town.sql("SELECT DISTINCT split_part(hash, '$', 5) FROM kheya.person WHERE msisdn = %s", phone.msisdn)
    assert len(salts) == 1, salts


def test_old_hash(town, phone_of):
    """A hash of before has another salt: it is hers still, and becomes one of today's when she has used it."""
    phone, other = speaks_en(town, phone_of), speaks_en(town, phone_of)
    for p in (phone, other):
        dialled(p, "*333*16*6#")
        through(p, HERS)
    hashes = lambda p: town.sql("SELECT hash FROM kheya.person WHERE msisdn = %s", p.msisdn)[0][0]
    assert hashes(phone) != hashes(other)
    fresh = hashes(phone)
    # as a salt of another number would be: it is no hash of hers, and a further PIN waits
    town.sql("UPDATE kheya.person SET hash = %s WHERE msisdn = %s", hashes(other), phone.msisdn)
    assert "Not possible" in add(phone, NID, HIS)
    dialled(phone, "*333*16*6#")
    assert "That is not your PIN" in through(phone, HERS)
    town.sql("UPDATE kheya.person SET hash = %s WHERE msisdn = %s", fresh, phone.msisdn)
    dialled(phone, "*333*16*6#")
    assert "Choose a PIN" in through(phone, HERS)


def test_nothing_typed_is_kept(town):
    """After all of that: no PIN and no whole NID in a log, on the tape or in a table."""
    dump = subprocess.run(["pg_dump", town.conninfo], check=True, capture_output=True, text=True).stdout
    assert "argon2id" in dump
    for where, text in [("dump", dump)] + [(p.name, p.read_text()) for p in town.folder.glob("kheyad*.log")]:
        found = [t for t in TYPED if re.search(rf"(?<![0-9A-Za-z+/.:]){t}(?![0-9A-Za-z+/])", text)]
        assert not found, (where, found)
    killed_and_back(town)
