"""Reload: whole or not at all; running dialogues end under their own menus, after a restart and on another process too."""

import shutil
import signal
import subprocess

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


def reload(town, i=0):
    return subprocess.run([BUILD / "kheya", "reload", "--http", f"127.0.0.1:{town.http[i]}"], capture_output=True,
                          text=True, timeout=60, check=False)


def current(town):
    return town.sql("SELECT id FROM kheya.generation ORDER BY published DESC LIMIT 1")[0][0]


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


def test_reload_wants_its_header(edited):
    url = f"http://127.0.0.1:{edited.http[0]}/admin/reload"
    assert edited.get(url, quiet=True, data=b"x=1") is None
    assert "event=reload" not in edited.kheyads[0].log.read_text()
