"""The same dialogue over an HTTP aggregator: joined texts, the same request again, a kill in the middle."""

import itertools
import subprocess
import urllib.parse
import urllib.request

from town import BUILD, TREE

sessions = itertools.count(1)


class Web:
    """One dialogue at an aggregator of the africastalking kind."""

    def __init__(self, town, msisdn):
        self.town, self.msisdn = town, msisdn
        self.session = f"ATUid_{next(sessions)}"
        self.text = ""

    def post(self):
        body = urllib.parse.urlencode({"sessionId": self.session, "phoneNumber": f"+{self.msisdn}",
                                       "networkCode": "47001", "serviceCode": "*333#", "text": self.text})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.town.http[0]}/ussd/web", body.encode(), 20) as answer:
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            return answer.read().decode()

    def type(self, answer):
        self.text += ("*" if self.text else "") + answer
        return self.post()


def test_whole_complaint_with_every_request_twice(town):
    web = Web(town, 8801760000001)
    assert web.post() == web.post()
    pages = []
    for answer in ("3", "1", "2", "1", "1"):
        page = web.type(answer)
        assert web.post() == page, "the same request, the same page"
        pages.append(page)
    assert all(p.startswith("CON ") for p in pages[:-1]) and pages[-1].startswith("END Done."), pages
    assert town.sql("SELECT count(*) FROM kheya.case_file WHERE msisdn = '8801760000001'") == [(1,)]


def test_an_older_request_again(town):
    """It gets the page where she is now, at once, and changes nothing."""
    web = Web(town, 8801760000009)
    web.post()
    web.type("3")
    web.type("1")
    now = web.type("2")
    web.text = "3"
    assert web.post() == now
    web.text = "3*1*2"
    assert web.type("1").startswith("CON Send this complaint")


def test_star_is_an_answer(town):
    """'*' is a legal answer: it changes the script, and is not taken for a separator."""
    web = Web(town, 8801760000002)
    web.post()
    assert web.type("3").startswith("CON 333 Govt services")
    assert web.type("*").startswith("CON 333 সেবা")
    assert web.type("*").startswith("CON 333 Sorkari sheba")
    assert web.type("7").startswith("CON ")


def test_kill_in_the_middle(town):
    web = Web(town, 8801760000003)
    web.post()
    web.type("3")
    page = web.type("1")
    town.kheyads[0].kill()
    town.start_kheyad()
    town.ready()
    assert web.post() == page, "the same request after a restart"
    assert web.type("2").startswith("CON What happened?")


def test_a_new_dialogue_offers_to_continue(town):
    web = Web(town, 8801760000004)
    web.post()
    web.type("3")
    web.type("1")
    again = Web(town, 8801760000004)
    assert "Continue?" in again.post()
    assert again.type("1").startswith("CON Allowance & money")


def test_first_request_with_a_dialled_path(town):
    web = Web(town, 8801760000005)
    web.text = "1*1"
    assert "কোন ভাতা" in web.post()


def test_nothing_typed_is_logged(town):
    web = Web(town, 8801760000006)
    web.post()
    for answer in ("3", "1", "1", "2", "9753"):
        page = web.type(answer)
    assert page.startswith("CON ")
    log = town.kheyads[0].log.read_text()
    assert "9753" not in log and "8801760000006" not in log


def test_kheya_dial(town, tmp_path):
    """The handset of the command line plays a dialogue against the running daemon."""
    script = tmp_path / "a.dlg"
    script.write_text("dial *333#\nsee ~ Bangla okkhor\ntype 3\nsee ~ 333 Govt services\ntype 1\n"
                      "see ~ Has my money come?\n")
    dial = [BUILD / "kheya", "dial", "--http", f"127.0.0.1:{town.http[0]}", "--link", "web", "--msisdn",
            "8801760000007", "--script"]
    good = subprocess.run([*dial, script, "*333#"], capture_output=True, text=True, cwd=TREE, timeout=60, check=False)
    assert good.returncode == 0, good
    assert "Allowance & money" in good.stdout
    script.write_text("dial *333#\nsee ~ No such screen\n")
    bad = subprocess.run([*dial, script, "*333#"], capture_output=True, text=True, cwd=TREE, timeout=60, check=False)
    assert bad.returncode == 1, bad


def test_two_links_one_citizen(town):
    """What she began by HTTP goes on over SMPP, and the other way round."""
    from town import Phone

    web = Web(town, 8801760000008)
    web.post()
    web.type("3")
    web.type("1")
    phone = Phone(town, 8801760000008)
    assert "Continue?" in phone.dial()["text"]
    assert phone.type("1")["text"].startswith("Allowance & money")
    assert "Continue?" in Web(town, 8801760000008).post()
