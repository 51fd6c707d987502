"""Preconditions of judging an axis of an arm, and requirements on its sizes and grid for a claim.

Every unmet requirement is named with what to add. The control has fewer requirements: it may lack the sizes
between the base and the largest one, since it only shows whether this data could have revealed a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from muscope.backend.analysis.measures.coordinate_check import check_reasons
from muscope.backend.analysis.reasons import named, reason, rounded
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.missing_runs import RunSeconds
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.domain.verdict.verdict import CheckState, CoordinateCheck, Reason


class Terms(NamedTuple):
    """Terms on which an arm is judged.

    Attributes:
        is_interim: cells are still open, so that missing results may follow.
        is_control: the arm is expected to fail.
        seconds: predicted for the runs of a size, where it is known.
        run_seconds: predicted for one run at any size; None where it is not known.
        needs_all_sizes: a size that is not planned yet keeps the axis open; False for an early answer.
    """

    thresholds: Thresholds = Thresholds()
    is_interim: bool = False
    is_control: bool = False
    seconds: Mapping[Size, float] = {}
    run_seconds: RunSeconds | None = None
    needs_all_sizes: bool = True


class Precondition(NamedTuple):
    """Unmet rule that forbids any judgement, with its reasons."""

    rule: str
    reasons: tuple[Reason, ...]


def unmet_preconditions(sweep: Sweep, check: CoordinateCheck | None, terms: Terms) -> list[Precondition]:
    """List the unmet preconditions in their order; empty when the sizes may be judged."""
    gates: list[Precondition] = []
    given, needed = sweep.num_seeds, terms.thresholds.min_seeds
    if given < needed:
        why = reason("too_few_seeds", given=given, needed=needed, add=needed - given)
        gates.append(Precondition("too_few_seeds", (why,)))
    if not sweep.larger:
        gates.append(Precondition("one_width", (reason("one_width", **named(sweep.base)),)))
    missing = _missing(sweep, terms.is_interim)
    if missing:
        gates.append(Precondition("runs_pending" if terms.is_interim else "missing_runs", missing))
    if check is not None and check.state is CheckState.FAILED:
        gates.append(Precondition("coordinate_check", check_reasons(check)))
    return gates


def _missing(sweep: Sweep, is_interim: bool) -> tuple[Reason, ...]:
    counts = {i: sweep.num_missing(i) for i in range(len(sweep.sizes))}
    if is_interim:
        total, planned = sum(counts.values()), sum(map(sweep.num_planned, counts))
        return (reason("runs_pending", missing=total, planned=planned),) if total else ()
    return tuple(
        reason("missing_runs", missing=missing, planned=sweep.num_planned(i), **named(sweep.sizes[i]))
        for i, missing in counts.items()
        if missing
    )


def sizes_not_run(sweep: Sweep, terms: Terms) -> tuple[Reason, ...]:
    """Return a reason for each size of the spec without planned runs, with their predicted time."""
    if not terms.needs_all_sizes:
        return ()
    needed = sweep.larger[-1:] if terms.is_control else sweep.larger
    absent = [sweep.sizes[i] for i in needed if i not in sweep.planned]
    return tuple(_not_run(size, terms.seconds.get(size)) for size in absent)


def _not_run(size: Size, seconds: float | None) -> Reason:
    if seconds is None:
        return reason("size_not_run", **named(size))
    return reason("size_not_run_takes", minutes=rounded(seconds / 60.0), **named(size))


def grid_lacks(sweep: Sweep, terms: Terms) -> tuple[Reason, ...]:
    """Return reasons for what the grid lacks for a claim over sizes."""
    thresholds, lacking = terms.thresholds, []
    if sweep.axis is Axis.WIDTH and not terms.is_control:
        num_widths, base, largest = 1 + len(sweep.larger), sweep.base.width, max(sweep.widths)
        needed = round(thresholds.min_width_span * base)
        if num_widths < thresholds.min_widths:
            lacking.append(reason("too_few_widths", given=num_widths, needed=thresholds.min_widths))
        if largest < thresholds.min_width_span * base:
            lacking.append(reason("span_too_small", base_width=base, width=largest, needed=needed))
    if len(sweep.lrs) < thresholds.min_lrs:
        lacking.append(reason("too_few_lrs", given=len(sweep.lrs), needed=thresholds.min_lrs))
    return tuple(lacking)
