"""Outlook of a verdict beyond measured sizes: longer training, larger models, next steps, early answers.

The outlook never changes the outcome. Every claim has an interval, a reach, and the number of cases of the
calibration study it rests on (docs/science.md §6.4, docs/decisions/0020). Texts are catalogue keys
`reason.<code>`.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.statement import Estimate, Interval, Outcome, Reason


class HorizonPoint(Frozen):
    """Best LR of one size, had training ended after `num_steps`."""

    num_steps: int
    optimal_lr: float | None
    is_edge: bool = Field(description="The best LR is the smallest or largest tried; it tells no trend.")


class HorizonTrend(Frozen):
    """Change of the best LR of one size with the length of training."""

    size: Size
    per_doubling: Estimate = Field(description="Octaves per doubling of the horizon.")
    points: tuple[HorizonPoint, ...]


class HorizonProbe(Frozen):
    """Longer training of the base size, run for this question alone."""

    factor: int
    num_steps: int
    optimal_lr: float | None
    is_edge: bool
    shift: Estimate = Field(description="Octaves from the best LR at the experiment's own horizon.")
    is_as_expected: bool | None = Field(description="Agrees with the trend of the stored curves.")


class Horizon(Frozen):
    """Expected shift of the best LR by a longer training."""

    is_available: bool = Field(description="Only a constant LR lets one curve stand for shorter trainings.")
    loss: Metric
    trends: tuple[HorizonTrend, ...] = ()
    probes: tuple[HorizonProbe, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Basis(StrEnum):
    """Basis of a statement about a size."""

    MEASURED = "measured"
    EXTRAPOLATED = "extrapolated"
    NOT_CLAIMED = "not_claimed"


class Extrapolation(Frozen):
    """Best LR of the target size, measured or expected."""

    target: Size
    claim: Basis
    doublings: float = Field(ge=0, description="Doublings from the largest size tested to the target.")
    lr: Estimate = Field(description="The best LR; beyond the sizes tested with a prediction interval.")
    lr_shift: Estimate = Field(description="Octaves from the reused LR to the best one.")
    reasons: tuple[Reason, ...] = ()


class Tally(Frozen):
    """Count of cases with a property, out of `of` cases."""

    count: int = Field(ge=0)
    of: int = Field(ge=0)


class HeldAtDistance(Frozen):
    """Share of recommendations that held at sizes `doublings` beyond the tested ones."""

    doublings: float = Field(ge=0)
    held: Tally


class TrackRecord(Frozen):
    """Results of the calibration study, which hid sizes from the verdict and trained them afterwards."""

    rule_version: str
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    max_doublings: float = Field(ge=0, description="Recommendations held as far beyond the tests.")
    held: dict[Outcome, Tally] = Field(description="Per outcome: how often the recommendation held.")
    false_transfers: Tally = Field(description="Wrong 'transfers' among tasks whose truth is 'not'.")
    reach: tuple[HeldAtDistance, ...] = Field(
        default=(),
        description="Per distance: LRs recommended for larger sizes, after an answer that names any.",
    )


class Reliability(Frozen):
    """Share of recommendations like this one that held in the calibration study; None: not calibrated."""

    record: TrackRecord | None = None
    is_same_rules: bool = Field(default=False, description="The study used the rules of this verdict.")
    chance: float | None = Field(default=None, ge=0, le=1)
    interval: Interval | None = Field(default=None, description="Clopper-Pearson, of the chance.")
    error_bound: float | None = Field(
        default=None, ge=0, le=1, description="Upper 95% bound of wrong 'transfers' (Clopper-Pearson)."
    )
    reasons: tuple[Reason, ...] = ()


class SafeRange(Frozen):
    """Highest LR without a divergence at the target; beyond tested sizes the border is extrapolated."""

    lr_high: float
    lr_diverged: float | None = Field(
        default=None, description="The next LR tried, at which runs diverged; None where nothing diverged."
    )
    is_border_seen: bool = Field(description="False: no LR tried diverged; the range ends with the grid.")
    is_measured: bool = Field(
        default=True, description="False: estimated from other sizes, nothing was run at this one."
    )
    headroom: float | None = Field(description="lr_high over the recommended LR.")


class NarrowSweep(Frozen):
    """Few LRs to try at the target, and their predicted time."""

    lrs: tuple[float, ...]
    num_seeds: int
    num_runs: int
    num_steps: int
    seconds: float | None = Field(default=None, description="On one worker slot; None: cost not known.")


class RolloutStepName(StrEnum):
    """Step of the roll-out."""

    POC = "poc"
    PILOT = "pilot"
    PRODUCTION = "production"


class RolloutStepState(StrEnum):
    """State of a step of the roll-out."""

    PASSED = "passed"
    NEXT = "next"
    LATER = "later"
    STOPPED = "stopped"


class RolloutStep(Frozen):
    """One step of the roll-out, with what to check and when to stop."""

    name: RolloutStepName
    state: RolloutStepState
    checks: tuple[Reason, ...] = ()
    stop_when: tuple[Reason, ...] = ()


class Recommendation(Frozen):
    """Recommendation for the target size."""

    target: Size
    lr: float | None = Field(description="The LR to use; None where none can be recommended.")
    lr_interval: Interval | None = Field(default=None, description="Interval of the target's best LR.")
    safe_range: SafeRange | None = None
    narrow_sweep: NarrowSweep | None = None
    gates: tuple[RolloutStep, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Outlook(Frozen):
    """Statements beyond the measured sizes: horizon, larger sizes, reliability, recommendation."""

    horizon: Horizon
    extrapolation: Extrapolation
    reliability: Reliability
    recommendation: Recommendation


class EarlyAnswer(Frozen):
    """Probable outcome of the verdict, from the steps that enough runs share so far; it may change."""

    outcome: Outcome
    confidence: float = Field(ge=0, le=1, description="Never more than how often such answers were right.")
    at_step: int
    num_steps: int
    sizes: tuple[Size, ...] = Field(description="The sizes it rests on, the base first.")
    num_sizes: int = Field(description="Number of sizes in the plan.")
    would_change: tuple[Reason, ...] = Field(default=(), description="Reasons that could still change it.")
