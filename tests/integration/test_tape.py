"""The tape: the way that dialogues went, in the database, without secrets, and not for ever."""

import json
import re
import shutil
import subprocess
import time

import pytest

from town import BUILD, TREE, Town, wait_for


@pytest.fixture(scope="module")
def taped(tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("taped"), kheyads=2, conf="tape: {keep: 1h}")
    try:
        yield town.start()
    finally:
        town.stop()


def steps(town, dialogue):
    return town.sql("SELECT step, kind, how, typed, screen, state, facts FROM kheya.tape WHERE dialogue = %s ORDER BY step",
                    dialogue)


def dialogues(town):
    return [row[0] for row in town.sql("SELECT dialogue FROM kheya.tape WHERE step = 1 ORDER BY at, dialogue")]


def drop(town, phone):
    """The line drops, and kheyad knows it."""
    def aborts():
        return sum(town.metric("events_abort_total", i) for i in range(len(town.kheyads)))
    before = aborts()
    phone.cancel()
    wait_for("the abort", lambda: aborts() > before)


def test_steps(taped, phone_of):
    """Every step with its screen, over both processes; nothing that is hers stands anywhere in the table."""
    town = taped
    phone = phone_of(town)
    before = set(dialogues(town))
    phone.dial()
    phone.type("3")
    phone.type("1")
    phone.type("1")
    phone.type("7306")
    mine = [d for d in dialogues(town) if d not in before]
    assert len(mine) == 1
    rows = steps(town, mine[0])
    assert [r[0] for r in rows] == list(range(1, len(rows) + 1)), rows
    assert [r[3] for r in rows][:3] == ["", "3", "1"], rows
    assert rows[0][1] == 0 and all(r[1] == 1 for r in rows[1:])
    assert json.loads(f"[{rows[0][6]}]")[0]["known"] is False
    assert all(r[4] for r in rows), "each names its screen"
    for row in town.sql("SELECT t::text FROM kheya.tape t"):
        assert phone.msisdn not in row[0] and phone.msisdn[3:] not in row[0]
        assert "7306" not in row[0].split(",")[11:], row
    text = "\n".join(k.log.read_text() for k in town.kheyads)
    assert "7306" not in text


def test_resumed(taped, phone_of):
    """A dial that goes on is a step of the dialogue that it goes on with."""
    town = taped
    phone = phone_of(town)
    before = set(dialogues(town))
    phone.dial()
    phone.type("3")
    phone.type("1")
    drop(town, phone)
    assert "Continue?" in phone.dial()["text"]
    shown = phone.type("1")
    assert "Has my money come?" in shown["text"], shown
    mine = [d for d in dialogues(town) if d not in before]
    assert len(mine) == 1
    assert [(r[1], r[3]) for r in steps(town, mine[0])] == [(0, ""), (1, "3"), (1, "1"), (0, ""), (1, "1")]


def replay(town, menus, *more):
    return subprocess.run([BUILD / "kheya", "replay", "--since", "1h", "-c", town.folder / "kheya0.yaml", *more, menus],
                          capture_output=True, text=True, timeout=60, check=False)


def walk(phone, *keys, code="*333#"):
    phone.dial(code)
    for key in keys:
        if phone.type(key)["state"] == "ended":
            break


def test_replay(taped, phone_of, tmp_path):
    """On the menus they ran under, dialogues end where they did; on a draft, those that would not are told."""
    town = taped
    town.sql("DELETE FROM kheya.tape")
    empty = replay(town, TREE / "menus")
    assert empty.returncode == 0 and "the tape holds nothing" in empty.stdout, empty
    walk(phone_of(town), "3", "1", "1", "1", "4821", "7306", "1")           # the money, with digits that are hers
    walk(phone_of(town), "3", "1", "1", "2", "0", "00", "8", "x", "77", "*", "1")
    walk(phone_of(town), "1", "8", "1", "1", "1", "1")
    walk(phone_of(town), "3", "13")
    walk(phone_of(town), "3", "9", "9", "11")
    walk(phone_of(town), code="*333*1*1#")
    again = phone_of(town)
    walk(again, "3", "1")
    drop(town, again)
    assert "Continue?" in again.dial()["text"]
    again.type("1")
    again.type("0")
    farming = [phone_of(town) for _ in range(3)]
    for phone in farming:
        walk(phone, "3", "13")
    count = len(dialogues(town))
    assert count == 10
    got = replay(town, TREE / "menus")
    assert got.returncode == 0, got.stdout
    assert f"{count} dialogues end where they ended" in got.stdout

    draft = tmp_path / "draft"
    shutil.copytree(TREE / "menus", draft)
    text = (draft / "kheya.yaml").read_text()
    # what leads to the one leads to the other
    changed = text.replace("goto: farming.start}", "goto: x}").replace("goto: shop.start}", "goto: farming.start}") \
                  .replace("goto: x}", "goto: shop.start}")
    assert changed != text
    (draft / "kheya.yaml").write_text(changed)
    got = replay(town, draft)
    assert got.returncode == 1, got
    line = next(line for line in got.stdout.splitlines() if "farming.start" in line and " -> " in line)
    told = re.match(r" +(\d+)  farming.start\S* ?.* -> shop.start.*, apart at main after 13, as ([0-9a-f]{16})$", line)
    assert told and int(told[1]) == 4, got.stdout
    example = int(told[2], 16)
    assert town.sql("SELECT count(*) FROM kheya.tape WHERE dialogue = %s", example - (1 << 64) * (example >> 63))[0][0] > 0

    torn = dialogues(town)[0]
    town.sql("DELETE FROM kheya.tape WHERE dialogue = %s AND step = 1", torn)
    got = replay(town, TREE / "menus")
    assert got.returncode == 0 and "1 are not on the tape whole" in got.stdout, got

    (draft / "kheya.yaml").write_text(text.replace("start: main", "start: nowhere"))
    got = replay(town, draft)
    assert got.returncode == 1 and "kheya.yaml:" in got.stderr, got
    assert replay(town, TREE / "menus", "--since", "x").returncode == 2
    assert replay(town, TREE / "menus", "-d", "host=/nonexistent").returncode == 2


def test_replay_of_other_questions(taped, phone_of, tmp_path):
    """A draft that asks the database what was not asked then cannot be followed, and says so."""
    town = taped
    town.sql("DELETE FROM kheya.tape")
    walk(phone_of(town), "3", "1", "1")
    draft = tmp_path / "draft"
    shutil.copytree(TREE / "menus", draft)
    asked = town.sql("SELECT facts FROM kheya.tape WHERE facts LIKE '%%\"query\"%%' ORDER BY step LIMIT 1")[0][0]
    name = json.loads(f"[{asked}]")[-1]["query"]
    for path in draft.glob("*.yaml"):   # whoever asks it
        path.write_text(re.sub(rf"\b{name}\b", name + "_new", path.read_text()))
    got = replay(town, draft)
    assert got.returncode == 1, got
    assert "1 cannot be followed on these menus:" in got.stdout
    assert f"query '{name}_new' was not asked then" in got.stdout


def test_replay_of_many(taped, phone_of):
    """As many as there are, one after the other."""
    town = taped
    town.sql("DELETE FROM kheya.tape")
    walk(phone_of(town), "3", "1", "1", "0", "00", "8", "1")
    town.sql("INSERT INTO kheya.tape SELECT bucket, dialogue + i, step, at, generation, link, lang, kind, how, state, typed, screen, facts"
             " FROM kheya.tape, generate_series(1, 1999) i")
    got = replay(town, TREE / "menus")
    assert got.returncode == 0 and "2000 dialogues end where they ended" in got.stdout, got


def test_cut(taped, phone_of):
    """What is older than tape.keep goes, however much it is; the rest stays."""
    town = taped
    phone = phone_of(town)
    phone.dial()
    old = int(time.time()) - 2 * 3600 - 1577836800 << 32
    town.sql("INSERT INTO kheya.tape SELECT i %% 7, %s + i, 1, 0, 0, 'gp', 'en', 0, 0, 0, '', 'main', ''"
             " FROM generate_series(1, 12000) i", old)
    keeps = town.sql("SELECT count(*) FROM kheya.tape WHERE dialogue > %s", old + 12000)[0][0]
    assert keeps > 0
    wait_for("the old ones gone", lambda: town.sql("SELECT count(*) FROM kheya.tape WHERE dialogue <= %s",
                                                   old + 12000) == [(0,)])
    assert town.sql("SELECT count(*) FROM kheya.tape") == [(keeps,)]


def test_off(town, phone_of):
    """Without tape.keep nothing is kept."""
    phone = phone_of(town)
    phone.dial()
    phone.type("3")
    assert town.sql("SELECT count(*) FROM kheya.tape") == [(0,)]
