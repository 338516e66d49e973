"""Money: a fee is asked for by dialling, the provider takes it and calls, she gets her receipt and her case goes on.
Whatever is told twice, late, in another order or not at all, and whatever is killed, payments and statement agree."""

import contextlib
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


def test_two_requests_for_one_fee(town, phone_of):
    """The menus as they are shipped: while a request is out she is told how it stands, and asked for nothing again."""
    phone = english(town, phone_of(town))
    assert "Now open Nagad" in phone.dial("*333*11*1*20150925401000017*1#")["text"]
    ref, _, about, *_ = rows(town, phone)[0]
    page = phone.dial("*333*11*2*3#")["text"]
    assert "Tk 50 by Nagad" in page and "waits for your yes" in page, page
    assert len(rows(town, phone)) == 1
    state(town, phone, "confirmed")
    wait_for("the case goes on", lambda: town.sql("SELECT state FROM kheya.case_file WHERE number = %s", about) == [("submitted",)])
    assert "paid" in phone.dial("*333*11*2#")["text"]
    causes = [(c, t) for c, t in messages(town, phone)]
    assert len(causes) == 1 and causes[0][0] == f"pay/{ref}/confirmed" and "Govt fee Tk 50 by Nagad, MOCK" in causes[0][1]


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


# --- the command line --------------------------------------------------------------------------


def payment(town, *words):
    """kheya payment: exit status, standard output, standard error."""
    done = subprocess.run([BUILD / "kheya", "payment", "--database", town.conninfo, *words], capture_output=True, text=True,
                          timeout=60, check=False)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def wallets_part(wallets, ref, part, taka):
    """The provider gives a part back by itself, and calls nobody."""
    @contextlib.contextmanager
    def hold():
        wallets.lines(mute=True)
        body = json.dumps({"ref": ref, "taka": taka, "part": part}).encode()
        now = str(int(time.time()))
        signature = hmac.new(KEY, now.encode() + b"." + body, hashlib.sha256).hexdigest()
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{wallets.port}/nagad/refunds", data=body, headers={
            "X-Kheya-Time": now, "X-Kheya-Signature": signature}), timeout=10).close()
        yield
        wallets.lines(mute=False)
    return hold()


def reconcile(bank, *words, text=None, name="statement.csv"):
    """The provider's own statement, or another, compared."""
    town, wallets = bank
    path = town.folder / name
    path.write_text(wallets.get("statement.csv") if text is None else text)
    status, out, err = payment(town, "reconcile", "--provider", "nagad", *words, str(path))
    assert err == "", err
    return status, out.replace(str(path), "S").splitlines()


def test_given_back(bank):
    town, wallets = bank
    phone = english(town, Phone(town, number()))
    ask(phone)
    ref, _, about, trx, *_ = state(town, phone, "confirmed")
    assert payment(town, "refund", "--by", "Rahima", "--note", "asked twice", ref)[:2] == (0, f"{ref}: its refund is asked for\n")
    assert payment(town, "refund", ref)[0] == 0
    state(town, phone, "refunded")
    assert wallets.payments()[ref]["state"] == "refunded"
    assert [c for c, _ in messages(town, phone)] == [f"pay/{ref}/confirmed", f"pay/{ref}/refunded"]
    assert payment(town, "refund", ref)[:2] == (0, f"{ref}: refunded\n")
    status, out, _ = payment(town, "show", ref)
    assert status == 0 and "operator Rahima: asked twice" in out and "refunded" in out and phone.msisdn not in out
    status, out, _ = payment(town, "list", "--for", about)
    assert status == 0 and out.count(ref) == 1 and trx in out and phone.msisdn not in out
    failed = town.sql("SELECT ref FROM kheya.payment WHERE state = 'failed' LIMIT 1")[0][0]
    status, _, err = payment(town, "refund", failed)
    assert status == 1 and "nothing was paid" in err
    assert payment(town, "show", "0417000000000000000f")[0] == 1
    for wrong in (["refund"], ["refund", "x"], ["list", "x"], ["list", "--state", "paid"], ["reconcile", "x.csv"], ["nothing"], []):
        assert payment(town, *wrong)[0] == 2, wrong
    assert payment(town, "--help")[0] == 0


def refund(town, ref, taka, key):
    return payment(town, "refund", "--taka", str(taka), "--key", key, "--by", "Rahima", ref)


def parts(town, ref):
    return town.sql("SELECT n, taka, state FROM kheya.refund WHERE ref = %s ORDER BY n", ref)


def test_given_back_in_parts(bank):
    """Each part once by its key, never more in all than was paid; she reads how much; the statement knows each; the last one
    makes it a refunded payment.  kheyad dies in between."""
    town, wallets = bank
    phone = english(town, Phone(town, number()))
    ask(phone)
    ref, _, about, *_ = state(town, phone, "confirmed")
    assert refund(town, ref, 20, "K1")[:2] == (0, f"{ref}: Tk 20 of it is asked back, part 1; Tk 30 left\n")
    town.kheyads[0].kill()
    assert refund(town, ref, 20, "K1")[:2] == (0, f"{ref}: Tk 20 of it was asked back, part 1; Tk 30 left\n")
    assert refund(town, ref, 25, "K1")[2].endswith("this key was used for Tk 20; nothing is done\n")
    town.start_kheyad()
    town.ready()
    wait_for("part 1", lambda: parts(town, ref) == [(1, 20, 2)])
    assert refund(town, ref, 31, "K2")[2].endswith("only Tk 30 of it can be given back\n")
    assert "in parts; for the rest: --taka 30" in payment(town, "refund", ref)[2]
    # two in one second, of the same amount, while the provider hears nothing; then it is mute
    wallets.lines(deaf=True)
    assert refund(town, ref, 10, "K3")[0] == 0 and refund(town, ref, 10, "K4")[0] == 0
    assert refund(town, ref, 11, "K5")[0] == 1
    wallets.lines(deaf=False, mute=True)
    wait_for("both", lambda: parts(town, ref) == [(1, 20, 2), (2, 10, 2), (3, 10, 2)], 60)
    wallets.lines(mute=False)
    assert wallets.payments()[ref]["state"] == "confirmed"
    assert "(Tk 40 of it given back, 0 asked for)" in payment(town, "list", "--for", about)[1]
    told = [t for c, t in messages(town, phone) if "/part/" in c]
    assert told == [f"Tk {n} of what you paid for {about} came back by Nagad." for n in (20, 10, 10)], told
    # what it never asked for, and another amount, are no parts
    assert call(town, ref=ref, state="refunded", part=9, taka=5, trx="P9")[0] == 409
    assert call(town, ref=ref, state="refunded", part=2, taka=5, trx="P9")[0] == 409
    assert call(town, ref=ref, state="confirmed", part=2, taka=10, trx="P9")[0] == 400
    assert call(town, ref=ref, state="refunded", part=2, taka=10, trx="P9")[0] == 200
    assert not [line for line in reconcile(bank)[1] if ref in line]
    # the last: only the provider has heard of it, and its statement says so
    town.kheyads[0].kill()
    assert refund(town, ref, 10, "K6")[0] == 0
    town.sql("UPDATE kheya.payment SET due = NULL WHERE ref = %s", ref)
    with wallets_part(wallets, ref, 4, 10):
        said = [line for line in reconcile(bank)[1] if ref in line]
        assert len(said) == 1 and said[0].endswith("and asked for here"), said
        assert [line for line in reconcile(bank, "--apply", "--by", "Rahima")[1] if ref in line][0].endswith(": taken in")
    town.start_kheyad()
    town.ready()
    state(town, phone, "refunded")
    wait_for("part 4", lambda: parts(town, ref)[3] == (4, 10, 2))
    assert not [line for line in reconcile(bank)[1] if ref in line]
    assert [c for c, _ in messages(town, phone)] == [f"pay/{ref}/confirmed", *(f"pay/{ref}/part/{n}" for n in (1, 2, 3, 4))]
    case = town.sql("SELECT kind, state FROM kheya.case_event WHERE number = %s ORDER BY seq", about)
    assert case[-1] == ("provider", "given_back")
    shown = payment(town, "show", ref)[1]
    assert shown.count("asked back, part") == 4 and shown.count("given back, part") == 4 and "operator Rahima" in shown
    assert refund(town, ref, 1, "K7")[0] == 1 and payment(town, "refund", ref)[0] == 0
    for wrong in (["--taka", "0", "--key", "K"], ["--taka", "5"], ["--key", "K"], ["--taka", "5x", "--key", "K"]):
        assert payment(town, *wrong, "refund", ref)[0] == 2, wrong
    assert payment(town, "--taka", "5", "--key", "K", "list")[0] == 2


def test_a_part_is_refused(bank):
    """Then it counts no more, and another one may be asked for."""
    town, wallets = bank
    phone = english(town, Phone(town, number()))
    ask(phone)
    ref, *_ = state(town, phone, "confirmed")
    wallets.lines(stingy=True)
    assert refund(town, ref, 50, "K1")[0] == 0
    wait_for("refused", lambda: parts(town, ref) == [(1, 50, 3)])
    wallets.lines(stingy=False)
    assert "not given back, part 1: not so much is left" in payment(town, "show", ref)[1]
    assert refund(town, ref, 50, "K2")[0] == 0
    state(town, phone, "refunded")


def test_reconcile(bank):
    """What agrees agrees; every kind of difference is listed with its line; what was missed is taken in, once."""
    town, wallets = bank
    phone = english(town, Phone(town, number()))
    ask(phone)
    state(town, phone, "confirmed")
    # the one that changed its mind by our own hand in another test is not in the provider's books
    ours = {r for r, in town.sql("SELECT ref FROM kheya.payment WHERE paid > 0 AND provider = 'nagad'")}
    lines = wallets.get("statement.csv").splitlines()
    theirs = {line.split(",")[2] for line in lines[1:]}
    status, out = reconcile(bank)
    assert len(out) == len(ours - theirs) + 1 + sum(r in ours - theirs for r, in town.sql(
        "SELECT ref FROM kheya.payment WHERE back > 0")), out
    assert status == (1 if ours - theirs else 0)

    # the database forgets a payment that the provider has: it is missed, taken in, and agrees from then on
    mute = english(town, Phone(town, number()))
    wallets.lines(mute=True, deaf=False)
    town.sql("UPDATE kheya.payment SET due = NULL WHERE FALSE")
    ask(mute)
    ref, _, about, *_ = rows(town, mute)[0]
    town.sql("UPDATE kheya.payment SET due = NULL, seq = seq + 1000 WHERE ref = %s", ref)    # nobody asks for it
    wait_for("paid there", lambda: wallets.payments()[ref]["state"] == "confirmed")
    status, out = reconcile(bank)
    missed = [line for line in out if ref in line]
    assert status == 1 and len(missed) == 1 and missed[0].endswith("and requested here"), out
    assert rows(town, mute)[0][1] == "requested"
    status, out = reconcile(bank, "--apply", "--by", "Rahima")
    assert [line for line in out if ref in line][0].endswith("and requested here: taken in")
    assert out[-1] == "1 taken in"
    state(town, mute, "confirmed")
    wallets.lines(mute=False)
    assert [c for c, _ in messages(town, mute)] == [f"pay/{ref}/confirmed"]
    wait_for("the case", lambda: town.sql("SELECT state FROM kheya.case_file WHERE number = %s", about) == [("received",)])
    status, out = reconcile(bank)
    assert not [line for line in out if ref in line], out
    assert "operator Rahima: statement, " in payment(town, "show", ref)[1]

    # a file with errors is not compared
    status, out = reconcile(bank, text="time,trx,ref,kind,taka\n2026-13-01,T1,x,payment,50\n", name="bad.csv")
    assert (status, out) == (1, ["S:2: error: time '2026-13-01': like 2026-11-25 or 2026-11-25 10:00:05",
                                 "1 errors in the file: nothing was compared"])
    # another day has no payments of ours
    status, out = reconcile(bank, "--from", "2026-01-01", "--to", "2026-01-02", text="time,trx,ref,kind,taka\n", name="empty.csv")
    assert (status, out) == (0, ["statement: 0 payments Tk 0, 0 refunds Tk 0; here: 0 payments Tk 0, 0 refunds Tk 0; "
                                 "0 differences"])


# --- kills -----------------------------------------------------------------------------------------


def test_kills(tmp_path):
    """Forty people pay, decline, wait and get their money back while kheyads are killed; then all is even: every
    confirmed payment is in the statement, every case paid was moved once, every receipt was written once."""
    import random
    dice = random.Random(20261126)
    town, wallets = open_town(tmp_path, "--twice", "--shuffle", within="4s", kheyads=2)
    bank = (town, wallets)
    try:
        town.start(relay=True)
        people = [english(town, Phone(town, number(n % 10))) for n in range(40)]
        for i, phone in enumerate(people):
            page = ask(phone)
            if i % 4 == 3:
                victim = dice.randrange(2)
                town.kheyads[victim].kill()
                town.start_kheyad(victim)
                town.ready(victim)
            if i % 10 == 5:
                paid = town.sql("SELECT ref FROM kheya.payment WHERE state = 'confirmed' AND NOT refund LIMIT 1")
                if paid:
                    assert payment(town, "refund", paid[0][0])[0] == 0, page
        wait_for("all payments at their end", lambda: town.sql(
            "SELECT count(*) FROM kheya.payment WHERE state IN ('quoted', 'requested', 'approved') OR owes <> 0"
            " OR (refund AND state <> 'refunded')") == [(0,)], 90)
        status, out = reconcile(bank)
        assert status == 0, out
        confirmed = {r: a for r, a in town.sql("SELECT ref, about FROM kheya.payment WHERE state IN ('confirmed', 'refunded')")}
        assert {r for r, p in wallets.payments().items() if "paid" in p} == set(confirmed)
        assert len(confirmed) >= 20
        causes = town.sql("SELECT cause, count(*) FROM kheya.outbox WHERE cause LIKE 'pay/%%' GROUP BY cause")
        assert all(n == 1 for _, n in causes)
        causes = {c for c, _ in causes}
        assert {c for c in causes if c.endswith("/confirmed")} == {f"pay/{r}/confirmed" for r in confirmed}
        back = {r for r, in town.sql("SELECT ref FROM kheya.payment WHERE state = 'refunded'")}
        assert {c for c in causes if c.endswith("/refunded")} == {f"pay/{r}/refunded" for r in back} and back
        moved = town.sql("SELECT number::text, count(*) FROM kheya.case_event WHERE state = 'received' GROUP BY number")
        assert dict(moved) == {a: 1 for a in confirmed.values()}
        assert len(set(confirmed.values())) == len(confirmed), "no fee was paid twice"
        cases = town.sql("SELECT count(*) FROM kheya.case_file")[0][0]
        assert town.sql("SELECT count(DISTINCT about) FROM kheya.payment")[0][0] <= cases
    finally:
        town.stop()
        wallets.process.kill()
