"""Cases to and from an agency by files: whole files, rows that are wrong, files left twice, kills in between."""

import csv
import io
import os
import time

import pytest

from test_handover import NID, events, row, state, submit, write_menus
from town import wait_for

CSV = """  up: {kind: csv, folder: spool/up, every: 1s, taken: received, states: {Finished: answered, NO: rejected}}"""
HEAD = ["case", "event", "service", "state", "at", "phone", "lang", "by", "note", "nid", "fields.note"]


@pytest.fixture
def spooled(broken_town, tmp_path):
    """The town's service 1 hands its cases to a back end of kind csv."""
    (tmp_path / "secret").write_bytes(b"0123456789abcdef" * 4)
    (tmp_path / "secret").chmod(0o600)
    write_menus(tmp_path / "menus", {}, more=CSV)
    path = tmp_path / "menus" / "kheya.yaml"
    path.write_text(path.read_text().replace("backend: trial,", "backend: up,"))
    (tmp_path / "spool" / "up" / "in").mkdir(parents=True)
    return lambda **args: broken_town(menus=tmp_path / "menus", telco=("--code", "*16555#"),
                                      conf=f"secret: {tmp_path}/secret", **args)


def files(tmp_path, sub):
    folder = tmp_path / "spool" / "up" / sub
    return sorted(p for p in folder.iterdir() if p.suffix == ".csv") if folder.is_dir() else []


def rows(path):
    return list(csv.reader(io.StringIO(path.read_text())))


def written(tmp_path):
    """All cases in all files, once each."""
    return [r[0] for p in files(tmp_path, "out") for r in rows(p)[1:]]


def leave(tmp_path, name, text, age=5):
    """As an agency should: under another name first."""
    folder = tmp_path / "spool" / "up" / "in"
    part = folder / (name + ".tmp")
    part.write_text(text)
    then = time.time() - age
    os.utime(part, (then, then))
    part.rename(folder / name)


def read(tmp_path, name):
    wait_for(f"{name} to be read", lambda: (tmp_path / "spool" / "up" / "done" / name).exists(), 60)


def test_out(spooled, phone_of, tmp_path):
    """A file with whole values, then a state; nothing else of it is kept."""
    town, phone = spooled(), phone_of
    phone = phone_of(town)
    number = submit(phone, note='a "b", c')
    wait_for("the file", lambda: files(tmp_path, "out"))
    path = files(tmp_path, "out")[0]
    head, line = rows(path)
    assert head == HEAD
    assert line[:4] == [number, "1", "trial", "submitted"] and line[5:] == [phone.msisdn, "en", "citizen", "", NID, 'a "b", c']
    assert path.stat().st_mode & 0o007 == 0
    wait_for("the hand-over", lambda: row(town, number)[0] == 1)
    assert row(town, number)[2:4] == ("", None)
    assert events(town, number)[-1][:3] == ("agency", "up", "received")
    more = [submit(phone_of(town)) for _ in range(3)]
    wait_for("the others", lambda: sorted(written(tmp_path)) == sorted([number, *more]))
    assert NID not in town.kheyads[0].log.read_text()
    assert not list((tmp_path / "spool" / "up" / "out").glob("*.tmp"))


def test_in(spooled, phone_of, tmp_path):
    town = spooled()
    one, two = submit(phone_of(town)), submit(phone_of(town))
    for number in (one, two):
        wait_for("the hand-over", lambda n=number: state(town, n) == "received")
    wrong = one[:-1] + str((int(one[-1]) + 1) % 10)
    leave(tmp_path, "answers 1.csv", f"""CASE,Remark,State,Note
{one[:5]}-{one[5:]},x,finished,"Come on
Monday"
{wrong},,Finished,
{two},,Done,
{two},,received,
{two},,,
{two},,,A word to her
8123056783,,Finished,
{two},"unfinished
""")
    read(tmp_path, "answers 1.csv")
    assert events(town, one)[-1] == ("agency", "up", "answered", "Come on Monday")
    assert events(town, two)[-1] == ("agency", "up", "received", "A word to her")
    head, *rejects = rows(tmp_path / "spool" / "up" / "rejected" / "answers 1.csv")
    assert head == ["line", "reason", "case", "state"]
    assert sorted(int(r[0]) for r in rejects) == [4, 5, 6, 7, 9, 10]
    said = {int(r[0]): r[1] for r in rejects}
    assert "not a case number" in said[4] and "'Done'" in said[5] and "received" in said[6] and "neither" in said[7]
    assert "no such case" in said[9] and "quote" in said[10], said
    assert not list((tmp_path / "spool" / "up" / "rejected").glob("*.part"))

    leave(tmp_path, "answers 2.csv", f"case,state,id\n{two},Finished,E1\n{two},Finished,E1\n")
    leave(tmp_path, "answers 3.csv", f"case,state,id\n{two},Finished,E1\n")
    leave(tmp_path, "head.csv", "number,status\n1,2\n")
    for name in ("answers 2.csv", "answers 3.csv", "head.csv"):
        read(tmp_path, name)
    assert len(events(town, two)) == 4, "the same id is done once"
    assert [p.name for p in files(tmp_path, "rejected")] == ["answers 1.csv", "head.csv"]
    assert "none is 'case'" in rows(tmp_path / "spool" / "up" / "rejected" / "head.csv")[1][1]

    before = town.sql("SELECT count(*) FROM kheya.case_event")
    leave(tmp_path, "answers 2.csv", f"case,state,id\n{two},Finished,E1\n{two},Finished,E1\n")
    wait_for("it to be read again", lambda: (tmp_path / "spool/up/done/answers 2.csv.2").exists())
    assert town.sql("SELECT count(*) FROM kheya.case_event") == before


def test_kills(spooled, phone_of, tmp_path):
    """Killed while files are written and read: each case in one file, each row done once."""
    town = spooled()
    numbers = []
    for _ in range(4):
        numbers += [submit(phone_of(town)) for _ in range(2)]
        town.kheyads[0].kill()
        town.start_kheyad()
        town.ready()
    wait_for("all hand-overs", lambda: all(row(town, n)[0] == 1 for n in numbers), 150)
    assert sorted(written(tmp_path)) == sorted(numbers)
    lines = [f"{n},,A note of line {i}\n" for i in range(60) for n in numbers]
    leave(tmp_path, "long.csv", "case,state,note\n" + "".join(lines) + "1,x,y\n")
    for _ in range(3):
        count = town.sql("SELECT count(*) FROM kheya.case_event")[0][0]
        wait_for("some rows", lambda c=count: town.sql("SELECT count(*) FROM kheya.case_event")[0][0] > c + 20, 60)
        town.kheyads[0].kill()
        town.start_kheyad()
        town.ready()
    read(tmp_path, "long.csv")
    assert town.sql("SELECT count(*) FROM kheya.case_event")[0][0] == len(numbers) * 62
    for n in numbers:
        notes = [e[3] for e in events(town, n) if e[3]]
        assert notes == [f"A note of line {i}" for i in range(60)], "in their order"
    assert [r[0] for r in rows(tmp_path / "spool/up/rejected/long.csv")[1:]] == [str(len(lines) + 2)]


def test_a_folder_that_cannot_be(spooled, phone_of, tmp_path):
    """A file stands in its place: it says so, and goes on when it is gone."""
    for sub in ("in", ""):
        (tmp_path / "spool" / "up" / sub).rmdir()
    (tmp_path / "spool" / "up").write_text("in the way")
    town = spooled()
    number = submit(phone_of(town))
    wait_for("the reason", lambda: "event=spool_failed" in town.kheyads[0].log.read_text())
    (tmp_path / "spool" / "up").unlink()
    wait_for("the hand-over", lambda: row(town, number)[0] == 1, 120)
    assert written(tmp_path) == [number]
