"""Removal of blobs that no row names, as one whose process died between storing it and its commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from muscope.backend.db.retention.blobs import is_blob_used, used_blobs
from muscope.backend.errors import Unavailable
from muscope.backend.services.context import Context
from muscope.backend.storage.blobs.folder import STARTS

log = logging.getLogger(__name__)

# A request that has stored a blob commits its row within seconds; the rest is for clocks that differ. Where
# they differ by more, a request under way is refused as one whose file is missing, and may be sent again.
UNUSED_FOR = timedelta(days=1)
SECONDS_BETWEEN_PARTS = 5.0
SECONDS_BETWEEN_PASSES = UNUSED_FOR.total_seconds()


class UnusedBlobs:
    """Timer of one conductor: every few seconds one of the parts in which blobs are listed, once a day each.

    Several conductors may run, since a blob is removed once.

    Args:
        first: number of the part to begin with; a random one reaches all of them in many short sessions too.
    """

    def __init__(self, *, monotonic: Callable[[], float], first: int = 0) -> None:
        self._monotonic = monotonic
        self._parts = STARTS[first:] + STARTS[:first]
        self._num_done = 0
        self._began_at = self._next_at = monotonic()

    def run_if_due(self, context: Context) -> bool:
        """Look at the next part where it is time to; return whether it was."""
        now = self._monotonic()
        if now < self._next_at:
            return False
        self._next_at = now + SECONDS_BETWEEN_PARTS
        try:
            if self._num_done == 0:
                self._began_at = now
                _delete_cut_off(context)
            delete_unused(context, self._parts[self._num_done])
        except Unavailable as error:
            log.warning("unused blobs stay until blobs and database answer: %s", error)
            return True
        self._num_done = (self._num_done + 1) % len(self._parts)
        if self._num_done == 0:
            self._next_at = self._began_at + SECONDS_BETWEEN_PASSES
        return True


def delete_unused(context: Context, start: str) -> int:
    """Delete the blobs of one part that were stored a day ago and that no row names; return their number.

    They are looked for before the turn is taken, which nobody else has to wait for where there are none.
    """
    held = context.blobs.addresses(start)
    if not held:
        return 0
    with context.database.read() as session:
        used = used_blobs(session, start)
    return sum(_deleted(context, sha256) for sha256 in held if sha256 not in used)


def _delete_cut_off(context: Context) -> None:
    with context.blobs.in_turn():
        context.blobs.delete_cut_off(context.now() - UNUSED_FOR)


def _deleted(context: Context, sha256: str) -> bool:
    with context.blobs.in_turn():
        with context.database.read() as session:
            if is_blob_used(session, sha256):  # since it was looked for
                return False
        size = context.blobs.delete_if_older(sha256, context.now() - UNUSED_FOR)
    if size is not None:
        log.info("removed the blob %s of %d bytes, which nothing refers to", sha256, size)
    return size is not None
