"""Flow B with two phones: an agent serves, the citizen agrees on her own phone and has the receipt.  Whatever is killed
or sent twice, there is one case, one receipt and one row of the day book; and no PIN or code is kept anywhere."""

import concurrent.futures
import datetime
import re
import subprocess
import time

import pytest

from town import BUILD, Phone, Town, killed_and_back, typed_and_killed, wait_for

PIN, WRONG = "482915", "111111"
CENTRE = "8801711000189"
UNO = "8801711000191"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("agents"))
    try:
        yield t.start(relay=True)
    finally:
        t.stop()


def speaks(phone, key):
    assert "Bangla okkhor" in phone.dial()["text"]
    return phone.type(key)["text"]


def kheya(town, *words):
    return subprocess.run([BUILD / "kheya", "agent", "--database", town.conninfo, *words], capture_output=True, text=True,
                          timeout=60)


def through(phone, *answers):
    for answer in answers:
        screen = phone.type(answer)
    return screen["text"]


def rows(town, agent):
    """cases that she opened, receipts, rows of the day book."""
    return (town.sql("SELECT number, state, fields, contact, actor FROM kheya.case_file WHERE msisdn = %s", agent.msisdn),
            town.sql("SELECT receiver, text FROM kheya.outbox WHERE text LIKE '333 রসিদ%%' AND cause LIKE %s",
                     f"%{agent.msisdn}%"),
            town.sql("SELECT number, official, taka, receiver FROM kheya.daybook WHERE agent = %s", agent.msisdn))


def code_on(phone, n=1):
    found = []

    def came():
        found[:] = [m[1] for m in (re.search(r"কোড (\d{4}) বলুন", text) for text in phone.sms()) if m]
        return len(found) >= n
    wait_for("the code on her phone", came)
    return found[-1]


def resumed(phone):
    phone.cancel()
    assert "Continue?" in phone.dial()["text"]
    return phone.type("1")["text"]


def test_flow_b(town, phone_of):
    agent, her = phone_of(town), phone_of(town)
    got = kheya(town, "add", agent.msisdn, "--name", "Example 301", "--place", "092544", "--sex", "f")
    assert got.returncode == 0, got
    assert "8 Complaint" in speaks(agent, "3")
    speaks(her, "1")
    her.cancel()

    # nobody else comes in, whatever is dialled
    assert "সেন্টারের উদ্যোক্তার জন্য" in her.dial("*333*18#")["text"]
    her.cancel()

    agent.cancel()
    assert "Centre: Kukri Mukri" in agent.dial("*333*18#")["text"]
    assert "Your agent PIN" in through(agent, "1")
    assert "You have no PIN yet" in through(agent, PIN)
    assert "The same 6 numbers again" in through(agent, PIN)
    assert "Which allowance?" in through(agent, PIN)
    assert "Citizen's mobile number" in through(agent, "1")
    for own in (agent.msisdn, CENTRE):
        assert "your own number or the centre's" in through(agent, own)
        agent.type("1")

    # her consent: killed when the code goes out, and when it comes back
    assert "Code sent to the citizen" in typed_and_killed(town, agent, her.msisdn)["text"]
    code = code_on(her)
    told = [text for text in her.sms() if code in text]
    assert len(told) == 1 and "Example 301" in told[0] and "ভাতার আবেদন" in told[0] and "৩০ টাকা" in told[0], told
    assert "NID number" in typed_and_killed(town, agent, code)["text"]
    through(agent, "19581234567890123", "05021958", "1")

    # cut off, and killed; the dialogue is there again, the PIN too since it is a minute old
    killed_and_back(town)
    assert "Ward number" in resumed(agent)
    assert "SIM must be in the citizen's own NID" in through(agent, "3", "1", "1", "1")
    for own in (agent.msisdn, CENTRE):
        assert "The money must go to the citizen." in through(agent, own)
        agent.type("1")
    assert "One number, one person." in through(agent, "01711000678"), "other persons' payments go there"
    agent.type("1")
    assert "Govt fee 0, centre fee 30" in through(agent, her.msisdn)

    sent = typed_and_killed(town, agent, "1")["text"]
    assert "Take Tk 30 only." in sent, sent
    agent.type("0")
    assert "Take Tk 30 only." in through(agent, "1"), "the question before it sends nothing twice"
    cases, receipts, book = rows(town, agent)
    assert len(cases) == len(receipts) == len(book) == 1, (cases, receipts, book)
    number, state, fields, contact, actor = cases[0]
    assert (state, contact, actor) == ("submitted", her.msisdn, "agent") and re.fullmatch(r"[0-9a-f]{2}-[0-9a-f]{32}-0123", fields["nid"]), cases
    assert book == [(number, 0, 30, her.msisdn)], book
    assert receipts[0][0] == her.msisdn and str(number) in receipts[0][1]
    wait_for("her receipt", lambda: any("রসিদ" in text for text in her.sms()))

    # the wallet is hers now: the next citizen's money cannot go there.  A witness for whom there is no phone.
    witness = phone_of(town)
    assert "Which allowance?" in through(agent, "1"), "her PIN was shown a short while ago"
    assert "Witness mobile number" in through(agent, "3", "1")
    agent.type(witness.msisdn)
    through(agent, code_on(witness), "1234567891", "05021988", "2", "3", "1", "1", "2")
    assert "One number, one person." in through(agent, her.msisdn)
    agent.type("1")
    agent.type("8801790009999")
    assert "Take Tk 30 only." in typed_and_killed(town, agent, "1")["text"]
    agent.type("2")
    wait_for("the receipt", lambda: any("রসিদ" in text for text in witness.sms()))
    flagged = town.sql("SELECT fields ->> 'witness' FROM kheya.audit WHERE event = 'witnessed' AND msisdn = %s",
                       agent.msisdn)
    assert flagged == [(witness.msisdn,)], flagged

    # the day book, on her screen and at the operator's desk, is what the receipts say
    cases, receipts, book = rows(town, agent)
    assert len(cases) == len(receipts) == len(book) == 2
    assert {c[0] for c in cases} == {b[0] for b in book}
    agent.cancel()
    assert "Today: 2 receipts, Tk 60" in agent.dial("*333*18*3#")["text"]
    got = kheya(town, "daybook", agent.msisdn)
    assert got.returncode == 0 and got.stdout.endswith("2 receipts, govt fee Tk 0, centre fee Tk 60\n"), got
    assert her.msisdn not in got.stdout
    yesterday = (datetime.date.today() - datetime.timedelta(days=2)).isoformat()
    assert "0 receipts" in kheya(town, "daybook", agent.msisdn, yesterday).stdout
    got = kheya(town, "daybook", agent.msisdn, "friday")
    assert got.returncode == 1 and "a day is like" in got.stderr, got

    # paid more: one key, one complaint, however often
    shown = her.dial("*333*8#")["text"]
    assert "\n4 বেশি" in shown, shown
    assert "রসিদে 30 টাকা" in typed_and_killed(town, her, "4")["text"]
    her.cancel()
    complaints = town.sql("SELECT agency, place, fields ->> 'once', fields ->> 'agent' FROM kheya.case_file"
                          " WHERE service = 'overcharge' AND msisdn = %s", her.msisdn)
    assert complaints == [("uno", "092544", str(number), agent.msisdn)], complaints
    uno = town.sql("SELECT count(*) FROM kheya.outbox WHERE receiver = %s AND text LIKE %s", UNO, f"%{number}%")
    assert uno == [(1,)], uno

    # five wrong ones: locked, the UNO's desk hears of it once; unlocked by an operator
    agent.cancel()
    agent.dial("*333*18*1#")
    page = agent.look()["text"]
    if "Continue?" in page:
        page = through(agent, "2")
    through(agent, WRONG, WRONG, WRONG, WRONG)
    assert "It is locked for 24 hours" in through(agent, WRONG)
    assert town.sql("SELECT count(*) FROM kheya.outbox WHERE receiver = %s AND text LIKE '%%৫ বার%%'", UNO) == [(1,)]
    agent.dial("*333*18*1#")
    assert "It is locked for 24 hours" in through(agent, PIN), "the right one too"
    assert kheya(town, "unlock", agent.msisdn).returncode == 0
    agent.dial("*333*18*1#")
    assert "Which allowance?" in through(agent, PIN)
    assert kheya(town, "lock", agent.msisdn).returncode == 0
    killed_and_back(town)
    agent.cancel()
    assert "18 " not in agent.dial()["text"]

    # neither PIN nor code is anywhere
    for secret in (PIN, WRONG, code):
        alone = re.compile(rf"(?<![0-9A-Za-z+/]){secret}(?![0-9A-Za-z+/])")
        for log in town.folder.glob("kheyad*.log"):
            assert not alone.search(log.read_text()), (secret, log)
        if secret != code:              # four digits alone may be a part of a time
            dump = subprocess.run(["pg_dump", town.conninfo], check=True, capture_output=True, text=True).stdout
            assert not alone.search(dump), secret
        for (state,) in town.sql("SELECT state FROM kheya.session"):
            assert secret.encode() not in bytes(state)
    assert town.sql("SELECT count(*) FROM kheya.outbox WHERE class = 'otp' AND state >= 2 AND text <> ''") == [(0,)]


def at_confirm(town, agent, witness, nid, wallet):
    """A new agent before her "Send", for a citizen who has no phone."""
    assert kheya(town, "add", agent.msisdn, "--name", "Example 30" + nid[-1], "--place", "092544", "--sex", "f").returncode == 0
    speaks(agent, "3")
    speaks(witness, "3")
    witness.cancel()
    agent.cancel()
    agent.dial("*333*18#")
    through(agent, "1", PIN, PIN, PIN, "3", "1")
    agent.type(witness.msisdn)
    through(agent, code_on(witness), nid, "05021988", "2", "3", "1", "1", "2")
    assert "Govt fee 0, centre fee 30" in through(agent, wallet)


def test_one_wallet_in_the_same_second(town, phone_of):
    """Two agents send it for two people at once: one application; the other agent reads that it is taken, and it is told to the auditor."""
    agents = [phone_of(town), phone_of(town)]
    for i, agent in enumerate(agents):
        at_confirm(town, agent, phone_of(town), f"123456780{i + 1}", "01799990001")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pages = list(pool.map(lambda agent: agent.type("1")["text"], agents))
    assert sum("Take Tk 30 only." in page for page in pages) == 1, pages
    loser = agents[0] if "Take Tk 30" in pages[1] else agents[1]
    if "One number, one person." not in "".join(pages):
        time.sleep(1)
        loser.dial("*333*18#")
        page = loser.look()["text"]
        if "Continue?" in page:
            page = through(loser, "1")
        assert "One number, one person." in through(loser, "1"), page
    assert town.sql("SELECT count(*) FROM kheya.case_file WHERE fields ->> 'wallet' = '8801799990001'") == [(1,)]
    assert [why for why, in town.sql("SELECT fields ->> 'why' FROM kheya.audit WHERE event = 'wallet_refused' AND msisdn = %s",
                                     loser.msisdn)] == ["taken"]

    # what an auditor sees: a refused wallet, a code that came back faster than anybody reads, thirteen receipts in an hour
    town.sql("INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)"
             " SELECT o.bucket, %s, 'y', 1, o.created + 1500, 0, 'agent', 'consent_used', jsonb_build_object('receiver', o.receiver)"
             " FROM kheya.outbox o WHERE starts_with(o.cause, 'consent/' || %s)", loser.msisdn, loser.msisdn)
    town.sql("INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)"
             " SELECT kheya.bucket(%s), %s, 'x', n, (extract(epoch FROM date_trunc('hour', now())) * 1000)::bigint, 0, 'agent', 'fee_taken',"
             " jsonb_build_object('case', (8000000000 + n)::text, 'service', 'x', 'official', '0', 'centre', '30', 'receiver', '')"
             " FROM generate_series(1, 13) AS n", loser.msisdn, loser.msisdn)
    got = kheya(town, "oddities", "1")
    assert got.returncode == 0, got
    masked = loser.msisdn[:5] + "******" + loser.msisdn[-2:]
    kinds = [line.split()[5] for line in got.stdout.splitlines() if masked in line]
    assert set(kinds) >= {"wallet", "code", "many"} and len(kinds) == len(set(kinds)), got.stdout
    assert loser.msisdn not in got.stdout and got.stdout.endswith(" rows\n"), got.stdout
    assert "1 to 90" in kheya(town, "oddities", "x").stderr


def test_account(town, phone_of):
    """What an operator gets wrong is said; days on which an account counts."""
    number = phone_of(town).msisdn
    for words, said in ((("add", number, "--name", "Example 302"), "needs --name"),
                        (("add", number, "--name", "Example 302", "--place", "999999"), "no centre 999999"),
                        (("lock", number), "no agent has this number"), (("new-pin", number), "no agent has this number")):
        got = kheya(town, *words)
        assert got.returncode == 1 and said in got.stderr, got
    assert kheya(town, "lock", "12").returncode == 2
    assert kheya(town, "add", number, "--name", "Example 302", "--place", "092544", "--until", "2026-01-01").returncode == 0
    phone = Phone(town, number)
    speaks(phone, "3")
    phone.cancel()
    assert "for the agents of Digital Centres" in phone.dial("*333*18#")["text"]
