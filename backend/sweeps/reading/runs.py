"""Runs of a sweep, and what is put right among them before they are compared: each step is named."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from muscope.backend.domain.verdict.statement import Reason
from muscope.backend.sweeps.reading.roles import Roles

Level = float | str
# Columns of trackers that tell how a run ended, and the words for one whose loss is not its final one.
_STATES = frozenset({"state", "status"})
_NOT_ENDED = frozenset(
    {"running", "crashed", "failed", "fail", "killed", "preempted", "preempting", "pruned", "interrupted"}
)
# Share of the longest run under the same conditions below which a run has ended early.
_WHOLE = 0.9


@dataclass(frozen=True)
class Row:
    """One run: `loss` is NaN where none is recorded or where it diverged without a finite one."""

    lr: float
    loss: float
    has_diverged: bool
    seed: str
    arm: tuple[str, ...]
    levels: dict[str, Level]
    number: int

    @property
    def key(self) -> tuple[object, ...]:
        """Return what tells this run from others."""
        return (self.arm, tuple(self.levels.values()), self.lr, self.seed)


def without_unended(runs: list[Row], columns: Mapping[str, Sequence[str]], notes: list[Reason]) -> list[Row]:
    """Return the runs, without the loss of those that a tracker calls unfinished; they are named."""
    states = next((cells for name, cells in columns.items() if name.strip().lower() in _STATES), None)
    if states is None:
        return runs
    unended = {
        run.number
        for run, state in zip(runs, states, strict=True)
        if state.strip().lower() in _NOT_ENDED and math.isfinite(run.loss) and not run.has_diverged
    }
    if unended:
        notes.append(Reason(code="unended", params={"count": len(unended), "rows": _shown(sorted(unended))}))
    return [replace(run, loss=math.nan) if run.number in unended else run for run in runs]


def last_of_each(runs: list[Row], steps: list[float], notes: list[Reason]) -> list[Row]:
    """Return the last logged row of every run; one that ended early has no loss to compare."""
    last: dict[tuple[object, ...], tuple[float, Row]] = {}
    for run, step in zip(runs, steps, strict=True):
        if run.key not in last or step >= last[run.key][0]:
            last[run.key] = (step, run)
    longest: dict[tuple[object, ...], float] = {}
    for step, run in last.values():
        point = run.key[:2]
        longest[point] = max(step, longest.get(point, 0.0))
    early = {run.number for step, run in last.values() if step < _WHOLE * longest[run.key[:2]]}
    early -= {run.number for _, run in last.values() if run.has_diverged}
    if early:
        notes.append(Reason(code="ended_early", params={"count": len(early), "rows": _shown(sorted(early))}))
    return [replace(run, loss=math.nan) if run.number in early else run for _, run in last.values()]


def along_the_rate(runs: list[Row], roles: Roles) -> list[str]:
    """Return the conditions that change with the LR only and never beside it: results, or tied settings.

    Held fixed, they would leave a single LR to every curve. Columns that the user has named stay.
    """
    found: list[str] = []
    candidates = [name for name in roles.conditions if name not in roles.given]
    for hold_others in (False, True):
        for name in candidates:
            if name not in found and _follows_the_rate(runs, name, hold_others=hold_others, ignored=found):
                found.append(name)
    return found


def _follows_the_rate(runs: list[Row], name: str, *, hold_others: bool, ignored: Sequence[str]) -> bool:
    """Return whether a column varies along LRs under the same conditions, with one level at each LR."""
    levels: dict[tuple[object, ...], dict[float, set[Level]]] = {}
    for run in runs:
        others = (
            level
            for other, level in run.levels.items()
            if other != name and other not in ignored and (hold_others or isinstance(level, float))
        )
        levels.setdefault((run.arm, *others), {}).setdefault(run.lr, set()).add(run.levels[name])
    varying = [by_lr for by_lr in levels.values() if len(set().union(*by_lr.values())) > 1]
    return bool(varying) and all(len(each) == 1 for by_lr in varying for each in by_lr.values())


def without_columns(runs: list[Row], names: Sequence[str]) -> list[Row]:
    """Return the runs without the levels of some columns."""
    if not names:
        return runs
    return [
        replace(run, levels={name: level for name, level in run.levels.items() if name not in names})
        for run in runs
    ]


def without_copies(runs: list[Row], notes: list[Reason]) -> list[Row]:
    """Leave out rows that say the same twice; other rows of one run count as repeats. Both are named."""
    kept: dict[tuple[object, ...], Row] = {}
    copies: list[int] = []
    for run in runs:
        full = (*run.key, repr(run.loss), run.has_diverged)
        if full in kept and (math.isfinite(run.loss) or run.has_diverged):
            copies.append(run.number)
        kept.setdefault(full, run)
    if copies:
        notes.append(Reason(code="copies", params={"count": len(copies), "rows": _shown(copies)}))
    counts = Counter(run.key for run in kept.values())
    repeats = [run.number for run in kept.values() if counts[run.key] > 1]
    if repeats:
        notes.append(Reason(code="repeats", params={"count": len(repeats), "rows": _shown(repeats)}))
    return list(kept.values())


def lacking_losses(runs: list[Row]) -> list[Reason]:
    """Return the note on rows without a loss, where others have one."""
    lacking = [run.number for run in runs if not math.isfinite(run.loss) and not run.has_diverged]
    if not lacking or len(lacking) == len(runs):
        return []
    return [Reason(code="no_loss_rows", params={"count": len(lacking), "rows": _shown(lacking)})]


def _shown(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:6])) + (" …" if len(numbers) > 6 else "")
