"""The demonstration's web handset, in a headless browser: even the page goes through kheyad, bearerbox and SMPP."""

import subprocess

from town import TREE


def test_web_handset(town, tmp_path):
    shot = tmp_path / "handset.png"
    got = subprocess.run(["/usr/bin/python3", TREE / "tests" / "integration" / "handset_browser.py",
                          f"http://127.0.0.1:{town.http[0]}/handset", "--press", "3", "--then", "Govt", "--shot", shot],
                         capture_output=True, text=True, timeout=180, check=False)
    assert got.returncode == 0, got
    assert shot.read_bytes().startswith(b"\x89PNG")
    dialled = town.sql("SELECT count(*) FROM kheya.session")
    assert dialled[0][0] >= 1, "the page dialled through SMPP to the database"
