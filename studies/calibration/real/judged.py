"""Judges a task: the verdict on the visible sizes, and the true costs of its LR at the hidden ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from muscope.backend.analysis.advice.look_ahead import look_ahead
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.spec.thresholds import Thresholds
from muscope.backend.domain.verdict.outlook import Tally, TrackRecord
from muscope.backend.domain.verdict.verdict import RULE_VERSION, Outcome, SizeStatistics, Verdict
from studies.calibration.real.sweep import spec_of, visible_sweep, with_seeds
from studies.calibration.real.task import FEWER_SEEDS, Task
from studies.calibration.real.truth_at_hidden import Held, held_at_hidden
from studies.calibration.truth import Truth
from studies.cells.jobs import Results

THRESHOLDS = Thresholds()
# Allows a claim at any distance, since the study measures which claims hold.
_ANY_DISTANCE = TrackRecord(
    rule_version=RULE_VERSION,
    date="2000-01-01",
    max_doublings=math.inf,
    held={},
    false_transfers=Tally(count=0, of=0),
)


@dataclass(frozen=True)
class JudgedTask:
    """Task with its verdict: `held` by hidden size, ascending; the largest is its truth.

    `with_fewer_seeds`: what would have been said with the first few seeds only.
    """

    task: Task
    verdict: Verdict
    held: tuple[Held, ...]
    seconds: float
    with_fewer_seeds: Outcome

    @property
    def truth(self) -> Outcome:
        """Return what is true at the largest hidden size: it holds, a small search would do, or neither."""
        return true_outcome(self.held[-1])

    @property
    def holds(self) -> bool:
        """Tell whether the recommended LR holds at the largest hidden size."""
        return holds(self.held[-1])

    @property
    def is_near(self) -> bool:
        """Tell whether the truth is near the line."""
        return _costs(self.held[-1]).is_near(THRESHOLDS)

    @property
    def visible_regret(self) -> float | None:
        """Return the regret at the largest visible size, the worse of its losses."""
        return _worst([one.transfer_regret.value for one in self.largest.losses])

    @property
    def visible_shift(self) -> float | None:
        """Return the shift at the largest visible size, on the loss that is tuned on."""
        found = next((one for one in self.largest.losses if one.loss is Metric.VAL_LOSS), None)
        return None if found is None or found.lr_shift.value is None else abs(found.lr_shift.value)

    @property
    def visible_spread(self) -> float | None:
        """Return the largest spread of sharpness between visible sizes."""
        return _worst([spread.level for size in self.verdict.arm.sizes for spread in size.spreads])

    @property
    def largest(self) -> SizeStatistics:
        """Return the statistics of the largest visible size."""
        return self.verdict.arm.sizes[-1]


def judge_task(task: Task, results: Results) -> JudgedTask:
    """Judge a task that is complete."""
    sweep = visible_sweep(task, results)
    verdict, of_fewer = (_judge(task, each) for each in (sweep, with_seeds(sweep, len(FEWER_SEEDS))))
    held = held_at_hidden(
        task, results, verdict.arm.base_lr, lambda size: _advice(task, verdict, sweep, size)
    )
    seconds = sum(result.seconds for result in results.values())
    return JudgedTask(task, verdict, tuple(held), seconds, of_fewer.outcome)


def _judge(task: Task, sweep: Sweep) -> Verdict:
    spec = spec_of(task).model_copy(update={"seeds": tuple(range(sweep.num_seeds))})
    return judge(spec, Scenario.AS_GIVEN, {task.parametrization: [sweep]}, is_interim=False)


def _advice(task: Task, verdict: Verdict, sweep: Sweep, size: Size) -> tuple[float, ...]:
    """Return the LRs that the product would recommend for a size, were it allowed to claim anything of it."""
    found = look_ahead(spec_of(task), verdict, [sweep], target=size, record=_ANY_DISTANCE).recommendation
    if found.narrow_sweep is not None:
        return found.narrow_sweep.lrs
    return () if found.lr is None else (found.lr,)


def advice_holds(held: Held) -> bool | None:
    """Tell whether the best of the recommended LRs holds at the size; None where none was tried there."""
    costs = [replace(truth, shift=0.0) for truth in held.advised]
    return any(truth.transfers(THRESHOLDS) for truth in costs) if costs else None


def holds(held: Held) -> bool:
    """Tell whether an LR costs no more than "transfers" promises; how far the optimum is does not count."""
    return _costs(held).transfers(THRESHOLDS)


def true_outcome(held: Held) -> Outcome:
    """Return transfers, fine-tune, or does-not-transfer, by what the LR costs."""
    outcome = _costs(held).outcome(THRESHOLDS)
    return Outcome.DOES_NOT_TRANSFER if outcome is Outcome.INCONCLUSIVE else outcome


def _costs(held: Held) -> Truth:
    return replace(held.truth, shift=0.0)


def _worst(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known, default=None)
