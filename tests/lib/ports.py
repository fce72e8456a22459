"""Ports for servers under test.

Never a port of the ephemeral range (32768 and up): any outgoing connection of this machine may hold one of those for a moment.
"""

import os
import random
import socket

FIRST, LAST = (int(bound) for bound in os.environ.get("TEST_PORTS", "20000-29999").split("-"))

_handed_out: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on now, and that this process has not handed out before."""
    for _ in range(10 * (LAST - FIRST + 1)):
        port = random.SystemRandom().randint(FIRST, LAST)
        if port not in _handed_out and _can_bind(port):
            _handed_out.add(port)
            return port
    raise RuntimeError(f"no free port between {FIRST} and {LAST}")


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
