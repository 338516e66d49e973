#!/usr/bin/env python3
"""agencies - one agency that hangs does not slow the others.

Four agencies' systems; citizens ask each of them something and hand each of them a case, through HTTP. Once all four
are well, once the first never answers anything, while others than those who are measured go on asking it and
filing cases for it. Its breaker is set so that it is never left alone: the worst that it can do.

Used by tests/bench/run; as a program it is the four systems (agencies.py serve [hang]).
"""
import http.server
import json
import pathlib
import re
import statistics
import sys
import threading
import time
import urllib.parse
import urllib.request

COUNT = 4
CITIZENS = 6
NAMES = [f'agency{i}' for i in range(COUNT)]

HEAD = """\
language: 1
code: ["*445#"]
name: Agencies
languages: {en: {name: English}}
words: {back: Back, exit: Exit, more: More, tries: "{n} tries left", wrong: Not right, choose: Choose one number.,
  copied: That is our example., too_many: "Call {helpline}.", busy: "Busy. Call {helpline}.", continue: "Continue?",
  "yes": "Yes", new: New, bye: Good bye., no_code: No such code., months: Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec}
start: main
helpline: "445"
records: {answer: {state: word(12)}}
"""


def menus(folder, ports):
    """One hook and one service for each."""
    folder.mkdir(parents=True, exist_ok=True)
    backends = ''.join(f'  {n}: {{kind: http, url: "http://127.0.0.1:{p}", key: keys/bench, breaker: {{fails: 1000, rest: 100ms}}, '
                       'retry: {first: 1s, longest: 5s}, taken: received}\n' for n, p in zip(NAMES, ports))
    services = ''.join(f'  {n}: {{number: {i}, title: {n}, fields: {{what: word(12)}}, backend: {n}, '
                       'states: {submitted: [received], received: []}}\n' for i, n in enumerate(NAMES, 1))
    options = ''.join(f'      {i}: {{text: {n}, goto: ask_{n}}}\n' for i, n in enumerate(NAMES, 1))
    screens = ''.join(f"""  ask_{n}: {{hook: {n}, path: /status, with: {{phone: citizen.msisdn}}, returns: answer, into: a_{n}, none: away, fail: away, goto: told_{n}}}
  told_{n}: {{text: "It is {{a_{n}.state}}", options: {{1: {{text: File, goto: file_{n}}}}}}}
  file_{n}: {{submit: {n}, with: {{what: "'bench'"}}, into: case, goto: done}}
""" for n in NAMES)
    (folder / 'kheya.yaml').write_text(f"""{HEAD}backends:
{backends}services:
{services}screens:
  main:
    text: Agencies
    options:
{options}{screens}  away: {{text: They do not answer., options: {{1: {{text: File, goto: file_{NAMES[0]}}}}}}}
  done: {{text: "Number {{case.no}}", end: yes}}
""")


# --- the systems ------------------------------------------------------------------------


class System(http.server.BaseHTTPRequestHandler):
    hangs = False
    taken = {}

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        if self.hangs:
            time.sleep(3600)
        self.taken.setdefault(body.get('case'), time.monotonic())
        answer = b'{}' if 'case' in body else b'{"state": "well"}'
        self.send_response(200)
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def serve(hang):
    servers = []
    for i in range(COUNT):
        handler = type(f'System{i}', (System,), {'hangs': hang and i == 0})
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
        server.daemon_threads = True
        server.request_queue_size = 256
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
    print('ports', *[s.server_address[1] for s in servers], flush=True)
    for _ in sys.stdin:
        print(json.dumps(System.taken), flush=True)


# --- the citizens -------------------------------------------------------------------------


class Citizens(threading.Thread):
    """One after the other, each asks one agency and files a case for it."""

    def __init__(self, port, first, agencies, until):
        super().__init__(daemon=True)
        self.port, self.number, self.agencies, self.until = port, first, agencies, until
        self.asked, self.filed = [], {}     # seconds; case: when
        self.wrong = 0

    def step(self, session, msisdn, text):
        body = urllib.parse.urlencode({'sessionId': session, 'phoneNumber': f'+{msisdn}', 'networkCode': '47001',
                                       'serviceCode': '*445#', 'text': text}).encode()
        began = time.monotonic()
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/ussd/web', data=body, timeout=30) as r:
            return r.read().decode(), time.monotonic() - began

    def one(self, agency):
        msisdn, session = self.number, f'bench{self.number}'
        self.number += 1
        self.step(session, msisdn, '')
        page, took = self.step(session, msisdn, str(agency + 1))
        self.asked.append(took)
        self.wrong += 'well' not in page and agency != 0
        page, _ = self.step(session, msisdn, f'{agency + 1}*1')
        found = re.search(r'Number (\d{10})', page)
        self.wrong += found is None
        if found:
            self.filed[found[1]] = time.monotonic()

    def run(self):
        i = 0
        while time.monotonic() < self.until:
            self.one(self.agencies[i % len(self.agencies)])
            i += 1


def p95(values):
    return statistics.quantiles(values, n=20)[18] if len(values) > 1 else 0.0


def window(port, systems, first, seconds):
    """Those who are measured ask all but the first agency; two others ask the first all the while."""
    until = time.monotonic() + seconds
    measured = [Citizens(port, first + 10000 * i, range(1, COUNT), until) for i in range(CITIZENS)]
    others = [Citizens(port, first + 10000 * (CITIZENS + i), [0], until) for i in range(2)]
    for c in measured + others:
        c.start()
    for c in measured + others:
        c.join()
    filed = {k: v for c in measured for k, v in c.filed.items()}
    for _ in range(100):
        taken = systems.ask('taken')
        if all(case in taken for case in filed):
            break
        time.sleep(0.1)
    arrived = [max(0.0, taken[case] - at) for case, at in filed.items() if case in taken]
    asked = [t for c in measured for t in c.asked]
    return {'asked': len(asked), 'ask_p50_ms': 1e3 * statistics.median(asked), 'ask_p95_ms': 1e3 * p95(asked),
            'filed': len(filed), 'arrived': len(arrived), 'handover_p50_ms': 1e3 * statistics.median(arrived),
            'handover_p95_ms': 1e3 * p95(arrived), 'filed_for_the_first': sum(len(c.filed) for c in others),
            'wrong': sum(c.wrong for c in measured + others) + len(filed) - len(arrived)}


def measure(bench, child, out):
    """The two windows, each with a daemon of its own."""
    seconds = 3 if bench.quick else 8
    found = {}
    (out / 'keys').mkdir(parents=True, exist_ok=True)
    (out / 'keys/bench').write_bytes(b'0123456789abcdef')
    (out / 'keys/bench').chmod(0o600)
    for i, (name, words) in enumerate((('all well', ['serve']), ('one hangs', ['serve', 'hang']))):
        systems = child(f'agencies{i}', [sys.executable, pathlib.Path(__file__), *words])
        menus(out / f'agencies{i}', [int(p) for p in systems.line().split()[1:]])
        daemon = bench.kheyad(out / f'agencies{i}')
        window(daemon.http, systems, 8801700000000 + 2_000_000 * i, 1)
        found[name] = window(daemon.http, systems, 8801701000000 + 2_000_000 * i, seconds)
        daemon.end()
        systems.end()
    return found


if __name__ == '__main__':
    serve('hang' in sys.argv[2:])
