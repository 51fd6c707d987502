"""Identity of the process that holds a cell, and the proof that it has ended.

A lease says that a holder is silent; on the holder's own machine the kernel says more, and at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Start of a process that is there, on a system that hides it.
HIDDEN = 0


@dataclass(frozen=True)
class Holder:
    """Process that supervises a cell.

    Attributes:
        host: name of its machine, for people; two machines may have the same.
        pid: process id.
        started: clock ticks from the boot of the machine to the start of the process.
        machine: name of one boot, process namespace and user; empty where the system tells none of them.
    """

    host: str
    pid: int
    started: int = HIDDEN
    machine: str = ""

    def __str__(self) -> str:
        proof = f".{self.started}.{self.machine}" if self.machine else ""
        return f"{self.host}:{self.pid}{proof}"

    @classmethod
    def parse(cls, text: str) -> Holder | None:
        """Read the written form; None for any other text."""
        host, _, process = text.rpartition(":")
        pid, started, machine = [*process.split(".", 2), "", ""][:3]
        if not pid.isdecimal() or not (started or "0").isdecimal():
            return None
        return cls(host, int(pid), int(started or HIDDEN), machine)


def has_ended(holder: Holder, machine: str, start_of: Callable[[int], int | None]) -> bool:
    """Return whether the holder is known to have ended.

    Only on its own machine can that be known: its process id is free, or belongs to a process that started
    at another moment. Ticks since boot serve, since a jump of the clock moves every other time.

    Args:
        machine: name of the machine that asks.
        start_of: start of the process with an id, `HIDDEN` if the system hides it, None if there is none.
    """
    if not machine or holder.machine != machine or holder.started == HIDDEN:
        return False
    start = start_of(holder.pid)
    return start is None or start not in (HIDDEN, holder.started)
