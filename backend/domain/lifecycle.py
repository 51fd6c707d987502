"""States of cells and experiments, their transitions, and the state after a failed attempt."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

# Attempts in a row without a new commit before a cell is given up (docs/reliability.md §2).
FAILURE_BUDGET = 3
# A supervisor that trains shows life every few seconds (`settings.heartbeat_seconds`, 15 at most); one silent
# for longer was suspended with its machine, or the database was away: no work either way.
LONGEST_SILENCE_SECONDS = 30.0
# A failed cell is tried again after a few seconds (`settings.retry_delay_seconds`, 100 at most, for each
# failure in a row). One that would wait for longer was put back before the clock was.
LONGEST_DELAY_SECONDS = 300.0
# Pause of a cell whose worker had no room: another may take it, or space may return.
ROOM_DELAY_SECONDS = 30.0


class CellState(StrEnum):
    """State of a cell."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class RunState(StrEnum):
    """State of a run: that of its cell, unless the run diverged."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    DIVERGED = "diverged"


class ExperimentState(StrEnum):
    """State of an experiment."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


def run_state(cell: CellState, *, has_diverged: bool) -> RunState:
    """Return the state of a run of a cell."""
    return RunState.DIVERGED if has_diverged else RunState(cell.value)


class DesiredState(StrEnum):
    """State the owner wants a cell to reach."""

    RUN = "run"
    CANCELLED = "cancelled"


class FailureClass(StrEnum):
    """Reason why an attempt ended without finishing the cell; a diverged run is not a failure."""

    OOM = "oom"
    CRASH = "crash"
    STALLED = "stalled"
    LOST = "lost"
    DISK = "disk"
    CODE = "code"
    SPEC = "spec"
    MODEL = "model"  # the operator's own model: its file fails at this size


CELL_TRANSITIONS: dict[CellState, frozenset[CellState]] = {
    CellState.QUEUED: frozenset(
        {CellState.RUNNING, CellState.CANCELLED, CellState.SKIPPED, CellState.FAILED}
    ),
    CellState.RUNNING: frozenset(
        {CellState.QUEUED, CellState.COMPLETED, CellState.FAILED, CellState.CANCELLED}
    ),
    CellState.COMPLETED: frozenset(),
    CellState.FAILED: frozenset(),
    CellState.CANCELLED: frozenset({CellState.QUEUED}),  # its experiment goes on after all
    CellState.SKIPPED: frozenset(),
}

OPEN_CELL_STATES = frozenset({CellState.QUEUED, CellState.RUNNING})
OPEN_EXPERIMENT_STATES = frozenset({ExperimentState.QUEUED, ExperimentState.RUNNING})


class StopReason(StrEnum):
    """Reason why an experiment ended before its plan was complete."""

    SETTLED = "settled"
    BUDGET = "budget"


# Another attempt would fail in the same way.
FINAL_FAILURES = frozenset({FailureClass.SPEC, FailureClass.MODEL})


class Attempt(NamedTuple):
    """State of a cell after an attempt that did not finish it."""

    state: CellState
    failures: int


def after_failure(*, failures: int, has_moved: bool, failure: FailureClass) -> Attempt:
    """Decide between another attempt and giving up; progress resets the count.

    A failure that lies in the definition is final at once. One that lies in a worker's full disk says nothing
    about the cell, so it is never held against it.
    """
    if failure is FailureClass.DISK:
        return Attempt(CellState.QUEUED, 0 if has_moved else failures)
    failures = 0 if has_moved else failures + 1
    is_final = failure in FINAL_FAILURES or failures >= FAILURE_BUDGET
    state = CellState.FAILED if is_final else CellState.QUEUED
    return Attempt(state, failures)


def silent_seconds(heard_at: datetime | None, now: datetime) -> float:
    """Return the seconds since a supervisor's last sign of life, if they are too many to have been work."""
    silent = (now - heard_at).total_seconds() if heard_at is not None else 0.0
    return silent if silent > LONGEST_SILENCE_SECONDS else 0.0


def awake_seconds(
    started_at: datetime | None, heard_at: datetime | None, asleep_seconds: float, now: datetime
) -> float:
    """Return the seconds an attempt has worked: since its start, without those its machine slept.

    A clock that was set back takes nothing off.
    """
    if started_at is None:
        return 0.0
    gone = (now - started_at).total_seconds()
    return max(0.0, gone - asleep_seconds - silent_seconds(heard_at, now))
