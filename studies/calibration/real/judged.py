"""Judges a task as the product does, settle stage included, and compares with the measured truth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from muscope.backend.analysis.advice.look_ahead import look_ahead
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import Tally, TrackRecord
from muscope.backend.domain.verdict.verdict import RULE_VERSION, Outcome, Verdict
from studies.calibration.real.baselines import BASELINES
from studies.calibration.real.measured_truth import Held, held_at
from studies.calibration.real.sweep import shape_of, spec_of, visible_sweep, with_settle_seeds
from studies.calibration.real.task import LATE_SEEDS, Task
from studies.calibration.replay import Replay, replay
from studies.calibration.truth import CLAIMS
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
    """Task with its answer after settling; None stands for what a page that was taken over does not tell.

    Attributes:
        rule: of the verdict.
        planned: outcome of the planned stages, nothing settled.
        claims_beyond: the verdict speaks for one doubling more.
        held: truth at the largest visible size, then at the hidden ones, ascending.
        seconds: processor time of its training; None where only the page of 2026-11-28 tells of the task.
        share: compute of the answer over that of the full grid at eight seeds.
        says_yes: by baseline.
        visible_regret, visible_shift: cost of reuse and distance of the optima at the largest visible size.
        visible_spread: largest spread of sharpness between visible sizes.
    """

    task: Task
    outcome: Outcome
    rule: str
    planned: Outcome | None
    claims_beyond: bool
    held: tuple[Held, ...]
    seconds: float | None
    share: float | None
    says_yes: dict[str, bool]
    visible_regret: float | None = None
    visible_shift: float | None = None
    visible_spread: float | None = None

    @property
    def is_taken_over(self) -> bool:
        """Tell whether only a page tells of the task, and its runs were never judged by this code."""
        return self.seconds is None

    @property
    def measured(self) -> Held:
        """Return the truth at the largest visible size, about which the verdict speaks."""
        return self.held[0]

    @property
    def beyond(self) -> Held:
        """Return the truth one doubling beyond."""
        return self.held[1]

    @property
    def holds(self) -> bool:
        """Tell whether the LR holds at the largest visible size."""
        return self.measured.truth.transfers(THRESHOLDS)

    @property
    def holds_beyond(self) -> bool:
        """Tell whether the LR holds one doubling beyond."""
        return self.beyond.truth.transfers(THRESHOLDS)

    @property
    def is_near(self) -> bool:
        """Tell whether the measured truth is near the line."""
        return self.measured.truth.is_near(THRESHOLDS)

    @property
    def claims(self) -> bool:
        """Tell whether "transfers" was said, with or without a watch."""
        return self.outcome in CLAIMS


def judge_task(task: Task, results: Results) -> JudgedTask:
    """Judge a task that is complete."""
    visible, settled = visible_sweep(task, results), _settled(task, results)
    sweep = settled.sweeps[Scenario.AS_GIVEN, task.parametrization][0]
    verdict = _judge(task, sweep)
    planned = _judge(task, replace(sweep, further=None))
    held = held_at(task, results, verdict.arm.base_lr, lambda size: _advice(task, verdict, sweep, size))
    return JudgedTask(
        task,
        verdict.outcome,
        verdict.rule,
        planned.outcome,
        verdict.beyond is not None and verdict.beyond.holds,
        tuple(held),
        sum(result.seconds for result in results.values()),
        settled.share,
        {each.name: each.says_yes(task.parametrization, visible) for each in BASELINES},
        *_visible(verdict),
    )


def _visible(verdict: Verdict) -> tuple[float | None, float | None, float | None]:
    """Return cost of reuse, distance of the optima and spread of sharpness that the visible sizes show."""
    sizes = verdict.arm.sizes
    levels = [spread.level for size in sizes for spread in size.spreads if spread.level is not None]
    spread = max(levels, default=None)
    if not sizes:
        return None, None, spread
    loss = sizes[-1].losses[0]
    shift = loss.lr_shift.value
    return loss.transfer_regret.value, None if shift is None else abs(shift), spread


def asks_for_late_seeds(task: Task, results: Results) -> bool:
    """Return whether the settle stage wants the seeds that are trained only where it does."""
    cells = _settled(task, results).cells
    return any(run.seed in LATE_SEEDS for cell in cells for run in cell.runs)


def _settled(task: Task, results: Results) -> Replay:
    """Return the protocol's path through the trained runs, settle stage included."""
    sweep = with_settle_seeds(task, results)
    return replay(spec_of(task), {(Scenario.AS_GIVEN, task.parametrization): [sweep]}, shape_of(task.data))


def _judge(task: Task, sweep: Sweep) -> Verdict:
    return judge(spec_of(task), Scenario.AS_GIVEN, {task.parametrization: [sweep]}, is_interim=False)


def _advice(task: Task, verdict: Verdict, sweep: Sweep, size: Size) -> tuple[float, ...]:
    """Return the LRs that the product would recommend for a size, were it allowed to claim anything of it."""
    found = look_ahead(spec_of(task), verdict, [sweep], target=size, record=_ANY_DISTANCE).recommendation
    if found.narrow_sweep is not None:
        return found.narrow_sweep.lrs
    return () if found.lr is None else (found.lr,)


def advice_holds(held: Held) -> bool | None:
    """Tell whether the best of the recommended LRs holds at the size; None where none was tried there."""
    return any(truth.transfers(THRESHOLDS) for truth in held.advised) if held.advised else None
