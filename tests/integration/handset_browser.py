#!/usr/bin/env python3
"""The web handset in a real browser: dial, read, answer, see an SMS.

usage: handset_browser.py URL [--shot FILE.png] [--code '*333#'] [--see TEXT] [--press 1] [--then TEXT]
                          [--sms TEXT] [--msisdn N] [--width 800]

URL is that of the page, http://127.0.0.1:8333/handset.  Drives Debian's
chromedriver by the WebDriver protocol with plain urllib; exit 0, or 1 with the
line that failed.
"""
import argparse
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Failed(Exception):
    pass


class Browser:
    """One chromedriver with one window."""

    def __init__(self, width):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.profile = tempfile.mkdtemp(prefix="kheya-browser-")
        self.process = subprocess.Popen(["chromedriver", "--port=%d" % self.port], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.session = None
        try:
            self.await_driver()
            args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                    "--window-size=%d,760" % width, "--user-data-dir=" + self.profile]
            got = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": {"args": args},
                "goog:loggingPrefs": {"browser": "ALL"}}}})
            self.session = got["sessionId"]
            self.call("POST", self.at("/window/rect"), {"width": width, "height": 760})
        except Exception:
            self.close()
            raise

    def at(self, path):
        return "/session/%s%s" % (self.session, path)

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request("http://127.0.0.1:%d%s" % (self.port, path), data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as r:
                return json.load(r)["value"]
        except urllib.error.HTTPError as e:
            raise Failed("browser: %s %s: %s" % (method, path, json.load(e)["value"].get("message", "")[:300])) from e

    def await_driver(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if self.call("GET", "/status")["ready"]:
                    return
            except OSError:
                time.sleep(0.1)
        raise Failed("chromedriver does not start")

    def open(self, url):
        self.call("POST", self.at("/url"), {"url": url})

    def find(self, css):
        return self.call("POST", self.at("/element"), {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.call("POST", self.at("/element/%s/click" % self.find(css)), {})

    def type(self, css, text):
        self.call("POST", self.at("/element/%s/value" % self.find(css)), {"text": text})

    def script(self, code):
        return self.call("POST", self.at("/execute/sync"), {"script": "return " + code, "args": []})

    def text(self, css):
        return self.script("document.querySelector(%s).textContent" % json.dumps(css))

    def shot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("GET", self.at("/screenshot"))))

    def log(self):
        try:
            return [e["message"] for e in self.call("POST", self.at("/se/log"), {"type": "browser"})]
        except (Failed, OSError):
            return []

    def close(self):
        if self.session:
            try:
                self.call("DELETE", self.at(""))
            except (Failed, OSError):
                pass
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


def wait_for(what, fn, seconds=20):
    end = time.monotonic() + seconds
    value = None
    while time.monotonic() < end:
        value = fn()
        if value:
            print("ok   %s" % what)
            return value
        time.sleep(0.05)
    raise Failed("%s: not within %d s" % (what, seconds))


def check(what, ok):
    if not ok:
        raise Failed(what)
    print("ok   %s" % what)


def count_is_right(b):
    """What the page says about the screen agrees with the screen."""
    text, cost = b.text("#text"), b.text("#cost")
    m = re.fullmatch(r"(\d+)/(\d+) (septets|units)", cost)
    if not m:
        return False
    plain = all(c.isascii() and c not in "[]{}^~|\\`" for c in text)
    units = len(text.encode("utf-16-be")) // 2
    return int(m[1]) <= int(m[2]) and (m[3] == "units" or plain) and int(m[1]) == units


def play(b, args):
    b.open(args.url + ("&" if "?" in args.url else "?") + "msisdn=" + args.msisdn)
    wait_for("the page is alive", lambda: b.script("document.querySelector('#lcd') && !!document.querySelector('#who')"
                                                   ".textContent && document.querySelector('#lcd').dataset.state"))
    check("it shows its number", b.text("#who") == args.msisdn)
    b.click("[data-do=end]")
    for key in args.code:
        b.click('[data-key="%s"]' % key)
    check("keys write what they say", b.script("document.querySelector('#entry').value") == args.code)
    b.click("[data-do=call]")
    state = lambda: b.script("document.querySelector('#lcd').dataset.state")
    wait_for("dialled %s, a screen comes" % args.code, lambda: state() == "shown")
    print("     | " + b.text("#text").replace("\n", "\n     | "))
    check("the screen says %r" % args.see, args.see in b.text("#text"))
    check("its count is right (%s)" % b.text("#cost"), count_is_right(b))
    before = b.text("#text")
    b.type("#entry", args.press)
    check("the keyboard writes too", b.script("document.querySelector('#entry').value") == args.press)
    b.type("#entry", "\ue007")          # Enter
    wait_for("answered %s, the screen changes" % args.press, lambda: b.text("#text") != before and
             state() in ("shown", "ended"))
    print("     | " + b.text("#text").replace("\n", "\n     | "))
    check("the screen says %r" % args.then, args.then in b.text("#text"))
    check("its count is right (%s)" % b.text("#cost"), count_is_right(b))
    if args.sms:
        wait_for("an SMS comes", lambda: args.sms in b.text("#inbox"))
    check("every key has a label", b.script(
        "[...document.querySelectorAll('button')].every(k => (k.getAttribute('aria-label') || k.textContent).trim())"))
    check("nothing is wider than the window",
          b.script("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
    if args.shot:
        b.shot(args.shot)
        check("screenshot %s" % args.shot, os.path.getsize(args.shot) > 5000)
    bad = [m for m in b.log() if "favicon" not in m]
    check("the browser's console is empty %s" % (bad or ""), not bad)
    b.click("[data-do=end]")
    wait_for("the red key ends it", lambda: state() == "idle")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("url")
    p.add_argument("--shot")
    p.add_argument("--code", default="*333#")
    p.add_argument("--see", default="")
    p.add_argument("--press", default="1")
    p.add_argument("--then", default="")
    p.add_argument("--sms", default="")
    p.add_argument("--msisdn", default="8801711000001")
    p.add_argument("--width", type=int, default=800)
    args = p.parse_args()
    browser = None
    try:
        browser = Browser(args.width)
        play(browser, args)
    except (Failed, OSError) as e:
        print("FAILED %s" % e)
        if browser and browser.session and args.shot:
            browser.shot(args.shot)
        return 1
    finally:
        if browser:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
