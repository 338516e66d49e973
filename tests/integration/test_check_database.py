"""kheya check --database: each way in which a query can be wrong, found on its line."""

import json
import subprocess

import pytest

from town import BUILD, TREE

HEAD = (TREE / "tests/golden/menu/valid-small/kheya.yaml").read_text().replace("  main: {text: Main}\n", "")

SQL = """
CREATE TYPE svc.colour AS ENUM ('red', 'blue');
CREATE DOMAIN svc.small_text AS text CHECK (length(value) < 20);
CREATE FUNCTION svc.probe_all() RETURNS TABLE (t text, v varchar(9), c char(3), e svc.colour, d svc.small_text, s smallint,
        i integer, b bigint, n numeric, f double precision, day date, at timestamptz, hour time, yes boolean,
        u uuid, a integer[])
    LANGUAGE sql STABLE AS 'SELECT NULL::text, NULL, NULL, NULL::svc.colour, NULL, NULL::smallint, 1, 2::bigint, 1.5, 1.5,
        NULL::date, NULL::timestamptz, NULL::time, true, NULL::uuid, NULL::integer[]';
CREATE FUNCTION svc.probe_born(day date) RETURNS TABLE (i integer) LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION svc.probe_id(id bigint) RETURNS TABLE (i integer) LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION svc.probe_secret() RETURNS TABLE (i integer) LANGUAGE sql STABLE AS 'SELECT 1';
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA svc FROM PUBLIC;
GRANT EXECUTE ON FUNCTION svc.probe_all(), svc.probe_born(date), svc.probe_id(bigint) TO kheya_menu;
"""


def dev_db(*words, **args):
    return subprocess.run([TREE / "scripts/dev-db", *map(str, words)], check=True, capture_output=True, text=True,
                          timeout=60, **args).stdout.strip()


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("db")
    owner = dev_db("start", folder)
    try:
        subprocess.run([BUILD / "kheya", "migrate", "--database", owner, "--sql", TREE / "sql"], check=True, timeout=60)
        dev_db("psql", folder, "-v", "ON_ERROR_STOP=1", "-q", input=SQL)
        yield dev_db("conninfo", folder, "kheya_daemon")
    finally:
        dev_db("destroy", folder)


def check(menus, conninfo, *more):
    return subprocess.run([BUILD / "kheya", "check", "--json", "--database", conninfo, *more, menus], capture_output=True,
                          text=True, timeout=60, check=False)


def judged(tmp_path, conninfo, queries, records):
    """What is said of queries, one a line: {query: [(code, text)]}."""
    lines = {name: i + 2 for i, name in enumerate(queries)}
    text = "queries:\n" + "".join(f"  {name}: {line}\n" for name, line in queries.items())
    text += "records:\n" + "".join(f"  {name}: {fields}\n" for name, fields in records.items())
    asks = "".join(f"  q{i}: {{query: {name}, into: r{i}, goto: shown}}\n" for i, name in enumerate(queries))
    links = "".join(f"    {i + 1 if i < 8 else i + 3}: {{text: Q, goto: q{i}}}\n" for i in range(len(queries)))
    (tmp_path / "kheya.yaml").write_text(HEAD + "  main:\n   text: Main\n   options:\n" + links + asks +
                                         "  shown: {text: Shown, end: yes}\n")
    (tmp_path / "data.yaml").write_text(text)
    done = check(tmp_path, conninfo)
    found = {name: [] for name in queries}
    for issue in json.loads(done.stdout):
        if not issue["code"].startswith(("E29", "W29")):
            assert issue["severity"] == "warning", issue
            continue
        name = next(n for n, line in lines.items() if line == issue["line"])
        assert issue["file"].endswith("data.yaml")
        found[name].append((issue["code"], issue["text"]))
    assert done.returncode == (1 if any(c[0] == "E" for said in found.values() for c, _ in said) else 0), done.stderr
    return found


def test_shipped_menus(database):
    done = check(TREE / "menus", database)
    assert done.returncode == 0, done.stdout
    assert not [i for i in json.loads(done.stdout) if i["code"][1:3] == "29"]


def test_each_mistake(tmp_path, database):
    asked = {
        "syntax": "{sql: SELECT i FORM svc.probe_all(), returns: one}",
        "no_function": "{sql: SELECT i FROM svc.probe_al(), returns: one}",
        "no_column": "{sql: SELECT ii AS i FROM svc.probe_all(), returns: one}",
        "writes": "{sql: DELETE FROM svc.office RETURNING 1 AS i, returns: one}",
        "two": "{sql: 'SELECT 1 AS i; SELECT 2 AS i', returns: one}",
        "table": "{sql: SELECT 1 AS i FROM svc.office, returns: one}",
        "secret": "{sql: SELECT i FROM svc.probe_secret(), returns: one}",
        "engine": "{sql: SELECT 1 AS i FROM kheya.session, returns: one}",
        "count": "{sql: SELECT 1 AS i /* of $1 */, args: [today], returns: one}",
        "arg": "{sql: SELECT i FROM svc.probe_born($1), args: [citizen.lang], returns: one}",
        "column": "{sql: SELECT i AS cuont FROM svc.probe_all(), returns: counted}",
        "type": "{sql: SELECT day AS i FROM svc.probe_all(), returns: one}",
        "more": "{sql: 'SELECT i, t, day FROM svc.probe_all()', returns: pair}",
        "good": "{sql: 'SELECT i FROM svc.probe_id($1) -- a comment', args: [citizen.msisdn], returns: one}",
    }
    said = judged(tmp_path, database, asked, {"one": "{i: whole}", "pair": "{i: whole, t: text(9)}",
                                                "counted": "{count: whole}"})
    codes = {name: [code for code, _ in found] for name, found in said.items()}
    assert codes == {
        "syntax": ["E290"], "no_function": ["E290"], "no_column": ["E290"], "writes": ["E290"], "two": ["E290"],
        "table": ["E291"], "secret": ["E291"], "engine": ["E291"], "count": ["E292"], "arg": ["E293"],
        "column": ["E294", "W296"], "type": ["E295"], "more": ["W296"], "good": [],
    }
    assert 'syntax error at or near "svc"' in said["syntax"][0][1] or "FORM" in said["syntax"][0][1]
    assert "did you mean 'cuont'" in said["column"][0][1]
    assert "column 'i' of query 'type' is date; the field is whole" in said["type"][0][1]


FITS = {                                # field's type: the columns it takes
    "text(20)": "t v c e d s i b n0",
    "word(20)": "t v c e d s i b n0",
    "whole": "s i b n0",
    "date": "day at",
    "msisdn": "t v c e d s i b n0",
    "yesno": "t v c e d yes",
    "case_no": "t v c e d s i b n0",
    "nid4": "t v c e d s i b n0",
    "kind": "t v c e d",
}


@pytest.mark.parametrize("kind", FITS)
def test_types(tmp_path, database, kind):
    (tmp_path / "types.yaml").write_text("types:\n  nid4: {pattern: '[0-9]{4}', width: 4}\n"
                                         "  kind: {choice: {red: Red, blue: Blue}}\n")
    columns = "t v c e d s i b n n0 f day at hour yes u a".split()
    asked = {f"of_{c}": f"{{sql: 'SELECT {'n::numeric(8,0)' if c == 'n0' else c} AS x FROM svc.probe_all()', returns: r}}" for c in columns}
    said = judged(tmp_path, database, asked, {"r": f"{{x: {kind}}}"})
    assert [c for c in columns if not said[f"of_{c}"]] == [c for c in columns if c in FITS[kind].split()]
    assert {code for found in said.values() for code, _ in found} <= {"E295"}


def test_no_database(tmp_path):
    done = check(TREE / "menus", f"host={tmp_path}")
    assert done.returncode == 1
    assert done.stderr.startswith("kheya check: no database: ") and done.stderr.count("\n") == 1


def test_no_member(tmp_path_factory):
    """A role that may not become kheya_menu: one clear line."""
    folder = tmp_path_factory.mktemp("bare")
    owner = dev_db("start", folder)
    try:
        done = check(TREE / "menus", owner)
        assert done.returncode == 1
        assert done.stderr == 'kheya check: no database: role "kheya_menu" does not exist\n'
    finally:
        dev_db("destroy", folder)
