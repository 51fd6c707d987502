"""Answer to a sweep: stable values for JSON, the REST interface and the text.

Texts for people are catalogue keys: `sweep.outcome.<outcome>`, `sweep.rule.<rule>`, and `sweep.note.<code>`
with parameters.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.statement import Estimate, Outcome, Reason
from muscope.backend.sweeps.measures.law import ScalingLaw
from muscope.backend.sweeps.measures.noise import NoiseSource

# Version of the schema of these answers and of the rules behind them.
ANSWER_VERSION = "1"


class SweepUnit(StrEnum):
    """Unit in which the cost of reuse is compared with its limit."""

    COMPUTE = "compute"  # extra compute by the assumed law
    IMPROVEMENT = "improvement"  # share of the achievable improvement, M2
    BENEFIT = "benefit"  # share of the benefit of the larger value
    LOSS = "loss"  # neither is known


class SweepMeasures(Frozen):
    """Numbers of one comparison, means over strata where there are several; None where unknown."""

    base_lr: float | None = Field(default=None, description="Best LR tried at the base: what is reused.")
    best_lr: float | None = Field(default=None, description="Best LR tried at the target.")
    shift: float | None = Field(
        default=None,
        description="Octaves from the reused to the best LR tried; 0 where noise hides the cost.",
    )
    fitted_shift: Estimate = Field(default=Estimate(), description="Octaves between the fitted optima.")
    base_loss: float | None = Field(default=None, description="Of the base at its best LR.")
    best_loss: float | None = Field(default=None, description="Of the target at its best LR.")
    reused_loss: float | None = Field(default=None, description="Of the target at the reused LR.")
    cost: Estimate = Field(default=Estimate(), description="Loss above that of the best LR.")
    is_lower_bound: bool = Field(default=False, description="The target's best LR lies at the grid's edge.")
    is_interpolated: bool = Field(default=False, description="The reused LR lies between LRs that were run.")
    benefit: Estimate = Field(default=Estimate(), description="Improvement of the target over the base.")
    benefit_lost: Estimate = Field(default=Estimate(), description="Cost as a share of the benefit.")
    extra_compute: Estimate = Field(default=Estimate(), description="Share of compute by the assumed law.")
    improvement_lost: Estimate = Field(default=Estimate(), description="M2; needs the loss at init.")
    unit: SweepUnit = SweepUnit.LOSS
    limit: float | None = Field(default=None, description="Of the cost, in the unit.")
    divergence_rate: float | None = Field(default=None, description="At the reused LR.")
    margin: float | None = Field(default=None, description="Octaves to the first LR that diverges, M4.")
    base_margin: float | None = Field(default=None, description="The same at the base.")
    num_runs: int = Field(default=0, description="Runs at the cell with the fewest that decide.")


class SweepPair(Frozen):
    """Comparison of two values of an axis within one stratum, or over all strata."""

    base: float | str
    target: float | str
    held: dict[str, float | str] = Field(default_factory=dict)
    loose: tuple[str, ...] = Field(default=(), description="Columns that change together with the axis.")
    outcome: Outcome
    rule: str
    is_provisional: bool = True
    measures: SweepMeasures
    reasons: tuple[Reason, ...] = ()


class SweepComparison(SweepPair):
    """Comparison over all strata that have both values."""

    is_target: bool = Field(description="The largest value compared with this base; it decides.")
    num_strata: int
    num_open: int = Field(description="Strata without an answer of their own.")
    strata: tuple[SweepPair, ...] = Field(default=(), description="Empty where there is one only.")


class NextRun(Frozen):
    """Run that would settle an open answer, or confirm a provisional one."""

    arm: dict[str, str]
    axis: str
    levels: dict[str, float | str] = Field(description="Every other column that varies.")
    lr: float
    num_seeds: int
    purpose: str = Field(description="Catalogue key `sweep.purpose.<purpose>`.")
    settles: bool = Field(description="False: it only confirms.")
    relative_cost: float = Field(description="Of all its seeds; a run of the smallest kind costs 1.")


class AxisAnswer(Frozen):
    """Answer of one arm on one axis."""

    axis: str
    is_ordered: bool = Field(description="False: a condition, such as a schedule, judged in both directions.")
    outcome: Outcome
    rule: str
    is_provisional: bool
    slope: float | None = Field(default=None, description="Octaves of the best LR per doubling.")
    held: tuple[str, ...]
    comparisons: tuple[SweepComparison, ...]
    reasons: tuple[Reason, ...] = ()
    next_runs: tuple[NextRun, ...] = ()


class ArmAnswer(Frozen):
    """Answers of one combination of parametrization and optimizer."""

    arm: dict[str, str]
    outcome: Outcome
    noise_source: NoiseSource
    noise: float | None = Field(description="Standard deviation of one run's loss.")
    axes: tuple[AxisAnswer, ...]
    num_runs: int
    reasons: tuple[Reason, ...] = ()


class SweepAnswer(Frozen):
    """Judgement of a sweep; the outcome is that of the judged arm on its worst ordered axis."""

    version: str = ANSWER_VERSION
    outcome: Outcome
    exit_code: int
    judged_arm: dict[str, str]
    arms: tuple[ArmAnswer, ...]
    metric: str
    law: ScalingLaw | None
    thresholds: Thresholds
    num_rows: int
    notes: tuple[Reason, ...]
