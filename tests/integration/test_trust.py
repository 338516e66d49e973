"""On behalf of another: a called dialogue, her consent by a code to her phone, and the audit of it, whatever is killed."""

import re

import pytest

from town import TREE, killed_and_back, typed_and_killed, wait_for

CLINIC = TREE / "tests" / "dialog" / "clinic"
PERSON = """
    CREATE FUNCTION svc.person(card text) RETURNS TABLE (name text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT 'Rahima' $$;
    REVOKE ALL ON FUNCTION svc.person(text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION svc.person(text) TO kheya_menu;
"""


@pytest.fixture
def clinic(broken_town, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(range(32)))
    secret.chmod(0o600)
    town = broken_town(menus=CLINIC, conf=f"secret: {secret}", telco=("--code", "*16263#"))
    town.sql(PERSON)
    return town


def codes(phone):
    return [m[1] for m in (re.search(r"Clinic: code (\d{4}) if", text) for text in phone.sms()) if m]


def resumed(phone):
    phone.cancel()
    assert "Continue?" in phone.dial("*16263#")["text"]
    return phone.type("1")


def test_consent_through_kills(clinic, phone_of):
    """Killed inside the callee, at the commit that sends the code, and at the one that takes it: one SMS, one row."""
    town, agent, her = clinic, phone_of(clinic), phone_of(clinic)
    town.sql("INSERT INTO kheya.agent (msisdn, name, centre) VALUES (%s, 'Example', 'Kukri Mukri')", agent.msisdn)
    assert "My centre" in agent.dial("*16263#")["text"]
    agent.type("5")
    agent.type(her.msisdn)
    assert "Is it Rahima?" in agent.type("K4711")["text"]

    killed_and_back(town)
    assert "Is it Rahima?" in resumed(agent)["text"]
    assert "Number on the other card?" in agent.type("0")["text"], "the frame came back with the row"
    agent.type("K4711")
    assert "The code on her phone" in typed_and_killed(town, agent, "1")["text"]
    wait_for("her code", lambda: codes(her))
    code = codes(her)[0]
    wrong = "1000" if code != "1000" else "1001"
    assert "That is not the code." in agent.type(wrong)["text"]
    agent.type("1")
    killed_and_back(town)               # the same key, from the file
    assert "The code on her phone" in resumed(agent)["text"]
    shown = typed_and_killed(town, agent, code)
    assert "K4711 is registered." in shown["text"], shown

    rows = town.sql("SELECT actor, event, fields FROM kheya.audit WHERE msisdn = %s", agent.msisdn)
    assert rows == [("agent", "consent", {"patient": "K4711", "phone": her.msisdn, "agreed": "yes"})], rows
    assert codes(her) == [code], "one SMS"
    wait_for("an empty text", lambda: town.sql(
        "SELECT class, text, state >= 2 FROM kheya.outbox WHERE receiver = %s", her.msisdn) == [("otp", "", True)])
    assert not any("Clinic: code" in log.read_text() for log in town.folder.glob("kheyad*.log"))


def test_warning(clinic, phone_of):
    """On within a second or so, and off again."""
    town, phone = clinic, phone_of(clinic)
    assert "Warning" not in phone.dial("*16263#")["text"]
    town.sql("WITH a AS (INSERT INTO kheya.alert DEFAULT VALUES RETURNING id)"
             " INSERT INTO kheya.alert_text SELECT id, 'en', 'Signal 7. Go to the shelter.' FROM a")

    def offers():
        phone.cancel()
        return "4 Warning" in phone.dial("*16263#")["text"]
    wait_for("the warning", offers)
    assert "Signal 7. Go to the shelter." in phone.type("4")["text"]
    town.sql("UPDATE kheya.alert SET active = false")
    phone = phone_of(town)
    wait_for("no warning", lambda: not offers())
