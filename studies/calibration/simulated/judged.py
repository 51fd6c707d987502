"""Judges simulated cases with the product's rules and compares verdict and intervals with the truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss
from muscope.backend.domain.spec.judging.decision import MOST_SEEDS
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Estimate, Outcome, Verdict
from studies.calibration.in_parts import in_parts
from studies.calibration.replay import replay
from studies.calibration.simulated.cases import DEPTH, THRESHOLDS, WIDTHS, Conditions, draw, sample

NUM_CASES = 2000
# Seeds of the preset that settles.
SETTLED_SEEDS = 8
# Of the default plan, for the price of its cells.
SHAPE = DatasetShape(task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360)
SETTINGS = {"batch_size": 64, "num_steps": 300, "measure_every": 30, "sharpness_batch_size": 256}
# Sources that decide the result of a case.
_SOURCES = (
    "backend/analysis/**/*.py", "backend/domain/spec/judging/*.py", "backend/domain/verdict/verdict.py",
    "backend/domain/verdict/statement.py",
    "backend/domain/protocol/*.py", "studies/calibration/replay.py",
    "studies/calibration/simulated/*.py", "studies/calibration/truth.py",
)  # fmt: skip


@dataclass(frozen=True)
class Covered:
    """Interval with the true value beside it."""

    true: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Tell whether the true value lies within; rounding apart."""
        return self.low - 1e-9 <= self.true <= self.high + 1e-9

    @property
    def is_point(self) -> bool:
        """Tell whether the interval has no width."""
        return self.low == self.high


@dataclass(frozen=True)
class Judged:
    """Simulated case with its truth and its verdict, after the planned runs and after settling.

    Attributes:
        outcome, rule: of the full grid with the planned seeds.
        settled, settled_rule: of the staged protocol with its settle stage; of eight seeds, which the preset
            has that settles. None for cases with fewer.
        share: compute of the settled answer over that of the full grid.

    `shift_interval` is held against the distance of the true optima, `vertex_interval` against that of the
    vertices which the expected losses have on this grid: what the interval misses of the first but not of the
    second is the bias of a parabola through three points.
    """

    index: int
    num_seeds: int
    num_missing: int
    outcome: Outcome
    rule: str
    settled: Outcome | None
    settled_rule: str
    share: float
    true_outcome: Outcome
    strain: float
    regret: float
    shift: float
    shift_interval: Covered | None
    vertex_interval: Covered | None
    regret_interval: Covered | None

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Judged:
        """Return what `asdict` gave to JSON."""
        intervals = {
            name: None if content[name] is None else Covered(**content[name])
            for name in ("shift_interval", "vertex_interval", "regret_interval")
        }
        outcomes = {name: Outcome(content[name]) for name in ("outcome", "true_outcome")}
        settled = None if content["settled"] is None else Outcome(content["settled"])
        return cls(**content | intervals | outcomes | {"settled": settled})


def judge_case(index: int) -> Judged:
    """Draw a case, show its sweep to the product's rules, and compare with its truth."""
    conditions = draw(index)
    settles = conditions.num_seeds == SETTLED_SEEDS
    whole = sample(conditions, index, num_further=MOST_SEEDS - conditions.num_seeds if settles else 0)
    verdict = verdict_of(replace(whole, further=None))
    settled = settle(whole) if settles else None
    truth = conditions.at_target(verdict.arm.base_lr_index)
    return Judged(
        index=index,
        num_seeds=conditions.num_seeds,
        num_missing=conditions.num_missing,
        outcome=verdict.outcome,
        rule=verdict.rule,
        settled=None if settled is None else settled.verdict.outcome,
        settled_rule="" if settled is None else settled.verdict.rule,
        share=math.nan if settled is None else settled.share,
        true_outcome=truth.outcome(THRESHOLDS),
        strain=truth.strain(THRESHOLDS),
        regret=truth.regret,
        shift=truth.shift,
        **_intervals(conditions, verdict),
    )


class Settled(NamedTuple):
    """Verdict of the staged protocol with its settle stage, and its compute over that of the full grid."""

    verdict: Verdict
    share: float


def settle(sweep: Sweep) -> Settled:
    """Return what the protocol makes of one arm, the seeds it may add included."""
    spec = _spec_of(sweep).model_copy(update=SETTINGS)
    replayed = replay(spec, {(Scenario.AS_GIVEN, Parametrization.MUP): [sweep]}, SHAPE)
    of_protocol = replayed.sweeps[Scenario.AS_GIVEN, Parametrization.MUP]
    verdict = judge(spec, Scenario.AS_GIVEN, {Parametrization.MUP: of_protocol}, is_interim=False)
    return Settled(verdict, replayed.share)


def verdict_of(sweep: Sweep) -> Verdict:
    """Return the product's verdict on one arm."""
    spec = _spec_of(sweep)
    return judge(spec, Scenario.AS_GIVEN, {Parametrization.MUP: [sweep]}, is_interim=False)


def _spec_of(sweep: Sweep) -> ExperimentSpec:
    return spec_like(sweep, (Arm(parametrization=Parametrization.MUP, lrs=sweep.lrs),))


def spec_like(sweep: Sweep, arms: tuple[Arm, ...]) -> ExperimentSpec:
    """Return the spec a simulated sweep could have come from."""
    return ExperimentSpec(
        dataset_sha256="0" * 64,
        arms=arms,
        widths=WIDTHS,
        depths=(DEPTH,),
        base_width=WIDTHS[0],
        seeds=tuple(range(sweep.num_seeds)),
        loss=Loss.CROSS_ENTROPY,
        batch_size=32,
        num_steps=sweep.num_steps,
        measure_every=25,
        sharpness_batch_size=32,
        settle=sweep.settle,
    )


def _intervals(conditions: Conditions, verdict: Verdict) -> dict[str, Covered | None]:
    """Return M1 and M2 of the largest size, on the loss that is tuned on, against their true values."""
    lr_index, largest = verdict.arm.base_lr_index, verdict.arm.sizes[-1]
    found = next(each for each in largest.losses if each.loss is Metric.VAL_LOSS)
    if lr_index is None or found.is_edge or conditions.num_missing:
        return {"shift_interval": None, "vertex_interval": None, "regret_interval": None}
    truth = conditions.true_costs(Metric.VAL_LOSS, len(WIDTHS) - 1, lr_index)
    return {
        "shift_interval": _covered(truth.shift, found.lr_shift),
        "vertex_interval": _covered(conditions.vertex_shift(Metric.VAL_LOSS), found.lr_shift),
        "regret_interval": _covered(truth.regret, found.transfer_regret),
    }


def _covered(true: float, estimate: Estimate) -> Covered | None:
    interval = estimate.interval
    return None if interval is None else Covered(true, interval.low, interval.high)


def judge_all(folder: Path, num_cases: int, processes: int, report: Callable[[str], None]) -> list[Judged]:
    """Judge all cases; what is kept is used as long as the rules and the cases are what they were."""
    kept = in_parts(_case_content, num_cases, folder, _SOURCES, processes=processes, report=report)
    return [Judged.from_json(content) for content in kept]


def _case_content(index: int) -> dict[str, Any]:
    return asdict(judge_case(index))
