"""The telco against the real bearerbox: the checks of selftest that need Kannel, one test each."""
import importlib.machinery
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parent


def load_selftest():
    loader = importlib.machinery.SourceFileLoader("selftest", str(HERE / "selftest"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("selftest", loader))
    loader.exec_module(module)
    return module


selftest = load_selftest()


@pytest.mark.parametrize("name, fn", [(name, fn) for name, fn, needs in selftest.CHECKS if needs])
def test_kannel(name, fn):
    fn()


def pages(esme, sms):
    """An application for the browser: the menu, then Bengali and an SMS."""
    def app(peer, d):
        if selftest.op(d) == 1:
            text, dcs = b"333 Govt services\n1 Allowance & money\n2 Land\n3 Passport\n9 More 0 Exit", 15
        elif selftest.op(d) == 18:
            text, dcs = "ভাতা\n1 টাকা এসেছে?\n2 টাকা পাইনি\n9 আরও 0 পিছে".encode("utf-16-be"), 8
            threading.Thread(target=sms.submit, args=(d["from"], "333: আপনার অভিযোগ নং 8123056783".encode("utf-16-be")),
                             kwargs={"dcs": 8, "service": "", "source": "333"}).start()
        else:
            return
        threading.Thread(target=peer.submit, args=(d["from"], text, 2, selftest.its(d), dcs)).start()
    esme.app = app


@pytest.mark.parametrize("width", [900, 500])
def test_web_handset(tmp_path, width):
    assert shutil.which("chromedriver"), "the package chromium-driver is missing"
    with selftest.Telco() as t:
        pages(t.esme(), t.esme(user="sms"))
        r = subprocess.run([sys.executable, str(HERE.parent / "integration" / "handset_browser.py"),
                            f"http://{t.control}/handset", "--shot", str(tmp_path / "handset.png"), "--see", "1 Allowance",
                            "--then", "টাকা", "--sms", "8123056783", "--width", str(width)],
                           capture_output=True, text=True, timeout=120, check=False)
        assert r.returncode == 0, r.stdout + r.stderr
        assert t.violations() == {}
