"""Ideas and votes: what others read is what an operator showed; votes are voters, one a week, whatever is killed."""

import random

import pytest

from test_catalogue import kheya, speaks, through
from town import Phone, Town, typed_and_killed, wait_for

HERS = "8801711000001"                  # of Kukri Mukri, by her allowance
# a vote put in by hand: number, how long ago in ms, turn, idea
VOTED = ("INSERT INTO kheya.audit (bucket, at, msisdn, code, turn, seq, actor, event, fields) SELECT kheya.bucket(v.n),"
         " (extract(epoch FROM now()) * 1000)::bigint + v.at, v.n, '333', v.turn, 9, 'citizen', 'idea_vote',"
         " jsonb_build_object('idea', v.idea) FROM (VALUES (%s, %s, %s, %s)) AS v(n, at, turn, idea)")
VOTES = "SELECT idea::text, msisdn FROM kheya.idea_vote ORDER BY at"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    t = Town(tmp_path_factory.mktemp("ideas"))
    try:
        yield t.start(relay=True)
    finally:
        t.stop()


def moved(town, number, state, note):
    done = kheya(town, "case", "move", number, state, "--note", note)
    assert done.returncode == 0, done.stderr
    return done


def given(town, phone, words):
    before = town.sql("SELECT count(*) FROM kheya.case_file WHERE service = 'idea'")[0][0]
    phone.dial("*333*15*1#")
    assert "Write your idea" in through(phone, "1", "1")
    assert "Send your idea?" in through(phone, words)
    assert "We read it and tell you by SMS." in through(phone, "1")
    rows = town.sql("SELECT number::text FROM kheya.case_file WHERE service = 'idea' ORDER BY created DESC, number")
    assert len(rows) == before + 1
    return rows[0][0]


def test_an_idea_is_shown_with_an_operators_words(town):
    phone = Phone(town, HERS)
    speaks(phone, "en")
    number = given(town, phone, "Rahim of ward 3 says a boat for school children")
    wait_for("the SMS", lambda: any(number in text and "kept" in text for text in phone.sms()))
    phone.dial("*333*15*2#")
    assert "No idea of your upazila is shown yet" in through(phone, "1"), "nobody reads it before an operator has"
    moved(town, number, "shown", "Boat for school children")
    wait_for("the news", lambda: any("All can vote" in text for text in phone.sms()))
    phone.dial("*333*15*2#")
    shown = through(phone, "1")
    assert "1 Boat for school children" in shown and "Rahim" not in shown
    # one that is like it becomes a vote
    phone.dial("*333*15*1#")
    through(phone, "1", "1")
    assert "Is it like this one?\nBoat for school children" in through(phone, "our school children want a boat")
    assert "Your vote counts" in through(phone, "1")
    assert town.sql(VOTES) == [(number, HERS)]
    phone.dial("*333*15*2#")
    assert "You voted this week" in phone.look()["text"]
    # another's of last week does not stand in her way
    town.sql(VOTED, "8801711000003", -7 * 86400000, 1, number)
    other = Phone(town, "8801711000003")
    town.sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) VALUES (kheya.bucket('8801711000003'), '8801711000003',"
             " 'en', '', 0)")
    other.dial("*333*15*2#")
    assert "Votes: 2" in through(other, "1", "1")
    assert "Your vote counts" in through(other, "1")
    assert town.sql("SELECT votes FROM kheya.idea") == [(3,)]
    assert moved(town, number, "no", "Too dear").returncode == 0
    phone.dial("*333*15*3#")
    assert "Not this time" in through(phone, "1")


def test_two_at_the_same_moment_are_one_vote(town):
    """By two codes, each of which found that she had not voted: the first counts."""
    for turn in (901, 902):
        town.sql(VOTED, "8801711000104", turn, turn, "9123056789")
    assert town.sql("SELECT count(*) FROM kheya.idea_vote WHERE msisdn = '8801711000104'") == [(1,)]


def test_votes_are_voters_after_kills(town):
    """Many vote, some twice, while kheyad dies: every page of thanks is a vote, and nobody has two."""
    rnd = random.Random(15)
    shown = []
    for n, words in enumerate(("Lamp at the ferry ghat", "Well at the market", "Clean the canal")):
        town.sql("UPDATE kheya.citizen SET lang = 'en'")
        number = given(town, Phone(town, HERS), f"{words} {n}")
        moved(town, number, "shown", words)
        shown.append(number)
    people = [str(8801711600000 + n) for n in range(14)]
    town.sql("INSERT INTO svc.beneficiary (msisdn, allowance, nid4, name, union_code, since) SELECT unnest(%s::text[]), 'OAA',"
             " '0000', 'Example', '092544', '2024-07-01'", people)
    town.sql("INSERT INTO kheya.citizen (bucket, msisdn, lang, link, seen) SELECT kheya.bucket(p), p, 'en', '', 0 FROM unnest(%s::text[]) p",
             people)
    thanked = set()
    for turn, who in enumerate(people + rnd.sample(people, 6)):
        phone = Phone(town, who)
        phone.dial("*333*15*2#")
        if "You voted this week" in phone.look()["text"]:
            assert who in thanked or town.sql("SELECT count(*) FROM kheya.idea_vote WHERE msisdn = %s", who) == [(1,)]
            continue
        assert "Which idea?" in through(phone, "1")
        through(phone, str(rnd.randint(1, 3)))
        page = typed_and_killed(town, phone, "1") if turn % 5 == 4 else phone.type("1")
        if "Your vote counts" in page["text"]:
            assert who not in thanked, "thanked once a week"
            thanked.add(who)
    votes = town.sql("SELECT v.msisdn FROM kheya.idea_vote v JOIN unnest(%s::text[]) p ON p = v.msisdn", people)
    assert sorted(v for v, in votes) == people, "each of them once"
    assert town.sql("SELECT sum(votes) FROM kheya.idea WHERE number::text = ANY(%s)", shown)[0][0] == len(people)
    assert town.sql("SELECT count(*) FROM kheya.audit a WHERE a.event = 'idea_vote' AND a.msisdn = ANY(%s)", people) == [(len(people),)]
