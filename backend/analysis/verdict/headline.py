"""Parts of the headline: the number that decides, what a larger model brings, if the control differs.

They are derived from the statistics that the rules read, so that no headline can contradict its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from muscope.backend.analysis.measures.transfer import compare
from muscope.backend.analysis.statistics.intervals import student_interval
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.analysis.verdict.findings import seeds_needed
from muscope.backend.analysis.verdict.rules import BASE_RULES, MAJORITY, RULES, SETTLED_BY_SEEDS
from muscope.backend.domain.spec.judging.decision import CostUnit, can_settle
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.statement import REUSABLE, Outcome
from muscope.backend.domain.verdict.verdict import (
    ArmVerdict,
    BenefitState,
    ControlState,
    Deciding,
    DecidingNumber,
    Estimate,
    LossStatistics,
    OpenAnswer,
    SizeStatistics,
    Within,
)

# Rules that the distance to divergence decides.
BY_CLIFF = frozenset({"diverges", "unstable"})
# Rules that judge a target, from a base whose LR is tuned.
JUDGED = frozenset(rule.text for rule in RULES if rule not in BASE_RULES) - {
    rule.text for rule in BASE_RULES
} | {"spread_level", "spread_growth", "cliff_nears"}
# Rules that the cost of reuse decides: those of a target that lack nothing else.
BY_COST = JUDGED - BY_CLIFF - {"reused_not_run", "target_at_edge"}


def deciding_size(arm: ArmVerdict) -> SizeStatistics | None:
    """Return the size that an arm's verdict names, else the largest one judged."""
    named = [size for size in arm.sizes if (size.width, size.depth) == (arm.worst_width, arm.worst_depth)]
    return next(iter(named), None) or max(arm.sizes, key=lambda size: size.width * size.depth, default=None)


def deciding_of(arm: ArmVerdict, unit: CostUnit, thresholds: Thresholds) -> Deciding | None:
    """Return the cost that decides an arm's outcome, or the name of what does; None without a size."""
    size = deciding_size(arm)
    if size is None or not size.losses:
        return None
    found = size.losses[0]
    cost, limit = found.cost_in(unit), found.limit_in(unit, thresholds)
    return Deciding(
        width=size.width,
        depth=size.depth,
        loss=found.loss,
        unit=unit,
        cost=cost,
        limit=limit,
        within=within(cost, limit),
        number=deciding_number(arm.rule),
    )


def deciding_number(rule: str) -> DecidingNumber | None:
    """Return the number by which a rule decides; None for one that asks for more evidence instead."""
    if rule in BY_CLIFF:
        return DecidingNumber.CLIFF
    return DecidingNumber.COST if rule in BY_COST else None


def within(cost: Estimate, limit: float) -> Within | None:
    """Return whether a whole interval lies within its limit; None where there is none."""
    if cost.interval is None:
        return None
    if cost.interval.high <= limit:
        return Within.YES
    return Within.NO if cost.interval.low > limit else Within.UNSURE


def benefit_of(arm: ArmVerdict, thresholds: Thresholds) -> BenefitState | None:
    """Return what the deciding size brings over the base; None where it is not known.

    *None* is a benefit shown to be smaller than the least cost that counts: going larger pays less than what
    is neglected otherwise.
    """
    size = deciding_size(arm)
    found = size.losses[0] if size is not None and size.losses else None
    if found is None or found.benefit.interval is None:
        return None
    if _most_benefit(found) <= thresholds.least_regret:
        return BenefitState.NONE
    return BenefitState.CLEAR if found.benefit.interval.low > 0.0 else BenefitState.UNSURE


def _most_benefit(found: LossStatistics) -> float:
    """Return the upper end of the benefit as a share of the achievable improvement."""
    benefit, interval = found.benefit.value, found.benefit.interval
    assert interval is not None, "a benefit without interval is not known"
    if interval.high <= 0.0:
        return 0.0
    return interval.high / benefit * found.benefit_share if benefit and found.benefit_share else math.inf


def control_state(
    arm: tuple[ArmVerdict, Sequence[Sweep]],
    control: tuple[ArmVerdict, Sequence[Sweep]],
    thresholds: Thresholds,
) -> ControlState:
    """Return whether the control's cost is shown to be larger than the arm's, paired by seed.

    A control that was not judged at its target shows nothing: without a tuned base its LR is arbitrary.
    """
    if control[0].rule not in JUDGED:
        return ControlState.UNSURE
    if _diverges(control[0]) and not _diverges(arm[0]):
        return ControlState.WORSE
    pairs = zip(arm[1], control[1], strict=False)
    differences = [_cost_by_seed(of_control, of_arm, thresholds) for of_arm, of_control in pairs]
    intervals = [student_interval(each, thresholds.level) for each in differences]
    if any(interval is not None and interval.low > 0 for interval in intervals):
        return ControlState.WORSE
    return ControlState.SAME if control[0].outcome in REUSABLE else ControlState.UNSURE


def _diverges(arm: ArmVerdict) -> bool:
    return any((size.divergence_rate or 0.0) > MAJORITY for size in arm.sizes)


def _cost_by_seed(control: Sweep, arm: Sweep, thresholds: Thresholds) -> Values:
    """Return the control's M2 minus the arm's at the largest size both have run, by shared seed, [S]."""
    both = [index for index in control.planned if index in arm.planned]
    if not both or control.deciding_loss is None:
        return np.empty(0)
    by_seed = [_by_seed(sweep, both[-1], thresholds) for sweep in (control, arm)]
    return np.array([by_seed[0][seed] - by_seed[1][seed] for seed in by_seed[0] if seed in by_seed[1]])


def _by_seed(sweep: Sweep, size_index: int, thresholds: Thresholds) -> dict[int, float]:
    loss = sweep.deciding_loss
    assert loss is not None, "both arms record the same losses"
    costs = compare(sweep, loss, size_index, thresholds).costs.by_seed.tolist()
    return dict(zip(sweep.shared_seeds(size_index).tolist(), costs, strict=False))


def open_answer(arm: ArmVerdict, deciding: Deciding | None, max_seeds: int) -> OpenAnswer:
    """Return what an inconclusive arm leaves open.

    Args:
        max_seeds: seeds of one LR that may be used to settle it.
    """
    size = deciding_size(arm)
    given = size.losses[0].num_seeds if size is not None and size.losses else None
    likely = _likely(deciding)
    if arm.rule not in SETTLED_BY_SEEDS or deciding is None or not given:
        return OpenAnswer(likely=likely, more_seeds=None, can_settle=False)
    needed = seeds_needed(deciding.cost, deciding.limit, given)
    return OpenAnswer(
        likely=likely,
        more_seeds=math.ceil(needed) - given if given < needed <= max_seeds else None,
        can_settle=can_settle(given, needed, max_seeds),
    )


def _likely(deciding: Deciding | None) -> Outcome | None:
    if deciding is None or deciding.cost.value is None:
        return None
    return Outcome.TRANSFERS if deciding.cost.value <= deciding.limit else Outcome.FINE_TUNE
