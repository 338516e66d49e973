"""Officers without systems: commands by text message from a registered number, with codes that are good once; what is
resent, redelivered or forged does nothing twice; the morning's digest."""

import re
import shutil
import subprocess

import pytest

from test_desk import MENUS, complain, history, told
from town import BUILD, Phone, Town, wait_for

OFFICER, SECOND, THIRD, STRANGER = 8801711000401, 8801711000402, 8801711000403, 8801711000404
CONF = """
secret: {secret}
officers: {{digest: -1, texts: 1000}}
"""


def secret(folder):
    path = folder / "secret"
    path.write_bytes(bytes(range(32)) * 2)
    path.chmod(0o600)
    return path


def kheya(town, *words, good=True):
    done = subprocess.run([BUILD / "kheya", "officer", "-c", town.folder / "kheya0.yaml", *words], capture_output=True,
                          text=True, check=False)
    assert "Sanitizer" not in done.stderr, done.stderr
    assert (done.returncode == 0) == good, done.stderr
    return done.stdout if good else done.stderr


def case(town, *words, good=True):
    done = subprocess.run([BUILD / "kheya", "case", "-c", town.folder / "kheya0.yaml", *words], capture_output=True, text=True,
                          check=False)
    assert "Sanitizer" not in done.stderr and (done.returncode == 0) == good, done.stderr
    return done.stdout if good else done.stderr


def hire(town):
    kheya(town, "add", "01711000401", "--name", "Rahima", "--agency", "dss", "--desk", "1", "--next", "2", "--lang", "en")
    kheya(town, "add", str(SECOND), "--name", "Karim", "--agency", "dss", "--desk", "5", "--rank", "UNO", "--codes", "sms")
    kheya(town, "add", str(THIRD), "--name", "Salma", "--agency", "land", "--lang", "en")


def paper(town, number):
    """Her codes by their numbers."""
    return {int(n): code for n, code in re.findall(r"(?m)(\d+)  (\d{6})(?=  |$)", kheya(town, "code", str(number)))}


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("officers")
    t = Town(folder, menus=MENUS, conf=CONF.format(secret=secret(folder)))
    try:
        t.start()
        hire(t)
        yield t
    finally:
        t.stop()


def asked(town, who, text):
    """What answers a message."""
    phone = Phone(town, who)
    count = len(phone.sms())
    town.telco_call("/sms", msisdn=phone.msisdn, to="333", text=text)
    wait_for(f"an answer to {text!r}", lambda: len(phone.sms()) > count)
    return phone.sms()[-1]


class Codes:
    """An officer's paper, struck out from the top."""

    def __init__(self, town, who):
        self.town, self.who = town, who

    def next(self):
        codes = paper(self.town, self.who)
        return codes[min(codes)]


def test_ok(town, phone_of):
    phone = phone_of(town)
    number = complain(town, phone)
    code = Codes(town, OFFICER).next()
    answer = asked(town, OFFICER, f"333 {number} OK {code}")
    assert answer.startswith(f"{number}: done. Now: The office has it since ") and "\nNext code: no " in answer
    told(town, phone, f"Complaint {number}: the office has it.")
    assert history(town, number) == [(1, "citizen", "submitted", ""), (2, "officer", "received", "")]
    assert town.sql("SELECT actor FROM kheya.case_event WHERE number = %s AND seq = 2", number) == [("Rahima",)]

    # the same once more, and the same code for something else: nothing twice
    assert asked(town, OFFICER, f"{number}ok{code}").startswith(f"{number}: was done before: The office has it")
    assert asked(town, OFFICER, f"{number} NO 1 {code}").startswith("This code was used before, nothing was done.")
    other = complain(town, phone)
    assert asked(town, OFFICER, f"{other} OK {code}").startswith("This code was used before")
    assert len(history(town, number)) == 2 and len(history(town, other)) == 1
    assert town.sql("SELECT count(*) FROM kheya.audit WHERE code = %s", f"case/{number}") == [(1,)]

    # with the next one it goes on, in Bengali too
    code = Codes(town, OFFICER).next().translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))
    assert asked(town, OFFICER, f"{number} ঠিক {code}").startswith(f"{number}: done. Now: answered")


def test_a_code_alone(town, phone_of):
    number = complain(town, phone_of(town))
    answer = asked(town, OFFICER, f"{number} no 3")
    n = int(re.fullmatch(rf"{number} NO 3\? To confirm, send code no (\d+) of your paper", answer)[1])
    assert asked(town, OFFICER, paper(town, OFFICER)[n]).startswith(f"{number}: done. Now: Not taken: Reason 3")
    assert history(town, number)[1:] == [(2, "officer", "rejected", "Reason 3")]
    # nothing waits for a code any more: the next six digits are an ordinary message
    assert asked(town, OFFICER, paper(town, OFFICER)[n + 1]).startswith("Desk\n1 Complain")


def test_codes_by_sms(town, phone_of):
    """No paper: the code comes to her phone, which a forger does not hold."""
    number = complain(town, phone_of(town))
    answer = asked(town, SECOND, f"{number} OK")
    code = re.fullmatch(rf"{number} OK\? নিশ্চিত করতে পাঠান: (\d{{6}})", answer)[1]
    answer = asked(town, SECOND, code)
    assert re.match(rf"{number}: হয়েছে। এখন: .* \d+ [A-Z][a-z]+\nপরের কোড: ", answer)
    code = re.search(r"পরের কোড: (\d{6})", answer)[1]
    assert asked(town, SECOND, f"{number} OK {code}").startswith(f"{number}: হয়েছে। এখন: answered")
    assert re.fullmatch(r"পরের কোড: \d{6}", asked(town, SECOND, "কোড"))


def test_forward(town, phone_of):
    number = complain(town, phone_of(town))
    codes = Codes(town, OFFICER)
    second = Phone(town, SECOND)
    assert asked(town, OFFICER, f"{number} FWD 9 {codes.next()}").startswith("Your office has no desk 9.")
    code = codes.next()                 # a refusal leaves the code good
    assert asked(town, OFFICER, f"{number} FWD 5 {code}").startswith(f"{number}: forwarded to desk 5 (Karim)")
    wait_for("the other's message", lambda: any(f"কেস {number} আপনাকে পাঠিয়েছেন Rahima" in t for t in second.sms()))
    assert asked(town, OFFICER, f"{number} FWD 5 {code}").startswith(f"{number}: forwarded to desk 5 (Karim)")
    assert sum(number in t for t in second.sms()) == 1
    assert history(town, number)[1:] == [(2, "officer", "submitted", "Forwarded to desk 5")]
    # it left one queue for the other
    assert number not in asked(town, OFFICER, "LIST") and number in asked(town, SECOND, "তালিকা")


def test_what_is_refused(town, phone_of):
    number = complain(town, phone_of(town))
    codes = Codes(town, OFFICER)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert asked(town, OFFICER, f"{wrong} OK {codes.next()}").startswith("The case number is not right.")
    assert asked(town, OFFICER, f"{number} OK 12").startswith("Not understood.")
    assert asked(town, OFFICER, f"{number} need 2 {codes.next()}") == f"{number}: this cannot be done now. It stands at: submitted"
    third = Codes(town, THIRD)
    assert asked(town, THIRD, f"{number} OK {third.next()}") == f"{number}: your office has no case of this number"
    assert asked(town, THIRD, number) == f"{number}: your office has no case of this number"
    assert asked(town, OFFICER, number).startswith(f"{number}: Complaint\nsubmitted\nLate")
    assert "567890" not in asked(town, OFFICER, number)
    # who is no officer is a citizen, whatever she writes
    assert asked(town, STRANGER, f"{number} OK 123456").startswith("Desk\n1 Complain")
    assert "1 Complain" in asked(town, STRANGER, "LIST")
    assert len(history(town, number)) == 1


def test_note_in_her_language(town, phone_of):
    phone = phone_of(town)
    number = complain(town, phone)
    town.sql("UPDATE kheya.case_file SET lang = 'bn' WHERE number = %s", number)
    codes = Codes(town, OFFICER)
    assert asked(town, OFFICER, f"{number} NO 3 {codes.next()} kagoj nai").startswith("The citizen will read it:")
    assert asked(town, OFFICER, f"{number} NO 3 {codes.next()} কাগজ নেই").startswith(f"{number}: done. Now: Not taken: কারণ 3.")
    assert history(town, number)[1:] == [(2, "officer", "rejected", "কারণ 3. কাগজ নেই")]


def test_wrong_codes_lock(town, phone_of):
    number = complain(town, phone_of(town))
    kheya(town, "add", "01711000405", "--name", "Anwar", "--agency", "dss", "--lang", "en")
    codes = paper(town, 8801711000405)
    bad = next(c for c in ("111111", "222222", "333333", "444444") if c not in codes.values())
    for left in 4, 3, 2, 1:
        assert asked(town, 8801711000405, f"{number} OK {bad}") == f"Wrong code, nothing was done. {left} tries left"
    assert asked(town, 8801711000405, f"{number} OK {bad}").startswith("Too many wrong codes: locked for 24 hours.")
    assert asked(town, 8801711000405, f"{number} OK {codes[1]}").startswith("Too many wrong codes")
    assert len(history(town, number)) == 1
    assert re.search(r"8801711000405  codes ", kheya(town, "list", "dss"))
    kheya(town, "unlock", "01711000405")
    assert asked(town, 8801711000405, f"{number} OK {codes[1]}").startswith(f"{number}: done.")
    kheya(town, "lock", "01711000405")
    assert asked(town, 8801711000405, f"{number} OK {codes[2]}").startswith("Desk\n1 Complain")
    kheya(town, "unlock", "01711000405")
    # a new paper makes the old one void
    fresh = kheya(town, "code", "01711000405", "--new", "--count", "2")
    assert "codes 1 to 2" in fresh and codes[2] not in fresh
    assert asked(town, 8801711000405, f"{number} OK {codes[2]}").startswith("Wrong code")
    events = [e for e, in town.sql("SELECT event FROM kheya.audit WHERE msisdn = '8801711000405' ORDER BY id")]
    assert events == ["officer_set", "officer_codes_shown", "officer_unlocked", "officer_locked", "officer_unlocked",
                      "officer_codes_renewed"]


REPLIES = """    replies:
      need_info:
        1: {en: Copy of the NID., bn: "এনআইডির কপি।"}
        2: {en: "Which month?", bn: "কোন মাস?"}
      rejected:
        3: {en: Not on the list., bn: "নাম নেই।"}
"""


def with_replies(folder):
    """The menus of the desk, whose office may ask and refuse by number."""
    menus = shutil.copytree(MENUS, folder / "menus")
    text = (menus / "kheya.yaml").read_text()
    text = text.replace("received: {to: [answered, rejected,", "received: {to: [answered, need_info, rejected,")
    text = text.replace("      rejected: []\n", "      need_info: {to: [received], by: [citizen, officer]}\n      rejected: []\n")
    text = text.replace("    notify: {submitted: filed,", REPLIES + "    notify: {need_info: asks, submitted: filed,")
    text = text.replace("sms:\n", 'sms:\n  asks: {class: transactional, text: {en: "Complaint {case.no}: {note}", bn: "{case.no}: {note}"}}\n')
    (menus / "kheya.yaml").write_text(text)
    return menus


def test_replies(broken_town, tmp_path, phone_of):
    """NEED 2 has a name: the citizen reads it, the officer who does not know the numbers is told them."""
    town = broken_town(menus=with_replies(tmp_path), conf=CONF.format(secret=secret(tmp_path)))
    hire(town)
    citizen = phone_of(town)
    number = complain(town, citizen)
    codes = Codes(town, OFFICER)
    assert asked(town, OFFICER, f"{number} OK {codes.next()}").startswith(f"{number}: done.")
    listed = f"{number}: nothing was done. Which one? Write:\nNEED 1: Copy of the NID.\nNEED 2: Which month?"
    code = codes.next()                 # what is not done leaves the code good
    assert asked(town, OFFICER, f"{number} NEED 7 {code}") == listed
    assert asked(town, OFFICER, f"{number} NEED {code}") == listed
    assert asked(town, OFFICER, f"{number} need 3") == listed
    assert asked(town, OFFICER, f"{number} NO 1 {code}").endswith("Write:\nNO 3: Not on the list.")
    assert len(history(town, number)) == 2
    assert asked(town, OFFICER, f"{number} NEED 2 {code}").startswith(f"{number}: done.")
    told(town, citizen, f"Complaint {number}: Which month?")
    assert history(town, number)[2:] == [(3, "officer", "need_info", "Which month?")]
    assert asked(town, OFFICER, f"{number}need2{code}").startswith(f"{number}: was done before")
    assert town.sql("SELECT count(*) FROM kheya.outbox WHERE cause LIKE %s", f"case/{number}/%/asks") == [(1,)]

    # at the desk, with words of one's own; who reads Bengali is told in Bengali, also where the officer writes English
    assert case(town, "move", number, "received").startswith(f"{number}: received")
    assert "  need_info 2: Which month?\n  rejected 3: Not on the list.\n" in case(town, "show", number)
    town.sql("UPDATE kheya.case_file SET lang = 'bn' WHERE number = %s", number)
    assert "no reply of this number" in case(town, "move", number, "need_info", "--reply", "9", good=False)
    assert case(town, "move", number, "need_info", "--reply", "1", "--note", "দুই পিঠ").startswith(f"{number}: need_info")
    told(town, citizen, f"{number}: এনআইডির কপি। দুই পিঠ")
    assert case(town, "history", number).splitlines()[-1].endswith(": এনআইডির কপি। দুই পিঠ")
    town.sql("UPDATE kheya.case_file SET state = 'received' WHERE number = %s", number)
    assert asked(town, OFFICER, f"{number} NO 3 {codes.next()}").startswith(f"{number}: done. Now: Not taken: Not on the list.")
    assert history(town, number)[-1][2:] == ("rejected", "নাম নেই।")


def test_used_wrongly(town):
    assert "needs --name" in kheya(town, "add", "01711000409", good=False)
    assert "desk 1 of this agency" in kheya(town, "add", "01711000409", "--name", "X", "--agency", "dss", "--desk", "1",
                                            good=False)
    assert "no mobile number" in kheya(town, "add", "12345", good=False)
    assert "no officer writes" in kheya(town, "lock", "01711000499", good=False)
    assert kheya(town, "--codes", "fax", "add", "01711000409", good=False).startswith("usage:")


def test_killed_between(broken_town, tmp_path, phone_of):
    """The move is committed, its message not acknowledged: it comes again, and is done and answered once."""
    town = broken_town(menus=MENUS, conf=CONF.format(secret=secret(tmp_path)))
    hire(town)
    citizen, officer = phone_of(town), Phone(town, OFFICER)
    number = complain(town, citizen)
    code = Codes(town, OFFICER).next()
    wait_for("the receipt", lambda: any(text.startswith(f"Complaint {number} is filed") for text in citizen.sms()))
    town.relay.hold()
    town.telco_call("/sms", msisdn=officer.msisdn, to="333", text=f"{number} OK {code}")
    wait_for("the commit", lambda: len(history(town, number)) == 2)
    town.kheyads[0].kill()
    town.relay.let_go()
    town.start_kheyad()
    town.ready()
    wait_for("the answer", lambda: officer.sms())
    told(town, citizen, f"Complaint {number}: the office has it.")
    assert asked(town, OFFICER, number).startswith(f"{number}: Complaint")
    assert len(officer.sms()) == 2 and len(citizen.sms()) == 2
    assert history(town, number)[1:] == [(2, "officer", "received", "")]


def test_digest(broken_town, tmp_path, phone_of):
    """Once a day to each, whatever is killed; only who has something to do."""
    hour_is_over = CONF.format(secret=secret(tmp_path)).replace("digest: -1", "digest: 0")
    menus = shutil.copytree(MENUS, tmp_path / "menus")
    text = (menus / "kheya.yaml").read_text()
    (menus / "kheya.yaml").write_text(text.replace("    states:\n", "    within: {days: 30, calendar: all}\n    states:\n", 1))
    town = broken_town(menus=menus, conf=hour_is_over)
    number = complain(town, phone_of(town))
    late = complain(town, phone_of(town))
    wait_for("the promise", lambda: town.sql("SELECT count(*) FROM kheya.case_file WHERE due > 0") == [(2,)])
    # kheyad counts a promise anew when the calendar changes: from the day of the first event
    for change in ("case_file SET created = created", "case_event SET at = at"):
        town.sql(f"UPDATE kheya.{change} - 86400000::bigint * 40 WHERE number = %s", late)
    town.sql("UPDATE kheya.case_file SET due = due - 86400000::bigint * 40 WHERE number = %s", late)
    day = "(extract(epoch FROM now() AT TIME ZONE 'Asia/Dhaka')::bigint / 86400)::integer"
    today = "INSERT INTO kheya.holiday VALUES ((now() AT TIME ZONE 'Asia/Dhaka')::date, %s, 'of this test')"
    town.sql(today, False)
    hire(town)
    town.kheyads[0].kill()
    town.start_kheyad()
    town.ready()
    officer = Phone(town, OFFICER)
    for _ in range(2):                  # a holiday: what is asked later is answered, and nobody had a digest
        assert asked(town, OFFICER, "LIST").startswith("333: 2 cases wait")
    assert town.sql("SELECT count(*) FROM kheya.officer WHERE digest > 0") == [(0,)]
    town.sql("DELETE FROM kheya.holiday WHERE name = 'of this test'")
    town.sql(today, True)               # worked, whatever day of the week it is
    wait_for("the digest", lambda: len(officer.sms()) > 2, 60)
    assert officer.sms()[2:] == [f"333: 2 cases wait, 1 overdue\n{late}: 10 days late\n{number}: 30 days left"]
    wait_for("the day is over for all", lambda: town.sql(f"SELECT 1 FROM kheya.officer WHERE digest < {day}") == [])
    assert Phone(town, THIRD).sms() == []
    town.kheyads[0].kill()
    town.sql("UPDATE kheya.officer SET digest = 0")     # as if the last word had been lost
    town.start_kheyad()
    town.ready()
    wait_for("the day is over again", lambda: town.sql(f"SELECT 1 FROM kheya.officer WHERE digest < {day}") == [], 60)
    assert town.sql("SELECT count(*) FROM kheya.outbox WHERE receiver = %s", officer.msisdn) == [(3,)]
