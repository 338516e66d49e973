"""Ports for servers that a test starts: below the range from which the system takes ports for clients, and given to
nobody else as long as this process lives, though the server may not listen yet, or no longer."""

import random
import socket

claims = []         # names in the abstract space, which go with the process


def free_port():
    while True:
        port = random.randrange(20000, 32000)
        claim = socket.socket(socket.AF_UNIX)
        with socket.socket() as s:
            try:
                claim.bind(f"\0kheya-test-port-{port}")
                s.bind(("127.0.0.1", port))
            except OSError:
                claim.close()
                continue
        claims.append(claim)
        return port
