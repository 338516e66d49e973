"""Reload: whole or not at all; running dialogues end under their own menus, after a restart and on another process too."""

import shutil
import signal
import subprocess
import time

import pytest

from town import BUILD, TREE, Town, wait_for


@pytest.fixture
def edited(tmp_path):
    """A town of two kheyads whose menus we may edit."""
    menus = tmp_path / "menus"
    shutil.copytree(TREE / "menus", menus)
    town = Town(tmp_path / "town", kheyads=2, menus=menus)
    try:
        yield town.start()
    finally:
        town.stop()


def edit(town, old, new, name="kheya.yaml"):
    path = town.menus / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def kheya(*words):
    return subprocess.run([BUILD / "kheya", *map(str, words)], capture_output=True, text=True, timeout=60, check=False)


def reload(town, i=0, *more):
    return kheya("reload", "--http", f"127.0.0.1:{town.http[i]}", *more)


def generations(town, *words):
    return kheya("generations", "-c", town.folder / "kheya0.yaml", *words)


def all_retired(town, number, what="retired"):
    wait_for(f"both processes know that it is {what}", lambda: all(
        f"generation={number & (2 ** 64 - 1):016x} event={what}" in k.log.read_text() for k in town.kheyads))


def current(town):
    return wait_for("a current generation", lambda: town.sql(
        "SELECT id FROM kheya.generation ORDER BY published DESC LIMIT 1"))[0][0]


def all_current(town, number):
    wait_for("both processes on the new menus", lambda: all(
        f"generation={number & (2 ** 64 - 1):016x} event=current" in k.log.read_text() for k in town.kheyads))


def english(phone):
    phone.dial()
    return phone.type("3")


OLD, NEW = "333 Govt services", "333 New services"


def change(town):
    edit(town, OLD, NEW)


def test_reload(edited, phone_of):
    """Refused with its line; then published, and all processes agree; old dialogues keep their menus."""
    town = edited
    before = current(town)
    running = phone_of(town)
    assert english(running)["text"].startswith(OLD)
    running.type("1")

    edit(town, "start: main", "start: mian")
    got = reload(town)
    assert got.returncode == 1
    assert "kheya.yaml:" in got.stderr and "mian" in got.stderr, got
    assert current(town) == before
    assert english(phone_of(town))["text"].startswith(OLD), "nothing changed"

    edit(town, "start: mian", "start: main")
    change(town)
    got = reload(town)
    assert got.returncode == 0 and "published" in got.stdout, got
    wait_for("publication", lambda: current(town) != before)
    all_current(town, current(town))
    for _ in range(4):                  # whichever process is met
        assert english(phone_of(town))["text"].startswith(NEW)
    shown = running.type("0")
    assert shown["text"].startswith(OLD), "she goes on under the menus she began with"


def test_old_dialogue_after_a_restart(edited, phone_of):
    """The generation it began under comes back from the database; the option that she was about to press is still there."""
    town = edited
    phone = phone_of(town)
    english(phone)
    phone.type("1")
    change(town)
    edit(town, "What happened?", "What is wrong?", "complaint.yaml" if "What happened?" in
         (town.menus / "complaint.yaml").read_text() else "allowance.yaml")
    for k in town.kheyads:
        k.kill()
    for i in range(2):
        town.start_kheyad(i)
    for i in range(2):
        town.ready(i)
    wait_for("the new menus", lambda: english(phone_of(town))["text"].startswith(NEW))
    shown = phone.type("2")
    assert "What happened?" in shown["text"], shown
    fresh = phone_of(town)
    english(fresh)
    fresh.type("1")
    assert "What is wrong?" in fresh.type("2")["text"]


def test_hangup_and_back_again(edited, phone_of):
    """SIGHUP does the same; an older generation can be published again; unused ones are freed."""
    town = edited
    first = current(town)
    change(town)
    town.kheyads[1].child.send_signal(signal.SIGHUP)
    wait_for("publication", lambda: current(town) != first)
    wait_for("the new menus", lambda: english(phone_of(town))["text"].startswith(NEW))
    edit(town, NEW, OLD)
    assert reload(town).returncode == 0
    wait_for("the first one again", lambda: current(town) == first)
    wait_for("the old menus", lambda: english(phone_of(town))["text"].startswith(OLD))
    assert town.sql("SELECT count(*) FROM kheya.generation") == [(2,)]
    time.sleep(2.5)                     # a process that had not yet looked learns of the one between, a second late
    edit(town, "start: main", "start: nowhere")
    town.kheyads[0].child.send_signal(signal.SIGHUP)
    wait_for("a line", lambda: "event=reload_refused" in town.kheyads[0].log.read_text())
    assert english(phone_of(town))["text"].startswith(OLD)


def test_stale_folder_after_a_restart(edited, phone_of):
    """A process whose folder holds older menus takes the current ones from the database."""
    town = edited
    first = current(town)
    change(town)
    assert reload(town).returncode == 0
    wait_for("publication", lambda: current(town) != first)
    edit(town, NEW, OLD)
    for i, k in enumerate(town.kheyads):
        k.kill()
        town.start_kheyad(i)
    for i in range(2):
        town.ready(i)
    wait_for("the menus that the database names", lambda: english(phone_of(town))["text"].startswith(NEW))


def midway(town, phone_of):
    """At the allowance's question for four digits, after one more screen."""
    phone = phone_of(town)
    english(phone)
    phone.type("1")
    return phone, phone.type("1")


def test_retired_by_order(edited, phone_of):
    """Asks the same: her answer is taken, under the new menus.  Asks something else: she sees an earlier screen."""
    town = edited
    first = current(town)
    same = phone_of(town)
    english(same)
    other = phone_of(town)
    english(other)
    shown = other.type("1")
    assert shown["state"] != "ended"
    page = shown["text"]
    change(town)
    got = reload(town)
    assert got.returncode == 0, got
    wait_for("publication", lambda: current(town) != first)
    all_current(town, current(town))
    since = town.sql("SELECT published_at FROM kheya.generation ORDER BY published")
    assert reload(town, 1).returncode == 0, "again the same"
    assert town.sql("SELECT count(*) FROM kheya.generation") == [(2,)]
    listed = generations(town, "--sessions")
    assert town.sql("SELECT published_at FROM kheya.generation ORDER BY published") == since, "nothing becomes young again"
    assert listed.returncode == 0 and "current" in listed.stdout and "ends" in listed.stdout, listed
    ends = next(line for line in listed.stdout.splitlines() if "ends" in line).split()
    assert ends[0] == f"{first & (2 ** 64 - 1):016x}" and int(ends[-1]) >= 2
    assert generations(town, "retire", f"{current(town) & (2 ** 64 - 1):016x}").returncode == 1, "the current one"
    assert generations(town, "retire", "0123456789abcdef").returncode == 1, "none of that name"
    assert generations(town, "retire", "x").returncode == 2
    got = generations(town, "retire", ends[0])
    assert got.returncode == 0 and "is retired" in got.stdout, got
    all_retired(town, first)
    assert "retired" in generations(town).stdout
    assert same.type("1")["text"] == page, "the main menu asks the same under another title"
    assert other.type("0")["text"].startswith(NEW), "one back on her way, under the new menus"
    assert sum(town.metric("sessions_moved_total", i) for i in range(2)) == 2
    assert town.sql("SELECT count(*) FROM kheya.session WHERE open AND generation = %s", first) == [(0,)]


def test_retired_with_the_reload_and_a_restart(edited, phone_of):
    """Rows of a retired generation, loaded by another process after a restart: moved at the next keypress."""
    town = edited
    first = current(town)
    phones = [phone_of(town) for _ in range(4)]
    for phone in phones:
        english(phone)
        phone.type("1")
        assert phone.type("2")["state"] != "ended"
    change(town)
    got = reload(town, 1, "--retire-now")
    assert got.returncode == 0 and "retired" in got.stdout, got
    wait_for("publication", lambda: current(town) != first)
    all_current(town, current(town))
    all_retired(town, first)
    for i, k in enumerate(town.kheyads):
        k.kill()
        town.start_kheyad(i)
    for i in range(2):
        town.ready(i)
    for phone in phones[:2]:
        shown = phone.type("0")
        assert shown["state"] != "ended" and "busy" not in shown["text"].lower(), shown
    for phone in phones[2:]:
        assert "Continue?" in phone.dial()["text"]
        assert phone.type("1")["state"] != "ended"
    assert town.sql("SELECT count(*) FROM kheya.session WHERE open AND generation = %s", first) == [(0,)]


@pytest.fixture
def hasty(tmp_path):
    """Menus are retired a second after others became current."""
    menus = tmp_path / "menus"
    shutil.copytree(TREE / "menus", menus)
    town = Town(tmp_path / "town", kheyads=2, menus=menus, conf="limits: {retire: 1s}",
                telco=("--idle", "10m", "--total", "10m"))     # whoever waits is not cut off meanwhile
    try:
        yield town.start()
    finally:
        town.stop()


def test_retired_by_age_and_forgotten(hasty, phone_of):
    """By age; published again they are back; their sources go when nobody can resume a dialogue of theirs, and a
    dialogue that names them all the same begins anew."""
    town = hasty
    first = current(town)
    phone, asked = midway(town, phone_of)
    assert asked["state"] != "ended"
    stale = phone_of(town)
    english(stale)
    stale.type("1")
    change(town)
    assert reload(town).returncode == 0
    all_retired(town, first)
    assert phone.type("0")["text"], "moved"
    edit(town, NEW, OLD)
    assert reload(town).returncode == 0
    wait_for("the first one again", lambda: current(town) == first)
    all_retired(town, first, "back")
    assert town.sql("SELECT retired FROM kheya.generation WHERE id = %s", first) == [(None,)]
    change(town)
    assert reload(town).returncode == 0
    wait_for("retired again", lambda: town.sql("SELECT retired FROM kheya.generation WHERE id = %s", first)[0][0])
    assert town.sql("SELECT length(sources) > 0, forgotten FROM kheya.generation WHERE id = %s", first) == [(True, None)]
    town.sql("UPDATE kheya.generation SET retired = retired - resume_ms * interval '1 ms' - interval '2 hours' WHERE id = %s",
             first)
    wait_for("forgotten", lambda: town.sql("SELECT forgotten FROM kheya.generation WHERE id = %s", first)[0][0])
    assert town.sql("SELECT length(sources) FROM kheya.generation WHERE id = %s", first) == [(0,)]
    for i, k in enumerate(town.kheyads):
        k.kill()
        town.start_kheyad(i)
    for i in range(2):
        town.ready(i)
    assert stale.type("1")["text"].startswith(NEW), "begun anew, and her keypress not taken for an answer"
    assert generations(town).stdout.count("\n") == 2, "the forgotten one is not listed"


def test_forgotten_menus_do_not_come_back(hasty, phone_of):
    """A process that starts with a folder whose generation was forgotten takes the current one."""
    town = hasty
    first = current(town)
    change(town)
    assert reload(town).returncode == 0
    wait_for("publication", lambda: current(town) != first)
    second = current(town)
    wait_for("retired", lambda: town.sql("SELECT retired FROM kheya.generation WHERE id = %s", first)[0][0])
    town.sql("UPDATE kheya.generation SET retired = retired - resume_ms * interval '1 ms' - interval '2 hours' WHERE id = %s",
             first)
    wait_for("forgotten", lambda: town.sql("SELECT forgotten FROM kheya.generation WHERE id = %s", first)[0][0])
    edit(town, NEW, OLD)
    for i, k in enumerate(town.kheyads):
        k.kill()
        town.start_kheyad(i)
    for i in range(2):
        town.ready(i)
    wait_for("the current menus", lambda: english(phone_of(town))["text"].startswith(NEW))
    assert current(town) == second
    assert reload(town).returncode == 0, "by order it does"
    wait_for("the first one again", lambda: current(town) == first)
    wait_for("the old menus", lambda: english(phone_of(town))["text"].startswith(OLD))
    assert town.sql("SELECT length(sources) > 0, retired, forgotten FROM kheya.generation WHERE id = %s",
                    first) == [(True, None, None)]


def test_reload_wants_its_header(edited):
    url = f"http://127.0.0.1:{edited.http[0]}/admin/reload"
    assert edited.get(url, quiet=True, data=b"x=1") is None
    assert "event=reload" not in edited.kheyads[0].log.read_text()
