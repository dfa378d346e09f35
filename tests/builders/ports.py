"""Ports that are chosen before somebody listens there."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from pathlib import Path

HOST = "127.0.0.1"
_GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 15_000


def free_port() -> int:
    """Return a port of this machine on which nobody listens.

    The system gives none of these to those who ask for any port: between the choice and the use nobody gets
    it by chance. Drawn from the system's chance, because a test may have set Python's.
    """
    highest = int(_GIVEN.read_text().split()[0]) if _GIVEN.exists() else 32_768
    while True:
        port = random.SystemRandom().randrange(_LOWEST, max(highest, _LOWEST + 1000))
        with suppress(OSError), socket.socket() as probe:
            probe.bind((HOST, port))
            return port
