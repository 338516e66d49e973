"""Two kheyads on one bearerbox, which gives each message to either: what one of them remembers, the other may have changed."""

import time

from town import Phone


def test_redial(broken_town):
    """She ends a dialogue and dials again at once: the process that remembers the end answers her first key too."""
    town = broken_town(kheyads=2, relay=False)
    phone = Phone(town, 8801711000371)
    phone.dial("*333#")
    phone.type("3")                     # English
    for _ in range(25):
        shown = phone.type("0")
        assert shown["text"].startswith("Thank you."), shown
        assert "1 Allowance & money" in phone.dial("*333#")["text"]
        time.sleep(0.9)
        assert "1 Has my money come?" in phone.type("1", patience=5)["text"]
        phone.type("00")
