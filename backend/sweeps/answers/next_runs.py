"""Cheapest runs that would settle an open answer, or confirm a provisional one.

Each rule that leaves an answer open names the cells it lacks; runs are ordered by what they cost, taken as
proportional to the size and the length of a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from muscope.backend.domain.spec.judging.decision import MOST_SEEDS
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.sweeps.answers.answer import NextRun
from muscope.backend.sweeps.answers.decide import Judged
from muscope.backend.sweeps.measures.curves import Curve
from muscope.backend.sweeps.measures.pair import Measured

# Seeds that make a verdict possible; a cell that was run once needs two more.
_SEEDS = 3
_COSTLY = ("size", "tokens", "steps", "batch")
_MOST_RUNS = 12


def next_runs(
    arm: dict[str, str], axis: str, each: Sequence[Judged], *, is_open: bool
) -> tuple[NextRun, ...]:
    """Return the runs of one axis: those that settle it where it is open, then those at its largest values.

    Of equals the cheapest come first.
    """
    targets = set()
    found: dict[tuple[object, ...], NextRun] = {}
    for one in each:
        for curve, log2_lr, num_seeds, purpose in _cells(one):
            lr = _as_written(log2_lr, one.found)
            settles = is_open and one.is_target and one.said.outcome is Outcome.INCONCLUSIVE
            key = (tuple(curve.levels.items()), lr)
            if one.is_target:
                targets.add(key)
            if key not in found or (settles and not found[key].settles):
                found[key] = NextRun(
                    arm=arm,
                    axis=axis,
                    levels=dict(curve.levels),
                    lr=lr,
                    num_seeds=num_seeds,
                    purpose=purpose,
                    settles=settles,
                    relative_cost=0.0,
                )
    costed = zip(found, _with_costs(found.values()), strict=True)
    ordered = sorted(
        costed,
        key=lambda item: (not item[1].settles, item[0] not in targets, item[1].relative_cost, item[1].lr),
    )
    return tuple(run for _, run in ordered[:_MOST_RUNS])


def _cells(one: Judged) -> list[tuple[Curve, float, int, str]]:
    """Return what is to be run: curve, log2 LR, number of seeds, purpose."""
    found, rule = one.found, one.said.rule
    base, target = found.base, found.target
    carried = float(base.log2_lrs[found.of_base.index]) if found.of_base else float(base.log2_lrs[0])
    if rule == "no_losses":
        own = float(target.log2_lrs[0])
        at_base = [(base, carried, _SEEDS, "losses")]
        return at_base + [(target, lr, _SEEDS, "losses") for lr in dict.fromkeys((carried, own))]
    if rule == "base_not_swept":
        return _around(base, carried, "sweep_base") + _around(target, carried, "sweep_target")
    if rule == "single_rate":
        return _around(target, carried, "sweep_target")
    if rule == "base_at_edge":
        return _beyond(base, found, is_base=True)
    if rule == "reused_not_run":
        return [(target, carried, 1, "reused")]
    if rule == "target_at_edge":
        return _beyond(target, found, is_base=False)
    if found.of_target is None:
        return _around(target, carried, "sweep_target")
    return _repeats(one, carried)


def _around(curve: Curve, log2_lr: float, purpose: str) -> list[tuple[Curve, float, int, str]]:
    """Return one LR to either side and the LR itself, where they were not run."""
    wanted = [log2_lr + octaves for octaves in (-1.0, 0.0, 1.0)]
    return [(curve, lr, 1, purpose) for lr in wanted if curve.index_of(lr) is None]


def _beyond(curve: Curve, found: Measured, *, is_base: bool) -> list[tuple[Curve, float, int, str]]:
    best = found.of_base if is_base else found.of_target
    assert best is not None
    step = curve.step if math.isfinite(curve.step) else 1.0
    lr = float(curve.log2_lrs[best.index]) + (-step if best.is_lower else step)
    return [(curve, lr, 1, "beyond_edge")]


def _repeats(one: Judged, carried: float) -> list[tuple[Curve, float, int, str]]:
    """Return further seeds at the two LRs of the target that decide."""
    found = one.found
    assert found.of_target is not None
    best = float(found.target.log2_lrs[found.of_target.index])
    seeds = _more_seeds(one)
    return [(found.target, lr, seeds, "seeds") for lr in dict.fromkeys((carried, best))]


def _more_seeds(one: Judged) -> int:
    """Return the further seeds after which the cost's interval is expected to end at its limit.

    An interval shrinks with the root of the number of runs. At least as many as a verdict needs.
    """
    num_runs, costing = max(1, one.found.num_runs), one.costing
    least = max(1, _SEEDS - num_runs)
    half = (costing.cost.high - costing.cost.low) / 2.0
    gap = abs(costing.cost.value - costing.limit)
    if one.said.outcome is not Outcome.INCONCLUSIVE or not math.isfinite(half):
        return least
    needed = math.ceil(num_runs * (half / gap) ** 2) if gap > 0 else MOST_SEEDS
    return min(MOST_SEEDS, max(least, needed - num_runs))


def _as_written(log2_lr: float, found: Measured) -> float:
    """Return an LR as the table writes it, so that a script repeats the same one; six digits of a new one."""
    for curve in (found.base, found.target):
        index = curve.index_of(log2_lr)
        if index is not None:
            return curve.lrs[index]
    return float(f"{2.0**log2_lr:.6g}")


def _with_costs(runs: Iterable[NextRun]) -> list[NextRun]:
    listed = list(runs)
    each = [run.num_seeds * math.prod(_extent(run, name) for name in _names(run)) for run in listed]
    least = min((cost / run.num_seeds for cost, run in zip(each, listed, strict=True)), default=1.0)
    return [
        run.model_copy(update={"relative_cost": float(f"{cost / least:.3g}")})
        for run, cost in zip(listed, each, strict=True)
    ]


def _names(run: NextRun) -> tuple[str, ...]:
    """Return the columns a run's compute is proportional to: its size; tokens, else steps and batch."""
    names = run.levels.keys()
    length = ("tokens",) if "tokens" in names else ("steps", "batch")
    size = ("size",) if "size" in names else ("width", "width", "depth")
    return tuple(name for name in (*size, *length) if name in names)


def _extent(run: NextRun, name: str) -> float:
    level = run.levels[name]
    return level if isinstance(level, float) else 1.0
