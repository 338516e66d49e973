"""Peers for the telco's own test: the real bearerbox, a tiny box that speaks
its protocol in place of smsbox, and a tiny ESME that speaks SMPP.

Nothing here is shared with the daemon or with the telco: three independent
readings of the same protocols.
"""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from ports import free_port  # noqa: E402

CONF = """\
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = test
status-password = test
admin-deny-ip = "*.*.*.*"
admin-allow-ip = "127.0.0.1"
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
smsbox-max-pending = 1000
sms-incoming-queue-limit = 20000
sms-outgoing-queue-limit = 20000
sms-resend-retry = 10
sms-resend-freq = 1
sms-combine-concatenated-mo = true
dlr-storage = internal
log-file = "{dir}/bearerbox.log"
log-level = {log}

group = smsbox
bearerbox-host = 127.0.0.1

group = smsbox-route
smsbox-id = kheya
smsc-id = "ussd1;sms1"

{links}
group = smpp-tlv
name = ussd_service_op
tag = 0x0501
type = octetstring
length = 1
smsc-id = ussd1

group = smpp-tlv
name = its_session_info
tag = 0x1383
type = octetstring
length = 2
smsc-id = ussd1

group = smpp-tlv
name = user_message_reference
tag = 0x0204
type = integer
length = 2
smsc-id = ussd1
"""

LINK = """\
group = smsc
smsc = smpp
smsc-id = {id}
smsc-admin-id = {id}-{way}
allowed-smsc-id = {id}
host = 127.0.0.1
port = {tx}
receive-port = {rx}
transceiver-mode = false
smsc-username = {user}
smsc-password = secret
system-type = "{user}"
{service}esm-class = 0
interface-version = 34
address-range = ""
source-addr-ton = 0
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1
source-addr-autodetect = false
max-sms-octets = {octets}
max-pending-submits = 500
wait-ack = 10
wait-ack-expire = 0x01
enquire-link-interval = 5
reconnect-delay = 1

"""


def wait_port(port, process, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError("process ended with %d" % process.returncode)
        with socket.socket() as s:
            s.settimeout(0.5)
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("port %d did not open" % port)


class Bearerbox:
    """/usr/sbin/bearerbox between one USSD and one SMS account of a telco."""

    def __init__(self, folder, smpp_port, log=1):
        self.admin, self.box = free_port(), free_port()
        links = ""
        for smsc, user, service, octets in (("ussd1", "ussd", 'service-type = "USSD"\n', 160), ("sms1", "sms", "", 140)):
            for way, tx, rx in (("tx", smpp_port, 0), ("rx", 0, smpp_port)):
                link = LINK.format(id=smsc, way=way, tx=tx, rx=rx, user=user, service=service, octets=octets)
                drop = "receive-port" if way == "tx" else None
                links += "\n".join(l for l in link.split("\n") if not (drop and l.startswith(drop)))
        os.makedirs(folder, exist_ok=True)
        self.conf = os.path.join(folder, "kannel.conf")
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(CONF.format(admin=self.admin, box=self.box, dir=folder, log=log, links=links))
        self.out = open(os.path.join(folder, "bearerbox.out"), "ab")
        self.process = subprocess.Popen(["/usr/sbin/bearerbox", self.conf], stdout=self.out, stderr=self.out)
        wait_port(self.box, self.process)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.out.close()


SMS = ("s sender, s receiver, s udhdata, s msgdata, i time, s smsc_id, s smsc_number, s foreign_id, s service, s account, "
       "s id, i sms_type, i mclass, i mwi, i coding, i compress, i validity, i deferred, i dlr_mask, s dlr_url, i pid, "
       "i alt_dcs, i rpi, s charset, s boxc_id, s binfo, i msg_left, i priority, i resend_try, i resend_time, s meta_data")
SMS = [f.split() for f in SMS.split(", ")]


def decode_meta(meta):
    """?smpp?a=%01&b=2&?other?... to {group: {key: octets}}."""
    parts = (meta or b"").split(b"?")[1:]
    groups = {}
    for name, pairs in zip(parts[0::2], parts[1::2]):
        groups[name.decode()] = {k.decode(): urllib.parse.unquote_to_bytes(v.replace(b"+", b" "))
                                 for k, v in (p.split(b"=", 1) for p in pairs.split(b"&") if p)}
    return groups


class Box(threading.Thread):
    """smsbox's place: gives every MO to app(box, sms), acknowledges, notes reports."""

    def __init__(self, port, app):
        super().__init__(daemon=True)
        self.app = app
        self.acks, self.reports, self.mo = [], [], []
        self.lock = threading.Lock()
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.frame(struct.pack(">ii", 1, 3) + self.string(b"kheya"))
        self.start()

    @staticmethod
    def string(s):
        return struct.pack(">i", -1) if s is None else struct.pack(">i", len(s)) + s

    def frame(self, body):
        with self.lock:
            self.sock.sendall(struct.pack(">i", len(body)) + body)

    def quickack(self):
        self.sock.setsockopt(socket.IPPROTO_TCP, 12, 1)

    def send(self, **fields):
        """One MT."""
        sms = {name: (-1 if kind == "i" else None) for kind, name in SMS}
        sms.update(id=str(uuid.uuid4()).encode(), sms_type=1, time=int(time.time()), boxc_id=b"kheya", resend_try=10,
                   dlr_mask=24, dlr_url=b"token", priority=0, coding=0)
        sms.update(fields)
        body = struct.pack(">i", 2)
        for kind, name in SMS:
            body += struct.pack(">i", sms[name]) if kind == "i" else self.string(sms[name])
        self.frame(body)
        return sms["id"]

    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def run(self):
        try:
            while True:
                n, = struct.unpack(">i", self.read(4))
                self.message(self.read(n))
                self.quickack()
        except OSError:
            pass

    def message(self, body):
        at = 4

        def integer():
            nonlocal at
            at += 4
            return struct.unpack(">i", body[at - 4:at])[0]

        def string():
            nonlocal at
            n = integer()
            if n < 0:
                return None
            at += n
            return body[at - n:at]

        kind, = struct.unpack(">i", body[:4])
        if kind == 3:
            nack, _, ident = integer(), integer(), string()
            self.acks.append((ident, nack))
        if kind != 2:
            return
        sms = {name: integer() if k == "i" else string() for k, name in SMS}
        self.frame(struct.pack(">iii", 3, 0, int(time.time())) + self.string(sms["id"]))
        if sms["sms_type"] == 3:
            self.reports.append(sms)
        else:
            self.mo.append(sms)
            self.app(self, sms)

    def close(self):
        self.sock.close()


class Esme(threading.Thread):
    """A peer that speaks SMPP itself, for what bearerbox would never do."""

    def __init__(self, port, command=0x09, user="ussd", password="secret", answer=True):
        super().__init__(daemon=True)
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sequence, self.answer, self.app = 0, answer, None
        self.got, self.cond, self.closed = [], threading.Condition(), False
        self.start()
        if command:
            self.bound = self.ask(command, user.encode() + b"\0" + password.encode() + b"\0\0\x34\0\0\0")

    def pdu(self, command, body=b"", status=0, sequence=None):
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        self.sock.sendall(struct.pack(">IIII", 16 + len(body), command, status, sequence) + body)
        return sequence

    def ask(self, command, body=b"", seconds=5):
        """Send, and give (status, body) of its answer; None when there is none."""
        seq = self.pdu(command, body)
        got = self.wait(lambda g: g[2] == seq and (g[0] == command | 0x80000000 or g[0] == 0x80000000), seconds)
        return got and (got[1], got[3])

    def wait(self, which, seconds=5):
        end = time.monotonic() + seconds
        with self.cond:
            while True:
                for g in self.got:
                    if which(g):
                        return g
                left = end - time.monotonic()
                if left <= 0 or self.closed:
                    return None
                self.cond.wait(left)

    @staticmethod
    def tlv(tag, value):
        return struct.pack(">HH", tag, len(value)) + value

    def submit(self, to, text, op=None, its=None, dcs=0, esm=0, source="*333#", service="USSD", registered=0, tlvs=b"",
               command=4):
        body = (service.encode() + b"\0\0\x01" + source.encode() + b"\0\x01\x01" + to.encode() + b"\0" +
                bytes([esm, 0, 0]) + b"\0\0" + bytes([registered, 0, dcs, 0, len(text)]) + text)
        if op is not None:
            body += self.tlv(0x0501, bytes([op]))
        if its is not None:
            body += self.tlv(0x1383, its)
        return self.ask(command, body + tlvs)

    def run(self):
        data = b""
        try:
            while True:
                while len(data) < 4 or len(data) < struct.unpack(">I", data[:4])[0]:
                    more = self.sock.recv(65536)
                    if not more:
                        raise ConnectionError
                    data += more
                n, command, status, seq = struct.unpack(">IIII", data[:16])
                body, data = data[16:n], data[n:]
                if command in (5, 0x15, 6) and self.answer:
                    self.pdu(command | 0x80000000, b"\0" if command == 5 else b"", 0, seq)
                with self.cond:
                    self.got.append((command, status, seq, body))
                    self.cond.notify_all()
                if command == 5 and self.app:
                    self.app(self, self.deliver(body))
        except OSError:
            with self.cond:
                self.closed = True
                self.cond.notify_all()

    @staticmethod
    def deliver(body):
        """The parts of a deliver_sm that a test looks at."""
        def cstr(at):
            end = body.index(b"\0", at)
            return body[at:end].decode(), end + 1
        d = {}
        d["service"], at = cstr(0)
        d["from"], at = cstr(at + 2)
        d["to"], at = cstr(at + 2)
        d["esm"] = body[at]
        _, at = cstr(at + 3)
        _, at = cstr(at)
        d["dcs"], n = body[at + 2], body[at + 4]
        d["text"] = body[at + 5:at + 5 + n]
        at += 5 + n
        d["tlv"] = {}
        while at < len(body):
            tag, n = struct.unpack(">HH", body[at:at + 4])
            d["tlv"][tag] = body[at + 4:at + 4 + n]
            at += 4 + n
        return d

    def delivered(self):
        with self.cond:
            return [self.deliver(g[3]) for g in self.got if g[0] == 5]

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
