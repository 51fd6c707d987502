"""Ports for servers that a test starts, which nobody takes between the choice and the start."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_FIRST = 10_000
# The system gives the ports above to connections that go out: one of them may take a port just chosen there.
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LAST = int(_RANGE.read_text().split()[0]) - 1 if _RANGE.exists() else 32_767
_random = random.SystemRandom()


def free_port() -> int:
    """Return a port of loopback that is free."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that are free, all of them different."""
    candidates = _random.sample(range(_FIRST, _LAST + 1), _LAST + 1 - _FIRST)
    free = (port for port in candidates if _is_free(port))
    return [next(free) for _ in range(count)]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
