"""agency - the system of an agency that takes cases, and misbehaves as it is told.

A plan is a list of words, one for each request to come (the last stays): good, hang (no answer, until let go), die
(takes the case and closes the connection), twice (answers twice), late (takes the case at once and answers after three
seconds), busy (503), refuse (422), denied (401), have (409), garbage, silent (204).  Like a good system it takes
a case once, whatever comes again under the same id.

Asked at /status what became of cases it says what status holds of them (case: line), in the way that poll_plan says: good, hang,
die, busy, garbage, wrong (JSON, but not the right one), strange (lines about others and of other shapes before the good ones).
"""

import hashlib
import hmac
import http.server
import json
import threading
import time

KEY = b"0123456789abcdef shared"


class Agency:
    def __init__(self, plan=("good",), answer=None):
        self.plan = list(plan)
        self.answer = answer if answer is not None else {"state": "REGISTERED", "note": "Desk 4"}
        self.letters = []               # (id, headers, body) of all that came, in order
        self.taken = {}                 # id: body of what it took
        self.asked = {}                 # end of a path: what a hook there is answered
        self.status, self.polls, self.poll_plan = {}, [], "good"   # polls: lists of cases asked about
        self.lock = threading.Lock()
        self.gate = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def behave(self, *plan):
        with self.lock:
            self.plan = list(plan)

    def cases(self):
        return {json.loads(body)["case"] for body in self.taken.values()}

    def check(self):
        """Every letter was signed; what came again was the same."""
        bodies = {}
        for name, headers, body in self.letters:
            want = hmac.new(KEY, headers["X-Kheya-Time"].encode() + b"." + body, hashlib.sha256).hexdigest()
            assert headers["X-Kheya-Signature"] == want
            assert bodies.setdefault(name, body) == body, f"{name} came again as another letter"

    def handler(agency):  # pylint: disable=no-self-argument
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def say(self, status, body, times=1):
                try:
                    for _ in range(times):
                        self.send_response(status)
                        self.send_header("Content-Length", str(len(body)))
                        self.end_headers()
                        self.wfile.write(body)
                except OSError:         # kheyad had enough
                    self.close_connection = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.endswith("/status"):
                    self.poll(body)
                    return
                for path, answer in agency.asked.items():
                    if self.path.endswith(path):
                        self.say(200, json.dumps(answer).encode())
                        return
                name = self.headers["X-Kheya-Id"]
                with agency.lock:
                    agency.letters.append((name, dict(self.headers), body))
                    word = agency.plan.pop(0) if len(agency.plan) > 1 else agency.plan[0]
                    if word in ("good", "die", "twice", "late", "have", "garbage", "silent"):
                        agency.taken.setdefault(name, body)
                getattr(self, "at_" + word)()

            def poll(self, body):
                want = hmac.new(KEY, self.headers["X-Kheya-Time"].encode() + b"." + body, hashlib.sha256).hexdigest()
                assert self.headers["X-Kheya-Signature"] == want
                asked = json.loads(body)["cases"]
                with agency.lock:
                    agency.polls.append(asked)
                    plan = agency.poll_plan
                    lines = [{"case": n} | agency.status[n] for n in asked if n in agency.status]
                if plan == "strange":
                    lines = [7, {"case": 8123056783}, {"case": "8123056783", "state": "Done"}, {"state": "Done"}] + lines + \
                        [{"case": n, "state": "NO"} for n in asked[:1]]
                if plan == "good" or plan == "strange":
                    self.say(200, json.dumps({"cases": lines}).encode())
                elif plan == "wrong":
                    self.say(200, b'{"cases": {"8123056783": "Done"}}')
                else:
                    getattr(self, "at_" + plan)()

            def at_good(self):
                self.say(200, json.dumps(agency.answer).encode())

            def at_twice(self):
                self.say(200, json.dumps(agency.answer).encode(), times=2)

            def at_hang(self):
                agency.gate.wait(60)
                self.close_connection = True

            def at_die(self):
                self.close_connection = True

            def at_late(self):
                time.sleep(3)
                self.at_good()

            def at_busy(self):
                self.say(503, b"")

            def at_refuse(self):
                self.say(422, b'{"error": "no such office"}')

            def at_denied(self):
                self.say(401, b"")

            def at_have(self):
                self.say(409, json.dumps(agency.answer).encode())

            def at_garbage(self):
                self.say(200, b"<html>\xff thank you")

            def at_silent(self):
                self.say(204, b"")
        return Handler
