"""A verdict as a run of its own, for trackers that keep nothing beside their runs: W&B, trackio and Aim.

A sweep's verdict is about all its runs, so it changes none of them. Readers leave such a run out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from muscope.backend.child_processes import child_environment
from muscope.backend.errors import Unavailable
from muscope.backend.sweeps.trackers.tracked import MOST_REASON, WriteBack

_WRITER = "muscope.backend.sweeps.trackers.writers"
_MOST_SECONDS = 120


def writing_run(kind: str, place: str, experiment: str | None, **environment: str) -> WriteBack:
    """Return the way back to a tracker: a new run beside those of an experiment.

    It raises Unavailable with the library's last words where that fails.
    """

    def write_back(outcome: str, text: str, files: Mapping[str, str]) -> None:
        request: dict[str, Any] = {"kind": kind, "place": place, "experiment": experiment}
        request |= {"outcome": outcome, "text": text, "files": dict(files)}
        _write(kind, request, environment)

    return write_back


def _write(kind: str, request: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Write in a process of its own: these libraries start services and threads, set signals, and print."""
    command = (sys.executable, "-m", _WRITER)
    try:
        done = subprocess.run(
            command,
            input=json.dumps(request),
            env=child_environment(**environment),
            capture_output=True,
            text=True,
            timeout=_MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("sweep.tracker_away", kind=kind, reason=str(error)) from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise Unavailable("sweep.tracker_away", kind=kind, reason=reason[:MOST_REASON])
