"""Cells whose holder has ended, found by a process of the same machine and given back without waiting.

Fences make it safe: what the dead left running writes under a fence that is no longer valid.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from muscope.backend.db import claims
from muscope.backend.db.claims import Claim, ClaimLost
from muscope.backend.db.connection.session import Database
from muscope.backend.db.machines.pulses import Pulse
from muscope.backend.domain.holders import HIDDEN, Holder, has_ended
from muscope.backend.domain.lifecycle import CellState

# Positions in /proc/<pid>/stat behind the name of the program, which may itself hold spaces and brackets.
_STATE, _START = 0, 19
_ENDED = ("Z", "X")


@cache
def this_machine() -> str:
    """Return the name of this boot, process namespace and user; empty on a system that does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return ""
    return f"{boot}.{namespace}.{os.getuid()}"


def this_process() -> Holder:
    """Return the process that asks as a holder."""
    pid, machine = os.getpid(), this_machine()
    return Holder(socket.gethostname(), pid, (start_of(pid) if machine else None) or HIDDEN, machine)


def start_of(pid: int) -> int | None:
    """Return when a process started, `HIDDEN` if it cannot be read, None if there is none or it has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return HIDDEN
    with suppress(OSError, IndexError, ValueError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()
        return None if fields[_STATE] in _ENDED else int(fields[_START])
    return HIDDEN


def holder_has_ended(owner: str | None) -> bool:
    """Return whether a cell's holder was a process of this machine that has ended."""
    holder = Holder.parse(owner or "")
    return holder is not None and has_ended(holder, this_machine(), start_of)


def give_back_of_ended(
    database: Database,
    pulses: list[Pulse],
    *,
    now: datetime,
    has_ended: Callable[[str | None], bool] = holder_has_ended,
) -> list[tuple[Pulse, CellState]]:
    """Put running cells of holders that have ended back into the queue, at once; return what became of them.

    Counts as a failure, as every end of a holder: a cell that kills whoever trains it is given up.
    """
    given_back = []
    for pulse in pulses:
        if has_ended(pulse.owner) and (state := _give_back(database, pulse, now)) is not None:
            given_back.append((pulse, state))
    return given_back


def _give_back(database: Database, pulse: Pulse, now: datetime) -> CellState | None:
    claim, count = Claim(pulse.cell_id, pulse.fence), pulse.heartbeat_count
    with suppress(ClaimLost), database.write() as session:
        return claims.expire(session, claim, seen_count=count, now=now, retry_delay=timedelta(0))
    return None
