"""The services of the national menu, one path of each through the real stack, in Bangla and English."""

import pytest

from town import Town


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("catalogue"))
    try:
        yield t.start()
    finally:
        t.stop()


def speaks(phone, language):
    """She chooses her letters; the menu is open then."""
    assert "Bangla okkhor" in phone.dial()["text"]
    return phone.type({"bn": "1", "en": "3"}[language])


def through(phone, *answers):
    for answer in answers:
        screen = phone.type(answer)
    return screen["text"]


def test_school_result(town, phone_of):
    one = phone_of(town)
    speaks(one, "en")
    assert through(one, "5", "2", "1", "6", "2026", "900001") == "SSC 2026, roll 900001\nPassed. GPA 4.56\nPublished 10 Jul"
    two = phone_of(town)
    speaks(two, "bn")
    assert "স্কুলে জানুন" in through(two, "5", "2", "1", "6", "2026", "৯০০০০২")
    three = phone_of(town)
    speaks(three, "en")
    assert "We found no result" in through(three, "5", "2", "2", "1", "2026", "900003")


def test_health(town, phone_of):
    one = phone_of(town)
    speaks(one, "en")
    assert "Kukri Mukri clinic, ward 3" in through(one, "12", "2", "092544")
    two = phone_of(town)
    speaks(two, "bn")
    assert "টিকা:" in through(two, "12", "3", "091827")


def test_land_and_birth(town, phone_of):
    one = phone_of(town)
    speaks(one, "en")
    assert "Tk 1,100 after approval" in through(one, "2", "2")
    assert "Copy: Tk 50" in through(one, "00", "4", "3")
    two = phone_of(town)
    speaks(two, "bn")
    assert "1100" in through(two, "2", "2")
    assert "25 টাকা" in through(two, "00", "4", "3")
