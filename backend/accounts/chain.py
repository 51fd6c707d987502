"""Chain of the audit log: each entry's hash covers the one before, so that a removed line shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

# Before the first entry.
START = "0" * 64


def entry_sha256(previous: str, facts: Mapping[str, object]) -> str:
    """Return the hash of an entry after the one with hash `previous`."""
    text = json.dumps([previous, facts], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def first_break(entries: Iterable[tuple[str, Mapping[str, object]]], *, start: str = START) -> int | None:
    """Return the position of the first entry that does not follow from those before; None if all do.

    Args:
        entries: stored hash and facts, oldest first.
        start: hash that the first of them follows on.
    """
    previous = start
    for position, (stored, facts) in enumerate(entries):
        if entry_sha256(previous, facts) != stored:
            return position
        previous = stored
    return None
