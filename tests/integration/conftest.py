import itertools
import sys
import pathlib

import pytest

for folder in pathlib.Path(__file__).parents[:2]:
    sys.path.insert(0, str(folder))

from town import Phone, Town  # noqa: E402

numbers = itertools.count(8801790000001)


@pytest.fixture
def phone_of():
    """A handset nobody has used before."""
    return lambda town: Phone(town, next(numbers))


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("town"))
    try:
        yield t.start()
    finally:
        t.stop()


@pytest.fixture
def broken_town(tmp_path):
    """A town of its own, with the relay, for tests that kill things."""
    made = []

    def make(**args):
        relay = args.pop("relay", True)
        made.append(Town(tmp_path, **args))
        return made[0].start(relay=relay)
    yield make
    for t in made:
        t.stop()
