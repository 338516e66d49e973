"""The tape: the way that dialogues went, in the database, without secrets, and not for ever."""

import json
import time

import pytest

from town import Town, wait_for


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
    phone.cancel()
    assert "Continue?" in phone.dial()["text"]
    phone.type("1")
    mine = [d for d in dialogues(town) if d not in before]
    assert len(mine) == 1
    assert [(r[1], r[3]) for r in steps(town, mine[0])] == [(0, ""), (1, "3"), (1, "1"), (0, ""), (1, "1")]


def test_cut(taped, phone_of):
    """What is older than tape.keep goes, however much it is; the rest stays."""
    town = taped
    phone = phone_of(town)
    phone.dial()
    old = int(time.time() * 1000) - 2 * 3600 * 1000
    town.sql("INSERT INTO kheya.tape SELECT 1, i, 1, %s, 0, 'gp', 'en', 0, 0, 0, '', 'main', '' FROM generate_series(1, 12000) i",
             old)
    keeps = town.sql("SELECT count(*) FROM kheya.tape WHERE at > %s", old)[0][0]
    assert keeps > 0
    wait_for("the old ones gone", lambda: town.sql("SELECT count(*) FROM kheya.tape WHERE at <= %s", old) == [(0,)])
    assert town.sql("SELECT count(*) FROM kheya.tape") == [(keeps,)]


def test_off(town, phone_of):
    """Without tape.keep nothing is kept."""
    phone = phone_of(town)
    phone.dial()
    phone.type("3")
    assert town.sql("SELECT count(*) FROM kheya.tape") == [(0,)]
