"""Every route × method × role, by the walk that the tests do, on a server of its own."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.peer import ROOT
from benchmarks.report import RowResult

WALK = "tests.backend.api.accounts.walk_program"
TIMEOUT_SECONDS = 900
# Fewer requests than this are no walk over all of the API.
LEAST_ASKED = 300


def roles() -> RowResult:
    """Nobody, viewer, owner, another owner and admin get what their role allows on every route."""
    command = (sys.executable, "-m", WALK)
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    return judged(done.stdout, done.stderr)


def judged(output: str, errors: str) -> RowResult:
    """Return the row's result from the walk's last line; a walk that ended early is never a pass."""
    try:
        told = json.loads((output.strip().splitlines() or [""])[-1])
        routes, asked, unlisted, wrong = (told[name] for name in ("routes", "asked", "unlisted", "wrong"))
    except (ValueError, KeyError, TypeError):
        last = (errors.strip().splitlines() or ["no output"])[-1]
        return RowResult("not_walked", "0", is_met=False, notes=[f"The walk ended early: {last[:300]}"])
    total = asked + unlisted
    notes = [
        f"{routes} routes and methods, asked {asked} times as nobody, viewer, other owner, admin and owner; "
        f"{unlisted} methods that no route has, asked as nobody.",
        *(" ".join(f"{name}={value}" for name, value in each.items()) for each in wrong),
    ]
    is_met = asked >= LEAST_ASKED and unlisted > 0 and not wrong
    return RowResult(f"{total - len(wrong)}_of_{total}", "all", is_met, notes=notes)
