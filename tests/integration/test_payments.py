"""Money: a fee is asked for by dialling, the provider takes it and calls, she gets her receipt and her case goes on.
Whatever is told twice, late, in another order or not at all, and whatever is killed, payments and statement agree."""

import hashlib
import hmac
import itertools
import json
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from town import BUILD, TREE, Phone, Process, Town, free_port, wait_for

KEY = b"the key of our wallets, and theirs"
TREES = TREE / "tests" / "dialog" / "fees" / "kheya.yaml"
serial = itertools.count(1)


def number(last=1):
    """A number nobody has used; the provider looks at its last digit."""
    return f"88017921{next(serial):04d}{last}"


class Wallets:
    """tests/provider/provider, on a free port."""

    def __init__(self, town, *flags):
        self.town, self.port, self.flags = town, free_port(), flags
        self.process = None

    def start(self):
        self.process = Process("provider", [TREE / "tests" / "provider" / "provider", "--port", str(self.port), "--key",
                                            str(self.town.folder / "keys" / "nagad"), "--callback",
                                            f"http://127.0.0.1:{self.town.http[0]}/payments", *self.flags], self.town.folder)
        wait_for("the provider", lambda: Town._listens(self.port))

    def get(self, path):
        return Town.get(f"http://127.0.0.1:{self.port}/nagad/{path}")

    def lines(self, **lines):
        Town.get(f"http://127.0.0.1:{self.port}/nagad/lines", data=json.dumps(lines).encode())

    def payments(self):
        return {p["ref"]: p for p in json.loads(self.get("payments"))}


def open_town(folder, *flags, within="10m", **args):
    keys, menus = folder / "keys", folder / "fees"
    keys.mkdir(parents=True)
    (keys / "nagad").write_bytes(KEY + b"\n")
    (keys / "nagad").chmod(0o600)
    menus.mkdir()
    town = Town(folder, menus=menus, telco=("--code", "*16152#"), **args)
    wallets = Wallets(town, "--approve", "0.3", *flags)
    text = TREES.read_text().replace("http://127.0.0.1:8500/nagad", f"http://127.0.0.1:{wallets.port}/nagad")
    (menus / "kheya.yaml").write_text(text.replace("within: 10m", f"within: {within}"))
    wallets.start()
    return town, wallets


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    town, wallets = open_town(tmp_path_factory.mktemp("money"), "--twice", "--shuffle", within="6s")
    try:
        yield town.start(), wallets
    finally:
        town.stop()
        wallets.process.kill()


def ask(phone):
    """Dial for a copy and pay its fee by nagad: the page that answers it."""
    phone.dial("*16152#")
    for _ in range(3):
        page = phone.type("1")["text"]
        if "Pay Tk 50" not in page and "Copies" not in page and "1 " not in page:
            return page
    return page


def rows(town, phone):
    return town.sql("SELECT ref, state, about, trx, reason, owes, due FROM kheya.payment WHERE msisdn = %s ORDER BY created",
                    phone.msisdn)


def state(town, phone, want):
    """Her only payment, once it is so and nothing is owed any more."""
    def found():
        got = rows(town, phone)
        return got[0] if len(got) == 1 and got[0][1] == want and got[0][5] == 0 else None
    return wait_for(f"{want}: {rows(town, phone)}", found)


def english(town, phone):
    town.sql("INSERT INTO kheya.citizen VALUES (kheya.bucket(%s), %s, 'en', '', 0)", phone.msisdn, phone.msisdn)
    return phone


def messages(town, phone):
    return town.sql("SELECT cause, text FROM kheya.outbox WHERE receiver = %s AND cause LIKE 'pay/%%' ORDER BY id", phone.msisdn)


def call(town, provider="nagad", key=KEY, at=None, body=None, **news):
    """A provider's call: status and answer."""
    body = json.dumps(news).encode() if body is None else body
    now = str(int(time.time() if at is None else at))
    signature = hmac.new(key, now.encode() + b"." + body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(f"http://127.0.0.1:{town.http[0]}/payments/{provider}", data=body,
                                     headers={"X-Kheya-Time": now, "X-Kheya-Signature": signature})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as e:
        return e.code, json.load(e)


def test_paid(bank):
    """Asked, approved, confirmed; told twice and in any order; one receipt, one move of the case."""
    town, wallets = bank
    phone = english(town, Phone(town, number()))
    assert "Open Nagad now." in ask(phone)
    ref, _, about, trx, *_ = state(town, phone, "confirmed")
    assert wallets.payments()[ref]["trx"] == trx != ""
    receipt = f"Receipt: Tk 50 by Nagad, {trx}. Copy {about}. Pay no more. Tell nobody your PIN."
    assert messages(town, phone) == [(f"pay/{ref}/confirmed", receipt)]
    wait_for("the receipt", lambda: receipt in phone.sms())
    case = town.sql("SELECT seq, kind, state, note FROM kheya.case_event WHERE number = %s ORDER BY seq", about)
    assert case == [(1, "citizen", "fee_due", ""), (2, "provider", "received", f"Tk 50 {trx}")]
    events = [s for _, s in town.sql("SELECT seq, state FROM kheya.payment_event WHERE ref = %s ORDER BY seq", ref)]
    assert events[0] == "quoted" and events[-1] == "confirmed" and len(set(events)) == len(events)
    assert phone.msisdn not in town.kheyads[0].log.read_text()


def test_declined(bank):
    town, _ = bank
    phone = english(town, Phone(town, number(7)))
    assert "Open Nagad now." in ask(phone)
    ref, _, about, *_ = state(town, phone, "failed")
    assert messages(town, phone) == [(f"pay/{ref}/failed", f"Nothing was paid for {about}: declined. Dial *16152# again.")]
    assert town.sql("SELECT state FROM kheya.case_file WHERE number = %s", about) == [("fee_due",)]


def test_never_answered(bank):
    """Her time is over: the provider is asked once more, and then it has failed."""
    town, _ = bank
    phone = english(town, Phone(town, number(9)))
    assert "Open Nagad now." in ask(phone)
    ref, _, about, *_ = state(town, phone, "failed")
    assert f"Nothing was paid for {about}: not approved in time." in messages(town, phone)[0][1]
    # and the provider changes its mind: money decides
    assert call(town, ref=ref, state="confirmed", taka=50, trx="LATE1") == (200, {"state": "confirmed"})
    state(town, phone, "confirmed")
    assert [c for c, _ in messages(town, phone)] == [f"pay/{ref}/failed", f"pay/{ref}/confirmed"]


def test_calls(bank):
    """Every call that is not right is refused, and changes nothing; every right one is taken once, in any order."""
    town, _ = bank
    phone = english(town, Phone(town, number(9)))
    ask(phone)
    ref, _, about, *_ = wait_for("asked", lambda: [r for r in rows(town, phone) if r[1] == "requested"])[0]
    good = {"ref": ref, "state": "confirmed", "taka": 50, "trx": "T1"}
    refused = [
        (401, {"key": b"another key of sixteen"}), (401, {"at": time.time() - 400}), (401, {"at": time.time() + 400}),
        (401, {"provider": "nobody"}), (401, {"provider": "rocket"}), (401, {"provider": ""}),
        (404, {"ref": ref[:-1] + ("0" if ref[-1] != "0" else "1")}), (404, {"ref": "x"}), (404, {"ref": "9999" + ref[4:]}),
        (409, {"taka": 49}), (400, {"state": "paid"}), (400, {"state": "quoted"}), (400, {"taka": "50"}),
        (400, {"trx": "T 1"}), (400, {"body": b"{"}), (400, {"body": b""}), (400, {"body": b"[]"}),
    ]
    for status, wrong in refused:
        got = call(town, **{**good, **wrong})
        assert got[0] == status and "error" in got[1], (wrong, got)
    assert rows(town, phone)[0][1] == "requested"
    for news in (good, {**good, "state": "approved"}, good, {**good, "state": "failed"}, {**good, "state": "requested"}):
        assert call(town, **news) == (200, {"state": "confirmed"}), news
    assert call(town, **{**good, "trx": "T2"})[0] == 409
    state(town, phone, "confirmed")
    back = {**good, "state": "refunded", "trx": "B1"}
    for news in (back, good, back):
        assert call(town, **news) == (200, {"state": "refunded"}), news
    state(town, phone, "refunded")
    assert [c for c, _ in messages(town, phone)] == [f"pay/{ref}/confirmed", f"pay/{ref}/refunded"]
    case = town.sql("SELECT kind, state FROM kheya.case_event WHERE number = %s ORDER BY seq", about)
    assert case == [("citizen", "fee_due"), ("provider", "received"), ("provider", "given_back")]


def test_two_requests_for_one_fee(bank):
    """While one is out, and when it is paid, another is not."""
    town, wallets = bank
    phone = english(town, Phone(town, number()))
    ask(phone)
    _, _, about, *_ = state(town, phone, "confirmed")
    before = len(wallets.payments())
    # a second keypress for the same case: as if she had gone back
    town.sql("INSERT INTO kheya.payment (bucket, ref, msisdn, provider, service, about, lang, taka, state, created, changed,"
             " expires) SELECT bucket, left(ref, 4) || repeat('0', 16), msisdn, provider, service, about, lang, taka,"
             " 'failed', created + 1, changed, expires FROM kheya.payment WHERE about = %s", about)
    with pytest.raises(Exception, match="payment_open"):
        town.sql("UPDATE kheya.payment SET state = 'quoted' WHERE about = %s", about)
    assert len(wallets.payments()) == before


def test_the_provider_is_away(bank):
    """It does not answer: she is told so, and it is asked again when it is there."""
    town, wallets = bank
    phone = english(town, Phone(town, number()))
    wallets.lines(deaf=True)
    assert "Nagad is slow." in ask(phone)
    assert rows(town, phone)[0][1] == "quoted"
    wallets.lines(deaf=False)
    state(town, phone, "confirmed")
    assert len(messages(town, phone)) == 1


def test_calls_are_lost(bank):
    """It never calls, or signs wrongly: we ask."""
    town, wallets = bank
    for line in ("mute", "bad"):
        phone = english(town, Phone(town, number()))
        wallets.lines(**{line: True})
        ask(phone)
        state(town, phone, "confirmed")
        wallets.lines(**{line: False})
        assert len(messages(town, phone)) == 1
