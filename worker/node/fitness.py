"""Fitness of the node to take cells.

Its training children judge it by the test cell, until the node is started again; its disk and its clock are
looked at again and again.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.sharedctypes import SynchronizedString
from pathlib import Path
from typing import cast

from muscope.backend.errors import MuscopeError, Unavailable, as_stored
from muscope.backend.settings import Settings
from muscope.backend.storage.disk import disk_fault
from muscope.worker.messages import Event
from muscope.worker.node.training_process import TrainingProcess

log = logging.getLogger(__name__)

LONGEST_REASON, LONGEST_PATH = 500, 100
# Larger than between machines whose clocks are kept, and small enough for times to mean something.
LARGEST_CLOCK_DIFFERENCE = timedelta(minutes=5)
# A child that imports torch among many neighbours needs a minute; one that says nothing for longer hangs.
START_SECONDS, POLL_SECONDS = 300.0, 0.2

# Made before the pool forks: what one pool process finds out holds for the whole node.
_reason = cast("SynchronizedString", multiprocessing.Array("c", LONGEST_REASON))
# The same of a fault that may pass: an error as `as_stored` writes it.
_passing = cast("SynchronizedString", multiprocessing.Array("c", LONGEST_REASON))


def fault() -> str | None:
    """Return why the node takes no cells; None while it may."""
    return (_reason.value or _passing.value).decode(errors="ignore") or None


def fault_of_host(
    name: str,
    settings: Settings,
    *,
    ahead: timedelta,
    disk: Callable[[Path], MuscopeError | None] = disk_fault,
) -> MuscopeError | None:
    """Return what is wrong with the machine of a node: its disk, or its clock.

    Args:
        ahead: of the node's clock, compared with the database's.
        disk: returns why nothing can be written to a folder.
    """
    if disk(settings.scratch_folder) is not None:
        return Unavailable("worker.no_room", names=name, path=str(settings.data_folder)[-LONGEST_PATH:])
    if abs(ahead) > LARGEST_CLOCK_DIFFERENCE:
        return Unavailable("worker.clock", names=name, seconds=round(ahead.total_seconds()))
    return None


def note_passing(found: MuscopeError | None) -> None:
    """Have the node take no cells while something is wrong with its machine; None ends that."""
    stored = b"" if found is None else as_stored(found).encode()
    _passing.value = stored if len(stored) < LONGEST_REASON else b""


def declare_unfit(reason: str) -> None:
    """Have the node take no cells until it is started anew."""
    _reason.value = reason.encode()[: LONGEST_REASON - 1]


def is_fit(
    child: TrainingProcess, *, monotonic: Callable[[], float], is_stopping: Callable[[], bool]
) -> bool:
    """Wait until the child has trained its test cell; a wrong result makes the whole node unfit.

    A child that died or says nothing is started anew for the next message, without a judgement of the node.
    """
    began = monotonic()
    while not is_stopping() and fault() is None:
        reply = child.first_reply(wait_seconds=POLL_SECONDS)
        if reply is not None and reply.event is Event.READY:
            return True
        if reply is not None and reply.event is Event.UNFIT:
            declare_unfit(reply.detail)
            log.error("this node takes no cells: %s", reply.detail)
        elif monotonic() - began > START_SECONDS or child.exit_code is not None:
            log.error("the training process did not start (exit code %s)", child.exit_code)
            break
    child.kill()
    return False
