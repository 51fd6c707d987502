"""Verdict: outcome, deciding statistics and rule; a value that crosses processes.

Rules and metrics: docs/science.md §6. Texts for people are catalogue keys: `outcome.<outcome>` in a manager's
and an engineer's wording, `reason.<code>` for reasons and for what is missing.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scaling.step_up import CarriedRate
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Axis
from muscope.backend.domain.verdict.outlook import EarlyAnswer, Outlook
from muscope.backend.domain.verdict.statement import Estimate as Estimate
from muscope.backend.domain.verdict.statement import Interval as Interval
from muscope.backend.domain.verdict.statement import Outcome as Outcome
from muscope.backend.domain.verdict.statement import Reason as Reason

# 2: a coordinate check that was made and fails forbids an answer (M7).
# 3: docs/decisions/0019; sizes are compared on the seeds they share, and all axes are judged.
# 4: docs/decisions/0026; a third of the benefit of size lost for sure is a failure.
# 5: docs/decisions/0030; the cost of reuse at the target decides, on one declared loss.
RULE_VERSION = "5"
# Versions of the rules that evidence can be judged by. Verdicts of earlier ones stay readable.
RULE_VERSIONS = (RULE_VERSION,)


class LossStatistics(Frozen):
    """M1, M2, M2s of one size against the base, judged on one loss."""

    loss: Metric
    optimal_lr: float | None
    is_edge: bool
    lr_shift: Estimate = Field(description="M1, octaves.")
    transfer_regret: Estimate = Field(description="M2, share of the achievable loss reduction that is lost.")
    cost_limit: float | None = Field(default=None, description="Limit of M2 at this size.")
    cost: Estimate = Field(default=Estimate(), description="The same in units of the loss.")
    after_search: Estimate = Field(
        default=Estimate(), description="M2 that is left after a search within an octave of the reused LR."
    )
    regret_z: float | None = Field(default=None, description="M3: the regret in standard errors over seeds.")
    gain_loss: Estimate = Field(description="M2s, share of the benefit of the larger size that is lost.")
    benefit: Estimate = Field(
        default=Estimate(), description="Improvement of the larger size over the base, in units of the loss."
    )
    benefit_share: float | None = Field(
        default=None, description="The same as a share of the achievable improvement."
    )
    extra_training: Estimate = Field(
        default=Estimate(), description="Training that makes up for the cost, as a share of the training."
    )
    num_seeds: int | None = Field(default=None, description="Seeds at the reused LR, those added included.")
    has_gain: bool | None = Field(description="The larger size is better by more than 2 SE.")
    best_loss: float | None
    reused_loss: float | None

    def cost_in(self, unit: CostUnit) -> Estimate:
        """Return the cost of reuse in the unit that was declared: what decides."""
        return self.transfer_regret if unit is CostUnit.SHARE else self.extra_training

    def limit_in(self, unit: CostUnit, thresholds: Thresholds) -> float:
        """Return the limit of the cost; where the benefit is unknown, that of a size without one."""
        if unit is CostUnit.EXTRA_TRAINING:
            return thresholds.extra_training
        return thresholds.cost_limit(0.0) if self.cost_limit is None else self.cost_limit


class FieldStatistics(Frozen):
    """Field metric at the end of training, as means over seeds; None where a seed diverged."""

    metric: Metric
    of_base: float | None = Field(description="Of the base size at its best LR.")
    reused: float | None = Field(description="Of this size at the reused LR.")
    best: float | None = Field(description="Of this size at the LR that is best for its loss.")
    cost: Estimate = Field(
        default=Estimate(), description="Worsening by reuse; positive is worse, in units of the metric."
    )
    benefit: Estimate = Field(
        default=Estimate(), description="Improvement over the base at its best LR; positive is better."
    )


class SharpnessSpread(Frozen):
    """M5 of one size at one LR, over the steps that are not at the edge of stability."""

    lr: float
    level: float | None = Field(description="SC1, after the first tenth of training.")
    early_level: float | None = Field(
        default=None, description="The same over the first tenth, where f_0 of narrow networks dominates."
    )
    growth: Estimate
    seed_spread: float | None
    edge_share: float | None = Field(description="Share of this size's measured steps at the edge.")
    is_judged: bool = Field(default=False, description="The LR that M5 is judged at.")
    num_dropped: int = Field(description="Measured values left out because they are not positive.")


class Cliff(Frozen):
    """Distance from the reused LR to divergence at one size, in octaves.

    `stable` is measured: no run diverged so far above the reused LR; None where every LR tried diverged.
    `diverging` is the distance of the first LR at which a run diverged; None where no LR tried did.
    """

    stable: float | None
    diverging: float | None
    is_measured: bool = Field(description="False: estimated from the borders of smaller sizes.")


class SizeStatistics(Frozen):
    """Statistics of one size against the base size."""

    width: int
    depth: int
    axis: Axis = Field(default=Axis.WIDTH, description="Axis on which this size is larger than the base.")
    num_seeds: int | None = Field(default=None, description="Seeds that base and size both have.")
    losses: tuple[LossStatistics, ...]
    divergence_rate: float | None = Field(description="M4 at the reused LR.")
    lr_margin: float | None = Field(description="M4, octaves from the reused LR to the first diverging one.")
    cliff: Cliff | None = None
    spread_level: float | None = Field(
        description="M5 SC1 at the LR it is judged at: median |ln ratio| of sharpness to the largest size,"
        " after the first tenth of training; the largest's own, to the base."
    )
    spread_growth: Estimate = Field(description="M5 SC2: exponent of the spread's growth.")
    seed_spread: float | None = Field(description="The same spread between seeds of one width.")
    edge_share: float | None = Field(description="Share of measured steps at the edge of stability.")
    spreads: tuple[SharpnessSpread, ...] = Field(
        default=(),
        description="M5 at the reused LR, a half and a quarter of it, as far as the grid has them.",
    )
    field: FieldStatistics | None = None
    speed: float | None = Field(description="M8: steps to the base's best loss over the base's steps.")


class CheckState(StrEnum):
    """State of a coordinate check."""

    PASSED = "passed"
    WATCH = "watch"
    FAILED = "failed"
    NOT_ENOUGH = "not_enough"  # too few widths or seeds to judge


class PartSlope(Frozen):
    """Slope of log2 size of one part of the networks on log2 width."""

    part: Part
    num_updates: int = Field(description="0: its size at the start; else its change after so many updates.")
    slope: Estimate
    expected_low: float | None = Field(description="Theory's slope, or the lower end of it.")
    expected_high: float | None
    state: CheckState | None = Field(description="None where it is not judged.")


class CoordinateCheck(Frozen):
    """M7 of one depth: the slopes of all parts, compared with those of the parametrization."""

    depth: int
    lr: float
    lr_index: int
    widths: tuple[int, ...]
    state: CheckState
    slopes: tuple[PartSlope, ...]


class AxisVerdict(Frozen):
    """Judgement of one parametrization on one axis."""

    axis: Axis
    outcome: Outcome
    rule: str
    reasons: tuple[Reason, ...]
    worst_width: int | None
    worst_depth: int | None
    lr_slope: Estimate = Field(description="Octaves per doubling of what grows; of width × depth on both.")
    sizes: tuple[tuple[int, int], ...] = Field(description="Width and depth of the sizes judged.")
    num_inversions: int | None = Field(
        default=None,
        description="M6: steps up at which the loss at the reused LR rises by more than two standard errors.",
    )


class ArmVerdict(Frozen):
    """Judgement of one parametrization."""

    parametrization: Parametrization
    outcome: Outcome
    rule: str = Field(description="The rule that decided; catalogue key rule.<rule>.")
    reasons: tuple[Reason, ...]
    base_lr: float | None = Field(description="The tuned LR of the base size, on the grid: what is reused.")
    base_lr_index: int | None
    worst_width: int | None
    worst_depth: int | None = None
    limiting_axis: Axis | None = Field(default=None, description="The axis of the size that decides.")
    lr_slope: Estimate = Field(description="Octaves per doubling of what grows on the axis that decides.")
    sizes: tuple[SizeStatistics, ...]
    axes: tuple[AxisVerdict, ...] = Field(default=(), description="The worst of them is the arm's.")
    coordinate_checks: tuple[CoordinateCheck, ...] = Field(
        default=(), description="M7, one per depth; empty where it was not measured."
    )


class Within(StrEnum):
    """Position of an estimate to its limit."""

    YES = "yes"  # the whole interval is within
    UNSURE = "unsure"
    NO = "no"  # the whole interval is beyond


class DecidingNumber(StrEnum):
    """Number of the deciding size that gave the outcome."""

    COST = "cost"
    CLIFF = "cliff"  # distance to divergence, whatever reuse costs


class Deciding(Frozen):
    """Numbers that decide: the cost of reuse at one size, on the declared loss, in the declared unit."""

    width: int
    depth: int
    loss: Metric
    unit: CostUnit
    cost: Estimate
    limit: float
    within: Within | None = Field(description="None where the cost is not known.")
    number: DecidingNumber | None = Field(
        default=DecidingNumber.COST,
        description="The number that decided; None where evidence is missing, so that none did.",
    )


class Beyond(Frozen):
    """Statement about a size beyond those measured, from the trends of cost and of divergence."""

    doublings: float = Field(description="Beyond the largest size measured.")
    cost: Estimate = Field(description="Expected cost of reuse there, in the declared unit.")
    holds: bool = Field(description="The LR may be expected to be reusable there.")


class BenefitState(StrEnum):
    """Answer to the question of what a larger model brings."""

    CLEAR = "clear"
    NONE = "none"  # shown to be smaller than the least cost that counts
    UNSURE = "unsure"


class ControlState(StrEnum):
    """Answer to the question whether the parametrization is the reason."""

    WORSE = "worse"  # the control's cost is shown to be larger than the judged arm's
    SAME = "same"  # the control may be reused as well
    UNSURE = "unsure"


class OpenAnswer(Frozen):
    """Remainder of an open answer: the likely outcome, and the seeds that would settle it."""

    likely: Outcome | None = Field(description="By the estimate alone; None where there is none.")
    more_seeds: int | None = Field(description="Further seeds expected to settle it; None: not by seeds.")
    can_settle: bool = Field(description="The settle stage could go on.")


class Ranges(Frozen):
    """Range of measured sizes and conditions; everything else is not claimed."""

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    num_steps: int
    batch_size: int
    num_seeds: int
    lr_low: float
    lr_high: float
    not_claimed: tuple[Reason, ...]


class Verdict(Frozen):
    """Judgement of µP (or the chosen arm) at its worst size, qualified by the control."""

    scenario: Scenario
    outcome: Outcome
    rule: str
    rule_version: str = RULE_VERSION
    reasons: tuple[Reason, ...]
    is_provisional: bool
    is_interim: bool
    arm: ArmVerdict
    control: ArmVerdict | None
    can_discriminate: bool | None = Field(
        description="True: the control's cost is shown to be larger. False: the control transfers as well."
    )
    deciding: Deciding | None = None
    beyond: Beyond | None = Field(default=None, description="One doubling beyond the target.")
    benefit: BenefitState | None = Field(default=None, description="Of the target over the base.")
    control_state: ControlState | None = Field(default=None, description="None without a control.")
    open: OpenAnswer | None = Field(default=None, description="Of an inconclusive outcome only.")
    base_width: int
    target_width: int
    ranges: Ranges
    thresholds: Thresholds
    spec_sha256: str
    carried: CarriedRate | None = Field(
        default=None, description="Of a step up in training: its conditions, and the LR by its rules."
    )
    outlook: Outlook | None = Field(default=None, description="Statements beyond what was measured.")
    early: EarlyAnswer | None = Field(
        default=None, description="While cells are open: what the verdict will probably be."
    )

    @property
    def reused_lr(self) -> float | None:
        """Return the LR whose reuse is judged: the tuned one, after a step up by its rules."""
        return self.arm.base_lr if self.carried is None else self.carried.lr
