"""Bills, over SMPP with the shipped menus: what is to pay, paid once from whichever phone, with a receipt; whatever is killed, payments,
receipts and savings agree."""

import concurrent.futures
import itertools
import json
import pathlib
import re
import shutil
import subprocess
import time

import psycopg2
import pytest

from agency import KEY as AGENCY_KEY, Agency
from test_reminders import speaks
from test_payments import KEY, Wallets, number
from town import BUILD, TREE, Phone, Town, wait_for

HEAD = "code,option,en,bn,latn,what_en,what_bn,what_latn,shortest,longest,example\n"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """The shipped menus with a bill of each number, and Nagad as a provider that calls twice and in disorder."""
    folder = pathlib.Path(tmp_path_factory.mktemp("bills"))
    shutil.copytree(TREE / "menus", folder / "menus", ignore=shutil.ignore_patterns("dialogs"))
    (folder / "menus" / "keys").mkdir()
    key = folder / "menus" / "keys" / "nagad"
    key.write_bytes(KEY + b"\n")
    key.chmod(0o600)
    (folder / "keys").mkdir()
    shutil.copy(key, folder / "keys" / "nagad")
    agency = Agency(answer={})
    agency.asked["/due"] = {"taka": 640, "period": "11/2026"}
    for keys in (folder / "keys", folder / "menus" / "keys"):
        (keys / "bills").write_bytes(AGENCY_KEY)
        (keys / "bills").chmod(0o600)
    bill = folder / "menus" / "bill.yaml"
    text = re.sub(r"(?m)^  bills: .*$", f"  bills: {{kind: http, url: 'http://127.0.0.1:{agency.port}', key: keys/bills, people: true, "
                                        "payments: /bills/paid, retry: {first: 500ms, longest: 1s}}", bill.read_text())
    assert "kind: http" in text
    bill.write_text(text)
    t = Town(folder, kheyads=2, menus=folder / "menus")
    wallets = Wallets(t, "--approve", "0.3", "--twice", "--shuffle")
    copy = folder / "menus" / "copy.yaml"
    text = copy.read_text().replace("nagad: {kind: mock, ", f'nagad: {{kind: http, url: "http://127.0.0.1:{wallets.port}/nagad", '
                                    "key: keys/nagad, ")
    assert "kind: http" in text
    copy.write_text(text)
    wallets.start()
    t.wallets, t.agency = wallets, agency
    try:
        yield t.start()
    finally:
        t.stop()
        wallets.process.kill()
        agency.close()


def due(phone, no):
    shown = phone.dial("*333*11*3*1#")["text"]
    if "Continue?" in shown:
        shown = phone.type("2")["text"]
    assert "account number on the bill" in shown, shown
    return phone.type(no)["text"]


def paid(phone, no):
    """The page that answers her yes."""
    assert "Tk 640. Pay by" in due(phone, no)
    assert "Pay Tk 640 to Palli Bidyut by Nagad?" in phone.type("1")["text"]
    time.sleep(1)                       # the same answer so soon would be the telco's own resend
    return phone.type("1")["text"]


def receipts(phone):
    return [text for text in phone.sms() if "receipt" in text]


def test_paid_once(town):
    hers, his = speaks(Phone(town, number()), "en"), speaks(Phone(town, number()), "en")
    assert "It has 10 to 16 numbers" in due(hers, "123456")
    assert "Now open Nagad and say yes to Tk 640" in paid(hers, "101-5550000001")
    wait_for("her receipt", lambda: receipts(hers))
    assert receipts(hers)[0].startswith("333 receipt: BREB 1015550000001 11/2026, Tk 640 by Nagad, ")
    assert "11/2026, is paid already. Do not pay it again." in due(his, "1015550000001")
    assert "Tk 640 by Nagad" in hers.dial("*333*11*2#")["text"]
    assert len(receipts(hers)) == 1
    assert town.sql("SELECT service, scope, sign, visits, minutes, taka FROM kheya.saving") == [("bill", "self", 1, 1, 174, 60)]


def test_two_phones_at_once(town):
    """Both say yes in the same second: one payment."""
    phones = [speaks(Phone(town, number()), "en") for _ in range(2)]
    for phone in phones:
        assert "Tk 640. Pay by" in due(phone, "1015550000002")
        phone.type("1")
    time.sleep(1)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pages = list(pool.map(lambda phone: phone.type("1")["text"], phones))
    assert sum("Now open Nagad" in page for page in pages) == 1, pages
    assert sum("was asked to pay this bill" in page or "is paid already" in page for page in pages) == 1, pages
    wait_for("it is paid", lambda: town.sql("SELECT state FROM kheya.payment WHERE about = 'BREB 1015550000002 11/2026'")
             == [("confirmed",)])


def test_killed(town):
    """A dozen bills while each kheyad is killed in turn: what was said yes to is paid once, and has one receipt."""
    phones = [speaks(Phone(town, number()), "en") for _ in range(12)]
    turns = itertools.cycle(range(2))
    for n, phone in enumerate(phones):
        due(phone, f"10166600000{n:02}")
        phone.type("1")
        time.sleep(0.9)
        try:
            phone.type("1")
        except AssertionError:
            pass                        # no answer: she dials again, below
        if n % 3 == 2:
            i = next(turns)
            town.kheyads[i].kill()
            town.start_kheyad(i)
            town.ready(i)
    for n, phone in enumerate(phones):
        about = f"BREB 10166600000{n:02} 11/2026"
        if not town.sql("SELECT 1 FROM kheya.payment WHERE about = %s", about):
            shown = paid(phone, f"10166600000{n:02}")
            assert "Now open" in shown or "slow" in shown, shown
    wait_for("all are paid", lambda: town.sql("SELECT count(*), count(DISTINCT about) FROM kheya.payment"
                                             " WHERE about LIKE 'BREB 101666%%' AND state = 'confirmed' AND owes = 0") == [(12, 12)], 60)
    for phone in phones:
        wait_for("her receipt", lambda phone=phone: receipts(phone))
        assert len(receipts(phone)) == 1
    confirmed = [ref for ref, in town.sql("SELECT ref FROM kheya.payment WHERE about LIKE 'BREB 101666%%'")]
    wait_for("the biller has heard of all", lambda: all(told(town, ref) == ["paid"] for ref in confirmed))
    town.agency.check()
    assert town.sql("SELECT count(*) FROM kheya.saving WHERE service = 'bill'") == \
        town.sql("SELECT count(*) FROM kheya.payment WHERE state = 'confirmed' AND service = ''")


def told(town, ref):
    """What the biller has heard of a payment, in order."""
    return [json.loads(body)["state"] for name, body in town.agency.taken.items() if name.split("/")[0] == ref]


def test_the_biller_is_told(town):
    """That it was paid, and that it was given back: once each, under the payment's reference, however its system and ours fall over."""
    hers = speaks(Phone(town, number()), "en")
    no, about = "1018880000001", "BREB 1018880000001 11/2026"
    town.agency.behave("busy", "die", "busy", "good")
    assert "Now open Nagad" in paid(hers, no)
    ref = wait_for("it is paid", lambda: town.sql("SELECT ref FROM kheya.payment WHERE about = %s AND state = 'confirmed'", about))[0][0]
    for i in range(2):
        town.kheyads[i].kill()
        town.start_kheyad(i)
    for i in range(2):
        town.ready(i)
    wait_for("the biller has heard of it", lambda: town.sql("SELECT state FROM kheya.backend_queue WHERE ref = %s", ref) == [(1,)])
    body = json.loads(town.agency.taken[f"{ref}/1"])
    trx, = town.sql("SELECT trx FROM kheya.payment WHERE ref = %s", ref)[0]
    assert body | {"at": ""} == {"payment": ref, "event": "1", "state": "paid", "for": about, "taka": "640", "provider": "nagad",
                                 "trx": trx, "at": ""} and body["at"].endswith("+06:00"), body
    assert hers.msisdn not in json.dumps(body)
    # given back: refused for good at first, which an operator sees and sends again
    town.agency.behave("refuse")
    payments(town, "refund", ref)
    wait_for("it is refused", lambda: town.sql("SELECT state FROM kheya.backend_queue WHERE ref = %s AND seq = 2", ref) == [(2,)])
    assert told(town, ref) == ["paid"]
    show = [BUILD / "kheya", "backend", "--database", town.conninfo]
    said = subprocess.run([*show, "show", "bills"], capture_output=True, text=True, check=False)
    assert said.returncode == 1 and f"{ref}/2" in said.stdout and "refused with status 422" in said.stdout, said
    town.agency.behave("good")
    said = subprocess.run([*show, "retry", "bills", ref], capture_output=True, text=True, check=False)
    assert said.stdout == "1 due now\n", said
    wait_for("the biller has heard of it", lambda: told(town, ref) == ["paid", "refunded"])
    assert ref not in subprocess.run([*show, "show", "bills"], capture_output=True, text=True, check=True).stdout
    assert f"{ref}" in town.sql("SELECT string_agg(fields::text, ' ') FROM kheya.audit WHERE event = 'handovers_retried'")[0][0]
    town.agency.check()
    assert "is paid already" not in due(hers, no), "it may be paid anew"


def test_the_biller_is_told_of_a_part(town):
    hers = speaks(Phone(town, number()), "en")
    assert "Now open Nagad" in paid(hers, "1018880000002")
    about = "BREB 1018880000002 11/2026"
    ref = wait_for("it is paid", lambda: town.sql("SELECT ref FROM kheya.payment WHERE about = %s AND state = 'confirmed'", about))[0][0]
    payments(town, "--taka", "140", "--key", "meter read wrongly", "refund", ref)
    wait_for("the biller has heard of it", lambda: told(town, ref) == ["paid", "part_refunded"])
    assert json.loads(town.agency.taken[f"{ref}/3"])["taka"] == "140"
    wait_for("she too", lambda: any("Tk 140 of what you paid for BREB 1018880000002" in text for text in hers.sms()))
    payments(town, "--taka", "500", "--key", "the rest", "refund", ref)
    wait_for("all is given back", lambda: town.sql("SELECT state FROM kheya.payment WHERE ref = %s AND owes = 0", ref) == [("refunded",)])
    wait_for("the biller", lambda: told(town, ref) == ["paid", "part_refunded", "part_refunded"])
    assert "Tk 640. Pay by" in due(hers, "1018880000002"), "it may be paid anew"


def payments(town, *words):
    done = subprocess.run([BUILD / "kheya", "payment", "--database", town.conninfo, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_paid_twice(town):
    """She says yes long after her time was over, and his payment of the same bill stands too: both are there, the later one is
    listed, given back by one order, and then nothing is listed any more."""
    hers, his = speaks(Phone(town, number(9)), "en"), speaks(Phone(town, number()), "en")
    no, about = "1017770000001", "BREB 1017770000001 11/2026"
    assert "Now open Nagad" in paid(hers, no)
    hour = 3600 * 1000
    town.sql("UPDATE kheya.payment SET created = created - %s, expires = expires - %s, due = 0 WHERE about = %s", hour, hour, about)
    wait_for("her time is over", lambda: town.sql("SELECT state FROM kheya.payment WHERE about = %s AND owes = 0", about) == [("failed",)])
    late, = town.sql("SELECT ref FROM kheya.payment WHERE about = %s", about)[0]
    assert "Now open Nagad" in paid(his, no)
    wait_for("his receipt", lambda: receipts(his))
    assert about not in payments(town, "--twice", "list") and "paid twice" not in payments(town, "--for", about, "list")
    town.get(f"http://127.0.0.1:{town.wallets.port}/nagad/late", data=f'{{"ref": "{late}"}}'.encode())
    wait_for("both stand", lambda: town.sql("SELECT state FROM kheya.payment WHERE about = %s AND owes = 0", about) == [("confirmed",)] * 2)
    listed = [line for line in payments(town, "--twice", "list").splitlines() if about in line]
    assert len(listed) == 1 and listed[0].startswith(late) and listed[0].endswith("(paid twice)"), listed
    assert payments(town, "--for", about, "list").count("(paid twice)") == 1
    books = town.folder / "books.csv"
    books.write_text(town.wallets.get("statement.csv"))
    said = subprocess.run([BUILD / "kheya", "payment", "--database", town.conninfo, "--provider", "nagad", "reconcile", books],
                          capture_output=True, text=True, check=False)
    assert said.returncode == 1 and f"{late} Tk 640 paid here" in said.stdout and "another payment has paid too" in said.stdout, said
    payments(town, "refund", late)
    wait_for("it is given back", lambda: town.sql("SELECT state FROM kheya.payment WHERE ref = %s AND owes = 0", late) == [("refunded",)])
    assert about not in payments(town, "--twice", "list")
    assert "is paid already" in due(his, no)


def test_paid_in_the_same_second(town):
    """Another one's confirmation is on its way to the disk while she says yes: she is not asked for the money."""
    old, new = speaks(Phone(town, number(9)), "en"), speaks(Phone(town, number()), "en")
    no, about = "1017770000002", "BREB 1017770000002 11/2026"
    assert "Now open Nagad" in paid(old, no)
    town.sql("UPDATE kheya.payment SET state = 'failed', owes = 0, due = NULL, seq = seq + 1 WHERE about = %s", about)
    assert "Tk 640. Pay by" in due(new, no)
    new.type("1")
    time.sleep(1)
    with psycopg2.connect(town.conninfo) as confirming, confirming.cursor() as cursor:
        cursor.execute("UPDATE kheya.payment SET state = 'confirmed', paid = changed, seq = seq + 1 WHERE about = %s", (about,))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            page = pool.submit(new.type, "1")
            wait_for("she waits for it", lambda: town.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'")[0][0] > 0)
            confirming.commit()
            assert "is paid already" in page.result()["text"], page.result()
    assert town.sql("SELECT state FROM kheya.payment WHERE about = %s", about) == [("confirmed",)]


def load(town, text, status=0):
    done = subprocess.run([BUILD / "kheya", "import", "--database", town.conninfo, "billers", "-"], input=text, capture_output=True,
                          text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_billers_from_a_file(town):
    """All of a file or nothing, and the same comes out again."""
    good = "BREB,1,Palli Bidyut,পল্লী বিদ্যুৎ,Palli Bidyut,account number,হিসাব নম্বর,hishab nombor,10,16,1012345678901\n"
    bad = ("breb,1,P,প,P,a,হ,h,10,16,1012345678901\n" "DPDC,10,P,প,P,a,হ,h,10,16,1012345678901\n"
           "DESCO,3,P,প,P,a,হ,h,12,9,123456789012\n" "NESCO,4,P,প,P,a,হ,h,8,9,1234567\n" "WASA,1,P,প,P,a,হ,h,8,9,12345678\n")
    said = load(town, HEAD + good + bad, 1)
    for line in range(3, 8):
        assert f":{line}:" in said, said
    assert "8" == str(town.sql("SELECT count(*) FROM svc.biller")[0][0]), "nothing of it"
    assert "1 changed, 7 gone" in load(town, HEAD + good)
    assert town.sql("SELECT code FROM svc.biller") == [("BREB",)]
    out = subprocess.run([BUILD / "kheya", "export", "--database", town.conninfo, "billers"], capture_output=True, text=True, check=True)
    assert out.stdout == HEAD + good
