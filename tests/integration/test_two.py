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


def test_same_key_with_another_between(broken_town):
    """1, 3, 1 at once: the last 1 is no resend of the first, though the process that meets it may remember that alone."""
    town = broken_town(kheyads=2, relay=False)
    for i in range(40):
        phone = Phone(town, 8801711000372 + i)
        phone.dial("*333#")
        phone.type("3")                 # English
        for key, page in (("1", "Has my money come?"), ("3", "Which allowance?"), ("1", "NID number")):
            before = phone.look()["seq"]
            town.telco_call("/type", msisdn=phone.msisdn, text=key)
            shown = phone.wait(before)
            assert page in shown["text"], (i, key, shown)
