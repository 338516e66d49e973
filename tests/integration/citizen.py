"""citizen - a person who wants one complaint to be filed, whatever breaks.

She reads the screen, presses the key that it asks for, dials again when the
line drops, and stops when she has her number.  She never presses twice
for one screen, and does not file again once she has seen a number or an SMS.
"""

import re
import time

ANSWERS = [                             # what stands on the screen, what she presses
    ("Bangla okkhor", "3"),
    ("Continue?", "1"),
    ("Send this complaint", "1"),
    ("What happened?", "1"),
    ("Has my money come?", "2"),
    ("333 Govt services", "1"),
]
NUMBER = re.compile(r"\b(8\d{3}) (\d{4}) (\d{2})\b")


def damm(digits):
    table = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
             "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"]
    interim = 0
    for d in digits:
        interim = int(table[interim][int(d)])
    return interim


class Citizen:
    def __init__(self, phone, thinks=lambda: 0.0):
        self.phone = phone
        self.thinks = thinks            # seconds before a key
        self.screens = []               # all that she saw, in order
        self.pressed = []
        self.number = None

    def see(self, shown):
        if shown["text"]:
            self.screens.append(shown["text"])
        found = NUMBER.search(shown["text"])
        if found:
            self.number = "".join(found.groups())
            assert damm(self.number) == 0, f"case number {self.number} fails its check digit"
        return shown

    def key(self, shown):
        if shown["state"] != "shown":
            return None
        return next((key for words, key in ANSWERS if words in shown["text"]), None)

    def dial(self):
        return self.see(self.phone.dial())

    def press(self, shown):
        key = self.key(shown)
        assert key, f"she does not know what to press here:\n{shown}"
        time.sleep(self.thinks())
        self.pressed.append(key)
        return self.see(self.phone.type(key))

    def told_by_sms(self):
        for text in self.phone.sms():
            found = re.search(r"Complaint (8\d{9}) received", text)
            if found:
                self.number = found[1]
        return self.number

    def insist(self, patience=90.0):
        """Until she has her number."""
        end = time.monotonic() + patience
        shown = self.phone.look()
        while self.number is None:
            assert time.monotonic() < end, f"no number after {patience:.0f} s; she saw {self.screens}"
            if self.key(shown):
                shown = self.press(shown)
            elif not self.told_by_sms():
                shown = self.dial()
        return self.number
