"""fakebox - a bearerbox of a few lines, for frames the real one would never send."""

import socket
import struct
import time
import uuid

SMS = ["s:sender", "s:receiver", "s:udhdata", "s:msgdata", "i:time", "s:smsc_id", "s:smsc_number", "s:foreign_id",
       "s:service", "s:account", "s:id", "i:sms_type", "i:mclass", "i:mwi", "i:coding", "i:compress", "i:validity",
       "i:deferred", "i:dlr_mask", "s:dlr_url", "i:pid", "i:alt_dcs", "i:rpi", "s:charset", "s:boxc_id", "s:binfo",
       "i:msg_left", "i:priority", "i:resend_try", "i:resend_time", "s:meta_data"]


def number(v):
    return struct.pack(">i", v)


def string(v):
    if v is None:
        return number(-1)
    v = v.encode() if isinstance(v, str) else v
    return number(len(v)) + v


def frame(body):
    return struct.pack(">I", len(body)) + body


def sms(**fields):
    """An MO as bearerbox sends it; a field set to None is NULL."""
    values = {"sender": "+8801733000001", "receiver": "*333#", "msgdata": "*333#", "time": int(time.time()),
              "smsc_id": "ussd1", "id": str(uuid.uuid4()), "sms_type": 0, "coding": 0, "binfo": "USSD",
              "meta_data": "?smpp?ussd_service_op=%01&its_session_info=%1A%02&"}
    values.update(fields)
    body = number(2)
    for field in SMS:
        kind, name = field.split(":")
        body += string(values.get(name)) if kind == "s" else number(values.get(name, -1))
    return frame(body)


def decode(body):
    kind = struct.unpack(">i", body[:4])[0]
    at = 4

    def integer():
        nonlocal at
        at += 4
        return struct.unpack(">i", body[at - 4:at])[0]

    def text():
        nonlocal at
        n = integer()
        if n < 0:
            return None
        at += n
        return body[at - n:at]
    if kind == 0:
        return {"type": "heartbeat", "load": integer()}
    if kind == 1:
        return {"type": "admin", "command": integer(), "boxc_id": text()}
    if kind == 3:
        return {"type": "ack", "nack": integer(), "time": integer(), "id": text().decode()}
    out = {"type": "sms"}
    for field in SMS:
        k, name = field.split(":")
        out[name] = text() if k == "s" else integer()
    return out


class FakeBox:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(30)
        self.port = self.listener.getsockname()[1]
        self.peer = None
        self.rest = b""

    def accept(self):
        """The next connection of kheyad, identified."""
        if self.peer:
            self.peer.close()
        self.peer, _ = self.listener.accept()
        self.peer.settimeout(20)
        self.rest = b""
        hello = self.next()
        assert hello["type"] == "admin" and hello["command"] == 3, hello
        return hello

    def send(self, data):
        self.peer.sendall(data)

    def next(self):
        """The next message, acknowledging every MT as bearerbox does; None when kheyad has closed."""
        while True:
            while len(self.rest) < 4 or len(self.rest) < 4 + struct.unpack(">I", self.rest[:4])[0]:
                try:
                    data = self.peer.recv(65536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    return None
                self.rest += data
            n = struct.unpack(">I", self.rest[:4])[0]
            body, self.rest = self.rest[4:4 + n], self.rest[4 + n:]
            m = decode(body)
            if m["type"] == "heartbeat":
                continue
            if m["type"] == "sms":
                self.send(frame(number(3) + number(0) + number(int(time.time())) + string(m["id"])))
            return m

    def ask(self, **fields):
        """Send one MO; what comes back until its acknowledgement: (screen or None, nack)."""
        one = sms(**fields)
        wanted = decode(one[4:])["id"].decode()
        self.send(one)
        screen = None
        while True:
            m = self.next()
            assert m is not None, "kheyad closed the connection"
            if m["type"] == "sms":
                screen = m
            elif m["type"] == "ack" and m["id"] == wanted:
                return screen, m["nack"]

    def close(self):
        if self.peer:
            self.peer.close()
        self.listener.close()
