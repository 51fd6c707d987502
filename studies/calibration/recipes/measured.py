"""Cost of reusing the base's learning rate at the target, and what that says, of both arms of a trial.

Limits and level were fixed before any result was seen. Shapes: E learning rates, S seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from muscope.backend.analysis.statistics.intervals import student_interval
from muscope.backend.analysis.sweep import Values
from muscope.backend.domain.spec.parametrization import Parametrization
from studies.calibration.recipes.trial import Sweep, Trial
from studies.calibration.truth import MAJORITY
from studies.cells.jobs import Results

LEVEL = 0.90
MOST_COST, LEAST_LIMIT, SHARE_OF_BENEFIT = 0.02, 0.005, 0.10


class Answer(StrEnum):
    """Answer of a trial to whether the rate may be reused."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True)
class Cost:
    """Cost of reuse at the target, as a share of the achievable reduction of the loss.

    Attributes:
        per_seed: [S], paired with the target's best rate.
        low, high: interval; `high` is the largest over the best rate and its neighbours, since which of
            these is best is not known either.
        benefit: what the larger width gains, in the same unit.
        divergence: share of runs that diverge at the reused rate.
        best: mean loss at the target's best rate.
        initial: mean loss at init.
        log2_base, log2_target: rates that are best at the two widths.
        is_at_edge: at one of the widths the best rate is the last that was tried.
    """

    per_seed: Values
    low: float
    high: float
    benefit: float
    divergence: float
    best: float
    initial: float
    log2_base: float
    log2_target: float
    is_at_edge: bool

    @property
    def limit(self) -> float:
        """Return the cost that is still no cost: a tenth of the benefit of size, within bounds."""
        return min(MOST_COST, max(LEAST_LIMIT, SHARE_OF_BENEFIT * self.benefit))

    @property
    def answer(self) -> Answer:
        """Return yes, no, or open where the interval or the grid is not enough."""
        if self.divergence > MAJORITY or self.low > self.limit:
            return Answer.NO
        is_cheap = self.high <= self.limit and self.divergence == 0
        return Answer.YES if is_cheap and not self.is_at_edge else Answer.OPEN


@dataclass(frozen=True)
class Measured:
    """Trial with the costs of µP and of its control."""

    trial: Trial
    mup: Cost
    control: Cost
    seconds: float

    @property
    def is_control_worse(self) -> bool:
        """Tell whether the control is shown to cost more, paired by seed."""
        if self.control.divergence > MAJORITY:
            return self.mup.divergence <= MAJORITY
        interval = student_interval(self.control.per_seed - self.mup.per_seed, LEVEL)
        return interval is not None and interval.low > 0


def measure(trial: Trial, results: Results) -> Measured:
    """Return what a complete trial shows."""
    mup, control = (_cost(trial, arm, results) for arm in trial.arms)
    return Measured(trial, mup, control, sum(result.seconds for result in results.values()))


def _cost(trial: Trial, arm: Parametrization, results: Results) -> Cost:
    found = trial.sweeps(arm, lambda cell: results[cell.key()])
    assert found is not None, "the trial is complete"
    base, target = found
    reused = target.log2_lrs.index(base.log2_lrs[base.best])
    best_loss = float(target.losses[target.best].mean())
    reachable = target.initial - best_loss
    per_seed = (target.losses[reused] - target.losses[target.best]) / reachable
    low, high = _interval(target, reused, reachable)
    return Cost(
        per_seed=per_seed,
        low=low,
        high=high,
        benefit=float(base.losses[base.best].mean() - best_loss) / reachable,
        divergence=float(target.has_diverged[reused].mean()),
        best=best_loss,
        initial=target.initial,
        log2_base=base.log2_lrs[base.best],
        log2_target=target.log2_lrs[target.best],
        is_at_edge=base.is_at_edge or target.is_at_edge,
    )


def _interval(target: Sweep, reused: int, reachable: float) -> tuple[float, float]:
    """Return the lower end against the best rate, and the highest upper end against it or a neighbour."""
    near = [at for at in (target.best - 1, target.best, target.best + 1) if 0 <= at < len(target.log2_lrs)]
    ends = {}
    for at in near:
        interval = student_interval((target.losses[reused] - target.losses[at]) / reachable, LEVEL)
        assert interval is not None, "eight seeds give an interval"
        ends[at] = (interval.low, interval.high)
    return ends[target.best][0], float(np.max([high for _, high in ends.values()]))
