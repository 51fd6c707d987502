"""Prediction of divergence: the runs expected to diverge, and so the share of a cell's cost that is paid.

A diverged run costs nothing further. Divergence is sharp: below a border nearly every seed survives, half an
octave above it none does, and diverging runs do so in the first steps. The model therefore has one unknown,
log2 of the LR that half of the seeds survive. It is estimated from loss, optimizer, arm and size, and from
the runs that have diverged so far (ADR 0023).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from typing import NamedTuple

from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.spec.experiment import ExperimentSpec, Loss, base_size
from muscope.backend.domain.spec.optimizer import UpdateFamily
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size

# Steps after which a diverged run is detected and dropped, at most.
STEPS_UNTIL_DROPPED = 10


class HalfSurvivalLR(NamedTuple):
    """log2 of the LR that half of the seeds survive at `WIDTH`, and its change per doubling of the width."""

    at_width: float
    per_doubling: float


WIDTH = 16
# Measured on 177 sweeps of the real tasks of the calibration study (docs/log.md 2026-11-24).
HALF_SURVIVAL_LRS: dict[tuple[Loss, UpdateFamily], HalfSurvivalLR] = {
    (Loss.CROSS_ENTROPY, UpdateFamily.SGD): HalfSurvivalLR(1.7, -0.4),
    (Loss.SQUARED_ERROR, UpdateFamily.SGD): HalfSurvivalLR(-0.5, -1.0),
    (Loss.CROSS_ENTROPY, UpdateFamily.ADAM): HalfSurvivalLR(-0.5, -1.0),
    (Loss.SQUARED_ERROR, UpdateFamily.ADAM): HalfSurvivalLR(-1.9, -1.1),
}
# Measured on the small grids of `studies.borders` (ADR 0061): with Muon's usual momentum, and with steps of
# Adafactor that are relative to the weights, whose border hardly depends on the width.
HALF_SURVIVAL_LRS |= {
    (Loss.CROSS_ENTROPY, UpdateFamily.MUON): HalfSurvivalLR(-0.2, -0.85),
    (Loss.SQUARED_ERROR, UpdateFamily.MUON): HalfSurvivalLR(-1.5, -0.5),
    (Loss.CROSS_ENTROPY, UpdateFamily.RELATIVE): HalfSurvivalLR(-0.2, -0.1),
    (Loss.SQUARED_ERROR, UpdateFamily.RELATIVE): HalfSurvivalLR(-1.5, -0.15),
}
# A brought network's own loss: as the usual one.
HALF_SURVIVAL_LRS |= {
    (Loss.OWN, family): HALF_SURVIVAL_LRS[Loss.CROSS_ENTROPY, family] for family in UpdateFamily
}
# Change per doubling beyond the base of an arm that scales LRs from the base on; SP continues as above.
SCALED_PER_DOUBLING = -0.15
# In octaves: standard deviation of the border over data and networks; of the seeds around it.
BORDER_SCATTER, SEED_SCATTER = 1.2, 0.25
# Weights: seeds of one LR and size are dependent; counts a doubling away or of other conditions weigh less.
MOST_RUNS, PER_DOUBLING_AWAY, OTHER_SCENARIO = 3.0, 0.6, 0.5
# Share of runs that survive or diverge against the model.
LAPSE = 0.05
_STEP, _REACH = 0.25, 24
_OFFSETS = tuple(_STEP * index for index in range(-_REACH, _REACH + 1))
_SCALES = tuple(math.exp(-offset / SEED_SCATTER) for offset in _OFFSETS)


class DivergenceCount(NamedTuple):
    """Number of runs of one LR in a cell group, and of those that have not diverged."""

    scenario: Scenario
    parametrization: Parametrization
    size: Size
    lr: float
    num_runs: int
    num_alive: int


class _Seen(NamedTuple):
    """Divergence count by its distance from the expected border in octaves, with a weight per outcome."""

    above: float
    alive: float
    dead: float


class _Law(NamedTuple):
    """Parameters of the expected border of a scenario."""

    border: HalfSurvivalLR
    base_width: int
    momentum_octaves: float

    @classmethod
    def of(cls, spec: ExperimentSpec) -> _Law:
        """Return the parameters of a scenario's spec."""
        optimizer = spec.optimizer
        # Heavy ball is stable up to (1 + b) times the LR of plain gradient descent; a mean of gradients, as
        # Muon's, moves nothing.
        momentum = math.log2(1 + optimizer.momentum) if optimizer.family is UpdateFamily.SGD else 0.0
        return cls(HALF_SURVIVAL_LRS[spec.loss, optimizer.family], base_size(spec).width, momentum)

    def at(self, parametrization: Parametrization, width: int) -> float:
        """Return log2 of the LR at which half of the seeds are expected to survive."""
        at_base = self.border.at_width + self.border.per_doubling * math.log2(self.base_width / WIDTH)
        is_sp = parametrization is Parametrization.SP
        per_doubling = self.border.per_doubling if is_sp else SCALED_PER_DOUBLING
        return at_base + per_doubling * math.log2(width / self.base_width) + self.momentum_octaves


def survival(
    spec: ExperimentSpec, cell: PlannedCell, divergence: Iterable[DivergenceCount] = ()
) -> tuple[float, ...]:
    """Return the probability of each run of the cell not to diverge, in 0..1."""
    scenario, arm, size = cell.scenario, cell.parametrization, Size(cell.width, cell.depth)
    of_arm = tuple(trial for trial in divergence if trial.parametrization is arm)
    laws = {name: _Law.of(spec.under(name)) for name in {scenario, *(trial.scenario for trial in of_arm)}}
    seen = _all_seen(of_arm, tuple(laws.items()), scenario, size)
    border = laws[scenario].at(arm, size.width)
    # Seeds of an LR have the same probability.
    chances = {lr: _survives(math.log2(lr) - border, seen) for lr in {run.lr for run in cell.runs}}
    return tuple(chances[run.lr] for run in cell.runs)


def lived_share(num_steps: int, diverged_at: int | None) -> float:
    """Return the share of its steps for which a run was trained."""
    return 1.0 if diverged_at is None else min(1.0, (diverged_at + STEPS_UNTIL_DROPPED) / num_steps)


def mean_living(num_steps: int, chances: Sequence[float]) -> float:
    """Return the expected mean share of their steps that runs survive, from the runs' probabilities."""
    of_dead = lived_share(num_steps, 0)
    return sum(chance + (1 - chance) * of_dead for chance in chances) / max(1, len(chances))


def stack_living(num_steps: int, chances: Sequence[float]) -> float:
    """Return the expected share of the steps for which a run is left: one border decides for all of them."""
    most = max(chances, default=1.0)
    return most + (1 - most) * lived_share(num_steps, 0)


# Cached: called with the same values on every request about a running experiment.
@lru_cache(maxsize=512)
def _all_seen(
    divergence: tuple[DivergenceCount, ...],
    laws: tuple[tuple[Scenario, _Law], ...],
    scenario: Scenario,
    size: Size,
) -> tuple[_Seen, ...]:
    law_of = dict(laws)
    return tuple(_seen(trial, law_of[trial.scenario], scenario, size) for trial in divergence)


def _seen(trial: DivergenceCount, law: _Law, scenario: Scenario, size: Size) -> _Seen:
    doublings = sum(abs(math.log2(there / here)) for there, here in zip(trial.size, size, strict=True))
    weight = min(MOST_RUNS, trial.num_runs) * PER_DOUBLING_AWAY**doublings
    weight *= 1.0 if trial.scenario == scenario else OTHER_SCENARIO
    alive = trial.num_alive / trial.num_runs
    above = math.log2(trial.lr) - law.at(trial.parametrization, trial.size.width)
    return _Seen(above, weight * alive, weight * (1 - alive))


@lru_cache(maxsize=512)
def _belief(seen: tuple[_Seen, ...]) -> tuple[float, ...]:
    """Return the posterior probability that the border lies each of `_OFFSETS` beyond the expected one."""
    logs = [-0.5 * (offset / BORDER_SCATTER) ** 2 for offset in _OFFSETS]
    for each in seen:
        for index, chance in enumerate(_living(each.above)):
            alive = LAPSE / 2 + (1 - LAPSE) * chance
            logs[index] += each.alive * math.log(alive) + each.dead * math.log(1 - alive)
    most = max(logs)
    weights = [math.exp(log - most) for log in logs]
    total = sum(weights)
    return tuple(weight / total for weight in weights)


@lru_cache(maxsize=8192)
def _survives(above: float, seen: tuple[_Seen, ...]) -> float:
    chance: float = sum(map(mul, _belief(seen), _living(above)))
    return min(1.0, chance)


def _living(above: float) -> list[float]:
    """Return the probability to survive this far above the expected border, per offset of the border."""
    odds = math.exp(max(-60.0, min(60.0, above / SEED_SCATTER)))
    return [1.0 / (1.0 + odds * scale) for scale in _SCALES]


@dataclass(frozen=True)
class PlannedWork:
    """Predicted seconds of a cell, split by their dependence on the runs that survive.

    Attributes:
        seconds: of the whole cell, as predicted.
        start_share: share spent at step 0 whatever happens later: first values, checks.
        stack_share: share that grows with the steps, however many runs are left, as long as one is.
        living: expected mean share of their steps that runs survive, when the cell was planned.
    """

    seconds: float
    start_share: float = 0.0
    stack_share: float = 0.0
    living: float = 1.0

    @property
    def start_seconds(self) -> float:
        """Return the seconds of the start."""
        return self.seconds * self.start_share

    def after_start(self, steps: float, living: float) -> float:
        """Return the seconds after the start: runs survive `living` of all steps, one of them for `steps`."""
        of_runs = self.seconds * (1 - self.start_share - self.stack_share) * living / self.living
        return self.seconds * self.stack_share * steps + of_runs

    def total(self, living: float, steps: float) -> float:
        """Return the seconds of the cell if it had been known when it was planned how long runs survive."""
        return self.start_seconds + self.after_start(steps, living)


def done_and_left(
    work: PlannedWork, chances: Sequence[float], lived: Mapping[int, float], share_done: float, num_steps: int
) -> tuple[float, float]:
    """Return the predicted seconds of the part of a cell that is done and of the part that is left.

    Args:
        chances: per run, of surviving; a run that has survived the first steps is assumed to survive.
        lived: of the diverged runs, by index, the share of their steps before divergence.
        share_done: of the steps, 0..1.
    """
    if share_done <= 0:
        return 0.0, work.total(mean_living(num_steps, chances), stack_living(num_steps, chances))
    indices = range(len(chances))
    of_runs = [min(share_done, lived.get(index, 1.0)) for index in indices]
    done, of_stack = sum(of_runs) / max(1, len(of_runs)), max(of_runs, default=share_done)
    alive = sum(index not in lived for index in indices) / max(1, len(chances))
    left = work.after_start(1 - share_done if alive else 0.0, alive * (1 - share_done))
    return work.start_seconds + work.after_start(of_stack, done), left
