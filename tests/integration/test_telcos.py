"""Telcos differ: what names a dialogue, where the code stands, how pages are coded.  One profile in
conf/kheya.yaml describes each; the same dialogue must pass, and nothing must offend the telco."""

import pytest

from citizen import Citizen
from town import Phone, wait_for

TELCOS = {
    "its_session_info": ((), "{}"),
    "its_session_info with an end bit": (("--end-bit", "on"), "{end_bit: yes, session_mask: fffe}"),
    "user_message_reference": (("--session", "umr"), "{session: user_message_reference}"),
    "msisdn alone": (("--session", "none"), "{session: msisdn}"),
    "short code as address": (("--address", "short"), "{}"),
    "dialled string as address": (("--address", "dialled"), "{}"),
    "GSM text as data_coding 0": (("--dcs", "0"), "{}"),
    "GSM pages as data_coding 15": ((), "{data_coding: 15}"),
    "no validity period": ((), "{send_validity: no}"),
    "the network drops without a word": (("--abort", "-1"), "{}"),
}


def no_violation(town):
    report = town.report()
    bad = {k: n for k, n in report["violations"].items() if n}
    assert not bad, f"{bad} {report['list']}"


@pytest.mark.parametrize("name", TELCOS)
def test_one_dialogue(broken_town, phone_of, name):
    flags, ussd = TELCOS[name]
    town = broken_town(relay=False, telco=flags, ussd=ussd)
    citizen = Citizen(phone_of(town))
    shown = citizen.dial()
    for _ in range(3):
        shown = citizen.press(shown)
    citizen.phone.cancel()
    shown = citizen.dial()
    assert "Continue?" in shown["text"], shown
    citizen.insist()
    assert town.sql("SELECT count(*) FROM kheya.case_file WHERE msisdn = %s", citizen.phone.msisdn) == [(1,)]

    bangla = phone_of(town)
    bangla.dial()
    shown = bangla.type("1")
    assert shown["coding"] == "ucs2" and shown["units"] <= 70 and shown["text"].startswith("333 সেবা"), shown
    shown = bangla.type("৭")              # Bengali digits are digits; 7 stands on the second page
    assert shown["state"] == "shown", shown
    shown = bangla.type("0")
    assert shown["text"].startswith("333 সেবা"), shown
    bangla.cancel()

    walker = phone_of(town)
    shown = walker.dial("*333*1*1#")
    assert shown["state"] == "shown" and "কোন ভাতা" in shown["text"], shown
    no_violation(town)


ROOT = """
language: 1
code: ["*333#"]
name: {en: Full, bn: পূর্ণ}
languages:
  en: {name: English, sms: true}
  bn: {name: বাংলা, sms: true}
words:
  back: {en: B, bn: B}
  exit: {en: E, bn: E}
  more: {en: M, bn: M}
  tries: {en: "{n}", bn: "{n}"}
  wrong: {en: W, bn: W}
  choose: {en: C, bn: C}
  copied: {en: D, bn: D}
  too_many: {en: T, bn: T}
  busy: {en: busy, bn: ব্যস্ত}
  continue: {en: "Continue?", bn: "Continue?"}
  yes: {en: Y, bn: Y}
  new: {en: N, bn: N}
  bye: {en: Bye, bn: Bye}
  no_code: {en: N, bn: N}
  months: {en: J F M A M J J A S O N D, bn: J F M A M J J A S O N D}
start: main
helpline: "333"
screens:
  main: {text: Main, options: {1: {text: gsm, goto: gsm}, 2: {text: ext, goto: ext}, 3: {text: bn, goto: bengali}}}
  gsm: {text: "%s", back: hidden, end: true}
  ext: {text: "%s", back: hidden, end: true}
  bengali: {text: "%s", back: hidden, end: true}
"""


def test_whole_pages_in_one_pdu(broken_town, phone_of, tmp_path):
    """182 septets and 80 units are 160 octets, and go out as one submit_sm each."""
    plain = "".join(chr(ord("a") + i % 26) for i in range(182))
    extended = "[]{}^~|€" * 11 + "abcdef"               # 88 characters of two septets, 6 of one
    bengali = "কখগঘচছজঝটঠ" * 8
    menus = tmp_path / "menus"
    menus.mkdir()
    (menus / "kheya.yaml").write_text(ROOT % (plain, extended.replace("{", "{{"), bengali))
    town = broken_town(relay=False, menus=menus, ussd="{septets: 182, units: 80}",
                       web="    septets: 182\n    units: 80\n")
    for key, text, unit, count in (("1", plain, "septets", 182), ("2", extended, "septets", 182),
                                   ("3", bengali, "units", 80)):
        phone = phone_of(town)
        phone.dial()
        shown = phone.type(key)
        assert (shown["state"], shown["text"], shown[unit]) == ("ended", text, count), shown
    no_violation(town)


def test_receipts_are_delivered(town, phone_of):
    """The outbox follows a receipt to the handset."""
    citizen = Citizen(phone_of(town))
    citizen.insist()
    rows = "SELECT state FROM kheya.outbox WHERE receiver = %s"
    wait_for("delivery report", lambda: town.sql(rows, citizen.phone.msisdn) == [(4,)])


def test_undelivered_receipt(town, phone_of):
    town.fault(account="sms", receipt=2)
    try:
        citizen = Citizen(phone_of(town))
        citizen.insist()
        rows = "SELECT state FROM kheya.outbox WHERE receiver = %s"
        wait_for("delivery report", lambda: town.sql(rows, citizen.phone.msisdn) == [(5,)])
    finally:
        town.fault(account="sms", clear=True)


def test_no_answer_reaches_another_number(town):
    """Thirty phones at once, each sees only its own case."""
    phones = [Citizen(Phone(town, 8801770000001 + i)) for i in range(30)]
    for c in phones:
        c.phone.send("/dial", code="*333#")
    numbers = {c.insist() for c in phones}
    assert len(numbers) == 30
    no_violation(town)
