"""Runs that would add what a verdict lacks, by reason, priced by the cost model.

Counts the runs that the reasons ask for, at this plan's steps and without curvature. Sizes that were planned
and not run have a price of their own (`size_not_run_takes`) and are not counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from muscope.backend.analysis.reasons import reason, rounded
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.verdict import Reason

# Returns the predicted slot-seconds of one run at a size.
RunSeconds = Callable[[Size], float]
Runs = Mapping[Size, int]
Params = Mapping[str, Any]


def adding_takes(
    reasons: Sequence[Reason], sweep: Sweep, run_seconds: RunSeconds | None
) -> tuple[Reason, ...]:
    """Return one reason with the minutes of all runs the others ask for; none where the price is unknown."""
    needed: dict[tuple[str, Size], int] = {}
    for why in reasons:
        kind = _KIND.get(why.code, why.code)
        for size, count in _runs(why, sweep).items():
            needed[kind, size] = max(count, needed.get((kind, size), 0))  # two losses may ask for the same
    if run_seconds is None or not any(needed.values()):
        return ()
    minutes = sum(count * run_seconds(size) for (_, size), count in needed.items()) / 60.0
    minutes += sum(float(why.params["minutes"]) for why in reasons if why.code == "size_not_run_takes")
    return (reason("adding_takes", minutes=rounded(minutes)),)


def _runs(why: Reason, sweep: Sweep) -> Runs:
    count = _COUNTS.get(why.code)
    return {} if count is None else count(why.params, sweep)


def _seeds_everywhere(params: Params, sweep: Sweep) -> Runs:
    return dict.fromkeys(_sizes(sweep), params["add"] * len(sweep.lrs))


def _seeds_here(params: Params, sweep: Sweep) -> Runs:
    """Return further seeds at a size and, as everything is paired by seed, at the base, at the LRs tried."""
    size = _size(params)
    tried = np.any(sweep.counts[sweep.sizes.index(size)], axis=1).sum() if size in sweep.sizes else 0
    return dict.fromkeys({sweep.base, size}, params["add"] * int(tried or len(sweep.lrs)))


def _missing(params: Params, _sweep: Sweep) -> Runs:
    return {_size(params): params["missing"]}


def _lrs(params: Params, sweep: Sweep) -> Runs:
    return dict.fromkeys(_sizes(sweep), (params["needed"] - params["given"]) * sweep.num_seeds)


def _octave(params: Params, sweep: Sweep) -> Runs:
    """Return one further octave of LRs at the size whose optimum is at an edge."""
    step = float(np.median(np.diff(sweep.log2_lrs))) if len(sweep.lrs) > 1 else 1.0
    return {_size(params): math.ceil(1.0 / step) * sweep.num_seeds}


def _one_lr(params: Params, sweep: Sweep) -> Runs:
    return {_size(params): sweep.num_seeds}


def _three_doublings(params: Params, sweep: Sweep) -> Runs:
    return {
        Size(params["width"] * 2**more, params["depth"]): len(sweep.lrs) * sweep.num_seeds
        for more in (1, 2, 3)
    }


def _width(params: Params, sweep: Sweep) -> Runs:
    return {Size(params["needed"], sweep.base.depth): len(sweep.lrs) * sweep.num_seeds}


def _sizes(sweep: Sweep) -> list[Size]:
    return [sweep.sizes[index] for index in (sweep.base_index, *sweep.larger)]


def _size(params: Params) -> Size:
    return Size(params["width"], params["depth"])


_COUNTS: Mapping[str, Callable[[Params, Sweep], Runs]] = {
    "too_few_seeds": _seeds_everywhere,
    "too_few_seeds_at": _seeds_here,
    "add_seeds_about": _seeds_here,
    "missing_runs": _missing,
    "too_few_lrs": _lrs,
    "optimum_at_lower_edge": _octave,
    "optimum_at_upper_edge": _octave,
    "reused_not_run": _one_lr,
    "one_width": _three_doublings,
    "span_too_small": _width,
}
# Groups of reasons that ask for the same runs.
_KIND = {
    "optimum_at_lower_edge": "lower",
    "optimum_at_upper_edge": "upper",
    "too_few_seeds_at": "seeds",
    "one_width": "widths",
    "span_too_small": "widths",
}
