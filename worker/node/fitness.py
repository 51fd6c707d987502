"""Fitness of the node to take cells, by what its training children found when they trained the test cell."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable
from multiprocessing.sharedctypes import SynchronizedString
from typing import cast

from muscope.worker.messages import Event
from muscope.worker.node.training_process import TrainingProcess

log = logging.getLogger(__name__)

LONGEST_REASON = 500
# A child that imports torch among many neighbours needs a minute; one that says nothing for longer hangs.
START_SECONDS, POLL_SECONDS = 300.0, 0.2

# Made before the pool forks: what one pool process finds out holds for the whole node.
_reason = cast("SynchronizedString", multiprocessing.Array("c", LONGEST_REASON))


def fault() -> str | None:
    """Return why the node takes no cells; None while it may."""
    return _reason.value.decode(errors="ignore") or None


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
